//! Schemas as OpenAI takes them: what it misses is put in, and says no more than its absence does;
//! every other byte stays. (facts: OpenAI Chat, section 4)

use std::borrow::Cow;

use super::strict::says;
use crate::json::{Node, paired, parse};

/// Members whose value is a schema, or a list of them.
const SCHEMAS: &[&str] = &[
    "items",
    "additionalItems",
    "prefixItems",
    "contains",
    "additionalProperties",
    "propertyNames",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
];
/// Members whose members are schemas.
const TABLES: &[&str] =
    &["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

/// A tool's schema with the properties of its root and the items of every list in it. Halves of
/// characters, which no host takes, are gone.
pub(super) fn complete(schema: &str) -> Cow<'_, str> {
    let Ok(root) = parse(schema) else { return paired(schema) };
    let mut missing = Missing { schema, at: Vec::new() };
    if says(&root, "object") && root.member("properties").is_none() {
        missing.put_in(&root, r#","properties":{}"#);
    }
    missing.items(&root);
    match missing.filled() {
        Some(whole) => Cow::Owned(paired(&whole).into_owned()),
        None => paired(schema),
    }
}

/// What a schema misses, and where it goes.
struct Missing<'a> {
    schema: &'a str,
    at: Vec<(usize, &'static str)>,
}

impl Missing<'_> {
    /// At the end of an object that has members.
    fn put_in(&mut self, node: &Node<'_>, words: &'static str) {
        let start = node.raw.as_ptr().addr().checked_sub(self.schema.as_ptr().addr());
        let end = start.map(|start| start + node.raw.len().saturating_sub(1));
        self.at.extend(end.map(|end| (end, words)));
    }

    fn items(&mut self, node: &Node<'_>) {
        if says(node, "array") && node.member("items").is_none() {
            self.put_in(node, r#","items":{}"#);
        }
        for (name, value) in node.object().unwrap_or_default() {
            if SCHEMAS.contains(&&**name) {
                self.items(value);
                value.list().unwrap_or_default().iter().for_each(|schema| self.items(schema));
            } else if TABLES.contains(&&**name) {
                let table = value.object().unwrap_or_default();
                table.iter().for_each(|(_, schema)| self.items(schema));
            }
        }
    }

    /// The schema with all of it, unless nothing is missing.
    fn filled(mut self) -> Option<String> {
        self.at.sort_by_key(|(at, _)| *at);
        let mut whole = String::with_capacity(self.schema.len() + 16 * self.at.len());
        let mut from = 0;
        for (at, words) in &self.at {
            whole.push_str(self.schema.get(from..*at)?);
            whole.push_str(words);
            from = *at;
        }
        whole.push_str(self.schema.get(from..)?);
        (from > 0).then_some(whole)
    }
}

//! Which schemas OpenAI holds a model's words to. (facts: OpenAI Chat, section 4)

use std::collections::HashSet;

use crate::json::{Node, parse};

/// Deepest nesting of objects.
const MAX_DEPTH: usize = 10;
/// What such a schema must not hold.
const REFUSED: &[&str] =
    &["allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas"];
/// Members whose value is a schema.
const SCHEMAS: &[&str] = &["items"];
/// Members whose value is a list of schemas.
const LISTS: &[&str] = &["anyOf", "prefixItems"];
/// Members whose members are schemas.
const TABLES: &[&str] = &["properties", "$defs", "definitions"];

/// Whether a schema may be strict: its root is a plain object, and every object lists all its
/// properties as required and allows no others.
pub(super) fn allows(schema: &str) -> bool {
    let Ok(root) = parse(schema) else { return false };
    let is_object = root.member("type").and_then(Node::text).is_some_and(|kind| kind == "object");
    is_object && root.member("anyOf").is_none() && holds(&root, 0)
}

/// Whether this schema and all below it keep the rules.
fn holds(schema: &Node<'_>, depth: usize) -> bool {
    let Some(members) = schema.object() else { return false };
    if depth > MAX_DEPTH || members.iter().any(|(name, _)| REFUSED.contains(&&**name)) {
        return false;
    }
    // What says nothing holds nobody to anything.
    if members.is_empty() || (says(schema, "array") && schema.member("items").is_none()) {
        return false;
    }
    let is_object = schema.member("properties").is_some() || says(schema, "object");
    if is_object && !is_closed(schema) {
        return false;
    }
    members.iter().all(|(name, value)| {
        let name = &&**name;
        if SCHEMAS.contains(name) {
            holds(value, depth + 1)
        } else if LISTS.contains(name) {
            value.list().is_some_and(|list| list.iter().all(|schema| holds(schema, depth + 1)))
        } else if TABLES.contains(name) {
            let members = value.object();
            members.is_some_and(|all| all.iter().all(|(_, schema)| holds(schema, depth + 1)))
        } else {
            true
        }
    })
}

/// Whether a schema is of this type, if perhaps among others.
pub(super) fn says(schema: &Node<'_>, kind: &str) -> bool {
    let Some(kinds) = schema.member("type") else { return false };
    let is_it = |node: &Node<'_>| node.text().is_some_and(|text| text == kind);
    is_it(kinds) || kinds.list().is_some_and(|kinds| kinds.iter().any(is_it))
}

/// Whether an object has all of its properties always, and no others.
fn is_closed(schema: &Node<'_>) -> bool {
    let closed = schema.member("additionalProperties").is_some_and(|node| node.raw == "false");
    let required = schema.member("required").and_then(Node::list).unwrap_or_default();
    let required: HashSet<_> = required.iter().filter_map(Node::text).collect();
    let properties = schema.member("properties").and_then(Node::object).unwrap_or_default();
    closed && properties.iter().all(|(name, _)| required.contains(name))
}

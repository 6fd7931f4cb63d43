//! The part of JSON Schema that Claude enforces, for `strict` tools and `output_config.format`:
//! what it does not enforce moves into descriptions. (facts: Anthropic Messages, section 5.4;
//! translation, section 4.2)

mod keywords;
mod references;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::json::{List, Node, Object, Value, compact, paired, parse};
use keywords::{Keyword, keyword};

/// How a schema fits into what Claude enforces.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Fit {
    /// It can be enforced as it is meant.
    Same(String, Counts),
    /// What can be enforced of it; the rest is told in descriptions.
    Less(String, Counts),
    /// It cannot be enforced.
    Not,
}

/// What the host limits over all schemas of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Counts {
    /// Members that may be left out.
    optional: usize,
    /// Values of several types.
    unions: usize,
}

impl Counts {
    /// The most that the host takes.
    pub(in super::super) const MOST: Self = Self { optional: 24, unions: 16 };

    /// What is left of these behind others, if that is not less than nothing.
    pub(in super::super) fn without(self, others: Self) -> Option<Self> {
        let optional = self.optional.checked_sub(others.optional)?;
        let unions = self.unions.checked_sub(others.unions)?;
        Some(Self { optional, unions })
    }
}

/// Fits a schema. One that is enforced as it stands keeps its bytes.
pub(in super::super) fn fit(schema: &str) -> Fit {
    let Ok(node) = parse(schema) else { return Fit::Not };
    if node.object().is_none() || !references::all_end(&node) {
        return Fit::Not;
    }
    let mut walk = Walk::default();
    let rewritten = walk.schema(&node);
    let json = if walk.changed { &rewritten } else { schema };
    let json = paired(json).into_owned();
    match (walk.hopeless, walk.less) {
        (true, _) => Fit::Not,
        (false, true) => Fit::Less(json, walk.counts),
        (false, false) => Fit::Same(json, walk.counts),
    }
}

#[derive(Default)]
struct Walk {
    /// Something has to be spelled otherwise.
    changed: bool,
    /// Something is not enforced as it is meant.
    less: bool,
    /// Something can neither be enforced nor left out.
    hopeless: bool,
    counts: Counts,
}

impl Walk {
    /// The schema, spelled as the host takes it. Members keep their order.
    fn schema(&mut self, node: &Node<'_>) -> String {
        let Some(members) = node.object() else { return node.raw.to_owned() };
        let told = self.told(members);
        let closed = self.closed(node);
        let nullable = node.member("nullable").is_some_and(|it| it.value == Value::Bool(true));
        // Of doubled members the last one counts; one alone has room for what is told.
        let description = members.iter().rposition(|(name, _)| name == "description");
        let mut out = Vec::new();
        {
            let mut object = Object::new(&mut out);
            for (at, (name, value)) in members.iter().enumerate() {
                self.member((name, value), nullable, &mut object);
                if description == Some(at) {
                    let description = value.text().unwrap_or_default();
                    object.text("description", &described(&description, &told));
                }
            }
            if !told.is_empty() && description.is_none() {
                object.text("description", &described("", &told));
            }
            if closed {
                object.bool("additionalProperties", false);
            }
        }
        String::from_utf8(out).unwrap_or_default()
    }

    fn member(&mut self, (name, value): (&str, &Node<'_>), nullable: bool, out: &mut Object<'_>) {
        match keyword(name, value) {
            Keyword::Kept => out.raw(name, value.raw),
            Keyword::Type => self.kind(value, nullable, out),
            Keyword::Schema => out.raw(name, &self.schema(value)),
            Keyword::Named => {
                let mut object = out.object(name);
                for (name, schema) in value.object().unwrap_or_default() {
                    object.raw(name, &self.schema(schema));
                }
            }
            Keyword::Any => {
                self.counts.unions += 1;
                // One of several, exactly, is more than the host enforces.
                self.less |= name == "oneOf";
                self.changed |= name == "oneOf";
                self.list(value, out.list("anyOf"));
            }
            Keyword::All => self.all(value, out),
            Keyword::Silent => self.changed = true,
            // Written by the schema itself.
            Keyword::Described | Keyword::Closing | Keyword::Told | Keyword::Shown => {}
        }
    }

    fn list(&mut self, value: &Node<'_>, mut out: List<'_>) {
        for schema in value.list().unwrap_or_default() {
            out.raw(&self.schema(schema));
        }
    }

    /// All of one is any of one; of several, none may be a reference.
    fn all(&mut self, value: &Node<'_>, out: &mut Object<'_>) {
        let parts = value.list().unwrap_or_default();
        let refers = parts.iter().any(|part| part.member("$ref").is_some());
        self.hopeless |= refers && parts.len() > 1;
        self.changed |= refers;
        self.list(value, out.list(if refers { "anyOf" } else { "allOf" }));
    }

    /// `nullable` is OpenAPI's word for a type beside null.
    fn kind(&mut self, value: &Node<'_>, nullable: bool, out: &mut Object<'_>) {
        self.counts.unions += usize::from(nullable || value.list().is_some());
        if !nullable || value.text().is_none() {
            self.less |= nullable;
            return out.raw("type", value.raw);
        }
        let mut kinds = out.list("type");
        kinds.raw(value.raw);
        kinds.text("null");
    }

    /// What the host does not enforce, in words.
    fn told(&mut self, members: &[(Cow<'_, str>, Node<'_>)]) -> Vec<String> {
        let typed = members.iter().any(|(name, _)| name == "type");
        let mut told = Vec::new();
        for (name, value) in members {
            let lost = match keyword(name, value) {
                Keyword::Told => true,
                Keyword::Silent => name == "nullable" && value.raw == "true" && !typed,
                Keyword::Shown => false,
                Keyword::Kept
                | Keyword::Type
                | Keyword::Schema
                | Keyword::Named
                | Keyword::Any
                | Keyword::All
                | Keyword::Described
                | Keyword::Closing => continue,
            };
            self.changed = true;
            self.less |= lost;
            if lost || keyword(name, value) == Keyword::Shown {
                told.push(format!("{name} {}", compact(value.raw)));
            }
        }
        told
    }

    /// Whether this is an object, which has to be closed. One that is open on purpose cannot be:
    /// closed without members of its own it would always be empty.
    fn closed(&mut self, node: &Node<'_>) -> bool {
        let properties = node.member("properties").and_then(Node::object);
        let more = node.member("additionalProperties");
        let typed = node.member("type").is_some_and(may_be_object);
        if !typed && properties.is_none() && more.is_none() {
            return false;
        }
        let properties = properties.unwrap_or_default();
        let required = node.member("required").and_then(Node::list).unwrap_or_default();
        let required: HashSet<_> = required.iter().filter_map(Node::text).collect();
        let optional = properties.iter().filter(|(name, _)| !required.contains(name));
        self.counts.optional += optional.count();
        if more.is_some_and(|more| more.value == Value::Bool(false)) {
            return true;
        }
        let open = more.is_none_or(|more| matches!(more.raw, "true" | "null" | "{}"));
        self.hopeless |= !open || properties.is_empty();
        self.changed = true;
        self.less = true;
        true
    }
}

fn may_be_object(kind: &Node<'_>) -> bool {
    let is_object = |kind: &Node<'_>| kind.text().is_some_and(|kind| kind == "object");
    is_object(kind) || kind.list().is_some_and(|kinds| kinds.iter().any(is_object))
}

/// A description with what is not enforced.
fn described(description: &str, told: &[String]) -> String {
    match (description, told) {
        (description, []) => description.to_owned(),
        ("", told) => format!("Must have: {}.", told.join(", ")),
        (description, told) => format!("{description} (Must have: {}.)", told.join(", ")),
    }
}

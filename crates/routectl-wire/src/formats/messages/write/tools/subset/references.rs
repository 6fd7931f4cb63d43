//! References of a schema: each has to lead somewhere inside, and none back to itself.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Node, Value};

/// Longest chain of references that is followed. Real ones are a few steps long.
const MAX_CHAIN: usize = 32;

/// Whether every reference leads to a definition of the schema and no definition holds itself.
pub(super) fn all_end(root: &Node<'_>) -> bool {
    let definitions = definitions(root);
    let mut ways = Ways { definitions, seen: HashMap::new(), depth: 0 };
    ways.end(root)
}

struct Ways<'n, 'a> {
    definitions: HashMap<String, &'n Node<'a>>,
    /// Definitions that were met: false while the way through them is not at its end.
    seen: HashMap<String, bool>,
    /// How many references lead here.
    depth: usize,
}

impl Ways<'_, '_> {
    fn end(&mut self, node: &Node<'_>) -> bool {
        match &node.value {
            Value::Object(members) => members.iter().all(|(name, value)| match name.as_ref() {
                "$ref" => value.text().is_none_or(|reference| self.leads_on(reference)),
                // A definition counts when something refers to it. Values are no schemas.
                "$defs" | "definitions" | "enum" | "const" | "default" | "examples" => true,
                _ => self.end(value),
            }),
            Value::List(items) => items.iter().all(|item| self.end(item)),
            Value::Null | Value::Bool(_) | Value::Number | Value::Text => true,
        }
    }

    fn leads_on(&mut self, reference: Cow<'_, str>) -> bool {
        if let Some(at_its_end) = self.seen.get(reference.as_ref()) {
            return *at_its_end;
        }
        let definition = self.definitions.get(reference.as_ref()).copied();
        let definition = definition.filter(|_| self.depth < MAX_CHAIN);
        let Some(definition) = definition else { return false };
        self.seen.insert(reference.clone().into_owned(), false);
        self.depth += 1;
        let ends = self.end(definition);
        self.depth -= 1;
        self.seen.insert(reference.into_owned(), ends);
        ends
    }
}

/// Every definition by the reference that leads to it. Names that a reference spells otherwise
/// are left out: what refers to them leads nowhere.
fn definitions<'n, 'a>(root: &'n Node<'a>) -> HashMap<String, &'n Node<'a>> {
    let mut definitions = HashMap::new();
    for place in ["$defs", "definitions"] {
        let members = root.member(place).and_then(Node::object).unwrap_or_default();
        let plain = members.iter().filter(|(name, _)| !name.contains(['/', '~', '%']));
        definitions.extend(plain.map(|(name, node)| (format!("#/{place}/{name}"), node)));
    }
    definitions
}

//! Which keys a table may and must have, and what to say of the others.

use routectl_policy::nearest;
use serde_json::{Map, Value};
use toml::de::DeTable;

use super::names;
use super::words::list;
use crate::config::schema::schema;

/// The keys that a table may and must have: those of one branch of a tagged union when its `kind`
/// says which, else those of all branches.
pub(super) struct Shape<'s> {
    branches: Vec<&'s Value>,
    others: Vec<&'s Value>,
    /// What `kind` may be while it is missing or wrong.
    kind: Option<Value>,
    pub(super) required: Vec<&'s str>,
}

impl<'s> Shape<'s> {
    pub(super) fn of(schema: &'s Value, table: &DeTable<'_>) -> Self {
        let required = |schema: &'s Value| {
            schema.get("required").and_then(Value::as_array).into_iter().flatten()
        };
        let Some(all) = schema.get("oneOf").and_then(Value::as_array) else {
            let required = required(schema).filter_map(Value::as_str).collect();
            return Self { branches: vec![schema], others: Vec::new(), kind: None, required };
        };
        let kind = table.get("kind").and_then(|kind| kind.get_ref().as_str());
        let (branches, others): (Vec<_>, Vec<_>) =
            all.iter().partition(|branch| kind.is_some() && tag(branch) == kind);
        if let [branch] = branches.as_slice() {
            let required = required(branch).filter_map(Value::as_str).collect();
            return Self { branches, others, kind: None, required };
        }
        let kinds: Vec<&str> = all.iter().filter_map(tag).collect();
        Self {
            branches: others,
            others: Vec::new(),
            kind: Some(Value::Object(Map::from_iter([("enum".to_owned(), Value::from(kinds))]))),
            required: vec!["kind"],
        }
    }

    pub(super) fn property(&self, key: &str) -> Option<&Value> {
        if let Some(kind) = self.kind.as_ref().filter(|_| key == "kind") {
            return Some(kind);
        }
        property(&self.branches, key).or_else(|| {
            let further =
                self.branches.iter().find_map(|branch| branch.get("additionalProperties"));
            further.filter(|further| **further != Value::Bool(false))
        })
    }

    pub(super) fn unknown(&self, key: &str) -> String {
        let owners: Vec<&str> = self
            .others
            .iter()
            .filter(|branch| property(&[branch], key).is_some())
            .filter_map(|branch| tag(branch))
            .collect();
        if let ([_, ..], [branch]) = (owners.as_slice(), self.branches.as_slice()) {
            return format!(
                "{key:?} is no key of kind {:?}, but of {}. Remove it.",
                tag(branch).unwrap_or_default(),
                list(&owners)
            );
        }
        let known = self.branches.iter().flat_map(|branch| properties(branch));
        let mut known: Vec<&str> = known.map(|(key, _)| key.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        match (nearest(key, known.iter().copied()).as_slice(), home_of(key)) {
            ([near, ..], _) => format!("unknown key {key:?}. Did you mean {near:?}?"),
            ([], Some(table)) => format!("unknown key {key:?}. It belongs in [{table}]."),
            ([], None) => format!("unknown key {key:?}. Known here: {}.", known.join(", ")),
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn property<'s>(branches: &[&'s Value], key: &str) -> Option<&'s Value> {
    branches.iter().find_map(|branch| branch.get("properties")?.get(key))
}

fn tag(branch: &Value) -> Option<&str> {
    branch.pointer("/properties/kind/const").and_then(Value::as_str)
}

/// The table of the file's first level that has this key.
fn home_of(key: &str) -> Option<&'static str> {
    properties(schema())
        .find(|(_, table)| property(&[table], key).is_some())
        .map(|(name, _)| name.as_str())
}

pub(super) fn missing(key: &str, schema: Option<&Value>) -> String {
    let Some(schema) = schema else { return format!("{key:?} is missing. Add it.") };
    if let Some(names) = names(schema) {
        return format!("{key:?} is missing. Add {key} = {}.", list(&names));
    }
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let about = about.split_once(". ").map_or(about, |(first, _)| first).trim_end_matches('.');
    format!("{key:?} is missing. Add {key} = \"…\": {}.", lower(about))
}

fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let second_is_upper = sentence.chars().nth(1).is_some_and(char::is_uppercase);
    match chars.next() {
        Some(first) if !second_is_upper => first.to_lowercase().chain(chars).collect(),
        _ => sentence.to_owned(),
    }
}

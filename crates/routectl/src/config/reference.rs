//! The reference page of the config file, written from the schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::schema::{USER_AGENT, YEAR_MS, schema};

/// What stands above the tables of the page.
const HEAD: &str = "# Configuration reference\n\n\
This page is generated from the types that read the file: do not edit it. Refresh it with\n\
`ROUTECTL_BLESS=1 cargo test -p routectl reference`. `routectl config schema` prints the same as\n\
JSON Schema, for editors.\n\n\
A secret reference is `env://VAR`, `file:///abs/path`, `literal:VALUE` or `oauth://PROVIDER`. Keys\n\
that end in `_ms` are whole milliseconds, a year at most. Unknown keys are errors.\n";

/// The page as Markdown.
pub fn reference_markdown() -> String {
    let mut page = HEAD.to_owned();
    for (name, table) in members(schema(), "properties") {
        match table.get("additionalProperties") {
            Some(each @ Value::Object(_)) if name == "aliases" => {
                let _ = write!(page, "\n## [aliases]\n\n{}\n\n", about(table));
                let _ = writeln!(page, "`name = \"model\"` or `name = [\"first\", \"second\"]`.");
                let _ = each;
            }
            Some(each @ Value::Object(_)) => {
                let _ = write!(page, "\n## [{name}.NAME]\n\n{}\n", about(table));
                match each.get("oneOf").and_then(Value::as_array) {
                    Some(kinds) => by_kind(&mut page, kinds),
                    None => rows(&mut page, each, |_| true),
                }
            }
            _ => {
                let _ = write!(page, "\n## [{name}]\n\n{}\n", about(table));
                rows(&mut page, table, |_| true);
            }
        }
    }
    page
}

/// First what all kinds have alike, then each kind's own.
fn by_kind(page: &mut String, kinds: &[Value]) {
    let shared = |key: &str| {
        let mut found = kinds.iter().map(|kind| kind.pointer(&format!("/properties/{key}")));
        let first = found.next().flatten();
        key != "kind" && first.is_some() && found.all(|other| other == first)
    };
    let _ = write!(
        page,
        "\n`kind` is required and says which further keys there are. All kinds have:\n"
    );
    if let Some(first) = kinds.first() {
        rows(page, first, shared);
    }
    for kind in kinds {
        let name = kind.pointer("/properties/kind/const").and_then(Value::as_str);
        let _ = write!(page, "\n### kind = {:?}\n\n{}\n", name.unwrap_or_default(), about(kind));
        rows(page, kind, |key| key != "kind" && !shared(key));
    }
}

fn rows(page: &mut String, table: &Value, wanted: impl Fn(&str) -> bool) {
    page.push_str("\n| key | type | default | meaning |\n|---|---|---|---|\n");
    for (key, schema) in members(table, "properties").filter(|(key, _)| wanted(key)) {
        row(page, key, schema, is_required(table, key));
    }
}

fn row(page: &mut String, key: &str, schema: &Value, is_required: bool) {
    let inner = members(schema, "properties");
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) && inner.clone().count() > 0
    {
        for (name, schema) in inner {
            row(page, &format!("{key}.{name}"), schema, false);
        }
        return;
    }
    let default = if is_required { "required".to_owned() } else { default(schema) };
    let _ = writeln!(page, "| `{key}` | {} | {default} | {} |", kind(schema), meaning(schema));
}

fn meaning(schema: &Value) -> String {
    let mut meaning = about(schema).to_owned();
    let bounds =
        (schema.get("minimum").filter(|it| it.as_f64() != Some(0.0)), schema.get("maximum"));
    let bounds = match bounds {
        (_, Some(most)) if most.as_u64() == Some(YEAR_MS) => String::new(),
        (Some(least), Some(most)) => format!(" From {least} to {most}."),
        (Some(least), None) => format!(" At least {least}."),
        (None, Some(most)) => format!(" At most {most}."),
        (None, None) => String::new(),
    };
    meaning.push_str(&bounds);
    let branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    for branch in branches.filter(|branch| branch.get("properties").is_some()) {
        let _ = write!(meaning, "<br>`{}` {}", inline_table(branch), about(branch));
    }
    meaning.replace('|', "\\|")
}

/// A branch of a tagged union as a file spells it.
fn inline_table(branch: &Value) -> String {
    let keys = members(branch, "properties").map(|(key, schema)| match schema.get("const") {
        Some(name) => format!("{key} = {name}"),
        None if is_required(branch, key) => key.clone(),
        None => format!("{key}?"),
    });
    format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
}

fn kind(schema: &Value) -> String {
    let names = schema.get("enum").and_then(Value::as_array).cloned().or_else(|| {
        let branches = schema.get("oneOf").and_then(Value::as_array)?;
        branches.iter().map(|branch| branch.get("const").cloned()).collect()
    });
    if let Some(names) = names {
        let names = names.iter().map(|name| format!("`{name}`"));
        return names.collect::<Vec<_>>().join(", ");
    }
    let word = |name: &str| schema.get(name).and_then(Value::as_str);
    match (word("type"), word("format")) {
        (Some("array"), _) => {
            format!("list of {}", schema.get("items").map(kind).unwrap_or_default())
        }
        (Some("integer"), _) => "whole number".to_owned(),
        (Some("boolean"), _) => "true or false".to_owned(),
        (Some("string"), Some(format)) => format.replace('-', " "),
        (Some(other), _) if other != "object" => other.to_owned(),
        _ => "table".to_owned(),
    }
}

fn default(schema: &Value) -> String {
    match schema.get("default") {
        None => "none".to_owned(),
        Some(Value::String(text)) if text == USER_AGENT => "`routectl/VERSION`".to_owned(),
        Some(Value::Object(table)) => format!("`{}`", inline(table)),
        Some(value) => format!("`{value}`"),
    }
}

fn inline(table: &Map<String, Value>) -> String {
    let members: Vec<String> =
        table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
}

fn about(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn is_required(table: &Value, key: &str) -> bool {
    let required = table.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == key))
}

fn members<'s>(
    schema: &'s Value,
    name: &str,
) -> impl Iterator<Item = (&'s String, &'s Value)> + Clone + use<'s> {
    schema.get(name).and_then(Value::as_object).into_iter().flatten()
}

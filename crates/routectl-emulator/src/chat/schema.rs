//! What OpenAI refuses in a JSON schema: more where it must be kept to the letter (openai-chat
//! facts, section 4).

use serde_json::Value;

/// The rules for the schema of every tool: an object says what is in it, and so does every list.
pub(super) fn root(schema: &Value) -> Result<(), String> {
    if says(schema, "object") && schema.get("properties").is_none() {
        return Err("In context=(), object schema missing properties.".to_owned());
    }
    whole(schema, "()")
}

fn whole(schema: &Value, context: &str) -> Result<(), String> {
    if says(schema, "array") && schema.get("items").is_none() {
        return Err(format!("In context={context}, array schema missing items."));
    }
    parts(schema).try_for_each(|(part, context)| whole(part, &context))
}

/// Whether a schema is of this type, if perhaps among others.
fn says(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        kind => kind.is_some_and(|kind| kind == wanted),
    }
}

/// The rules for strict schemas: every object closed, every property required.
pub(super) fn strict(schema: &Value) -> Result<(), String> {
    let kind = schema.get("type").and_then(Value::as_str);
    if kind != Some("object") {
        let kind = kind.unwrap_or("None");
        return Err(format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        ));
    }
    root(schema)?;
    exact(schema, "()")
}

fn exact(schema: &Value, context: &str) -> Result<(), String> {
    for word in ["allOf", "oneOf", "not", "if"] {
        if schema.get(word).is_some() {
            return Err(format!("In context={context}, '{word}' is not permitted."));
        }
    }
    let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
    let properties = schema.get("properties").and_then(Value::as_object);
    if (is_object || properties.is_some())
        && schema.get("additionalProperties") != Some(&Value::Bool(false))
    {
        return Err(format!(
            "In context={context}, 'additionalProperties' is required to be supplied and to be \
             false."
        ));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let listed = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
    let mut names = properties.into_iter().flatten().map(|(name, _)| name);
    if let Some(name) = names.find(|name| !listed(name)) {
        return Err(format!(
            "In context={context}, 'required' is required to be supplied and to be an array \
             including every key in properties. Missing '{name}'."
        ));
    }
    parts(schema).try_for_each(|(part, context)| exact(part, &context))
}

/// The schemas inside a schema, each with its place in the vendor's words.
fn parts(schema: &Value) -> impl Iterator<Item = (&Value, String)> {
    let named = |word: &'static str| {
        let parts = schema.get(word).and_then(Value::as_object).into_iter().flatten();
        parts.map(move |(name, part)| (part, format!("('{word}', '{name}')")))
    };
    let items = schema.get("items").map(|part| (part, "('items',)".to_owned()));
    let listed = |word: &'static str| {
        let parts = schema.get(word).and_then(Value::as_array).into_iter().flatten();
        parts.enumerate().map(move |(at, part)| (part, format!("('{word}', '{at}')")))
    };
    let listed = ["anyOf", "oneOf", "allOf"].into_iter().flat_map(listed);
    let named = ["properties", "$defs", "definitions"].into_iter().flat_map(named);
    named.chain(items).chain(listed)
}

//! One instance of a JSON schema, always the same one.

use serde_json::{Map, Value, json};

/// Recursive schemas are cut here.
const MAX_DEPTH: usize = 8;

/// An instance of `schema`, as far as its keywords are the common ones.
pub(crate) fn of(schema: &Value) -> Value {
    instance(schema, schema, 0)
}

fn instance(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    let first = |key: &str| schema.get(key).and_then(Value::as_array).and_then(|all| all.first());
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = target.strip_prefix('#').and_then(|path| root.pointer(path));
        return target.map_or(Value::Null, |target| instance(target, root, depth + 1));
    }
    if let Some(value) = schema.get("const").or_else(|| first("enum")) {
        return value.clone();
    }
    if let Some(part) = first("anyOf").or_else(|| first("oneOf")).or_else(|| first("allOf")) {
        return instance(part, root, depth + 1);
    }
    match kind(schema) {
        "object" => object(schema, root, depth),
        "array" => array(schema, root, depth),
        "integer" => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(7)),
        "number" => json!(schema.get("minimum").and_then(Value::as_f64).unwrap_or(1.5)),
        "boolean" => Value::Bool(true),
        "null" => Value::Null,
        _ => Value::String(string(schema)),
    }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let members = properties.into_iter().flatten();
    let members = members.map(|(name, part)| (name.clone(), instance(part, root, depth + 1)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn array(schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(items) = schema.get("items") else { return Value::Array(Vec::new()) };
    let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 16);
    Value::Array((0..least).map(|_| instance(items, root, depth + 1)).collect())
}

fn string(schema: &Value) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-11-23T10:00:00Z",
        Some("date") => "2026-11-23",
        Some("time") => "10:00:00Z",
        Some("email") => "a@example.com",
        Some("uri") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "sämple",
    };
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let missing = usize::try_from(least).unwrap_or(0).saturating_sub(text.chars().count());
    let most = schema.get("maxLength").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    text.chars().chain("x".repeat(missing.min(4096)).chars()).take(most).collect()
}

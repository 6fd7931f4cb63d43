//! What OpenAI refuses in `tools`, `tool_choice` and `response_format`.

use serde_json::{Map, Value};

use super::check::{missing, present, wrong_type, wrong_value};
use super::schema::{root, strict};
use crate::refusal::Refusal;

const MAX_TOOLS: usize = 128;
const MAX_NAME: usize = 64;

/// Refuses tools that the vendor refuses.
pub(super) fn check(body: &Map<String, Value>, lenient: bool) -> Result<(), Refusal> {
    let Some(Value::Array(tools)) = present(body, "tools") else { return Ok(()) };
    if tools.is_empty() {
        return Err(Refusal::bad("[] is too short - 'tools'").at("tools").code("empty_array"));
    }
    if tools.len() > MAX_TOOLS {
        let text = format!(
            "Invalid 'tools': array too long. Expected an array with maximum length {MAX_TOOLS}, \
             but got an array with length {} instead.",
            tools.len()
        );
        return Err(Refusal::bad(text).at("tools").code("array_above_max_length"));
    }
    for (place, it) in tools.iter().enumerate() {
        tool(it, &format!("tools[{place}]"), lenient)?;
        if !lenient {
            known(it, &format!("tools[{place}]"))?;
        }
    }
    choice(present(body, "tool_choice"), tools)
}

/// Gateways take more members, `cache_control` among them; the vendor does not.
fn known(tool: &Value, path: &str) -> Result<(), Refusal> {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
    let inner: &[&str] = match kind {
        "function" => &["name", "description", "parameters", "strict"],
        _ => &["name", "description", "format"],
    };
    let levels = [(Some(tool), path.to_owned(), &["type", kind][..])];
    let below = (tool.get(kind), format!("{path}.{kind}"), inner);
    for (holder, path, names) in levels.into_iter().chain([below]) {
        let mut members = holder.and_then(Value::as_object).into_iter().flatten();
        if let Some((name, _)) = members.find(|(name, _)| !names.contains(&name.as_str())) {
            let text = format!("Unknown parameter: '{path}.{name}'.");
            return Err(Refusal::bad(text).at(path).code("unknown_parameter"));
        }
    }
    Ok(())
}

fn tool(tool: &Value, path: &str, lenient: bool) -> Result<(), Refusal> {
    let at = format!("{path}.type");
    let kind = tool.get("type").ok_or_else(|| missing(&at))?;
    let kind = kind.as_str().ok_or_else(|| wrong_type(&at, "a string", kind))?;
    if !["function", "custom"].contains(&kind) {
        return Err(wrong_value(&at, kind, &["function", "custom"]));
    }
    let inner = tool.get(kind).ok_or_else(|| missing(&format!("{path}.{kind}")))?;
    // Hosts that are not the vendor take names of any kind.
    if !lenient {
        name(inner, &format!("{path}.{kind}.name"))?;
    }
    let Some(schema) = inner.get("parameters").filter(|it| !it.is_null()) else { return Ok(()) };
    let at = format!("{path}.{kind}.parameters");
    let called = inner.get("name").and_then(Value::as_str).unwrap_or_default();
    if schema.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "object") {
        let text = format!(
            "Invalid schema for function '{called}': schema must be a JSON Schema of 'type: \
             \"object\"'."
        );
        return Err(Refusal::bad(text).at(at).code("invalid_function_parameters"));
    }
    let is_strict = inner.get("strict") == Some(&Value::Bool(true));
    let judged = if is_strict { strict(schema) } else { root(schema) };
    judged.map_err(|why| {
        let text = format!("Invalid schema for function '{called}': {why}");
        Refusal::bad(text).at(at).code("invalid_function_parameters")
    })
}

fn name(holder: &Value, path: &str) -> Result<(), Refusal> {
    let name = holder.get("name").ok_or_else(|| missing(path))?;
    let name = name.as_str().ok_or_else(|| wrong_type(path, "a string", name))?;
    if name.len() > MAX_NAME {
        let text = format!(
            "Invalid '{path}': string too long. Expected a string with maximum length {MAX_NAME}, \
             but got a string with length {} instead.",
            name.len()
        );
        return Err(Refusal::bad(text).at(path).code("string_above_max_length"));
    }
    pattern(name, path)
}

/// Refuses a name with other letters, in a definition as in a history.
pub(super) fn pattern(name: &str, path: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(fits) {
        return Ok(());
    }
    let text = format!(
        "Invalid '{path}': string does not match pattern. Expected a string that matches the \
         pattern '^[a-zA-Z0-9_-]+$'."
    );
    Err(Refusal::bad(text).at(path).code("invalid_value"))
}

fn choice(choice: Option<&Value>, tools: &[Value]) -> Result<(), Refusal> {
    let known = |kind: &str, name: &str| {
        let named = |tool: &Value| {
            tool.pointer(&format!("/{kind}/name")).and_then(Value::as_str) == Some(name)
        };
        tools.iter().any(named)
    };
    match choice {
        None => Ok(()),
        Some(Value::String(word)) if ["none", "auto", "required"].contains(&word.as_str()) => {
            Ok(())
        }
        Some(Value::String(word)) => {
            Err(wrong_value("tool_choice", word, &["none", "auto", "required"]))
        }
        Some(value) => match value.get("type").and_then(Value::as_str) {
            Some("allowed_tools") => Ok(()),
            Some(kind @ ("function" | "custom")) => {
                let at = format!("tool_choice.{kind}.name");
                let name = value.pointer(&format!("/{kind}/name")).and_then(Value::as_str);
                let name = name.ok_or_else(|| missing(&at))?;
                if known(kind, name) {
                    return Ok(());
                }
                let text = format!("Tool choice '{name}' not found in 'tools' parameter.");
                Err(Refusal::bad(text).at("tool_choice"))
            }
            Some(other) => {
                let kinds = ["function", "custom", "allowed_tools"];
                Err(wrong_value("tool_choice.type", other, &kinds))
            }
            None => Err(missing("tool_choice.type")),
        },
    }
}

/// `response_format` of type `json_schema`.
pub(super) fn check_schema_format(format: &Value) -> Result<(), Refusal> {
    let Some(inner) = format.get("json_schema") else {
        return Err(missing("response_format.json_schema"));
    };
    name(inner, "response_format.json_schema.name")?;
    let Some(schema) = inner.get("schema").filter(|it| !it.is_null()) else { return Ok(()) };
    if inner.get("strict") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let called = inner.get("name").and_then(Value::as_str).unwrap_or_default();
    strict(schema).map_err(|why| {
        let text = format!("Invalid schema for response_format '{called}': {why}");
        Refusal::bad(text).at("response_format").code("invalid_json_schema")
    })
}

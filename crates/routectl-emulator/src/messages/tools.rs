//! What Anthropic refuses in `tools` and `tool_choice`.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::check::present;
use super::models::Model;
use super::schema::{Weight, closed};
use super::version::Terms;
use super::{blocks, extra, no, required, required_text};
use crate::refusal::Refusal;

const MEMBERS: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "defer_loading",
    "allowed_callers",
    "input_examples",
    "eager_input_streaming",
];

/// Names of the vendor's own tools without their date.
const VENDOR: &[&str] = &[
    "bash_",
    "text_editor_",
    "memory_",
    "computer_",
    "browser_toolset_",
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "tool_search_tool_",
    "advisor_",
    "mcp_toolset",
];

/// Tools whose arguments must match their schema.
const MAX_STRICT: usize = 20;

/// Refuses tools that the vendor refuses.
pub(super) fn check(
    body: &Map<String, Value>,
    model: &Model,
    terms: &Terms,
    weight: &mut Weight,
) -> Result<(), Refusal> {
    let tools = match present(body, "tools") {
        None => &[],
        Some(Value::Array(tools)) => tools.as_slice(),
        Some(_) => return no("tools", "Input should be a valid list"),
    };
    let mut names = HashSet::new();
    for (place, tool) in tools.iter().enumerate() {
        check_tool(tool, &format!("tools.{place}"), terms, weight)?;
        if tool.get("name").is_some_and(|name| !names.insert(name.to_string())) {
            return Err(Refusal::bad("tools: Tool names must be unique."));
        }
    }
    if tools.iter().filter(|tool| tool.get("strict") == Some(&Value::Bool(true))).count()
        > MAX_STRICT
    {
        return no("tools", "Too many strict tools: at most 20 are supported");
    }
    check_choice(present(body, "tool_choice"), tools, model)
}

/// Whether the client runs this tool and it has a schema of its own.
pub(super) fn is_custom(tool: &Value) -> bool {
    matches!(tool.get("type").map(Value::as_str), None | Some(None | Some("custom")))
}

fn check_tool(tool: &Value, path: &str, terms: &Terms, weight: &mut Weight) -> Result<(), Refusal> {
    if !tool.is_object() {
        return no(path, "Input should be a valid dictionary or object to extract fields from");
    }
    if !is_custom(tool) {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
        if terms.lenient || VENDOR.iter().any(|name| kind.starts_with(name)) {
            return blocks::cache_mark(tool, path, terms);
        }
        let text = format!(
            "Input tag '{kind}' found using 'type' does not match any of the expected tags: \
             'custom', 'bash_20250124', 'text_editor_20250728', 'web_search_20250305'"
        );
        return no(path, &text);
    }
    let path = format!("{path}.custom");
    let odd =
        tool.as_object().and_then(|all| all.keys().find(|it| !MEMBERS.contains(&it.as_str())));
    if let Some(name) = odd.filter(|_| !terms.lenient) {
        return extra(&format!("{path}.{name}"));
    }
    blocks::cache_mark(tool, &path, terms)?;
    let called = required_text(tool, &path, "name")?;
    // Hosts that are not the vendor take names of any kind.
    if !terms.lenient {
        name(called, &format!("{path}.name"))?;
    }
    let schema = required(tool, &path, "input_schema")?;
    let (holder, path) = (path.clone(), format!("{path}.input_schema"));
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        let missing = schema.get("type").is_none();
        let text = if missing { "Field required" } else { "Input should be 'object'" };
        return no(&format!("{path}.type"), text);
    }
    for word in ["oneOf", "allOf", "anyOf"] {
        if schema.get(word).is_some() && !terms.lenient {
            let text = "input_schema does not support oneOf, allOf, or anyOf at the top level";
            return no(&path, text);
        }
    }
    types(tool, &holder)?;
    match tool.get("strict") {
        Some(Value::Bool(true)) => closed(schema, &path, weight),
        _ => Ok(()),
    }
}

fn types(tool: &Value, path: &str) -> Result<(), Refusal> {
    let present = |name: &str| tool.get(name).filter(|it| !it.is_null());
    if present("description").is_some_and(|it| !it.is_string()) {
        return no(&format!("{path}.description"), "Input should be a valid string");
    }
    if present("strict").is_some_and(|it| !it.is_boolean()) {
        return no(&format!("{path}.strict"), "Input should be a valid boolean");
    }
    Ok(())
}

fn name(name: &str, path: &str) -> Result<(), Refusal> {
    if (1..=64).contains(&name.len()) && name.bytes().all(blocks::letter) {
        return Ok(());
    }
    no(path, "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'")
}

fn check_choice(choice: Option<&Value>, tools: &[Value], model: &Model) -> Result<(), Refusal> {
    let Some(choice) = choice else { return Ok(()) };
    let kind = required_text(choice, "tool_choice", "type")?;
    if !["auto", "any", "tool", "none"].contains(&kind) {
        let text = format!(
            "Input tag '{kind}' found using 'type' does not match any of the expected tags: \
             'auto', 'any', 'tool', 'none'"
        );
        return no("tool_choice", &text);
    }
    if tools.is_empty() {
        return no("tool_choice", "tool_choice may only be specified while providing tools.");
    }
    let forces = matches!(kind, "any" | "tool");
    if forces && !model.forced {
        let text = "type \"tool\" and \"any\" are not supported for this model.";
        return no("tool_choice", text);
    }
    let known: &[&str] = match kind {
        "tool" => &["type", "name", "disable_parallel_tool_use"],
        "none" => &["type"],
        _ => &["type", "disable_parallel_tool_use"],
    };
    let odd =
        choice.as_object().and_then(|all| all.keys().find(|it| !known.contains(&it.as_str())));
    if let Some(name) = odd {
        return extra(&format!("tool_choice.{kind}.{name}"));
    }
    if kind != "tool" {
        return Ok(());
    }
    let wanted = required_text(choice, "tool_choice.tool", "name")?;
    if tools.iter().any(|tool| tool.get("name").and_then(Value::as_str) == Some(wanted)) {
        return Ok(());
    }
    Err(Refusal::bad(format!("Tool '{wanted}' not found in provided tools")))
}

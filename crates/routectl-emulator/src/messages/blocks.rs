//! The content blocks that a request may hold, as a table, and what each must look like.

use serde_json::Value;

use super::version::Terms;
use super::{extra, media, no, required, required_text};
use crate::answer::mint::{Sealed, is_ours};
use crate::refusal::Refusal;

/// One kind of block (anthropic-messages facts, section 4.3).
struct Rule {
    tag: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    roles: &'static [&'static str],
}

const USER: &[&str] = &["user", "tool_result"];
const ASSISTANT: &[&str] = &["assistant"];
const SYSTEM: &[&str] = &["system"];

const fn rule(
    tag: &'static str,
    roles: &'static [&'static str],
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Rule {
    Rule { tag, required, optional, roles }
}

/// Results of tools that run at the vendor all have the same members.
const fn server_result(tag: &'static str) -> Rule {
    rule(tag, ASSISTANT, &["tool_use_id", "content"], &["caller", "cache_control"])
}

const CC: &[&str] = &["cache_control"];

const RULES: &[Rule] = &[
    rule(
        "text",
        &["user", "assistant", "system", "tool_result"],
        &["text"],
        &["citations", "cache_control"],
    ),
    rule("image", USER, &["source"], &["transformations", "cache_control"]),
    rule(
        "document",
        &["user", "assistant", "tool_result"],
        &["source"],
        &["title", "context", "citations", "cache_control"],
    ),
    rule("search_result", USER, &["source", "title", "content"], &["citations", "cache_control"]),
    rule("container_upload", &["user", "assistant"], &["file_id"], CC),
    rule(
        "tool_use",
        ASSISTANT,
        &["id", "name", "input"],
        &["caller", "toolset_name", "cache_control"],
    ),
    rule(
        "tool_result",
        &["user"],
        &["tool_use_id"],
        &["content", "is_error", "toolset_name", "cache_control"],
    ),
    rule("thinking", ASSISTANT, &["thinking", "signature"], &[]),
    rule("redacted_thinking", ASSISTANT, &["data"], &[]),
    rule("server_tool_use", ASSISTANT, &["id", "name", "input"], &["caller", "cache_control"]),
    server_result("web_search_tool_result"),
    server_result("web_fetch_tool_result"),
    server_result("code_execution_tool_result"),
    server_result("bash_code_execution_tool_result"),
    server_result("text_editor_code_execution_tool_result"),
    server_result("tool_search_tool_result"),
    server_result("advisor_tool_result"),
    rule("tool_reference", &["tool_result"], &["tool_name"], CC),
    rule("browser_state", &["tool_result"], &[], &["url", "title", "content", "cache_control"]),
    rule("mcp_tool_use", ASSISTANT, &["id", "name", "server_name", "input"], CC),
    rule("mcp_tool_result", ASSISTANT, &["tool_use_id"], &["is_error", "content", "cache_control"]),
    rule("mcp_tool_listing", ASSISTANT, &["mcp_server_name", "tools"], &[]),
    rule(
        "compaction",
        ASSISTANT,
        &["content"],
        &["encrypted_content", "signature", "tool_changes", "cache_control"],
    ),
    rule("fallback", ASSISTANT, &["from", "to"], &["trigger"]),
    rule("connector_text", ASSISTANT, &["connector_text"], &["signature"]),
    rule("tool_addition", SYSTEM, &["tool"], CC),
    rule("tool_removal", SYSTEM, &["tool"], CC),
];

/// Refuses a block that may not stand in a message of this role.
pub(super) fn check(block: &Value, role: &str, path: &str, terms: &Terms) -> Result<(), Refusal> {
    if block.is_object() && block.get("type").is_none() {
        return no(&format!("{path}.type"), "Field required");
    }
    let Some(tag) = block.get("type").and_then(Value::as_str) else {
        return no(path, "Input should be a valid dictionary or object to extract fields from");
    };
    let rule = RULES.iter().find(|rule| rule.tag == tag && rule.roles.contains(&role));
    let Some(rule) = rule else {
        return if terms.lenient { Ok(()) } else { unexpected(tag, role, path) };
    };
    members(block, rule, &format!("{path}.{tag}"), terms)?;
    cache_mark(block, &format!("{path}.{tag}"), terms)?;
    inside(block, tag, role, &format!("{path}.{tag}"), terms)
}

fn unexpected(tag: &str, role: &str, path: &str) -> Result<(), Refusal> {
    let known = RULES.iter().filter(|rule| rule.roles.contains(&role));
    let known: Vec<String> = known.map(|rule| format!("'{}'", rule.tag)).collect();
    let text = format!(
        "Input tag '{tag}' found using 'type' does not match any of the expected tags: {}",
        known.join(", ")
    );
    no(path, &text)
}

fn members(block: &Value, rule: &Rule, path: &str, terms: &Terms) -> Result<(), Refusal> {
    for name in rule.required {
        required(block, path, name)?;
    }
    let known = |name: &str| {
        name == "type" || rule.required.contains(&name) || rule.optional.contains(&name)
    };
    let odd = block.as_object().and_then(|all| all.keys().find(|name| !known(name)));
    match odd {
        Some(name) if !terms.lenient => extra(&format!("{path}.{name}")),
        _ => Ok(()),
    }
}

/// `cache_control` wherever it may stand.
pub(super) fn cache_mark(holder: &Value, path: &str, terms: &Terms) -> Result<(), Refusal> {
    let Some(mark) = holder.get("cache_control").filter(|mark| !mark.is_null()) else {
        return Ok(());
    };
    let path = format!("{path}.cache_control");
    if mark.get("type").and_then(Value::as_str) != Some("ephemeral") {
        return no(&format!("{path}.type"), "Input should be 'ephemeral'");
    }
    if !matches!(mark.get("ttl").map(Value::as_str), None | Some(Some("5m" | "1h"))) {
        return no(&format!("{path}.ephemeral.ttl"), "Input should be '5m' or '1h'");
    }
    let scoped = terms.lenient || terms.has("prompt-caching-scope-");
    let known = |name: &str| matches!(name, "type" | "ttl") || name == "scope" && scoped;
    match mark.as_object().and_then(|all| all.keys().find(|name| !known(name))) {
        Some(name) if !terms.lenient => extra(&format!("{path}.ephemeral.{name}")),
        _ => Ok(()),
    }
}

fn inside(block: &Value, tag: &str, role: &str, path: &str, terms: &Terms) -> Result<(), Refusal> {
    match tag {
        "text" => text(block, role, path, terms),
        "image" => media::image(block, path),
        "document" if role == "assistant" && terms.newest => {
            no(path, "document blocks are not supported in assistant messages")
        }
        "document" => media::document(block, path, terms),
        "tool_use" => tool_use(block, path),
        "tool_result" => tool_result(block, path, terms),
        "thinking" => {
            let thought = required_text(block, path, "thinking")?;
            let signature = required_text(block, path, "signature")?;
            sealed(signature, Sealed::Thinking(thought), "signature", path, terms)
        }
        "redacted_thinking" => {
            let data = required_text(block, path, "data")?;
            sealed(data, Sealed::Redacted, "data", path, terms)
        }
        _ => Ok(()),
    }
}

fn text(block: &Value, role: &str, path: &str, terms: &Terms) -> Result<(), Refusal> {
    let text = required_text(block, path, "text")?;
    let place = path.strip_suffix(".text").unwrap_or(path);
    if text.is_empty() {
        return no(place, "text content blocks must be non-empty");
    }
    if text.trim().is_empty() && role != "assistant" {
        return no(place, "text content blocks must contain non-whitespace text");
    }
    let cites = block.get("citations").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    if cites && role != "assistant" && terms.newest {
        return extra(&format!("{path}.citations"));
    }
    Ok(())
}

fn tool_use(block: &Value, path: &str) -> Result<(), Refusal> {
    let id = required_text(block, path, "id")?;
    id_pattern(id, &format!("{path}.id"))?;
    let name = required_text(block, path, "name")?;
    if name.is_empty() || name.len() > 200 {
        return no(&format!("{path}.name"), "String should have between 1 and 200 characters");
    }
    if !name.bytes().all(letter) {
        return no(&format!("{path}.name"), "String should match pattern '^[a-zA-Z0-9_-]{1,200}$'");
    }
    if required(block, path, "input")?.is_object() {
        return Ok(());
    }
    no(&format!("{path}.input"), "Input should be a valid dictionary")
}

fn id_pattern(id: &str, path: &str) -> Result<(), Refusal> {
    if (1..=64).contains(&id.len()) && id.bytes().all(letter) {
        return Ok(());
    }
    no(path, "String should match pattern '^[a-zA-Z0-9_-]+$'")
}

/// What ids and names are made of.
pub(super) fn letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn tool_result(block: &Value, path: &str, terms: &Terms) -> Result<(), Refusal> {
    id_pattern(required_text(block, path, "tool_use_id")?, &format!("{path}.tool_use_id"))?;
    if block.get("is_error").is_some_and(|it| !it.is_boolean() && !it.is_null()) {
        return no(&format!("{path}.is_error"), "Input should be a valid boolean");
    }
    match block.get("content") {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) => {
            let mut parts = parts.iter().enumerate();
            parts.try_for_each(|(place, part)| {
                check(part, "tool_result", &format!("{path}.content.{place}"), terms)
            })
        }
        Some(_) => no(&format!("{path}.content"), "Input should be a valid string or list"),
    }
}

fn sealed(
    seal: &str,
    sealed: Sealed<'_>,
    member: &str,
    path: &str,
    terms: &Terms,
) -> Result<(), Refusal> {
    if terms.lenient || is_ours(seal, sealed) {
        return Ok(());
    }
    let (place, tag) = path.rsplit_once('.').unwrap_or((path, "thinking"));
    no(place, &format!("Invalid `{member}` in `{tag}` block"))
}

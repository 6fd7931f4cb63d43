//! What Anthropic refuses in `messages`: roles, empty contents, and the pairing of tool calls.

use std::collections::HashSet;

use serde_json::Value;

use super::models::Model;
use super::version::Terms;
use super::{blocks, extra, no, required_text};
use crate::refusal::Refusal;

/// Refuses a history that the vendor refuses.
pub(super) fn check(messages: &[Value], model: &Model, terms: &Terms) -> Result<(), Refusal> {
    for (place, message) in messages.iter().enumerate() {
        let path = format!("messages.{place}");
        let role = role(message, &path, model)?;
        members(message, role, &path, terms)?;
        content(message, role, &path, place + 1 == messages.len(), terms)?;
    }
    for place in 0..messages.len() {
        system_place(messages, place)?;
    }
    if messages.first().is_some_and(|it| role_of(it) == "assistant") && !terms.lenient {
        return no("messages", "first message must use the \"user\" role");
    }
    unique_ids(messages)?;
    pairing(messages)
}

/// The blocks of a message; a string is no block that the rules here look at.
pub(super) fn blocks_of(message: &Value) -> &[Value] {
    let content = message.get("content").and_then(Value::as_array);
    content.map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn role_of(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn is(block: &Value, tag: &str) -> bool {
    block.get("type").and_then(Value::as_str) == Some(tag)
}

fn role<'a>(message: &'a Value, path: &str, model: &Model) -> Result<&'a str, Refusal> {
    match required_text(message, path, "role")? {
        role @ ("user" | "assistant") => Ok(role),
        "system" if model.system_turns => Ok("system"),
        "system" => Err(Refusal::bad(
            "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` \
             parameter, not \"system\" as an input message role.",
        )),
        _ => no(&format!("{path}.role"), "Input should be 'user' or 'assistant'"),
    }
}

fn members(message: &Value, role: &str, path: &str, terms: &Terms) -> Result<(), Refusal> {
    let allowed = |name: &str| match name {
        "role" | "content" => true,
        "output_config" => {
            role == "system"
                && (terms.has("per-turn-control-") || terms.has("mid-conversation-output-config-"))
        }
        "clear_at" => role == "system" && terms.has("mid-conversation-system-clear-at-"),
        _ => false,
    };
    let odd = message.as_object().and_then(|all| all.keys().find(|name| !allowed(name)));
    match odd {
        Some(name) if !terms.lenient => extra(&format!("{path}.{name}")),
        _ => Ok(()),
    }
}

fn content(
    message: &Value,
    role: &str,
    path: &str,
    last: bool,
    terms: &Terms,
) -> Result<(), Refusal> {
    // A `system` message may come with settings alone.
    let may_be_empty = last && role == "assistant" || message.get("output_config").is_some();
    let empty = || {
        let text = "all messages must have non-empty content except for the optional final \
                    assistant message";
        Err(Refusal::bad(format!("{path}: {text}")))
    };
    match message.get("content") {
        None => no(&format!("{path}.content"), "Field required"),
        Some(Value::String(text)) if text.is_empty() && !may_be_empty => empty(),
        Some(Value::String(text)) if text.trim().is_empty() && !may_be_empty => {
            no(path, "text content blocks must contain non-whitespace text")
        }
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) if parts.is_empty() && !may_be_empty => empty(),
        Some(Value::Array(parts)) => {
            let mut parts = parts.iter().enumerate();
            parts.try_for_each(|(place, block)| {
                blocks::check(block, role, &format!("{path}.content.{place}"), terms)
            })
        }
        Some(_) => no(&format!("{path}.content"), "Input should be a valid string or list"),
    }
}

/// A `system` message follows a user turn and is last or before an assistant message.
fn system_place(messages: &[Value], place: usize) -> Result<(), Refusal> {
    let Some(message) = messages.get(place).filter(|it| role_of(it) == "system") else {
        return Ok(());
    };
    let before = messages.iter().take(place).rfind(|it| role_of(it) != "system");
    let after = messages.iter().skip(place).find(|it| role_of(it) != "system");
    let from_server = |it: &Value| {
        let last = blocks_of(it).last().and_then(|block| block.get("type")).and_then(Value::as_str);
        last.is_some_and(|tag| tag.ends_with("_tool_result"))
    };
    let follows = before.is_some_and(|it| role_of(it) == "user" || from_server(it));
    let precedes = after.is_none_or(|it| role_of(it) == "assistant");
    if follows && precedes && !message.is_null() {
        return Ok(());
    }
    let text = "`system` messages must follow a user message and be last or be followed by an \
                assistant message";
    no(&format!("messages.{place}"), text)
}

fn unique_ids(messages: &[Value]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    for (place, message) in messages.iter().enumerate() {
        for (at, block) in
            blocks_of(message).iter().enumerate().filter(|(_, it)| is(it, "tool_use"))
        {
            if !seen.insert(block.get("id")) {
                let path = format!("messages.{place}.content.{at}");
                return no(&path, "`tool_use` ids must be unique");
            }
        }
    }
    Ok(())
}

fn ids<'a>(message: Option<&'a Value>, tag: &str, member: &str) -> Vec<&'a str> {
    let blocks = message.map(blocks_of).unwrap_or_default();
    let tagged = blocks.iter().filter(|block| is(block, tag));
    tagged.filter_map(|block| block.get(member)).filter_map(Value::as_str).collect()
}

/// Every `tool_use` has its result first thing in the very next user message, and no result
/// stands without one. Neighbouring messages of one role count as one, as they do at the vendor.
fn pairing(messages: &[Value]) -> Result<(), Refusal> {
    let turns: Vec<(usize, &Value)> =
        messages.iter().enumerate().filter(|(_, it)| role_of(it) != "system").collect();
    for (at, (place, message)) in turns.iter().enumerate() {
        let next = at.checked_add(1).and_then(|next| turns.get(next)).map(|(_, it)| *it);
        let next = next.filter(|it| role_of(it) == "user");
        let ends_turn = turns.get(at + 1).is_none_or(|(_, it)| role_of(it) != role_of(message));
        let results = ids(next, "tool_result", "tool_use_id");
        let calls = ids(Some(message), "tool_use", "id");
        let open: Vec<&str> = calls.iter().filter(|id| !results.contains(*id)).copied().collect();
        if !open.is_empty() && ends_turn {
            let text = format!(
                "`tool_use` ids were found without `tool_result` blocks immediately after: {}. \
                 Each `tool_use` block must have a corresponding `tool_result` block in the next \
                 message.",
                open.join(", ")
            );
            return no(&format!("messages.{place}"), &text);
        }
        let before = at.checked_sub(1).and_then(|before| turns.get(before)).map(|(_, it)| *it);
        results_fit(message, before, &format!("messages.{place}"))?;
    }
    Ok(())
}

fn results_fit(message: &Value, before: Option<&Value>, path: &str) -> Result<(), Refusal> {
    let calls = ids(before, "tool_use", "id");
    let mut seen = HashSet::new();
    let mut other = false;
    for (at, block) in blocks_of(message).iter().enumerate() {
        if !is(block, "tool_result") {
            other = true;
            continue;
        }
        let id = block.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
        if other || !calls.contains(&id) {
            let text = format!(
                "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` \
                 block must have a corresponding `tool_use` block in the previous message."
            );
            return no(&format!("{path}.content.{at}"), &text);
        }
        if !seen.insert(id) {
            let text = format!(
                "each tool_use must have a single result. Found multiple `tool_result` blocks \
                 with id: {id}"
            );
            return no(&format!("{path}.content.{at}"), &text);
        }
    }
    Ok(())
}

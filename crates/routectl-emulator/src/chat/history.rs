//! What OpenAI refuses in `messages`: roles, and the pairing of tool calls.

use serde_json::Value;

use super::check::{missing, wrong_type, wrong_value};
use super::{parts, tools};
use crate::refusal::Refusal;

const ROLES: &[&str] = &["system", "assistant", "user", "function", "tool", "developer"];
/// Longest id of a tool call (`string too long`).
const MAX_ID: usize = 40;

/// Refuses a history that the vendor refuses.
pub(super) fn check(messages: &[Value], lenient: bool) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let path = format!("messages[{place}]");
        let role = role(message, &path)?;
        if role == "tool" {
            answer_call(message, &path, &mut open)?;
        } else if !open.is_empty() {
            return Err(unanswered(&path, &open));
        }
        parts::check(message, role, &path, lenient)?;
        if role == "assistant" {
            open = calls(message, &path)?;
        }
    }
    if open.is_empty() { Ok(()) } else { Err(unanswered("messages", &open)) }
}

fn role<'a>(message: &'a Value, path: &str) -> Result<&'a str, Refusal> {
    if !message.is_object() {
        return Err(wrong_type(path, "an object", message));
    }
    let at = format!("{path}.role");
    let role = message.get("role").ok_or_else(|| missing(&at))?;
    let role = role.as_str().ok_or_else(|| wrong_type(&at, "a string", role))?;
    if ROLES.contains(&role) { Ok(role) } else { Err(wrong_value(&at, role, ROLES)) }
}

/// Takes the answered call off the list of open ones.
fn answer_call(message: &Value, path: &str, open: &mut Vec<&str>) -> Result<(), Refusal> {
    let at = format!("{path}.tool_call_id");
    let id = message.get("tool_call_id").ok_or_else(|| missing(&at))?;
    let id = id.as_str().ok_or_else(|| wrong_type(&at, "a string", id))?;
    short_id(id, &at)?;
    let Some(place) = open.iter().position(|known| *known == id) else {
        let text = "Invalid parameter: messages with role 'tool' must be a response to a \
                    preceeding message with 'tool_calls'.";
        return Err(Refusal::bad(text).at(format!("{path}.role")));
    };
    open.remove(place);
    Ok(())
}

fn unanswered(path: &str, open: &[&str]) -> Refusal {
    let text = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Refusal::bad(text).at(format!("{path}.role"))
}

fn short_id(id: &str, path: &str) -> Result<(), Refusal> {
    let length = id.chars().count();
    if length <= MAX_ID {
        return Ok(());
    }
    let text = format!(
        "Invalid '{path}': string too long. Expected a string with maximum length {MAX_ID}, but \
         got a string with length {length} instead."
    );
    Err(Refusal::bad(text).at(path).code("string_above_max_length"))
}

fn calls<'a>(message: &'a Value, path: &str) -> Result<Vec<&'a str>, Refusal> {
    let at = format!("{path}.tool_calls");
    let calls = match message.get("tool_calls") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(calls)) => calls,
        Some(other) => return Err(wrong_type(&at, "an array", other)),
    };
    if calls.is_empty() {
        let text = format!("[] is too short - '{path}.tool_calls'");
        return Err(Refusal::bad(text).at(at).code("empty_array"));
    }
    calls.iter().enumerate().map(|(place, it)| call(it, &format!("{at}[{place}]"))).collect()
}

fn call<'a>(call: &'a Value, path: &str) -> Result<&'a str, Refusal> {
    let text = |pointer: &str| {
        let at = format!("{path}{}", pointer.replace('/', "."));
        match call.pointer(pointer) {
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(other) => Err(wrong_type(&at, "a string", other)),
            None => Err(missing(&at)),
        }
    };
    let id = text("/id")?;
    short_id(id, &format!("{path}.id"))?;
    match text("/type")? {
        "function" => {
            tools::pattern(text("/function/name")?, &format!("{path}.function.name"))?;
            text("/function/arguments")?;
        }
        "custom" => {
            tools::pattern(text("/custom/name")?, &format!("{path}.custom.name"))?;
            text("/custom/input")?;
        }
        other => return Err(wrong_value(&format!("{path}.type"), other, &["function", "custom"])),
    }
    Ok(id)
}

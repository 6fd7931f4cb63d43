//! What OpenAI refuses in a Chat Completions body: unknown members, types, ranges, combinations.

use serde_json::{Map, Value};

use super::{history, tools};
use crate::refusal::Refusal;

/// What a known member may hold. `null` always passes, as it does at the vendor.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Integer(i64, i64),
    Number(f64, f64),
    List,
    Object,
    TextOrList,
    TextOrObject,
    OneOf(&'static [&'static str]),
}

const ANY_INTEGER: Kind = Kind::Integer(i64::MIN, i64::MAX);

/// The members of the request, with the reference's types (openai-chat facts, section 2).
const MEMBERS: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("messages", Kind::List),
    ("max_completion_tokens", Kind::Integer(1, i64::MAX)),
    ("max_tokens", Kind::Integer(1, i64::MAX)),
    ("temperature", Kind::Number(0.0, 2.0)),
    ("top_p", Kind::Number(0.0, 1.0)),
    ("presence_penalty", Kind::Number(-2.0, 2.0)),
    ("frequency_penalty", Kind::Number(-2.0, 2.0)),
    ("logit_bias", Kind::Object),
    ("logprobs", Kind::Bool),
    ("top_logprobs", Kind::Integer(0, 20)),
    ("n", Kind::Integer(1, 128)),
    ("seed", ANY_INTEGER),
    ("stop", Kind::TextOrList),
    ("stream", Kind::Bool),
    ("stream_options", Kind::Object),
    ("tools", Kind::List),
    ("tool_choice", Kind::TextOrObject),
    ("parallel_tool_calls", Kind::Bool),
    ("functions", Kind::List),
    ("function_call", Kind::TextOrObject),
    ("response_format", Kind::Object),
    ("reasoning_effort", Kind::OneOf(EFFORTS)),
    ("verbosity", Kind::OneOf(&["low", "medium", "high"])),
    ("modalities", Kind::List),
    ("audio", Kind::Object),
    ("prediction", Kind::Object),
    ("prompt_cache_key", Kind::Text),
    ("prompt_cache_options", Kind::Object),
    ("prompt_cache_retention", Kind::Text),
    ("safety_identifier", Kind::Text),
    ("user", Kind::Text),
    ("service_tier", Kind::OneOf(&["auto", "default", "flex", "scale", "priority", "fast"])),
    ("store", Kind::Bool),
    ("metadata", Kind::Object),
    ("web_search_options", Kind::Object),
    ("moderation", Kind::Object),
];

const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// Refuses what the vendor refuses. `lenient` hosts let unknown members pass.
pub(crate) fn check(body: &Map<String, Value>, lenient: bool) -> Result<(), Refusal> {
    for (name, value) in body {
        match MEMBERS.iter().find(|(known, _)| known == name) {
            // Hosts of other vendors have words of their own for it, or numbers.
            Some((_, Kind::OneOf(_))) if lenient && name == "reasoning_effort" => {}
            Some((_, kind)) => check_kind(name, value, *kind)?,
            None if lenient => {}
            None => {
                let text = format!("Unrecognized request argument supplied: {name}");
                return Err(Refusal::bad(text).code("unknown_parameter"));
            }
        }
    }
    if present(body, "model").is_none() {
        return Err(Refusal::bad("you must provide a model parameter"));
    }
    let Some(Value::Array(messages)) = present(body, "messages") else {
        return Err(missing("messages"));
    };
    if messages.is_empty() {
        let text = "Invalid 'messages': empty array. Expected an array with minimum length 1, but \
                    got an empty array instead.";
        return Err(Refusal::bad(text).at("messages").code("empty_array"));
    }
    combinations(body)?;
    bookkeeping(body)?;
    tools::check(body, lenient)?;
    history::check(messages, lenient)?;
    response_format(body, messages)?;
    if lenient { Ok(()) } else { traps(body) }
}

/// Whether the format has this member.
pub(super) fn is_known(name: &str) -> bool {
    MEMBERS.iter().any(|(known, _)| *known == name)
}

/// The member, unless it is absent or null.
pub(super) fn present<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

pub(super) fn missing(path: &str) -> Refusal {
    let text = format!("Missing required parameter: '{path}'.");
    Refusal::bad(text).at(path).code("missing_required_parameter")
}

pub(super) fn wrong_type(path: &str, wanted: &str, value: &Value) -> Refusal {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let text = format!("Invalid type for '{path}': expected {wanted}, but got {got} instead.");
    Refusal::bad(text).at(path).code("invalid_type")
}

pub(super) fn wrong_value(path: &str, value: &str, supported: &[&str]) -> Refusal {
    let list: Vec<String> = supported.iter().map(|it| format!("'{it}'")).collect();
    let text = format!("Invalid value: '{value}'. Supported values are: {}.", list.join(", "));
    Refusal::bad(text).at(path).code("invalid_value")
}

fn check_kind(name: &str, value: &Value, kind: Kind) -> Result<(), Refusal> {
    if value.is_null() {
        return Ok(());
    }
    let wanted = |fits: bool, wanted: &str| {
        if fits { Ok(()) } else { Err(wrong_type(name, wanted, value)) }
    };
    match kind {
        Kind::Text => wanted(value.is_string(), "a string"),
        Kind::Bool => wanted(value.is_boolean(), "a boolean"),
        Kind::List => wanted(value.is_array(), "an array"),
        Kind::Object => wanted(value.is_object(), "an object"),
        Kind::TextOrList => wanted(value.is_string() || value.is_array(), "a string or array"),
        Kind::TextOrObject => wanted(value.is_string() || value.is_object(), "a string or object"),
        Kind::Integer(low, high) => {
            let number = value.as_i64().ok_or_else(|| wrong_type(name, "an integer", value))?;
            in_range(name, &number, &low, &high, "integer")
        }
        Kind::Number(low, high) => {
            let number = value.as_f64().ok_or_else(|| wrong_type(name, "a number", value))?;
            in_range(name, &number, &low, &high, "decimal")
        }
        Kind::OneOf(supported) => {
            let word = value.as_str().ok_or_else(|| wrong_type(name, "a string", value))?;
            if supported.contains(&word) { Ok(()) } else { Err(wrong_value(name, word, supported)) }
        }
    }
}

fn in_range<N: PartialOrd + std::fmt::Display>(
    name: &str,
    number: &N,
    low: &N,
    high: &N,
    what: &str,
) -> Result<(), Refusal> {
    let (side, sign, limit) = match () {
        () if number < low => ("below minimum", ">=", low),
        () if number > high => ("above maximum", "<=", high),
        () => return Ok(()),
    };
    let text = format!(
        "Invalid '{name}': {what} {side} value. Expected a value {sign} {limit}, but got {number} \
         instead."
    );
    Err(Refusal::bad(text).at(name))
}

fn combinations(body: &Map<String, Value>) -> Result<(), Refusal> {
    let is_true = |name: &str| present(body, name) == Some(&Value::Bool(true));
    let only = |name: &str, rule: &str| {
        let text = format!("Invalid value for '{name}': '{name}' is only allowed when {rule}.");
        Err(Refusal::bad(text).at(name))
    };
    if present(body, "stream_options").is_some() && !is_true("stream") {
        let text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Refusal::bad(text).at("stream_options"));
    }
    let has_tools = present(body, "tools").is_some();
    for name in ["tool_choice", "parallel_tool_calls"] {
        if present(body, name).is_some() && !has_tools {
            return only(name, "'tools' are specified");
        }
    }
    if present(body, "top_logprobs").is_some() && !is_true("logprobs") {
        return only("top_logprobs", "'logprobs' is enabled");
    }
    if present(body, "max_tokens").is_some() && present(body, "max_completion_tokens").is_some() {
        let text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not \
                    supported.";
        return Err(Refusal::bad(text).at("max_tokens"));
    }
    match present(body, "stop") {
        Some(Value::Array(stops)) if stops.len() > 4 => {
            let text = format!(
                "Invalid 'stop': array too long. Expected an array with maximum length 4, but got \
                 an array with length {} instead.",
                stops.len()
            );
            Err(Refusal::bad(text).at("stop").code("array_above_max_length"))
        }
        _ => Ok(()),
    }
}

/// Labels that the vendor keeps with an answer: how many and how long.
fn bookkeeping(body: &Map<String, Value>) -> Result<(), Refusal> {
    let too_long = |path: &str, most: usize, length: usize| {
        let text = format!(
            "Invalid '{path}': string too long. Expected a string with maximum length {most}, but \
             got a string with length {length} instead."
        );
        Err(Refusal::bad(text).at(path).code("string_above_max_length"))
    };
    let person = present(body, "safety_identifier").and_then(Value::as_str).unwrap_or_default();
    if person.chars().count() > 128 {
        return too_long("safety_identifier", 128, person.chars().count());
    }
    let Some(Value::Object(labels)) = present(body, "metadata") else { return Ok(()) };
    if labels.len() > 16 {
        let text = "Invalid 'metadata': too many properties. Expected an object with at most 16 \
                    properties.";
        return Err(Refusal::bad(text).at("metadata").code("object_above_max_properties"));
    }
    for (name, value) in labels {
        let path = format!("metadata.{name}");
        let text = value.as_str().ok_or_else(|| wrong_type(&path, "a string", value))?;
        if name.chars().count() > 64 {
            return too_long(&path, 64, name.chars().count());
        }
        if text.chars().count() > 512 {
            return too_long(&path, 512, text.chars().count());
        }
    }
    Ok(())
}

fn response_format(body: &Map<String, Value>, messages: &[Value]) -> Result<(), Refusal> {
    let Some(format) = present(body, "response_format") else { return Ok(()) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(()),
        Some("json_object") if mention_json(messages) => Ok(()),
        Some("json_object") => {
            let text = "'messages' must contain the word 'json' in some form, to use \
                        'response_format' of type 'json_object'.";
            Err(Refusal::bad(text).at("messages"))
        }
        Some("json_schema") => tools::check_schema_format(format),
        Some(other) => {
            Err(wrong_value("response_format.type", other, &["json_object", "json_schema", "text"]))
        }
        None => Err(missing("response_format.type")),
    }
}

fn mention_json(messages: &[Value]) -> bool {
    messages.iter().any(|message| message.to_string().to_lowercase().contains("json"))
}

/// What reasoning models refuse on this API, told by the model's name.
fn traps(body: &Map<String, Value>) -> Result<(), Refusal> {
    let model = body.get("model").and_then(Value::as_str).unwrap_or_default();
    let reasons = ["gpt-5", "gpt-6", "o1", "o3", "o4"].iter().any(|name| model.starts_with(name));
    if !reasons {
        return Ok(());
    }
    if present(body, "max_tokens").is_some() {
        let text = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                    'max_completion_tokens' instead.";
        return Err(Refusal::bad(text).at("max_tokens").code("unsupported_parameter"));
    }
    if present(body, "stop").is_some() {
        let text = "Unsupported parameter: 'stop' is not supported with this model.";
        return Err(Refusal::bad(text).at("stop").code("unsupported_parameter"));
    }
    let effort = present(body, "reasoning_effort").and_then(Value::as_str);
    let has_tools = present(body, "tools").is_some();
    if has_tools
        && (model.starts_with("gpt-6")
            || model.starts_with("gpt-5.6") && effort.is_some_and(|it| it != "none"))
    {
        let text = format!(
            "Function tools with reasoning_effort are not supported for {model} in \
             /v1/chat/completions. To use function tools, use /v1/responses or set \
             reasoning_effort to 'none'."
        );
        return Err(Refusal::bad(text).at("reasoning_effort"));
    }
    if effort == Some("none") { Ok(()) } else { sampling(body) }
}

fn sampling(body: &Map<String, Value>) -> Result<(), Refusal> {
    for name in ["logprobs", "top_logprobs", "logit_bias"] {
        if present(body, name).is_some_and(|it| *it != Value::Bool(false)) {
            let text = format!("Unsupported parameter: '{name}' is not supported with this model.");
            return Err(Refusal::bad(text).at(name).code("unsupported_parameter"));
        }
    }
    let defaults = [
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("presence_penalty", 0.0),
        ("frequency_penalty", 0.0),
    ];
    for (name, default) in defaults {
        let Some(value) = present(body, name) else { continue };
        if value.as_f64() != Some(default) {
            let text = format!(
                "Unsupported value: '{name}' does not support {value} with this model. Only the \
                 default ({default}) value is supported."
            );
            return Err(Refusal::bad(text).at(name).code("unsupported_value"));
        }
    }
    Ok(())
}

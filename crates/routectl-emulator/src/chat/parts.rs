//! What OpenAI refuses in the content of a message: its parts, images and files.

use serde_json::Value;

use super::check::{missing, wrong_type, wrong_value};
use crate::answer::mint;
use crate::refusal::Refusal;

/// The members of each kind of part (openai-chat facts, section 3).
const MEMBERS: &[(&str, &[&str])] = &[
    ("text", &["text", "prompt_cache_breakpoint"]),
    ("image_url", &["image_url", "prompt_cache_breakpoint"]),
    ("input_audio", &["input_audio", "prompt_cache_breakpoint"]),
    ("file", &["file", "prompt_cache_breakpoint"]),
    ("refusal", &["refusal"]),
];

/// Refuses content that the vendor refuses.
pub(super) fn check(message: &Value, role: &str, path: &str, lenient: bool) -> Result<(), Refusal> {
    // Gateways take `cache_control`; the vendor does not know it.
    if message.get("cache_control").is_some() && !lenient {
        return unknown(path, "cache_control");
    }
    let at = format!("{path}.content");
    match message.get("content") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) if parts.is_empty() => {
            let text = format!(
                "Invalid '{at}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            );
            Err(Refusal::bad(text).at(at).code("empty_array"))
        }
        Some(Value::Array(parts)) => {
            let mut parts = parts.iter().enumerate();
            parts.try_for_each(|(place, it)| part(it, role, &format!("{at}[{place}]"), lenient))
        }
        None | Some(Value::Null) if role == "function" || stands_without(message, role) => Ok(()),
        None | Some(Value::Null) => {
            let text =
                format!("Invalid value for 'content': expected a string, got null. - '{at}'");
            Err(Refusal::bad(text).at(at))
        }
        Some(other) => Err(wrong_type(&at, "one of a string or array of objects", other)),
    }
}

/// An assistant message may lack content when it holds something else.
fn stands_without(message: &Value, role: &str) -> bool {
    let holds = |name: &str| message.get(name).is_some_and(|value| !value.is_null());
    role == "assistant"
        && ["tool_calls", "function_call", "audio", "refusal"].iter().any(|it| holds(it))
}

fn part(part: &Value, role: &str, path: &str, lenient: bool) -> Result<(), Refusal> {
    if lenient {
        return Ok(());
    }
    let at = format!("{path}.type");
    let kind = part.get("type").and_then(Value::as_str).ok_or_else(|| missing(&at))?;
    let allowed: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    if !allowed.contains(&kind) {
        return Err(wrong_value(&at, kind, allowed));
    }
    let known = MEMBERS.iter().find(|(tag, _)| *tag == kind).map_or(&[][..], |(_, names)| names);
    let odd = part.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    if let Some(name) = odd.into_iter().find(|it| *it != "type" && !known.contains(it)) {
        return unknown(path, name);
    }
    breakpoint(part, role, path)?;
    match kind {
        "image_url" => image(text(part, "/image_url/url", path)?, path),
        "file" => file(part, path),
        "input_audio" => {
            text(part, "/input_audio/data", path)?;
            text(part, "/input_audio/format", path).map(|_| ())
        }
        "refusal" => text(part, "/refusal", path).map(|_| ()),
        _ => text(part, "/text", path).map(|_| ()),
    }
}

/// A mark for the cache, which the model's own words do not bear.
fn breakpoint(part: &Value, role: &str, path: &str) -> Result<(), Refusal> {
    let Some(mark) = part.get("prompt_cache_breakpoint") else { return Ok(()) };
    let at = format!("{path}.prompt_cache_breakpoint");
    if role == "assistant" {
        return unknown(path, "prompt_cache_breakpoint");
    }
    for (name, allowed) in [("mode", &["explicit"][..]), ("ttl", &["30m", "12h"])] {
        let at = format!("{at}.{name}");
        match mark.get(name) {
            None if name == "mode" => return Err(missing(&at)),
            None => {}
            Some(Value::String(word)) if allowed.contains(&word.as_str()) => {}
            Some(other) => return Err(wrong_value(&at, &other.to_string(), allowed)),
        }
    }
    Ok(())
}

/// A member that must be there and be a string.
fn text<'a>(part: &'a Value, pointer: &str, path: &str) -> Result<&'a str, Refusal> {
    let at = format!("{path}{}", pointer.replace('/', "."));
    let value = part.pointer(pointer).ok_or_else(|| missing(&at))?;
    value.as_str().ok_or_else(|| wrong_type(&at, "a string", value))
}

fn unknown(path: &str, name: &str) -> Result<(), Refusal> {
    let text = format!("Unknown parameter: '{path}.{name}'.");
    Err(Refusal::bad(text).at(path).code("unknown_parameter"))
}

fn image(url: &str, path: &str) -> Result<(), Refusal> {
    if url.starts_with("https://") || url.starts_with("http://") || image_of(url).is_some() {
        return Ok(());
    }
    let text = "Invalid image data URL. Expected a base64-encoded data URL with an image MIME type \
                (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=').";
    Err(Refusal::bad(text).at(format!("{path}.image_url.url")).code("invalid_image_url"))
}

/// A file comes by its id, or as a data URL with a name.
fn file(part: &Value, path: &str) -> Result<(), Refusal> {
    if part.pointer("/file/file_id").is_some_and(Value::is_string) {
        return Ok(());
    }
    let url = text(part, "/file/file_data", path)?;
    text(part, "/file/filename", path)?;
    if data_url(url).is_some_and(|(_, size)| size > 0) {
        return Ok(());
    }
    let text = "Invalid file data: 'file_data'. Expected a base64-encoded data URL with an \
                application/pdf MIME type (e.g. 'data:application/pdf;base64,aW1nIGJ5dGVzIGhlcmU=').";
    Err(Refusal::bad(text).at(format!("{path}.file.file_data")).code("invalid_value"))
}

/// Media type and size of an image in a data URL.
pub(super) fn image_of(url: &str) -> Option<(String, usize)> {
    let known = ["image/png", "image/jpeg", "image/gif", "image/webp"];
    data_url(url).filter(|(kind, _)| known.contains(&kind.as_str()))
}

/// Media type and size of what a data URL holds.
fn data_url(url: &str) -> Option<(String, usize)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((media_type.to_owned(), mint::decode(data)?.len()))
}

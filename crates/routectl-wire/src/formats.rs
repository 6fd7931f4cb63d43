//! The formats: one folder each, the same rooms in every one.

pub mod chat;
mod expect;
pub mod messages;

#[cfg(test)]
mod tests;

use crate::{Document, Format, Garbled};

/// OpenAI Chat Completions.
pub const CHAT: &dyn Format = &chat::Chat;
/// Anthropic Messages.
pub const MESSAGES: &dyn Format = &messages::Messages;
/// Every format there is; conformance tests walk it.
pub const FORMATS: &[&dyn Format] = &[CHAT, MESSAGES];

/// Reads JSON. The text is checked to be UTF-8 once, fast, and not string by string.
fn parse<'a, T: serde::Deserialize<'a>>(what: &'static str, json: &'a [u8]) -> Result<T, Garbled> {
    let text = simdutf8::basic::from_utf8(json)
        .map_err(|error| Garbled { what, why: error.to_string() })?;
    serde_json::from_str(text).map_err(|error| Garbled { what, why: error.to_string() })
}

/// Anything that names its type.
#[derive(serde::Deserialize)]
struct Tagged {
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

/// A member that is a list; empty where it is missing or something else.
fn list<T: serde::de::DeserializeOwned>(body: &Document, member: &str) -> Vec<T> {
    body.get(member).and_then(|value| serde_json::from_slice(value).ok()).unwrap_or_default()
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

impl Text<'_> {
    fn owned(&self) -> String {
        self.0.clone().into_owned()
    }
}

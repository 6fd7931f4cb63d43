//! The formats: one folder each, the same rooms in every one.

pub mod chat;
pub mod converse;
mod counted;
mod expect;
mod failure;
mod instruction;
mod marks;
pub mod messages;
mod said;
mod unsaid;

#[cfg(test)]
mod tests;

use crate::{ClientFormat, Document, Format, Garbled};

/// OpenAI Chat Completions.
pub const CHAT: &dyn ClientFormat = &chat::Chat;
/// Anthropic Messages.
pub const MESSAGES: &dyn ClientFormat = &messages::Messages;
/// Bedrock's Converse.
pub const CONVERSE: &dyn Format = &converse::Converse;
/// Every format that clients speak; conformance tests walk it.
pub const CLIENT_FORMATS: &[&dyn ClientFormat] = &[CHAT, MESSAGES];

/// Most calls, or blocks open at once, of one answer. An agent makes a few at a time; a host that
/// makes more is broken.
const MOST_OPEN: usize = 1_024;

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

/// A JSON string, borrowed where it has no escapes. Half a surrogate pair, which hosts cut at
/// token borders, costs one character and not the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text<'a>(std::borrow::Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = <&'de serde_json::value::RawValue>::deserialize(from)?;
        string(raw.get()).map(Self).ok_or_else(|| serde::de::Error::custom("expected a string"))
    }
}

impl Text<'_> {
    fn owned(&self) -> String {
        self.0.clone().into_owned()
    }
}

/// The text of a raw JSON string; `None` for everything else.
fn string(raw: &str) -> Option<std::borrow::Cow<'_, str>> {
    raw.strip_prefix('"')?.strip_suffix('"').map(crate::json::unescape)
}

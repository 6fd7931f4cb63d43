//! The formats: one folder each, the same rooms in every one.

pub mod chat;
pub mod messages;

#[cfg(test)]
mod tests;

use crate::Format;

/// OpenAI Chat Completions.
pub const CHAT: &dyn Format = &chat::Chat;
/// Anthropic Messages.
pub const MESSAGES: &dyn Format = &messages::Messages;
/// Every format there is; conformance tests walk it.
pub const FORMATS: &[&dyn Format] = &[CHAT, MESSAGES];

/// A JSON string, borrowed where it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

impl Text<'_> {
    fn owned(&self) -> String {
        self.0.clone().into_owned()
    }
}

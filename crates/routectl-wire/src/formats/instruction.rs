//! What a model is told in words, where a host cannot hold it to them. Always the same, for the
//! host's prompt cache.
//!
//! The operator's words go in the mouth of the user, where a target lets no operator speak in
//! mid-conversation. They stay at their place: moved up, they would change what was said before
//! them, and the prompt's cache. (facts: translation, section 2.4)

use routectl_core::{Block, Content};

use crate::json::{self, Node};

/// Some JSON object and no more. It also has the word without which OpenAI takes no `json_object`.
pub(super) const JSON_OBJECT: &str = "Reply with one JSON object only, and nothing around it.";

/// JSON of a schema and no more.
pub(super) fn json_of(schema: &str) -> String {
    let only = if is_object(schema) {
        JSON_OBJECT
    } else {
        "Reply with JSON only, and nothing around it."
    };
    format!("{only} It matches this JSON schema:\n{schema}")
}

/// Whether all that a schema allows are objects.
pub(super) fn is_object(schema: &str) -> bool {
    json::parse(schema).is_ok_and(|schema| {
        schema.member("type").and_then(Node::text).is_some_and(|kind| kind == "object")
    })
}

/// These words, marked as the operator's. Always the same, for the host's prompt cache.
pub(super) fn marked(text: &str) -> String {
    format!("<system_instruction>{text}</system_instruction>")
}

/// Marks a block of text.
pub(super) fn mark(block: &mut Block) {
    if let Content::Text(text) = &mut block.content {
        *text = marked(text);
    }
}

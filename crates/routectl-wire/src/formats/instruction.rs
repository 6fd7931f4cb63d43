//! The operator's words in the mouth of the user, where a target lets no operator speak in
//! mid-conversation. They stay at their place: moved up, they would change what was said before
//! them, and the prompt's cache. (facts: translation, section 2.4)

use routectl_core::{Block, Content};

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

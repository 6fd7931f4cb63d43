//! Thinking that stands between the parts of a content: Mistral tells it so, and other hosts refuse
//! a kind of part that they do not know. (facts: reasoning, section 2.16)

use bytes::Bytes;

use crate::Document;
use crate::formats::chat;

/// The kind of such a part.
pub(super) const KIND: &[u8] = chat::THINKING;

/// Which parts of a message's content are thinking.
pub(super) fn thinking(said: &Document) -> Vec<usize> {
    if !said.get("content").is_some_and(chat::may_think) {
        return Vec::new();
    }
    let parts = said.list("content").unwrap_or_default().into_iter().enumerate();
    let is_thinking = |part: Bytes| {
        Document::parse(part).is_ok_and(|part| part.text("type").is_some_and(|it| it == "thinking"))
    };
    parts.filter_map(|(at, part)| is_thinking(part).then_some(at)).collect()
}

/// Whether these are all the parts there are.
pub(super) fn are_all(parts: &[usize], said: &Document) -> bool {
    !parts.is_empty() && parts.len() == said.elements("content").count()
}

//! Thinking that a client left out of the turns in which it was thought, for hosts that take it
//! back: what the client says is the truth, so only turns that call tools and say none of it.

use std::sync::Arc;

use memchr::memmem;
use routectl_core::Reasoning;

use super::history::SIGNATURE;
use crate::dialects::echo::Recall;
use crate::document::unquote;
use crate::{Document, json};

/// Between which tags thinking stands in a text; how they begin.
const TAGS: [&str; 2] = ["<think", "<thought"];

/// Whether any turn could have something to recall.
pub(super) fn could_lack(messages: &[u8]) -> bool {
    memmem::find(messages, b"\"tool_calls\"").is_some()
}

/// What was thought before the calls of the message at this index, which has no member for it.
pub(super) fn left_out(
    (at, said): (usize, &Document),
    recall: Recall<'_>,
) -> Option<Vec<Reasoning>> {
    let calls = said.list("tool_calls")?;
    let is_signed = |call: &bytes::Bytes| memmem::find(call, SIGNATURE).is_some();
    if calls.iter().any(is_signed) || said.get("content").is_some_and(thinks_aloud) {
        return None;
    }
    let known = calls.into_iter().filter_map(|call| before((at, call), recall));
    let thinking: Vec<Reasoning> = known.flat_map(|thinking| thinking.to_vec()).collect();
    (!thinking.is_empty()).then_some(thinking)
}

/// What was thought before a call.
fn before((at, call): (usize, bytes::Bytes), recall: Recall<'_>) -> Option<Arc<[Reasoning]>> {
    let call = Document::parse(call).ok()?;
    let arguments = call.get("function").or_else(|| call.get("custom")).and_then(|called| {
        let called = json::parse(std::str::from_utf8(called).ok()?).ok()?;
        called.member("arguments").or_else(|| called.member("input"))?.text()
    });
    recall(at, &call.text("id")?, &arguments.unwrap_or_default())
}

/// Whether thinking stands in a content, as a part or between tags.
fn thinks_aloud(content: &[u8]) -> bool {
    if let Some(text) = unquote(content) {
        return TAGS.iter().any(|tag| text.trim_start().starts_with(tag));
    }
    let parts = std::str::from_utf8(content).ok().and_then(|text| json::parse(text).ok());
    let is_thinking = |part: &json::Node<'_>| {
        let kind = part.member("type").and_then(json::Node::text);
        kind.is_some_and(|kind| kind == "thinking")
    };
    parts.is_some_and(|parts| parts.list().is_some_and(|list| list.iter().any(is_thinking)))
}

//! Thinking that a client has dropped and that its host wants back before the results of the tools
//! it led to. Who keeps it in between is not known here. (facts: reasoning, sections 2.4 and 7)

use bytes::Bytes;
use memchr::memmem;
use routectl_core::{Loss, Seals};

use super::native::{Turn, is_thinking};
use crate::json::{self, Node, Object};
use crate::repair::is_refused;
use crate::{Change, Document, Edit, Fit, estimate};

/// The name of these edits in the trace.
const NAME: &str = "recalled_thinking";

/// Knows the thinking that led to a call of a tool, by the index of its message, its id and its
/// input: raw blocks with commas between them, nothing where the model did not think. `None` where
/// it is not known.
pub type Recall<'a> = &'a dyn Fn(usize, &str, &str) -> Option<Bytes>;

/// A block of thinking as its host told it.
pub fn thinking(text: &str, signature: Option<&str>) -> Vec<u8> {
    let mut block = Vec::new();
    let mut object = Object::new(&mut block);
    object.text("type", "thinking");
    object.text("thinking", text);
    object.text_if("signature", signature);
    drop(object);
    block
}

/// A block of thinking that only its host can read.
pub fn sealed_thinking(data: &str) -> Vec<u8> {
    let mut block = Vec::new();
    let mut object = Object::new(&mut block);
    object.text("type", "redacted_thinking");
    object.text("data", data);
    drop(object);
    block
}

/// Whether a host refused the seal of any of these blocks.
pub fn holds_refused(blocks: &[u8], refused: &Seals) -> bool {
    if *refused == Seals::None {
        return false;
    }
    let list = [b"[", blocks, b"]"].concat();
    let Some(list) = std::str::from_utf8(&list).ok().and_then(|list| json::parse(list).ok()) else {
        return false;
    };
    let is_refused = |block: &Node<'_>| {
        let seal = block.member("signature").or_else(|| block.member("data")).and_then(Node::text);
        is_refused(refused, &seal.unwrap_or_default())
    };
    list.list().unwrap_or_default().iter().any(is_refused)
}

/// The thinking that a message lacks.
pub(super) struct Lacking {
    pub message: usize,
    /// `None` where it is not known.
    pub blocks: Option<Bytes>,
}

impl Lacking {
    /// Its tokens.
    pub(super) fn tokens(&self) -> u64 {
        self.blocks.as_ref().map_or(0, |blocks| estimate::tokens([&**blocks]))
    }
}

/// Whether a request could lack any: it thinks, and tools were called.
pub(super) fn could_lack(body: &Document) -> bool {
    kind(body).as_deref() != Some("disabled")
        && memmem::find(body.get("messages").unwrap_or_default(), b"\"tool_use\"").is_some()
}

/// The messages with calls and without thinking, once these edits are made.
pub(super) fn lacking(messages: &[Node<'_>], recall: Recall<'_>, edits: &[Edit]) -> Vec<Lacking> {
    let mut lacking = Vec::new();
    for (message, node) in messages.iter().enumerate() {
        let blocks = node.member("content").and_then(Node::list).unwrap_or_default();
        let is_call = |block: &&Node<'_>| {
            block.member("type").and_then(Node::text).as_deref() == Some("tool_use")
        };
        let thinks = |(at, block)| is_thinking(block) && !is_taken_out(edits, message, at);
        if blocks.iter().enumerate().any(thinks) || !blocks.iter().any(|block| is_call(&block)) {
            continue;
        }
        let known = |call: &Node<'_>| {
            let input = call.member("input").map_or("", |input| input.raw);
            recall(message, &call.member("id")?.text()?, input)
        };
        let blocks = blocks.iter().filter(is_call).find_map(known);
        if blocks.as_ref().is_none_or(|blocks| !blocks.is_empty()) {
            lacking.push(Lacking { message, blocks });
        }
    }
    lacking
}

/// Whether a block goes by one of these edits.
fn is_taken_out(edits: &[Edit], message: usize, block: usize) -> bool {
    let place = [message.into(), "content".into(), block.into()];
    let goes = |edit: &Edit| edit.member == "messages" && edit.change == Change::Remove;
    edits.iter().any(|edit| goes(edit) && *edit.below == place)
}

/// Puts back what is known and was not cleared. Where a loop of tools lacks thinking that is not
/// known, the model goes on without: hosts refuse half a thought.
pub(super) fn fit(body: &Document, turn: &Turn<'_>, lacking: Vec<Lacking>, fit: &mut Fit) {
    let begun = turn.begun;
    let mut breaks = false;
    for Lacking { message, blocks } in lacking {
        match blocks {
            Some(_) if turn.forgotten.contains(&message) => {}
            Some(blocks) => {
                let edit = Edit::before(NAME, "messages", blocks);
                fit.edits.push(edit.at(message).at("content").at(0));
            }
            None => breaks |= message > begun,
        }
    }
    if breaks && matches!(kind(body).as_deref(), Some("enabled" | "adaptive")) {
        fit.edits.push(Edit::set(NAME, "thinking", r#"{"type":"disabled"}"#));
        let reason =
            "the client left out the thinking before a tool call, and it is not known here";
        fit.losses.push(Loss::degraded("thinking", reason));
    }
}

fn kind(body: &Document) -> Option<String> {
    let thinking = std::str::from_utf8(body.get("thinking")?).ok()?;
    json::parse(thinking).ok()?.member("type")?.text().map(std::borrow::Cow::into_owned)
}

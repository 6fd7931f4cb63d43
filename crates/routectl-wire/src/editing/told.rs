//! What was cleared, as the client is told in the answer: a member of a whole one, and of the last
//! `message_delta` of a stream. (facts: Anthropic Messages, sections 9 and 15)

use bytes::Bytes;
use memchr::memmem;

use super::MEMBER;
use super::orders::{CLEAR_THINKING, CLEAR_TOOL_USES};
use crate::framing::sse;
use crate::json::Object;
use crate::{Document, Edit, Frame};

/// The edits that were made in the host's place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Turns that lost their thinking.
    pub(super) thinking: Cleared,
    /// Uses of tools that lost their results.
    pub(super) tool_uses: Cleared,
}

/// How much one edit has cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cleared {
    pub count: u64,
    /// A guess.
    pub tokens: u64,
}

impl Applied {
    /// Whether nothing was cleared.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Writes the member, where there is something to tell.
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        if self.is_nothing() {
            return;
        }
        self.write_into(object.object(MEMBER));
    }

    fn write_into(&self, mut member: Object<'_>) {
        let mut list = member.list("applied_edits");
        let edits = [
            (CLEAR_THINKING, "cleared_thinking_turns", self.thinking),
            (CLEAR_TOOL_USES, "cleared_tool_uses", self.tool_uses),
        ];
        for (kind, counted, cleared) in edits.into_iter().filter(|(.., it)| it.count > 0) {
            let mut edit = list.object();
            edit.text("type", kind);
            edit.count(counted, cleared.count);
            edit.count("cleared_input_tokens", cleared.tokens);
        }
    }

    fn edit(&self) -> Edit {
        let mut value = Vec::new();
        self.write_into(Object::new(&mut value));
        Edit::set("applied_edits", MEMBER, value)
    }

    /// A whole answer with the member in it; what is no answer stays as it is.
    pub fn told_in(&self, answer: Bytes) -> Bytes {
        match Document::parse(answer.clone()) {
            Ok(message) if message.text("type").as_deref() == Some("message") => {
                message.spliced(&[self.edit()]).joined()
            }
            Ok(_) | Err(_) => answer,
        }
    }

    /// A run of complete events with the member in that which ends the answer; `None` where it is
    /// not among them.
    pub fn told_among(&self, events: &Bytes) -> Option<Bytes> {
        memmem::find(events, b"message_delta")?;
        let mut frames = sse::frames(events);
        loop {
            let start = events.len() - frames.left();
            let Frame::Sse { data, .. } = frames.next()? else { continue };
            let end = events.len() - frames.left();
            let Some(delta) = ending(&data) else { continue };
            // Data of several lines stands nowhere as a whole, and nobody sends such.
            let at = start + memmem::find(events.get(start..end)?, &data)?;
            let told = delta.spliced(&[self.edit()]).joined();
            let (before, after) = (events.get(..at)?, events.get(at + data.len()..)?);
            return Some([before, &told, after].concat().into());
        }
    }
}

/// The event that ends an answer.
fn ending(data: &[u8]) -> Option<Document> {
    let event = Document::parse(Bytes::copy_from_slice(data)).ok()?;
    let is_delta = event.text("type").as_deref() == Some("message_delta");
    let delta = event.get("delta").filter(|_| is_delta)?;
    let delta = Document::parse(Bytes::copy_from_slice(delta)).ok()?;
    delta.text("stop_reason").is_some().then_some(event)
}

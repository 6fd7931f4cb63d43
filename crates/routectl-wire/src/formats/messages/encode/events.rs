//! An answer as server-sent events. Every event says its name twice, and every block begins with
//! the empty members that clients append to. (facts: Anthropic Messages, section 9)

use routectl_core::Usage;

use super::{Ending, Growth, Pen, Seed, message, usage};
use crate::Applied;
use crate::json::Object;

/// Writes events.
pub(super) struct Events {
    model: String,
    /// The index of the next block.
    next: u64,
    /// What the last event tells of.
    applied: Applied,
}

impl Events {
    pub(super) fn new(model: String, applied: Applied) -> Self {
        Self { model, next: 0, applied }
    }

    fn block_event(&self, name: &str, out: &mut Vec<u8>, body: impl FnOnce(&mut Object<'_>)) {
        // A block has begun when anything is said about it.
        let index = self.next.saturating_sub(1);
        event(name, out, |object| {
            object.count("index", index);
            body(object);
        });
    }
}

fn event(name: &str, out: &mut Vec<u8>, body: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    {
        let mut object = Object::new(out);
        object.text("type", name);
        body(&mut object);
    }
    out.extend_from_slice(b"\n\n");
}

impl Pen for Events {
    fn begin(&mut self, id: &str, usage: &Usage, out: &mut Vec<u8>) {
        event("message_start", out, |object| {
            let mut message = object.object("message");
            message.text("id", id);
            message.text("type", "message");
            message.text("role", "assistant");
            message.text("model", &self.model);
            message.list("content");
            message.null("stop_reason");
            message.null("stop_sequence");
            usage::write_whole(usage, message.object("usage"));
        });
    }

    fn open(&mut self, seed: &Seed<'_>, out: &mut Vec<u8>) {
        self.next += 1;
        self.block_event("content_block_start", out, |object| {
            let mut block = object.object("content_block");
            match seed {
                Seed::Text => {
                    block.text("type", "text");
                    block.text("text", "");
                }
                Seed::Thinking => {
                    block.text("type", "thinking");
                    block.text("thinking", "");
                    block.text("signature", "");
                }
                Seed::Redacted { data } => {
                    block.text("type", "redacted_thinking");
                    block.text("data", data);
                }
                Seed::ToolUse { id, name } => {
                    block.text("type", "tool_use");
                    block.text("id", id);
                    block.text("name", name);
                    block.raw("input", "{}");
                }
            }
        });
    }

    fn grow(&mut self, growth: &Growth<'_>, out: &mut Vec<u8>) {
        let (kind, member, more) = match *growth {
            Growth::Text(text) => ("text_delta", "text", text),
            Growth::Thinking(text) => ("thinking_delta", "thinking", text),
            Growth::Signature(text) => ("signature_delta", "signature", text),
            Growth::Input(text) => ("input_json_delta", "partial_json", text),
        };
        self.block_event("content_block_delta", out, |object| {
            let mut delta = object.object("delta");
            delta.text("type", kind);
            delta.text(member, more);
        });
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.block_event("content_block_stop", out, |_| {});
    }

    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) {
        event("message_delta", out, |object| {
            message::stop(ending, &mut object.object("delta"));
            usage::write_last(&ending.usage, object.object("usage"));
            self.applied.write(object);
        });
        event("message_stop", out, |_| {});
    }
}

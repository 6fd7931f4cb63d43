//! An answer in one piece: the same blocks, joined.

use routectl_core::Usage;

use super::{Ending, Growth, Pen, Seed, usage};
use crate::Applied;
use crate::json::{self, List, Object};

/// Joins an answer and writes it when it ends.
#[derive(Default)]
pub(super) struct Message {
    model: String,
    id: String,
    blocks: Vec<Block>,
    applied: Applied,
}

enum Block {
    Text(String),
    Thinking { text: String, signature: String },
    Redacted(String),
    ToolUse { id: String, name: String, input: String },
}

impl Message {
    pub(super) fn new(model: String, applied: Applied) -> Self {
        Self { model, applied, ..Self::default() }
    }
}

impl Pen for Message {
    fn begin(&mut self, id: &str, _usage: &Usage, _out: &mut Vec<u8>) {
        id.clone_into(&mut self.id);
    }

    fn open(&mut self, seed: &Seed<'_>, _out: &mut Vec<u8>) {
        self.blocks.push(match *seed {
            Seed::Text => Block::Text(String::new()),
            Seed::Thinking => Block::Thinking { text: String::new(), signature: String::new() },
            Seed::Redacted { data } => Block::Redacted(data.to_owned()),
            Seed::ToolUse { id, name } => {
                let (id, name, input) = (id.to_owned(), name.to_owned(), String::new());
                Block::ToolUse { id, name, input }
            }
        });
    }

    fn grow(&mut self, growth: &Growth<'_>, _out: &mut Vec<u8>) {
        match (self.blocks.last_mut(), *growth) {
            (Some(Block::Text(text)), Growth::Text(more))
            | (Some(Block::Thinking { text, .. }), Growth::Thinking(more))
            | (Some(Block::Thinking { signature: text, .. }), Growth::Signature(more))
            | (Some(Block::ToolUse { input: text, .. }), Growth::Input(more)) => {
                text.push_str(more);
            }
            (
                _,
                Growth::Text(_) | Growth::Thinking(_) | Growth::Signature(_) | Growth::Input(_),
            ) => {}
        }
    }

    fn close(&mut self, _out: &mut Vec<u8>) {}

    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.text("id", &self.id);
        object.text("type", "message");
        object.text("role", "assistant");
        object.text("model", &self.model);
        {
            let mut content = object.list("content");
            self.blocks.iter().for_each(|block| block.write(&mut content));
        }
        stop(ending, &mut object);
        usage::write_whole(&ending.usage, object.object("usage"));
        self.applied.write(&mut object);
    }
}

impl Block {
    fn write(&self, content: &mut List<'_>) {
        let mut block = content.object();
        match self {
            Self::Text(text) => {
                block.text("type", "text");
                block.text("text", text);
            }
            Self::Thinking { text, signature } => {
                block.text("type", "thinking");
                block.text("thinking", text);
                block.text("signature", signature);
            }
            Self::Redacted(data) => {
                block.text("type", "redacted_thinking");
                block.text("data", data);
            }
            Self::ToolUse { id, name, input } => {
                block.text("type", "tool_use");
                block.text("id", id);
                block.text("name", name);
                // Half an object, where the limit cut it, is told as it came.
                match json::parse(input).is_ok_and(|input| input.object().is_some()) {
                    true => block.raw("input", input.trim()),
                    false => block.object("input").text(super::block::INVALID, input),
                }
            }
        }
    }
}

/// Why the answer ended: the members of the message, and of a stream's last delta.
pub(super) fn stop(ending: &Ending, object: &mut Object<'_>) {
    object.text("stop_reason", ending.reason);
    match &ending.sequence {
        Some(sequence) => object.text("stop_sequence", sequence),
        None => object.null("stop_sequence"),
    }
    let Some(declined) = &ending.declined else { return };
    let mut details = object.object("stop_details");
    details.text("type", "refusal");
    for (name, word) in [("category", &declined.category), ("explanation", &declined.explanation)] {
        match word {
            Some(word) => details.text(name, word),
            None => details.null(name),
        }
    }
}

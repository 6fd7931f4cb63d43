//! Settled turns → JSON. A mark stands behind the block that it marks.

use routectl_core::{
    Block, CacheMark, Content, Loss, Reasoning, Role, SealKind, Source, ToolCall, ToolResult, Ttl,
    Turn,
};

use super::{content, documents};
use crate::formats::messages::write::input;
use crate::json::{List, Object};
use crate::names::{CallIdRule, ToolNames};

/// Spells turns, and tells what their spelling loses.
pub(super) struct Spelling<'a> {
    pub(super) names: &'a ToolNames,
    pub(super) ids: CallIdRule,
    pub(super) losses: &'a mut Vec<Loss>,
}

impl Spelling<'_> {
    pub(super) fn turns(&mut self, turns: &[Turn], mut out: List<'_>) {
        for turn in turns {
            let mut message = out.object();
            // Settled turns are the user's and the assistant's.
            let role = if turn.role == Role::Assistant { "assistant" } else { "user" };
            message.text("role", role);
            let mut content = message.list("content");
            for block in &turn.blocks {
                self.block(block, content.object());
                mark(block.cache, &mut content);
            }
        }
    }

    fn block(&mut self, block: &Block, mut out: Object<'_>) {
        match &block.content {
            Content::Text(text) | Content::Refusal(text) => out.text("text", text),
            Content::Image(source) => image(source, out.object("image")),
            Content::Document { source, title, about } => {
                let mut document = out.object("document");
                file(source, title.as_deref().unwrap_or_default(), &mut document);
                document.text_if("context", about.as_deref());
            }
            Content::Reasoning(thought) => reasoning(thought, out.object("reasoningContent")),
            Content::ToolCall(call) => self.call(call, block, out.object("toolUse")),
            Content::ToolResult(result) => self.result(result, out.object("toolResult")),
            // Settled turns hold none.
            Content::Opaque { .. } => {}
        }
    }

    fn call(&mut self, call: &ToolCall, block: &Block, mut out: Object<'_>) {
        let (input, problem) = input(call);
        if let Some(reason) = problem {
            self.losses.push(Loss::degraded(block.place.to_string(), reason));
        }
        out.text("toolUseId", &self.ids.apply(&call.id));
        out.text("name", self.names.upstream(&call.name));
        out.raw("input", &input);
    }

    /// A result that says nothing is an empty object: some models refuse an empty list, and
    /// all a blank text. (facts: bedrock, section 2.1)
    fn result(&mut self, result: &ToolResult, mut out: Object<'_>) {
        out.text("toolUseId", &self.ids.apply(&result.call));
        {
            let mut content = out.list("content");
            if result.blocks.is_empty() {
                content.object().raw("json", "{}");
            }
            for block in &result.blocks {
                self.block(block, content.object());
            }
        }
        if result.failed {
            out.text("status", "error");
        }
    }
}

fn image(source: &Source, mut out: Object<'_>) {
    let Source::Base64 { media_type, bytes } = source else { return };
    out.text("format", content::image_format(media_type).unwrap_or_default());
    out.object("source").text("bytes", bytes);
}

fn file(source: &Source, name: &str, out: &mut Object<'_>) {
    match source {
        Source::Base64 { media_type, bytes } => {
            out.text("format", documents::format(media_type).unwrap_or("txt"));
            out.text("name", name);
            out.object("source").text("bytes", bytes);
        }
        Source::Blocks(blocks) => {
            out.text("format", "txt");
            out.text("name", name);
            let mut source = out.object("source");
            let mut pieces = source.list("content");
            for text in blocks.iter().filter_map(Block::as_text) {
                pieces.object().text("text", text);
            }
        }
        // Settled documents are neither.
        Source::Text(_) | Source::Url(_) | Source::File(_) => {}
    }
}

/// A seal and what it seals, byte for byte. (guarantees: G6)
fn reasoning(thought: &Reasoning, mut out: Object<'_>) {
    let Some(seal) = &thought.seal else { return };
    match seal.kind {
        SealKind::Signature => {
            let mut said = out.object("reasoningText");
            said.text("text", &thought.text);
            said.text("signature", &seal.blob);
        }
        SealKind::Encrypted => out.text("redactedContent", &seal.blob),
    }
}

/// Blocks that stand alone: the system text above the conversation.
pub(super) fn texts(blocks: &[Block], mut out: List<'_>) {
    for block in blocks {
        out.object().text("text", block.as_text().unwrap_or_default());
        mark(block.cache, &mut out);
    }
}

/// A cache mark, if there is one.
pub(super) fn mark(mark: Option<CacheMark>, out: &mut List<'_>) {
    let Some(mark) = mark else { return };
    let mut point = out.object();
    let mut point = point.object("cachePoint");
    point.text("type", "default");
    match mark.ttl {
        None => {}
        Some(Ttl::FiveMinutes) => point.text("ttl", "5m"),
        Some(Ttl::OneHour) => point.text("ttl", "1h"),
    }
}

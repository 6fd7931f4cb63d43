//! Settled turns → JSON.

use routectl_core::{
    Block, CacheMark, Content, Loss, Reasoning, Role, SealKind, Source, ToolCall, ToolResult, Ttl,
    Turn,
};

use super::input::input;
use crate::json::{List, Object};
use crate::names::{CallIdRule, ToolNames};

/// Spells turns, and tells what their spelling loses.
pub(in super::super) struct Spelling<'a> {
    pub(in super::super) names: &'a ToolNames,
    pub(in super::super) losses: &'a mut Vec<Loss>,
}

impl Spelling<'_> {
    /// Each turn is a list of blocks, never a plain string: a cache mark that moves on must not
    /// change the bytes of what it leaves behind.
    pub(in super::super) fn turns(&mut self, turns: &[Turn], mut out: List<'_>) {
        for turn in turns {
            let mut message = out.object();
            message.text("role", role(turn.role));
            let mut content = message.list("content");
            for block in &turn.blocks {
                self.block(block, content.object());
            }
        }
    }

    fn block(&mut self, block: &Block, mut out: Object<'_>) {
        match &block.content {
            Content::Text(text) | Content::Refusal(text) => {
                out.text("type", "text");
                out.text("text", text);
            }
            Content::Image(image) => {
                out.text("type", "image");
                self.source(image, out.object("source"));
            }
            Content::Document { source, title, about } => {
                out.text("type", "document");
                self.source(source, out.object("source"));
                out.text_if("title", title.as_deref());
                out.text_if("context", about.as_deref());
            }
            Content::Reasoning(thought) => reasoning(thought, &mut out),
            Content::ToolCall(call) => self.call(call, block, &mut out),
            Content::ToolResult(result) => self.result(result, &mut out),
            // Settled turns hold none.
            Content::Opaque { .. } => {}
        }
        cache_control(block.cache, &mut out);
    }

    fn source(&mut self, source: &Source, mut out: Object<'_>) {
        match source {
            Source::Base64 { media_type, bytes } => {
                out.text("type", "base64");
                out.text("media_type", media_type);
                out.text("data", bytes);
            }
            Source::Url(url) => {
                out.text("type", "url");
                out.text("url", url);
            }
            Source::File(id) => {
                out.text("type", "file");
                out.text("file_id", id);
            }
            Source::Text(text) => {
                out.text("type", "text");
                out.text("media_type", "text/plain");
                out.text("data", text);
            }
            Source::Blocks(blocks) => {
                out.text("type", "content");
                let mut content = out.list("content");
                for block in blocks {
                    self.block(block, content.object());
                }
            }
        }
    }

    fn call(&mut self, call: &ToolCall, block: &Block, out: &mut Object<'_>) {
        let (input, problem) = input(call);
        if let Some(reason) = problem {
            self.losses.push(Loss::degraded(block.place.to_string(), reason));
        }
        out.text("type", "tool_use");
        out.text("id", &CallIdRule::Claude.apply(&call.id));
        out.text("name", self.names.upstream(&call.name));
        out.raw("input", &input);
    }

    fn result(&mut self, result: &ToolResult, out: &mut Object<'_>) {
        out.text("type", "tool_result");
        out.text("tool_use_id", &CallIdRule::Claude.apply(&result.call));
        match result.blocks.as_slice() {
            [] => {}
            [Block { content: Content::Text(text), cache: None, .. }] => out.text("content", text),
            blocks => {
                let mut content = out.list("content");
                for block in blocks {
                    self.block(block, content.object());
                }
            }
        }
        if result.failed {
            out.bool("is_error", true);
        }
    }
}

/// Blocks that stand alone: the system text above the conversation.
pub(in super::super) fn text_blocks(blocks: &[Block], mut out: List<'_>) {
    for block in blocks {
        let mut object = out.object();
        object.text("type", "text");
        object.text("text", block.as_text().unwrap_or_default());
        cache_control(block.cache, &mut object);
    }
}

/// A cache mark, if there is one.
pub(in super::super) fn cache_control(mark: Option<CacheMark>, out: &mut Object<'_>) {
    let Some(mark) = mark else { return };
    let mut out = out.object("cache_control");
    out.text("type", "ephemeral");
    match mark.ttl {
        None => {}
        Some(Ttl::FiveMinutes) => out.text("ttl", "5m"),
        Some(Ttl::OneHour) => out.text("ttl", "1h"),
    }
}

fn reasoning(thought: &Reasoning, out: &mut Object<'_>) {
    let Some(seal) = &thought.seal else { return };
    match seal.kind {
        SealKind::Signature => {
            out.text("type", "thinking");
            out.text("thinking", &thought.text);
            out.text("signature", &seal.blob);
        }
        SealKind::Encrypted => {
            out.text("type", "redacted_thinking");
            out.text("data", &seal.blob);
        }
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::System => "system",
    }
}

//! The ordered parts of a turn.

use crate::{CacheMark, IfLost, Opaque, Place};

/// One part of a turn, of the system text, or of a tool result.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub content: Content,
    /// Where it stood in the client's body.
    pub place: Place,
    pub cache: Option<CacheMark>,
}

impl Block {
    /// Text without a cache mark.
    pub fn text(text: impl Into<String>, place: Place) -> Self {
        Self { content: Content::Text(text.into()), place, cache: None }
    }

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::Reasoning(_)
            | Content::ToolCall(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => None,
        }
    }

    /// The thinking, if this is thinking.
    pub fn as_reasoning(&self) -> Option<&Reasoning> {
        match &self.content {
            Content::Reasoning(reasoning) => Some(reasoning),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::ToolCall(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => None,
        }
    }

    /// The call, if this is one.
    pub fn as_call(&self) -> Option<&ToolCall> {
        match &self.content {
            Content::ToolCall(call) => Some(call),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::Reasoning(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => None,
        }
    }
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Text(String),
    /// The model's words when it declined.
    Refusal(String),
    Image(Source),
    Document {
        source: Source,
        /// What it is called.
        title: Option<String>,
        /// What the client tells the model about it.
        about: Option<String>,
    },
    Reasoning(Reasoning),
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    /// What only one format knows.
    Opaque {
        opaque: Opaque,
        if_lost: IfLost,
    },
}

/// Where an image or a document comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Its bytes, in base64 as the client wrote it.
    Base64 { media_type: String, bytes: String },
    /// An address that the host fetches.
    Url(String),
    /// A file that one vendor keeps. Its id means nothing elsewhere.
    File(String),
    /// Plain text.
    Text(String),
    /// Text and images in place of a file.
    Blocks(Vec<Block>),
}

/// Thinking of an earlier turn. Text and seal never part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// What can be read of it; may be empty.
    pub text: String,
    pub seal: Option<Seal>,
    /// The upstream's id of it; that of a call where the seal is the call's own signature.
    pub id: Option<String>,
}

/// Signed or encrypted thinking: only its minter can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The family that minted it, as clients see it: `anthropic-claude-v1`.
    pub family: String,
    pub kind: SealKind,
    /// Never trimmed, never encoded anew.
    pub blob: String,
}

/// How a seal holds the thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealKind {
    /// A signature beside a text.
    Signature,
    /// The thinking itself, encrypted.
    Encrypted,
}

/// A call of one of the client's tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// As the model wrote it: JSON text of an object for a function, and not always valid; any
    /// text for a tool that takes text.
    pub arguments: String,
    /// Whether the tool takes text instead of arguments.
    pub takes_text: bool,
}

/// What a tool gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The id of the call.
    pub call: String,
    pub blocks: Vec<Block>,
    pub failed: bool,
}

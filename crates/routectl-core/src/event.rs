//! One step of an answer, in the hub's words. A whole answer and a streamed one are the same
//! sequence: `Start`, blocks opened, grown and closed in order, `Usage`, `Stop`.

use crate::{Failure, Seal, Usage};

/// One step of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The answer has begun; who answers and under which id.
    Start(Head),
    /// A block begins. Indices are dense and count all blocks of the answer.
    Open { index: u32, block: Opening },
    /// An open block grows.
    Delta { index: u32, delta: Delta },
    /// A block is finished.
    Close { index: u32 },
    /// Counters so far: cumulative, the last one is the truth.
    Usage(Usage),
    /// The model stopped, and why.
    Stop(StopReason),
    /// The format's terminator: nothing follows.
    End,
    /// The upstream reported a failure inside its answer.
    Failed(Failure),
    /// A sign of life that carries nothing: a ping, an empty delta.
    Alive,
    /// Something this format knows and the hub does not.
    Opaque(Opaque),
}

impl Event {
    /// Whether this event is content: after it no other target may answer.
    ///
    /// Only the named preamble does not commit; the unknown does, since a client may act on it.
    pub fn commits(&self) -> bool {
        match self {
            Self::Start(_) | Self::Usage(_) | Self::Alive | Self::Failed(_) | Self::End => false,
            Self::Open { block, .. } => block.is_content(),
            Self::Delta { .. } | Self::Close { .. } | Self::Stop(_) | Self::Opaque(_) => true,
        }
    }
}

/// Who answers. Fields are `None` where the upstream did not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The upstream's id of the answer.
    pub id: Option<String>,
    /// The model name as the upstream spells it.
    pub model: Option<String>,
}

/// A block of an answer, as it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Text for the user.
    Text,
    /// Thinking, visible or not.
    Reasoning,
    /// The model's words when it declines.
    Refusal,
    /// A call of one of the client's tools.
    ToolCall { id: String, name: String },
    /// A call of a tool that takes text instead of arguments.
    TextCall { id: String, name: String },
    /// Thinking that only its minter can read, and the upstream's id of it; complete as it opens.
    Sealed { seal: Seal, id: Option<String> },
    /// A block that arrives complete or that only one format knows.
    Opaque(Opaque),
}

impl Opening {
    /// Whether opening this block alone already shows the client something. A text or reasoning
    /// block opens empty, so it waits for its first delta.
    fn is_content(&self) -> bool {
        match self {
            Self::Text | Self::Reasoning | Self::Refusal => false,
            Self::ToolCall { .. }
            | Self::TextCall { .. }
            | Self::Sealed { .. }
            | Self::Opaque(_) => true,
        }
    }
}

/// Growth of an open block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// More text, reasoning text or refusal text, to be appended.
    Text(String),
    /// More of a tool call's arguments: JSON text, to be appended; or of the text that a tool takes.
    Arguments(String),
    /// The seal of a reasoning block: replaces, never appends.
    Seal(Seal),
    /// Growth that only one format knows.
    Opaque(Opaque),
}

/// What only one format knows, kept as it was: it returns when the way leads back there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The format's own name for it.
    pub name: String,
    /// The raw JSON.
    pub json: String,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// A natural end.
    EndTurn,
    /// The token limit of the request.
    MaxTokens,
    /// One of the client's stop sequences: which one, where the upstream says.
    StopSequence(Option<String>),
    /// The model waits for tool results.
    ToolUse,
    /// The upstream's own tool loop paused; the client resends to go on.
    Pause,
    /// The model declined.
    Refusal(Declined),
    /// A content filter cut the answer.
    ContentFilter,
    /// The context window was full before the token limit.
    ContextWindow,
    /// A word we do not know: stopped, reason kept.
    Other(String),
}

/// What a vendor says when its model declines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declined {
    /// The vendor's word for the kind of harm.
    pub category: Option<String>,
    /// A sentence for people.
    pub explanation: Option<String>,
}

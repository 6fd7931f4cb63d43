//! A request in the hub's words: what every format's request means, in ordered blocks.

use crate::{Block, Fate, Loss, Place, ReasoningControl, Tool, ToolChoice};

/// One request for one answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The model name as the client wrote it.
    pub model: String,
    /// What stands above the conversation: text blocks.
    pub system: Vec<Block>,
    /// The conversation. Neighbours may have the same role.
    pub turns: Vec<Turn>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    /// Whether the model may call several tools at once; `None` leaves it to the host.
    pub parallel_calls: Option<bool>,
    /// Most tokens of the answer, thinking included.
    pub max_tokens: Option<u64>,
    pub sampling: Sampling,
    /// Texts at which the answer ends.
    pub stops: Vec<String>,
    pub reasoning: ReasoningControl,
    pub output: Option<OutputFormat>,
    /// An opaque id of the person behind the request.
    pub user: Option<String>,
    /// The client's own id of the conversation.
    pub conversation: Option<String>,
    /// How much haste, in the words of both vendors: `auto`, `default`.
    pub tier: Option<Tier>,
    /// The host chooses where the prompt is cached.
    pub cache: Option<CacheMark>,
    pub wishes: Wishes,
    pub names: MemberNames,
    /// Everything else the client sent, in its order.
    pub foreign: Vec<Foreign>,
}

/// Who speaks, and what is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub role: Role,
    pub blocks: Vec<Block>,
    pub place: Place,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person, and the results of the tools.
    User,
    /// The model.
    Assistant,
    /// The operator, in mid-conversation.
    System,
}

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
}

/// What the answer's text has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFormat {
    /// Some JSON object.
    JsonObject,
    /// JSON of a schema.
    JsonSchema {
        name: Option<String>,
        description: Option<String>,
        /// Raw JSON.
        schema: String,
        strict: Option<bool>,
    },
}

/// How much haste.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The host chooses.
    Auto,
    /// The ordinary one, whatever was bought.
    Standard,
}

/// Asks the host to cache the prompt up to here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheMark {
    pub ttl: Option<Ttl>,
}

/// How long a cached prompt lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    FiveMinutes,
    OneHour,
}

/// How the client wants its answer told. Not for the upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// As a stream.
    pub streamed: bool,
    /// With a last chunk of counters in the stream. (Chat: `stream_options.include_usage`)
    pub usage_in_stream: bool,
    /// With tool calls in the old form. (Chat: `functions`)
    pub old_functions: bool,
}

/// What the client calls the members that formats call differently, so that a loss can name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberNames {
    pub max_tokens: &'static str,
    pub stops: &'static str,
    /// The one that speaks of thinking; formats have several.
    pub reasoning: &'static str,
    pub output: &'static str,
    pub tool_choice: &'static str,
    pub parallel_calls: &'static str,
    pub user: &'static str,
    /// The one that marks a block for caching; empty where there are several.
    pub cache: &'static str,
}

/// The words of Chat, which most clients use.
impl Default for MemberNames {
    fn default() -> Self {
        Self {
            max_tokens: "max_tokens",
            stops: "stop",
            reasoning: "reasoning_effort",
            output: "response_format",
            tool_choice: "tool_choice",
            parallel_calls: "parallel_tool_calls",
            user: "user",
            cache: "",
        }
    }
}

/// A member that only the client's format knows, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// Its JSON path.
    pub path: String,
    /// Its raw value.
    pub json: String,
    pub if_lost: IfLost,
}

/// What it means to lose something that only one format can say. Its reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfLost {
    /// The answer can still be what was meant: the loss is told.
    Told(&'static str),
    /// It is said all the same, with less meaning: that is told.
    Degraded(&'static str),
    /// The answer cannot be what was meant: the request is refused.
    Refused(&'static str),
}

impl IfLost {
    /// The loss of what stood here.
    pub fn loss(self, path: impl Into<String>) -> Loss {
        let (fate, reason) = match self {
            Self::Told(reason) => (Fate::Dropped, reason),
            Self::Degraded(reason) => (Fate::Degraded, reason),
            Self::Refused(reason) => (Fate::Refused, reason),
        };
        Loss { path: path.into(), fate, reason }
    }
}

//! What a request asks for, in the words that both formats share.

use serde_json::Value;

/// A request, as far as the answer depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    /// The model name that the answer states.
    pub model: String,
    /// All text of the last user message.
    pub text: String,
    /// Images of the last user message.
    pub images: Vec<Image>,
    /// Tool results at the end of the conversation.
    pub results: Vec<String>,
    pub tools: Vec<Tool>,
    pub choice: Choice,
    pub parallel: bool,
    /// The schema of a structured output.
    pub schema: Option<Value>,
    pub think: bool,
    pub max_tokens: Option<u64>,
    pub stops: Vec<String>,
    /// Number of messages, so that ids differ from turn to turn.
    pub turns: usize,
    /// Bytes of the prompt, for the usage counters.
    pub weight: u64,
    pub streamed: bool,
}

/// An image of the prompt.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub media_type: String,
    pub bytes: usize,
}

/// A tool that may be called; without a schema it takes free text.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub name: String,
    pub schema: Option<Value>,
}

/// Whether a tool must be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    None,
    Any,
    Named(String),
}

impl Choice {
    /// Whether the tool of this name may be called.
    pub(crate) fn admits(&self, tool: &str) -> bool {
        match self {
            Self::Auto | Self::Any => true,
            Self::None => false,
            Self::Named(name) => name == tool,
        }
    }
}

/// All text in a message's `content`, a string or a list of parts that hold `text`.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

//! What the Chat wire says, spelled as the vendor spells it. Members that only pass through are
//! not listed.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::formats::Text;

/// A chunk of a stream or a whole answer: they differ in `delta` and `message` only, and some hosts
/// send both.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) usage: Option<Box<Usage>>,
    #[serde(default)]
    pub(super) x_groq: Option<Groq>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

impl Answer<'_> {
    /// Whether there is any choice.
    pub(super) fn has_choices(&self) -> bool {
        self.choices.as_ref().is_some_and(|choices| !choices.is_empty())
    }
}

/// Groq's place for usage in a stream.
#[derive(Debug, Deserialize)]
pub(super) struct Groq {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) usage: Option<Box<Usage>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) delta: Option<Box<Delta<'a>>>,
    /// The whole answer; all of it so far in Perplexity's streams.
    #[serde(borrow, default)]
    pub(super) message: Option<Box<Delta<'a>>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Option<Text<'a>>,
    /// Moonshot's place for usage in a stream.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) usage: Option<Box<Usage>>,
}

impl<'a> Choice<'a> {
    /// What this choice says that was not said before.
    pub(super) fn said(&self, whole: bool) -> Option<&Delta<'a>> {
        match whole {
            true => self.message.as_deref().or(self.delta.as_deref()),
            false => self.delta.as_deref().or(self.message.as_deref()),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Delta<'a> {
    /// Text, or a list of parts (Mistral).
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reasoning_content: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) reasoning_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<ToolCall<'a>>>,
    #[serde(borrow, default)]
    pub(super) function_call: Option<Function<'a>>,
    #[serde(borrow, default)]
    pub(super) audio: Option<&'a RawValue>,
    /// Copilot's name for thinking.
    #[serde(borrow, default)]
    pub(super) reasoning_text: Option<&'a RawValue>,
    /// Copilot's seal of its thinking.
    #[serde(borrow, default)]
    pub(super) reasoning_opaque: Option<&'a RawValue>,
    /// Gemini's place for what the format has no word for.
    #[serde(borrow, default)]
    pub(super) extra_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) annotations: Option<&'a RawValue>,
    /// OpenRouter's place for images that a model drew.
    #[serde(borrow, default)]
    pub(super) images: Option<&'a RawValue>,
}

/// A fragment of thinking. Fragments of one thought share an `index`.
#[derive(Debug, Deserialize)]
pub(super) struct Detail<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) format: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) summary: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) signature: Option<Text<'a>>,
}

/// A part of a content list.
#[derive(Debug, Deserialize)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) thinking: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ToolCall<'a> {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(borrow, default)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) function: Option<Function<'a>>,
    #[serde(borrow, default)]
    pub(super) custom: Option<Custom<'a>>,
    #[serde(borrow, default)]
    pub(super) extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Function<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    /// A string of JSON; an object at some hosts.
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Custom<'a> {
    #[serde(borrow, default)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) input: Option<Text<'a>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    pub(super) prompt_tokens: Option<u64>,
    #[serde(default)]
    pub(super) completion_tokens: Option<u64>,
    #[serde(default)]
    pub(super) total_tokens: Option<u64>,
    #[serde(default)]
    pub(super) prompt_tokens_details: Option<PromptDetails>,
    #[serde(default)]
    pub(super) completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek: the cached part of the prompt.
    #[serde(default)]
    pub(super) prompt_cache_hit_tokens: Option<u64>,
    /// Moonshot: the cached part of the prompt.
    #[serde(default)]
    pub(super) cached_tokens: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PromptDetails {
    #[serde(default)]
    pub(super) cached_tokens: Option<u64>,
    #[serde(default)]
    pub(super) cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct CompletionDetails {
    #[serde(default)]
    pub(super) reasoning_tokens: Option<u64>,
}

/// A member that hosts spell in surprising ways and that must never cost the whole frame.
fn lenient<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<Usage>>, D::Error> {
    let raw = Option::<&'de RawValue>::deserialize(from)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// The text of a raw JSON string; `None` for null, `""`, and everything that is no string.
pub(super) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    crate::formats::string(raw?.get()).filter(|text| !text.is_empty())
}

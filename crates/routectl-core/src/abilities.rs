//! What a target takes: its model's abilities and its host's quirks, as plain data.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{Dialect, Effort, History};

/// What one target takes. A translation writes nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// The upstream's name for the model.
    pub upstream: String,
    /// What a request without a limit gets where the format demands one, in tokens.
    pub max_output_tokens: Option<u64>,
    /// Efforts that the model knows; empty knows them all.
    pub efforts: Vec<Effort>,
    /// The operator named those efforts: they hold for clients of the same format too.
    pub efforts_named: bool,
    /// Cap on a thinking budget, in tokens; 0 is no cap.
    pub max_thinking_budget: u64,
    /// The model takes adaptive thinking and an effort in place of a budget.
    pub adaptive_thinking: bool,
    /// What becomes of the thinking of earlier turns.
    pub history: History,
    /// Clients that mark no cache get one from us.
    pub auto_cache: bool,
    /// What becomes of Claude Code's word about itself, if the model is no Claude.
    pub attribution: Attribution,
    /// Its refusals of single betas and members are mended here, for clients of the same format
    /// too: they know another host of it.
    pub mends_members: bool,
    pub quirks: Quirks,
    pub refused: Refused,
}

impl Default for Abilities {
    fn default() -> Self {
        Self {
            upstream: String::new(),
            max_output_tokens: None,
            efforts: vec![Effort::Low, Effort::Medium, Effort::High],
            efforts_named: false,
            max_thinking_budget: 0,
            adaptive_thinking: false,
            history: History::Auto,
            auto_cache: true,
            attribution: Attribution::Dropped,
            mends_members: false,
            quirks: Quirks::NONE,
            refused: Refused::default(),
        }
    }
}

/// What a target was heard to refuse, whatever is known of it otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    pub seals: Seals,
    /// What it would refuse, since other vendors' models signed it in its manner.
    pub imitations: Seals,
    /// Earlier turns that say nothing of their thinking.
    pub silence: bool,
    /// Thinking, in this one request.
    pub thinking: bool,
    /// Thinking with a budget.
    pub budget: bool,
    /// Thinking as the model sees fit.
    pub adaptive: bool,
    /// To be told not to think.
    pub disabled: bool,
    /// An effort beside the thinking. (Messages: `output_config.effort`)
    pub effort: bool,
    /// Betas, by their names at the target.
    pub betas: Vec<Arc<str>>,
    /// Members of a request, as patterns.
    pub members: Vec<Arc<str>>,
}

/// Which seals of earlier thinking a target has refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Seals {
    #[default]
    None,
    /// Those with these digests.
    These(Arc<BTreeSet<u64>>),
    All,
}

/// What becomes of the first system block of Claude Code, in which it says who it is. It differs
/// between conversations and means nothing to other vendors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    Dropped,
    /// Reduced to what is the same in all conversations.
    Frozen,
    Kept,
}

/// Declared departures of a host that speaks Chat. `NONE` is what most hosts take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// System text has the role `developer`.
    pub developer_role: bool,
    /// Takes system text before the conversation only. Templates of open models refuse it
    /// elsewhere, or leave it out without a word.
    pub system_first: bool,
    /// The limit is called `max_completion_tokens`.
    pub completion_limit: bool,
    /// The model refuses `temperature`, `top_p` and the penalties.
    pub refuses_sampling: bool,
    /// The model refuses `stop`.
    pub refuses_stop: bool,
    /// Takes `top_k`.
    pub takes_top_k: bool,
    /// How it is told what of a prompt to cache.
    pub cache_marks: CacheMarks,
    /// Takes `prompt_cache_key`.
    pub takes_cache_key: bool,
    /// Takes images in the results of tools.
    pub takes_images_in_results: bool,
    /// Takes `parallel_tool_calls`.
    pub takes_parallel_calls: bool,
    /// Takes `stream_options`.
    pub takes_stream_options: bool,
    /// Takes `strict` in tools and schemas.
    pub takes_strict: bool,
    /// Takes a `response_format` of type `json_schema`.
    pub takes_json_schema: bool,
    /// Takes a `response_format` of type `json_object`.
    pub takes_json_object: bool,
    /// Whether its model takes tools.
    pub tools: ToolUse,
    /// How far tools can be forced.
    pub choice: Choice,
    /// Wants the tools of earlier calls defined though the request has none.
    pub wants_known_tools: bool,
    /// Results of tools carry the tool's `name`.
    pub names_results: bool,
    /// Refuses a user message right behind the result of a tool.
    pub refuses_user_after_results: bool,
    /// An assistant message without text has `""` for content, not `null`.
    pub blank_content: bool,
    /// Which member names the person behind a request.
    pub user: UserMember,
    /// Takes `service_tier`.
    pub takes_tier: bool,
    /// Which ids tool calls may have.
    pub call_ids: CallIds,
    /// How thinking is spoken of.
    pub dialect: Dialect,
}

/// How a host is told what of a prompt to cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMarks {
    /// Not at all.
    None,
    /// By `cache_control` on the parts of messages and on tools.
    Control,
    /// By `prompt_cache_breakpoint` on the parts of messages that are not the assistant's (OpenAI
    /// from GPT-5.6 on). (facts: OpenAI Chat, section 3)
    Breakpoints,
}

/// Whether a model takes tools through Chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolUse {
    Free,
    /// Only while it does not think (GPT-5.6).
    WithoutThinking,
    /// Not in this format (GPT-6).
    Refused,
}

/// How far a host can be told to use a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// With `required`, or by its name.
    Required,
    /// With `any`, or by its name (Mistral).
    Any,
    /// Not at all: it takes no `tool_choice`.
    Free,
}

/// Which member names the person behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserMember {
    Nobody,
    User,
    SafetyIdentifier,
}

/// Which ids tool calls may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallIds {
    /// Any text of at most 40 characters.
    Forty,
    /// Exactly nine letters and digits (Mistral).
    Nine,
}

impl Quirks {
    /// A host that nothing is known of.
    pub const NONE: Self = Self {
        developer_role: false,
        system_first: true,
        completion_limit: false,
        refuses_sampling: false,
        refuses_stop: false,
        takes_top_k: false,
        cache_marks: CacheMarks::None,
        takes_cache_key: false,
        takes_images_in_results: false,
        takes_parallel_calls: true,
        takes_stream_options: true,
        takes_strict: true,
        takes_json_schema: true,
        takes_json_object: true,
        tools: ToolUse::Free,
        choice: Choice::Required,
        wants_known_tools: false,
        names_results: false,
        refuses_user_after_results: false,
        blank_content: false,
        user: UserMember::User,
        takes_tier: false,
        call_ids: CallIds::Forty,
        dialect: Dialect::UNKNOWN,
    };
}

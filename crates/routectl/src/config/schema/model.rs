//! `[models.NICKNAME]`: one upstream model on one provider, with what it can do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::provider::{Clocks, Headers};
use super::values::{Dialect, Feature};

/// One upstream model on one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Model {
    /// A name in `[providers]`.
    pub provider: String,
    /// What the provider calls the model.
    #[schemars(length(min = 1))]
    pub upstream: String,
    /// Whether a client may name it; an alias always may.
    #[serde(default = "yes")]
    pub selectable: bool,
    /// How the host speaks of reasoning; read on `openai-compat` alone. Without it: as is known of
    /// the host, and of others nothing: a client of the same format is taken at its word, and a
    /// translated request says what `openai` does.
    #[serde(default)]
    pub reasoning_dialect: Option<Dialect>,
    /// What becomes of the reasoning of earlier turns; read on `openai-compat` alone. `auto` is what
    /// the dialect asks for.
    #[serde(default)]
    pub history_reasoning: HistoryReasoning,
    /// Anthropic models: adaptive thinking and `output_config.effort` instead of a budget, in
    /// translated requests.
    #[serde(default)]
    pub supports_adaptive_thinking: bool,
    /// A caller's effort is clamped to these; `[]` passes it as it is. Without it: `low`, `medium`
    /// and `high` in translated requests; in others a word stays unless the host is known to refuse
    /// it.
    #[serde(default)]
    pub effort_levels: Option<Vec<Effort>>,
    /// Cap on a thinking budget, in tokens; 0 is no cap.
    #[serde(default)]
    pub max_thinking_budget: u64,
    /// What an Anthropic-format request gets as `max_tokens` when the caller gave none. Without
    /// it: the most that a known model writes, and 64000 for others.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_output_tokens: Option<u64>,
    /// Tokens. A target that cannot hold the request is skipped, and tells.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub context_window: Option<u64>,
    /// Extra request headers; win over the provider's, but for `anthropic-beta`, which is
    /// unioned.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "format": "header-name" }))]
    pub header_extras: Headers,
    /// Deep-merged into the request body; wins over the provider's.
    #[serde(default)]
    pub payload_extras: Map<String, Value>,
    /// Features that make a request skip this model. Without it: the provider's.
    #[serde(default)]
    pub unsupported_features: Option<Vec<Feature>>,
    #[serde(flatten)]
    pub clocks: Clocks,
    /// USD per million tokens.
    #[serde(default)]
    pub price: Option<Price>,
}

/// What becomes of the reasoning of earlier turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum HistoryReasoning {
    /// What the dialect requires.
    #[default]
    Auto,
    /// Never sent.
    Strip,
    /// Always sent, and the host is asked to keep it where it can be asked.
    Preserve,
}

impl HistoryReasoning {
    /// The hub's word for it.
    pub fn known(self) -> routectl_core::History {
        match self {
            Self::Auto => routectl_core::History::Auto,
            Self::Strip => routectl_core::History::Strip,
            Self::Preserve => routectl_core::History::Preserve,
        }
    }
}

/// How hard a model should think, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Effort {
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// The hub's word for it.
    pub fn known(self) -> routectl_core::Effort {
        match self {
            Self::Minimal => routectl_core::Effort::Minimal,
            Self::Low => routectl_core::Effort::Low,
            Self::Medium => routectl_core::Effort::Medium,
            Self::High => routectl_core::Effort::High,
            Self::Xhigh => routectl_core::Effort::Xhigh,
            Self::Max => routectl_core::Effort::Max,
        }
    }
}

/// What a model costs, in USD per million tokens. What is not set is unknown, not free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Prompt tokens neither read from nor written to a cache.
    #[schemars(range(min = 0.0))]
    pub input: Option<f64>,
    /// What the model writes.
    #[schemars(range(min = 0.0))]
    pub output: Option<f64>,
    /// Prompt tokens read from a cache.
    #[schemars(range(min = 0.0))]
    pub cache_read: Option<f64>,
    /// Prompt tokens written to a cache that lives five minutes.
    #[schemars(range(min = 0.0))]
    pub cache_write_5m: Option<f64>,
    /// Prompt tokens written to a cache that lives an hour.
    #[schemars(range(min = 0.0))]
    pub cache_write_1h: Option<f64>,
}

fn yes() -> bool {
    true
}

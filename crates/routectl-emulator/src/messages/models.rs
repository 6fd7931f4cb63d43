//! What each generation of models accepts (anthropic-messages facts, section 7). Names that are
//! not in the table are the most permissive model there is.

/// What a model accepts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    prefix: &'static str,
    pub thinking: &'static [&'static str],
    pub efforts: &'static [&'static str],
    pub sampling: Sampling,
    /// Whether the conversation may end with an assistant message.
    pub prefill: bool,
    /// Whether `tool_choice` may force a tool.
    pub forced: bool,
    /// Whether `system` messages may stand among the others.
    pub system_turns: bool,
    /// Whether thoughts are left out unless `display` asks for them.
    pub hides: bool,
    /// Whether tools that the history uses must be declared.
    pub declared: bool,
    /// Whether thinking can only be turned off, or down to between tools, up to effort `high`.
    pub calm_to_high: bool,
    pub max_output: u64,
}

/// Which sampling members a model takes under the older API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sampling {
    Free,
    /// `temperature` or `top_p`, not both.
    Either,
    /// Nothing but the defaults.
    Fixed,
}

const NO_EFFORT: &[&str] = &[];
const TO_HIGH: &[&str] = &["low", "medium", "high"];
const NO_XHIGH: &[&str] = &["low", "medium", "high", "max"];
const EVERY: &[&str] = &["low", "medium", "high", "xhigh", "max"];

const ANY: Model = Model {
    prefix: "",
    thinking: &["enabled", "adaptive", "disabled", "between_tools"],
    efforts: EVERY,
    sampling: Sampling::Free,
    prefill: true,
    forced: true,
    system_turns: true,
    hides: false,
    declared: false,
    calm_to_high: false,
    max_output: u64::MAX,
};

const OLD: Model = Model {
    thinking: &["enabled", "disabled"],
    efforts: NO_EFFORT,
    sampling: Sampling::Either,
    system_turns: false,
    declared: true,
    max_output: 64_000,
    ..ANY
};

const LATE: Model = Model {
    thinking: &["adaptive", "disabled"],
    sampling: Sampling::Fixed,
    prefill: false,
    hides: true,
    max_output: 128_000,
    ..ANY
};

const NEWEST: Model = Model { thinking: &["adaptive"], forced: false, ..LATE };

const MODELS: &[Model] = &[
    Model { prefix: "claude-3", ..OLD },
    Model { prefix: "claude-sonnet-4", ..OLD },
    Model { prefix: "claude-opus-4", ..OLD },
    Model { prefix: "claude-haiku-4-5", ..OLD },
    Model { prefix: "claude-opus-4-5", efforts: TO_HIGH, ..OLD },
    Model { prefix: "claude-opus-4-6", ..FOUR_SIX },
    Model { prefix: "claude-sonnet-4-6", ..FOUR_SIX },
    Model { prefix: "claude-opus-4-7", system_turns: false, ..LATE },
    Model { prefix: "claude-opus-4-8", ..LATE },
    Model { prefix: "claude-opus-5", calm_to_high: true, ..LATE },
    Model { prefix: "claude-sonnet-5", system_turns: false, ..LATE },
    Model { prefix: "claude-fable-5", forced: true, ..NEWEST },
    Model { prefix: "claude-mythos-5", forced: true, ..NEWEST },
    Model { prefix: "claude-fable-5-", ..NEWEST },
    Model { prefix: "claude-mythos-5-", ..NEWEST },
    Model { prefix: "claude-opus-5-5", ..NEWEST },
    Model {
        prefix: "claude-sonnet-5-5",
        thinking: &["adaptive", "between_tools"],
        calm_to_high: true,
        ..NEWEST
    },
    Model {
        prefix: "claude-haiku-5-5",
        thinking: &["adaptive", "disabled"],
        calm_to_high: true,
        ..NEWEST
    },
    // Nobody knows these by their names.
    Model { prefix: "unheard-of-adaptive", ..LATE },
    Model { prefix: "unheard-of-budget", ..OLD },
    Model {
        prefix: "claude-mythos-preview",
        thinking: &["adaptive", "enabled"],
        efforts: NO_XHIGH,
        ..NEWEST
    },
];

const FOUR_SIX: Model = Model {
    thinking: &["adaptive", "enabled", "disabled"],
    efforts: NO_XHIGH,
    sampling: Sampling::Either,
    system_turns: false,
    hides: false,
    ..LATE
};

/// The row for this name: the longest prefix wins.
pub(super) fn model(name: &str) -> Model {
    let rows = MODELS.iter().filter(|row| name.starts_with(row.prefix));
    rows.max_by_key(|row| row.prefix.len()).copied().unwrap_or(ANY)
}

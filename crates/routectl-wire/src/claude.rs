//! What each generation of Claude takes, by how its model names begin. Data only: a new model is
//! a new row. (facts: Anthropic Messages, section 7; Anthropic's model pages for the older ones)

use routectl_core::Effort;

/// What the models of one generation take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// How the names of its models begin.
    pub beginning: &'static str,
    /// The most that its models write, in tokens.
    pub max_output: u64,
    pub thinking: Thinking,
    /// Whether it thinks when a request does not speak of it.
    pub thinks_by_default: bool,
    /// Whether the text of its thinking stays away unless the request asks for it.
    pub hides_thinking: bool,
    /// The efforts it knows. Empty: it refuses the member itself.
    pub efforts: &'static [Effort],
    pub sampling: Sampling,
    /// Whether a conversation may end with the assistant's words, thinking being off.
    pub prefill: bool,
    /// Whether a request may force a tool, thinking not being `enabled`.
    pub forced_tool_choice: bool,
    /// Whether system messages may stand among the others.
    pub system_in_messages: bool,
    /// Whether it takes `output_config.format` and `strict` tools.
    pub structured_outputs: bool,
}

/// When each word of `thinking.type` is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thinking {
    pub enabled: When,
    pub adaptive: When,
    pub disabled: When,
    pub between_tools: When,
}

/// At which effort something is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Never,
    Always,
    /// Not at `xhigh` or `max`.
    UpToHigh,
}

/// Which of `temperature`, `top_p` and `top_k` are taken, thinking being off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// All, but never `temperature` beside `top_p`.
    TempXorTopP,
    /// None but the default values.
    Refused,
}

impl When {
    /// Whether it is taken at this effort; `None` is the model's default, which is `high` at most.
    pub fn at(self, effort: Option<Effort>) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::UpToHigh => effort.is_none_or(|effort| effort <= Effort::High),
        }
    }
}

/// What a request without `max_tokens` gets when neither configuration nor we know the model.
pub const DEFAULT_MAX_OUTPUT: u64 = 64_000;

/// The most that a model writes, by the upstream's name for it.
pub fn max_output(upstream: &str) -> u64 {
    generation(upstream).map_or(DEFAULT_MAX_OUTPUT, |generation| generation.max_output)
}

/// The generation of a model, by the upstream's name for it. Clouds and gateways put a vendor or
/// a region before the name and a date or a version behind it, and some write 4.5 for 4-5. A model
/// that is newer than the table is like the newest before it: what one generation refuses, the next
/// one refuses too.
pub fn generation(upstream: &str) -> Option<&'static Generation> {
    let name = upstream.get(upstream.find("claude-")?..)?.replace('.', "-");
    let plain = GENERATIONS.iter().filter(|row| numbered(row.beginning).is_none());
    let plain = plain.filter(|row| begins(&name, row.beginning));
    plain.max_by_key(|row| row.beginning.len()).or_else(|| numbered(&name).and_then(nearest))
}

/// A model's family and which number of it this is.
type Numbered<'a> = (&'a str, (u8, u8));

/// The newest generation of a family up to this number; of a new family, the newest of all.
fn nearest((family, number): Numbered<'_>) -> Option<&'static Generation> {
    let rows = || GENERATIONS.iter().filter_map(|row| Some((row, numbered(row.beginning)?)));
    let kin = || rows().filter(|(_, (name, _))| *name == family);
    let newest = if kin().next().is_some() {
        kin().filter(|(_, (_, known))| *known <= number).max_by_key(|(_, (_, known))| *known)
    } else {
        // Of equally new ones the first.
        rows().rev().max_by_key(|(_, (_, known))| *known)
    };
    newest.map(|(row, _)| row)
}

/// Reads `claude-<family>-<number>`: 5-2026 is not 5-2.
fn numbered(name: &str) -> Option<Numbered<'_>> {
    let (family, rest) = name.strip_prefix("claude-")?.split_once('-')?;
    let (major, rest) = digits(rest)?;
    let minor = rest.strip_prefix('-').and_then(digits).map_or(0, |(minor, _)| minor);
    let named = family.bytes().all(|byte| byte.is_ascii_alphabetic());
    named.then_some((family, (major, minor)))
}

/// One or two digits that are a word, and what follows.
fn digits(text: &str) -> Option<(u8, &str)> {
    let is_end = |next: char| !next.is_ascii_alphanumeric();
    let (word, rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let number = word.parse().ok().filter(|_| word.len() <= 2)?;
    Some((number, rest))
}

/// Whether a name begins so and the next word is another one.
fn begins(name: &str, beginning: &str) -> bool {
    let rest = name.strip_prefix(beginning);
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

const NO_THINKING: Thinking = Thinking {
    enabled: When::Never,
    adaptive: When::Never,
    disabled: When::Never,
    between_tools: When::Never,
};

const UP_TO_HIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];
const ALL_BUT_XHIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::Max];
const EVERY: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];

/// Before thinking.
const FIRST: Generation = Generation {
    beginning: "",
    max_output: 4_096,
    thinking: NO_THINKING,
    thinks_by_default: false,
    hides_thinking: false,
    efforts: &[],
    sampling: Sampling::TempXorTopP,
    prefill: true,
    forced_tool_choice: true,
    system_in_messages: false,
    structured_outputs: false,
};

/// Thinking with a budget: 3.7 to 4.1.
const BUDGETED: Generation = Generation {
    max_output: 64_000,
    thinking: Thinking { enabled: When::Always, disabled: When::Always, ..NO_THINKING },
    ..FIRST
};

const FOUR_FIVE: Generation = Generation { structured_outputs: true, ..BUDGETED };

/// Thinking with a budget or as the model sees fit.
const FOUR_SIX: Generation = Generation {
    max_output: 128_000,
    thinking: Thinking {
        enabled: When::Always,
        adaptive: When::Always,
        disabled: When::Always,
        between_tools: When::Never,
    },
    efforts: ALL_BUT_XHIGH,
    prefill: false,
    ..FOUR_FIVE
};

const FOUR_SEVEN: Generation = Generation {
    thinking: Thinking { adaptive: When::Always, disabled: When::Always, ..NO_THINKING },
    hides_thinking: true,
    efforts: EVERY,
    sampling: Sampling::Refused,
    ..FOUR_SIX
};

/// Thinks always.
const FIVE: Generation = Generation {
    thinking: Thinking { adaptive: When::Always, ..NO_THINKING },
    thinks_by_default: true,
    system_in_messages: true,
    ..FOUR_SEVEN
};

/// Thinks always and cannot be told to use a tool.
const FREE_WILLED: Generation = Generation { forced_tool_choice: false, ..FIVE };

const GENERATIONS: &[Generation] = &[
    Generation { beginning: "claude-instant", ..FIRST },
    Generation { beginning: "claude-2", ..FIRST },
    Generation { beginning: "claude-3-haiku", ..FIRST },
    Generation { beginning: "claude-3-sonnet", ..FIRST },
    Generation { beginning: "claude-3-opus", ..FIRST },
    Generation { beginning: "claude-3-5", max_output: 8_192, ..FIRST },
    Generation { beginning: "claude-3-7", ..BUDGETED },
    Generation { beginning: "claude-sonnet-4", ..BUDGETED },
    Generation { beginning: "claude-opus-4", max_output: 32_000, ..BUDGETED },
    Generation { beginning: "claude-sonnet-4-5", ..FOUR_FIVE },
    Generation { beginning: "claude-haiku-4-5", ..FOUR_FIVE },
    Generation { beginning: "claude-opus-4-5", efforts: UP_TO_HIGH, ..FOUR_FIVE },
    Generation { beginning: "claude-sonnet-4-6", ..FOUR_SIX },
    Generation { beginning: "claude-opus-4-6", ..FOUR_SIX },
    Generation { beginning: "claude-opus-4-7", ..FOUR_SEVEN },
    Generation { beginning: "claude-opus-4-8", system_in_messages: true, ..FOUR_SEVEN },
    Generation { beginning: "claude-sonnet-5", thinks_by_default: true, ..FOUR_SEVEN },
    Generation {
        beginning: "claude-opus-5",
        thinking: Thinking { disabled: When::UpToHigh, ..FIVE.thinking },
        ..FIVE
    },
    Generation { beginning: "claude-fable-5", ..FIVE },
    Generation { beginning: "claude-mythos-5", ..FIVE },
    Generation { beginning: "claude-fable-5-1", ..FREE_WILLED },
    Generation { beginning: "claude-fable-5-2", ..FREE_WILLED },
    Generation { beginning: "claude-mythos-5-1", ..FREE_WILLED },
    Generation { beginning: "claude-mythos-5-2", ..FREE_WILLED },
    Generation { beginning: "claude-opus-5-5", ..FREE_WILLED },
    Generation {
        beginning: "claude-sonnet-5-5",
        thinking: Thinking { between_tools: When::UpToHigh, ..FIVE.thinking },
        ..FREE_WILLED
    },
    Generation {
        beginning: "claude-haiku-5-5",
        thinking: Thinking { disabled: When::UpToHigh, ..FIVE.thinking },
        ..FREE_WILLED
    },
    Generation {
        beginning: "claude-mythos-preview",
        thinking: Thinking { enabled: When::Always, ..FIVE.thinking },
        efforts: ALL_BUT_XHIGH,
        system_in_messages: false,
        ..FREE_WILLED
    },
];

/// What is in the names of models of other vendors that are served in the format of Messages.
const OTHERS: [&str; 16] = [
    "deepseek", "devstral", "doubao", "gemini", "gemma", "glm", "gpt", "grok", "kimi", "llama",
    "longcat", "mimo", "minimax", "mistral", "moonshot", "qwen",
];

/// Whether a model is Claude by its name, whoever serves it.
pub fn is_claude(upstream: &str) -> bool {
    upstream.to_ascii_lowercase().contains("claude")
}

/// Whose a model is, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Claude,
    /// It is known to be another vendor's.
    Another,
    /// Nobody knows. It may be Claude by another name.
    Unknown,
}

/// Whose a model is, by the upstream's name for it.
pub fn maker(upstream: &str) -> Maker {
    let name = upstream.to_ascii_lowercase();
    match () {
        () if is_claude(upstream) => Maker::Claude,
        () if OTHERS.iter().any(|other| name.contains(other)) => Maker::Another,
        () => Maker::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per model as in the facts' table: limit; what `thinking.type` may be, `<` up to
    /// high only, `*` thinks by default, `?` hides its thinking; efforts; sampling; and whether
    /// it takes a prefill, a forced tool, system messages and an output format.
    fn row(generation: &Generation) -> String {
        let word = |when: When, name: &str| match when {
            When::Never => String::new(),
            When::Always => name.to_owned(),
            When::UpToHigh => format!("{name}<"),
        };
        let thinking = generation.thinking;
        let mut thinks = word(thinking.enabled, "E") + &word(thinking.adaptive, "A");
        thinks += &(word(thinking.disabled, "D") + &word(thinking.between_tools, "B"));
        let mark = |yes: bool, mark: &str| if yes { mark.to_owned() } else { String::new() };
        thinks += &mark(generation.thinks_by_default, "*");
        thinks += &mark(generation.hides_thinking, "?");
        let efforts = generation.efforts.iter().map(|effort| effort.name().split_at(1).0);
        let sampling = match generation.sampling {
            Sampling::TempXorTopP => "either",
            Sampling::Refused => "refused",
        };
        let takes = [
            (generation.prefill, "prefill"),
            (generation.forced_tool_choice, "forced"),
            (generation.system_in_messages, "system"),
            (generation.structured_outputs, "format"),
        ];
        let takes = takes.iter().filter(|(yes, _)| *yes).map(|(_, what)| *what);
        let words = [
            (generation.max_output / 1_000).to_string(),
            thinks,
            efforts.collect::<String>(),
            sampling.to_owned(),
            takes.collect::<Vec<_>>().join("+"),
        ];
        words.map(|word| if word.is_empty() { "-".to_owned() } else { word }).join(" ")
    }

    #[test]
    fn every_model_takes_what_its_vendor_says() {
        for (upstream, expected) in [
            ("claude-3-haiku-20240307", "4 - - either prefill+forced"),
            ("claude-3-5-sonnet-20241022", "8 - - either prefill+forced"),
            ("claude-3-7-sonnet-latest", "64 ED - either prefill+forced"),
            ("claude-sonnet-4-20250514", "64 ED - either prefill+forced"),
            ("claude-opus-4-20250514", "32 ED - either prefill+forced"),
            ("claude-opus-4-1-20250805", "32 ED - either prefill+forced"),
            ("claude-haiku-4-5", "64 ED - either prefill+forced+format"),
            ("claude-sonnet-4-5", "64 ED - either prefill+forced+format"),
            ("claude-opus-4-5", "64 ED lmh either prefill+forced+format"),
            ("claude-opus-4-6", "128 EAD lmhm either forced+format"),
            ("claude-sonnet-4-6", "128 EAD lmhm either forced+format"),
            ("claude-opus-4-7", "128 AD? lmhxm refused forced+format"),
            ("claude-opus-4-8", "128 AD? lmhxm refused forced+system+format"),
            ("claude-opus-5", "128 AD<*? lmhxm refused forced+system+format"),
            ("claude-sonnet-5", "128 AD*? lmhxm refused forced+format"),
            ("claude-fable-5", "128 A*? lmhxm refused forced+system+format"),
            ("claude-mythos-5", "128 A*? lmhxm refused forced+system+format"),
            ("claude-fable-5-1", "128 A*? lmhxm refused system+format"),
            ("claude-fable-5-2", "128 A*? lmhxm refused system+format"),
            ("claude-mythos-5-1", "128 A*? lmhxm refused system+format"),
            ("claude-mythos-5-2", "128 A*? lmhxm refused system+format"),
            ("claude-opus-5-5", "128 A*? lmhxm refused system+format"),
            ("claude-sonnet-5-5", "128 AB<*? lmhxm refused system+format"),
            ("claude-haiku-5-5", "128 AD<*? lmhxm refused system+format"),
            ("claude-mythos-preview", "128 EA*? lmhm refused format"),
        ] {
            let found = generation(upstream).map(row);
            assert_eq!(found.as_deref(), Some(expected), "{upstream}");
        }
    }

    #[test]
    fn a_model_is_known_by_whatever_name_a_cloud_gives_it() {
        for (upstream, beginning) in [
            ("anthropic/claude-3-haiku", "claude-3-haiku"),
            ("anthropic/claude-opus-4.1", "claude-opus-4"),
            ("anthropic/claude-sonnet-4.6:beta", "claude-sonnet-4-6"),
            ("claude-opus-4-5@20251101", "claude-opus-4-5"),
            ("claude-opus-5-5[1m]", "claude-opus-5-5"),
            ("eu.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0",
                "claude-haiku-4-5",
            ),
            ("claude-opus-5-20260701", "claude-opus-5"),
            ("claude-fable-5-20260901", "claude-fable-5"),
            ("claude-2.1", "claude-2"),
        ] {
            let found = generation(upstream).map(|generation| generation.beginning);
            assert_eq!(found, Some(beginning), "{upstream}");
        }
    }

    #[test]
    fn a_model_that_is_newer_than_the_table_is_like_the_newest_before_it() {
        for (upstream, beginning) in [
            ("claude-opus-6", "claude-opus-5-5"),
            ("anthropic/claude-opus-5.7", "claude-opus-5-5"),
            ("claude-opus-50", "claude-opus-5-5"),
            ("claude-opus-4-9-20260301", "claude-opus-4-8"),
            ("us.anthropic.claude-sonnet-6-1-v1:0", "claude-sonnet-5-5"),
            ("claude-sonnet-5-2", "claude-sonnet-5"),
            ("claude-haiku-6[1m]", "claude-haiku-5-5"),
            ("claude-mythos-6", "claude-mythos-5-2"),
            ("claude-saga-7", "claude-opus-5-5"),
            ("claude-saga-1-20270101", "claude-opus-5-5"),
        ] {
            let found = generation(upstream).map(|generation| generation.beginning);
            assert_eq!(found, Some(beginning), "{upstream}");
        }
        assert_eq!(generation("claude-opus-3"), None, "older than the table");
    }

    #[test]
    fn other_models_are_unknown_and_get_a_limit_all_the_same() {
        for upstream in [
            "",
            "glm-4.6",
            "claude",
            "claude-",
            "claude-proxy",
            "claude-opus-x",
            "claude-v2",
            "gpt-5",
        ] {
            assert_eq!(generation(upstream), None, "{upstream}");
            assert_eq!(max_output(upstream), DEFAULT_MAX_OUTPUT);
        }
    }

    #[test]
    fn a_condition_holds_up_to_its_effort() {
        for (when, effort, taken) in [
            (When::UpToHigh, None, true),
            (When::UpToHigh, Some(Effort::High), true),
            (When::UpToHigh, Some(Effort::Xhigh), false),
            (When::Always, Some(Effort::Max), true),
            (When::Never, None, false),
        ] {
            assert_eq!(when.at(effort), taken, "{when:?} at {effort:?}");
        }
    }
}

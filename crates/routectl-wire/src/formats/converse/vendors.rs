//! What the models of each vendor take through Converse, by a word of their names. Data only: a
//! new model is a new row, and of a model that no row names everything is believed. (facts:
//! bedrock, sections 1.8 and 2.4; AWS's table of supported models and features for the rest)

use routectl_core::{Control, Effort, Efforts, Switch};

use crate::{claude, dialects};

/// What one vendor's models take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vendor {
    pub(super) tools: Tools,
    /// Answers in a stream though tools are offered.
    pub(super) streams_tools: bool,
    /// Text above the conversation.
    pub(super) system: bool,
    pub(super) images: bool,
    pub(super) documents: bool,
    /// What may stand beside the results of tools in one message, and beside calls of them.
    pub(super) beside: Beside,
    /// Results of tools can say that the tool failed, and show images.
    pub(super) rich_results: bool,
    pub(super) cache: Cache,
    /// Schemas of answers, and strict tools.
    pub(super) schemas: bool,
    /// Where its own member for `top_k` is, if it has one.
    pub(super) top_k: Option<&'static str>,
    /// How it is asked to think. Claude has ways of its own.
    pub(super) control: Control,
}

/// Whether a model takes tools, and how far they can be forced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tools {
    Refused,
    /// It calls them as it sees fit.
    Free,
    /// Some call can be forced, and not which.
    Any,
    /// A call can be forced by the tool's name.
    Named,
}

/// What may stand beside the results of tools in one message, and beside calls of them. (reports
/// of what AWS answers: "Conversation blocks and tool result blocks cannot be provided in the same
/// turn")
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Anything,
    /// No documents beside results (Claude).
    NoDocuments,
    /// Nothing beside results (Writer).
    NoWordsAtResults,
    /// Nothing beside results, and nothing beside calls (Llama, Mistral).
    NoWords,
}

/// Where a prompt can be marked for caching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    Nowhere,
    /// In the system text and the conversation, for five minutes (Nova).
    Talk,
    /// Behind tools as well, for five minutes.
    Short,
    /// The same, and for an hour.
    Long,
}

impl Vendor {
    /// A model that nothing is known of.
    const UNKNOWN: Self = Self {
        tools: Tools::Named,
        streams_tools: true,
        system: true,
        images: true,
        documents: true,
        beside: Beside::Anything,
        rich_results: true,
        cache: Cache::Nowhere,
        schemas: true,
        top_k: None,
        control: Control::NOTHING,
    };

    /// A model that reads and writes text, and does not think.
    const PLAIN: Self = Self {
        tools: Tools::Free,
        images: false,
        rich_results: false,
        schemas: false,
        control: UNTHINKING,
        ..Self::UNKNOWN
    };

    const CLAUDE: Self = Self {
        beside: Beside::NoDocuments,
        cache: Cache::Short,
        top_k: Some("top_k"),
        ..Self::UNKNOWN
    };

    const NOVA: Self = Self {
        tools: Tools::Named,
        images: true,
        rich_results: true,
        cache: Cache::Talk,
        top_k: Some("inferenceConfig.topK"),
        ..Self::PLAIN
    };

    /// Before it took tools.
    const OLD_LLAMA: Self = Self { tools: Tools::Refused, streams_tools: false, ..Self::PLAIN };

    const LLAMA: Self = Self { tools: Tools::Free, beside: Beside::NoWords, ..Self::OLD_LLAMA };

    const SEEING_LLAMA: Self = Self { images: true, ..Self::LLAMA };

    const MISTRAL: Self =
        Self { streams_tools: false, schemas: true, beside: Beside::NoWords, ..Self::PLAIN };

    const MISTRAL_LARGE: Self = Self { tools: Tools::Any, ..Self::MISTRAL };

    /// Models that know no system text and no tools.
    const OLD: Self = Self { tools: Tools::Refused, system: false, ..Self::PLAIN };

    const DEEPSEEK_R1: Self = Self {
        tools: Tools::Refused,
        streams_tools: false,
        control: Control::NOTHING,
        ..Self::PLAIN
    };

    /// Open models that think.
    const THINKER: Self =
        Self { tools: Tools::Free, images: false, rich_results: false, ..Self::UNKNOWN };

    const KIMI: Self = Self {
        tools: Tools::Named,
        control: Control { effort: Some(KIMI), ..EFFORT },
        ..Self::THINKER
    };
}

/// Does not think, whatever it is asked.
const UNTHINKING: Control = Control { unasked: false, ..Control::NOTHING };

/// `low`, `medium`, `high`.
const UP_TO_HIGH: &[Effort] = &[Effort::Low, Effort::Medium, Effort::High];

/// Thinks when it is asked to. (Nova 2)
const REASONING_CONFIG: Control = Control {
    switch: Some(Switch {
        path: "reasoningConfig.type",
        on: Some("\"enabled\""),
        off: Some("\"disabled\""),
        beside: true,
    }),
    effort: Some(Efforts { path: "reasoningConfig.maxReasoningEffort", known: UP_TO_HIGH }),
    unasked: false,
    ..Control::NOTHING
};

/// Always thinks, and refuses the word `none`. (facts: reasoning, section 3.6)
const EFFORT: Control = Control {
    effort: Some(Efforts { path: "reasoning_effort", known: UP_TO_HIGH }),
    ..Control::NOTHING
};

const QWEN: Control = Control {
    effort: Some(Efforts { path: "reasoning_config", known: &[Effort::Low, Effort::High] }),
    ..Control::NOTHING
};

/// Words of names; the longest one that is in a name decides.
const VENDORS: &[(&str, Vendor)] = &[
    ("nova", Vendor::NOVA),
    ("nova-micro", Vendor { images: false, documents: false, ..Vendor::NOVA }),
    ("nova-2", Vendor { control: REASONING_CONFIG, ..Vendor::NOVA }),
    ("titan", Vendor::OLD),
    ("meta", Vendor::SEEING_LLAMA),
    ("llama2", Vendor::OLD_LLAMA),
    ("llama3", Vendor::OLD_LLAMA),
    ("llama3-1", Vendor::LLAMA),
    ("llama3-2", Vendor::SEEING_LLAMA),
    ("llama3-2-1b", Vendor::OLD_LLAMA),
    ("llama3-2-3b", Vendor::OLD_LLAMA),
    ("llama3-3", Vendor::LLAMA),
    ("llama4", Vendor::SEEING_LLAMA),
    ("mistral", Vendor::MISTRAL),
    ("mistral-large", Vendor::MISTRAL_LARGE),
    ("mistral-large-2402", Vendor { schemas: false, ..Vendor::MISTRAL_LARGE }),
    ("mistral-large-2407", Vendor { schemas: false, ..Vendor::MISTRAL_LARGE }),
    ("mistral-large-3", Vendor { images: true, ..Vendor::MISTRAL_LARGE }),
    ("mistral-small-2402", Vendor { schemas: false, ..Vendor::MISTRAL }),
    ("ministral", Vendor { images: true, ..Vendor::MISTRAL }),
    ("magistral-small", Vendor { images: true, ..Vendor::MISTRAL }),
    ("pixtral", Vendor { images: true, schemas: false, ..Vendor::MISTRAL }),
    ("mistral-7b", Vendor::OLD),
    ("mixtral", Vendor::OLD),
    ("cohere", Vendor::PLAIN),
    ("command-r", Vendor::PLAIN),
    ("command-text", Vendor::OLD),
    ("command-light-text", Vendor::OLD),
    ("deepseek", Vendor { tools: Tools::Any, ..Vendor::THINKER }),
    ("deepseek.r1", Vendor::DEEPSEEK_R1),
    ("gpt-oss", Vendor { control: EFFORT, ..Vendor::THINKER }),
    ("qwen", Vendor { control: QWEN, ..Vendor::THINKER }),
    ("qwen3-vl", Vendor { images: true, control: QWEN, ..Vendor::THINKER }),
    ("kimi", Vendor::KIMI),
    ("kimi-k2.5", Vendor { images: true, ..Vendor::KIMI }),
    ("ai21", Vendor::PLAIN),
    ("jamba-instruct", Vendor { tools: Tools::Refused, ..Vendor::PLAIN }),
    ("writer", Vendor { streams_tools: false, beside: Beside::NoWordsAtResults, ..Vendor::PLAIN }),
];

/// Its generations know different efforts.
const KIMI: Efforts = Efforts { path: "reasoning_effort", known: &[] };

/// Which generations of Claude are marked for how long. (AWS, prompt caching: an hour from 4.5 on)
fn claude(upstream: &str) -> Vendor {
    let Some(generation) = claude::generation(upstream) else { return Vendor::CLAUDE };
    match generation.beginning {
        "claude-3-haiku" | "claude-3-sonnet" | "claude-3-opus" => {
            Vendor { cache: Cache::Nowhere, ..Vendor::CLAUDE }
        }
        _ if generation.structured_outputs => Vendor { cache: Cache::Long, ..Vendor::CLAUDE },
        _ => Vendor::CLAUDE,
    }
}

/// What a model takes, by Bedrock's name for it: an id, a profile, an ARN.
pub(super) fn of(upstream: &str) -> Vendor {
    if claude::is_claude(upstream) {
        return claude(upstream);
    }
    let name = upstream.to_ascii_lowercase();
    dialects::by_word(&name, VENDORS).unwrap_or(Vendor::UNKNOWN)
}

/// Whether a model answers in a stream. Some do not while tools are offered: they are asked for
/// a whole answer. (facts: bedrock, section 2.4)
pub fn streams(upstream: &str, has_tools: bool) -> bool {
    !has_tools || of(upstream).streams_tools
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per model: how far tools can be forced, `~` not streamed beside tools; then system
    /// text, images, documents, schemas; where prompts are marked; how it is asked to think.
    fn row(upstream: &str) -> String {
        let vendor = of(upstream);
        let takes = [
            (vendor.system, 's'),
            (vendor.images, 'i'),
            (vendor.documents, 'd'),
            (vendor.schemas, 'j'),
        ];
        let takes: String = takes.iter().filter(|(yes, _)| *yes).map(|(_, mark)| mark).collect();
        let whole = if streams(upstream, true) { "" } else { "~" };
        let effort = vendor.control.effort.map_or("-", |efforts| efforts.path);
        format!("{:?}{whole} {takes} {:?} {effort}", vendor.tools, vendor.cache)
    }

    #[test]
    fn every_vendors_models_take_what_their_vendor_says() {
        for (upstream, expected) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", "Named sidj Nowhere -"),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "Named sidj Short -"),
            ("global.anthropic.claude-sonnet-4-6", "Named sidj Long -"),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-5-v1:0",
                "Named sidj Long -",
            ),
            ("amazon.nova-micro-v1:0", "Named s Talk -"),
            ("us.amazon.nova-pro-v1:0", "Named sid Talk -"),
            ("amazon.nova-2-lite-v1:0", "Named sid Talk reasoningConfig.maxReasoningEffort"),
            ("meta.llama3-70b-instruct-v1:0", "Refused~ sd Nowhere -"),
            ("meta.llama3-1-70b-instruct-v1:0", "Free~ sd Nowhere -"),
            ("us.meta.llama3-2-90b-instruct-v1:0", "Free~ sid Nowhere -"),
            ("us.meta.llama4-maverick-17b-instruct-v1:0", "Free~ sid Nowhere -"),
            ("mistral.mistral-7b-instruct-v0:2", "Refused d Nowhere -"),
            ("mistral.mistral-large-2407-v1:0", "Any~ sd Nowhere -"),
            ("mistral.mistral-large-3-675b-instruct", "Any~ sidj Nowhere -"),
            ("mistral.ministral-3-8b-instruct", "Free~ sidj Nowhere -"),
            ("mistral.magistral-small-2509", "Free~ sidj Nowhere -"),
            ("us.mistral.pixtral-large-2502-v1:0", "Free~ sid Nowhere -"),
            ("cohere.command-r-plus-v1:0", "Free sd Nowhere -"),
            ("cohere.command-text-v14", "Refused d Nowhere -"),
            ("us.deepseek.r1-v1:0", "Refused~ sd Nowhere -"),
            ("deepseek.v3-v1:0", "Any sdj Nowhere -"),
            ("openai.gpt-oss-120b-1:0", "Free sdj Nowhere reasoning_effort"),
            ("qwen.qwen3-coder-480b-a35b-v1:0", "Free sdj Nowhere reasoning_config"),
            ("qwen.qwen3-vl-235b-a22b", "Free sidj Nowhere reasoning_config"),
            ("moonshotai.kimi-k2.5", "Named sidj Nowhere reasoning_effort"),
            ("moonshot.kimi-k2-thinking", "Named sdj Nowhere reasoning_effort"),
            ("amazon.titan-text-express-v1", "Refused d Nowhere -"),
            ("ai21.jamba-1-5-large-v1:0", "Free sd Nowhere -"),
            ("writer.palmyra-x5-v1:0", "Free~ sd Nowhere -"),
            (
                "arn:aws:bedrock:us-east-1:1:application-inference-profile/x7",
                "Named sidj Nowhere -",
            ),
        ] {
            assert_eq!(row(upstream), expected, "{upstream}");
        }
    }

    #[test]
    fn without_tools_every_model_streams() {
        for (_, vendor) in VENDORS {
            assert!(vendor.streams_tools || vendor.cache == Cache::Nowhere);
        }
        assert!(streams("meta.llama3-1-70b-instruct-v1:0", false));
    }
}

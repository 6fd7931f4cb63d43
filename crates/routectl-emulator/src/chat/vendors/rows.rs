//! The hosts, one row each; every dialect of a router that wants to be tested here has one. Rows of
//! one dialect differ in what the models behind it want.

use super::{Body, Place, Takes, Told, Vendor, Wants};

/// A host that tells nothing, wants nothing, and lets everything pass but another's seals.
const fn vendor(dialect: &'static str, model: &'static str) -> Vendor {
    Vendor {
        model,
        dialect,
        family: "",
        hears: None,
        is_variant: false,
        told: Told::Nowhere,
        sealed: Place::Nowhere,
        wants: Wants::Nothing,
        takes: Takes::Members,
        body: OPEN,
    }
}

/// A host that tells its thinking in this member, and hears it there.
const fn telling(dialect: &'static str, model: &'static str, member: &'static str) -> Vendor {
    Vendor { told: Told::Member(member), hears: Some(member), ..vendor(dialect, model) }
}

/// A model behind OpenRouter.
const fn routed(model: &'static str, family: &'static str) -> Vendor {
    Vendor { family, is_variant: true, ..vendor("openrouter", model) }
}

/// A host that lets members pass that it does not know.
const OPEN: Body = Body { knows: None, efforts: None, refuses: &[], apart: None, with_tools: None };

/// One that knows these members beside the format's. (facts: provider quirks, section 5, "unknown
/// fields")
const fn strict(knows: &'static [&'static str]) -> Body {
    Body { knows: Some(knows), ..OPEN }
}

const THREE: Option<&[&str]> = Some(&["low", "medium", "high"]);
const TEXT: &str = "reasoning_content";

/// Every host.
pub const VENDORS: &[Vendor] = &[
    // Section 2.1: neither tells nor takes.
    Vendor { takes: Takes::Only(&[]), body: strict(&[]), ..vendor("openai", "thinks-openai") },
    // Section 2.4.
    Vendor { wants: Wants::Every, ..telling("deepseek", "thinks-deepseek-v4", TEXT) },
    Vendor {
        wants: Wants::OfLoop,
        is_variant: true,
        ..telling("deepseek", "thinks-deepseek-v3.2", TEXT)
    },
    Vendor {
        takes: Takes::Only(&[]),
        hears: None,
        is_variant: true,
        ..telling("deepseek", "thinks-deepseek-r1", TEXT)
    },
    // Section 2.8: builds before and after the renaming.
    telling("vllm", "thinks-vllm", "reasoning"),
    Vendor { is_variant: true, ..telling("vllm", "thinks-old-vllm", TEXT) },
    // Section 2.23: no parser, so tags; the prompt of some models opens them.
    Vendor {
        told: Told::Tags("<think>\n", "\n</think>\n\n"),
        ..vendor("raw-think-tag", "thinks-raw")
    },
    Vendor {
        told: Told::Tags("", "\n</think>\n\n"),
        is_variant: true,
        ..vendor("raw-think-tag", "thinks-raw-qwq")
    },
    Vendor {
        told: Told::Tags("<think>\n", "\n</think>\n\n"),
        hears: Some("content"),
        is_variant: true,
        ..vendor("raw-think-tag", "thinks-raw-minimax")
    },
    // Section 2.5: each vendor's rules, through one gateway.
    Vendor {
        told: Told::Details,
        sealed: Place::Signature,
        is_variant: false,
        ..routed("thinks-anthropic/claude-sonnet-4.6", "anthropic-claude-v1")
    },
    Vendor {
        sealed: Place::Encrypted,
        wants: Wants::Seal,
        ..routed("thinks-google/gemini-3-flash", "google-gemini-v1")
    },
    Vendor {
        told: Told::Summary,
        sealed: Place::Encrypted,
        ..routed("thinks-openai/gpt-5.5", "openai-responses-v1")
    },
    Vendor {
        told: Told::Details,
        wants: Wants::List,
        hears: Some("reasoning_details"),
        ..routed("thinks-deepseek/deepseek-v4", "")
    },
    // A relay to whatever there is: it looks at nothing.
    Vendor { takes: Takes::Anything, hears: None, ..telling("passthrough", "thinks-relay", TEXT) },
    // Section 2.19.
    Vendor {
        takes: Takes::Only(&["reasoning"]),
        body: Body { efforts: THREE, ..strict(&["reasoning_format"]) },
        ..telling("cerebras", "thinks-cerebras-gpt-oss", "reasoning")
    },
    Vendor {
        takes: Takes::Only(&["reasoning"]),
        hears: Some("content"),
        is_variant: true,
        body: strict(&["reasoning_format"]),
        ..telling("cerebras", "thinks-cerebras-glm", "reasoning")
    },
    telling("fireworks", "thinks-fireworks", TEXT),
    telling("together", "thinks-together", "reasoning"),
    // Section 2.21.
    Vendor {
        family: "github-copilot-v1",
        sealed: Place::Beside,
        wants: Wants::Both,
        ..telling("copilot", "thinks-copilot-gemini-3-pro", "reasoning_text")
    },
    // Section 2.18: the signature of a call is mandatory from the third generation on.
    Vendor {
        family: "google-gemini-v1",
        told: Told::Tags("<thought>", "</thought>"),
        sealed: Place::OnCall,
        wants: Wants::Seal,
        body: Body { efforts: Some(&["minimal", "low", "medium", "high"]), ..OPEN },
        ..vendor("gemini", "thinks-gemini-3-flash")
    },
    Vendor {
        family: "google-gemini-v1",
        sealed: Place::OnCall,
        is_variant: true,
        ..vendor("gemini", "thinks-gemini-2.5")
    },
    // Section 2.6: the knobs differ by model, and thinking in the text excludes tools.
    Vendor {
        takes: Takes::Only(&["reasoning"]),
        body: Body {
            efforts: THREE,
            refuses: &["reasoning_format"],
            ..strict(&["include_reasoning"])
        },
        ..telling("groq", "thinks-groq-gpt-oss", "reasoning")
    },
    Vendor {
        takes: Takes::Only(&["reasoning"]),
        is_variant: true,
        body: Body {
            efforts: Some(&["none", "default"]),
            apart: Some(("reasoning_format", "include_reasoning")),
            with_tools: Some(("reasoning_format", &["parsed", "hidden"])),
            ..strict(&["reasoning_format", "include_reasoning"])
        },
        ..telling("groq", "thinks-groq-qwen3", "reasoning")
    },
    // Section 2.13.
    Vendor {
        wants: Wants::OfCalls,
        body: Body { apart: Some(("thinking", "reasoning_effort")), ..OPEN },
        ..telling("kimi", "thinks-kimi-k2.6", TEXT)
    },
    // Section 2.10.
    telling("llamacpp", "thinks-llamacpp", TEXT),
    // Section 2.20: with the setting off, tags.
    Vendor {
        told: Told::Tags("<think>", "</think>\n\n"),
        hears: Some(TEXT),
        ..vendor("lmstudio", "thinks-lmstudio")
    },
    // Section 2.15: asked to split, it tells all of it again each time.
    Vendor {
        told: Told::Again,
        family: "minimax-v1",
        hears: Some("reasoning_details"),
        ..vendor("minimax", "thinks-minimax-m2")
    },
    // Section 2.16.
    Vendor {
        told: Told::Part,
        hears: Some("content"),
        takes: Takes::Only(&[]),
        body: Body { efforts: Some(&["high", "none"]), ..strict(&["prompt_mode"]) },
        ..vendor("mistral", "thinks-magistral")
    },
    // Section 2.7: reads as vLLM does, and knows no member that it was not told of.
    Vendor {
        takes: Takes::Only(&["reasoning", TEXT]),
        body: strict(&["chat_template_kwargs"]),
        ..telling("nim", "thinks-nim-qwen3", TEXT)
    },
    // Section 2.11.
    Vendor {
        body: Body {
            efforts: Some(&["none", "minimal", "low", "medium", "high", "xhigh", "ultra", "max"]),
            ..OPEN
        },
        ..telling("ollama", "thinks-ollama", "reasoning")
    },
    // Section 2.12: what comes back is of no use.
    Vendor { hears: None, takes: Takes::Only(&[]), ..telling("qwen", "thinks-qwen-plus", TEXT) },
    // Section 2.9.
    telling("sglang", "thinks-sglang", TEXT),
    // Section 2.17: no thinking comes back in Chat, and those that think take no penalties or stops.
    Vendor {
        hears: None,
        takes: Takes::Only(&[]),
        body: Body {
            efforts: Some(&["low", "high"]),
            refuses: &["presence_penalty", "frequency_penalty", "stop"],
            ..OPEN
        },
        ..telling("xai", "thinks-grok-3-mini", TEXT)
    },
    // Section 2.14.
    Vendor { wants: Wants::Unchanged, ..telling("zai", "thinks-glm-5.2", TEXT) },
];

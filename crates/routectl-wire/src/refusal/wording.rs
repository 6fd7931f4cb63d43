//! Known wordings, for hosts that give nothing else to go by. A table, read from the top: what
//! would be mistaken for something else stands before it, so money and rate limits come before
//! context overflow (both speak of tokens and limits). (provider-quirks §2.1, §2.2)

use routectl_core::Class;
use routectl_core::Class::{
    Auth, BadRequest, ContentPolicy, ContextWindow, FeatureUnsupported, ModelMissing, Overloaded,
    Quota, RateLimited, ServerError,
};

/// One wording: all its parts in this order, in lower case, and what it means.
pub(super) struct Wording {
    pub(super) class: Class,
    pub(super) parts: &'static [&'static str],
    /// The statuses it is believed under; empty is any.
    pub(super) under: &'static [u16],
}

const fn says(class: Class, parts: &'static [&'static str]) -> Wording {
    Wording { class, parts, under: &[] }
}

const fn under(under: &'static [u16], class: Class, parts: &'static [&'static str]) -> Wording {
    Wording { class, parts, under }
}

/// All of them, in the order they are asked.
pub(super) const WORDINGS: &[&[Wording]] =
    &[LIMITS, OVERFLOW, POLICY, KEYS, MODELS, FEATURES, BUSY, BAD_REQUEST_UNDER_500];

/// Limits that pass soon and limits that do not.
const LIMITS: &[Wording] = &[
    says(Quota, &["too many tokens per day"]), // Bedrock
    says(Quota, &["-per-day"]),                // OpenRouter: free-models-per-day
    says(Quota, &["perday"]),                  // Gemini's quota ids
    says(Quota, &["quota", "per day"]),
    says(Quota, &["daily limit"]),
    says(Quota, &["daily call limit"]), // Z.ai
    says(Quota, &["weekly limit"]),
    says(Quota, &["monthly limit"]),
    says(Quota, &["usage limit"]), // Anthropic: reached your specified API usage limits
    says(Quota, &["spend limit"]),
    says(Quota, &["spending limit"]),
    says(Quota, &["spending cap"]),
    says(Quota, &["spend cap"]),
    says(Quota, &["key limit exceeded"]), // OpenRouter
    says(Quota, &["budget has been exceeded"]),
    says(Quota, &["billing hard limit"]),
    says(Quota, &["credit balance"]),
    says(Quota, &["insufficient balance"]), // DeepSeek, Moonshot
    says(Quota, &["insufficient credit"]),
    says(Quota, &["insufficient quota"]),
    says(Quota, &["insufficient funds"]),
    says(Quota, &["requires more credits"]),
    says(Quota, &["out of credits"]),
    says(Quota, &["have any credits"]), // xAI
    says(Quota, &["in arrears"]),       // Z.ai
    // Gemini says the same of its minute and of its day; only one of them tells when to retry.
    says(RateLimited, &["perminute"]),
    says(RateLimited, &["exceeded your current quota", "retry in"]),
    says(Quota, &["exceeded your current quota"]),
    says(RateLimited, &["rate limit"]),
    says(RateLimited, &["rate-limit"]),
    says(RateLimited, &["rate_limit"]),
    says(RateLimited, &["tokens per min"]),
    says(RateLimited, &["requests per min"]),
    says(RateLimited, &["(tpm)"]), // Groq, under 413 too
    says(RateLimited, &["(rpm)"]),
    says(RateLimited, &["(tpd)"]),
    says(RateLimited, &["(rpd)"]),
    says(RateLimited, &["too many requests"]),
    says(RateLimited, &["too many tokens, please wait"]), // Bedrock
];

const OVERFLOW: &[Wording] = &[
    says(ContextWindow, &["prompt is too long"]), // Anthropic
    says(ContextWindow, &["prompt_too_long"]),    // capability_rejected: prompt_too_long
    says(ContextWindow, &["exceed context limit"]), // Anthropic, older
    says(ContextWindow, &["input is too long"]),  // Bedrock
    says(ContextWindow, &["exceed", "context window"]), // OpenAI
    says(ContextWindow, &["context window", "exceed"]), // MiniMax
    says(ContextWindow, &["context_window_exceeded"]), // Z.ai
    says(ContextWindow, &["maximum context length"]), // OpenAI, vLLM, OpenRouter, Mistral
    says(ContextWindow, &["context length exceeded"]),
    says(ContextWindow, &["context_length_exceeded"]),
    says(ContextWindow, &["input token count", "exceeds the maximum"]), // Gemini
    says(ContextWindow, &["token count", "exceeds the limit of"]),      // Copilot
    says(ContextWindow, &["maximum prompt length"]),                    // xAI
    says(ContextWindow, &["reduce the length of"]),                     // Groq
    says(ContextWindow, &["longer than the maximum model length"]),     // Together, Fireworks
    says(ContextWindow, &["longer than the model's context length"]),   // SGLang
    says(ContextWindow, &["exceeds the available context size"]),       // llama.cpp
    says(ContextWindow, &["greater than the context length"]),          // LM Studio
    says(ContextWindow, &["exceeded model token limit"]),               // Kimi
    says(ContextWindow, &["token limit exceeded"]),
    says(ContextWindow, &["too many tokens"]),
];

const POLICY: &[Wording] = &[
    says(ContentPolicy, &["content exists risk"]), // DeepSeek, Moonshot
    says(ContentPolicy, &["content management policy"]), // Azure
    says(ContentPolicy, &["content filtering policy"]), // Anthropic
    says(ContentPolicy, &["content policy"]),
    says(ContentPolicy, &["usage polic"]), // OpenAI: usage policy, usage policies
    says(ContentPolicy, &["safety system"]),
    says(ContentPolicy, &["inappropriate content"]), // DashScope
    says(ContentPolicy, &["data_inspection_failed"]),
    says(ContentPolicy, &["prohibited content"]),
    says(ContentPolicy, &["blocked by", "guardrail"]),
    says(ContentPolicy, &["guardrail intervened"]),
    under(&[400, 403], ContentPolicy, &["requires moderation"]), // OpenRouter
    under(&[400, 403], ContentPolicy, &["was flagged"]),
];

const KEYS: &[Wording] = &[
    says(Auth, &["api key not valid"]), // Google, under 400
    says(Auth, &["invalid api key"]),
    says(Auth, &["incorrect api key"]),
    says(Auth, &["api key", "expired"]),
    says(Auth, &["invalid x-api-key"]),
    says(Auth, &["no auth credentials"]), // OpenRouter
    says(Auth, &["security token included in the request"]), // AWS
    says(Auth, &["organization has been disabled"]), // Anthropic, under 400
];

const MODELS: &[Wording] = &[
    says(ModelMissing, &["model", "not supported", "chatgpt account"]), // Codex
    says(ModelMissing, &["on-demand throughput", "supported"]),         // Bedrock
    says(ModelMissing, &["model identifier is invalid"]),
    says(FeatureUnsupported, &["no endpoints found that support"]), // OpenRouter
    says(ModelMissing, &["no endpoints found"]),
    says(ModelMissing, &["not a valid model"]),
    says(ModelMissing, &["invalid model name"]),
    says(ModelMissing, &["no such model"]),
    says(ModelMissing, &["unknown model"]),
    says(ModelMissing, &["try pulling it first"]), // Ollama
    under(&[400, 404, 410, 422], ModelMissing, &["model", "does not exist"]),
    under(&[400, 404, 410, 422], ModelMissing, &["model", "not found"]),
    under(&[400, 403, 404, 410], ModelMissing, &["decommissioned"]), // Groq
    under(&[400, 403, 404, 410], ModelMissing, &["end of life"]),    // NIM
    under(&[400, 403, 404, 410], ModelMissing, &["end of its life"]), // Bedrock
    under(&[400, 403, 404, 410], ModelMissing, &["model", "retired"]),
    under(&[400, 403, 404, 410], ModelMissing, &["model", "deprecated"]),
];

const FEATURES: &[Wording] = &[
    says(FeatureUnsupported, &["v1/responses"]), // OpenAI: models without Chat
    says(FeatureUnsupported, &["function tools with reasoning_effort are not supported"]),
    says(FeatureUnsupported, &["v1/chat/completions endpoint"]),
    says(FeatureUnsupported, &["territory not supported"]),
    says(FeatureUnsupported, &["location is not supported"]), // Gemini
    says(FeatureUnsupported, &["unsupported parameter"]),
    says(FeatureUnsupported, &["unsupported value"]),
    says(FeatureUnsupported, &["not supported", "this model"]),
    says(FeatureUnsupported, &["not support", "this model"]),
    says(FeatureUnsupported, &["this model", "not support"]),
    says(FeatureUnsupported, &["model doesn't support"]), // Bedrock
    says(FeatureUnsupported, &["does not support tools"]), // Ollama
    says(FeatureUnsupported, &["does not support thinking"]),
    says(FeatureUnsupported, &["enable-auto-tool-choice"]), // vLLM
    under(&[403], FeatureUnsupported, &["access to", "model"]), // Bedrock, Vertex
    // A host without this API answers as for any path it does not know.
    under(&[404, 405], FeatureUnsupported, &["page not found"]),
    under(&[404, 405], FeatureUnsupported, &["invalid url"]),
    under(&[404, 405], FeatureUnsupported, &["unknown url"]),
    under(&[404, 405], FeatureUnsupported, &["unknown request url"]),
    under(&[404, 405], FeatureUnsupported, &["cannot post"]),
    under(&[404, 405], FeatureUnsupported, &["no route"]),
    under(&[404, 405], FeatureUnsupported, &["\nnot found\n"]), // FastAPI
    under(&[404], BadRequest, &["file", "not found"]),
];

const BUSY: &[Wording] = &[
    says(ServerError, &["upstream connect error"]), // Envoy, under 503
    says(Overloaded, &["overloaded"]),
    says(Overloaded, &["loading model"]), // llama.cpp
    says(Overloaded, &["model", "is loading"]),
    says(Overloaded, &["currently loading"]),
    says(Overloaded, &["loading", "model", "progress"]),
    says(Overloaded, &["at capacity"]), // Codex
    says(Overloaded, &["over capacity"]),
    says(Overloaded, &["high concurrency"]), // Z.ai
    says(Overloaded, &["high demand"]),
    says(Overloaded, &["server", "busy"]),       // DeepSeek
    says(Overloaded, &["too many connections"]), // Bedrock
    says(Overloaded, &["unable to process your request"]),
];

/// Local servers blame themselves for what the request brought along.
const BAD_REQUEST_UNDER_500: &[Wording] = &[
    under(&[500], BadRequest, &["jinja"]),
    under(&[500], BadRequest, &["chat template"]),
    under(&[500], BadRequest, &["template error"]),
    under(&[500], BadRequest, &["failed to parse", "grammar"]),
    under(&[500], BadRequest, &["failed to parse", "messages"]),
    under(&[500], BadRequest, &["failed to parse", "request"]),
    under(&[500], BadRequest, &["failed to parse", "tool"]),
    under(&[500], BadRequest, &["parse error", "json"]),
    under(&[500], BadRequest, &["roles must alternate"]),
    under(&[500], BadRequest, &["roles are supported"]),
];

/// What these lines mean, if one of them is known. Each stands between line ends, so that a
/// wording can say that it is the whole.
pub(super) fn class<'a>(
    lines: impl Iterator<Item = &'a str>,
    status: Option<u16>,
) -> Option<Class> {
    let mut said = String::from("\n");
    for line in lines {
        said.push_str(&fold(line));
        said.push('\n');
    }
    let believed = |wording: &Wording| {
        wording.under.is_empty() || status.is_some_and(|status| wording.under.contains(&status))
    };
    let known = |wording: &&Wording| believed(wording) && holds(&said, wording.parts);
    WORDINGS.iter().copied().flatten().find(known).map(|wording| wording.class)
}

/// In lower case and with plain apostrophes: AWS writes curly ones.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase().replace('’', "'")
}

/// Whether something holds all of these, in this order.
pub(crate) fn holds(said: &str, parts: &[&str]) -> bool {
    let mut rest = Some(said);
    for part in parts {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, rest)| rest);
    }
    rest.is_some()
}

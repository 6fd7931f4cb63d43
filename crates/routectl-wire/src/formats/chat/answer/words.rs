//! The words for the end of an answer and the arithmetic of its counters.

use routectl_core::{Class, StopReason, Usage};

use super::super::types;

/// The words for the end of an answer, official ones first, then those seen at compatible hosts.
pub(super) fn stop_reason(word: &str) -> StopReason {
    match word {
        "stop" | "eos" | "end_turn" => StopReason::EndTurn,
        "length" | "max_tokens" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" | "sensitive" => StopReason::ContentFilter,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// Words with which hosts end an answer that failed. (facts: provider quirks, section 4.2)
pub(super) fn broken_off(word: &str) -> Option<Class> {
    match word {
        "error" | "network_error" => Some(Class::ServerError),
        "insufficient_system_resource" => Some(Class::Overloaded),
        _ => None,
    }
}

/// Chat counts cached tokens inside the prompt and thinking inside the completion; the hub counts
/// each token once. Hosts that count otherwise give themselves away by their own sums. (facts:
/// translation, section 8.3; provider quirks, section 4.2)
pub(super) fn disjoint(usage: &types::Usage) -> Usage {
    let details = usage.prompt_tokens_details.clone().unwrap_or_default();
    let cache_read =
        details.cached_tokens.or(usage.prompt_cache_hit_tokens).or(usage.cached_tokens);
    let cached = cache_read.unwrap_or(0).saturating_add(details.cache_write_tokens.unwrap_or(0));
    let reasoning =
        usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
    Usage {
        // More cached than there is prompt: the prompt is counted without the cache.
        input: usage.prompt_tokens.map(|prompt| prompt.checked_sub(cached).unwrap_or(prompt)),
        cache_read,
        cache_write_5m: details.cache_write_tokens,
        cache_write_1h: None,
        output: output(usage, reasoning),
        reasoning,
    }
}

/// xAI and Gemini count thinking beside the completion: then only all three add up to the total.
fn output(usage: &types::Usage, reasoning: Option<u64>) -> Option<u64> {
    let completion = usage.completion_tokens?;
    let both = completion.saturating_add(reasoning.unwrap_or(0));
    let beside = usage.total_tokens == usage.prompt_tokens.map(|it| it.saturating_add(both));
    Some(if beside && usage.total_tokens.is_some() { both } else { completion })
}

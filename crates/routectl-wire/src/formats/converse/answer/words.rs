//! The words for the end of an answer, and its counters.

use routectl_core::{StopReason, Usage};

use crate::json::{Node, Value};

/// (facts: Bedrock, section 2.2)
pub(super) fn stop_reason(word: &str, told: &Node<'_>) -> StopReason {
    match word {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence(stop_sequence(told)),
        "guardrail_intervened" | "content_filtered" => StopReason::ContentFilter,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// Which sequence it was stands among the members that the request asked for by their path.
fn stop_sequence(told: &Node<'_>) -> Option<String> {
    let fields = told.member("additionalModelResponseFields")?;
    Some(fields.member("stop_sequence")?.text()?.into_owned())
}

/// Counters are disjoint already; writes are told apart by lifetime where there were any. Members
/// that are not of the service's model repeat them under other names.
pub(super) fn usage(usage: &Node<'_>) -> Usage {
    let count = |name| usage.member(name).and_then(number);
    let long = written(usage, "1h");
    let sum = count("cacheWriteInputTokens");
    let short = sum.map(|sum| sum.saturating_sub(long.unwrap_or(0)));
    Usage {
        input: count("inputTokens"),
        cache_read: count("cacheReadInputTokens"),
        cache_write_5m: short.or_else(|| written(usage, "5m")),
        cache_write_1h: long,
        output: count("outputTokens"),
        reasoning: None,
    }
}

/// The tokens written to caches of one lifetime.
fn written(usage: &Node<'_>, lifetime: &str) -> Option<u64> {
    let details = usage.member("cacheDetails").and_then(Node::list)?;
    let lives = |detail: &&Node<'_>| {
        detail.member("ttl").and_then(Node::text).is_some_and(|ttl| ttl == lifetime)
    };
    let counts = details.iter().filter(lives).filter_map(|it| number(it.member("inputTokens")?));
    counts.reduce(u64::saturating_add)
}

fn number(node: &Node<'_>) -> Option<u64> {
    if node.value == Value::Number { node.raw.parse().ok() } else { None }
}

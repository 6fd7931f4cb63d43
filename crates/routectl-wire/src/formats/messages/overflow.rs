//! A request that does not fit, in the words on which Claude Code shortens it. Every vendor tells
//! the two numbers in words of its own. (facts: provider quirks, section 2)

use crate::refusal::{self, Room, figures};

/// How Anthropic begins to say it.
pub(super) const TOO_LONG: &str = "prompt is too long";

/// Words beside the number that is the limit.
const LIMIT: &[&str] = &[
    "maximum",
    "limit",
    "context length",
    "context size",
    "context window",
    "allowed",
    "exceeds the available",
];

/// The upstream's sentence behind Anthropic's beginning, with both numbers where it tells them.
pub(super) fn told(said: &str) -> String {
    match numbers(said) {
        Some((tokens, limit)) => format!("{TOO_LONG}: {tokens} tokens > {limit} maximum ({said})"),
        None => format!("{TOO_LONG}: {said}"),
    }
}

/// How many tokens there are, and how many fit.
fn numbers(said: &str) -> Option<(u64, u64)> {
    let said = said.to_lowercase();
    let mut limit = None;
    let mut tokens = None;
    for figure in figures(&said) {
        let limits = LIMIT.iter().any(|word| figure.before.contains(word))
            || figure.after.trim_start().starts_with("maximum");
        match limits {
            true => limit = limit.or(Some(figure.number)),
            false => tokens = tokens.max(Some(figure.number)),
        }
    }
    let (tokens, limit) = (tokens?, limit?);
    (tokens > limit).then_some((tokens, limit))
}

/// The upstream's sentence behind Anthropic's words for too long an answer, on which Claude Code
/// asks for the number that it is told. An answer of which no number is told was longer than the
/// longest by one at least.
pub(super) fn shortened(said: &str) -> Option<String> {
    let Room { asked, most } = refusal::room(said)?;
    let asked = asked.unwrap_or_else(|| most.saturating_add(1));
    Some(format!(
        "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for this model ({said})"
    ))
}

#[cfg(test)]
mod tests {
    use super::{shortened, told};

    #[test]
    fn the_numbers_are_found_in_every_vendors_words() {
        for (said, numbers) in [
            // OpenAI, Azure
            (
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 135,000 tokens. Please reduce the length of the messages.",
                "135000 tokens > 128000 maximum",
            ),
            (
                "This model's maximum context length is 128000 tokens. However, you requested 135000 tokens (127000 in the messages, 8000 in the completion).",
                "135000 tokens > 128000 maximum",
            ),
            (
                "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
                "300000 tokens > 272000 maximum",
            ),
            // Gemini
            (
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "1200000 tokens > 1048576 maximum",
            ),
            // xAI
            (
                "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
                "150000 tokens > 131072 maximum",
            ),
            // Kimi
            (
                "Your request exceeded model token limit: 131072 (requested: 140000)",
                "140000 tokens > 131072 maximum",
            ),
            // Mistral
            (
                "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
                "40000 tokens > 32768 maximum",
            ),
            // vLLM
            (
                "You passed 5001 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens.",
                "5001 tokens > 4096 maximum",
            ),
            // llama.cpp
            (
                "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
                "9000 tokens > 8192 maximum",
            ),
            // Copilot
            (
                "prompt token count of 70000 exceeds the limit of 64000",
                "70000 tokens > 64000 maximum",
            ),
            // OpenRouter
            (
                "This endpoint's maximum context length is 200000 tokens. However, you requested about 250000 tokens (240000 of text input, 10000 in the output).",
                "250000 tokens > 200000 maximum",
            ),
        ] {
            assert_eq!(told(said), format!("prompt is too long: {numbers} ({said})"));
        }
    }

    #[test]
    fn numbers_that_are_not_both_there_are_not_made_up() {
        for said in [
            "Your input exceeds the context window of this model.",
            "Please reduce the length of the messages or completion.",
            "maximum context length is 4096 tokens",
            "gpt-4-0613 has no room for 3 messages",
            "the request of 100 tokens is above the limit of 200",
            "limit 99999999999999999999999999 exceeded by 5000",
            "",
        ] {
            assert_eq!(told(said), format!("prompt is too long: {said}"));
        }
    }

    #[test]
    fn too_long_an_answer_is_told_with_the_room_there_is() {
        for (said, numbers) in [
            (
                "max_tokens is too large: 32000. This model supports at most 16384 completion tokens",
                "32000 > 16384",
            ),
            (
                "This model's maximum context length is 128000 tokens. However, you requested 129010 tokens (1010 in the messages, 128000 in the completion).",
                "128000 > 126990",
            ),
            ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", "8193 > 8192"),
        ] {
            let told = format!(
                "max_tokens: {numbers}, which is the maximum allowed number of output tokens for this model ({said})"
            );
            assert_eq!(shortened(said), Some(told));
        }
        assert_eq!(shortened("maximum context length is 4096 tokens"), None);
    }
}

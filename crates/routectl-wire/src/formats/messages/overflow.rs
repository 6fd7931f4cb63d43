//! A request that does not fit, in the words on which Claude Code shortens it. Every vendor tells
//! the two numbers in words of its own. (facts: provider quirks, section 2)

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

/// Fewest digits of a number of tokens: shorter ones count messages or name models.
const DIGITS: usize = 3;

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
    let mut rest = said.as_str();
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|it: char| !it.is_ascii_digit() && it != ',').unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        rest = after;
        let digits = digits.replace(',', "");
        let named =
            before.ends_with(|it: char| it.is_alphanumeric() || matches!(it, '-' | '.' | '_'));
        let Ok(number) = digits.parse::<u64>() else { continue };
        if digits.len() < DIGITS || named || after.starts_with(|it: char| it.is_alphabetic()) {
            continue;
        }
        let limits = LIMIT.iter().any(|word| before.contains(word))
            || after.trim_start().starts_with("maximum");
        match limits {
            true => limit = limit.or(Some(number)),
            false => tokens = tokens.max(Some(number)),
        }
    }
    let (tokens, limit) = (tokens?, limit?);
    (tokens > limit).then_some((tokens, limit))
}

#[cfg(test)]
mod tests {
    use super::told;

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
}

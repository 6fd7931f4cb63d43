//! A request that asks for a longer answer than there is room for: its prompt fits, so a shorter
//! limit on the answer is all it takes.
//!
//! Vendors tell it in the words of an overflow and with its code, or name the longest answer there
//! is. (facts: provider quirks, section 2; clients, section 2.5)

use super::figures::{Figure, figures};

/// Words before the tokens that prompt and answer share.
const WINDOW: &[&str] = &["context length", "context window", "context limit"];

/// Words beside the tokens of a prompt.
const PROMPT: &[&str] = &["input", "messages", "functions", "prompt"];

/// Words beside the tokens of an answer.
const ANSWER: &[&str] =
    &["completion", "output", "max_tokens", "max_completion_tokens", "maximum tokens"];

/// Words before the longest answer there is.
const MOST: &[&str] =
    &["at most", "valid range", "less than or equal to", "exceeds the model limit of"];

/// Words before an answer that was asked for.
const ASKED: &[&str] = &["too large:", "you provided"];

/// The answer that was asked for, and the longest that there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Not every vendor says it.
    pub(crate) asked: Option<u64>,
    pub(crate) most: u64,
}

/// The room for an answer, where a refusal says that too long a one was asked for.
pub(crate) fn room(said: &str) -> Option<Room> {
    let said = said.to_lowercase();
    let figures = figures(&said);
    summed(&figures).or_else(|| split(&figures)).or_else(|| capped(&figures))
}

/// `188240 + 21333 > 200000`, as Anthropic said it once.
fn summed(figures: &[Figure<'_>]) -> Option<Room> {
    let sum = figures.windows(3).find_map(|three| match three {
        [prompt, answer, window] => {
            let signs = prompt.after.starts_with(" + ") && answer.after.starts_with(" > ");
            signs.then_some((prompt.number, answer.number, window.number))
        }
        _ => None,
    });
    let (prompt, answer, window) = sum?;
    left(window, prompt, answer)
}

/// Both parts of what was asked for, and the window that they do not fit into together.
fn split(figures: &[Figure<'_>]) -> Option<Room> {
    let mut window = None;
    let mut prompt: Option<u64> = None;
    let mut answer = None;
    for figure in figures {
        if holds(figure.before, WINDOW) && window.is_none() {
            window = Some(figure.number);
            continue;
        }
        let named = figure.named();
        match (first(named, PROMPT), first(named, ANSWER)) {
            (Some(this), other) if other.is_none_or(|other| this < other) => {
                prompt = Some(prompt.unwrap_or(0).saturating_add(figure.number));
            }
            (_, Some(_)) => answer = answer.or(Some(figure.number)),
            (_, None) if asks(figure) => answer = answer.or(Some(figure.number)),
            (_, None) => {}
        }
    }
    left(window?, prompt?, answer?)
}

/// The longest answer of a model, whatever the prompt.
fn capped(figures: &[Figure<'_>]) -> Option<Room> {
    let caps = |figure: &&Figure<'_>| {
        holds(figure.before, MOST)
            && (holds(figure.before, ANSWER) || holds(figure.named(), ANSWER))
    };
    let most = figures.iter().find(caps)?.number;
    let asked = figures.iter().find(|figure| asks(figure)).map(|figure| figure.number);
    asked.is_none_or(|asked| asked > most).then_some(Room { asked, most })
}

/// What the window leaves for the answer beside the prompt.
fn left(window: u64, prompt: u64, answer: u64) -> Option<Room> {
    let most = window.checked_sub(prompt).filter(|most| *most > 0)?;
    (answer > most).then_some(Room { asked: Some(answer), most })
}

fn asks(figure: &Figure<'_>) -> bool {
    ASKED.iter().any(|words| figure.before.trim_end().ends_with(words))
}

fn holds(text: &str, words: &[&str]) -> bool {
    first(text, words).is_some()
}

/// Where the first of these words stands.
fn first(text: &str, words: &[&str]) -> Option<usize> {
    words.iter().filter_map(|word| text.find(word)).min()
}

#[cfg(test)]
mod tests {
    use super::{Room, room};

    #[test]
    fn too_long_an_answer_is_told_from_too_long_a_prompt() {
        for (said, asked, most) in [
            // OpenAI, DeepSeek
            (
                "This model's maximum context length is 128000 tokens. However, you requested 129010 tokens (1010 in the messages, 128000 in the completion). Please reduce the length of the messages or completion.",
                Some(128_000),
                126_990,
            ),
            (
                "This model's maximum context length is 8192 tokens. However, you requested 8,500 tokens (400 in the messages, 100 in the functions, and 8,000 in the completion).",
                Some(8_000),
                7_692,
            ),
            (
                "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.",
                Some(32_000),
                16_384,
            ),
            ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", None, 8_192),
            // Groq
            (
                "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model",
                None,
                8_192,
            ),
            // OpenRouter
            (
                "This endpoint's maximum context length is 200000 tokens. However, you requested about 210000 tokens (9000 of text input, 1000 of tool input, 200000 in the output). Please reduce the length of either one.",
                Some(200_000),
                190_000,
            ),
            // vLLM
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 5000 input tokens (32000 > 32768 - 5000).",
                Some(32_000),
                27_768,
            ),
            (
                "You passed 1000 input tokens and requested 4000 output tokens. However, the model's context length is only 4096 tokens.",
                Some(4_000),
                3_096,
            ),
            (
                "This model's maximum context length is 32768 tokens. However, you requested 32000 output tokens and your prompt contains at least 5000 input tokens, for a total of at least 37000 tokens.",
                Some(32_000),
                27_768,
            ),
            // Bedrock
            (
                "The maximum tokens you requested exceeds the model limit of 64000. Try again with a maximum tokens value that is lower than 64000.",
                None,
                64_000,
            ),
            // Anthropic, older
            (
                "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again",
                Some(21_333),
                11_760,
            ),
        ] {
            assert_eq!(room(said), Some(Room { asked, most }), "{said}");
        }
    }

    #[test]
    fn a_prompt_that_does_not_fit_alone_and_other_limits_leave_no_room() {
        for said in [
            "This endpoint's maximum context length is 200000 tokens. However, you requested about 250000 tokens (240000 of text input, 10000 in the output).",
            "You passed 5001 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens.",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 135000 tokens.",
            "This model's maximum context length is 4096 tokens. However, you requested 4196 tokens (4096 in the messages, 100 in the completion).",
            "input length and `max_tokens` exceed context limit: 200001 + 100 > 200000",
            "max_tokens: 128000 > 8192, which is the maximum allowed number of output tokens for x",
            "Invalid 'messages': too long: expected at most 2048 messages, got 3000",
            "`max_tokens` must be greater than `thinking.budget_tokens`",
            "max_tokens is too large: 100. This model supports at most 16384 completion tokens",
            "temperature: the valid range is [0, 200]",
            "",
        ] {
            assert_eq!(room(said), None, "{said}");
        }
    }
}

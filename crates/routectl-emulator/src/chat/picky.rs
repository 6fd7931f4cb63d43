//! Hosts with wishes of their own about members and about earlier thinking, by model names that
//! begin with `picky-`. Everything else they let pass.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// How the names of their models begin.
const BEGINNING: &str = "picky-";

/// Whether a model is one of these.
pub(crate) fn is_picky(name: &str) -> bool {
    name.starts_with(BEGINNING)
}

/// Refuses what the host of this model refuses, in its vendor's words. (facts: reasoning, sections
/// 2.4, 2.13, 2.18 and 10; OpenAI Chat, section 5)
pub(crate) fn check(body: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
    let Some(wish) = name.strip_prefix(BEGINNING) else { return Ok(()) };
    if let Some(member) = wish.strip_prefix("without-") {
        return match body.get(member) {
            None => Ok(()),
            Some(_) => {
                let text =
                    format!("Unsupported parameter: '{member}' is not supported with this model.");
                Err(Refusal::bad(text).at(member).code("unsupported_parameter"))
            }
        };
    }
    let messages = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let answers =
        messages.enumerate().filter(|(_, it)| it.get("role").is_some_and(|it| it == "assistant"));
    for (index, answer) in answers {
        let calls = answer.get("tool_calls").and_then(Value::as_array);
        let thought = answer.get("reasoning_content").and_then(Value::as_str);
        let signature = calls
            .and_then(|calls| calls.first())
            .and_then(|call| call.pointer("/extra_content/google/thought_signature"));
        let refused = match wish {
            // DeepSeek.
            "echo" if calls.is_some() && thought.is_none() => {
                "The `reasoning_content` in the thinking mode must be passed back to the API."
                    .to_owned()
            }
            // Kimi.
            "words" if calls.is_some() && thought.is_none_or(str::is_empty) => format!(
                "thinking is enabled but reasoning_content is missing in assistant tool call \
                 message at index {index}"
            ),
            // Groq and other strict hosts.
            "silence" if thought.is_some() => {
                format!("Unknown parameter: 'messages[{index}].reasoning_content'.")
            }
            // Gemini.
            "signature" if calls.is_some() && signature.is_none() => {
                "Function call is missing a thought_signature in functionCall parts. This is \
                 required for tools to work correctly."
                    .to_owned()
            }
            // A relay.
            "effort" if thought.is_some() && !body.contains_key("reasoning_effort") => {
                "reasoning_effort is required when messages carry reasoning_content".to_owned()
            }
            _ => continue,
        };
        return Err(Refusal::bad(refused));
    }
    Ok(())
}

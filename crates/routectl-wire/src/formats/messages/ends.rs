//! How a conversation ends.

use crate::Document;
use crate::formats::said;

/// The ids of the results in the last turn of the client. Neighbouring messages of one role are
/// one turn, and what stands beside results in it does not end the loop: Claude Code puts its
/// reminders there. (facts: Anthropic Messages, section 4.1)
pub(super) fn results(body: &Document) -> Vec<String> {
    said::latest_first(body)
        .take_while(|message| matches!(message.role(), "user" | "system"))
        .flat_map(said::Message::answers)
        .collect()
}

/// The last turn of the assistant, as far as thinking with a budget is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastAnswer {
    /// It has begun, and the model is to go on with it.
    Unfinished,
    /// It calls tools and does not begin with thinking.
    CallsUnthinking,
    /// Nothing of that, or there is none.
    Other,
}

/// How the last turn of the assistant looks. One that waits for a server's tool is not
/// unfinished: it goes back as it is. (facts: Anthropic Messages, section 10)
pub(super) fn last_answer(body: &Document) -> LastAnswer {
    let messages = said::latest_first(body).filter(|message| message.role() != "system");
    let mut messages = messages.enumerate();
    let Some((behind, last)) = messages.find(|(_, message)| message.role() == "assistant") else {
        return LastAnswer::Other;
    };
    let kinds = last.kinds();
    let has = |kind: &str| kinds.iter().any(|it| it == kind);
    let thinks = kinds.first().is_some_and(|it| matches!(&**it, "thinking" | "redacted_thinking"));
    if behind == 0 && !has("server_tool_use") {
        LastAnswer::Unfinished
    } else if has("tool_use") && !thinks {
        LastAnswer::CallsUnthinking
    } else {
        LastAnswer::Other
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::{Document, MESSAGES};

    fn body(messages: &str) -> Document {
        Document::parse(Bytes::from(format!("{{\"messages\":[{messages}]}}"))).unwrap()
    }

    #[test]
    fn a_loop_of_tools_is_told_from_a_turn_of_a_person() {
        const CALL: &str = r#"{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"x","input":{}}]}"#;
        for (end, expected) in [
            (r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}"#, &["a"][..]),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"\"]"}]},{"type":"tool_result","tool_use_id":"b"},{"type":"text","text":"<system-reminder>"}]}"#,
                &["a", "b"],
            ),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]},{"role":"system","content":"hurry"}"#,
                &["a"],
            ),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]},{"role":"user","content":"and?"}"#,
                &["a"],
            ),
            (
                r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]},{"role":"assistant","content":"done"},{"role":"user","content":"more"}"#,
                &[],
            ),
            (r#"{"role":"user","content":[5]}"#, &[]),
        ] {
            assert_eq!(MESSAGES.results(&body(&format!("{CALL},{end}"))), expected, "{end}");
        }
        assert!(MESSAGES.results(&body("")).is_empty());
    }

    #[test]
    fn first_words_are_the_same_however_they_are_spelled() {
        for messages in [
            r#"{"role":"user","content":"hi there"}"#,
            r#"{"role":"user","content":[{"type":"text","text":"hi there","cache_control":{"type":"ephemeral"}}]}"#,
        ] {
            assert_eq!(MESSAGES.first_words(&body(messages)), "hi there", "{messages}");
        }
    }
}

//! How a conversation ends.

use crate::Document;
use crate::formats::said;

/// The ids of the results behind the last message that is none. What the operator says among them
/// does not end the loop.
pub(super) fn results(body: &Document) -> Vec<String> {
    said::latest_first(body)
        .take_while(|message| matches!(message.role(), "tool" | "system" | "developer"))
        .flat_map(said::Message::answers)
        .collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::{CHAT, Document};

    fn body(messages: &str) -> Document {
        Document::parse(Bytes::from(format!("{{\"messages\":[{messages}]}}"))).unwrap()
    }

    #[test]
    fn a_loop_of_tools_is_told_from_a_turn_of_a_person() {
        const CALL: &str =
            r#"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"a"}]}"#;
        for (end, expected) in [
            (r#"{"role":"tool","tool_call_id":"a","content":"1"}"#, &["a"][..]),
            (
                r#"{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","content":[{"type":"text","text":"]"}],"tool_call_id":"b"}"#,
                &["b", "a"],
            ),
            (r#"{"role":"tool","tool_call_id":"a"},{"role":"system","content":"hurry"}"#, &["a"]),
            (r#"{"role":"tool","tool_call_id":"a"},{"role":"user","content":"no"}"#, &[]),
            (r#"{"role":"assistant","content":"hm"}"#, &[]),
            (r#"{"role":5}"#, &[]),
        ] {
            assert_eq!(CHAT.results(&body(&format!("{CALL},{end}"))), expected, "{end}");
        }
        assert!(CHAT.results(&body("")).is_empty());
    }

    #[test]
    fn first_words_are_the_same_however_they_are_spelled() {
        for messages in [
            r#"{"role":"user","content":"hi there"}"#,
            r#"{"role":"system","content":"be nice"},{"role":"user","content":[{"type":"text","text":"hi there"}]}"#,
            r#"{"role":"user","content":[{"type":"text","text":"hi there","cache_control":{}}]},{"role":"user","content":"x"}"#,
        ] {
            assert_eq!(CHAT.first_words(&body(messages)), "hi there", "{messages}");
        }
        assert_eq!(CHAT.first_words(&body(r#"{"role":"assistant","content":"x"}"#)), "");
    }
}

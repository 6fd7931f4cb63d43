//! How a conversation begins and ends, read without what stands between.

use serde::Deserialize;

use crate::Document;
use crate::formats::Text;
use crate::formats::said::Said;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_call_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Said<'a>,
}

impl Message<'_> {
    fn role(&self) -> &str {
        self.role.as_ref().map_or("", |role| &role.0)
    }
}

/// The ids of the results behind the last message that is none. What the operator says among them
/// does not end the loop.
pub(super) fn results(body: &Document) -> Vec<String> {
    let messages = body.elements("messages").rev();
    messages
        .map_while(|json| serde_json::from_slice::<Message<'_>>(json).ok())
        .take_while(|message| matches!(message.role(), "tool" | "system" | "developer"))
        .filter_map(|message| message.tool_call_id.map(|id| id.0.into_owned()))
        .collect()
}

/// The text of the first message of a person.
pub(super) fn first_words(body: &Document) -> String {
    let messages = body.elements("messages");
    let mut messages = messages.map_while(|json| serde_json::from_slice::<Message<'_>>(json).ok());
    let first = messages.find(|message| message.role() == "user");
    first.map_or_else(String::new, |message| message.content.text())
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

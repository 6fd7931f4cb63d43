//! What holds of every edit for a dialect, whatever a client writes.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// What a body may say beside its messages, well or badly.
const OF_A_BODY: [&str; 20] = [
    r#""model":"m""#,
    r#""tools":[{"type":"function","function":{"name":"f"}}]"#,
    r#""tools":[]"#,
    r#""stream":true"#,
    r#""max_tokens":2000"#,
    r#""reasoning":{"effort":"high"}"#,
    r#""reasoning":{"enabled":false,"other":1}"#,
    r#""reasoning":{"max_tokens":900,"exclude":true}"#,
    r#""reasoning":"high""#,
    r#""reasoning_effort":"max""#,
    r#""reasoning_effort":"none""#,
    r#""reasoning_effort":null"#,
    r#""thinking":{"type":"disabled"}"#,
    r#""thinking":{"budget_tokens":99999,"type":"enabled","keep":"all"}"#,
    r#""thinking":[]"#,
    r#""enable_thinking":true"#,
    r#""chat_template_kwargs":{"thinking":false,"mine":{}}"#,
    r#""chat_template_kwargs":{"reasoning_effort":"low"}"#,
    r#""include_reasoning":false"#,
    r#""temperature":0.5,"presence_penalty":1"#,
];

/// What a message may say.
const OF_A_MESSAGE: [&str; 22] = [
    r#""role":"assistant""#,
    r#""role":"user""#,
    r#""content":"a""#,
    r#""content":null"#,
    r#""content":"<think>\nhm\n</think>\n\na""#,
    r#""content":[{"type":"text","text":"a"}]"#,
    r#""content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}]"#,
    r#""content":7"#,
    r#""reasoning":"hm""#,
    r#""reasoning":null"#,
    r#""reasoning_content":"hm""#,
    r#""reasoning_content":"other""#,
    r#""reasoning_content":"""#,
    r#""reasoning_text":"hm""#,
    r#""reasoning_opaque":"c2VhbA==""#,
    r#""reasoning_details":[{"type":"reasoning.text","text":"hm","format":"unknown","index":0}]"#,
    r#""reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"c2Vh"},{"type":"reasoning.encrypted","data":"x","id":"a","format":"google-gemini-v1"}]"#,
    r#""reasoning_details":[]"#,
    r#""thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"c2Vh"}]"#,
    r#""tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b"}]"#,
    r#""tool_calls":[{"id":"a","extra_content":{"google":{"thought_signature":"own"}}}]"#,
    r#""tool_calls":[[]]"#,
];

fn message() -> impl Strategy<Value = String> {
    let members = subsequence(OF_A_MESSAGE.to_vec(), 0..6).prop_shuffle();
    let said = members.prop_map(|members| format!("{{ {} }}", members.join(" , ")));
    let assistants = subsequence(OF_A_MESSAGE[2..].to_vec(), 0..5).prop_shuffle();
    let said_by_the_model = assistants.prop_map(|members| {
        let members: Vec<&str> = std::iter::once(OF_A_MESSAGE[0]).chain(members).collect();
        format!("{{{}}}", members.join(" ,"))
    });
    prop_oneof![1 => said, 4 => said_by_the_model, 1 => select(vec!["7".to_owned(), "[]".to_owned()])]
}

fn body() -> impl Strategy<Value = String> {
    let members = subsequence(OF_A_BODY.to_vec(), 0..5).prop_shuffle();
    let messages = prop::collection::vec(message(), 0..4);
    (members, messages, any::<prop::sample::Index>()).prop_map(|(members, messages, place)| {
        let messages = format!("\"messages\" : [{}]", messages.join(" ,"));
        let mut members: Vec<String> = members.into_iter().map(str::to_owned).collect();
        members.insert(place.index(members.len() + 1), messages);
        format!("{{{}}}", members.join(" , "))
    })
}

proptest! {
    #[test]
    fn what_is_edited_is_json_and_needs_no_more_edits(body in body(), row in 0..DIALECTS.len()) {
        for (model, dialect) in models(DIALECTS[row]) {
            for history in [History::Auto, History::Strip, History::Preserve] {
                let abilities = Abilities { history, ..target(dialect) };
                let (once, _) = native(&body, &abilities);
                prop_assert!(serde_json::from_str::<Value>(&once).is_ok(), "{once}");
                let (twice, _) = native(&once, &abilities);
                prop_assert_eq!(&once, &twice, "{} {} {:?}", dialect.name, model, history);
            }
        }
    }
}

//! What holds for every request: the same bytes each time, the same beginning from turn to turn,
//! and the rules of Converse's conversations. (guarantees: G7)

use std::collections::HashSet;

use proptest::prelude::*;
use routectl_core::{Block, CacheMark, Fate, Role};

use super::*;

/// A long conversation with everything in it, up to so many messages.
fn growing(messages: usize) -> Request {
    let mut all = Vec::new();
    for round in 0..4 {
        all.push(format!(
            r#"{{"role":"user","content":[{{"type":"text","text":"Round {round}?"}},
            {{"type":"document","title":"a.pdf","source":{{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}}}]}}"#
        ));
        all.push(
            r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"EqQB"},
            {"type":"text","text":"Looking."},{"type":"tool_use","id":"functions.look:0","name":"look","input":{"n":1.0}}]}"#
                .to_owned(),
        );
        all.push(
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"functions.look:0","content":"seen"},{"type":"text","text":"Go on."}]}"#
                .to_owned(),
        );
        all.push(r#"{"role":"assistant","content":"Done."}"#.to_owned());
    }
    all.truncate(messages);
    super::messages(&format!(
        r#""system":"Be brief.","tools":[{{"name":"look","input_schema":{{"type":"object"}}}}],"messages":[{}]"#,
        all.join(",")
    ))
}

const MARK: &str = r#",{"cachePoint":{"type":"default"}}"#;

/// The body up to the end of the messages, without marks.
fn beginning(spelled: &Spelled) -> String {
    let text = String::from_utf8(spelled.body.clone()).unwrap().replace(MARK, "");
    text.split(r#"],"inferenceConfig""#).next().unwrap().to_owned()
}

#[test]
fn a_growing_conversation_keeps_its_prefix() {
    for upstream in MODELS {
        for messages in (1..14).step_by(2) {
            let mut before = growing(messages);
            before.turns.last_mut().unwrap().blocks.last_mut().unwrap().cache =
                Some(CacheMark::default());
            let before = beginning(&written(&before, upstream));
            let after = beginning(&written(&growing(messages + 2), upstream));
            let before = before.trim_end_matches(']').trim_end_matches('}');
            assert!(after.starts_with(before), "{upstream} {messages}:\n{before}\n{after}");
        }
    }
}

#[test]
fn the_same_request_is_the_same_bytes() {
    for upstream in MODELS {
        assert_eq!(written(&growing(15), upstream), written(&growing(15), upstream));
    }
}

/// What Converse demands of every conversation. (facts: bedrock, section 2.1)
fn keeps_the_rules(spelled: &Spelled, upstream: &str) {
    let body = body(spelled);
    let messages = body["messages"].as_array().unwrap();
    let mut waiting: Vec<&str> = Vec::new();
    let mut uses_tools = false;
    for (index, message) in messages.iter().enumerate() {
        let role = if index % 2 == 0 { "user" } else { "assistant" };
        assert_eq!(message["role"], role, "{upstream}: {body}");
        let blocks = message["content"].as_array().unwrap();
        assert!(!blocks.is_empty(), "{upstream}: {body}");
        let all =
            |kind: &str| blocks.iter().filter_map(|block| block.get(kind)).collect::<Vec<_>>();
        for text in all("text") {
            assert!(!text.as_str().unwrap().trim().is_empty(), "{upstream}: {body}");
        }
        assert!(all("document").is_empty() || !all("text").is_empty(), "{upstream}: {body}");
        let id = |it: &'_ &Value| it["toolUseId"].as_str().unwrap().to_owned();
        let results: Vec<String> = all("toolResult").iter().map(id).collect();
        assert_eq!(results, waiting, "{upstream}: {body}");
        waiting = all("toolUse").iter().map(|call| call["toolUseId"].as_str().unwrap()).collect();
        assert!(all("toolUse").iter().all(|call| call["input"].is_object()), "{upstream}: {body}");
        uses_tools |= !results.is_empty();
    }
    let names: Vec<&str> = messages
        .iter()
        .flat_map(|it| it["content"].as_array().unwrap())
        .filter_map(|block| block["document"]["name"].as_str())
        .collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{upstream}: {body}");
    assert!(!uses_tools || body["toolConfig"]["tools"].is_array(), "{upstream}: {body}");
    let marks = spelled.body.windows(12).filter(|bytes| bytes == b"\"cachePoint\"").count();
    assert!(marks <= 4, "{upstream}: {body}");
}

/// Blocks of any role, one letter each.
fn block(letter: char, at: usize) -> Option<(Role, String)> {
    let marked = r#","cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    let json = match letter {
        't' => r#"{"type":"text","text":"t"}"#.to_owned(),
        'm' => format!(r#"{{"type":"text","text":"m"{marked}}}"#),
        'b' => r#"{"type":"text","text":"  "}"#.to_owned(),
        'd' => {
            r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}"#
                .to_owned()
        }
        'a' => return Some((Role::Assistant, r#"{"type":"text","text":"a"}"#.to_owned())),
        'h' => {
            return Some((
                Role::Assistant,
                r#"{"type":"thinking","thinking":"h","signature":"EqQB"}"#.to_owned(),
            ));
        }
        'c' => {
            return Some((
                Role::Assistant,
                format!(r#"{{"type":"tool_use","id":"c.{at}","name":"f","input":{{}}}}"#),
            ));
        }
        _ => return None,
    };
    Some((Role::User, json))
}

/// A conversation of these blocks, each a message of its own.
fn conversation(letters: &str, has_tools: bool) -> Request {
    let turns: Vec<String> = letters
        .char_indices()
        .filter_map(|(at, letter)| {
            let (role, json) = block(letter, at)?;
            let role = if role == Role::Assistant { "assistant" } else { "user" };
            Some(format!(r#"{{"role":"{role}","content":[{json}]}}"#))
        })
        .collect();
    let tools = if has_tools {
        r#""tools":[{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}],"#
    } else {
        ""
    };
    messages(&format!(r#"{tools}"messages":[{}]"#, turns.join(",")))
}

proptest! {
    #[test]
    fn whatever_is_said_keeps_the_rules_of_the_host(
        letters in "t[tmbdahc]{0,12}t",
        has_tools in any::<bool>(),
        auto_cache in any::<bool>(),
        model in 0..MODELS.len(),
    ) {
        let request = conversation(&letters, has_tools);
        let able = Abilities { auto_cache, ..abilities(MODELS[model]) };
        let spelled = write(&request, &able);
        if spelled.losses.iter().all(|loss| loss.fate != Fate::Refused) {
            keeps_the_rules(&spelled, MODELS[model]);
        }
    }
}

#[test]
fn the_laws_above_can_fail() {
    let mut request = conversation("tat", false);
    request.turns[0].blocks[0] = Block::text("x", request.turns[0].place);
    keeps_the_rules(&written(&request, OPUS_5), OPUS_5);
    let spelled = written(&conversation("tct", false), NOVA);
    let broken = String::from_utf8(spelled.body.clone()).unwrap().replace("toolConfig", "tc");
    let broken = Spelled { body: broken.into_bytes(), ..spelled };
    assert!(std::panic::catch_unwind(|| keeps_the_rules(&broken, NOVA)).is_err());
}

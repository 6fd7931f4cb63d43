//! A conversation of an agent, edited in every way there is.

use bytes::Bytes;
use insta::assert_snapshot;
use routectl_core::{Abilities, Loss};
use serde_json::Value;

use super::plan::PLACEHOLDER;
use crate::{CHAT, Document, Fit, MESSAGES};

/// A turn of the conversation below: the person asks, the model thinks, calls a tool and, after its
/// result, thinks again and answers. The odd spaces are the client's.
fn turn(number: usize) -> [String; 4] {
    let result = format!("line {number} of the file. ").repeat(20);
    [
        format!(r#"{{"role":"user", "content":"question {number}"}}"#),
        format!(
            r#"{{"role":"assistant","content":[{{"type":"thinking","thinking":"first {number}","signature":"s{number}"}},{{"type":"tool_use","id":"call_{number}","name":"{}","input":{{"path": "{number}.txt"}}}}]}}"#,
            if number.is_multiple_of(2) { "read" } else { "search" }
        ),
        format!(
            r#"{{"role":"user","content":[{{"type":"tool_result", "tool_use_id":"call_{number}","content":"{result}"}}]}}"#
        ),
        format!(
            r#"{{"role":"assistant","content":[{{"type":"redacted_thinking","data":"r{number}"}},{{"type":"text","text":"answer {number}"}}]}}"#
        ),
    ]
}

/// The messages of so many turns, with one more question behind them.
fn messages(turns: usize) -> Vec<String> {
    let asked = format!(r#"{{"role":"user", "content":"question {turns}"}}"#);
    (0..turns).flat_map(turn).chain([asked]).collect()
}

fn body(messages: &[String], edits: &str) -> Document {
    let body = format!(
        r#"{{"model":"m","system":"be of help","messages":[{}],"context_management": {{"edits":[{edits}]}} ,"max_tokens":9}}"#,
        messages.join(" , ")
    );
    Document::parse(Bytes::from(body)).unwrap()
}

fn fitted(body: &Document) -> (String, Fit) {
    let mut fit = Fit::default();
    super::fit(body, &|_, _, _| Some(Bytes::new()), &mut fit);
    let sent = body.spliced(&fit.edits).joined().to_vec();
    (String::from_utf8(sent).unwrap(), fit)
}

/// What is told of the edits, and each message in a few words.
fn seen(sent: &str, fit: &Fit) -> String {
    let told = fit.applied.told_in(Bytes::from_static(br#"{"type":"message"}"#));
    let mut seen = String::from_utf8(told.to_vec()).unwrap();
    seen.extend(fit.losses.iter().map(|loss| format!("\n{}={}", loss.path, loss.fate.name())));
    let sent: Value = serde_json::from_str(sent).unwrap();
    assert_eq!(sent.get("context_management"), None);
    for message in sent["messages"].as_array().unwrap() {
        let Some(blocks) = message["content"].as_array() else { continue };
        let words = blocks.iter().map(|block| match block["type"].as_str().unwrap() {
            "thinking" => block["thinking"].to_string(),
            "redacted_thinking" => block["data"].to_string(),
            "tool_use" => format!("{}({})", block["name"].as_str().unwrap(), block["input"]),
            "tool_result" if block["content"] == PLACEHOLDER => "cleared".to_owned(),
            "tool_result" => "result".to_owned(),
            _ => block["text"].to_string(),
        });
        seen.push('\n');
        seen.push_str(&words.collect::<Vec<_>>().join(" "));
    }
    seen
}

fn check(turns: usize, edits: &str) -> String {
    let (sent, fit) = fitted(&body(&messages(turns), edits));
    seen(&sent, &fit)
}

#[test]
fn thinking_of_all_turns_but_the_last_is_cleared() {
    let keep = |keep: &str| check(3, &format!(r#"{{"type":"clear_thinking_20251015"{keep}}}"#));
    let one = keep("");
    assert_snapshot!(one);
    assert_eq!(keep(r#","keep":{"type":"thinking_turns","value":1}"#), one);
    assert_snapshot!(keep(r#","keep":{"type":"thinking_turns","value":2}"#));
    for all in [r#","keep":"all""#, r#","keep":{"type":"all"}"#] {
        assert!(keep(all).starts_with(
            "{\"type\":\"message\",\"context_management\":{\"applied_edits\":[]}}\n\"first 0\""
        ));
    }
}

#[test]
fn results_of_tools_are_cleared_when_their_trigger_is_exceeded() {
    let uses = |more: &str| {
        let trigger = r#""trigger":{"type":"tool_uses","value":3}"#;
        check(5, &format!(r#"{{"type":"clear_tool_uses_20250919",{trigger}{more}}}"#))
    };
    // At the fourth use all but three go, and at the fifth one more.
    assert_snapshot!(uses(""));
    assert_snapshot!(uses(r#","keep":{"type":"tool_uses","value":0},"clear_tool_inputs":true"#));
    assert_snapshot!(uses(
        r#","keep":{"type":"tool_uses","value":1},"exclude_tools":["read"],"clear_tool_inputs":["search"]"#
    ));
    // More than there is to win.
    let little = uses(r#","clear_at_least":{"type":"input_tokens","value":5000}"#);
    assert!(!little.contains("cleared\n"), "{little}");
}

#[test]
fn a_result_belongs_to_the_nearest_call_of_its_id() {
    let call = r#"{"type":"tool_use","id":"f:0","name":"read","input":{}}"#;
    let said = |role: &str, blocks: &[String]| {
        format!(r#"{{"role":"{role}","content":[{}]}}"#, blocks.join(","))
    };
    let calls = |count: usize| said("assistant", &vec![call.to_owned(); count]);
    let results = |words: &[&str]| {
        let result = |word: &&str| {
            format!(r#"{{"type":"tool_result","tool_use_id":"f:0","content":"{word}"}}"#)
        };
        said("user", &words.iter().map(result).collect::<Vec<_>>())
    };
    let asked = r#"{"role":"user","content":"go"}"#.to_owned();
    let edits = r#"{"type":"clear_tool_uses_20250919","trigger":{"type":"tool_uses","value":1},"keep":{"type":"tool_uses","value":1}}"#;
    for messages in [
        vec![asked.clone(), calls(1), results(&["old"]), calls(1), results(&["new"])],
        vec![asked, calls(2), results(&["old", "new"])],
    ] {
        let (sent, _) = fitted(&body(&messages, edits));
        assert!(!sent.contains("old") && sent.contains("new"), "{sent}");
    }
}

#[test]
fn tokens_trigger_too_and_a_hundred_thousand_unless_the_client_says_otherwise() {
    let tokens = |value: u64| {
        let trigger = format!(r#""trigger":{{"type":"input_tokens","value":{value}}}"#);
        check(6, &format!(r#"{{"type":"clear_tool_uses_20250919",{trigger}}}"#))
    };
    assert!(!check(6, r#"{"type":"clear_tool_uses_20250919"}"#).contains("\ncleared"));
    assert!(!tokens(2_000).contains("\ncleared"));
    assert_snapshot!(tokens(600));
}

#[test]
fn both_edits_are_made_in_one_request() {
    let both = |keep: &str| {
        check(
            6,
            &format!(
                r#"{{"type":"clear_thinking_20251015","keep":{keep}}},{{"type":"clear_tool_uses_20250919","trigger":{{"type":"tool_uses","value":4}}}}"#
            ),
        )
    };
    assert_snapshot!(both(r#"{"type":"thinking_turns","value":1}"#));
}

#[test]
fn every_other_byte_stays_as_the_client_wrote_it() {
    let messages = messages(4);
    let edits = r#"{"type":"clear_thinking_20251015"},{"type":"clear_tool_uses_20250919","trigger":{"type":"tool_uses","value":3}}"#;
    let (sent, fit) = fitted(&body(&messages, edits));
    let mut expected = messages;
    for number in 0..3 {
        let thought = format!(
            r#"{{"type":"thinking","thinking":"first {number}","signature":"s{number}"}},"#
        );
        let sealed = format!(r#"{{"type":"redacted_thinking","data":"r{number}"}},"#);
        let at = number * 4;
        expected[at + 1] = expected[at + 1].replace(&thought, "");
        expected[at + 3] = expected[at + 3].replace(&sealed, "");
    }
    let result = "line 0 of the file. ".repeat(20);
    expected[2] = expected[2].replace(&result, PLACEHOLDER);
    let expected = format!(
        r#"{{"model":"m","system":"be of help","messages":[{}],"max_tokens":9}}"#,
        expected.join(" , ")
    );
    assert_eq!(sent, expected);
    assert!(fit.edits.iter().all(|edit| edit.name == "context_management"));
}

#[test]
fn a_message_that_held_nothing_but_thinking_goes_as_a_whole() {
    let mut messages = messages(3);
    messages[1] =
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"}]}"#
            .to_owned();
    messages.remove(2);
    let (sent, _) = fitted(&body(&messages, r#"{"type":"clear_thinking_20251015"}"#));
    assert!(sent.contains(r#"{"role":"user", "content":"question 0"} , {"role":"assistant","content":[{"type":"text","text":"answer 0"}]}"#), "{sent}");
}

/// What an agent sends, request by request: each time the conversation so far.
fn requests(turns: usize) -> Vec<Vec<String>> {
    let all = messages(turns);
    (1..=all.len()).step_by(2).map(|end| all[..end].to_vec()).collect()
}

/// Clients move their marks and spell old turns anew.
fn respelled(messages: &[String]) -> Vec<String> {
    let marked = |(index, message): (usize, &String)| {
        let marks = r#","cache_control":{"type":"ephemeral"}}]}"#;
        match index + 1 == messages.len() && message.ends_with("}]}") {
            true => message.replace("}]}", marks),
            false => message.clone(),
        }
    };
    messages.iter().enumerate().map(marked).collect()
}

#[test]
fn g7_what_is_cleared_stays_cleared_and_prompts_begin_alike_until_more_is() {
    let edits = r#"{"type":"clear_tool_uses_20250919","trigger":{"type":"input_tokens","value":1500},"keep":{"type":"tool_uses","value":1}}"#;
    let mut before: Option<Vec<String>> = None;
    let (mut clearings, mut steps) = (0, 0);
    for messages in requests(40) {
        let plain = fitted(&body(&messages, edits)).0;
        let marked = fitted(&body(&respelled(&messages), edits)).0;
        let unmarked = marked.replace(r#","cache_control":{"type":"ephemeral"}"#, "");
        assert_eq!(plain, unmarked, "a mark changes what is cleared");
        let sent: Value = serde_json::from_str(&plain).unwrap();
        let sent = sent["messages"].as_array().unwrap();
        let sent: Vec<String> = sent.iter().map(ToString::to_string).collect();
        if let Some(before) = before {
            steps += 1;
            let changed: Vec<_> =
                before.iter().zip(&sent).filter(|(one, other)| one != other).collect();
            clearings += usize::from(!changed.is_empty());
            for (one, other) in changed {
                assert!(!one.contains(PLACEHOLDER) && other.contains(PLACEHOLDER), "{one} {other}");
            }
        }
        before = Some(sent);
    }
    assert!((3..=12).contains(&clearings), "{clearings} clearings in {steps} steps");
}

#[test]
fn what_cannot_be_done_in_the_hosts_place_passes_the_target_over() {
    for (edits, path) in [
        (r#"{"type":"compact_20260112"}"#, "context_management.edits[0]"),
        (
            r#"{"type":"clear_thinking_20251015"},{"type":"new_20300101"}"#,
            "context_management.edits[1]",
        ),
        (
            r#"{"type":"clear_tool_uses_20250919"},{"type":"clear_thinking_20251015"}"#,
            "context_management.edits[1]",
        ),
        (
            r#"{"type":"clear_tool_uses_20250919"},{"type":"clear_tool_uses_20250919"}"#,
            "context_management.edits[1]",
        ),
        (r#"{"type":"clear_tool_uses_20250919","soon":true}"#, "context_management.edits[0]"),
        (
            r#"{"type":"clear_tool_uses_20250919","trigger":{"type":"input_tokens","value":-1}}"#,
            "context_management.edits[0]",
        ),
        (
            r#"{"type":"clear_thinking_20251015","keep":{"type":"thinking_turns","value":0}}"#,
            "context_management.edits[0]",
        ),
        ("5", "context_management.edits[0]"),
    ] {
        let (_, fit) = fitted(&body(&messages(1), edits));
        let fates: Vec<_> =
            fit.losses.iter().map(|it| (it.fate.name(), it.path.as_str())).collect();
        assert_eq!(fates, [("refused", path)], "{edits}");
    }
}

#[test]
fn a_host_of_another_format_gets_an_edited_conversation_too() {
    let edits = r#"{"type":"clear_thinking_20251015"},{"type":"clear_tool_uses_20250919","trigger":{"type":"tool_uses","value":3},"clear_tool_inputs":true}"#;
    let request = MESSAGES.read(&body(&messages(4), edits)).unwrap();
    let spelled = CHAT.write(&request, &Abilities::default());
    let sent = String::from_utf8(spelled.body).unwrap();
    assert_eq!(sent.matches(PLACEHOLDER).count(), 1, "{sent}");
    assert!(!sent.contains("0.txt") && sent.contains("1.txt"), "{sent}");
    assert!(!sent.contains("line 0") && sent.contains("line 1"), "{sent}");
    let told = spelled.applied.told_in(Bytes::from_static(br#"{"type":"message"}"#));
    assert_snapshot!(String::from_utf8(told.to_vec()).unwrap());
    let edits = |loss: &&Loss| loss.path.starts_with("context_management");
    let losses =
        spelled.losses.iter().filter(edits).map(|it| format!("{}={}", it.path, it.fate.name()));
    assert_eq!(
        losses.collect::<Vec<_>>(),
        ["context_management.edits[0]=emulated", "context_management.edits[1]=emulated"]
    );
}

#[test]
fn only_the_event_that_ends_an_answer_tells_of_the_edits() {
    let (_, fit) = fitted(&body(&messages(3), r#"{"type":"clear_thinking_20251015"}"#));
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let early = "event: message_delta\r\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null}}\r\n\r\n";
    let last = "event: message_delta\ndata: {\"type\":\"message_delta\", \"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    assert_eq!(fit.applied.told_among(&Bytes::from(start)), None);
    assert_eq!(fit.applied.told_among(&Bytes::from(early)), None);
    let told = fit.applied.told_among(&Bytes::from([start, early, last].concat())).unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    const TOLD: &str = r#","context_management":{"applied_edits":[{"type":"clear_thinking_20251015","cleared_thinking_turns":2,"cleared_input_tokens":8}]}"#;
    let (before, after) = told.split_once(TOLD).unwrap_or_else(|| panic!("{told}"));
    assert_eq!([before, after].concat(), [start, early, last].concat());
}

/// What a host gets of a conversation that lost its thinking, where this is still known of it.
fn recalled(turns: usize, edits: &str, known: &[(&str, &str)]) -> (String, Fit) {
    let lost = |message: String| {
        let (before, after) = message.split_once(r#"{"type":"thinking""#)?;
        Some(format!("{before}{}", after.split_once("},")?.1))
    };
    let messages = messages(turns).into_iter().map(|it| lost(it.clone()).unwrap_or(it));
    let mut messages: Vec<_> = messages.collect();
    messages.truncate(turns * 4 - 1);
    let body = body(&messages, edits);
    let thinks = body.spliced(&[crate::Edit::set("", "thinking", r#"{"type":"adaptive"}"#)]);
    let body = Document::parse(thinks.joined()).unwrap();
    let mut fit = Fit::default();
    let recall = |_: usize, id: &str, _: &str| {
        let known = known.iter().find(|(known, _)| *known == id);
        known.map(|(_, blocks)| Bytes::copy_from_slice(blocks.as_bytes()))
    };
    super::fit(&body, &recall, &mut fit);
    let sent = body.spliced(&fit.edits).joined().to_vec();
    (String::from_utf8(sent).unwrap(), fit)
}

const THOUGHT: &str = r#"{"type":"thinking","thinking":"so"}"#;

#[test]
fn thinking_that_the_client_left_out_stands_before_its_call_again() {
    let known = [("call_0", THOUGHT), ("call_1", THOUGHT)];
    let (sent, fit) = recalled(2, "", &known);
    assert_eq!(
        sent.matches(&format!("\"content\":[{THOUGHT},{{\"type\":\"tool_use\"")).count(),
        2,
        "{sent}"
    );
    assert!(sent.contains("adaptive") && fit.losses.is_empty(), "{sent}");
    // What the client wants cleared does not come back.
    let (sent, fit) = recalled(2, r#"{"type":"clear_thinking_20251015"}"#, &known);
    assert_eq!(sent.matches(THOUGHT).count(), 1, "{sent}");
    assert!(sent.find(THOUGHT).unwrap() > sent.find("question 1").unwrap(), "{sent}");
    assert_eq!(fit.losses.len(), 1, "{:?}", fit.losses);
}

#[test]
fn a_loop_whose_thinking_nobody_knows_goes_on_without() {
    let (sent, fit) = recalled(2, "", &[("call_0", THOUGHT)]);
    assert!(sent.contains(r#""thinking":{"type":"disabled"}"#), "{sent}");
    assert_eq!(fit.losses.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["thinking"]);
    // A turn that is over needs none, and a model that did not think has left none out.
    for known in [[("call_1", THOUGHT)], [("call_1", "")]] {
        let (sent, fit) = recalled(2, "", &known);
        assert!(sent.contains("adaptive") && fit.losses.is_empty(), "{sent}");
    }
}

#[test]
fn thinking_that_another_edit_takes_out_is_not_there() {
    let body = r#"{"model":"m","thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"foreign"},{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}]}"#;
    let body = Document::parse(Bytes::from(body)).unwrap();
    let foreign = crate::Edit::remove("thinking", "messages").at(1).at("content").at(0);
    let sent = |known: Option<&'static str>| {
        let mut fit = Fit { edits: vec![foreign.clone()], ..Fit::default() };
        super::fit(&body, &|_, _, _| known.map(|it| Bytes::from_static(it.as_bytes())), &mut fit);
        String::from_utf8(body.spliced(&fit.edits).joined().to_vec()).unwrap()
    };
    let unknown = sent(None);
    assert!(unknown.contains(r#""thinking":{"type":"disabled"}"#), "{unknown}");
    assert!(!unknown.contains("foreign"), "{unknown}");
    let known = sent(Some(THOUGHT));
    assert!(known.contains(&format!(r#""content":[{THOUGHT},{{"type":"tool_use""#)), "{known}");
    assert!(known.contains("adaptive") && !known.contains("foreign"), "{known}");
}

//! What every dialect hears of earlier thinking.

use std::fmt::Write as _;

use insta::assert_snapshot;
use proptest::prelude::*;
use routectl_core::{Form, Turns};

use super::*;

/// A conversation with tools: a turn that thought and called, one that called and has lost its
/// thinking, one with a seal of Claude's, and one that only spoke.
const MESSAGES_TALK: &str = r#"{"model":"m","max_tokens":9000,
"tools":[{"name":"f","input_schema":{"type":"object"}}],
"messages":[
{"role":"user","content":"go"},
{"role":"assistant","content":[{"type":"thinking","thinking":"own","signature":"rctl1.text.x.00"},{"type":"text","text":"I look."},{"type":"tool_use","id":"a","name":"f","input":{}}]},
{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]},
{"role":"assistant","content":[{"type":"tool_use","id":"b","name":"f","input":{}}]},
{"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":"2"}]},
{"role":"assistant","content":[{"type":"thinking","thinking":"sealed","signature":"c2VhbA=="},{"type":"redacted_thinking","data":"aGlkZGVu"},{"type":"text","text":"So."}]},
{"role":"user","content":"on"},
{"role":"assistant","content":"Well."},
{"role":"user","content":"end"}]}"#;

/// The same as a Chat client says it that sends back all it got.
const CHAT_TALK: &str = r#"{"model":"m",
"tools":[{"type":"function","function":{"name":"f"}}],
"messages":[
{"role":"user","content":"go"},
{"role":"assistant", "content":"I look.","reasoning":"own","reasoning_content":"own", "reasoning_details":[{"type":"reasoning.text","text":"own","format":"unknown","index":0}] ,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"a","content":"1"},
{"role":"assistant","content":null,"tool_calls":[{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"b","content":"2"},
{"role":"assistant","content":"So.","reasoning_details":[{"type":"reasoning.text","text":"sealed","signature":"c2VhbA==","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"aGlkZGVu","format":"anthropic-claude-v1","index":1}]},
{"role":"user","content":"on"},
{"role":"assistant","content":"Well.","reasoning_content":""},
{"role":"user","content":"end"}]}"#;

/// The assistant's messages of a translated body.
fn said(body: &Value) -> Vec<String> {
    let messages = body["messages"].as_array().unwrap().iter();
    messages.filter(|it| it["role"] == "assistant").map(Value::to_string).collect()
}

#[test]
fn every_host_hears_what_it_has_to_and_nothing_that_it_must_not() {
    for row in DIALECTS {
        let mut all = String::new();
        for (model, dialect) in unlike(row, |dialect| (dialect.echo, dialect.seals)) {
            let usual = heard(&target(dialect));
            writeln!(all, "== {model}\n{usual}").unwrap();
            let kept = heard(&Abilities { history: History::Preserve, ..target(dialect) });
            if kept != usual {
                writeln!(all, "== {model}, all of it preserved\n{kept}").unwrap();
            }
        }
        assert_snapshot!(row.dialect.name, all);
    }
}

/// What a host hears of the conversation, first translated and then native.
fn heard(abilities: &Abilities) -> String {
    let (body, losses) = translated(MESSAGES_TALK, abilities);
    let lines = said(&body).into_iter().chain(losses);
    let (body, losses) = native(CHAT_TALK, abilities);
    let native = body.lines().filter(|line| line.contains("\"assistant\"")).map(str::to_owned);
    let native = std::iter::once("native:".to_owned()).chain(native).chain(losses);
    lines.chain(native).collect::<Vec<_>>().join("\n")
}

#[test]
fn nothing_that_was_thought_goes_where_the_operator_does_not_want_it() {
    for (model, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        let abilities = Abilities { history: History::Strip, ..target(dialect) };
        let (body, losses) = translated(MESSAGES_TALK, &abilities);
        let (native, lost) = native(CHAT_TALK, &abilities);
        for (body, losses) in [(body.to_string(), losses), (native, lost)] {
            assert!(!body.contains("own") && !body.contains("sealed"), "{}: {body}", dialect.name);
            assert!(losses.iter().any(|loss| loss.starts_with("dropped")), "{model}: {losses:?}");
        }
    }
}

#[test]
fn no_seal_of_claudes_reaches_a_host_that_cannot_read_it() {
    for (model, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        if dialect.seals.contains(&CLAUDE) || dialect.name == "passthrough" {
            continue;
        }
        for history in [History::Auto, History::Strip, History::Preserve] {
            let abilities = Abilities { history, ..target(dialect) };
            let (body, _) = translated(MESSAGES_TALK, &abilities);
            let (native, _) = native(CHAT_TALK, &abilities);
            for body in [body.to_string(), native] {
                for seal in ["c2VhbA==", "aGlkZGVu", "rctl1"] {
                    assert!(!body.contains(seal), "{} {model} {history:?}: {body}", dialect.name);
                }
            }
        }
    }
}

/// What Mistral's clients send back: thinking that is a part of the content.
const IN_PARTS: &str = r#"{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],
"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"own"}]}, {"type":"text","text":"I look."}],"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"a","content":"1"},
{"role":"assistant","content":[{"type":"thinking","thinking":"own"}]}]}"#;

#[test]
fn thinking_that_is_a_part_of_the_content_reaches_only_hosts_that_know_such_parts() {
    for (model, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        let (sent, losses) = native(IN_PARTS, &target(dialect));
        let knows = dialect.hands_off || dialect.echo.form == Form::Parts;
        let case = format!("{} {model}: {sent}", dialect.name);
        assert_eq!(sent.contains(r#""type":"thinking""#), knows, "{case}");
        assert!(sent.contains("I look."), "{case}");
        let says = knows || dialect.echo.turns != Turns::None && dialect.seals.is_empty();
        let readable = says || dialect.echo.form == Form::Opaque;
        assert_eq!(sent.contains("own"), readable, "{case}");
        assert_eq!(losses.iter().any(|loss| loss.starts_with("dropped")), !readable, "{case}");
        let abilities = Abilities { history: History::Strip, ..target(dialect) };
        assert!(!native(IN_PARTS, &abilities).0.contains("own"), "{case}");
    }
}

#[test]
fn a_history_without_thinking_arrives_byte_for_byte_where_nothing_is_demanded() {
    let plain = r#"{ "model" : "m","messages":[ {"role":"assistant" ,"content":"I \u0041m."} ]}"#;
    for row in DIALECTS {
        let dialect = Dialect { control: routectl_core::Control::NOTHING, ..row.dialect };
        assert_eq!(native(plain, &target(dialect)).0, plain, "{}", row.dialect.name);
    }
}

#[test]
fn what_a_host_gave_goes_back_to_it_as_it_was() {
    for (dialect, thinking) in [
        ("deepseek", r#""reasoning_content" : "h\u006dm""#),
        ("groq", r#""reasoning" : "hm""#),
        ("vllm", r#""reasoning" : "hm", "reasoning_content":"hm""#),
        (
            "openrouter",
            r#""reasoning":"hm","reasoning_details" :[{"type":"reasoning.text", "text":"hm","index":0}]"#,
        ),
        ("minimax", r#""reasoning_details":[ {"type":"reasoning.text","text":"hm"} ]"#),
        ("copilot", r#""reasoning_text":"hm","reasoning_opaque" : "b3BhcXVl""#),
        ("mistral", r#""x":0"#),
    ] {
        let content = if dialect == "mistral" {
            r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"}]"#
        } else {
            r#""a""#
        };
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"q"}}, {{"role":"assistant","content":{content}, {thinking} }}]}}"#
        );
        let dialect = Dialect {
            control: routectl_core::Control::NOTHING,
            ..crate::dialects::named(dialect).unwrap().dialect
        };
        assert_eq!(native(&body, &target(dialect)), (body, vec![]), "{}", dialect.name);
    }
}

#[test]
fn a_host_that_nothing_is_known_of_gets_the_history_as_it_is_unless_the_operator_says_so() {
    let abilities = target(Dialect::UNKNOWN);
    assert_eq!(native(CHAT_TALK, &abilities), (CHAT_TALK.to_owned(), vec![]));
    let strict = Abilities { history: History::Strip, ..abilities };
    let (body, losses) = native(CHAT_TALK, &strict);
    assert!(!body.contains("reasoning"), "{body}");
    assert!(!losses.is_empty());
}

#[test]
fn what_a_sealing_model_made_keeps_its_bytes_and_what_others_made_goes() {
    let of = |format: &str, index: u32, rest: &str| {
        format!(r#"{{ "type":{rest},"format":"{format}","index":{index}}}"#)
    };
    let summary = |format: &str| of(format, 0, r#""reasoning.summary","summary":"s\u0021""#);
    let text = |format: &str| of(format, 0, r#""reasoning.text","text":"t""#);
    let signed = |format: &str| of(format, 0, r#""reasoning.text","text":"t","signature":"c2Vh""#);
    let hidden = |format: &str| of(format, 1, r#""reasoning.encrypted","data":"eA==""#);
    let signature = r#"{"type":"reasoning.text","signature":"c2Vh","index":0}"#.to_owned();
    let (claude, openai, gemini) = (CLAUDE, "openai-responses-v1", "google-gemini-v1");
    let body = |list: &[String]| {
        let details = list.join(" , ");
        format!(
            r#"{{"model":"m","messages":[{{"role":"assistant","content":"a","reasoning":"t","reasoning_details":[{details}]}}]}}"#
        )
    };
    for (upstream, sent, kept, losses) in [
        ("openai/gpt-5.5", vec![summary(openai), hidden(openai)], vec![0, 1], 0),
        ("openai/gpt-5.5", vec![signed(claude), summary(openai), hidden(openai)], vec![1, 2], 1),
        ("anthropic/claude-opus-5", vec![signed(claude), hidden(claude)], vec![0, 1], 0),
        ("anthropic/claude-opus-5", vec![text(claude), signature], vec![0, 1], 0),
        ("anthropic/claude-opus-5", vec![text("unknown"), hidden(claude)], vec![1], 1),
        ("google/gemini-3-pro", vec![text(gemini), hidden(gemini)], vec![1], 0),
        ("google/gemini-3-pro", vec![hidden(openai), hidden("gemini-v1")], vec![1], 1),
    ] {
        let (got, lost) = native(&body(&sent), &spoken("openrouter", upstream));
        let kept: Vec<String> = kept.into_iter().map(|at: usize| sent[at].clone()).collect();
        let squeezed = |text: &str| text.replace(" , ", ",");
        assert_eq!(squeezed(&got), squeezed(&body(&kept)), "{upstream}");
        assert_eq!(lost.len(), losses, "{upstream}: {lost:?}");
    }
}

/// Bodies of a conversation as it grows by a call and its result.
fn growing(turns: usize, thinks: bool) -> String {
    let mut messages = vec![r#"{"role":"user","content":"go"}"#.to_owned()];
    for turn in 0..turns {
        let thinking =
            if thinks { format!(r#","reasoning_content":"t{turn}""#) } else { String::new() };
        messages.push(format!(
            r#"{{"role":"assistant","content":"c{turn}"{thinking},"tool_calls":[{{"id":"a{turn}","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}}"#
        ));
        messages.push(format!(r#"{{"role":"tool","tool_call_id":"a{turn}","content":"r"}}"#));
        if turn % 3 == 2 {
            messages.push(r#"{"role":"assistant","content":"done"}"#.to_owned());
            messages.push(r#"{"role":"user","content":"next"}"#.to_owned());
        }
    }
    format!(
        r#"{{"model":"m","tools":[{{"type":"function","function":{{"name":"f"}}}}],"messages":[{}]}}"#,
        messages.join(",")
    )
}

#[test]
fn bodies_of_a_growing_conversation_begin_alike_in_every_dialect() {
    for (model, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        for history in [History::Auto, History::Preserve] {
            let abilities = Abilities { history, ..target(dialect) };
            for thinks in [true, false] {
                for turns in 1..8 {
                    let messages = |turns| {
                        let (body, _) = native(&growing(turns, thinks), &abilities);
                        let body: Value = serde_json::from_str(&body).unwrap();
                        body["messages"].as_array().unwrap().clone()
                    };
                    let (before, after) = (messages(turns), messages(turns + 1));
                    assert_eq!(before, after[..before.len()], "{} {model}", dialect.name);
                }
            }
        }
    }
}

/// The same conversations of a Messages client.
fn growing_abroad(turns: usize, thinks: bool) -> String {
    let mut messages = vec![r#"{"role":"user","content":"go"}"#.to_owned()];
    for turn in 0..turns {
        let thinking = match (thinks, turn % 2) {
            (false, _) => String::new(),
            (true, 0) => format!(
                r#"{{"type":"thinking","thinking":"t{turn}","signature":"rctl1.text.chat.00"}},"#
            ),
            (true, _) => {
                format!(r#"{{"type":"thinking","thinking":"t{turn}","signature":"c2VhbA=="}},"#)
            }
        };
        messages.push(format!(
            r#"{{"role":"assistant","content":[{thinking}{{"type":"text","text":"c{turn}"}},{{"type":"tool_use","id":"a{turn}","name":"f","input":{{}}}}]}}"#
        ));
        let result = format!(r#"{{"type":"tool_result","tool_use_id":"a{turn}","content":"r"}}"#);
        messages.push(format!(r#"{{"role":"user","content":[{result}]}}"#));
        if turn % 3 == 2 {
            messages.push(r#"{"role":"assistant","content":"done"}"#.to_owned());
            messages.push(r#"{"role":"user","content":"next"}"#.to_owned());
        }
    }
    format!(
        r#"{{"model":"m","max_tokens":9000,"tools":[{{"name":"f","input_schema":{{"type":"object"}}}}],"messages":[{}]}}"#,
        messages.join(",")
    )
}

#[test]
fn translated_bodies_of_a_growing_conversation_begin_alike_in_every_dialect() {
    for (model, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        for history in [History::Auto, History::Strip, History::Preserve] {
            let abilities = Abilities { history, ..target(dialect) };
            for thinks in [true, false] {
                let body = |turns| translated(&growing_abroad(turns, thinks), &abilities).0;
                let messages = |body: &Value| body["messages"].as_array().unwrap().clone();
                for turns in 1..8 {
                    let (before, after) = (messages(&body(turns)), messages(&body(turns + 1)));
                    assert_eq!(before, after[..before.len()], "{} {model}", dialect.name);
                }
            }
        }
    }
}

#[test]
fn signatures_of_calls_that_stand_in_details_go_into_their_calls() {
    let seal = |id: &str| {
        format!(
            r#"{{"type":"reasoning.encrypted","data":"c2\/ln","id":"{id}","format":"google-gemini-v1"}}"#
        )
    };
    let call = |id: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","type":"function","function":{{"name":"f","arguments":"{{}}"}}{more}}}"#
        )
    };
    let body = |details: &str, calls: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"assistant","content":null{details},"tool_calls":[{calls}]}}]}}"#
        )
    };
    let signed = r#","extra_content":{"google":{"thought_signature":"c2/ln"}}"#;
    let unsigned =
        r#","extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}"#;
    let details = |list: &[String]| format!(r#","reasoning_details":[{}]"#, list.join(","));
    for (list, told, losses) in [
        (vec![seal("a")], [signed, ""], 0),
        (vec![seal("a"), seal("b")], [signed, signed], 0),
        (vec![seal("b")], [unsigned, signed], 1),
        (vec![seal("x")], [unsigned, ""], 2),
    ] {
        let sent = body(&details(&list), &[call("a", ""), call("b", "")].join(","));
        let (got, lost) = native(&sent, &spoken("gemini", "gemini-3-flash"));
        assert_eq!(got, body("", &[call("a", told[0]), call("b", told[1])].join(",")));
        assert_eq!(lost.len(), losses, "{lost:?}");
    }
    // What a call says itself counts.
    let own = call("a", r#","extra_content":{"google":{"thought_signature":"own"}}"#);
    let (got, lost) =
        native(&body(&details(&[seal("a")]), &own), &spoken("gemini", "gemini-3-flash"));
    assert_eq!((got, lost), (body("", &own), vec![]));
}

proptest! {
    /// Whatever a client writes, nothing but the members that speak of thinking is touched.
    #[test]
    fn what_does_not_speak_of_thinking_is_never_touched(
        name in "[a-q]{1,6}",
        value in "[ -!#-\\[\\]-~]{0,12}",
        thinking in "[a-z]{0,5}",
        row in 0..DIALECTS.len(),
    ) {
        let body = format!(
            r#"{{ "{name}" : "{value}" ,"messages" : [ {{"role":"assistant","{name}":"{value}" ,"reasoning_content":"{thinking}"}} , {{"role":"user","content":"{value}"}}] }}"#
        );
        let row = DIALECTS[row];
        let dialect = Dialect { control: routectl_core::Control::NOTHING, ..row.dialect };
        let (adapted, _) = native(&body, &target(dialect));
        let kept = format!(r#"{{ "{name}" : "{value}" ,"messages" : [ {{"role":"assistant","{name}":"{value}""#);
        prop_assert!(adapted.starts_with(&kept), "{adapted}");
        let end = format!(r#" , {{"role":"user","content":"{value}"}}] }}"#);
        prop_assert!(adapted.contains(&end), "{adapted}");
    }
}

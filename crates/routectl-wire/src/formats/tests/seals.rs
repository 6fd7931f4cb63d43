//! Sealed thinking of Chat hosts on its way through a Messages client: it comes back to whoever
//! minted it as it was, and to nobody else.

use bytes::Bytes;
use routectl_core::{Abilities, Quirks};
use serde_json::Value;

use crate::dialects::{DIALECTS, named};
use crate::framing::sse;
use crate::{CHAT, Document, Frame, Framing, MESSAGES, Reply};

/// What a Messages client gets of a Chat answer, streamed in these deltas: its blocks.
fn blocks(deltas: &[&str]) -> Value {
    let mut decoder = CHAT.decoder();
    let reply = Reply { shows_reasoning: true, ..Reply::default() };
    let mut encoder = MESSAGES.encoder(Framing::Whole, reply);
    let (mut events, mut out) = (Vec::new(), Vec::new());
    let chunks =
        deltas.iter().map(|delta| format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n"));
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n";
    let stream: String = chunks.chain([end.to_owned()]).collect();
    for frame in sse::frames(stream.as_bytes()) {
        decoder.frame(&frame, &mut events).unwrap();
    }
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.finish(&mut out);
    assert_eq!(encoder.losses(), []);
    serde_json::from_slice::<Value>(&out).unwrap()["content"].take()
}

/// The client's next request, which brings the results of all calls.
fn asked_with(blocks: &Value) -> Document {
    let calls = blocks.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
    let results = calls.map(|call| {
        let id = &call["id"];
        format!(r#"{{"type":"tool_result","tool_use_id":{id},"content":"ok"}}"#)
    });
    let results = results.collect::<Vec<_>>().join(",");
    let body = format!(
        r#"{{"model":"m","max_tokens":9,"tools":[{{"name":"f","input_schema":{{"type":"object"}}}}],"messages":[{{"role":"user","content":"go"}},{{"role":"assistant","content":{blocks}}},{{"role":"user","content":[{results}]}}]}}"#
    );
    Document::parse(Bytes::from(body)).unwrap()
}

fn target(dialect: &str, upstream: &str) -> Abilities {
    let dialect = named(dialect).unwrap().for_model(upstream);
    let quirks = Quirks { dialect, ..Quirks::NONE };
    Abilities { upstream: upstream.to_owned(), quirks, ..Abilities::default() }
}

/// What a target hears, and what of it is lost.
fn heard(client: &Document, target: &Abilities) -> (Value, Vec<String>) {
    let spelled = CHAT.write(&MESSAGES.read(client).unwrap(), target);
    let body = serde_json::from_slice(&spelled.body).unwrap();
    (body, spelled.losses.iter().map(|loss| format!("{}: {}", loss.path, loss.reason)).collect())
}

/// A host, what it answers, and what its next request says there and there.
struct Case {
    dialect: &'static str,
    upstream: &'static str,
    deltas: &'static [&'static str],
    blobs: &'static [&'static str],
    back: &'static [(&'static str, &'static str)],
}

const CALL: &str =
    r#"{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{}"}}]}"#;

const CASES: &[Case] = &[
    Case {
        dialect: "openrouter",
        upstream: "anthropic/claude-sonnet-4.6",
        deltas: &[
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","signature":"Sig/+A==","format":"anthropic-claude-v1","index":0}]}"#,
            CALL,
        ],
        blobs: &["Sig/+A=="],
        back: &[(
            "/reasoning_details",
            r#"[{"type":"reasoning.text","text":"hm","signature":"Sig/+A==","format":"anthropic-claude-v1","index":0}]"#,
        )],
    },
    Case {
        dialect: "openrouter",
        upstream: "openai/gpt-5.2",
        deltas: &[
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA.b-_=","id":"rs_1.x","format":"openai-responses-v1","index":0}]}"#,
            CALL,
        ],
        blobs: &["gAAA.b-_="],
        back: &[(
            "/reasoning_details",
            r#"[{"type":"reasoning.encrypted","data":"gAAA.b-_=","id":"rs_1.x","format":"openai-responses-v1","index":0}]"#,
        )],
    },
    Case {
        dialect: "openrouter",
        upstream: "google/gemini-3-pro-preview",
        deltas: &[
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"CiQB","id":"call_1","format":"google-gemini-v1","index":0}]}"#,
            CALL,
        ],
        blobs: &["CiQB"],
        back: &[(
            "/reasoning_details",
            r#"[{"type":"reasoning.encrypted","data":"CiQB","id":"call_1","format":"google-gemini-v1","index":0}]"#,
        )],
    },
    Case {
        dialect: "openrouter",
        upstream: "x-ai/grok-4",
        deltas: &[
            r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"%2E..","format":"xai-responses-v1","index":0}]}"#,
            CALL,
        ],
        blobs: &["%2E.."],
        back: &[(
            "/reasoning_details",
            r#"[{"type":"reasoning.encrypted","data":"%2E..","format":"xai-responses-v1","index":0}]"#,
        )],
    },
    Case {
        dialect: "gemini",
        upstream: "gemini-3-flash",
        deltas: &[
            r#"{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"CiQBVFVSIEdP"}}}]}"#,
            r#"{"tool_calls":[{"index":1,"id":"call_2","function":{"name":"f","arguments":"{}"}}]}"#,
        ],
        blobs: &["CiQBVFVSIEdP"],
        back: &[
            ("/tool_calls/0/extra_content", r#"{"google":{"thought_signature":"CiQBVFVSIEdP"}}"#),
            ("/tool_calls/1/extra_content", "null"),
        ],
    },
    Case {
        dialect: "copilot",
        upstream: "gemini-3-pro",
        deltas: &[
            r#"{"reasoning_text":"so"}"#,
            r#"{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{}"}}],"reasoning_opaque":"opq.=="}"#,
        ],
        blobs: &["opq.=="],
        back: &[("/reasoning_text", r#""so""#), ("/reasoning_opaque", r#""opq.==""#)],
    },
];

#[test]
fn what_a_chat_host_seals_comes_back_to_it_as_it_was() {
    for case in CASES {
        let blocks = blocks(case.deltas);
        let (body, losses) = heard(&asked_with(&blocks), &target(case.dialect, case.upstream));
        for (pointer, expected) in case.back {
            let expected: Value = serde_json::from_str(expected).unwrap();
            let said = body["messages"][1].pointer(pointer).unwrap_or(&Value::Null);
            assert_eq!(*said, expected, "{} {blocks}", case.upstream);
        }
        assert_eq!(losses, Vec::<String>::new(), "{}", case.upstream);
    }
}

#[test]
fn what_one_vendor_sealed_reaches_no_other() {
    const MODELS: [&str; 9] = [
        "anthropic/claude-sonnet-4.6",
        "openai/gpt-5.2",
        "google/gemini-3-pro-preview",
        "gemini-2.5-pro",
        "x-ai/grok-4",
        "deepseek-v4",
        "kimi-k2.6",
        "magistral-medium",
        "any",
    ];
    let mut reached = 0;
    for case in CASES {
        let minter = target(case.dialect, case.upstream).quirks.dialect;
        let client = asked_with(&blocks(case.deltas));
        for (row, upstream) in DIALECTS.iter().flat_map(|row| MODELS.map(|model| (row, model))) {
            let other = target(row.dialect.name, upstream);
            let seals = other.quirks.dialect.seals;
            let reads = minter.seals.iter().any(|family| seals.contains(family));
            let (body, losses) = heard(&client, &other);
            let body = body.to_string();
            let got = case.blobs.iter().any(|blob| body.contains(blob));
            let who = format!("{} to {} {upstream}: {body}", case.upstream, row.dialect.name);
            assert!(reads || !got, "{who}");
            assert!(!body.contains("rctl1."), "{who}");
            assert!(got || losses.iter().any(|loss| loss.starts_with("messages[1]")), "{who}");
            reached += usize::from(got);
        }
    }
    assert!(reached >= CASES.len(), "the table reaches the minters themselves");
}

#[test]
fn case_4_only_the_first_of_parallel_calls_is_signed_and_a_step_of_another_model_gets_the_word() {
    let gemini = target("gemini", "gemini-3-flash");
    let of_another = blocks(&[r#"{"reasoning":"hm"}"#, CALL]);
    let (body, losses) = heard(&asked_with(&of_another), &gemini);
    let signature = &body["messages"][1]["tool_calls"][0]["extra_content"]["google"];
    assert_eq!(signature["thought_signature"], "skip_thought_signature_validator");
    assert!(losses.iter().any(|loss| loss.contains("told to do without")), "{losses:?}");
}

#[test]
fn a_signature_without_its_call_stays_behind_and_is_told() {
    let mut blocks = blocks(CASES[4].deltas);
    for block in blocks.as_array_mut().unwrap().iter_mut().filter(|it| it["type"] == "tool_use") {
        block["id"] = format!("renamed_{}", block["id"].as_str().unwrap()).into();
    }
    let (body, losses) = heard(&asked_with(&blocks), &target("gemini", "gemini-3-flash"));
    assert!(!body.to_string().contains("CiQBVFVSIEdP"), "{body}");
    let stray = "messages[1].content[0]: the call that was signed is not in this turn";
    assert!(losses.iter().any(|loss| loss == stray), "{losses:?}");
}

/// An answer of Claude's that hides its thinking, as a Chat client gets it: the message, or the
/// deltas of its stream put together.
fn of_claude(framing: Framing) -> Value {
    let stream = [
        r#"{"type":"message_start","message":{"id":"msg_1","model":"m","role":"assistant","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Sig/+A=="}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let (mut decoder, mut events, mut out) = (MESSAGES.decoder(), Vec::new(), Vec::new());
    let stream: String = stream.iter().map(|data| format!("data: {data}\n\n")).collect();
    for frame in sse::frames(stream.as_bytes()) {
        decoder.frame(&frame, &mut events).unwrap();
    }
    let reply = Reply { shows_reasoning: true, ..Reply::default() };
    let mut encoder = CHAT.encoder(framing, reply);
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.finish(&mut out);
    if framing == Framing::Whole {
        return serde_json::from_slice::<Value>(&out).unwrap()["choices"][0]["message"].take();
    }
    let mut detail = serde_json::Map::new();
    for frame in sse::frames(&out) {
        let Frame::Sse { data, .. } = frame else { panic!("{frame:?}") };
        let Ok(chunk) = serde_json::from_slice::<Value>(&data) else { continue };
        let pieces = chunk["choices"][0]["delta"]["reasoning_details"].as_array();
        for (name, said) in pieces.into_iter().flatten().filter_map(Value::as_object).flatten() {
            match (detail.get_mut(name), said) {
                (Some(Value::String(before)), Value::String(more)) if name == "text" => {
                    before.push_str(more);
                }
                (_, said) => drop(detail.insert(name.clone(), said.clone())),
            }
        }
    }
    let detail = Value::Object(detail);
    let message = format!(
        r#"{{"role":"assistant","content":null,"reasoning_details":[{detail}],"tool_calls":[{{"id":"toolu_1","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]}}"#
    );
    serde_json::from_str(&message).unwrap()
}

#[test]
fn case_2_a_signature_without_a_text_survives_a_chat_client() {
    for framing in [Framing::Whole, Framing::Sse] {
        let said = of_claude(framing);
        let body = format!(
            r#"{{"model":"m","tools":[{{"type":"function","function":{{"name":"f"}}}}],"messages":[{{"role":"user","content":"go"}},{said},{{"role":"tool","tool_call_id":"toolu_1","content":"ok"}}]}}"#
        );
        let client = Document::parse(Bytes::from(body)).unwrap();
        let claude = Abilities { upstream: "claude-opus-5".to_owned(), ..Abilities::default() };
        let sent = MESSAGES.write(&CHAT.read(&client).unwrap(), &claude).body;
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        let expected = r#"{"type":"thinking","thinking":"","signature":"Sig/+A=="}"#;
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(sent["messages"][1]["content"][0], expected, "{framing:?}: {said}");
    }
}

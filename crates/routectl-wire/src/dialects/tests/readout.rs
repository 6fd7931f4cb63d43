//! What every host tells of its thinking is read, streamed and whole.
#![expect(
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "`json!` writes the hosts' side, and these tests hear only what is thought and said"
)]

use routectl_core::{Delta, Event, Opening, Seal, Usage};
use serde_json::json;

use super::*;
use crate::Frame;
use crate::framing::sse;

/// An answer, put together from its events.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    thought: String,
    said: String,
    seals: Vec<String>,
    /// The last counters.
    usage: Option<Usage>,
}

impl Heard {
    fn of(events: Vec<Event>) -> Self {
        let mut heard = Self::default();
        let mut blocks = Vec::new();
        for event in events {
            match event {
                Event::Open { block, .. } => {
                    if let Opening::Sealed { seal, .. } = &block {
                        heard.sealed(seal);
                    }
                    blocks.push(block);
                }
                Event::Delta { index, delta: Delta::Text(text) } => match blocks[index as usize] {
                    Opening::Reasoning => heard.thought.push_str(&text),
                    _ => heard.said.push_str(&text),
                },
                Event::Delta { delta: Delta::Seal(seal), .. } => heard.sealed(&seal),
                Event::Usage(usage) => heard.usage = Some(usage),
                _ => {}
            }
        }
        heard
    }

    fn sealed(&mut self, seal: &Seal) {
        self.seals.push(format!("{}:{}", seal.family, seal.blob));
    }

    /// A stream of these deltas.
    fn streamed(deltas: &[Value]) -> Self {
        let chunk = |delta: &Value| json!({"id":"c","choices":[{"index":0,"delta":delta}]});
        let end = json!({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]});
        let chunks = deltas.iter().map(chunk).chain([end]);
        let body: String = chunks.map(|chunk| format!("data: {chunk}\n\n")).collect();
        Self::streams(&body)
    }

    fn streams(body: &str) -> Self {
        let mut decoder = CHAT.decoder();
        let mut events = Vec::new();
        for frame in sse::frames(body.as_bytes()) {
            decoder.frame(&frame, &mut events).unwrap();
        }
        Self::of(events)
    }

    fn whole(message: &Value) -> Self {
        let answer =
            json!({"id":"c","choices":[{"index":0,"message":message,"finish_reason":"stop"}]});
        let mut events = Vec::new();
        CHAT.decoder().frame(&Frame::Whole(answer.to_string().as_bytes()), &mut events).unwrap();
        Self::of(events)
    }
}

/// What a delta or a message says that tells this much by this member.
fn telling(member: &str, thought: &str, tag: &str) -> Value {
    match member {
        "reasoning_details" => {
            let detail = json!({"type":"reasoning.text","text":thought,"format":tag,"index":0});
            json!({"content":"", member:[detail]})
        }
        "content" => {
            json!({"content":[{"type":"thinking","thinking":[{"type":"text","text":thought}]}]})
        }
        "extra_content" => json!({"content":thought, member:{"google":{"thought":true}}}),
        _ => json!({"content":null, member:thought}),
    }
}

#[test]
fn every_member_of_every_dialect_is_heard_streamed_and_whole() {
    for row in DIALECTS {
        let tag = row.dialect.tag;
        for member in row.dialect.readout.members {
            let said = json!({"content":"said"});
            let deltas = [telling(member, "th", tag), telling(member, "ink", tag), said];
            let streamed = Heard::streamed(&deltas);
            let mut message = telling(member, "think", tag);
            if let Some(parts) = message["content"].as_array_mut() {
                parts.push(json!({"type":"text","text":"said"}));
            } else if *member == "extra_content" {
                message["content"] = json!("<thought>think</thought>said");
            } else {
                message["content"] = json!("said");
            }
            let whole = Heard::whole(&message);
            let name = row.dialect.name;
            if *member == "reasoning_opaque" {
                assert_eq!(streamed.seals, [format!("{tag}:th"), format!("{tag}:ink")], "{name}");
                assert_eq!(whole.seals, [format!("{tag}:think")], "{name}");
                continue;
            }
            let expected =
                Heard { thought: "think".into(), said: "said".into(), ..Heard::default() };
            assert_eq!(streamed, expected, "{name} {member}, streamed");
            assert_eq!(whole, expected, "{name} {member}, whole");
        }
    }
}

#[test]
fn case_7_both_names_tell_one_thought_and_null_tells_none() {
    let both = |text: &str| json!({"reasoning":text,"reasoning_content":text});
    let deltas = [
        json!({"reasoning":null,"reasoning_content":null,"content":""}),
        both("th"),
        both("ink"),
        json!({"reasoning":null,"reasoning_content":null,"content":"said"}),
    ];
    let expected = Heard { thought: "think".into(), said: "said".into(), ..Heard::default() };
    assert_eq!(Heard::streamed(&deltas), expected);
    for (old, new) in [(json!("think"), json!(null)), (json!(""), json!("think"))] {
        for (content, reasoning) in [(&old, &new), (&new, &old)] {
            let message =
                json!({"content":"said","reasoning_content":content,"reasoning":reasoning});
            assert_eq!(Heard::whole(&message), expected);
        }
    }
    let silent = json!({"content":"said","reasoning":null,"reasoning_content":null});
    assert_eq!(Heard::whole(&silent).thought, "");
}

/// Whether a host says all it has thought each time or only what is new, it is heard once.
#[test]
fn case_6_details_that_repeat_what_was_said_are_heard_once() {
    let details = |texts: &[&str]| {
        let deltas: Vec<Value> =
            texts.iter().map(|text| telling("reasoning_details", text, "x")).collect();
        Heard::streamed(&deltas).thought
    };
    for (texts, thought) in [
        (&["Let", "Let me", "Let me see", "Let me see"][..], "Let me see"),
        (&["Let", " me", " see"], "Let me see"),
        (&["ha", "ha", " ha"], "haha ha"),
        (&["\n", "\nLet", " me"], "\n\nLet me"),
        (&["Let", "Let me", " see"], "Let me see"),
        (&["a", "b", "a", "ab"], "abaab"),
        (&["No", "Nothing"], "NoNothing"),
        (&["*", "**"], "***"),
    ] {
        assert_eq!(details(texts), thought, "{texts:?}");
    }
    // Each thought has a course of its own.
    let of = |index: u32, text: &str| json!({"reasoning_details":[{"type":"reasoning.text","text":text,"index":index}]});
    let deltas = [of(0, "a b"), of(0, "a b c"), of(1, "a b"), of(1, " d")];
    assert_eq!(Heard::streamed(&deltas).thought, "a b ca b d");
}

#[test]
fn case_11_mistrals_parts_are_thinking_and_text_in_turn() {
    let part = |thought: &str| telling("content", thought, "");
    let deltas = [
        json!({"role":"assistant","content":""}),
        part("th"),
        part("ink"),
        json!({"content":[{"type":"text","text":"sa"}]}),
        json!({"content":"id"}),
    ];
    let expected = Heard { thought: "think".into(), said: "said".into(), ..Heard::default() };
    assert_eq!(Heard::streamed(&deltas), expected);
}

#[test]
fn geminis_tags_go_where_its_marks_say_what_is_thinking() {
    let marked = |text: &str| json!({"content":text,"extra_content":{"google":{"thought":true}}});
    let text = |text: &str| json!({"content":text});
    let expected = Heard { thought: "think".into(), said: "said".into(), ..Heard::default() };
    for deltas in [
        [marked("<thought>th"), marked("ink"), text("</thought>said")],
        [marked("<thought>th"), marked("ink</thought>"), text("said")],
        [marked("<thought>th"), marked("ink</thought>sa"), text("id")],
        [marked("th"), marked("ink"), text("said")],
    ] {
        assert_eq!(Heard::streamed(&deltas), expected, "{deltas:?}");
    }
    let marks_nothing = json!({"content":"said","extra_content":{"google":{"thought":false}}});
    assert_eq!(Heard::streamed(&[marks_nothing]).said, "said");
}

/// xAI and Gemini count thinking beside the answer, and say so by their total.
#[test]
fn case_16_thinking_is_part_of_the_output_however_the_host_counts() {
    for (completion, reasoning, total, output) in
        [(10, 30, 140, 40), (40, 30, 140, 40), (10, 30, 0, 10), (0, 30, 130, 30)]
    {
        let mut usage = json!({
            "prompt_tokens":100,"completion_tokens":completion,
            "completion_tokens_details":{"reasoning_tokens":reasoning}
        });
        if total > 0 {
            usage["total_tokens"] = json!(total);
        }
        let chunk = json!({"id":"c","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":usage});
        let counted = Heard::streams(&format!("data: {chunk}\n\n")).usage.unwrap();
        assert_eq!((counted.input, counted.output), (Some(100), Some(output)), "{usage}");
        assert_eq!(counted.reasoning, Some(reasoning), "{usage}");
    }
    // Groq's place of its own.
    let chunk = json!({"id":"c","choices":[{"delta":{},"finish_reason":"stop"}],
        "x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":5}}});
    let counted = Heard::streams(&format!("data: {chunk}\n\n")).usage.unwrap();
    assert_eq!((counted.input, counted.output, counted.reasoning), (Some(3), Some(5), None));
}

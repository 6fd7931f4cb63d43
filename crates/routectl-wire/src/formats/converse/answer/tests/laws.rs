//! What holds for every answer.

use proptest::prelude::*;
use routectl_core::{Delta, Event};

use super::{Minter, Reader};
use crate::formats::tests::told_lawfully;
use crate::grammar::Grammar;
use crate::{Decoder, Frame, json};

/// A block of an answer, as a model makes it.
#[derive(Debug, Clone)]
enum Said {
    Text(String),
    Thought(String, String),
    Redacted(String),
    Call(String, String),
}

fn blocks() -> impl Strategy<Value = Vec<Said>> {
    let block = prop_oneof![
        "\\PC{1,12}".prop_map(Said::Text),
        ("\\PC{0,12}", "[A-Za-z0-9+/]{1,12}={0,2}")
            .prop_map(|(text, seal)| Said::Thought(text, seal)),
        "[A-Za-z0-9+/]{1,12}={0,2}".prop_map(Said::Redacted),
        (
            "[a-z]{1,8}",
            prop_oneof![
                Just("{}".to_owned()),
                "\\PC{0,8}".prop_map(|text| { format!(r#"{{"q": {}}}"#, quote(&text)) })
            ]
        )
            .prop_map(|(name, input)| Said::Call(name, input)),
    ];
    prop::collection::vec(block, 0..6)
}

fn quote(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn whole(blocks: &[Said], tail: &str) -> String {
    let block = |(place, block): (usize, &Said)| match block {
        Said::Text(text) => format!(r#"{{"text":{}}}"#, quote(text)),
        Said::Thought(text, seal) => format!(
            r#"{{"reasoningContent":{{"reasoningText":{{"text":{},"signature":"{seal}"}}}}}}"#,
            quote(text)
        ),
        Said::Redacted(data) => {
            format!(r#"{{"reasoningContent":{{"redactedContent":"{data}"}}}}"#)
        }
        Said::Call(name, input) => {
            format!(r#"{{"toolUse":{{"toolUseId":"t{place}","name":"{name}","input":{input}}}}}"#)
        }
    };
    let content: Vec<String> = blocks.iter().enumerate().map(block).collect();
    let message = format!(r#"{{"role":"assistant","content":[{}]}}"#, content.join(","));
    format!(r#"{{"output":{{"message":{message}}},{tail}}}"#)
}

/// The same answer as a stream, its words in pieces of so many characters.
fn stream(blocks: &[Said], size: usize) -> Vec<(&'static str, String)> {
    let mut events = vec![("messageStart", r#"{"role":"assistant"}"#.to_owned())];
    for (place, block) in blocks.iter().enumerate() {
        let mut grow = |delta: String| {
            let event = format!(r#"{{"contentBlockIndex":{place},"delta":{{{delta}}},"p":"abc"}}"#);
            events.push(("contentBlockDelta", event));
        };
        match block {
            Said::Text(text) => {
                pieces(text, size).for_each(|piece| grow(format!(r#""text":{}"#, quote(&piece))));
            }
            Said::Thought(text, seal) => {
                let thought = |member: &str, value: &str| {
                    format!(r#""reasoningContent":{{"{member}":{value}}}"#)
                };
                pieces(text, size).for_each(|piece| grow(thought("text", &quote(&piece))));
                grow(thought("signature", &quote(seal)));
            }
            Said::Redacted(data) => {
                grow(format!(r#""reasoningContent":{{"redactedContent":"{data}"}}"#));
            }
            Said::Call(name, input) => {
                let start = format!(r#"{{"toolUse":{{"toolUseId":"t{place}","name":"{name}"}}}}"#);
                let start = format!(r#"{{"contentBlockIndex":{place},"start":{start}}}"#);
                events.push(("contentBlockStart", start));
                // A call without arguments has no more than an empty delta.
                let input = if input == "{}" { "" } else { input };
                let said = std::iter::once(String::new()).chain(pieces(input, size));
                events.extend(said.map(|piece| {
                    let delta = format!(r#"{{"toolUse":{{"input":{}}}}}"#, quote(&piece));
                    let event = format!(r#"{{"contentBlockIndex":{place},"delta":{delta}}}"#);
                    ("contentBlockDelta", event)
                }));
            }
        }
        events.push(("contentBlockStop", format!(r#"{{"contentBlockIndex":{place}}}"#)));
    }
    events
}

fn pieces(text: &str, size: usize) -> impl Iterator<Item = String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = letters.chunks(size).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter()
}

/// Without what means nothing: signs of life, and where the pieces of a text part. The last
/// counters and the end are told in one order.
fn meaning(events: Vec<Event>) -> (Vec<Event>, Vec<Event>) {
    let mut kept: Vec<Event> = Vec::new();
    for event in events {
        match (kept.last_mut(), event) {
            (_, Event::Alive) => {}
            (
                Some(Event::Delta { delta: Delta::Text(said), .. }),
                Event::Delta { delta: Delta::Text(more), .. },
            )
            | (
                Some(Event::Delta { delta: Delta::Arguments(said), .. }),
                Event::Delta { delta: Delta::Arguments(more), .. },
            ) => said.push_str(&more),
            (_, event) => kept.push(event),
        }
    }
    for event in &mut kept {
        if let Event::Delta { delta: Delta::Arguments(said), .. } = event {
            *said = json::compact(said).into_owned();
        }
    }
    kept.into_iter().partition(|event| !matches!(event, Event::Usage(_)))
}

proptest! {
    #[test]
    fn a_whole_answer_and_a_streamed_one_mean_the_same(
        blocks in blocks(),
        size in 1usize..8,
        seen in any::<bool>(),
        counted in any::<bool>(),
    ) {
        let minter = if seen { Minter::Claude } else { Minter::Unknown };
        let stop = r#""stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"é"}"#;
        let counters = r#""usage":{"inputTokens":3,"outputTokens":4,"cacheReadInputTokens":5}"#;
        let mut reader = Reader::new(minter);
        let mut of_whole = Vec::new();
        let tail = if counted { format!("{stop},{counters}") } else { stop.to_owned() };
        let body = whole(&blocks, &tail);
        reader.frame(&Frame::Whole(body.as_bytes()), &mut of_whole).unwrap();
        prop_assert!(reader.complete());
        let mut reader = Reader::new(minter);
        let mut of_stream = Vec::new();
        let mut events = stream(&blocks, size);
        events.push(("messageStop", format!("{{{stop}}}")));
        events.push(("metadata", if counted { format!("{{{counters}}}") } else { "{}".into() }));
        for (name, data) in &events {
            let frame = Frame::Sse { event: Some(name), data: data.as_bytes().into() };
            reader.frame(&frame, &mut of_stream).unwrap();
        }
        prop_assert!(reader.complete());
        for events in [&of_whole, &of_stream] {
            let mut grammar = Grammar::default();
            events.iter().for_each(|event| assert_eq!(grammar.take(event), Ok(())));
            prop_assert_eq!(events.last(), Some(&Event::End));
        }
        prop_assert_eq!(meaning(of_whole), meaning(of_stream));
    }

    #[test]
    fn whatever_a_host_sends_is_read_as_a_lawful_sequence(
        picks in prop::collection::vec(0..POOL.len(), 0..16),
        seen in any::<bool>(),
    ) {
        let mut reader = Reader::new(if seen { Minter::Claude } else { Minter::Unknown });
        let (mut grammar, mut events) = (Grammar::default(), Vec::new());
        for pick in picks {
            let (name, data) = POOL[pick];
            let frame = Frame::Sse { event: Some(name), data: data.as_bytes().into() };
            let _ = reader.frame(&frame, &mut events);
            // Nobody reads on behind a failure.
            if events.iter().any(|event| matches!(event, Event::Failed(_))) {
                break;
            }
        }
        for event in &events {
            let lawful = grammar.take(event);
            prop_assert!(lawful.is_ok(), "{lawful:?} in {events:?}");
        }
        for client in crate::CLIENT_FORMATS {
            let told = told_lawfully(*client, &events);
            prop_assert!(told.is_ok(), "{told:?} to {}: {events:?}", client.name());
        }
    }
}

/// Events of every kind that a host may send in any order, as often as it likes.
const POOL: &[(&str, &str)] = &[
    ("messageStart", r#"{"role":"assistant"}"#),
    (
        "contentBlockStart",
        r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a","name":"f"}}}"#,
    ),
    (
        "contentBlockStart",
        r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"b","name":"g"}}}"#,
    ),
    (
        "contentBlockStart",
        r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"c","name":"h","type":"server_tool_use"}}}"#,
    ),
    ("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}"#),
    ("contentBlockStart", r#"{"contentBlockIndex":2,"start":{}}"#),
    ("contentBlockStart", r#"{"contentBlockIndex":2,"start":{"text":"a"}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"b"}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":""}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"text":"c"}}}"#),
    (
        "contentBlockDelta",
        r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"signature":"d"}}}"#,
    ),
    (
        "contentBlockDelta",
        r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"e"}}}"#,
    ),
    ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{"}}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":{"f":1}}}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"citation":{}}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"novelty":null,"other":1}}"#),
    ("contentBlockDelta", r#"{"contentBlockIndex":0}"#),
    ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
    ("contentBlockStop", r#"{"contentBlockIndex":1}"#),
    ("messageStop", r#"{"stopReason":"end_turn"}"#),
    ("messageStop", r#"{"stopReason":"malformed_tool_use"}"#),
    ("messageStop", "{}"),
    ("metadata", r#"{"usage":{"inputTokens":1},"trace":{}}"#),
    ("metadata", "{\"us"),
    ("novelty", "{}"),
    ("", "x"),
    ("throttlingException", r#"{"message":"slow"}"#),
];

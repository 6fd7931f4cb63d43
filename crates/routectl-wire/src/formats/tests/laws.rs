//! Laws of every encoder, held over generated answers: what is told can be read back, streamed and
//! whole say the same, and the official clients' own way of joining a stream gives the whole.

use std::collections::BTreeMap;

use proptest::prelude::*;
use routectl_core::{
    Declined, Delta, Event, Head, Opening, Seal, SealKind, StopReason, Usage, Wishes,
};
use serde_json::{Map, Value};

use crate::framing::sse;
use crate::grammar::Grammar;
use crate::provenance::CLAUDE;
use crate::{CHAT, CLIENT_FORMATS, ClientFormat, Frame, Framing, MESSAGES, Reply};

fn reply() -> Reply {
    let wishes = Wishes { streamed: true, usage_in_stream: true, old_functions: false };
    Reply { model: "m".into(), created: 1, wishes, shows_reasoning: true, ..Reply::default() }
}

fn told(format: &dyn ClientFormat, framing: Framing, events: &[Event]) -> Vec<u8> {
    let mut encoder = format.encoder(framing, reply());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.finish(&mut out);
    out
}

fn read(format: &dyn ClientFormat, framing: Framing, body: &[u8]) -> Vec<Event> {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    match framing {
        Framing::Whole => decoder.frame(&Frame::Whole(body), &mut events).unwrap(),
        Framing::Sse => {
            for frame in sse::frames(body) {
                decoder.frame(&frame, &mut events).unwrap();
            }
        }
    }
    assert!(decoder.complete());
    let mut grammar = Grammar::default();
    for event in &events {
        grammar.take(event).unwrap();
    }
    events
}

/// An answer, joined.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    blocks: Vec<(Kind, String, Option<Seal>)>,
    stop: Option<StopReason>,
    usage: Usage,
}

#[derive(Debug, Clone, PartialEq, PartialOrd, Eq, Ord)]
enum Kind {
    Reasoning,
    Text,
    Refusal,
    Call(String, String),
    TextCall(String, String),
}

fn join(events: &[Event]) -> Answer {
    let mut answer = Answer::default();
    for event in events {
        match event {
            Event::Open { block, .. } => answer.blocks.push(opened(block)),
            Event::Delta { index, delta } => {
                let (_, text, seal) = &mut answer.blocks[*index as usize];
                match delta {
                    Delta::Text(more) | Delta::Arguments(more) => text.push_str(more),
                    Delta::Seal(late) => *seal = Some(late.clone()),
                    Delta::Opaque(opaque) => panic!("nothing odd was told: {opaque:?}"),
                }
            }
            Event::Usage(usage) => answer.usage = answer.usage.overlaid(*usage),
            Event::Stop(reason) => answer.stop = Some(reason.clone()),
            Event::Start(_) | Event::Close { .. } | Event::End | Event::Alive => {}
            Event::Failed(_) | Event::Opaque(_) => panic!("nothing odd was told: {event:?}"),
        }
    }
    answer
}

fn opened(block: &Opening) -> (Kind, String, Option<Seal>) {
    let (kind, seal) = match block {
        Opening::Text => (Kind::Text, None),
        Opening::Refusal => (Kind::Refusal, None),
        Opening::Reasoning => (Kind::Reasoning, None),
        Opening::Sealed { seal, .. } => (Kind::Reasoning, Some(seal.clone())),
        Opening::ToolCall { id, name } => (Kind::Call(id.clone(), name.clone()), None),
        Opening::TextCall { id, name } => (Kind::TextCall(id.clone(), name.clone()), None),
        Opening::Opaque(opaque) => panic!("nothing odd was told: {opaque:?}"),
    };
    (kind, String::new(), seal)
}

/// What a client of this format can know of an answer.
fn known(format: &dyn ClientFormat, mut answer: Answer) -> Answer {
    answer.blocks.retain(|(kind, text, seal)| {
        !text.is_empty() || seal.is_some() || matches!(kind, Kind::Call(..) | Kind::TextCall(..))
    });
    for (kind, text, seal) in &mut answer.blocks {
        if matches!(kind, Kind::Call(..)) && text.trim().is_empty() {
            "{}".clone_into(text);
        }
        if format.name() == "messages" {
            if let Kind::TextCall(id, name) = kind {
                *kind = Kind::Call(id.clone(), name.clone());
                *text = format!("{{\"input\":{}}}", serde_json::to_string(text).unwrap());
            }
            if *kind == Kind::Refusal {
                *kind = Kind::Text;
            }
            // Every thought is signed there: by Claude, or by us.
            let theirs = seal
                .as_ref()
                .is_some_and(|seal| seal.family == CLAUDE && !seal.blob.starts_with("rctl1."));
            if *kind == Kind::Reasoning && !theirs {
                let kept = seal.as_ref().filter(|_| text.is_empty());
                let kind = kept.map_or(SealKind::Signature, |seal| seal.kind);
                *seal = Some(Seal { family: "ours".into(), kind, blob: String::new() });
            }
        }
    }
    let refuses = answer.blocks.iter().any(|(kind, ..)| *kind == Kind::Refusal);
    if format.name() == "chat" {
        if matches!(answer.stop, Some(StopReason::Refusal(_))) && !refuses {
            let words = "The model declined to answer.".to_owned();
            answer.blocks.push((Kind::Refusal, words, None));
        }
        // Content is one text, and whole answers have no order among kinds.
        let mut joined: Vec<(Kind, String, Option<Seal>)> = Vec::new();
        for (kind, text, seal) in answer.blocks {
            let prose = matches!(kind, Kind::Text | Kind::Refusal);
            match joined.iter_mut().find(|(known, ..)| prose && *known == kind) {
                Some((_, content, _)) => content.push_str(&text),
                None => joined.push((kind, text, seal)),
            }
        }
        let rank = |kind: &Kind| match kind {
            Kind::Reasoning => 0,
            Kind::Text => 1,
            Kind::Refusal => 2,
            Kind::Call(..) | Kind::TextCall(..) => 3,
        };
        joined.sort_by_key(|(kind, ..)| rank(kind));
        answer.blocks = joined;
        let written = [answer.usage.cache_write_5m.take(), answer.usage.cache_write_1h.take()];
        answer.usage.cache_write_5m =
            written.iter().any(Option::is_some).then(|| written.into_iter().flatten().sum());
    }
    answer
}

/// The reason as a client of this format reads it.
fn known_stop(format: &dyn ClientFormat, answer: &Answer) -> StopReason {
    use StopReason::{ContentFilter, EndTurn, MaxTokens, Refusal, StopSequence, ToolUse};
    let called =
        answer.blocks.iter().any(|(kind, ..)| matches!(kind, Kind::Call(..) | Kind::TextCall(..)));
    let refusal = answer.blocks.iter().filter(|(kind, ..)| *kind == Kind::Refusal);
    let refusal: String = refusal.map(|(_, text, _)| text.as_str()).collect();
    let said = (!refusal.is_empty()).then_some(refusal);
    let refused = |explanation| Refusal(Declined { category: None, explanation });
    let natural = if called { ToolUse } else { EndTurn };
    match (format.name(), answer.stop.clone().unwrap()) {
        ("chat", StopSequence(_) | EndTurn) => natural,
        ("chat", ToolUse) => ToolUse,
        ("chat", Refusal(_) | ContentFilter) => ContentFilter,
        ("chat", other) => other,
        (_, EndTurn | ToolUse) if said.is_some() => refused(said),
        (_, EndTurn | ToolUse) => natural,
        (_, ContentFilter) => {
            refused(said.or_else(|| Some("The answer was cut by a content filter.".into())))
        }
        (_, Refusal(declined)) => {
            let explanation = declined.explanation.or(said);
            Refusal(Declined { category: declined.category, explanation })
        }
        (_, MaxTokens) => MaxTokens,
        (_, other) => other,
    }
}

fn seal() -> impl Strategy<Value = Seal> {
    let family = prop_oneof![Just(CLAUDE), Just("openai-responses-v1"), Just("unknown")];
    let kind = prop_oneof![Just(SealKind::Signature), Just(SealKind::Encrypted)];
    (family, kind, "[A-Za-z0-9+/=.]{1,12}").prop_map(|(family, kind, blob)| Seal {
        family: family.into(),
        kind,
        blob,
    })
}

/// A block with its growth.
fn block() -> impl Strategy<Value = (Opening, Vec<Delta>)> {
    let words = || proptest::collection::vec("[ -~é😀\n]{1,6}", 0..4);
    let texts = |words: Vec<String>| words.into_iter().map(Delta::Text).collect::<Vec<_>>();
    let arguments = |words: Vec<String>| words.into_iter().map(Delta::Arguments).collect();
    let thought = (words(), proptest::option::of(seal())).prop_map(move |(words, seal)| {
        let mut deltas = texts(words);
        deltas.extend(seal.map(|seal| Delta::Seal(Seal { kind: SealKind::Signature, ..seal })));
        (Opening::Reasoning, deltas)
    });
    let sealed = seal().prop_map(|seal| {
        let seal = Seal { kind: SealKind::Encrypted, ..seal };
        (Opening::Sealed { seal, id: None }, Vec::new())
    });
    let input = prop_oneof![
        Just(vec![]),
        Just(vec!["{}".to_owned()]),
        Just(vec!["{\"a\"".to_owned(), ": 1.0, \"b\":\"}\\\"\"".to_owned(), "}".to_owned()]),
    ];
    let call = input.prop_map(move |input| (call(), arguments(input)));
    let text_call = words().prop_map(move |words| {
        (Opening::TextCall { id: String::new(), name: "patch".into() }, arguments(words))
    });
    prop_oneof![
        4 => words().prop_map(move |words| (Opening::Text, texts(words))),
        2 => thought,
        1 => sealed,
        1 => words().prop_map(move |words| (Opening::Refusal, texts(words))),
        4 => call,
        1 => text_call,
    ]
}

fn call() -> Opening {
    Opening::ToolCall { id: String::new(), name: "f".into() }
}

fn stop() -> impl Strategy<Value = StopReason> {
    prop_oneof![
        Just(StopReason::EndTurn),
        Just(StopReason::ToolUse),
        Just(StopReason::MaxTokens),
        Just(StopReason::StopSequence(Some("END".into()))),
        Just(StopReason::ContentFilter),
        Just(StopReason::Refusal(Declined { category: Some("bio".into()), explanation: None })),
    ]
}

fn usage() -> impl Strategy<Value = Usage> {
    let count = || proptest::option::of(0_u64..1_000);
    (count(), count(), count()).prop_map(|(cache_read, cache_write_5m, reasoning)| Usage {
        input: Some(7_000),
        cache_read,
        cache_write_5m,
        cache_write_1h: cache_write_5m.map(|written| written / 2),
        output: Some(2_000),
        reasoning,
    })
}

/// A lawful answer: calls may grow side by side, everything else comes in order.
fn answer() -> impl Strategy<Value = Vec<Event>> {
    let blocks = proptest::collection::vec(block(), 0..6);
    (blocks, stop(), usage(), any::<u64>()).prop_map(|(blocks, stop, usage, order)| {
        // Counters come in parts, and each part overwrites what it knows.
        let late = Usage { output: usage.output, reasoning: usage.reasoning, ..Usage::default() };
        let early = Usage { output: Some(1), reasoning: None, ..usage };
        let head = Head { id: Some("x".into()), model: None };
        let mut events = vec![Event::Start(head), Event::Usage(early)];
        let mut waiting = BTreeMap::new();
        for (index, (mut opening, deltas)) in (0_u32..).zip(blocks) {
            if let Opening::ToolCall { id, .. } | Opening::TextCall { id, .. } = &mut opening {
                *id = format!("call_{index}");
            }
            let calls = matches!(opening, Opening::ToolCall { .. });
            events.push(Event::Open { index, block: opening });
            let growth = deltas.into_iter().map(|delta| Event::Delta { index, delta });
            if calls && order & 1 == 0 {
                waiting.insert(index, growth.collect::<Vec<_>>());
                continue;
            }
            events.extend(growth);
            events.push(Event::Close { index });
        }
        // What is left of the calls, in turns.
        let mut turn = order;
        while !waiting.is_empty() {
            let at = *waiting.keys().nth(turn as usize % waiting.len()).unwrap();
            turn = turn.rotate_right(3);
            let growth = waiting.get_mut(&at).unwrap();
            if growth.is_empty() {
                waiting.remove(&at);
                events.push(Event::Close { index: at });
            } else {
                events.push(growth.remove(0));
            }
        }
        events.extend([Event::Usage(late), Event::Stop(stop), Event::End]);
        events
    })
}

proptest! {
    #[test]
    fn what_is_told_can_be_read_back(events in answer()) {
        for format in CLIENT_FORMATS {
            let wanted = join(&events);
            let stop = known_stop(*format, &wanted);
            let mut wanted = known(*format, wanted);
            wanted.stop = Some(stop);
            for framing in [Framing::Sse, Framing::Whole] {
                let body = told(*format, framing, &events);
                let got = known(*format, join(&read(*format, framing, &body)));
                let said = String::from_utf8_lossy(&body);
                prop_assert_eq!(&got, &wanted, "{} {:?}: {}", format.name(), framing, said);
            }
        }
    }

    #[test]
    fn golden_20_joining_a_stream_as_the_official_clients_do_gives_the_whole_answer(events in answer()) {
        let streamed = told(CHAT, Framing::Sse, &events);
        let whole = told(CHAT, Framing::Whole, &events);
        prop_assert_eq!(chat_joined(&streamed), bare(&serde_json::from_slice(&whole).unwrap()));
        let streamed = told(MESSAGES, Framing::Sse, &events);
        let whole = told(MESSAGES, Framing::Whole, &events);
        prop_assert_eq!(messages_joined(&streamed), serde_json::from_slice::<Value>(&whole).unwrap());
    }

    #[test]
    fn the_same_answer_is_the_same_bytes(events in answer()) {
        for format in CLIENT_FORMATS {
            for framing in [Framing::Sse, Framing::Whole] {
                prop_assert_eq!(told(*format, framing, &events), told(*format, framing, &events));
            }
        }
    }
}

/// A stream joined as the official Python client does: strings are joined, lists are merged by
/// index, and a list without one cannot come twice. (facts: OpenAI chat, section 6.1)
fn chat_joined(stream: &[u8]) -> Value {
    let mut message = Value::Object(Map::new());
    let mut answer = Map::new();
    for frame in sse::frames(stream) {
        let Frame::Sse { data, .. } = frame else { panic!("no event") };
        if &*data == b"[DONE]" {
            break;
        }
        let chunk: Value = serde_json::from_slice(&data).unwrap();
        if let Some(choice) = chunk["choices"].get(0) {
            merge(&mut message, &choice["delta"]);
            answer.insert("finish_reason".into(), choice["finish_reason"].clone());
            if let Some(stop) = choice.get("stop_reason") {
                answer.insert("stop_reason".into(), stop.clone());
            }
        }
        if !chunk["usage"].is_null() {
            answer.insert("usage".into(), chunk["usage"].clone());
        }
    }
    for calls in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        calls.as_object_mut().unwrap().remove("index");
    }
    answer.insert("message".into(), message);
    Value::Object(answer)
}

fn merge(known: &mut Value, delta: &Value) {
    match (known, delta) {
        (Value::Object(known), Value::Object(delta)) => {
            for (name, value) in delta {
                match known.get_mut(name) {
                    Some(_) if name == "index" || name == "type" => {}
                    Some(known) => merge(known, value),
                    None => {
                        known.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        (Value::String(known), Value::String(more)) => known.push_str(more),
        (Value::Array(known), Value::Array(more)) => {
            for entry in more {
                let index = entry["index"].as_u64().expect("a list has indices") as usize;
                match known.get_mut(index) {
                    Some(known) => merge(known, entry),
                    None => {
                        assert_eq!(index, known.len(), "indices have no gaps");
                        known.push(entry.clone());
                    }
                }
            }
        }
        (known, delta) => *known = delta.clone(),
    }
}

/// A whole answer without what a stream says otherwise: nulls, and text that is not there.
fn bare(whole: &Value) -> Value {
    let choice = &whole["choices"][0];
    let mut message = choice["message"].clone();
    let members = message.as_object_mut().unwrap();
    if members["content"].is_null() {
        members.insert("content".into(), "".into());
    }
    members.retain(|_, value| !value.is_null());
    let mut answer = Map::new();
    for name in ["finish_reason", "stop_reason"] {
        if let Some(value) = choice.get(name) {
            answer.insert(name.into(), value.clone());
        }
    }
    answer.insert("usage".into(), whole["usage"].clone());
    answer.insert("message".into(), message);
    Value::Object(answer)
}

/// A stream joined as the official clients do: blocks are pushed as they start and addressed by
/// index from then on. (facts: Anthropic Messages, section 9.2)
fn messages_joined(stream: &[u8]) -> Value {
    let mut message = Value::Null;
    let mut inputs: BTreeMap<usize, String> = BTreeMap::new();
    let mut open = None;
    for frame in sse::frames(stream) {
        let Frame::Sse { data, event } = frame else { panic!("no event") };
        let body: Value = serde_json::from_slice(&data).unwrap();
        assert_eq!(event, body["type"].as_str(), "an event says its name twice");
        let index = body["index"].as_u64().map(|index| index as usize);
        match event.unwrap() {
            "message_start" => {
                assert!(message.is_null());
                message = body["message"].clone();
            }
            "content_block_start" => {
                assert_eq!(open, None, "blocks never interleave");
                open = index;
                let content = message["content"].as_array_mut().unwrap();
                assert_eq!(Some(content.len()), index, "indices have no gaps");
                content.push(body["content_block"].clone());
            }
            "content_block_delta" => {
                assert_eq!(open, index);
                let block = &mut message["content"][index.unwrap()];
                let (name, more) = body["delta"].as_object().unwrap().iter().nth(1).unwrap();
                match name.as_str() {
                    "partial_json" => {
                        inputs.entry(index.unwrap()).or_default().push_str(more.as_str().unwrap());
                    }
                    "signature" => block["signature"] = more.clone(),
                    name => merge(&mut block[name], more),
                }
            }
            "content_block_stop" => {
                assert_eq!(open.take(), index);
                if let Some(input) = inputs.get(&index.unwrap()) {
                    message["content"][index.unwrap()]["input"] =
                        serde_json::from_str(input).unwrap();
                }
            }
            "message_delta" => {
                for (name, value) in body["delta"].as_object().unwrap() {
                    message[name] = value.clone();
                }
                for (name, value) in body["usage"].as_object().unwrap() {
                    message["usage"][name] = value.clone();
                }
            }
            "message_stop" => assert_eq!(open, None),
            other => panic!("no such event: {other}"),
        }
    }
    message
}

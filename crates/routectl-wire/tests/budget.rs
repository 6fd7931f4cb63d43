//! What a translation may cost, told in allocations: they are the same on every machine, as
//! processor time is not. An allocation that grows counts as a new one, so copies count too.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

use std::fmt::Write;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use routectl_core::{Abilities, Event};
use routectl_wire::framing::sse::{self, Cutter};
use routectl_wire::{CHAT, Changes, ClientFormat, Document, Framing, MESSAGES, Reply, WayBack};

/// Both directions: the client's format, the target's.
const DIRECTIONS: [[&'static dyn ClientFormat; 2]; 2] = [[CHAT, MESSAGES], [MESSAGES, CHAT]];

#[test]
fn a_translation_costs_a_few_copies_of_the_body_and_grows_with_it() {
    for [client, target] in DIRECTIONS {
        let (small, large) = (session(client, 100), session(client, 200));
        let [less, more] = [&small, &large].map(|body| request(client, target, body));
        let name = client.name();
        let body = large.len() as u64;
        assert!(more.bytes_max < 6 * body, "{name}: {} bytes at once for {body}", more.bytes_max);
        assert!(more.bytes_total < 10 * body, "{name}: {} bytes for {body}", more.bytes_total);
        let each = (more.count_total - less.count_total) / 100;
        assert!(each < 60, "{name}: {each} allocations for an exchange");
        assert!(more.bytes_total < 5 * less.bytes_total / 2, "{name}: {more:?} after {less:?}");
    }
}

#[test]
fn a_chunk_costs_a_few_allocations_however_many_came_before() {
    for [client, target] in DIRECTIONS {
        let [some, more] = [1_000, 2_000].map(|chunks| answer(client, target, chunks));
        let name = client.name();
        let each = (more.count_total - some.count_total).div_ceil(1_000);
        assert!(each <= 10, "{name}: {each} allocations for a chunk");
        let bytes = (more.bytes_total - some.bytes_total) / 1_000;
        assert!(bytes < 4_000, "{name}: {bytes} bytes for a chunk of 250");
        assert!(more.bytes_max < some.bytes_max + 1_000, "{name}: {more:?} after {some:?}");
    }
}

/// The cost of a request in the words of another format.
fn request(client: &dyn ClientFormat, target: &dyn ClientFormat, body: &str) -> AllocationInfo {
    let document = Document::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let abilities = Abilities { upstream: "a-model".to_owned(), ..Abilities::default() };
    measure(|| {
        let spelled = target.write(&client.read(&document).unwrap(), &abilities);
        assert!(spelled.body.len() > body.len() / 2);
        drop(Document::parse(Bytes::from(spelled.body)).unwrap());
    })
}

/// The cost of a streamed answer in the words of another format, a chunk at a time.
fn answer(client: &dyn ClientFormat, target: &dyn ClientFormat, chunks: usize) -> AllocationInfo {
    let (opening, chunk) = opening_and_chunk(target);
    measure(|| {
        let (mut cutter, mut decoder) = (Cutter::default(), target.decoder());
        let mut way_back = WayBack::new(Changes::default());
        let mut encoder = client.encoder(Framing::Sse, Reply::default());
        let (mut heard, mut told): (Vec<Event>, Vec<Event>) = Default::default();
        for piece in std::iter::once(&opening).chain(std::iter::repeat_n(&chunk, chunks)) {
            let events = cutter.push(piece).unwrap().unwrap();
            for frame in sse::frames(&events) {
                decoder.frame(&frame, &mut heard).unwrap();
            }
            heard.drain(..).for_each(|event| way_back.event(event, &mut told));
            let mut out = Vec::new();
            told.drain(..).for_each(|event| encoder.event(&event, &mut out));
            assert!(!out.is_empty());
        }
    })
}

fn opening_and_chunk(format: &dyn ClientFormat) -> (Bytes, Bytes) {
    let text = "lorem ipsum dolor sit amet ".repeat(4);
    if format.name() == "chat" {
        let chunk = |delta: &str| {
            format!(r#"data: {{"id":"c","model":"m","choices":[{{"index":0,"delta":{delta}}}]}}"#)
                + "\n\n"
        };
        let opening = chunk(r#"{"role":"assistant","content":"a"}"#);
        return (opening.into(), chunk(&format!(r#"{{"content":"{text}"}}"#)).into());
    }
    let named =
        |name: &str, rest: &str| format!("event: {name}\ndata: {{\"type\":\"{name}\",{rest}}}\n\n");
    let start = r#""message":{"id":"m","model":"m","content":[],"usage":{"input_tokens":1}}"#;
    let block = r#""index":0,"content_block":{"type":"text","text":""}"#;
    let delta = format!(r#""index":0,"delta":{{"type":"text_delta","text":"{text}"}}"#);
    let opening = named("message_start", start) + &named("content_block_start", block);
    (opening.into(), named("content_block_delta", &delta).into())
}

/// A conversation with so many tool calls and results of code.
fn session(format: &dyn ClientFormat, exchanges: usize) -> String {
    let line = r#"    let name = it.get(\"größe\").unwrap_or(\"C:\\\\src\");\n"#;
    let mut messages = String::from(r#"{"role":"user","content":"Mend it."}"#);
    for exchange in 0..exchanges {
        let printed = line.repeat(20 + exchange % 20);
        let result = if format.name() == "chat" {
            format!(
                r#",{{"role":"assistant","content":"I look.","tool_calls":[{{"id":"call_{exchange}","type":"function","function":{{"name":"look","arguments":"{{\"at\":{exchange}}}"}}}}]}},{{"role":"tool","tool_call_id":"call_{exchange}","content":"{printed}"}}"#
            )
        } else {
            format!(
                r#",{{"role":"assistant","content":[{{"type":"text","text":"I look."}},{{"type":"tool_use","id":"call_{exchange}","name":"look","input":{{"at":{exchange}}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"call_{exchange}","content":"{printed}"}}]}}"#
            )
        };
        messages.push_str(&result);
    }
    let mut body = format!(r#"{{"model":"m","max_tokens":9,"messages":[{messages}],"tools":["#);
    let schema = r#"{"type":"object","properties":{"at":{"type":"integer"}}}"#;
    // Writing to a string cannot fail.
    let _ = match format.name() {
        "chat" => write!(
            body,
            r#"{{"type":"function","function":{{"name":"look","parameters":{schema}}}}}]}}"#
        ),
        _ => write!(body, r#"{{"name":"look","input_schema":{schema}}}]}}"#),
    };
    body
}

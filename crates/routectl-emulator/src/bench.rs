//! Canned answers for benchmarks: built once per model name, never checked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::Format;
use crate::reply::{End, Head, Reply, Step};

/// Bytes of one streamed event, about.
const EVENT: usize = 250;

/// What stands in for a model's words.
const LOREM: &str = "lorem ipsum dolor sit amet ";

/// The canned answers of one emulator.
#[derive(Default)]
pub(crate) struct Canned(Mutex<HashMap<(Format, String, bool), Reply>>);

impl Canned {
    /// The answer of a `bench-…` name to this body, or `None` if it is none.
    pub(crate) fn reply(&self, format: Format, model: &str, body: &[u8]) -> Option<Reply> {
        let plan = model.strip_prefix("bench-")?;
        let key = (format, model.to_owned(), asks_for_a_stream(body));
        let mut canned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reply) = canned.get(&key) {
            return Some(reply.clone());
        }
        let reply = match plan.strip_prefix("stream-") {
            Some(plan) => paced(format, plan)?,
            None if key.2 => at_once(format, plan.parse().ok()?),
            None => whole(format, plan.parse().ok()?),
        };
        canned.insert(key, reply.clone());
        Some(reply)
    }
}

/// Whether a body says `"stream":true`, found without reading it: inside of a string the quotes
/// would be escaped.
fn asks_for_a_stream(body: &[u8]) -> bool {
    [br#""stream":true"#.as_slice(), br#""stream": true"#]
        .iter()
        .any(|member| memchr::memmem::find(body, member).is_some())
}

fn whole(format: Format, size: usize) -> Reply {
    let (_, body) = whole_body(format, size);
    Reply::whole(Head::new(200, "application/json"), body)
}

/// The answer of that size as a stream whose events come in one write.
fn at_once(format: Format, size: usize) -> Reply {
    let (mut rest, _) = whole_body(format, size);
    let Pieces { first, text, last, room } = pieces(format);
    let mut stream = first;
    while !rest.is_empty() {
        let after = rest.split_off(room.min(rest.len()));
        stream.push_str(&text(&rest));
        rest = after;
    }
    stream.push_str(&last);
    let steps = vec![Step::Write(stream.into())];
    Reply::chunked(Head::new(200, "text/event-stream"), steps, End::Clean)
}

/// An answer's text, and the body of that size that says it.
fn whole_body(format: Format, size: usize) -> (String, String) {
    let body = |text: &str| match format {
        Format::Chat => json!({"id": "chatcmpl-bench", "object": "chat.completion",
            "created": 1_795_000_000, "model": "bench", "choices": [{"index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 100, "total_tokens": 200}}),
        Format::Messages => json!({"id": "msg_bench", "type": "message", "role": "assistant",
            "model": "bench", "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 100, "output_tokens": 100}}),
    };
    let frame = body("").to_string().len();
    let text = LOREM.chars().cycle().take(size.saturating_sub(frame));
    let text: String = text.collect();
    let body = body(&text).to_string();
    (text, body)
}

/// `CHUNKS-PAUSEMS[-BURST]`
fn paced(format: Format, plan: &str) -> Option<Reply> {
    let mut numbers = plan.split('-').map(str::parse::<u32>);
    let chunks = numbers.next()?.ok()?;
    let pause = Duration::from_millis(u64::from(numbers.next()?.ok()?));
    let burst = numbers.next().unwrap_or(Ok(1)).ok().filter(|burst| *burst > 0)?;
    let Pieces { first, text, last, room } = pieces(format);
    let event = Bytes::from(text(&LOREM.repeat(room / LOREM.len() + 1)[..room]));
    let beat = |count: u32, times: u32| {
        let chunks = (0..count).map(|_| event.clone()).collect();
        Step::Beat { chunks, times, pause }
    };
    let mut steps = vec![Step::Write(first.into()), beat(burst, chunks / burst)];
    if !chunks.is_multiple_of(burst) {
        steps.extend([Step::Pause(pause), beat(chunks % burst, 1)]);
    }
    steps.push(Step::Write(last.into()));
    Some(Reply::chunked(Head::new(200, "text/event-stream"), steps, End::Clean))
}

/// What a stream is made of.
struct Pieces {
    first: String,
    /// The event of a piece of text.
    text: fn(&str) -> String,
    last: String,
    /// Bytes of text with which an event is [`EVENT`] long.
    room: usize,
}

fn pieces(format: Format) -> Pieces {
    let (first, text, last): (_, fn(&str) -> String, _) = match format {
        Format::Chat => (
            chunk(&json!({"role": "assistant", "content": ""}), None),
            |text| chunk(&json!({ "content": text }), None),
            chunk(&json!({}), Some("stop")) + "data: [DONE]\n\n",
        ),
        Format::Messages => (
            named(&json!({"type": "message_start", "message":
                {"id": "msg_bench", "type": "message", "role": "assistant", "model": "bench",
                "content": [], "stop_reason": null, "stop_sequence": null,
                "usage": {"input_tokens": 100, "output_tokens": 1}}}))
                + &named(&json!({"type": "content_block_start", "index": 0,
                    "content_block": {"type": "text", "text": ""}})),
            |text| {
                named(&json!({"type": "content_block_delta", "index": 0,
                    "delta": {"type": "text_delta", "text": text}}))
            },
            named(&json!({"type": "content_block_stop", "index": 0}))
                + &named(&json!({"type": "message_delta", "delta":
                    {"stop_reason": "end_turn", "stop_sequence": null},
                    "usage": {"output_tokens": 100}}))
                + &named(&json!({"type": "message_stop"})),
        ),
    };
    let room = EVENT.saturating_sub(text("").len());
    Pieces { first, text, last, room }
}

fn chunk(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk",
        "created": 1_795_000_000, "model": "bench", "choices": [{"index": 0,
        "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

fn named(event: &Value) -> String {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {event}\n\n")
}

//! Canned answers for benchmarks: built once per model name, never checked.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::Format;
use crate::reply::{End, Head, Reply, Step};

/// Bytes of one streamed event, about.
const EVENT: usize = 250;

/// The canned answers of one emulator.
#[derive(Default)]
pub(crate) struct Canned(Mutex<HashMap<(Format, String), Reply>>);

impl Canned {
    /// The answer of a `bench-…` name, or `None` if it is none.
    pub(crate) fn reply(&self, format: Format, model: &str) -> Option<Reply> {
        let plan = model.strip_prefix("bench-")?;
        let mut canned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reply) = canned.get(&(format, model.to_owned())) {
            return Some(reply.clone());
        }
        let reply = match plan.strip_prefix("stream-") {
            Some(plan) => streamed(format, plan)?,
            None => whole(format, plan.parse().ok()?),
        };
        canned.insert((format, model.to_owned()), reply.clone());
        Some(reply)
    }
}

fn whole(format: Format, size: usize) -> Reply {
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
    let text = "lorem ipsum dolor sit amet ".chars().cycle().take(size.saturating_sub(frame));
    let text: String = text.collect();
    Reply::whole(Head::new(200, "application/json"), body(&text).to_string())
}

/// `CHUNKS-PAUSEMS[-BURST]`
fn streamed(format: Format, plan: &str) -> Option<Reply> {
    let mut numbers = plan.split('-').map(str::parse::<u32>);
    let chunks = numbers.next()?.ok()?;
    let pause = Duration::from_millis(u64::from(numbers.next()?.ok()?));
    let burst = numbers.next().unwrap_or(Ok(1)).ok().filter(|burst| *burst > 0)?;
    let (first, event, last) = pieces(format);
    let beat = |count: u32, times: u32| {
        let chunks = (0..count).map(|_| event.clone()).collect();
        Step::Beat { chunks, times, pause }
    };
    let mut steps = vec![Step::Write(first), beat(burst, chunks / burst)];
    if !chunks.is_multiple_of(burst) {
        steps.extend([Step::Pause(pause), beat(chunks % burst, 1)]);
    }
    steps.push(Step::Write(last));
    Some(Reply::chunked(Head::new(200, "text/event-stream"), steps, End::Clean))
}

fn pieces(format: Format) -> (Bytes, Bytes, Bytes) {
    let data = |value: &serde_json::Value| format!("data: {value}\n\n");
    let named = |name: &str, value: &serde_json::Value| format!("event: {name}\ndata: {value}\n\n");
    let fit = |event: &dyn Fn(&str) -> String| {
        let missing = EVENT.saturating_sub(event("").len());
        event(&"lorem ipsum dolor sit amet ".repeat(EVENT / 20)[..missing])
    };
    match format {
        Format::Chat => {
            let chunk = |delta: serde_json::Value, finish: Option<&str>| {
                data(&json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk",
                    "created": 1_795_000_000, "model": "bench", "choices": [{"index": 0,
                    "delta": delta, "finish_reason": finish}]}))
            };
            let first = chunk(json!({"role": "assistant", "content": ""}), None);
            let event = fit(&|text| chunk(json!({ "content": text }), None));
            let last = chunk(json!({}), Some("stop")) + "data: [DONE]\n\n";
            (first.into(), event.into(), last.into())
        }
        Format::Messages => {
            let first = named(
                "message_start",
                &json!({"type": "message_start", "message":
                {"id": "msg_bench", "type": "message", "role": "assistant", "model": "bench",
                "content": [], "stop_reason": null, "stop_sequence": null,
                "usage": {"input_tokens": 100, "output_tokens": 1}}}),
            ) + &named(
                "content_block_start",
                &json!({"type": "content_block_start", "index": 0,
                    "content_block": {"type": "text", "text": ""}}),
            );
            let event = fit(&|text| {
                named(
                    "content_block_delta",
                    &json!({"type": "content_block_delta", "index": 0,
                    "delta": {"type": "text_delta", "text": text}}),
                )
            });
            let last =
                named("content_block_stop", &json!({"type": "content_block_stop", "index": 0}))
                    + &named(
                        "message_delta",
                        &json!({"type": "message_delta", "delta":
                    {"stop_reason": "end_turn", "stop_sequence": null},
                    "usage": {"output_tokens": 100}}),
                    )
                    + &named("message_stop", &json!({"type": "message_stop"}));
            (first.into(), event.into(), last.into())
        }
    }
}

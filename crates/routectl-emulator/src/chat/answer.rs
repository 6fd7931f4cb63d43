//! Spells an answer as a chat completion, whole and streamed.

use serde_json::{Map, Value, json};

use super::CREATED;
use super::vendors::{self, Vendor};
use crate::answer::{Answer, Ask, Call, Input, Stop, mint};
use crate::stream::{Event, Part};

/// Response headers of a good answer.
pub(crate) fn headers(answer: &Answer) -> Vec<(String, String)> {
    let id = mint::id("req_", answer.key);
    let headers = [
        ("x-request-id", id.as_str()),
        ("openai-processing-ms", "12"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "5000"),
        ("x-ratelimit-remaining-requests", "4999"),
        ("x-ratelimit-reset-requests", "12ms"),
    ];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The answer as one object.
pub(crate) fn whole(body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Value {
    let message = message(answer, vendors::of(&ask.model));
    let choice = |index| {
        json!({"index": index, "message": message, "logprobs": null,
            "finish_reason": finish(&answer.stop)})
    };
    let choices: Vec<Value> = (0..count(body)).map(choice).collect();
    json!({"id": mint::id("chatcmpl-", answer.key), "object": "chat.completion",
        "created": CREATED, "model": ask.model, "choices": choices, "usage": usage(answer),
        "service_tier": "default", "system_fingerprint": "fp_emulated"})
}

fn message(answer: &Answer, vendor: Option<&Vendor>) -> Value {
    let content = answer.text.concat();
    let says = answer.calls.is_empty() && !answer.refused;
    let mut message = json!({"role": "assistant", "content": says.then_some(content),
        "refusal": answer.refused.then_some(REFUSAL), "annotations": []});
    let first = answer.calls.first().map(|call| mint::id("call_", call.key));
    match (answer.thought, vendor, message.as_object_mut()) {
        (Some(thought), Some(vendor), Some(message)) => {
            vendor.whole_thought(thought, first.as_deref(), message);
        }
        (Some(thought), _, _) => set(&mut message, "reasoning_content", thought.into()),
        (None, _, _) => {}
    }
    if !answer.calls.is_empty() {
        let mut calls: Vec<Value> = answer.calls.iter().map(call).collect();
        let beside = vendor.zip(first).and_then(|(vendor, id)| {
            let [inside, _] = vendor.beside_call(&id);
            inside
        });
        if let (Some((name, value)), Some(call)) = (beside, calls.first_mut()) {
            set(call, name, value);
        }
        set(&mut message, "tool_calls", calls.into());
    }
    message
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The answer as server-sent events.
pub(crate) fn stream(body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Vec<Event> {
    let with_usage = body.get("stream_options").and_then(|it| it.get("include_usage"))
        == Some(&Value::Bool(true));
    let chunk = |choices: Vec<Value>, usage: Option<Value>| {
        let mut chunk = json!({"id": mint::id("chatcmpl-", answer.key),
            "object": "chat.completion.chunk", "created": CREATED, "model": ask.model,
            "system_fingerprint": "fp_emulated", "choices": choices});
        if with_usage {
            set(&mut chunk, "usage", usage.unwrap_or(Value::Null));
        }
        chunk
    };
    let choice = |index: u64, delta: Value, finish: Option<&str>| json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
    let mut events = Vec::new();
    let mut push = |part, choices, usage| events.push(Event::data(part, &chunk(choices, usage)));
    let content = if answer.calls.is_empty() { json!("") } else { Value::Null };
    for index in 0..count(body) {
        let first = json!({"role": "assistant", "content": content, "refusal": null});
        push(Part::Preamble, vec![choice(index, first, None)], None);
    }
    for delta in deltas(answer, vendors::of(&ask.model)) {
        for index in 0..count(body) {
            push(Part::Content, vec![choice(index, delta.clone(), None)], None);
        }
    }
    for index in 0..count(body) {
        push(Part::Ending, vec![choice(index, json!({}), Some(finish(&answer.stop)))], None);
    }
    if with_usage {
        push(Part::Ending, Vec::new(), Some(usage(answer)));
    }
    events.push(Event::new(Part::Terminator, "data: [DONE]\n\n".to_owned()));
    events
}

/// What a model says when it declines.
const REFUSAL: &str = "I'm sorry, I cannot help with that.";

fn count(body: &Map<String, Value>) -> u64 {
    body.get("n").and_then(Value::as_u64).unwrap_or(1)
}

fn finish(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) => "stop",
        Stop::Length => "length",
        Stop::Tools => "tool_calls",
    }
}

fn call(call: &Call) -> Value {
    let id = mint::id("call_", call.key);
    match &call.input {
        Input::Json(value) => json!({"id": id, "type": "function",
            "function": {"name": call.name, "arguments": value.to_string()}}),
        Input::Free(text) => {
            json!({"id": id, "type": "custom", "custom": {"name": call.name, "input": text}})
        }
    }
}

fn deltas(answer: &Answer, vendor: Option<&Vendor>) -> Vec<Value> {
    let mut deltas = Vec::new();
    let first = answer.calls.first().map(|call| mint::id("call_", call.key));
    match (answer.thought, vendor) {
        (Some(thought), Some(vendor)) => deltas.extend(vendor.thought(thought, first.as_deref())),
        (Some(thought), None) => {
            let words = thought.split_inclusive(' ');
            deltas.extend(words.map(|word| json!({ "reasoning_content": word })));
        }
        (None, _) => {}
    }
    deltas.extend(answer.text.iter().map(|piece| json!({ "content": piece })));
    if answer.refused {
        deltas.extend(REFUSAL.split_inclusive(' ').map(|word| json!({ "refusal": word })));
    }
    let calls = deltas.len();
    for (index, call) in answer.calls.iter().enumerate() {
        grow_call(call, index, &mut deltas);
    }
    if let (Some(vendor), Some(id), Some(delta)) = (vendor, first, deltas.get_mut(calls)) {
        let [inside, beside] = vendor.beside_call(&id);
        if let (Some((name, value)), Some(call)) = (inside, delta.pointer_mut("/tool_calls/0")) {
            set(call, name, value);
        }
        if let Some((name, value)) = beside {
            set(delta, name, value);
        }
    }
    deltas
}

/// The first delta names the call and has no input yet; the input follows in fragments.
fn grow_call(call: &Call, index: usize, deltas: &mut Vec<Value>) {
    let (kind, member, text) = match &call.input {
        Input::Json(value) => ("function", "arguments", value.to_string()),
        Input::Free(text) => ("custom", "input", text.clone()),
    };
    let id = mint::id("call_", call.key);
    let first = json!({"index": index, "id": id, "type": kind,
        kind: {"name": call.name, member: ""}});
    deltas.push(json!({ "tool_calls": [first] }));
    let grow = |part: &str| json!({"tool_calls": [{"index": index, kind: {member: part}}]});
    deltas.extend(crate::stream::fragments(&text).map(grow));
}

fn usage(answer: &Answer) -> Value {
    let (input, output) = (answer.input_tokens, answer.output_tokens);
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": answer.thought_tokens(),
            "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}})
}

//! Spells an answer as a message, whole and streamed.

use serde_json::{Map, Value, json};

use super::models::model;
use super::{imitator, order};
use crate::answer::mint::{Sealed, id, seal};
use crate::answer::{Answer, Ask, Call, Input, Stop};
use crate::stream::{Event, Part, fragments};

/// Response headers of a good answer.
pub(crate) fn headers(answer: &Answer) -> Vec<(String, String)> {
    let request = id("req_", answer.key);
    let headers = [
        ("request-id", request.as_str()),
        ("anthropic-organization-id", "00000000-0000-4000-8000-00000000e4a1"),
        ("anthropic-ratelimit-requests-limit", "4000"),
        ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-23T10:00:00Z"),
    ];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The answer as one object.
pub(crate) fn whole(body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Value {
    let mut content: Vec<Value> = thoughts(body, ask, answer).into_iter().collect();
    let text = answer.text.concat();
    if !text.is_empty() {
        content.push(json!({"type": "text", "text": text}));
    }
    for (place, it) in answer.calls.iter().enumerate() {
        content.extend(between(body, ask, answer, place));
        content.push(call(it, &input(it)));
    }
    let (reason, sequence) = stop(answer);
    json!({"id": id("msg_01", answer.key), "type": "message", "role": "assistant",
        "model": ask.model, "content": content, "stop_reason": reason,
        "stop_sequence": sequence, "usage": usage(body, answer, true)})
}

/// The answer as server-sent events.
pub(crate) fn stream(body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Vec<Event> {
    let mut events = Vec::new();
    let mut push = |part: Part, value: Value| events.push(Event::named(part, &value));
    let head = json!({"id": id("msg_01", answer.key), "type": "message", "role": "assistant",
        "model": ask.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": usage(body, answer, false)});
    push(Part::Preamble, json!({"type": "message_start", "message": head}));
    let thoughts = thoughts(body, ask, answer);
    let blocks = thoughts.iter().map(grow_thoughts);
    let blocks = blocks.chain((!answer.text.is_empty()).then(|| grow_text(answer)));
    let calls = answer.calls.iter().enumerate().flat_map(|(place, it)| {
        let thought = between(body, ask, answer, place);
        thought.as_ref().map(grow_thoughts).into_iter().chain([grow_call(it)])
    });
    for (index, block) in blocks.chain(calls).enumerate() {
        let first = if index == 0 && !block.commits { Part::Preamble } else { Part::Content };
        push(
            first,
            json!({"type": "content_block_start", "index": index, "content_block": block.seed}),
        );
        if index == 0 {
            push(first, json!({"type": "ping"}));
        }
        for delta in block.deltas {
            push(
                Part::Content,
                json!({"type": "content_block_delta", "index": index, "delta": delta}),
            );
        }
        push(Part::Content, json!({"type": "content_block_stop", "index": index}));
    }
    let (reason, sequence) = stop(answer);
    let delta = json!({"stop_reason": reason, "stop_sequence": sequence});
    let usage = usage(body, answer, true);
    push(Part::Ending, json!({"type": "message_delta", "delta": delta, "usage": usage}));
    push(Part::Terminator, json!({"type": "message_stop"}));
    events
}

/// A block as it is streamed.
struct Growth {
    seed: Value,
    deltas: Vec<Value>,
    /// Whether the opening alone already shows the client something.
    commits: bool,
}

/// The thinking block, with a seal that [`crate::answer::mint`] knows again.
fn thoughts(body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Option<Value> {
    let thought = answer.thought?;
    if ask.text.contains("[[redact]]") {
        let data = seal(&ask.model, Sealed::Redacted);
        return Some(json!({"type": "redacted_thinking", "data": data}));
    }
    if imitator::is_theirs(&ask.model) {
        let call = answer.calls.first().map_or(answer.key, |call| call.key);
        let signature = imitator::signature(&ask.model, thought, call);
        return Some(json!({"type": "thinking", "thinking": thought, "signature": signature}));
    }
    Some(signed(thought, &ask.model, hides(body, ask)))
}

/// Whether thoughts are left out of their blocks.
fn hides(body: &Map<String, Value>, ask: &Ask) -> bool {
    let display = body.get("thinking").and_then(|it| it.get("display")).and_then(Value::as_str);
    display.map_or_else(|| model(&ask.model).hides, |display| display == "omitted")
}

fn signed(thought: &str, signer: &str, hidden: bool) -> Value {
    let (text, signature) = match hidden {
        true => ("", seal(signer, Sealed::Hidden)),
        false => (thought, seal(signer, Sealed::Thinking(thought))),
    };
    json!({"type": "thinking", "thinking": text, "signature": signature})
}

/// What is thought between a call and the one before it.
fn between(body: &Map<String, Value>, ask: &Ask, answer: &Answer, place: usize) -> Option<Value> {
    let before = answer.calls.get(place.checked_sub(1)?)?;
    answer.thought.filter(|_| answer.between)?;
    Some(signed(order::BETWEEN, &order::signer(&call_id(before)), hides(body, ask)))
}

fn grow_thoughts(block: &Value) -> Growth {
    let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
    if block.get("data").is_some() {
        return Growth { seed: block.clone(), deltas: Vec::new(), commits: true };
    }
    let words = text("thinking").split_inclusive(' ');
    let mut deltas: Vec<Value> =
        words.map(|word| json!({"type": "thinking_delta", "thinking": word})).collect();
    deltas.push(json!({"type": "signature_delta", "signature": text("signature")}));
    let seed = json!({"type": "thinking", "thinking": "", "signature": ""});
    Growth { seed, deltas, commits: false }
}

fn grow_text(answer: &Answer) -> Growth {
    let deltas = answer.text.iter().map(|piece| json!({"type": "text_delta", "text": piece}));
    Growth { seed: json!({"type": "text", "text": ""}), deltas: deltas.collect(), commits: false }
}

fn grow_call(it: &Call) -> Growth {
    let whole = input(it).to_string();
    let delta = |part: &str| json!({"type": "input_json_delta", "partial_json": part});
    // The first fragment is often empty at the vendor.
    let deltas = std::iter::once("").chain(fragments(&whole)).map(delta).collect();
    Growth { seed: call(it, &json!({})), deltas, commits: true }
}

fn call(call: &Call, input: &Value) -> Value {
    json!({"type": "tool_use", "id": call_id(call), "name": call.name, "input": input})
}

fn call_id(call: &Call) -> String {
    id(if call.after_thought { order::AFTER_THOUGHT } else { "toolu_01" }, call.key)
}

fn input(call: &Call) -> Value {
    match &call.input {
        Input::Json(value @ Value::Object(_)) => value.clone(),
        Input::Json(value) => json!({ "value": value }),
        Input::Free(text) => json!({ "value": text }),
    }
}

fn stop(answer: &Answer) -> (&'static str, Option<&str>) {
    if answer.refused {
        return ("refusal", None);
    }
    match &answer.stop {
        Stop::End => ("end_turn", None),
        Stop::Length => ("max_tokens", None),
        Stop::Sequence(sequence) => ("stop_sequence", Some(sequence)),
        Stop::Tools => ("tool_use", None),
    }
}

/// Disjoint counters. A prompt with cache marks is half read from the cache.
fn usage(body: &Map<String, Value>, answer: &Answer, done: bool) -> Value {
    let marked = ["system", "tools", "messages"].iter().filter_map(|it| body.get(*it));
    let marked = marked.map(Value::to_string).any(|part| part.contains("\"cache_control\""));
    let cached = if marked { answer.input_tokens / 2 } else { 0 };
    let mut usage = json!({"input_tokens": answer.input_tokens - cached,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": cached,
        "output_tokens": if done { answer.output_tokens } else { 1 }});
    let (name, more) = match (done, answer.thought) {
        (true, None) => return usage,
        (true, Some(_)) => {
            ("output_tokens_details", json!({"thinking_tokens": answer.thought_tokens()}))
        }
        (false, _) => ("service_tier", "standard".into()),
    };
    if let Some(members) = usage.as_object_mut() {
        members.insert(name.to_owned(), more);
    }
    usage
}

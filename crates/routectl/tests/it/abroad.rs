//! A client of one format before a host of the other: what it asks, and what it is to understand.

use bytes::Bytes;
use routectl_emulator::{good_answer, good_stream};

use crate::harness::*;
use crate::meaning::{self, Counters, Meaning, Stop};

/// The format of the hosts that this format's clients reach by translation, and of the clients
/// that reach this format's hosts so.
pub(crate) fn other(format: Format) -> Format {
    match format {
        Chat => Messages,
        Messages => Chat,
    }
}

/// A request with a tool for every call that a scripted answer makes.
pub(crate) fn request(format: Format, model: &str, streamed: bool, text: &str) -> Bytes {
    let schema = r#"{"type":"object","properties":{}}"#;
    let tools = ["weather", "clock", "sum"].map(|name| match format {
        Chat => {
            format!(r#"{{"type":"function","function":{{"name":"{name}","parameters":{schema}}}}}"#)
        }
        Messages => format!(r#"{{"name":"{name}","input_schema":{schema}}}"#),
    });
    let more = match (format, streamed) {
        (Chat, true) => r#""stream":true,"stream_options":{"include_usage":true},"#,
        (Messages, true) => r#""max_tokens":500,"stream":true,"#,
        (Chat, false) => "",
        (Messages, false) => r#""max_tokens":500,"#,
    };
    let text = serde_json::to_string(text).unwrap();
    let tools = tools.join(",");
    format!(
        r#"{{"model":"{model}",{more}"tools":[{tools}],"messages":[{{"role":"user","content":{text}}}]}}"#
    )
    .into()
}

/// The same of a client that wants to be told what is thought: in Messages it has to say so.
pub(crate) fn curious(format: Format, model: &str, streamed: bool, text: &str) -> Bytes {
    let body = request(format, model, streamed, text);
    match format {
        Chat => body,
        Messages => {
            let rest = body.strip_prefix(b"{".as_slice()).unwrap();
            [br#"{"thinking":{"type":"adaptive"},"#, rest].concat().into()
        }
    }
}

/// What this host's good answer to a request says, as a client of the other format is to
/// understand it under the name that it asked for.
pub(crate) fn meant(host: Format, upstream: &[u8], asked: &str) -> Meaning {
    let said = match host {
        // Some hosts stream in shapes that only a lenient reader understands.
        Chat => meaning::of_whole(host, &good_answer(host, upstream)),
        // A call that the limit cut off stands in the stream as it was cut.
        Messages => meaning::of_stream(host, &good_stream(host, upstream).bytes).map(|it| it.0),
    };
    said.unwrap_or_else(|why| panic!("the emulator's own answer: {why}")).abroad(host, asked)
}

/// The same of an answer that says what was asked: its prompt is counted as the router spelled it.
pub(crate) fn meant_at_any_cost(meant: Meaning, got: &Meaning) -> Meaning {
    let prompt = got.usage.unwrap_or_default();
    let own = meant.usage.unwrap_or_default();
    Meaning {
        usage: Some(Counters { output: own.output, reasoning: own.reasoning, ..prompt }),
        ..meant
    }
}

/// How an answer of a Chat host stands in blocks.
const ORDER: [&str; 4] = ["redacted_thinking", "thinking", "text", "tool_use"];

/// Whether a client understood what a host of the other format meant.
pub(crate) fn understood(host: Format, got: &Meaning, meant: &Meaning) -> Result<(), String> {
    let (mut got, mut meant) = (got.clone(), meant.clone());
    // A seal of Claude's stays as it is; whatever else says who it is from.
    let known = |seal: &String| seal.starts_with("rctl1.") || meant.seals.contains(seal);
    match host {
        Messages if got.seals != meant.seals => return Err(format!("seals {:?}", got.seals)),
        Messages if got.stop == Stop::Refusal && got.refusal.is_empty() => {
            return Err("a refusal without a word".to_owned());
        }
        Chat if !got.seals.iter().all(known) => {
            return Err(format!("a seal that names nobody: {:?}", got.seals));
        }
        Chat if !got.order.is_sorted_by_key(|kind| ORDER.iter().position(|it| it == kind)) => {
            return Err(format!("blocks in the order {:?}", got.order));
        }
        Messages | Chat => {}
    }
    // Why a model declined is told in a sentence of the router's own where the host has none.
    if meant.refusal.is_empty() {
        got.refusal.clear();
    }
    for (call, meant) in got.calls.iter().zip(&mut meant.calls) {
        if meant.id.is_empty() && !call.id.is_empty() {
            // A call that its host gave no id gets one.
            meant.id.clone_from(&call.id);
        }
    }
    (got, meant) = (got.plain(), meant.plain());
    if got == meant { Ok(()) } else { Err(format!("{got:?}\n  and not\n  {meant:?}")) }
}

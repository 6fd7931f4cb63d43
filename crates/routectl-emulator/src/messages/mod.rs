//! The Anthropic-style host: Messages as strict as the vendor.

mod answer;
mod ask;
mod blocks;
mod cache;
mod check;
mod history;
pub(crate) mod imitator;
mod media;
mod models;
mod order;
mod schema;
mod thinking;
mod tools;
mod version;

use serde_json::{Value, json};

pub(crate) use answer::{headers, stream, whole};
pub(crate) use ask::ask;
pub(crate) use check::{Purpose, check, edits_nothing};
pub(crate) use version::admit;

use crate::refusal::Refusal;

/// A 400 about one place of the body, in the vendor's manner: `path: text`.
fn no<T>(path: &str, text: &str) -> Result<T, Refusal> {
    Err(Refusal::bad(format!("{path}: {text}")))
}

/// A member that the vendor does not know.
fn extra<T>(path: &str) -> Result<T, Refusal> {
    no(path, "Extra inputs are not permitted")
}

/// A member that must be there.
fn required<'a>(holder: &'a Value, path: &str, name: &str) -> Result<&'a Value, Refusal> {
    match holder.get(name) {
        Some(value) => Ok(value),
        None => no(&format!("{path}.{name}"), "Field required"),
    }
}

/// A member that must be there and be a string.
fn required_text<'a>(holder: &'a Value, path: &str, name: &str) -> Result<&'a str, Refusal> {
    match required(holder, path, name)?.as_str() {
        Some(text) => Ok(text),
        None => no(&format!("{path}.{name}"), "Input should be a valid string"),
    }
}

/// `GET /v1/models`.
pub(crate) fn models() -> Value {
    let model = |id: &str| {
        json!({"type": "model", "id": id, "display_name": id,
            "created_at": "2026-07-01T00:00:00Z", "max_input_tokens": 1_000_000,
            "max_tokens": 128_000, "lifecycle": "active"})
    };
    let ids = ["claude-opus-5-5", "claude-haiku-4-5", "mock-1"];
    let data: Vec<Value> = ids.iter().map(|id| model(id)).collect();
    json!({"data": data, "has_more": false, "first_id": ids.first(), "last_id": ids.last()})
}

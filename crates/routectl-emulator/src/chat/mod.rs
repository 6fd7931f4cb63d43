//! The OpenAI-style host: Chat Completions as strict as the vendor.

mod answer;
mod ask;
mod check;
mod history;
mod parts;
pub(crate) mod picky;
mod schema;
mod tools;
pub(crate) mod vendors;

use http::HeaderMap;
use serde_json::{Value, json};

pub(crate) use answer::{headers, stream, whole};
pub(crate) use ask::ask;
pub(crate) use check::check;

use crate::refusal::Refusal;

/// Seconds since the epoch at which everything was created.
const CREATED: u64 = 1_795_000_000;

/// Refuses a request without a usable bearer token.
pub(crate) fn admit(headers: &HeaderMap) -> Result<(), Refusal> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let refuse = |message: &str| {
        Err(Refusal::new(401, "invalid_request_error", message).code("invalid_api_key"))
    };
    match header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim) {
        None | Some("") => refuse(
            "You didn't provide an API key. You need to provide your API key in an \
             Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        ),
        Some(key) if key.starts_with("wrong") => refuse("Incorrect API key provided."),
        Some(_) => Ok(()),
    }
}

/// `GET /v1/models`.
pub(crate) fn models() -> Value {
    let model = |id: &&str| json!({"id": id, "object": "model", "created": CREATED, "owned_by": "emulator"});
    let models: Vec<Value> = ["gpt-5.5", "mock-1", "lenient-1"].iter().map(model).collect();
    json!({"object": "list", "data": models})
}

//! The emulator's own promises, kept over real sockets where sockets matter.

mod answers;
mod chat_rules;
mod client;
mod faults;
mod media_rules;
mod messages_rules;
mod names;
mod positions;
mod recorded;
mod says;
mod schema_rules;
mod wire;

use serde_json::{Value, json};

use crate::Format;

/// A minimal lawful request.
fn body(format: Format, model: &str, streamed: bool, text: &str) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
    if streamed {
        body["stream"] = true.into();
    }
    if format == Format::Messages {
        body["max_tokens"] = 1000.into();
    }
    body
}

/// Merges members into an object; `null` takes a member away.
fn with(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

const FORMATS: [Format; 2] = [Format::Chat, Format::Messages];

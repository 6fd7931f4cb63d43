//! What models behind Converse get to see of a request, and what they do not. The goldens say for
//! which model; all of them were held against AWS's own service model and the rules of its
//! conversations by hand.

mod beside;
mod cached;
mod laws;
mod said;
mod settings;
mod thinking;
mod tools;

use bytes::Bytes;
use routectl_core::{Abilities, Effort, Loss, Request};
use serde_json::Value;

use super::request as write;
use crate::{CHAT, ClientFormat, Document, MESSAGES, Spelled};

const OPUS_5: &str = "global.anthropic.claude-opus-5-v1:0";
const SONNET_4_6: &str = "us.anthropic.claude-sonnet-4-6";
const SONNET_4_5: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const SONNET_4: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const NOVA: &str = "us.amazon.nova-pro-v1:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";
const LLAMA_4: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const COHERE: &str = "cohere.command-r-plus-v1:0";
const R1: &str = "us.deepseek.r1-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const QWEN: &str = "qwen.qwen3-32b-v1:0";
const TITAN: &str = "amazon.titan-text-express-v1";
const SOME: &str = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/x7";

/// Models of every kind.
const MODELS: [&str; 15] = [
    OPUS_5, SONNET_4_6, SONNET_4_5, SONNET_4, NOVA, NOVA_2, LLAMA, LLAMA_4, MISTRAL, COHERE, R1,
    GPT_OSS, QWEN, TITAN, SOME,
];

/// What a target with this model takes, no cache marks of our own.
fn abilities(upstream: &str) -> Abilities {
    let efforts = Effort::ALL.to_vec();
    Abilities { upstream: upstream.to_owned(), efforts, auto_cache: false, ..Abilities::default() }
}

fn read(format: &dyn ClientFormat, body: &str) -> Request {
    format.read(&Document::parse(Bytes::from(body.to_owned())).unwrap()).unwrap()
}

/// A request of a client of Chat, with these members beside the model.
fn chat(members: &str) -> Request {
    read(CHAT, &format!(r#"{{"model":"m",{members}}}"#))
}

/// A request of a client of Messages, with these members beside the model and the limit.
fn messages(members: &str) -> Request {
    read(MESSAGES, &format!(r#"{{"model":"m","max_tokens":8000,{members}}}"#))
}

/// A conversation of one message.
const HELLO: &str = r#""messages":[{"role":"user","content":"Hello."}]"#;

fn written(request: &Request, upstream: &str) -> Spelled {
    write(request, &abilities(upstream))
}

/// The body, read back. Every test that looks at one proves that it is JSON.
fn body(spelled: &Spelled) -> Value {
    serde_json::from_slice(&spelled.body).unwrap()
}

/// A member of the body, compact.
fn member(spelled: &Spelled, pointer: &str) -> String {
    body(spelled).pointer(pointer).map(Value::to_string).unwrap_or_default()
}

/// The losses, one a line.
fn losses(spelled: &Spelled) -> String {
    let line = |loss: &Loss| format!("{}: {}: {}", loss.path, loss.fate.name(), loss.reason);
    spelled.losses.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Everything that a golden holds.
fn told(request: &Request, upstream: &str) -> String {
    let spelled = written(request, upstream);
    let pretty = serde_json::to_string_pretty(&body(&spelled)).unwrap();
    let mut told = format!("to {upstream}\n{pretty}\n\nlosses:\n{}", losses(&spelled));
    for renamed in &spelled.changes.tools {
        let text = if renamed.takes_text { ", takes text" } else { "" };
        told += &format!("\nrenamed: {} is {}{text}", renamed.upstream, renamed.client);
    }
    if let Some(tool) = &spelled.changes.output_tool {
        told += &format!("\noutput tool: {tool}");
    }
    for stop in &spelled.changes.stops {
        told += &format!("\nour stop: {stop:?}");
    }
    told
}

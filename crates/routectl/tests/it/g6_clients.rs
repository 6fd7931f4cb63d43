//! Clients in a loop of tools: what they make of an answer, whole or streamed, and how much of its
//! thinking they send back.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use serde_json::{Map, Value, json};

use crate::harness::*;

/// What a client sends back of the thinking it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    Everything,
    /// `reasoning_content`, or the blocks that can be read.
    Text,
    Nothing,
}

/// A client, and how it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habit {
    pub(crate) client: Format,
    pub(crate) echo: Echo,
    pub(crate) streamed: bool,
}

impl Habit {
    /// The messages that follow an answer: what is sent back of it, and what its tools gave.
    pub(crate) fn sends_back(&self, answer: &Answer, result: &str) -> Vec<Value> {
        let said = match (self.client, self.streamed) {
            (_, true) => self.gathered(answer),
            (Chat, false) => answer.json()["choices"][0]["message"].take(),
            (Messages, false) => answer.json()["content"].take(),
        };
        match self.client {
            Chat => chat(said, self.echo, result),
            Messages => messages(said, self.echo, result),
        }
    }

    /// What a stream says, in one piece.
    fn gathered(&self, answer: &Answer) -> Value {
        let text = answer.text();
        let chunks = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let chunks = chunks.filter_map(|chunk| serde_json::from_str::<Value>(chunk).ok());
        match self.client {
            Chat => {
                let mut message = Map::new();
                for chunk in chunks {
                    if let Some(delta) = chunk["choices"][0]["delta"].as_object() {
                        delta.iter().for_each(|(name, said)| grow(&mut message, name, said));
                    }
                }
                message.insert("role".to_owned(), "assistant".into());
                in_parts(&mut message);
                message.into()
            }
            Messages => blocks(chunks),
        }
    }
}

fn chat(mut message: Value, echo: Echo, result: &str) -> Vec<Value> {
    forget(&mut message, echo);
    let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
    let result =
        |call: &Value| json!({"role": "tool", "tool_call_id": call["id"], "content": result});
    let results: Vec<Value> = calls.iter().map(result).collect();
    std::iter::once(message).chain(results).collect()
}

fn messages(mut said: Value, echo: Echo, result: &str) -> Vec<Value> {
    let blocks = said.as_array_mut().unwrap();
    let forgets = |kind: Option<&str>| match echo {
        Echo::Everything => false,
        Echo::Text => kind == Some("redacted_thinking"),
        Echo::Nothing => matches!(kind, Some("thinking" | "redacted_thinking")),
    };
    blocks.retain(|block| !forgets(block["type"].as_str()));
    let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
    let result =
        |call: &Value| json!({"type": "tool_result", "tool_use_id": call["id"], "content": result});
    let results: Vec<Value> = calls.map(result).collect();
    let mut turns = vec![json!({"role": "assistant", "content": said})];
    turns.extend((!results.is_empty()).then(|| json!({"role": "user", "content": results})));
    turns
}

/// What a client of the Chat format leaves out.
fn forget(message: &mut Value, echo: Echo) {
    let members = message.as_object_mut().unwrap();
    members.retain(|name, _| match (name.as_str(), echo) {
        (_, Echo::Everything) | ("role" | "content" | "tool_calls", _) => true,
        (name, Echo::Text) => name == "reasoning_content",
        (_, Echo::Nothing) => false,
    });
    if echo == Echo::Everything {
        return;
    }
    if let Some(parts) = members.get("content").and_then(Value::as_array) {
        let texts = parts.iter().filter_map(|part| part["text"].as_str());
        let text = texts.collect::<String>();
        members.insert("content".to_owned(), text.into());
    }
    let calls = members.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        call.as_object_mut().unwrap().remove("extra_content");
    }
}

/// Adds what a delta says to what there is, as SDKs do.
fn grow(message: &mut Map<String, Value>, name: &str, said: &Value) {
    match (said, message.get_mut(name)) {
        (Value::Null, _) => {}
        (Value::String(more), Some(Value::String(text))) => text.push_str(more),
        (Value::Array(parts), Some(Value::Array(all))) if name == "content" => {
            all.extend(parts.iter().cloned());
        }
        (Value::String(more), Some(Value::Array(all))) if name == "content" => {
            all.push(json!({"type": "text", "text": more}));
        }
        (Value::Array(parts), Some(Value::String(text))) if name == "content" => {
            let before = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
            let all = before.into_iter().chain(parts.iter().cloned()).collect();
            message.insert(name.to_owned(), all);
        }
        (Value::Array(items), _) if name != "content" => {
            for item in items {
                let all = message.entry(name).or_insert_with(|| json!([]));
                merge(all.as_array_mut().unwrap(), item);
            }
        }
        (said, _) => drop(message.insert(name.to_owned(), said.clone())),
    }
}

/// A piece of a call or of a thought, to what there is of it.
fn merge(all: &mut Vec<Value>, item: &Value) {
    let is_it = |known: &&mut Value| known["index"] == item["index"] && of_kind(known, item);
    let Some(known) = all.iter_mut().find(is_it) else { return all.push(item.clone()) };
    for (name, said) in item.as_object().unwrap() {
        match (name.as_str(), said, &mut known[name]) {
            // Some hosts tell all of it again each time, as their own sample code knows.
            ("text" | "summary", Value::String(more), Value::String(text)) => {
                match more.starts_with(&*text) && !text.is_empty() {
                    true => more.clone_into(text),
                    false => text.push_str(more),
                }
            }
            ("function", Value::Object(more), known) => {
                let grown = known["arguments"].as_str().unwrap_or_default().to_owned()
                    + more.get("arguments").and_then(Value::as_str).unwrap_or_default();
                known["arguments"] = grown.into();
            }
            (_, said, known) => *known = said.clone(),
        }
    }
}

/// Calls are told apart by their index alone, pieces of thinking by their kind too.
fn of_kind(known: &Value, item: &Value) -> bool {
    let is_piece = |it: &Value| it["type"].as_str().is_some_and(|it| it.starts_with("reasoning."));
    !is_piece(item) || known["type"] == item["type"]
}

/// Content that came in parts, with each kind of part in one.
fn in_parts(message: &mut Map<String, Value>) {
    let Some(Value::Array(parts)) = message.get("content") else { return };
    let thought =
        |part: &Value| part.pointer("/thinking/0/text").and_then(Value::as_str).map(str::to_owned);
    let thinking: String = parts.iter().filter_map(thought).collect();
    let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    let mut all =
        vec![json!({"type": "thinking", "thinking": [{"type": "text", "text": thinking}]})];
    all.extend((!text.is_empty()).then(|| json!({"type": "text", "text": text})));
    message.insert("content".to_owned(), all.into());
}

/// The blocks of a stream of the Messages format.
fn blocks(events: impl Iterator<Item = Value>) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    for event in events {
        match event["type"].as_str() {
            Some("content_block_start") => blocks.push(event["content_block"].clone()),
            Some("content_block_delta") => {
                let at = usize::try_from(event["index"].as_u64().unwrap()).unwrap();
                let delta = event["delta"].as_object().unwrap();
                for (name, said) in delta.iter().filter(|(name, _)| *name != "type") {
                    let text = blocks[at][name].as_str().unwrap_or_default().to_owned();
                    blocks[at][name] = (text + said.as_str().unwrap_or_default()).into();
                }
            }
            _ => {}
        }
    }
    for block in &mut blocks {
        let members = block.as_object_mut().unwrap();
        if let Some(input) = members.remove("partial_json") {
            let input = Some(input.as_str().unwrap_or_default()).filter(|it| !it.is_empty());
            members["input"] = serde_json::from_str(input.unwrap_or("{}")).unwrap();
        }
    }
    blocks.into()
}

//! A conversation as an agent of one format has it: it sends back what it was told, and what its
//! tools gave.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use std::fmt;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::*;

/// A conversation under way.
pub(crate) struct Talk {
    client: Format,
    body: Value,
}

impl fmt::Display for Talk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} to {}", self.client, self.body["model"])
    }
}

/// What one turn brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) thoughts: String,
    /// Name and arguments of each call.
    pub(crate) calls: Vec<(String, Value)>,
}

/// What the user says, in turn; the marks make the host think and call.
pub(crate) const WORDS: [&str; 6] = [
    "[[tools]] Where is it warmer?",
    "Hé, and otherwise?",
    "[[think]] Why?",
    "[[think]] [[tool]] Once more.",
    "  \n Köln \"quoted\" \\ and 🙂",
    "[[tool]] Done?",
];

impl Talk {
    /// Begins, with tools of names that only some hosts take.
    pub(crate) fn new(client: Format, model: &str) -> Self {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]});
        let names = ["get_weather".to_owned(), format!("mcp__{}__look", "a_long_server".repeat(5))];
        let system = "You are of help. Use your tools.";
        let body = match client {
            Chat => {
                let tool = |name: &String| {
                    json!({"type": "function", "function":
                    {"name": name, "description": "Looks.", "parameters": schema}})
                };
                // OpenAI's own limit is 64; clients of lenient hosts go beyond it.
                json!({"model": model, "messages": [{"role": "system", "content": system}],
                    "tools": names.iter().map(tool).collect::<Vec<_>>(), "max_completion_tokens": 500})
            }
            Messages => {
                let tool = |name: &String| {
                    json!({"name": name, "description": "Looks.",
                    "input_schema": schema})
                };
                json!({"model": model, "max_tokens": 500, "messages": [],
                    "thinking": {"type": "adaptive"},
                    "system": [{"type": "text", "text": system}, {"type": "text", "text": "Be brief."}],
                    "tools": names.iter().map(tool).collect::<Vec<_>>()})
            }
        };
        Self { client, body }
    }

    /// The next request.
    pub(crate) fn request(&self) -> Bytes {
        self.body.to_string().into()
    }

    /// Members that stand in every request.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.body[name] = value;
        self
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.messages().push(json!({"role": "user", "content": text}));
    }

    /// Moves the mark that Claude Code puts on the last block of every request.
    pub(crate) fn mark_last(&mut self) {
        for message in self.messages().iter_mut() {
            if let Some(blocks) = message["content"].as_array_mut() {
                blocks.iter_mut().filter_map(Value::as_object_mut).for_each(|block| {
                    block.remove("cache_control");
                });
            }
        }
        let Some(last) = self.messages().last_mut() else { return };
        if let Some(text) = last["content"].as_str() {
            last["content"] = json!([{"type": "text", "text": text}]);
        }
        let block = last["content"].as_array_mut().and_then(|blocks| blocks.last_mut());
        block.unwrap()["cache_control"] = json!({"type": "ephemeral"});
    }

    /// Takes an answer in, and what the tools it calls give. Whether it called any.
    pub(crate) fn hear(&mut self, answer: &Answer) -> Said {
        assert_eq!((answer.status, answer.end), (200, End::Whole), "{}", answer.text());
        let answer = answer.json();
        let (said, message, ids) = match self.client {
            Chat => hear_chat(&answer),
            Messages => hear_messages(&answer),
        };
        self.messages().push(message);
        let result = |(place, id): (usize, &String)| (id.clone(), format!("{place}: 21 °C"));
        let results: Vec<(String, String)> = ids.iter().enumerate().map(result).collect();
        match self.client {
            Chat => self.messages().extend(
                results
                    .iter()
                    .map(|(id, text)| json!({"role": "tool", "tool_call_id": id, "content": text})),
            ),
            Messages if results.is_empty() => {}
            Messages => {
                let blocks: Vec<Value> = results
                    .iter()
                    .map(|(id, text)| {
                        json!({"type": "tool_result", "tool_use_id": id, "content": text})
                    })
                    .collect();
                self.messages().push(json!({"role": "user", "content": blocks}));
            }
        }
        said
    }

    fn messages(&mut self) -> &mut Vec<Value> {
        self.body["messages"].as_array_mut().unwrap()
    }
}

fn hear_chat(answer: &Value) -> (Said, Value, Vec<String>) {
    let message = answer["choices"][0]["message"].clone();
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
    let call = |call: &Value| {
        let arguments = call["function"]["arguments"].as_str().unwrap();
        let name = call["function"]["name"].as_str().unwrap().to_owned();
        (name, serde_json::from_str(arguments).unwrap())
    };
    let said = Said {
        text: text("content"),
        thoughts: text("reasoning_content"),
        calls: calls.iter().map(call).collect(),
    };
    let ids = calls.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
    (said, message, ids)
}

fn hear_messages(answer: &Value) -> (Said, Value, Vec<String>) {
    let content = answer["content"].as_array().unwrap();
    let texts = |name: &str| content.iter().filter_map(|block| block[name].as_str()).collect();
    let calls: Vec<&Value> = content.iter().filter(|block| block["type"] == "tool_use").collect();
    let call = |call: &&Value| (call["name"].as_str().unwrap().to_owned(), call["input"].clone());
    let said = Said {
        text: texts("text"),
        thoughts: texts("thinking"),
        calls: calls.iter().map(call).collect(),
    };
    let ids = calls.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect();
    (said, json!({"role": "assistant", "content": content}), ids)
}

/// Has the whole conversation through the router: what was said in each turn.
pub(crate) async fn have(house: &House, talk: &mut Talk, marks: bool) -> Vec<Said> {
    let mut turns = Vec::new();
    for words in WORDS {
        talk.say(words);
        loop {
            if marks {
                talk.mark_last();
            }
            let answer = house.ask(post(talk.client, talk.request())).await;
            assert_eq!(answer.fates(), ["ok"], "{words}: {}", answer.text());
            let said = talk.hear(&answer);
            let calls = !said.calls.is_empty();
            turns.push(said);
            if !calls {
                break;
            }
        }
    }
    turns
}

//! Reads what a Chat Completions request asks for.

use serde_json::{Map, Value, json};

use super::check::present;
use super::parts::image_of;
use super::vendors;
use crate::answer::{Ask, Choice, Image, Tool, text_of};

/// The request in the words of [`Ask`]. The body has been checked.
pub(crate) fn ask(body: &Map<String, Value>, model: &str) -> Ask {
    let messages = present(body, "messages").and_then(Value::as_array);
    let messages = messages.map(Vec::as_slice).unwrap_or_default();
    let last_user = messages.iter().rfind(|message| role(message) == "user");
    let content = last_user.and_then(|message| message.get("content")).unwrap_or(&Value::Null);
    // A user may speak right behind the results, as in the other format.
    let turn = messages.iter().rev().take_while(|message| role(message) != "assistant");
    let results = turn.filter(|message| role(message) == "tool");
    let mut results: Vec<String> =
        results.filter_map(|it| it.get("content")).map(text_of).collect();
    results.reverse();
    let text = text_of(content);
    Ask {
        model: model.to_owned(),
        think: text.contains("[[think]]") || vendors::of(model).is_some(),
        text,
        images: images(content),
        results,
        tools: tools(body),
        choice: choice(body),
        parallel: present(body, "parallel_tool_calls") != Some(&Value::Bool(false)),
        schema: schema(body),
        max_tokens: ["max_completion_tokens", "max_tokens"]
            .iter()
            .find_map(|name| present(body, name).and_then(Value::as_u64)),
        stops: stops(present(body, "stop")),
        turns: messages.len(),
        weight: weight(body),
        streamed: present(body, "stream") == Some(&Value::Bool(true)),
    }
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn images(content: &Value) -> Vec<Image> {
    let parts = content.as_array().into_iter().flatten();
    let urls = parts.filter_map(|part| part.pointer("/image_url/url").and_then(Value::as_str));
    let image = |url: &str| match image_of(url) {
        Some((media_type, bytes)) => Image { media_type, bytes },
        None => Image { media_type: "url".into(), bytes: 0 },
    };
    urls.map(image).collect()
}

fn tools(body: &Map<String, Value>) -> Vec<Tool> {
    let tools = present(body, "tools").and_then(Value::as_array).into_iter().flatten();
    let tool = |tool: &Value| {
        let kind = tool.get("type").and_then(Value::as_str)?;
        let inner = tool.get(kind)?;
        let name = inner.get("name").and_then(Value::as_str)?.to_owned();
        let empty = || json!({"type": "object"});
        let schema =
            (kind == "function").then(|| inner.get("parameters").cloned().unwrap_or_else(empty));
        Some(Tool { name, schema })
    };
    tools.filter_map(tool).collect()
}

fn choice(body: &Map<String, Value>) -> Choice {
    let Some(choice) = present(body, "tool_choice") else { return Choice::Auto };
    let word =
        choice.as_str().or_else(|| choice.pointer("/allowed_tools/mode").and_then(Value::as_str));
    let named = ["/function/name", "/custom/name"].iter().find_map(|at| choice.pointer(at));
    match (word, named.and_then(Value::as_str)) {
        (_, Some(name)) => Choice::Named(name.to_owned()),
        (Some("none"), None) => Choice::None,
        (Some("required"), None) => Choice::Any,
        (_, None) => Choice::Auto,
    }
}

fn schema(body: &Map<String, Value>) -> Option<Value> {
    let format = present(body, "response_format")?;
    match format.get("type").and_then(Value::as_str) {
        Some("json_object") => Some(json!({"properties": {"answer": {"type": "string"}}})),
        Some("json_schema") => format.pointer("/json_schema/schema").cloned(),
        _ => None,
    }
}

fn stops(stop: Option<&Value>) -> Vec<String> {
    match stop {
        Some(Value::String(stop)) => vec![stop.clone()],
        Some(Value::Array(stops)) => {
            stops.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

fn weight(body: &Map<String, Value>) -> u64 {
    let parts = ["messages", "tools", "response_format"].iter().filter_map(|name| body.get(*name));
    parts.map(|part| part.to_string().len() as u64).sum()
}

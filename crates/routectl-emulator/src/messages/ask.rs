//! Reads what a Messages request asks for.

use serde_json::{Map, Value};

use super::check::present;
use super::history::{blocks_of, is, role_of};
use super::imitator;
use super::tools::is_custom;
use crate::answer::{Ask, Choice, Image, Tool, mint, text_of};

/// The request in the words of [`Ask`]. The body has been checked.
pub(crate) fn ask(body: &Map<String, Value>, model: &str) -> Ask {
    let messages = present(body, "messages").and_then(Value::as_array);
    let messages = messages.map(Vec::as_slice).unwrap_or_default();
    let last_user = messages.iter().rfind(|message| role_of(message) == "user");
    let content = last_user.and_then(|message| message.get("content")).unwrap_or(&Value::Null);
    let blocks = last_user.map(blocks_of).unwrap_or_default();
    let text = text_of(content);
    let choice = present(body, "tool_choice");
    let single = choice.and_then(|it| it.get("disable_parallel_tool_use"));
    let thinking = body.get("thinking").and_then(|it| it.get("type")).and_then(Value::as_str);
    Ask {
        model: model.to_owned(),
        think: text.contains("[[think]]")
            || matches!(thinking, Some("enabled" | "adaptive"))
            || imitator::is_theirs(model),
        text,
        images: images(blocks),
        results: results(blocks),
        tools: tools(body),
        choice: choose(choice),
        parallel: single != Some(&Value::Bool(true)),
        schema: schema(body),
        max_tokens: present(body, "max_tokens").and_then(Value::as_u64),
        stops: stops(body),
        turns: messages.len(),
        weight: weight(body),
        streamed: present(body, "stream") == Some(&Value::Bool(true)),
    }
}

fn images(blocks: &[Value]) -> Vec<Image> {
    let image = |block: &Value| {
        let text = |name: &str| block.pointer(name).and_then(Value::as_str);
        match (text("/source/media_type"), text("/source/data")) {
            (Some(media_type), Some(data)) => Image {
                media_type: media_type.to_owned(),
                bytes: mint::decode(data).map_or(0, |bytes| bytes.len()),
            },
            _ => Image { media_type: "url".into(), bytes: 0 },
        }
    };
    // What a tool shows is seen as well.
    let shown = blocks.iter().filter(|block| is(block, "tool_result")).flat_map(blocks_of);
    blocks.iter().chain(shown).filter(|block| is(block, "image")).map(image).collect()
}

fn results(blocks: &[Value]) -> Vec<String> {
    let results = blocks.iter().filter(|block| is(block, "tool_result"));
    results.map(|block| block.get("content").map(text_of).unwrap_or_default()).collect()
}

fn tools(body: &Map<String, Value>) -> Vec<Tool> {
    let tools = present(body, "tools").and_then(Value::as_array).into_iter().flatten();
    let tool = |tool: &Value| {
        let name = tool.get("name").and_then(Value::as_str)?.to_owned();
        Some(Tool { name, schema: tool.get("input_schema").cloned() })
    };
    tools.filter(|it| is_custom(it)).filter_map(tool).collect()
}

fn choose(choice: Option<&Value>) -> Choice {
    let text = |name: &str| choice.and_then(|it| it.get(name)).and_then(Value::as_str);
    match (text("type"), text("name")) {
        (Some("none"), _) => Choice::None,
        (Some("any"), _) => Choice::Any,
        (Some("tool"), Some(name)) => Choice::Named(name.to_owned()),
        _ => Choice::Auto,
    }
}

fn schema(body: &Map<String, Value>) -> Option<Value> {
    let nested = body.get("output_config").and_then(|it| it.get("format"));
    let format = nested.or_else(|| body.get("output_format"))?;
    format.get("schema").cloned()
}

fn stops(body: &Map<String, Value>) -> Vec<String> {
    let stops = present(body, "stop_sequences").and_then(Value::as_array).into_iter().flatten();
    stops.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Bytes of the prompt, for usage and counting.
fn weight(body: &Map<String, Value>) -> u64 {
    let parts = ["system", "messages", "tools"].iter().filter_map(|name| body.get(*name));
    parts.map(|part| part.to_string().len() as u64).sum()
}

//! Messages requests: what is read of them.

use routectl_core::Needs;
use serde::Deserialize;

use crate::formats::{Tagged, list};
use crate::{Document, estimate};

/// The members that say what a request asks of a target.
pub(super) fn needs(body: &Document) -> Needs {
    let mut features = Vec::new();
    tool_features(body, &mut features);
    block_features(body, &mut features);
    if body.get("output_format").is_some_and(|format| format != b"null")
        || body.get("output_config").is_some_and(has_format)
    {
        features.push("json_schema".to_owned());
    }
    if body.get("thinking").is_some_and(|thinking| !is_kind(thinking, "disabled")) {
        features.push("thinking".to_owned());
    }
    for member in ["mcp_servers", "context_management", "container"] {
        if body.get(member).is_some_and(|value| value != b"null") {
            features.push(member.to_owned());
        }
    }
    features.sort_unstable();
    features.dedup();
    let values = ["system", "messages", "tools"].iter().filter_map(|member| body.get(member));
    Needs { features, input_tokens: estimate::tokens(values) }
}

fn is_kind(json: &[u8], wanted: &str) -> bool {
    serde_json::from_slice::<Tagged>(json)
        .is_ok_and(|tagged| tagged.kind.as_deref() == Some(wanted))
}

#[derive(Deserialize)]
struct OutputConfig {
    #[serde(default)]
    format: Option<Tagged>,
}

fn has_format(json: &[u8]) -> bool {
    serde_json::from_slice::<OutputConfig>(json).is_ok_and(|config| config.format.is_some())
}

/// A tool without a type, or of type `custom`, is the client's own function; anything else is a
/// vendor's tool. (facts: Anthropic Messages, section 5.2)
fn tool_features(body: &Document, features: &mut Vec<String>) {
    for tool in list::<Tagged>(body, "tools") {
        features.push(match tool.kind.as_deref() {
            None | Some("custom") => "tools".to_owned(),
            Some(versioned) => undated(versioned).to_owned(),
        });
    }
}

/// `web_search_20250305` without its date.
fn undated(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((base, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => name,
    }
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Content,
}

/// Content is text or a list of blocks, and so is a tool result's.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Content {
    Blocks(Vec<Block>),
    Text(serde::de::IgnoredAny),
    #[default]
    Absent,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    content: Content,
}

fn block_features(body: &Document, features: &mut Vec<String>) {
    for message in list::<Message>(body, "messages") {
        media(&message.content, features);
    }
}

fn media(content: &Content, features: &mut Vec<String>) {
    let Content::Blocks(blocks) = content else { return };
    for block in blocks {
        match block.kind.as_str() {
            "image" => features.push("images".to_owned()),
            "document" => features.push("documents".to_owned()),
            _ => media(&block.content, features),
        }
    }
}

//! Chat requests: what is read of them.

use routectl_core::Needs;
use serde::Deserialize;

use crate::formats::{Tagged, list};
use crate::{Document, estimate};

/// The members that say what a request asks of a target.
pub(super) fn needs(body: &Document) -> Needs {
    let mut features = Vec::new();
    tool_features(body, &mut features);
    part_features(body, &mut features);
    if let Some(format) = body.get("response_format")
        && let Ok(Tagged { kind: Some(kind) }) = serde_json::from_slice(format)
        && kind != "text"
    {
        features.push(kind);
    }
    for (member, feature) in
        [("web_search_options", "web_search"), ("audio", "audio"), ("logprobs", "logprobs")]
    {
        if body.get(member).is_some_and(|value| value != b"null" && value != b"false") {
            features.push(feature.to_owned());
        }
    }
    features.sort_unstable();
    features.dedup();
    let prompt = ["messages", "tools", "functions", "response_format"];
    let values = prompt.iter().filter_map(|member| body.get(member));
    Needs { features, input_tokens: estimate::tokens(values) }
}

fn tool_features(body: &Document, features: &mut Vec<String>) {
    for tool in list::<Tagged>(body, "tools") {
        features.push(match tool.kind.as_deref() {
            None | Some("function") => "tools".to_owned(),
            Some("custom") => "custom_tools".to_owned(),
            Some(other) => other.to_owned(),
        });
    }
    if body.get("functions").is_some() {
        features.push("tools".to_owned());
    }
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Content,
}

/// Content is text, null, or a list of parts.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Content {
    Parts(Vec<Tagged>),
    Text(serde::de::IgnoredAny),
    #[default]
    Absent,
}

fn part_features(body: &Document, features: &mut Vec<String>) {
    for message in list::<Message>(body, "messages") {
        let Content::Parts(parts) = message.content else { continue };
        for part in parts {
            let feature = match part.kind.as_deref() {
                Some("image_url") => "images",
                Some("file") => "documents",
                Some("input_audio") => "audio",
                Some("video_url") => "video",
                _ => continue,
            };
            features.push(feature.to_owned());
        }
    }
}

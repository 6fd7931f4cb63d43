//! Thinking of earlier turns, told to hosts that take it back. A seal goes to its minter alone.

use routectl_core::{Block, Echo, Loss, Reasoning, Seal, SealKind};

use super::Writer;
use crate::json::Object;

/// Writes the thinking of one assistant message.
pub(super) fn write(
    writer: &mut Writer<'_>,
    message: &mut Object<'_>,
    thinking: &[(&Block, &Reasoning)],
) {
    let says = |(_, it): &&(&Block, &Reasoning)| !it.text.is_empty() || it.seal.is_some();
    let thinking = &thinking.iter().filter(says).copied().collect::<Vec<_>>();
    match writer.quirks().echo {
        Echo::Nothing => {
            for (block, _) in thinking {
                let reason = "the host takes no thinking back";
                writer.losses.push(Loss::dropped(block.place.to_string(), reason));
            }
        }
        Echo::Content => plain(writer, message, thinking, &["reasoning_content"]),
        Echo::Both => plain(writer, message, thinking, &["reasoning", "reasoning_content"]),
        Echo::Details => details(writer, message, thinking),
    }
}

/// Text in these members; seals stay behind.
fn plain(
    writer: &mut Writer<'_>,
    message: &mut Object<'_>,
    thinking: &[(&Block, &Reasoning)],
    members: &[&str],
) {
    let mut texts = Vec::new();
    for (block, reasoning) in thinking {
        let place = block.place.to_string();
        match (&reasoning.seal, reasoning.text.as_str()) {
            (_, "") => writer.losses.push(Loss::dropped(place, "only its minter reads it")),
            (None, text) => texts.push(text),
            (Some(_), text) => {
                texts.push(text);
                writer.losses.push(Loss::degraded(place, "its seal means nothing to this host"));
            }
        }
    }
    // Several pieces are one text here. (facts: translation, section 6.3)
    if !texts.is_empty() || wants_blank(writer) {
        let text = texts.join("\n\n");
        members.iter().for_each(|member| message.text(member, &text));
    }
}

/// DeepSeek V4 and Kimi want the member on every assistant message once there are tools.
/// (facts: reasoning, section 2.4)
fn wants_blank(writer: &Writer<'_>) -> bool {
    writer.quirks().blank_reasoning && !writer.request.tools.is_empty()
}

/// Pieces with their seals, in order. (facts: reasoning, section 2.5)
fn details(writer: &mut Writer<'_>, message: &mut Object<'_>, thinking: &[(&Block, &Reasoning)]) {
    let families = families(&writer.abilities.upstream);
    let mut kept = Vec::new();
    for (block, reasoning) in thinking {
        let place = block.place.to_string();
        match &reasoning.seal {
            Some(seal) if families.contains(&seal.family.as_str()) => {
                kept.push((*reasoning, Some(seal)));
            }
            // A model that seals its thinking takes none that it did not seal.
            Some(_) | None if !families.is_empty() || reasoning.text.is_empty() => {
                let reason = "the model takes no thinking but its own";
                writer.losses.push(Loss::dropped(place, reason));
            }
            seal => {
                kept.push((*reasoning, None));
                if seal.is_some() {
                    let reason = "its seal means nothing to this model";
                    writer.losses.push(Loss::degraded(place, reason));
                }
            }
        }
    }
    if kept.is_empty() && !wants_blank(writer) {
        return;
    }
    let mut list = message.list("reasoning_details");
    for (index, (reasoning, seal)) in (0..).zip(kept) {
        detail(list.object(), reasoning, seal, index);
    }
}

fn detail(mut object: Object<'_>, reasoning: &Reasoning, seal: Option<&Seal>, index: u64) {
    let sealed = seal.filter(|seal| seal.kind == SealKind::Encrypted);
    if let Some(seal) = sealed {
        object.text("type", "reasoning.encrypted");
        object.text("data", &seal.blob);
    } else {
        object.text("type", "reasoning.text");
        object.text("text", &reasoning.text);
        object.text_if("signature", seal.map(|seal| seal.blob.as_str()));
    }
    object.text_if("id", reasoning.id.as_deref());
    object.text("format", seal.map_or("unknown", |seal| &seal.family));
    object.count("index", index);
}

/// Whose seals a model of a gateway reads, by the vendor in its name. Models that seal nothing
/// read none. (facts: reasoning, section 2.5)
fn families(upstream: &str) -> &'static [&'static str] {
    let name = upstream.to_ascii_lowercase();
    if name.contains("claude") {
        return &["anthropic-claude-v1"];
    }
    match name.trim_start_matches('~').split('/').next() {
        Some("openai") => &["openai-responses-v1", "azure-openai-responses-v1"],
        Some("google") => &["google-gemini-v1", "gemini-v1"],
        Some("x-ai") => &["xai-responses-v1"],
        _ => &[],
    }
}

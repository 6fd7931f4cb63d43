//! The results of tools: one message each. What only a user can show follows in a user's message.

use std::borrow::Cow;
use std::collections::HashMap;

use routectl_core::{Block, Content, Loss, ToolResult, Turn};

use super::parts::{self, Part};
use super::{Writer, cache};
use crate::json::List;
use crate::names::CallIdRule;

/// How a failed result begins, for want of a flag. Always the same, for the host's prompt cache.
/// (facts: translation, section 2.2)
const FAILED: &str = "[tool error] ";

/// Writes the results of a turn and gives what has to be shown behind them all. `called` are the
/// tools that were called, by the ids of the calls.
pub(super) fn write<'a>(
    writer: &mut Writer<'a>,
    messages: &mut List<'_>,
    turn: &'a Turn,
    called: &HashMap<&str, &str>,
) -> Vec<Part<'a>> {
    let mut attached = Attached::default();
    for block in &turn.blocks {
        let Content::ToolResult(result) = &block.content else { continue };
        let id = CallIdRule::from(writer.quirks().call_ids).apply(&result.call);
        let mut said = said(writer, result, (&id, &mut attached));
        if result.failed {
            mark_failed(&mut said);
        }
        cache::bear(writer, block, said.last_mut());
        let mut message = messages.object();
        message.text("role", "tool");
        message.text("tool_call_id", &id);
        let name = called.get(result.call.as_str());
        if let Some(name) = name.filter(|_| writer.quirks().names_results) {
            message.text("name", writer.names.upstream(name));
        }
        let parted = writer.tells_parts();
        if parted || said.iter().any(|part| part.as_text().is_none()) {
            parts::content(&mut message, &said, parted);
        } else {
            message.text("content", &parts::joined(&said, "\n"));
        }
    }
    attached.parts
}

/// What is shown behind the results of a turn, and how many images and documents that is.
#[derive(Default)]
struct Attached<'a> {
    parts: Vec<Part<'a>>,
    images: usize,
    documents: usize,
}

/// What a result says itself.
fn said<'a>(
    writer: &mut Writer<'a>,
    result: &'a ToolResult,
    (id, attached): (&str, &mut Attached<'a>),
) -> Vec<Part<'a>> {
    let mut said = Vec::new();
    for block in &result.blocks {
        let shown = parts::of(writer, [block]);
        // Official Chat takes nothing but text in these messages. (facts: OpenAI Chat, section 3)
        let stays = writer.quirks().takes_images_in_results
            || shown.iter().all(|part| part.as_text().is_some());
        if stays {
            said.extend(shown);
        } else {
            said.push(Part::text(attached.attach(id, block, shown)));
            let reason = "the host takes text from tools; this follows in a user message";
            writer.losses.push(Loss::emulated(block.place.to_string(), reason));
        }
    }
    said
}

impl<'a> Attached<'a> {
    /// Takes what a result cannot hold and gives the words that stand there instead.
    fn attach(&mut self, id: &str, block: &Block, shown: Vec<Part<'a>>) -> Cow<'a, str> {
        let is_image = matches!(block.content, Content::Image(_));
        let (small, great, count) = if is_image {
            ("image", "Image", &mut self.images)
        } else {
            ("document", "Document", &mut self.documents)
        };
        *count += 1;
        let number = *count;
        self.parts.push(Part::text(format!("{great} {number} from tool call {id}:")));
        self.parts.extend(shown);
        Cow::Owned(format!("[{small} {number} attached below]"))
    }
}

/// Says that a tool failed, unless its words say so.
fn mark_failed(said: &mut Vec<Part<'_>>) {
    match said.first_mut() {
        Some(first) if first.as_text().is_some_and(tells_an_error) => {}
        Some(first) if first.as_text().is_some() => first.prefix(FAILED),
        Some(_) | None => said.insert(0, Part::text(FAILED.trim_end())),
    }
}

fn tells_an_error(text: &str) -> bool {
    text.starts_with("Error") || text.starts_with("error")
}

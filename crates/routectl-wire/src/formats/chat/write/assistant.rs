//! What the assistant said: its text, its thinking where the host takes it back, its calls.

use routectl_core::{Block, Content, Reasoning, ToolCall, Turn};

use super::parts::{self, Part};
use super::{Writer, cache, echo};
use crate::json::{List, Object};
use crate::names::CallIdRule;

/// The blocks of a turn, sorted by the member that says them. Text that stands behind a call
/// moves before it. (facts: translation, section 2.2)
#[derive(Default)]
struct Sorted<'a> {
    said: Vec<Part<'a>>,
    refusal: String,
    thinking: Vec<(&'a Block, &'a Reasoning)>,
    calls: Vec<&'a ToolCall>,
}

/// Writes an assistant's turn.
pub(super) fn write<'a>(writer: &mut Writer<'a>, messages: &mut List<'_>, turn: &'a Turn) {
    let sorted = sort(writer, turn);
    let mut message = messages.object();
    message.text("role", "assistant");
    let told = echo::told(writer, turn, &sorted.thinking, &sorted.calls);
    match &told.lead {
        Some(lead) => message.raw("content", &lead.content(&parts::joined(&sorted.said, ""))),
        None => content(writer, &mut message, &sorted),
    }
    if !sorted.refusal.is_empty() {
        message.text("refusal", &sorted.refusal);
    }
    told.members.iter().for_each(|(member, json)| message.raw(member, json));
    if !sorted.calls.is_empty() {
        let mut calls = message.list("tool_calls");
        for (index, call) in sorted.calls.iter().enumerate() {
            let mut object = calls.object();
            self::call(writer, &mut object, call);
            echo::sign(writer, (turn, &told), (index, call), &mut object);
        }
    }
}

fn sort<'a>(writer: &mut Writer<'a>, turn: &'a Turn) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    for block in &turn.blocks {
        match &block.content {
            Content::ToolCall(call) => sorted.calls.push(call),
            Content::Reasoning(reasoning) => sorted.thinking.push((block, reasoning)),
            Content::Refusal(words) => sorted.refusal.push_str(words),
            Content::Text(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::ToolResult(_)
            | Content::Opaque { .. } => {
                sorted.said.extend(parts::texts(writer, [block]));
                continue;
            }
        }
        cache::bear(writer, block, None);
    }
    sorted
}

/// Pieces of text are one text: the model wrote them in one go.
fn content(writer: &Writer<'_>, message: &mut Object<'_>, sorted: &Sorted<'_>) {
    let holds_more = !sorted.calls.is_empty() || !sorted.refusal.is_empty();
    if sorted.said.is_empty() && holds_more && !writer.quirks().blank_content {
        message.null("content");
    } else if writer.tells_parts() {
        parts::content(message, &sorted.said, true);
    } else {
        message.text("content", &parts::joined(&sorted.said, ""));
    }
}

fn call(writer: &Writer<'_>, object: &mut Object<'_>, call: &ToolCall) {
    let name = writer.names.upstream(&call.name);
    object.text("id", &CallIdRule::from(writer.quirks().call_ids).apply(&call.id));
    if call.takes_text {
        object.text("type", "custom");
        let mut custom = object.object("custom");
        custom.text("name", name);
        custom.text("input", &call.arguments);
        return;
    }
    object.text("type", "function");
    let mut function = object.object("function");
    function.text("name", name);
    // As the model wrote them, valid or not; a call without any is `{}`.
    let arguments = call.arguments.as_str();
    function.text("arguments", if arguments.trim().is_empty() { "{}" } else { arguments });
}

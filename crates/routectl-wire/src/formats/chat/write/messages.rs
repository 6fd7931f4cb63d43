//! The conversation: one message per turn, and one per result of a tool.

use std::collections::HashMap;

use routectl_core::{Block, Content, Loss, Role, Turn};

use super::parts::{self, Part};
use super::{Writer, assistant, results};
use crate::json::{List, Object};

/// What the assistant says where a user must not speak right behind a tool. Always the same, for
/// the host's prompt cache.
const BETWEEN: &str = "The results are in.";

/// What was said so far, as far as later messages depend on it.
#[derive(Default)]
struct SoFar<'a> {
    /// The tools that were called, by the ids of the calls.
    called: HashMap<&'a str, &'a str>,
    /// The last message is a result.
    after_results: bool,
}

/// Writes the system text and the turns. `instruction` ends the system text.
pub(super) fn write(writer: &mut Writer<'_>, body: &mut Object<'_>, instruction: Option<&str>) {
    let mut messages = body.list("messages");
    system(writer, &mut messages, instruction);
    let mut so_far = SoFar::default();
    for turn in &writer.request.turns {
        match turn.role {
            Role::System => {
                let said = parts::texts(writer, &turn.blocks);
                instructive(writer, &mut messages, &said);
            }
            Role::Assistant => {
                so_far.called.extend(calls(turn));
                assistant::write(writer, &mut messages, turn);
            }
            Role::User => {
                user(writer, &mut messages, turn, &mut so_far);
                continue;
            }
        }
        so_far.after_results = false;
    }
}

/// The ids of a turn's calls and the tools they call.
fn calls(turn: &Turn) -> impl Iterator<Item = (&str, &str)> {
    turn.blocks.iter().filter_map(Block::as_call).map(|call| (&*call.id, &*call.name))
}

fn system(writer: &mut Writer<'_>, messages: &mut List<'_>, instruction: Option<&str>) {
    let mut said = parts::texts(writer, &writer.request.system);
    said.extend(instruction.map(Part::text));
    instructive(writer, messages, &said);
}

/// A message of the operator. Its parts are told apart only where one of them can bear a mark.
fn instructive(writer: &Writer<'_>, messages: &mut List<'_>, said: &[Part<'_>]) {
    if said.is_empty() {
        return;
    }
    let mut message = messages.object();
    message.text("role", if writer.quirks().developer_role { "developer" } else { "system" });
    if writer.tells_parts() {
        parts::content(&mut message, said, true);
    } else {
        message.text("content", &parts::joined(said, "\n\n"));
    }
}

/// The results of a turn, one message each, then everything else in one message.
fn user<'a>(
    writer: &mut Writer<'a>,
    messages: &mut List<'_>,
    turn: &'a Turn,
    so_far: &mut SoFar<'a>,
) {
    let is_result = |block: &&Block| matches!(block.content, Content::ToolResult(_));
    let has_results = turn.blocks.iter().any(|block| is_result(&block));
    let mut said = results::write(writer, messages, turn, &so_far.called);
    said.extend(parts::of(writer, turn.blocks.iter().filter(|block| !is_result(block))));
    so_far.after_results |= has_results;
    if said.is_empty() && has_results {
        return;
    }
    if so_far.after_results && writer.quirks().refuses_user_after_results {
        let mut message = messages.object();
        message.text("role", "assistant");
        message.text("content", BETWEEN);
        let reason = "the host wants the assistant to speak between a tool and the user";
        writer.losses.push(Loss::emulated(turn.place.to_string(), reason));
    }
    let mut message = messages.object();
    message.text("role", "user");
    parts::content(&mut message, &said, writer.tells_parts());
    so_far.after_results = false;
}

//! The conversation: who speaks, and what stands where.

use routectl_core::{Block, Content, Effort, Foreign, IfLost, Request, Role, Turn};

use crate::BadRequest;

use super::blocks::{self, Within};
use super::control;
use super::spot::{Spot, UNKNOWN};

/// `system`: text above the conversation.
pub(super) fn system(
    spot: Spot<'_, '_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    blocks::content(spot, Within::System, foreign)
}

/// `messages`. One that says nothing goes, but for an answer in the middle: hosts give answers
/// without content, and clients send them back. (facts: Anthropic Messages, sections 4.2 and 8)
/// Gives the effort that the last of them asks for which asks for one.
pub(super) fn turns(
    spot: Spot<'_, '_>,
    request: &mut Request,
) -> Result<Option<Effort>, BadRequest> {
    let mut effort = None;
    let mut messages = spot.messages()?.peekable();
    while let Some(message) = messages.next() {
        let last = messages.peek().is_none();
        let turn = turn(message, &mut request.foreign)?;
        if turn.role == Role::System {
            effort = later_effort(message, &mut request.foreign)?.or(effort);
        }
        let kept = match turn.role {
            _ if !turn.blocks.is_empty() => true,
            Role::User if last => return Err(message.need("content")?.bad("must not be empty")),
            Role::Assistant => !last,
            Role::User | Role::System => false,
        };
        if kept {
            request.turns.push(turn);
        }
    }
    if request.turns.is_empty() {
        return Err(spot.bad("must hold at least one message"));
    }
    Ok(effort)
}

fn turn(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Turn, BadRequest> {
    let spot = spot.object()?;
    let (role, within) = spot.need("role")?.one_of(&[
        ("user", (Role::User, Within::User)),
        ("assistant", (Role::Assistant, Within::Assistant)),
        ("system", (Role::System, Within::Mid)),
    ])?;
    // A system message may say its effort and nothing else.
    let silent = role == Role::System && spot.get("output_config").is_some();
    let blocks = match spot.get("content") {
        None if silent => Vec::new(),
        Some(_) | None => blocks::content(spot.need("content")?, within, foreign)?,
    };
    results_first(&blocks)?;
    spot.keep_foreign(foreign, |name, node| match name {
        "role" | "content" => None,
        "output_config" if role == Role::System => None,
        "clear_at" if node.text().as_deref() == Some("never") => None,
        "clear_at" => Some(IfLost::Refused("only Claude forgets a message later on")),
        _ => Some(UNKNOWN),
    });
    Ok(Turn { role, blocks, place: spot.place() })
}

/// Claude Code says its effort in a system message, which may say nothing else. What an answer
/// costs was decided when it was asked for, so the last one is the one that counts. (facts:
/// clients, section 1)
fn later_effort(
    spot: Spot<'_, '_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<Effort>, BadRequest> {
    let Some(spot) = spot.get("output_config") else { return Ok(None) };
    let spot = spot.object()?;
    spot.keep_foreign(foreign, |name, _| match name {
        "effort" => None,
        _ => Some(UNKNOWN),
    });
    spot.get("effort").map(control::effort).transpose()
}

/// (facts: Anthropic Messages, section 4.2)
fn results_first(blocks: &[Block]) -> Result<(), BadRequest> {
    let is_result = |block: &&Block| matches!(block.content, Content::ToolResult(_));
    match blocks.iter().skip_while(is_result).find(is_result) {
        None => Ok(()),
        Some(late) => {
            let problem = "the tool_result blocks of a message come before everything else";
            Err(BadRequest::new(late.place.to_string(), problem))
        }
    }
}

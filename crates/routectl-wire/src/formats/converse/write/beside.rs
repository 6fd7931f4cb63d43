//! What stands beside calls and results of tools, for models that want them alone. What is moved
//! stays where it is from turn to turn, so that bodies of one conversation begin alike.

use std::mem::take;

use routectl_core::{Block, Content, Loss, Role, Turn};

use crate::formats::converse::vendors::{Beside, Vendor};

/// Brings settled turns within what the model takes.
pub(super) fn settle(turns: &mut [Turn], vendor: &Vendor, losses: &mut Vec<Loss>) {
    for turn in turns {
        match turn.role {
            Role::Assistant if vendor.beside == Beside::NoWords => call_alone(turn, losses),
            Role::User | Role::System => {
                if !vendor.rich_results {
                    turn.blocks.iter_mut().for_each(|block| say_failure(block, losses));
                }
                answer_alone(turn, vendor.beside, losses);
            }
            Role::Assistant => {}
        }
    }
}

/// Words beside a call go: in a message of their own there would be two of the assistant's in a
/// row.
fn call_alone(turn: &mut Turn, losses: &mut Vec<Loss>) {
    let is_call = |block: &Block| matches!(block.content, Content::ToolCall(_));
    if !turn.blocks.iter().any(is_call) {
        return;
    }
    turn.blocks.retain(|block| {
        let stays = block.as_text().is_none();
        if !stays {
            let reason = "this model takes no words beside a call";
            losses.push(Loss::dropped(block.place.to_string(), reason));
        }
        stays
    });
}

/// What may not stand beside results is said at the end of the last of them.
fn answer_alone(turn: &mut Turn, beside: Beside, losses: &mut Vec<Loss>) {
    let is_result = |block: &Block| matches!(block.content, Content::ToolResult(_));
    let moves = |block: &Block| match beside {
        Beside::Anything => false,
        Beside::NoDocuments => matches!(block.content, Content::Document { .. }),
        Beside::NoWordsAtResults | Beside::NoWords => !is_result(block),
    };
    if !turn.blocks.iter().any(is_result) || !turn.blocks.iter().any(moves) {
        return;
    }
    let (moved, mut stay): (Vec<Block>, Vec<Block>) =
        take(&mut turn.blocks).into_iter().partition(|block| moves(block));
    for block in &moved {
        let reason = "this model takes it in the result of a tool only, not beside it";
        losses.push(Loss::degraded(block.place.to_string(), reason));
    }
    let last = stay.iter_mut().rfind(|block| is_result(block));
    if let Some(Block { content: Content::ToolResult(result), .. }) = last {
        result.blocks.extend(moved);
    }
    turn.blocks = stay;
}

/// A failure that cannot be marked as one is said.
fn say_failure(block: &mut Block, losses: &mut Vec<Loss>) {
    let place = block.place;
    let Content::ToolResult(result) = &mut block.content else { return };
    if take(&mut result.failed) {
        let reason = "this model is told in words that the tool failed";
        losses.push(Loss::degraded(place.to_string(), reason));
        result.blocks.insert(0, Block::text("error:", place));
    }
}

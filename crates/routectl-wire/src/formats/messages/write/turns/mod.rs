//! The conversation as Messages takes it: turns of two roles that take turns, results first, and
//! the operator's words in mid-conversation where the model allows them.

mod content;
mod input;
mod spell;

use std::mem::take;

use routectl_core::{Block, Content, Loss, Role, Turn};

use super::fitted::FitBlock;
use super::target::Target;
use crate::formats::instruction;

pub(super) use content::fit;
pub(in crate::formats) use content::thinking;
pub(in crate::formats) use input::input;
pub(super) use spell::{Spelling, cache_control, text_blocks};

/// Turns of which every block can be said as it is. What cannot is in the losses.
pub(super) fn settle(
    turns: Vec<Turn>,
    (target, fit): (Target<'_>, &mut FitBlock<'_>),
    losses: &mut Vec<Loss>,
) -> Vec<Turn> {
    let mut turns = turns;
    for turn in &mut turns {
        let blocks = take(&mut turn.blocks).into_iter();
        turn.blocks = blocks.filter_map(|block| fit(block, turn.role, losses)).collect();
    }
    losses.extend(silent_end(&turns));
    let mut settled: Vec<Turn> = Vec::with_capacity(turns.len());
    let mut between: Vec<Turn> = Vec::new();
    for turn in turns.into_iter().filter(|turn| !turn.blocks.is_empty()) {
        match turn.role {
            Role::User | Role::System => between.push(turn),
            Role::Assistant => {
                settled.extend(told(take(&mut between), target, losses));
                match settled.last_mut().filter(|last| last.role == Role::Assistant) {
                    Some(last) => last.blocks.extend(turn.blocks),
                    None => settled.push(turn),
                }
            }
        }
    }
    settled.extend(told(between, target, losses));
    losses.extend(bad_start(&settled));
    losses.extend(begun_answer(&mut settled, target));
    settled
}

/// What users and the operator say between two answers, as one user turn and, where the model
/// takes it and a user speaks at all, one system turn behind it: a system message has to follow a
/// user's and must not stand before another. Nothing is ever moved up into the system text above
/// the conversation. (facts: translation, section 2.4; Anthropic Messages, section 4.1)
fn told(turns: Vec<Turn>, target: Target<'_>, losses: &mut Vec<Loss>) -> Vec<Turn> {
    let is_system = |turn: &Turn| turn.role == Role::System;
    if target.takes_system_in_messages() && !turns.iter().all(is_system) {
        let (system, user) = turns.into_iter().partition(is_system);
        return [joined(Role::User, user), joined(Role::System, system)]
            .into_iter()
            .flatten()
            .collect();
    }
    let turns = turns.into_iter().map(|mut turn| {
        if is_system(&turn) {
            let reason = "this model takes no system message here; a user's text says it";
            losses.push(Loss::degraded(turn.place.to_string(), reason));
            turn.blocks.iter_mut().for_each(instruction::mark);
        }
        turn
    });
    joined(Role::User, turns.collect()).into_iter().collect()
}

/// Several turns as one of this role. Results come first: a user's turn has to begin with them.
/// (facts: Anthropic Messages, section 4.2)
fn joined(role: Role, turns: Vec<Turn>) -> Option<Turn> {
    let place = turns.first()?.place;
    let blocks = turns.into_iter().flat_map(|turn| turn.blocks);
    let (mut blocks, others): (Vec<Block>, Vec<Block>) =
        blocks.partition(|block| matches!(block.content, Content::ToolResult(_)));
    blocks.extend(others);
    Some(Turn { role, blocks, place })
}

/// A user who says nothing last leaves the model to answer something else.
fn silent_end(turns: &[Turn]) -> Option<Loss> {
    let last = turns.last()?;
    let silent = last.role == Role::User && last.blocks.is_empty();
    silent.then(|| Loss::refused(last.place.to_string(), "the last message says nothing"))
}

fn bad_start(turns: &[Turn]) -> Option<Loss> {
    let Some(first) = turns.first() else {
        return Some(Loss::refused("messages", "no message says anything"));
    };
    let reason = "the conversation must begin with the user";
    (first.role == Role::Assistant).then(|| Loss::refused(first.place.to_string(), reason))
}

/// Chat answers anew behind an assistant's message; Claude continues it, where it can at all, and
/// refuses one that ends in whitespace. (facts: translation, section 2.6)
fn begun_answer(turns: &mut [Turn], target: Target<'_>) -> Option<Loss> {
    let last = turns.last_mut().filter(|turn| turn.role == Role::Assistant)?;
    let path = last.place.to_string();
    if !target.takes_prefill() {
        let reason = "this model wants the last message to be the user's";
        return Some(Loss::refused(path, reason));
    }
    if let Some(Content::Text(text)) = last.blocks.last_mut().map(|block| &mut block.content) {
        text.truncate(text.trim_end().len());
    }
    Some(Loss::degraded(path, "the model continues this message in place of a new answer"))
}

//! System text in mid-conversation, told by a user where the host takes it from nobody else.

use routectl_core::{Loss, Role, Turn};

use crate::formats::instruction;

/// Lets users say what the operator said, in one message with what users say beside it: templates
/// that refuse the one refuse two messages of a user in a row as well. (facts: OpenAI Chat,
/// section 3)
pub(super) fn tell(turns: &mut Vec<Turn>) -> Vec<Loss> {
    let mut losses = Vec::new();
    if turns.iter().all(|turn| turn.role != Role::System) {
        return losses;
    }
    let mut told: Vec<Turn> = Vec::with_capacity(turns.len());
    let mut joins = false;
    for mut turn in turns.drain(..) {
        let is_system = turn.role == Role::System;
        if is_system {
            let reason = "the host takes no system text here; a user says it";
            losses.push(Loss::degraded(turn.place.to_string(), reason));
            turn.blocks.iter_mut().for_each(instruction::mark);
            turn.role = Role::User;
        }
        let last = told.last_mut().filter(|last| last.role == turn.role && (is_system || joins));
        match last {
            Some(last) => last.blocks.append(&mut turn.blocks),
            None => told.push(turn),
        }
        joins = is_system;
    }
    *turns = told;
    losses
}

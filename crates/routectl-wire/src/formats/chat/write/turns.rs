//! Turns as Chat hosts take them. Who only thinks says nothing where that is not heard; several
//! answers in a row are one, so that all calls stand before all results; and where templates want
//! user and assistant to take turns, a user says what the operator says in mid-conversation, in one
//! message with what users say beside it. (facts: OpenAI Chat, section 3; translation, sections 2.4
//! and 2.5)

use routectl_core::{Abilities, Block, Content, Loss, Request, Role, Turn};

use super::echo;
use crate::formats::instruction;
use crate::pairs;

/// Brings the turns of a request into an order that the host takes.
pub(super) fn settle(request: &mut Request, abilities: &Abilities) -> Vec<Loss> {
    let mut losses = Vec::new();
    let has_tools = !request.tools.is_empty();
    request.turns.retain(|turn| match echo::unheard(turn, has_tools, abilities) {
        Some(lost) => {
            losses.extend(lost);
            false
        }
        None => true,
    });
    join(&mut request.turns, Role::Assistant);
    losses.extend(pairs::complete(request));
    // Turns of late results are gone, and with them what stood between two answers.
    join(&mut request.turns, Role::Assistant);
    if abilities.quirks.system_first {
        request.turns.iter_mut().for_each(|turn| losses.extend(tell(turn)));
        join(&mut request.turns, Role::User);
    }
    losses
}

/// Makes neighbours of this role one turn.
fn join(turns: &mut Vec<Turn>, role: Role) {
    let mut joined: Vec<Turn> = Vec::with_capacity(turns.len());
    for mut turn in turns.drain(..) {
        let last = joined.last_mut().filter(|last| last.role == role && turn.role == role);
        let Some(last) = last else {
            joined.push(turn);
            continue;
        };
        if role == Role::Assistant {
            tell_apart(&last.blocks, &mut turn.blocks);
        }
        last.blocks.append(&mut turn.blocks);
    }
    *turns = joined;
}

/// The texts of one answer are one text, those of two are not.
fn tell_apart(before: &[Block], blocks: &mut [Block]) {
    let speaks = |block: &Block| block.as_text().is_some_and(|text| !text.is_empty());
    let first = blocks.iter_mut().find(|block| speaks(block));
    if let Some(Content::Text(text)) = first.map(|block| &mut block.content)
        && before.iter().any(speaks)
    {
        text.insert_str(0, "\n\n");
    }
}

/// Lets a user say what the operator says.
fn tell(turn: &mut Turn) -> Option<Loss> {
    if turn.role != Role::System {
        return None;
    }
    turn.blocks.iter_mut().for_each(instruction::mark);
    turn.role = Role::User;
    let reason = "the host takes no system text here; a user says it";
    Some(Loss::degraded(turn.place.to_string(), reason))
}

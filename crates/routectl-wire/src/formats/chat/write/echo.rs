//! Thinking of earlier turns, told to hosts that take it back.

use routectl_core::{
    Abilities, Block, Content, Form, Loss, Missing, Reasoning, Role, ToolCall, Turn,
};

use super::{Writer, cache};
use crate::dialects::echo::{self, Signature, Told};
use crate::json::Object;
use crate::names::CallIdRule;

/// What an assistant's message says of its thinking.
pub(super) fn told(
    writer: &mut Writer<'_>,
    turn: &Turn,
    thinking: &[(&Block, &Reasoning)],
    calls: &[&ToolCall],
) -> Told {
    let rule = CallIdRule::from(writer.quirks().call_ids);
    let call = calls.first().map(|call| rule.apply(&call.id));
    let turn = echo::Turn {
        place: turn.place,
        call: call.as_deref(),
        has_tools: !writer.request.tools.is_empty(),
    };
    let pieces: Vec<_> = thinking.iter().map(|(block, it)| (block.place, *it)).collect();
    let mut told = echo::told(&pieces, turn, &writer.quirks().dialect, writer.abilities.history);
    writer.losses.append(&mut told.losses);
    let (signatures, stray): (Vec<_>, Vec<_>) = told
        .signatures
        .into_iter()
        .partition(|signature| calls.iter().any(|call| call.id == signature.call));
    told.signatures = signatures;
    let reason = "the call that was signed is not in this turn";
    let lost = |stray: Signature| Loss::dropped(stray.place.to_string(), reason);
    writer.losses.extend(stray.into_iter().map(lost));
    told
}

/// What is lost of an answer that only thinks, if its host hears nothing of that: it is left out.
pub(super) fn unheard(turn: &Turn, has_tools: bool, abilities: &Abilities) -> Option<Vec<Loss>> {
    let mut pieces = Vec::new();
    for block in &turn.blocks {
        match &block.content {
            Content::Reasoning(reasoning) => pieces.push((block.place, reasoning)),
            Content::Text(text) if text.is_empty() => {}
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::ToolCall(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => return None,
        }
    }
    if turn.role != Role::Assistant || pieces.is_empty() {
        return None;
    }
    let turn_of = echo::Turn { place: turn.place, call: None, has_tools };
    let told = echo::told(&pieces, turn_of, &abilities.quirks.dialect, abilities.history);
    let unmarked = turn.blocks.iter().filter(|block| block.cache.is_some());
    let unmarked = unmarked.map(|block| cache::unmarked(&abilities.quirks, block.place));
    let is_silent = told.members.is_empty() && told.lead.is_none();
    is_silent.then(|| told.losses.into_iter().chain(unmarked).collect())
}

/// Writes the signature of a call, and for the first of a step that has lost it the vendor's own
/// word. (facts: reasoning, section 2.18)
pub(super) fn sign(
    writer: &mut Writer<'_>,
    (turn, told): (&Turn, &Told),
    (index, call): (usize, &ToolCall),
    object: &mut Object<'_>,
) {
    if writer.quirks().dialect.echo.form != Form::CallSeals {
        return;
    }
    let signature = told.signatures.iter().find(|signature| signature.call == call.id);
    let blob = match (signature, writer.quirks().dialect.echo.missing) {
        (Some(signature), _) => &signature.blob,
        (None, Missing::Sentinel(word)) if index == 0 => {
            writer.losses.push(Loss::emulated(turn.place.to_string(), echo::UNSIGNED));
            word
        }
        (None, Missing::Sentinel(_) | Missing::Nothing | Missing::Blank | Missing::Words(_)) => {
            return;
        }
    };
    object.object("extra_content").object("google").text("thought_signature", blob);
}

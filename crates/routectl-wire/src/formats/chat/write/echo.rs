//! Thinking of earlier turns, told to hosts that take it back.

use routectl_core::{Block, Loss, Missing, Reasoning, ToolCall, Turn};

use super::Writer;
use crate::dialects::echo::{self, Told};
use crate::json::Object;

/// What an assistant's message says of its thinking.
pub(super) fn told(
    writer: &mut Writer<'_>,
    turn: &Turn,
    thinking: &[(&Block, &Reasoning)],
    calls: &[&ToolCall],
) -> Told {
    let turn = echo::Turn {
        place: turn.place,
        calls: !calls.is_empty(),
        has_tools: !writer.request.tools.is_empty(),
    };
    let pieces: Vec<_> = thinking.iter().map(|(block, it)| (block.place, *it)).collect();
    let mut told = echo::told(&pieces, turn, &writer.quirks().dialect, writer.abilities.history);
    writer.losses.append(&mut told.losses);
    told
}

/// Writes what stands for the signature that the first call of a step has lost. (facts: reasoning,
/// section 2.18)
pub(super) fn unsigned(writer: &mut Writer<'_>, turn: &Turn, call: &mut Object<'_>) {
    let Missing::Sentinel(word) = writer.quirks().dialect.echo.missing else { return };
    let mut extra = call.object("extra_content");
    extra.object("google").text("thought_signature", word);
    let reason = "the host wants the signature of the call, and is told to do without";
    writer.losses.push(Loss::emulated(turn.place.to_string(), reason));
}

//! Editing a conversation in its host's place: what `context_management` asks for, on the client's
//! bytes where the host speaks Messages, on the hub where it does not. The client is told in the
//! answer what was cleared, as Claude's hosts tell it. (facts: Anthropic Messages, section 15)

mod hub;
mod native;
mod orders;
mod plan;
mod recall;
#[cfg(test)]
mod tests;
mod told;

use routectl_core::Loss;

use orders::Orders;

use crate::json::Node;

pub(crate) use hub::fit_request;
pub use native::fit;
pub use recall::{Recall, holds_refused, sealed_thinking, thinking};
pub use told::Applied;

/// The member of the body that asks for edits, and the member of the answer that tells of them.
pub(crate) const MEMBER: &str = "context_management";

/// The name of these edits in the trace.
const NAME: &str = "context_management";

/// Whether no edit is asked for, or the one alone that keeps all thinking, as Claude Code does most
/// of the time. (facts: clients, section 2)
pub(crate) fn asks_nothing(member: &Node<'_>) -> bool {
    Orders::read(member).is_ok_and(|orders| orders.are_none())
}

/// What is done here, for the report.
fn losses(orders: &Orders) -> impl Iterator<Item = Loss> {
    let thinking = orders.thinking.map(|_| orders.places.thinking);
    let thinking = thinking.map(|index| (index, "routectl clears earlier thinking"));
    let tool_uses = orders.tool_uses.as_ref().map(|_| orders.places.tool_uses);
    let tool_uses = tool_uses.map(|index| (index, "routectl clears earlier results of tools"));
    let done = [thinking, tool_uses].into_iter().flatten();
    done.map(|(index, reason)| Loss::emulated(orders::place(index).to_string(), reason))
}

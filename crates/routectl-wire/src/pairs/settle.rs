//! Changing a conversation so that every call has an id of its own and its result behind it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use routectl_core::{Block, Content, Loss, Role, ToolCall, ToolResult, Turn};

use super::{At, Call, Pairs};

/// What a model reads where a client sent no result. (facts: translation, section 2.1)
const NO_RESULT: &str = "No result was provided for this call.";

/// Gives calls whose id was used before an id of their own: the old one and which use it is. It
/// depends on what came before only, so that a growing conversation keeps its bytes.
pub(super) fn tell_apart(turns: &mut [Turn], pairs: &Pairs) {
    for (call, id) in repeated(turns, pairs) {
        let Some(call) = pairs.calls.get(call) else { continue };
        let result = call.result.and_then(|result| pairs.results.get(result));
        for at in [Some(call.at), result.map(|result| result.at)].into_iter().flatten() {
            rename(turns, at, &id);
        }
    }
}

/// Which calls need another id, and which.
fn repeated(turns: &[Turn], pairs: &Pairs) -> Vec<(usize, String)> {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    let mut taken: HashSet<Cow<'_, str>> = HashSet::new();
    let mut renamed = Vec::new();
    for (index, call) in pairs.calls.iter().enumerate() {
        let content = block(turns, call.at).map(|block| &block.content);
        let Some(Content::ToolCall(call)) = content else { continue };
        let mut id = Cow::Borrowed(call.id.as_str());
        let uses = uses.entry(&call.id).or_insert(1);
        while taken.contains(&id) {
            *uses += 1;
            id = Cow::Owned(format!("{}#{uses}", call.id));
        }
        if let Cow::Owned(id) = &id {
            renamed.push((index, id.clone()));
        }
        taken.insert(id);
    }
    renamed
}

fn block(turns: &[Turn], at: At) -> Option<&Block> {
    turns.get(at.turn)?.blocks.get(at.block)
}

fn rename(turns: &mut [Turn], at: At, id: &str) {
    let block = turns.get_mut(at.turn).and_then(|turn| turn.blocks.get_mut(at.block));
    match block.map(|block| &mut block.content) {
        Some(Content::ToolCall(call)) => id.clone_into(&mut call.id),
        Some(Content::ToolResult(result)) => id.clone_into(&mut result.call),
        Some(
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Image(_)
            | Content::Document { .. }
            | Content::Reasoning(_)
            | Content::Opaque { .. },
        )
        | None => {}
    }
}

/// Puts every result first in the user turn behind its call, and one in place of each that is
/// missing.
pub(super) fn bring_together(turns: &mut Vec<Turn>, pairs: &Pairs) -> Vec<Loss> {
    let runs = pairs.calls.chunk_by(|one, next| one.run == next.run);
    if runs.clone().all(|calls| in_place(turns, pairs, calls)) {
        return Vec::new();
    }
    let losses = losses(turns, pairs);
    let (mut results, touched) = take_out(turns, pairs);
    let mut behind = vec![Vec::new(); turns.len()];
    for calls in runs {
        let end = end_of_run(turns, calls).and_then(|end| behind.get_mut(end));
        let Some(end) = end else { continue };
        for call in calls {
            let result = call.result.and_then(|result| results.get_mut(result)?.take());
            end.extend(result.or_else(|| stand_in(turns, call)));
        }
    }
    *turns = assembled(std::mem::take(turns), behind, &touched);
    losses
}

/// What the model is told in place of a result, or at another place than the client did.
fn losses(turns: &[Turn], pairs: &Pairs) -> Vec<Loss> {
    let place = |at| block(turns, at).map(|block| block.place.to_string()).unwrap_or_default();
    let losses = pairs.calls.iter().filter_map(|call| {
        let Some(result) = call.result else {
            let reason = "the call has no result; a failed one stands in";
            return Some(Loss::emulated(place(call.at), reason));
        };
        let late = pairs.results.get(result).filter(|result| result.run != call.run)?;
        Some(Loss::degraded(place(late.at), "a late result moves behind its call"))
    });
    losses.collect()
}

/// Whether the results of one run's calls stand where they belong.
fn in_place(turns: &[Turn], pairs: &Pairs, calls: &[Call]) -> bool {
    let Some(next) = end_of_run(turns, calls).map(|end| end + 1) else { return true };
    calls.iter().enumerate().all(|(block, call)| {
        let result = call.result.and_then(|result| pairs.results.get(result));
        result.is_some_and(|result| result.at == At { turn: next, block })
    })
}

/// The last turn of the run that these calls belong to.
fn end_of_run(turns: &[Turn], calls: &[Call]) -> Option<usize> {
    let last = calls.last()?.at.turn;
    let more = turns.iter().skip(last + 1).take_while(|turn| turn.role == Role::Assistant);
    Some(last + more.count())
}

/// The results that answer a call, taken from their turns; and which turns lost some.
fn take_out(turns: &mut [Turn], pairs: &Pairs) -> (Vec<Option<Block>>, HashSet<usize>) {
    let mut taken = Vec::with_capacity(pairs.results.len());
    let mut touched = HashSet::new();
    let mut results = pairs.results.iter().peekable();
    for (index, turn) in turns.iter_mut().enumerate() {
        if results.peek().is_none_or(|result| result.at.turn != index) {
            continue;
        }
        touched.insert(index);
        for (block, content) in std::mem::take(&mut turn.blocks).into_iter().enumerate() {
            match results.next_if(|result| result.at == At { turn: index, block }) {
                Some(result) if result.call.is_some() => taken.push(Some(content)),
                Some(_) => {
                    taken.push(None);
                    turn.blocks.push(content);
                }
                None => turn.blocks.push(content),
            }
        }
    }
    (taken, touched)
}

/// What stands in for a result that never came.
fn stand_in(turns: &[Turn], call: &Call) -> Option<Block> {
    let asked = block(turns, call.at)?;
    let Content::ToolCall(ToolCall { id, .. }) = &asked.content else { return None };
    let blocks = vec![Block::text(NO_RESULT, asked.place)];
    let content = Content::ToolResult(ToolResult { call: id.clone(), blocks, failed: true });
    Some(Block { content, place: asked.place, cache: None })
}

/// The turns with these results behind them; without those that only held results.
fn assembled(turns: Vec<Turn>, behind: Vec<Vec<Block>>, touched: &HashSet<usize>) -> Vec<Turn> {
    let mut settled = Vec::with_capacity(turns.len() + 1);
    let mut owed: Vec<Block> = Vec::new();
    for (index, (mut turn, behind)) in turns.into_iter().zip(behind).enumerate() {
        if turn.role == Role::User {
            turn.blocks.splice(0..0, owed.drain(..));
        } else {
            settled.extend(turn_of(std::mem::take(&mut owed)));
        }
        if !(turn.blocks.is_empty() && touched.contains(&index)) {
            settled.push(turn);
        }
        owed = behind;
    }
    settled.extend(turn_of(owed));
    settled
}

/// A user turn of nothing but results.
fn turn_of(results: Vec<Block>) -> Option<Turn> {
    let place = results.first()?.place;
    Some(Turn { role: Role::User, blocks: results, place })
}

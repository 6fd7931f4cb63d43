//! Tool calls and their results: which answers which, that every call has one, and that ids tell
//! calls apart. Formats differ in where a result stands; here it follows its call.

mod settle;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use routectl_core::{Content, Loss, Request, Role, Turn};

use crate::BadRequest;

/// Checks that every result answers a call, and none answers one again. `member` is what the
/// client's format calls the id in a result.
///
/// # Errors
/// The first result that answers nothing.
pub(crate) fn check(request: &Request, member: &str) -> Result<(), BadRequest> {
    let pairs = Pairs::of(&request.turns);
    let Some(orphan) = pairs.results.iter().find(|result| result.call.is_none()) else {
        return Ok(());
    };
    let block = request.turns.get(orphan.at.turn).and_then(|turn| turn.blocks.get(orphan.at.block));
    let Some(block) = block else { return Ok(()) };
    let Content::ToolResult(result) = &block.content else { return Ok(()) };
    let problem = format!("no earlier tool call waits for a result of the id {:?}", result.call);
    Err(BadRequest::new(block.place.path(member), problem))
}

/// Gives every call its result, in the user turn right behind it, before anything else there and
/// in the order of the calls. A call without one gets a failed result; ids that repeat are made
/// distinct in call and result. Results that answer nothing stay where they are: `check` refuses
/// them.
pub(crate) fn complete(request: &mut Request) -> Vec<Loss> {
    let pairs = Pairs::of(&request.turns);
    settle::tell_apart(&mut request.turns, &pairs);
    settle::bring_together(&mut request.turns, &pairs)
}

/// The same for results that came before the model spoke again: nothing is made up, and nothing
/// that is late or missing is touched.
pub(crate) fn gather(request: &mut Request) {
    let pairs = Pairs::of(&request.turns).in_time();
    settle::bring_together(&mut request.turns, &pairs);
}

/// Every call and every result of a conversation, in its order.
#[derive(Debug, Default)]
struct Pairs {
    calls: Vec<Call>,
    results: Vec<Answer>,
}

#[derive(Debug)]
struct Call {
    at: At,
    /// Which run of assistant turns it belongs to.
    run: usize,
    /// Which of the results answers it.
    result: Option<usize>,
}

#[derive(Debug)]
struct Answer {
    at: At,
    /// How many runs of assistant turns came before.
    run: usize,
    /// Which of the calls it answers.
    call: Option<usize>,
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct At {
    turn: usize,
    block: usize,
}

impl Pairs {
    /// A result belongs to the nearest earlier call of its id that waits for one; among the calls
    /// of one run the first comes first. (facts: translation, section 4.3)
    fn of(turns: &[Turn]) -> Self {
        let mut pairs = Self::default();
        let mut waiting = Waiting::default();
        let mut run = 0;
        let mut last = None;
        for (index, turn) in turns.iter().enumerate() {
            if turn.role == Role::Assistant && last != Some(Role::Assistant) {
                run += 1;
            }
            last = Some(turn.role);
            for (block, content) in turn.blocks.iter().map(|block| &block.content).enumerate() {
                let at = At { turn: index, block };
                if let Content::ToolCall(call) = content {
                    waiting.push(&call.id, run, pairs.calls.len());
                    pairs.calls.push(Call { at, run, result: None });
                } else if let Content::ToolResult(result) = content {
                    let call = waiting.pop(&result.call);
                    if let Some(call) = call.and_then(|call| pairs.calls.get_mut(call)) {
                        call.result = Some(pairs.results.len());
                    }
                    pairs.results.push(Answer { at, run, call });
                }
            }
        }
        pairs
    }

    /// Without the calls whose result is late or missing.
    fn in_time(mut self) -> Self {
        let runs: Vec<usize> = self.calls.iter().map(|call| call.run).collect();
        for result in &mut self.results {
            result.call = result.call.filter(|call| runs.get(*call) == Some(&result.run));
        }
        let results = &self.results;
        let answers = |result: usize| results.get(result).is_some_and(|it| it.call.is_some());
        self.calls.retain(|call| call.result.is_some_and(answers));
        self
    }
}

/// Calls without a result so far, by id and run.
#[derive(Default)]
struct Waiting<'a>(HashMap<&'a str, Vec<(usize, VecDeque<usize>)>>);

impl<'a> Waiting<'a> {
    fn push(&mut self, id: &'a str, run: usize, call: usize) {
        let runs = self.0.entry(id).or_default();
        match runs.last_mut().filter(|(last, _)| *last == run) {
            Some((_, calls)) => calls.push_back(call),
            None => runs.push((run, VecDeque::from([call]))),
        }
    }

    fn pop(&mut self, id: &str) -> Option<usize> {
        let runs = self.0.get_mut(id)?;
        let (_, calls) = runs.last_mut()?;
        let call = calls.pop_front();
        if calls.is_empty() {
            runs.pop();
        }
        call
    }
}

//! What of a conversation is cleared. The whole of it is gone through from its beginning, as the
//! requests came one after the other, and what one of them had cleared stays so: between two
//! clearings prompts begin alike, though nothing is remembered. (guarantees: G7)

use std::borrow::Cow;
use std::collections::HashMap;

use routectl_core::Role;

use super::orders::{Orders, Trigger};
use super::told::{Applied, Cleared};

/// A conversation, as far as editing it goes.
#[derive(Debug, Default)]
pub(super) struct Talk<'a> {
    /// Tokens of the system text and the tools.
    pub around: u64,
    pub messages: Vec<Said<'a>>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub role: Role,
    pub parts: Vec<Part<'a>>,
    /// Tokens of the thinking that is put before it again.
    pub recalled: u64,
}

/// One part of a message, with its tokens.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Thinking(u64),
    Call { id: Cow<'a, str>, name: Cow<'a, str>, input: u64 },
    Result { call: Cow<'a, str>, content: u64 },
    Other(u64),
}

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub message: usize,
    pub part: usize,
}

/// What is cleared.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// These go.
    pub thinking: Vec<At>,
    /// Before these messages no thinking is put again.
    pub forgotten: Vec<usize>,
    /// Of these the content becomes a placeholder.
    pub results: Vec<At>,
    /// Of these the input becomes empty.
    pub inputs: Vec<At>,
    pub applied: Applied,
}

/// What stands in the place of a result. Always the same, for the host's prompt cache.
pub(super) const PLACEHOLDER: &str = "[cleared: this result was removed to make room]";

/// About what it costs.
const PLACEHOLDER_TOKENS: u64 = 14;

/// What of this conversation these orders clear.
pub(super) fn plan(talk: &Talk<'_>, orders: &Orders) -> Plan {
    let mut replay = Replay::of(talk, orders);
    for (index, said) in talk.messages.iter().enumerate() {
        replay.take(index, said);
        let next = talk.messages.get(index + 1);
        let is_answered = next.is_none_or(|next| next.role == Role::Assistant);
        // A request ended here.
        if said.role != Role::Assistant && is_answered {
            replay.clear_thinking();
            replay.clear_tool_uses();
        }
    }
    replay.plan
}

/// The message with which the last turn of the person begins.
pub(super) fn last_turn(talk: &Talk<'_>) -> usize {
    let begins = |said: &Said<'_>| said.role == Role::User && !said.has_results();
    talk.messages.iter().rposition(begins).unwrap_or(0)
}

impl Said<'_> {
    /// Whether a loop of tools goes on with it.
    fn has_results(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Result { .. }))
    }
}

/// The conversation as it grows.
struct Replay<'t> {
    orders: &'t Orders,
    /// The calls that wait for a result, by their ids, which may repeat.
    calls: HashMap<&'t str, Vec<Call<'t>>>,
    /// What the prompt holds by now, in tokens.
    tokens: u64,
    /// The turns with thinking that have not lost it, but for the one that goes on.
    thoughts: Vec<Thoughts>,
    /// The one that goes on.
    thinking: Thoughts,
    /// Whether the assistant has spoken since a turn began.
    has_answered: bool,
    /// The uses of tools that have results, in the order of the calls.
    uses: Vec<Use<'t>>,
    /// The first of them that was not looked at yet.
    next_use: usize,
    plan: Plan,
}

/// The thinking of one turn: from one word of the person to the next, however many tools stand
/// between.
#[derive(Default)]
struct Thoughts {
    places: Vec<At>,
    recalled: Vec<usize>,
    tokens: u64,
}

impl Thoughts {
    fn is_some(&self) -> bool {
        !(self.places.is_empty() && self.recalled.is_empty())
    }
}

/// A call of a tool.
struct Call<'t> {
    at: At,
    name: &'t str,
    input: u64,
}

/// A use of a tool.
struct Use<'t> {
    call: Call<'t>,
    result: At,
    content: u64,
}

impl<'t> Replay<'t> {
    fn of(talk: &Talk<'_>, orders: &'t Orders) -> Self {
        Self {
            orders,
            calls: HashMap::new(),
            tokens: talk.around,
            thoughts: Vec::new(),
            thinking: Thoughts::default(),
            has_answered: true,
            uses: Vec::new(),
            next_use: 0,
            plan: Plan::default(),
        }
    }

    fn take(&mut self, message: usize, said: &'t Said<'_>) {
        match said.role {
            Role::Assistant => self.has_answered = true,
            Role::User if self.has_answered && !said.has_results() => {
                self.has_answered = false;
                let thinking = std::mem::take(&mut self.thinking);
                self.thoughts.extend(Some(thinking).filter(Thoughts::is_some));
            }
            Role::User | Role::System => {}
        }
        if said.recalled > 0 {
            self.think(said.recalled).recalled.push(message);
        }
        for (part, it) in said.parts.iter().enumerate() {
            self.take_part(At { message, part }, it);
        }
    }

    /// The thinking of the turn that goes on, grown by so much.
    fn think(&mut self, tokens: u64) -> &mut Thoughts {
        self.tokens += tokens;
        self.thinking.tokens += tokens;
        &mut self.thinking
    }

    fn take_part(&mut self, at: At, part: &'t Part<'_>) {
        match part {
            Part::Thinking(tokens) => {
                self.think(*tokens).places.push(at);
            }
            Part::Call { id, name, input } => {
                self.tokens += input;
                self.calls.entry(id).or_default().push(Call { at, name, input: *input });
            }
            Part::Result { call, content } => {
                self.tokens += content;
                if let Some(call) = self.waiting(call) {
                    self.use_up(Use { call, result: at, content: *content });
                }
            }
            Part::Other(tokens) => self.tokens += tokens,
        }
    }

    /// The nearest earlier call of an id that waits for a result; in one message the first comes
    /// first.
    fn waiting(&mut self, id: &str) -> Option<Call<'t>> {
        let calls = self.calls.get_mut(id)?;
        let nearest = calls.last()?.at.message;
        let first = calls.partition_point(|call| call.at.message < nearest);
        Some(calls.remove(first))
    }

    /// Results may come in another order than the calls.
    fn use_up(&mut self, it: Use<'t>) {
        let fresh = self.uses.get(self.next_use..).unwrap_or_default();
        let place = fresh.partition_point(|earlier| earlier.call.at < it.call.at);
        self.uses.insert(self.next_use + place, it);
    }

    fn clear_thinking(&mut self) {
        let Some(keep) = self.orders.thinking else { return };
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let turns = self.thoughts.len() + usize::from(self.thinking.is_some());
        let gone = turns.saturating_sub(keep).min(self.thoughts.len());
        for thoughts in self.thoughts.drain(..gone) {
            self.tokens = self.tokens.saturating_sub(thoughts.tokens);
            self.plan.applied.thinking.add(1, thoughts.tokens);
            self.plan.thinking.extend(thoughts.places);
            self.plan.forgotten.extend(thoughts.recalled);
        }
    }

    fn clear_tool_uses(&mut self) {
        let Some(rule) = &self.orders.tool_uses else { return };
        let triggered = match rule.trigger {
            Trigger::Tokens(tokens) => self.tokens > tokens,
            Trigger::ToolUses(uses) => {
                let cleared = self.plan.applied.tool_uses.count;
                self.uses.len() as u64 - cleared > uses
            }
        };
        let keep = usize::try_from(rule.keep).unwrap_or(usize::MAX);
        let end = self.uses.len().saturating_sub(keep);
        let Some(older) = self.uses.get(self.next_use..end).filter(|_| triggered) else { return };
        let stays = |tool: &str| rule.excluded.iter().any(|name| name == tool);
        let cleared: Vec<&Use<'_>> = older.iter().filter(|it| !stays(it.call.name)).collect();
        let won = |it: &Use<'_>| {
            let input = if rule.clears_input(it.call.name) { it.call.input } else { 0 };
            it.content.saturating_sub(PLACEHOLDER_TOKENS) + input
        };
        let tokens = cleared.iter().map(|it| won(it)).sum();
        if cleared.is_empty() || tokens < rule.at_least {
            return;
        }
        self.plan.applied.tool_uses.add(cleared.len() as u64, tokens);
        self.plan.results.extend(cleared.iter().map(|it| it.result));
        let inputs = cleared.iter().filter(|it| rule.clears_input(it.call.name));
        self.plan.inputs.extend(inputs.map(|it| it.call.at));
        self.tokens = self.tokens.saturating_sub(tokens);
        self.next_use = end;
    }
}

impl Cleared {
    fn add(&mut self, count: u64, tokens: u64) {
        self.count += count;
        self.tokens += tokens;
    }
}

//! What models thought before they called tools, for clients that do not send it back: some hosts
//! refuse a call whose thinking is gone, and others work worse without it. In memory only, bounded,
//! and never cut short. (facts: reasoning, section 5)
//!
//! `thoughts` is another memory, and stays one: it keeps raw blocks of one host for that very host,
//! within bounds of each provider, and is there where the operator asks for `context_management`;
//! this one keeps the hub's words for whoever answers next, and `[server.reasoning_cache]` switches
//! it off. What they have in common is `Bounded` and `call_id`.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, PoisonError};

use routectl_core::{Block, Content, Delta, Event, Opening, Place, Reasoning, Request, Role, Turn};
use routectl_wire::dialects::echo::RECALLED;
use tokio::time::Instant;

use crate::bounded::Bounded;
use crate::call_id::{CallId, Calls, kept_beside_another, of_this_one};
use crate::config::ReasoningCache;
use crate::inbound::Inbound;
use crate::relay::Listener;

/// What was thought between a call and the one before it.
type Thinking = Arc<[Reasoning]>;

/// What was thought before which calls, for all workers.
#[derive(Debug)]
pub struct Memory {
    /// Calls that are the same in one conversation have several, the latest last.
    kept: Mutex<Bounded<u64, Arc<[Thinking]>>>,
    /// Ids come from outside: nobody can choose them so that they collide.
    hasher: RandomState,
}

/// One conversation's way into the memory.
#[derive(Debug, Clone)]
pub struct Recall {
    memory: Arc<Memory>,
    limits: ReasoningCache,
    /// A digest of what tells its conversation from others, for ids that do not.
    conversation: u64,
}

/// Hears one answer, and keeps what was thought in it once it is complete and calls tools.
#[derive(Clone)]
pub struct Keeper {
    recall: Recall,
    /// By the index of its block.
    said: BTreeMap<u32, Said>,
    bytes: u64,
}

/// What a memory takes of an answer.
#[derive(Clone)]
enum Said {
    Thought(Reasoning),
    Call(CallId),
}

impl Default for Memory {
    fn default() -> Self {
        let limits = ReasoningCache::default();
        let kept = Bounded::new(limits.entries, limits.max_age);
        Self { kept: Mutex::new(kept), hasher: RandomState::new() }
    }
}

impl Memory {
    /// A request's way in, where configuration has one.
    pub fn recall(self: &Arc<Self>, inbound: &Inbound, limits: &ReasoningCache) -> Option<Recall> {
        if !limits.enabled {
            return None;
        }
        let conversation = inbound.conversation_digest(&self.hasher);
        Some(Recall { memory: Arc::clone(self), limits: limits.clone(), conversation })
    }
}

impl Recall {
    /// Who hears an answer to this request.
    pub fn keeper(&self) -> Keeper {
        let recall = self.clone();
        Keeper { recall, said: BTreeMap::new(), bytes: 0 }
    }

    /// Whether there is anything to be reminded of.
    pub fn knows_any(&self) -> bool {
        !self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What was thought before a call with these arguments, if that is known. It is then known for
    /// longer. How many calls that are kept by the same come later is asked where that matters.
    pub fn thinking(
        &self,
        (id, arguments): (&str, &str),
        later: impl FnOnce(u64) -> usize,
    ) -> Option<Thinking> {
        let call = CallId::of(id, arguments);
        let (key, now) = (self.key(&call), Instant::now().into_std());
        let all = {
            let mut kept = self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let all = Arc::clone(kept.get(&key, now)?);
            kept.put_weighing((key, weight(&all)), Arc::clone(&all), now);
            all
        };
        let later = if call.is_unique() { 0 } else { later(key) };
        of_this_one(&all, later).cloned()
    }

    /// The calls of a request that have to be counted.
    pub fn calls(&self, request: &Request) -> Calls {
        Calls::of(request, |call| self.key(call))
    }

    /// A request with the thinking that its client left out, or moved away from its calls, if any of
    /// it is known.
    pub fn reminded(&self, request: &Request) -> Option<Request> {
        let calls = OnceCell::new();
        let calls = || calls.get_or_init(|| self.calls(request));
        let answers = request.turns.iter().enumerate();
        let answers = answers.filter(|(_, turn)| turn.role == Role::Assistant);
        let known: Vec<(usize, Vec<Block>)> = answers
            .filter_map(|(at, answer)| {
                let known = self.recalled(answer, |key, at| calls().later(key, at))?;
                Some((at, known))
            })
            .collect();
        if known.is_empty() {
            return None;
        }
        let mut request = request.clone();
        for (at, blocks) in known {
            if let Some(answer) = request.turns.get_mut(at) {
                answer.blocks = blocks;
            }
        }
        Some(request)
    }

    /// An answer with its thinking where it was, if that is not what its client says.
    fn recalled(&self, answer: &Turn, later: impl Fn(u64, usize) -> usize) -> Option<Vec<Block>> {
        let known = answer.blocks.iter().filter_map(|block| {
            let call = block.as_call()?;
            let at = block.place.first_index().unwrap_or_default() as usize;
            Some(self.thinking((&call.id, &call.arguments), |key| later(key, at)))
        });
        let known: Vec<Option<Thinking>> = known.collect();
        let all: Vec<&Reasoning> = known.iter().flatten().flat_map(|it| it.iter()).collect();
        let said: Vec<&Block> =
            answer.blocks.iter().filter(|block| block.as_reasoning().is_some()).collect();
        let thoughts = || said.iter().filter_map(|block| block.as_reasoning());
        let is_complete = thoughts().eq(all.iter().copied());
        let is_between = known.iter().skip(1).flatten().any(|thinking| !thinking.is_empty());
        let lost = |thought: &&Reasoning| {
            let content = Content::Reasoning((*thought).clone());
            Block { content, place: Place::BODY.member(RECALLED), cache: None }
        };
        let thinking: Vec<Block> = if is_complete && is_between {
            said.into_iter().cloned().collect()
        } else if !is_complete && is_left_out(thoughts(), &all) {
            all.iter().map(lost).collect()
        } else {
            return None;
        };
        let shares = known.iter().map(|it| it.as_ref().map_or(0, |thinking| thinking.len()));
        Some(in_place(answer, thinking.into_iter(), shares))
    }

    fn keep(&self, call: &CallId, thinking: Vec<Reasoning>, now: std::time::Instant) {
        let mut kept = self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.limit(self.limits.entries, self.limits.bytes, self.limits.max_age);
        let key = self.key(call);
        let before = kept.get(&key, now).filter(|_| !call.is_unique());
        let before = kept_beside_another(before.map_or(&[][..], |all| all));
        let all = before.iter().cloned();
        let all: Arc<[Thinking]> = all.chain([thinking.into()]).collect();
        kept.put_weighing((key, weight(&all)), all, now);
    }

    fn key(&self, call: &CallId) -> u64 {
        call.key(&self.memory.hasher, self.conversation)
    }
}

/// An answer with this thinking: so much of it belongs before each call, that of the first one before
/// everything.
fn in_place(
    answer: &Turn,
    mut thinking: impl Iterator<Item = Block>,
    mut shares: impl Iterator<Item = usize>,
) -> Vec<Block> {
    let mut blocks: Vec<Block> =
        thinking.by_ref().take(shares.next().unwrap_or_default()).collect();
    let mut is_first = true;
    for block in answer.blocks.iter().filter(|block| block.as_reasoning().is_none()) {
        if block.as_call().is_some() && !std::mem::take(&mut is_first) {
            blocks.extend(thinking.by_ref().take(shares.next().unwrap_or_default()));
        }
        blocks.push(block.clone());
    }
    blocks
}

/// What an entry weighs, in bytes.
fn weight(all: &[Thinking]) -> u64 {
    let bytes = |thought: &Reasoning| {
        let seal = thought.seal.as_ref().map_or(0, |seal| seal.blob.len() + seal.family.len());
        size_of::<Reasoning>() + thought.text.len() + seal
    };
    all.iter().flat_map(|thinking| thinking.iter()).map(bytes).sum::<usize>() as u64
}

/// Whether an answer that says this much of its thinking has lost some. What a client sends is the
/// truth, unless it is the same without the seals.
fn is_left_out<'a>(said: impl Iterator<Item = &'a Reasoning>, known: &[&Reasoning]) -> bool {
    let mut words = String::new();
    for thought in said {
        if thought.seal.is_some() {
            return false;
        }
        words.push_str(&thought.text);
    }
    let sealed = known.iter().any(|thought| thought.seal.is_some());
    let text = || known.iter().map(|thought| thought.text.as_str()).collect::<String>();
    !known.is_empty() && (words.is_empty() || (sealed && words == text()))
}

impl Keeper {
    fn open(&mut self, index: u32, block: &Opening) {
        let (said, bytes) = match block {
            Opening::Reasoning => (Said::Thought(Reasoning::default()), 0),
            Opening::Sealed { seal, id } => {
                let (text, seal, id) = (String::new(), Some(seal.clone()), id.clone());
                let bytes = seal.as_ref().map_or(0, |seal| seal.blob.len());
                (Said::Thought(Reasoning { text, seal, id }), bytes)
            }
            Opening::ToolCall { id, .. } | Opening::TextCall { id, .. } => {
                (Said::Call(CallId::of(id, "")), id.len())
            }
            Opening::Text | Opening::Refusal | Opening::Opaque(_) => return,
        };
        self.bytes += (size_of::<Reasoning>() + bytes) as u64;
        self.said.insert(index, said);
    }

    fn grow(&mut self, index: u32, delta: &Delta) {
        let more = match (self.said.get_mut(&index), delta) {
            (Some(Said::Thought(thought)), Delta::Text(text)) => {
                thought.text.push_str(text);
                text.len()
            }
            (Some(Said::Thought(thought)), Delta::Seal(seal)) => {
                thought.seal = Some(seal.clone());
                seal.blob.len()
            }
            (Some(Said::Call(call)), Delta::Arguments(text) | Delta::Text(text)) => {
                call.goes_on(text)
            }
            (Some(_) | None, _) => 0,
        };
        self.bytes += more as u64;
    }

    /// Keeps the thoughts of a complete answer by the calls that they led to; what follows the last
    /// call is a signature of it.
    fn keep(&mut self) {
        let now = Instant::now().into_std();
        let mut before = Vec::new();
        let mut last = None;
        for said in std::mem::take(&mut self.said).into_values() {
            match said {
                // An encrypted thought has no text, and a text needs no seal.
                Said::Thought(thought) if thought.text.is_empty() && thought.seal.is_none() => {}
                Said::Thought(thought) => before.push(thought),
                Said::Call(call) => {
                    let ready = last.replace((call, std::mem::take(&mut before)));
                    ready.into_iter().for_each(|(call, thoughts)| {
                        self.recall.keep(&call, thoughts, now);
                    });
                }
            }
        }
        if let Some((call, mut thoughts)) = last {
            thoughts.append(&mut before);
            self.recall.keep(&call, thoughts, now);
        }
    }
}

impl Listener for Keeper {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Open { index, block } => self.open(*index, block),
            Event::Delta { index, delta } => self.grow(*index, delta),
            Event::Stop(_) => self.keep(),
            Event::Start(_)
            | Event::Close { .. }
            | Event::Usage(_)
            | Event::End
            | Event::Failed(_)
            | Event::Alive
            | Event::Opaque(_) => {}
        }
        // What cannot be kept whole is not kept at all.
        if self.bytes > self.recall.limits.bytes {
            self.said.clear();
        }
    }
}

#[cfg(test)]
mod tests;

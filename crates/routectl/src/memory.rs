//! What models thought before they called tools, for clients that do not send it back: some hosts
//! refuse a call whose thinking is gone, and others work worse without it. In memory only, bounded,
//! and never cut short. (facts: reasoning, section 5)

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use routectl_core::{Block, Content, Delta, Event, Opening, Place, Reasoning, Request, Role, Turn};
use routectl_wire::dialects::echo::RECALLED;
use tokio::time::Instant;

use crate::affinity::is_unique;
use crate::bounded::Bounded;
use crate::config::ReasoningCache;
use crate::inbound::Inbound;
use crate::relay::Listener;

/// The thinking of one answer, in its order.
type Thinking = Arc<[Reasoning]>;

/// What was thought before which calls, for all workers.
#[derive(Debug)]
pub struct Memory {
    kept: Mutex<Bounded<u64, Thinking>>,
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
    thinking: BTreeMap<u32, Reasoning>,
    calls: Vec<String>,
    bytes: u64,
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
        let conversation = match inbound.conversation() {
            Some(name) => self.hasher.hash_one(name.as_bytes()),
            None => self.hasher.hash_one(inbound.format.first_words(&inbound.document)),
        };
        Some(Recall { memory: Arc::clone(self), limits: limits.clone(), conversation })
    }
}

impl Recall {
    /// Who hears an answer to this request.
    pub fn keeper(&self) -> Keeper {
        let recall = self.clone();
        Keeper { recall, thinking: BTreeMap::new(), calls: Vec::new(), bytes: 0 }
    }

    /// Whether there is anything to be reminded of.
    pub fn knows_any(&self) -> bool {
        !self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What was thought before a call, if that is known. It is then known for longer.
    pub fn thinking(&self, call: &str) -> Option<Thinking> {
        let (key, now) = (self.key(call), Instant::now().into_std());
        let mut kept = self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let thinking = Arc::clone(kept.get(&key, now)?);
        kept.put_weighing((key, weight(&thinking)), Arc::clone(&thinking), now);
        Some(thinking)
    }

    /// A request with the thinking that its client left out, if any of it is known.
    pub fn reminded(&self, request: &Request) -> Option<Request> {
        let known: Vec<(usize, Thinking)> = request
            .turns
            .iter()
            .enumerate()
            .filter(|(_, turn)| turn.role == Role::Assistant)
            .filter_map(|(at, answer)| Some((at, self.left_out(answer)?)))
            .collect();
        if known.is_empty() {
            return None;
        }
        let mut request = request.clone();
        for (at, thinking) in known {
            let Some(answer) = request.turns.get_mut(at) else { continue };
            answer.blocks.retain(|block| !matches!(block.content, Content::Reasoning(_)));
            let block = |thought: &Reasoning| {
                let content = Content::Reasoning(thought.clone());
                Block { content, place: Place::BODY.member(RECALLED), cache: None }
            };
            answer.blocks.splice(0..0, thinking.iter().map(block));
        }
        Some(request)
    }

    /// What an answer has lost of its thinking.
    fn left_out(&self, answer: &Turn) -> Option<Thinking> {
        let said = thoughts(answer);
        if said.iter().any(|thought| thought.seal.is_some()) {
            return None;
        }
        let known = calls(answer).find_map(|call| self.thinking(call))?;
        let said = said.iter().map(|thought| thought.text.as_str()).collect::<String>();
        is_left_out(&said, &known).then_some(known)
    }

    fn keep(&self, calls: &[String], thinking: &Thinking) {
        let now = Instant::now().into_std();
        let bytes = weight(thinking);
        let mut kept = self.memory.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.limit(self.limits.entries, self.limits.bytes, self.limits.max_age);
        // Where calls were made side by side, a client may forget some of them.
        for call in calls {
            kept.put_weighing((self.key(call), bytes), Arc::clone(thinking), now);
        }
    }

    fn key(&self, call: &str) -> u64 {
        let conversation = if is_unique(call) { 0 } else { self.conversation };
        self.memory.hasher.hash_one((conversation, call))
    }
}

/// What an entry weighs, in bytes.
fn weight(thinking: &[Reasoning]) -> u64 {
    let bytes = |thought: &Reasoning| {
        let seal = thought.seal.as_ref().map_or(0, |seal| seal.blob.len() + seal.family.len());
        size_of::<Reasoning>() + thought.text.len() + seal
    };
    thinking.iter().map(bytes).sum::<usize>() as u64
}

/// Whether an answer that says this much of its thinking has lost some. What a client sends is the
/// truth, unless it is the same without the seals.
fn is_left_out(said: &str, known: &[Reasoning]) -> bool {
    let sealed = known.iter().any(|thought| thought.seal.is_some());
    let text = || known.iter().map(|thought| thought.text.as_str()).collect::<String>();
    said.is_empty() || (sealed && said == text())
}

fn thoughts(answer: &Turn) -> Vec<&Reasoning> {
    answer.blocks.iter().filter_map(Block::as_reasoning).collect()
}

/// The ids of the calls in an answer.
fn calls(answer: &Turn) -> impl Iterator<Item = &str> {
    answer.blocks.iter().filter_map(Block::as_call).map(|call| call.id.as_str())
}

impl Keeper {
    fn open(&mut self, index: u32, block: &Opening) {
        match block {
            Opening::Reasoning => {
                self.thinking.insert(index, Reasoning::default());
            }
            Opening::Sealed { seal, id } => {
                self.bytes += seal.blob.len() as u64;
                let (seal, id) = (Some(seal.clone()), id.clone());
                self.thinking.insert(index, Reasoning { text: String::new(), seal, id });
            }
            Opening::ToolCall { id, .. } | Opening::TextCall { id, .. } => {
                self.calls.push(id.clone());
            }
            Opening::Text | Opening::Refusal | Opening::Opaque(_) => {}
        }
    }

    fn grow(&mut self, index: u32, delta: &Delta) {
        let Some(thought) = self.thinking.get_mut(&index) else { return };
        match delta {
            Delta::Text(text) => {
                self.bytes += text.len() as u64;
                thought.text.push_str(text);
            }
            Delta::Seal(seal) => {
                self.bytes += seal.blob.len() as u64;
                thought.seal = Some(seal.clone());
            }
            Delta::Arguments(_) | Delta::Opaque(_) => {}
        }
    }
}

impl Listener for Keeper {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Open { index, block } => self.open(*index, block),
            Event::Delta { index, delta } => self.grow(*index, delta),
            Event::Stop(_) => {
                let thinking = std::mem::take(&mut self.thinking).into_values();
                let says = |it: &Reasoning| {
                    // An encrypted thought has no text, and a text needs no seal.
                    !it.text.is_empty() || it.seal.is_some()
                };
                let thinking: Thinking = thinking.filter(says).collect();
                if !thinking.is_empty() && self.bytes <= self.recall.limits.bytes {
                    self.recall.keep(&self.calls, &thinking);
                }
            }
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
            self.thinking.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use routectl_core::{Seal, SealKind, StopReason, ToolCall};

    use super::*;

    fn recall(limits: ReasoningCache) -> Recall {
        Recall { memory: Arc::default(), limits, conversation: 1 }
    }

    fn seal(blob: &str) -> Seal {
        Seal { family: "f".into(), kind: SealKind::Signature, blob: blob.into() }
    }

    /// Hears an answer that thinks this, signs it and makes these calls.
    fn hear(recall: &Recall, text: &str, sealed: Option<&str>, calls: &[&str], ends: bool) {
        let mut keeper = recall.keeper();
        keeper.hear(&Event::Open { index: 0, block: Opening::Reasoning });
        for piece in text.split_inclusive(' ') {
            keeper.hear(&Event::Delta { index: 0, delta: Delta::Text(piece.into()) });
        }
        if let Some(blob) = sealed {
            keeper.hear(&Event::Delta { index: 0, delta: Delta::Seal(seal(blob)) });
        }
        for (index, id) in (1..).zip(calls) {
            let block = Opening::ToolCall { id: (*id).into(), name: "f".into() };
            keeper.hear(&Event::Open { index, block });
        }
        if ends {
            keeper.hear(&Event::Stop(StopReason::ToolUse));
        }
    }

    fn known(recall: &Recall, call: &str) -> Option<String> {
        let thinking = recall.thinking(call)?;
        let told = |it: &Reasoning| {
            format!("{}/{}", it.text, it.seal.as_ref().map_or("-", |seal| &seal.blob))
        };
        Some(thinking.iter().map(told).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_was_thought_before_a_call_is_known_by_it_once_the_answer_is_complete() {
        let recall = recall(ReasoningCache::default());
        hear(&recall, "so it is", Some("S"), &["call_abcdefghi1", "call_abcdefghi2"], true);
        hear(&recall, "half", None, &["call_abcdefghi3"], false);
        hear(&recall, "", None, &["call_abcdefghi4"], true);
        assert_eq!(known(&recall, "call_abcdefghi1").as_deref(), Some("so it is/S"));
        assert_eq!(known(&recall, "call_abcdefghi2").as_deref(), Some("so it is/S"));
        assert_eq!(known(&recall, "call_abcdefghi3"), None);
        assert_eq!(known(&recall, "call_abcdefghi4"), None);
    }

    #[test]
    fn ids_that_many_conversations_have_are_known_in_their_own_only() {
        let one = recall(ReasoningCache::default());
        let other = Recall { conversation: 2, ..one.clone() };
        hear(&one, "one", None, &["call_0", "call_abcdefghi1"], true);
        assert_eq!(known(&one, "call_0").as_deref(), Some("one/-"));
        assert_eq!(known(&other, "call_0"), None);
        assert_eq!(known(&other, "call_abcdefghi1").as_deref(), Some("one/-"));
    }

    #[test]
    fn nothing_is_cut_short_and_nothing_grows_beyond_its_bounds() {
        let limits = ReasoningCache { bytes: 600, ..ReasoningCache::default() };
        let recall = recall(limits);
        let (long, short) = ("x".repeat(601), "y".repeat(100));
        hear(&recall, &long, None, &["call_abcdefghi1"], true);
        assert_eq!(known(&recall, "call_abcdefghi1"), None);
        for number in 0..9 {
            hear(&recall, &short, None, &[&format!("call_abcdefgh{number:02}")], true);
        }
        assert_eq!(known(&recall, "call_abcdefgh00"), None);
        assert_eq!(known(&recall, "call_abcdefgh08").map(|text| text.len()), Some(102));
    }

    fn request(thoughts: &[(&str, Option<&str>)]) -> Request {
        let place = Place::BODY.member("messages").index(1);
        let block = |content| Block { content, place, cache: None };
        let thought = |(text, sealed): &(&str, Option<&str>)| {
            let (text, seal) = ((*text).to_owned(), sealed.map(seal));
            block(Content::Reasoning(Reasoning { text, seal, id: None }))
        };
        let call = ToolCall {
            id: "call_abcdefghi1".into(),
            name: "f".into(),
            arguments: "{}".into(),
            takes_text: false,
        };
        let mut blocks: Vec<Block> = thoughts.iter().map(thought).collect();
        blocks.push(block(Content::ToolCall(call)));
        Request { turns: vec![Turn { role: Role::Assistant, blocks, place }], ..Request::default() }
    }

    #[test]
    fn only_what_a_client_left_out_is_put_back() {
        let recall = recall(ReasoningCache::default());
        hear(&recall, "so it is", Some("S"), &["call_abcdefghi1"], true);
        for (said, expected) in [
            (&[][..], Some("so it is")),
            (&[("so it is", None)], Some("so it is")),
            (&[("", None)], Some("so it is")),
            (&[("its own words", None)], None),
            (&[("so it is", Some("T"))], None),
        ] {
            let reminded = recall.reminded(&request(said));
            let thought = reminded.map(|request| {
                let mut thoughts: Vec<_> =
                    thoughts(&request.turns[0]).into_iter().cloned().collect();
                assert_eq!((thoughts.len(), &thoughts[0].seal), (1, &Some(seal("S"))), "{said:?}");
                thoughts.remove(0).text
            });
            assert_eq!(thought.as_deref(), expected, "{said:?}");
        }
        let unsealed = Recall { memory: Arc::default(), ..recall };
        hear(&unsealed, "so it is", None, &["call_abcdefghi1"], true);
        assert!(unsealed.reminded(&request(&[("so it is", None)])).is_none());
    }
}

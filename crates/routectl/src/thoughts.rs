//! What a host's models thought before they called tools, kept for clients that do not bring it
//! back: the host of a provider with `context_management` wants it before the results. Bounded in
//! entries, bytes and age; in memory only.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use routectl_core::{Delta, Event, Opening, Request, SealKind, Seals};
use routectl_wire::{Document, Fit, editing};
use tokio::time::Instant;

use crate::bounded::Bounded;
use crate::call_id::{CallId, Calls, kept_beside_another, of_this_one};
use crate::inbound::Inbound;
use crate::relay::Listener;

/// How many calls of tools are remembered.
const MOST: usize = 10_000;

/// For how long after they were last asked for.
const AGE: Duration = Duration::from_secs(60 * 60);

/// How many bytes of thinking one provider's models may leave here.
const MOST_BYTES: u64 = 64 << 20;

/// How many bytes the calls of one answer may take here, each with its id. Agents make a few dozen
/// side by side.
const MOST_CALLS_BYTES: usize = 64 << 10;

/// The thinking before the calls of one provider's models, as raw blocks.
#[derive(Debug)]
pub struct Thoughts {
    /// Calls that are the same in one conversation have several, the latest last.
    kept: Mutex<Bounded<u64, Arc<[Bytes]>>>,
    /// Ids come from outside: nobody can choose them so that they collide.
    hasher: RandomState,
    most_entry: usize,
}

/// One conversation's way to what one target thought in it.
#[derive(Debug, Clone)]
pub struct Thread {
    thoughts: Arc<Thoughts>,
    /// What the target is remembered by: seals of one model mean nothing to another.
    target: Arc<str>,
    /// A digest of what tells its conversation from others, for ids that do not.
    conversation: u64,
}

impl Thoughts {
    /// Keeps thinking of up to so many bytes; longer thinking is not kept at all.
    pub fn new(most_entry: usize) -> Self {
        Self::bounded(most_entry, MOST, MOST_BYTES)
    }

    fn bounded(most_entry: usize, most: usize, most_bytes: u64) -> Self {
        let mut kept = Bounded::new(most, AGE);
        kept.limit(most, most_bytes, AGE);
        Self { kept: Mutex::new(kept), hasher: RandomState::new(), most_entry }
    }

    /// The way of a request to a target that is remembered by this.
    pub fn thread(self: &Arc<Self>, inbound: &Inbound, target: &Arc<str>) -> Thread {
        let conversation = inbound.conversation_digest(&self.hasher);
        Thread { thoughts: Arc::clone(self), target: Arc::clone(target), conversation }
    }

    fn lock(&self) -> MutexGuard<'_, Bounded<u64, Arc<[Bytes]>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    /// Edits a conversation as its client asks, and puts back what the client left out, but for
    /// what the target was heard to refuse.
    pub fn fit(
        &self,
        body: &Document,
        refused: &Seals,
        (later, fit): (&dyn Fn(u64, usize) -> usize, &mut Fit),
    ) {
        let now = Instant::now();
        let recall = |at: usize, id: &str, input: &str| {
            self.recall(&CallId::of(id, input), |key| later(key, at), now)
                .filter(|blocks| !editing::holds_refused(blocks, refused))
        };
        editing::fit(body, &recall, fit);
    }

    /// A listener for one answer.
    pub fn minder(self) -> Minder {
        Minder {
            thread: self,
            blocks: Vec::new(),
            open: None,
            calls: Vec::new(),
            calls_bytes: 0,
            is_too_long: false,
        }
    }

    /// The calls of a request that have to be counted.
    pub fn calls(&self, request: &Request) -> Calls {
        Calls::of(request, |call| self.key(call))
    }

    /// What is asked for again is kept for its whole age again.
    fn recall(
        &self,
        call: &CallId,
        later: impl FnOnce(u64) -> usize,
        now: Instant,
    ) -> Option<Bytes> {
        let key = self.key(call);
        let all = {
            let mut kept = self.thoughts.lock();
            let all = Arc::clone(kept.get(&key, now.into_std())?);
            put(&mut kept, key, Arc::clone(&all), now);
            all
        };
        let later = if call.is_unique() { 0 } else { later(key) };
        of_this_one(&all, later).cloned()
    }

    fn keep(&self, calls: &[CallId], blocks: &Bytes, now: Instant) {
        let mut kept = self.thoughts.lock();
        for call in calls {
            let key = self.key(call);
            let before = kept.get(&key, now.into_std()).filter(|_| !call.is_unique());
            let before = kept_beside_another(before.map_or(&[][..], |all| all));
            let all = before.iter().chain([blocks]).cloned().collect();
            put(&mut kept, key, all, now);
        }
    }

    fn key(&self, call: &CallId) -> u64 {
        let hasher = &self.thoughts.hasher;
        hasher.hash_one((&*self.target, call.key(hasher, self.conversation)))
    }
}

fn put(kept: &mut Bounded<u64, Arc<[Bytes]>>, key: u64, all: Arc<[Bytes]>, now: Instant) {
    let weight = all.iter().map(Bytes::len).sum::<usize>() as u64;
    kept.put_weighing((key, weight), all, now.into_std());
}

/// Hears the thinking of one answer and the calls it led to.
pub struct Minder {
    thread: Thread,
    blocks: Vec<u8>,
    open: Option<Open>,
    /// With the index of its block.
    calls: Vec<(u32, CallId)>,
    /// What they take.
    calls_bytes: usize,
    is_too_long: bool,
}

/// A thought that goes on.
struct Open {
    index: u32,
    text: String,
    signature: Option<String>,
}

impl Listener for Minder {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Open { index, block } => self.open(*index, block),
            Event::Delta { index, delta } => self.grow(*index, delta),
            Event::Close { index } => {
                if let Some(open) = self.open.take_if(|open| open.index == *index) {
                    self.push(&editing::thinking(&open.text, open.signature.as_deref()));
                }
            }
            Event::End => self.end(),
            Event::Start(_)
            | Event::Usage(_)
            | Event::Stop(_)
            | Event::Failed(_)
            | Event::Alive
            | Event::Opaque(_) => {}
        }
    }
}

impl Minder {
    fn open(&mut self, index: u32, block: &Opening) {
        match block {
            // What is thought between calls belongs before the next turn's results, and not here.
            Opening::Reasoning if self.calls.is_empty() => {
                self.open = Some(Open { index, text: String::new(), signature: None });
            }
            Opening::Sealed { seal, .. }
                if self.calls.is_empty() && seal.kind == SealKind::Encrypted =>
            {
                self.push(&editing::sealed_thinking(&seal.blob));
            }
            Opening::ToolCall { id, .. } => self.call(index, id),
            Opening::Reasoning
            | Opening::Sealed { .. }
            | Opening::Text
            | Opening::Refusal
            | Opening::TextCall { .. }
            | Opening::Opaque(_) => {}
        }
    }

    /// An upstream may call tools for ever, and nobody wants what it thought before that.
    fn call(&mut self, index: u32, id: &str) {
        self.calls_bytes += size_of::<CallId>() + id.len();
        self.is_too_long |= self.calls_bytes > MOST_CALLS_BYTES;
        if self.is_too_long {
            (self.calls, self.blocks) = (Vec::new(), Vec::new());
            return;
        }
        self.calls.push((index, CallId::of(id, "")));
    }

    fn argue(&mut self, index: u32, arguments: &str) {
        if let Some((_, call)) = self.calls.last_mut().filter(|(at, _)| *at == index) {
            self.calls_bytes += call.goes_on(arguments);
            self.is_too_long |= self.calls_bytes > MOST_CALLS_BYTES;
        }
    }

    fn grow(&mut self, index: u32, delta: &Delta) {
        if let Delta::Arguments(arguments) = delta {
            return self.argue(index, arguments);
        }
        let Some(open) = self.open.as_mut().filter(|open| open.index == index) else { return };
        match delta {
            Delta::Text(more) if self.is_too_long || more.is_empty() => {}
            Delta::Text(more) => {
                open.text.push_str(more);
                if self.blocks.len() + open.text.len() > self.thread.thoughts.most_entry {
                    self.is_too_long = true;
                    open.text = String::new();
                }
            }
            Delta::Seal(seal) => open.signature = Some(seal.blob.clone()),
            Delta::Arguments(_) | Delta::Opaque(_) => {}
        }
    }

    fn push(&mut self, block: &[u8]) {
        self.is_too_long |= self.blocks.len() + block.len() > self.thread.thoughts.most_entry;
        if self.is_too_long {
            self.blocks = Vec::new();
            return;
        }
        if !self.blocks.is_empty() {
            self.blocks.push(b',');
        }
        self.blocks.extend_from_slice(block);
    }

    /// Half an answer is not what the host thought.
    fn end(&mut self) {
        let calls = std::mem::take(&mut self.calls).into_iter().map(|(_, call)| call);
        let calls: Vec<CallId> = calls.collect();
        if calls.is_empty() || self.is_too_long {
            return;
        }
        let blocks = Bytes::from(std::mem::take(&mut self.blocks));
        self.thread.keep(&calls, &blocks, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use routectl_core::{Class, Failure, Origin, Seal};
    use routectl_wire::{MESSAGES, repair};

    use super::*;

    fn thread(thoughts: Thoughts) -> Thread {
        Thread { thoughts: Arc::new(thoughts), target: "one".into(), conversation: 1 }
    }

    fn answer(thread: &Thread, text: &str, signature: Option<&str>, calls: &[&str]) {
        let mut minder = thread.clone().minder();
        let opens = |index, block| Event::Open { index, block };
        minder.hear(&opens(0, Opening::Reasoning));
        for piece in text.as_bytes().chunks(3) {
            let piece = String::from_utf8(piece.to_vec()).unwrap();
            minder.hear(&Event::Delta { index: 0, delta: Delta::Text(piece) });
        }
        if let Some(signature) = signature {
            let (family, kind) = ("any".to_owned(), SealKind::Signature);
            let seal = Seal { family, kind, blob: signature.to_owned() };
            minder.hear(&Event::Delta { index: 0, delta: Delta::Seal(seal) });
        }
        minder.hear(&Event::Close { index: 0 });
        for (index, id) in (1..).zip(calls) {
            let call = Opening::ToolCall { id: (*id).to_owned(), name: "f".to_owned() };
            minder.hear(&opens(index, call));
            minder.hear(&Event::Close { index });
        }
        minder.hear(&Event::End);
    }

    fn recalled(thread: &Thread, call: &str) -> Option<String> {
        let blocks = thread.recall(&CallId::of(call, ""), |_| 0, Instant::now())?;
        Some(String::from_utf8(blocks.to_vec()).unwrap())
    }

    #[test]
    fn thinking_is_kept_for_every_call_it_led_to() {
        let thread = thread(Thoughts::new(1 << 20));
        answer(&thread, "so it is", Some("sig"), &["a", "b"]);
        answer(&thread, "hm", None, &["c"]);
        let signed = r#"{"type":"thinking","thinking":"so it is","signature":"sig"}"#.to_owned();
        assert_eq!(recalled(&thread, "a"), Some(signed.clone()));
        assert_eq!(recalled(&thread, "b"), Some(signed));
        let unsigned = r#"{"type":"thinking","thinking":"hm"}"#.to_owned();
        assert_eq!(recalled(&thread, "c"), Some(unsigned));
        assert_eq!(recalled(&thread, "d"), None);
    }

    #[test]
    fn an_answer_that_broke_off_leaves_nothing() {
        let thread = thread(Thoughts::new(1 << 20));
        let mut minder = thread.clone().minder();
        let block = Opening::ToolCall { id: "a".to_owned(), name: "f".to_owned() };
        minder.hear(&Event::Open { index: 0, block });
        drop(minder);
        assert_eq!(recalled(&thread, "a"), None);
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_never_cut() {
        let thread = thread(Thoughts::new(100));
        answer(&thread, &"x".repeat(50), None, &["short"]);
        answer(&thread, &"x".repeat(200), None, &["long"]);
        assert!(recalled(&thread, "short").is_some());
        assert_eq!(recalled(&thread, "long"), None);
    }

    #[test]
    fn the_oldest_gives_way_where_there_is_no_room() {
        let thread = thread(Thoughts::bounded(1 << 20, 100, 500));
        for id in ["a", "b", "c"] {
            answer(&thread, &"x".repeat(150), None, &[id]);
            // What is asked for is the youngest.
            recalled(&thread, "a");
        }
        let held = ["a", "b", "c"].map(|id| recalled(&thread, id).is_some());
        assert_eq!(held, [true, false, true]);
    }

    #[test]
    fn ids_that_many_conversations_have_are_known_in_their_own_only() {
        let one = thread(Thoughts::new(1 << 20));
        let other = Thread { conversation: 2, ..one.clone() };
        answer(&one, "hm", None, &["call_0", "call_abcdefghi1"]);
        let held = |thread| ["call_0", "call_abcdefghi1"].map(|id| recalled(thread, id).is_some());
        assert_eq!((held(&one), held(&other)), ([true, true], [false, true]));
    }

    #[test]
    fn calls_that_repeat_id_and_arguments_each_have_their_own_thought() {
        let thread = thread(Thoughts::new(1 << 20));
        answer(&thread, "first", None, &["call_0"]);
        answer(&thread, "second", None, &["call_0"]);
        let told = |later| {
            let blocks = thread.recall(&CallId::of("call_0", ""), |_| later, Instant::now())?;
            Some(String::from_utf8(blocks.to_vec()).unwrap())
        };
        assert!(told(1).unwrap().contains("first") && told(0).unwrap().contains("second"));
        assert_eq!(told(2), None);
    }

    #[test]
    fn what_one_target_thought_does_not_come_back_to_another() {
        let one = thread(Thoughts::new(1 << 20));
        let other = Thread { target: "other".into(), ..one.clone() };
        answer(&one, "hm", Some("sig"), &["call_abcdefghi1"]);
        assert!(recalled(&one, "call_abcdefghi1").is_some());
        assert_eq!(recalled(&other, "call_abcdefghi1"), None);
    }

    #[test]
    fn g6_thinking_whose_seal_was_refused_stays_away() {
        let thread = thread(Thoughts::new(1 << 20));
        answer(&thread, "hm", Some("bad"), &["call_abcdefghi1"]);
        answer(&thread, "hm", Some("good"), &["call_abcdefghi2"]);
        let body = |id: &str| {
            let body = format!(
                r#"{{"messages":[{{"role":"user","content":"go"}},{{"role":"assistant","content":[{{"type":"tool_use","id":"{id}","name":"f","input":{{}}}}]}}]}}"#
            );
            Document::parse(Bytes::from(body)).unwrap()
        };
        let digests = |seal: &str| {
            let content = format!(
                r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"assistant","content":[{{"type":"thinking","thinking":"hm","signature":"{seal}"}}]}}]}}"#
            );
            let document = Document::parse(Bytes::from(content)).unwrap();
            let refusal = Failure::new(Class::BadRequest, Origin::Upstream, "Invalid signature");
            repair::digests(&MESSAGES.read(&document).unwrap(), &refusal)
        };
        let these = Seals::These(Arc::new(digests("bad").into_iter().collect()));
        for (refused, comes_back) in
            [(Seals::None, [true, true]), (these, [false, true]), (Seals::All, [false, false])]
        {
            let came_back = ["call_abcdefghi1", "call_abcdefghi2"].map(|id| {
                let mut fit = Fit::default();
                thread.fit(&body(id), &refused, (&|_, _| 0, &mut fit));
                !fit.edits.is_empty()
            });
            assert_eq!(came_back, comes_back, "{refused:?}");
        }
    }

    #[test]
    fn an_answer_that_calls_tools_for_ever_is_not_listened_to_for_ever() {
        let thread = thread(Thoughts::new(1 << 20));
        let mut minder = thread.clone().minder();
        for (index, id) in (0..).zip(std::iter::repeat_n("call_abcdefghi1", 100_000)) {
            let block = Opening::ToolCall { id: id.to_owned(), name: "f".to_owned() };
            minder.hear(&Event::Open { index, block });
        }
        assert!(minder.calls.capacity() * size_of::<String>() <= 2 * MOST_CALLS_BYTES);
        minder.hear(&Event::End);
        assert_eq!(recalled(&thread, "call_abcdefghi1"), None);
    }
}

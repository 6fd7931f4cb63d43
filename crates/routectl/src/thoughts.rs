//! What a host's models thought before they called tools, kept for clients that do not bring it
//! back: the host of a provider with `context_management` wants it before the results. Bounded in
//! entries, bytes and age; in memory only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use routectl_core::{Delta, Event, Opening, SealKind};
use routectl_wire::{Document, Fit, editing};
use tokio::time::Instant;

use crate::bounded::Bounded;
use crate::relay::Listener;

/// How many calls of tools are remembered.
const MOST: usize = 10_000;

/// For how long after they were last asked for.
const AGE: Duration = Duration::from_secs(60 * 60);

/// How many bytes of thinking one provider's models may leave here.
const MOST_BYTES: u64 = 64 << 20;

/// The thinking before the calls of one provider's models, as raw blocks, by the ids of the calls.
#[derive(Debug)]
pub struct Thoughts {
    kept: Mutex<Bounded<String, Bytes>>,
    most_entry: usize,
}

impl Thoughts {
    /// Keeps thinking of up to so many bytes; longer thinking is not kept at all.
    pub fn new(most_entry: usize) -> Self {
        Self::bounded(most_entry, MOST, MOST_BYTES)
    }

    fn bounded(most_entry: usize, most: usize, most_bytes: u64) -> Self {
        let mut kept = Bounded::new(most, AGE);
        kept.limit(most, most_bytes, AGE);
        Self { kept: Mutex::new(kept), most_entry }
    }

    /// Edits a conversation as its client asks, and puts back what the client left out.
    pub fn fit(&self, body: &Document, fit: &mut Fit) {
        let now = Instant::now();
        editing::fit(body, &|call| self.recall(call, now), fit);
    }

    /// A listener for one answer.
    pub fn minder(self: &Arc<Self>) -> Minder {
        let thoughts = Arc::clone(self);
        Minder { thoughts, blocks: Vec::new(), open: None, calls: Vec::new(), is_too_long: false }
    }

    /// What is asked for again is kept for its whole age again.
    fn recall(&self, call: &str, now: Instant) -> Option<Bytes> {
        let mut kept = self.lock();
        let call = call.to_owned();
        let blocks = kept.get(&call, now.into_std())?.clone();
        put(&mut kept, call, &blocks, now);
        Some(blocks)
    }

    fn keep(&self, calls: Vec<String>, blocks: &Bytes, now: Instant) {
        let mut kept = self.lock();
        for call in calls {
            put(&mut kept, call, blocks, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Bounded<String, Bytes>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(kept: &mut Bounded<String, Bytes>, call: String, blocks: &Bytes, now: Instant) {
    kept.put_weighing((call, blocks.len() as u64), blocks.clone(), now.into_std());
}

/// Hears the thinking of one answer and the calls it led to.
pub struct Minder {
    thoughts: Arc<Thoughts>,
    blocks: Vec<u8>,
    open: Option<Open>,
    calls: Vec<String>,
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
            Opening::ToolCall { id, .. } => self.calls.push(id.clone()),
            Opening::Reasoning
            | Opening::Sealed { .. }
            | Opening::Text
            | Opening::Refusal
            | Opening::TextCall { .. }
            | Opening::Opaque(_) => {}
        }
    }

    fn grow(&mut self, index: u32, delta: &Delta) {
        let Some(open) = self.open.as_mut().filter(|open| open.index == index) else { return };
        match delta {
            Delta::Text(more) if self.is_too_long || more.is_empty() => {}
            Delta::Text(more) => {
                open.text.push_str(more);
                if self.blocks.len() + open.text.len() > self.thoughts.most_entry {
                    self.is_too_long = true;
                    open.text = String::new();
                }
            }
            Delta::Seal(seal) => open.signature = Some(seal.blob.clone()),
            Delta::Arguments(_) | Delta::Opaque(_) => {}
        }
    }

    fn push(&mut self, block: &[u8]) {
        self.is_too_long |= self.blocks.len() + block.len() > self.thoughts.most_entry;
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
        let calls = std::mem::take(&mut self.calls);
        if calls.is_empty() || self.is_too_long {
            return;
        }
        let blocks = Bytes::from(std::mem::take(&mut self.blocks));
        self.thoughts.keep(calls, &blocks, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use routectl_core::Seal;

    use super::*;

    fn answer(thoughts: &Arc<Thoughts>, text: &str, signature: Option<&str>, calls: &[&str]) {
        let mut minder = thoughts.minder();
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

    fn recalled(thoughts: &Thoughts, call: &str) -> Option<String> {
        let blocks = thoughts.recall(call, Instant::now())?;
        Some(String::from_utf8(blocks.to_vec()).unwrap())
    }

    #[test]
    fn thinking_is_kept_for_every_call_it_led_to() {
        let thoughts = Arc::new(Thoughts::new(1 << 20));
        answer(&thoughts, "so it is", Some("sig"), &["a", "b"]);
        answer(&thoughts, "hm", None, &["c"]);
        let signed = r#"{"type":"thinking","thinking":"so it is","signature":"sig"}"#.to_owned();
        assert_eq!(recalled(&thoughts, "a"), Some(signed.clone()));
        assert_eq!(recalled(&thoughts, "b"), Some(signed));
        let unsigned = r#"{"type":"thinking","thinking":"hm"}"#.to_owned();
        assert_eq!(recalled(&thoughts, "c"), Some(unsigned));
        assert_eq!(recalled(&thoughts, "d"), None);
    }

    #[test]
    fn an_answer_that_broke_off_leaves_nothing() {
        let thoughts = Arc::new(Thoughts::new(1 << 20));
        let mut minder = thoughts.minder();
        let block = Opening::ToolCall { id: "a".to_owned(), name: "f".to_owned() };
        minder.hear(&Event::Open { index: 0, block });
        drop(minder);
        assert_eq!(recalled(&thoughts, "a"), None);
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_never_cut() {
        let thoughts = Arc::new(Thoughts::new(100));
        answer(&thoughts, &"x".repeat(50), None, &["short"]);
        answer(&thoughts, &"x".repeat(200), None, &["long"]);
        assert!(recalled(&thoughts, "short").is_some());
        assert_eq!(recalled(&thoughts, "long"), None);
    }

    #[test]
    fn the_oldest_gives_way_where_there_is_no_room() {
        let thoughts = Arc::new(Thoughts::bounded(1 << 20, 100, 500));
        for id in ["a", "b", "c"] {
            answer(&thoughts, &"x".repeat(150), None, &[id]);
            // What is asked for is the youngest.
            recalled(&thoughts, "a");
        }
        let held = ["a", "b", "c"].map(|id| recalled(&thoughts, id).is_some());
        assert_eq!(held, [true, false, true]);
    }
}

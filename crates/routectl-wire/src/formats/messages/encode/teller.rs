//! What a Messages client is told of an answer, event by event. (facts: translation, section 9.2)
//!
//! Blocks never interleave on this wire and their indices have no gaps, while a Chat host may let
//! calls grow side by side: one block is written as it comes, the others wait for their turn.

use routectl_core::{Declined, Delta, Event, Loss, Opening, StopReason};

use super::block::{Block, Hidden};
use super::{Ending, Pen, Sheet};
use crate::Reply;
use crate::formats::counted::Counted;
use crate::formats::unsaid::Unsaid;

/// What a content filter's cut is explained with.
const FILTERED: &str = "The answer was cut by a content filter.";

/// Most bytes of an answer that wait for their turn.
const MOST_HELD: usize = 16 << 20;

/// Turns events into blocks, one after the other.
pub(super) struct Teller {
    hidden: Hidden,
    /// When the request came: an id where the upstream gave none.
    created: u64,
    id: Option<String>,
    begun: bool,
    finished: bool,
    /// The blocks of the answer, by their index.
    blocks: Vec<Turn>,
    /// The block being written; those before it are written.
    current: usize,
    /// Bytes of blocks that wait to be written.
    held: usize,
    overflowed: bool,
    called: bool,
    /// The words of a refusal.
    refusal: Option<String>,
    counted: Counted,
    stop: Option<StopReason>,
    unsaid: Unsaid,
}

/// A block, and whose turn it is.
enum Turn {
    Waiting(Box<Block>),
    Current(Box<Block>),
    Written,
}

impl Teller {
    pub(super) fn new(reply: &Reply) -> Self {
        Self {
            hidden: Hidden::of(reply),
            created: reply.created,
            id: None,
            begun: false,
            finished: false,
            blocks: Vec::new(),
            current: 0,
            held: 0,
            overflowed: false,
            called: false,
            refusal: None,
            counted: Counted::new(reply),
            stop: None,
            unsaid: Unsaid::default(),
        }
    }

    pub(super) fn losses(&self) -> &[Loss] {
        self.unsaid.losses()
    }

    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn event(&mut self, event: &Event, sheet: &mut Sheet<'_, impl Pen>) {
        self.counted.hear(event);
        if self.overflowed {
            return;
        }
        match event {
            Event::Start(head) => self.id.clone_from(&head.id),
            Event::Open { block, .. } => self.open(block, sheet),
            Event::Delta { index, delta } => self.grow(*index as usize, delta, sheet),
            Event::Close { index } => self.close(*index as usize, sheet),
            Event::Stop(reason) => self.stop = Some(reason.clone()),
            Event::Opaque(opaque) => self.unsaid.no_place(&opaque.name),
            Event::Usage(_) | Event::End | Event::Failed(_) | Event::Alive => {}
        }
    }

    /// Says what is left to say. What comes after it is not said.
    pub(super) fn finish(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.begin(sheet);
        for turn in &mut self.blocks {
            match turn {
                Turn::Waiting(block) | Turn::Current(block) => block.ended = true,
                Turn::Written => {}
            }
        }
        self.advance(sheet);
        let ending = self.ending();
        sheet.end(&ending);
    }

    /// The answer begins with the first thing said, so that counters which come before it are in
    /// its head.
    fn begin(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let id = match self.id.as_deref() {
            Some(id) if id.starts_with("msg_") => id.to_owned(),
            Some(id) => format!("msg_{}", id.strip_prefix("chatcmpl-").unwrap_or(id)),
            None => format!("msg_{}", self.created),
        };
        sheet.begin(&id, self.counted.so_far());
    }

    fn open(&mut self, opening: &Opening, sheet: &mut Sheet<'_, impl Pen>) {
        self.begin(sheet);
        if let Opening::Opaque(opaque) = opening {
            self.unsaid.no_place(&opaque.name);
        }
        let block = Block::new(opening, self.hidden);
        self.called |= block.is_call();
        self.held += block.held();
        self.blocks.push(Turn::Waiting(Box::new(block)));
        self.advance(sheet);
        self.weigh();
    }

    fn grow(&mut self, index: usize, delta: &Delta, sheet: &mut Sheet<'_, impl Pen>) {
        if let Delta::Opaque(opaque) = delta {
            return self.unsaid.no_place(&opaque.name);
        }
        let block = match self.blocks.get_mut(index) {
            Some(Turn::Waiting(block)) => {
                let before = block.held();
                block.hold(delta);
                self.held = self.held - before + block.held();
                block
            }
            Some(Turn::Current(block)) => {
                let before = block.held();
                block.grow(delta, sheet);
                self.held = self.held - before + block.held();
                block
            }
            Some(Turn::Written) => return self.late(delta),
            None => return,
        };
        if let (true, Delta::Text(words)) = (block.refuses(), delta) {
            self.refusal.get_or_insert_default().push_str(words);
        }
        self.weigh();
    }

    fn weigh(&mut self) {
        let refusal = self.refusal.as_ref().map_or(0, String::len);
        self.overflowed = self.held + refusal > MOST_HELD;
    }

    /// Growth of a call that ended by its own JSON: blanks mean nothing.
    fn late(&mut self, delta: &Delta) {
        let empty = match delta {
            Delta::Text(text) | Delta::Arguments(text) => text.trim().is_empty(),
            Delta::Seal(_) | Delta::Opaque(_) => false,
        };
        if !empty {
            self.unsaid
                .note(Loss::dropped("answer.tool_use", "the arguments went on behind their end"));
        }
    }

    fn close(&mut self, index: usize, sheet: &mut Sheet<'_, impl Pen>) {
        if let Some(Turn::Waiting(block) | Turn::Current(block)) = self.blocks.get_mut(index) {
            block.ended = true;
            self.advance(sheet);
        }
    }

    /// Ends the block being written when it is time, and begins the next.
    fn advance(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        loop {
            let more = self.blocks.len() > self.current + 1;
            let Some(turn) = self.blocks.get_mut(self.current) else { return };
            match std::mem::replace(turn, Turn::Written) {
                Turn::Waiting(mut block) => {
                    self.held -= block.held();
                    block.start(sheet);
                    self.held += block.held();
                    *turn = Turn::Current(block);
                }
                Turn::Current(block) if block.ended || (more && block.gives_way()) => {
                    self.held -= block.held();
                    if let Some(loss) = block.finish(sheet) {
                        self.unsaid.note(loss);
                    }
                    self.current += 1;
                }
                Turn::Current(block) => {
                    *turn = Turn::Current(block);
                    return;
                }
                Turn::Written => self.current += 1,
            }
        }
    }

    /// (facts: translation, section 8.2)
    fn ending(&mut self) -> Ending {
        let said = self.refusal.take();
        let mut sequence = None;
        let mut declined = None;
        let reason = match self.stop.take() {
            Some(StopReason::MaxTokens) => "max_tokens",
            Some(StopReason::ContextWindow) => "model_context_window_exceeded",
            Some(StopReason::Pause) => "pause_turn",
            Some(StopReason::StopSequence(which)) => {
                sequence = which;
                "stop_sequence"
            }
            Some(StopReason::Refusal(Declined { category, explanation })) => {
                declined = Some(Declined { category, explanation: explanation.or(said) });
                "refusal"
            }
            Some(StopReason::ContentFilter) => {
                let explanation = Some(said.unwrap_or_else(|| FILTERED.to_owned()));
                declined = Some(Declined { category: None, explanation });
                "refusal"
            }
            Some(StopReason::Other(_)) => {
                self.unsaid
                    .note(Loss::degraded("answer.stop_reason", "the format has no such reason"));
                self.natural_end()
            }
            Some(StopReason::EndTurn | StopReason::ToolUse) | None if said.is_some() => {
                declined = Some(Declined { category: None, explanation: said });
                "refusal"
            }
            Some(StopReason::EndTurn | StopReason::ToolUse) | None => self.natural_end(),
        };
        Ending { reason, sequence, declined, usage: self.counted.whole() }
    }

    /// Only calls wait for results, whatever the upstream says.
    fn natural_end(&self) -> &'static str {
        if self.called { "tool_use" } else { "end_turn" }
    }
}

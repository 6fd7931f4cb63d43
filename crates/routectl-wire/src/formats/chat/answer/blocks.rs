//! The blocks of an answer: Chat knows none, so they begin and end where the kind of what is said
//! changes.

use routectl_core::{Delta, Event, Opaque, Opening};

/// How many blocks there are, and the one that grows by text.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    count: u32,
    open: Option<(Prose, u32)>,
}

/// A kind of block that grows by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prose {
    Text,
    /// With its `index` in `reasoning_details`, where it has one.
    Reasoning(Option<u32>),
    Refusal,
}

impl Prose {
    /// Whether this goes on with an open block.
    fn continues(self, open: Self) -> bool {
        match (self, open) {
            (Self::Reasoning(Some(this)), Self::Reasoning(Some(that))) => this == that,
            (Self::Reasoning(_), Self::Reasoning(_)) => true,
            (this, that) => this == that,
        }
    }
}

impl Blocks {
    /// Appends to the open block of this kind, or begins one.
    pub(super) fn say(&mut self, kind: Prose, growth: &str, events: &mut Vec<Event>) {
        if growth.is_empty() {
            return;
        }
        let index = self.reach(kind, events);
        events.push(Event::Delta { index, delta: Delta::Text(growth.to_owned()) });
    }

    fn reach(&mut self, kind: Prose, events: &mut Vec<Event>) -> u32 {
        if let Some((open, index)) = self.open
            && kind.continues(open)
        {
            if let Prose::Reasoning(Some(_)) = kind {
                self.open = Some((kind, index));
            }
            return index;
        }
        self.close(events);
        let block = match kind {
            Prose::Text => Opening::Text,
            Prose::Reasoning(_) => Opening::Reasoning,
            Prose::Refusal => Opening::Refusal,
        };
        let index = self.begin(block, events);
        self.open = Some((kind, index));
        index
    }

    /// The open block of this kind, if there is one.
    pub(super) fn current(&self, kind: Prose) -> Option<u32> {
        self.open.filter(|(open, _)| kind.continues(*open)).map(|(_, index)| index)
    }

    /// Something about the text so far that only this format knows.
    pub(super) fn about_text(&self, opaque: Opaque) -> Event {
        match self.current(Prose::Text) {
            Some(index) => Event::Delta { index, delta: Delta::Opaque(opaque) },
            None => Event::Opaque(opaque),
        }
    }

    /// Begins a block of any kind beside the open one.
    pub(super) fn begin(&mut self, block: Opening, events: &mut Vec<Event>) -> u32 {
        let index = self.count;
        self.count += 1;
        events.push(Event::Open { index, block });
        index
    }

    /// How many blocks have begun.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Ends the open block.
    pub(super) fn close(&mut self, events: &mut Vec<Event>) {
        if let Some((_, index)) = self.open.take() {
            events.push(Event::Close { index });
        }
    }
}

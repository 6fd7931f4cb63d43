//! Events → answers for clients of this format: streamed and whole. One teller decides what is
//! said; two pens write it down.

mod chunks;
mod message;
mod teller;
mod usage;

use routectl_core::{Event, Loss, Seal, Usage};

use crate::{Encoder, Framing, Reply};
use chunks::Chunks;
use message::Message;
use teller::Teller;

/// A writer for one answer.
pub(super) fn encoder(framing: Framing, reply: Reply) -> Box<dyn Encoder> {
    let teller = Teller::new(&reply);
    match framing {
        Framing::Sse => Box::new(Writer { teller, pen: Chunks::new(reply) }),
        Framing::Whole => Box::new(Writer { teller, pen: Message::new(reply) }),
    }
}

/// What writes an answer down.
trait Pen: Send {
    /// The answer begins, under this id.
    fn begin(&mut self, id: &str, out: &mut Vec<u8>);

    /// The answer goes on.
    fn part(&mut self, part: &Part<'_>, out: &mut Vec<u8>);

    /// The answer is complete.
    fn end(&mut self, ending: &Ending<'_>, out: &mut Vec<u8>);
}

/// A piece of an answer.
#[derive(Debug, Clone, Copy)]
enum Part<'a> {
    Content(&'a str),
    Refusal(&'a str),
    /// Readable thinking of the detail at an index.
    Thought {
        detail: u32,
        text: &'a str,
    },
    /// The seal of the detail at an index.
    Seal {
        detail: u32,
        seal: &'a Seal,
        id: Option<&'a str>,
    },
    /// A call begins. Positions count calls only.
    Call {
        position: u32,
        id: &'a str,
        name: &'a str,
        kind: CallKind,
    },
    /// More of what a call says.
    Arguments {
        position: u32,
        text: &'a str,
        kind: CallKind,
    },
    /// Raw JSON, all of it at once: clients cannot merge lists without an index. (facts: OpenAI
    /// chat, section 6.1)
    Annotations(&'a [String]),
}

/// The shape of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallKind {
    Function,
    /// Of a tool that takes text.
    Custom,
    /// The only one, of the deprecated API.
    Old,
}

/// How an answer ended.
#[derive(Debug)]
struct Ending<'a> {
    finish: &'static str,
    /// A member for what `finish_reason` cannot say: compatible hosts use these names.
    more: Option<(&'static str, &'a str)>,
    usage: Usage,
}

/// A pen and what it writes on.
struct Sheet<'a, P> {
    pen: &'a mut P,
    out: &'a mut Vec<u8>,
}

impl<P: Pen> Sheet<'_, P> {
    fn begin(&mut self, id: &str) {
        self.pen.begin(id, self.out);
    }

    fn part(&mut self, part: &Part<'_>) {
        self.pen.part(part, self.out);
    }

    fn end(&mut self, ending: &Ending<'_>) {
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
}

//! Every way in which a host is known to fail, as data, so that tests can loop over all of them.

mod play;
mod refusals;
mod streams;

pub(crate) use play::reply;

use crate::Format;

/// One way to fail. A request for the model `fault-NAME` meets it.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub name: &'static str,
    /// Name of the failure class that a router should see in it.
    pub class: &'static str,
    pub phase: Phase,
    pub applies: Applies,
    act: Act,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A status that says no, or no HTTP head at all.
    BeforeHead,
    /// A 200 that dies or errs before its first content.
    BeforeContent,
    /// The answer has begun.
    AfterContent,
}

impl Phase {
    /// The name in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeHead => "before-head",
            Self::BeforeContent => "before-content",
            Self::AfterContent => "after-content",
        }
    }
}

/// Which requests a fault or an oddity is made for; others get a 400 that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applies {
    pub hosts: Hosts,
    pub modes: Modes,
}

/// Hosts that have a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    Chat,
    Messages,
    Both,
}

/// Answers that a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    Streamed,
    Whole,
    Both,
}

impl Applies {
    /// Whether a request of this format, streamed or not, can meet it.
    pub fn to(self, format: Format, streamed: bool) -> bool {
        let host = match self.hosts {
            Hosts::Chat => format == Format::Chat,
            Hosts::Messages => format == Format::Messages,
            Hosts::Both => true,
        };
        let mode = match self.modes {
            Modes::Streamed => streamed,
            Modes::Whole => !streamed,
            Modes::Both => true,
        };
        host && mode
    }
}

/// What the host does. Texts may hold `{date+N}`, `{rfc3339+N}`, `{epoch+N}` and `{epoch-ms+N}`:
/// the time `N` seconds after the request.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// A whole answer: status, headers, body.
    Say { status: u16, headers: &'static [(&'static str, &'static str)], body: Body },
    /// No HTTP head.
    Raw { bytes: &'static [u8], end: Leave },
    /// A head of more than 64 KiB, then the good answer.
    HugeHead,
    /// The good answer with a different content type or body, see [`Twist`].
    Twist(Twist),
    /// Parts of the good answer, then this.
    Play { pieces: &'static [Piece], end: Leave },
}

/// A body, with its content type.
#[derive(Debug, Clone, Copy)]
enum Body {
    Json(&'static str),
    /// The vendors' own words for the same thing.
    Each {
        chat: &'static str,
        messages: &'static str,
    },
    Other(&'static str, &'static str),
    Empty,
}

/// Good content in a bad shape.
#[derive(Debug, Clone, Copy)]
enum Twist {
    /// A whole JSON answer although a stream was asked for.
    JsonForStream,
    /// A whole answer that ends in the middle, with every sign of a proper end.
    HalfJson,
}

/// How a fault leaves the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// The body ends properly.
    Clean,
    Close,
    Reset,
    Stall,
}

/// A part of the good answer, or of a bad one.
#[derive(Debug, Clone, Copy)]
enum Piece {
    /// All events before content. Of a whole answer: the head alone.
    Preamble,
    /// The first events of content. Of a whole answer: half its body.
    Content,
    /// Everything but the terminator and what explains the stop.
    AllContent,
    /// Half of the event that comes next.
    HalfEvent,
    /// The events up to the middle of a character.
    HalfCharacter,
    /// Signs of life that are no content.
    Pings(u32),
    /// Signs of life until the peer leaves.
    EndlessPings,
    /// Raw text of the stream, per host.
    Text { chat: &'static str, messages: &'static str },
}

/// Every fault.
pub const FAULTS: &[Fault] = &ALL;

const COUNT: usize = refusals::REFUSALS.len() + streams::STREAMS.len();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const ALL: [Fault; COUNT] = {
    let mut all = [refusals::REFUSALS[0]; COUNT];
    let mut place = 0;
    while place < COUNT {
        all[place] = match place.checked_sub(refusals::REFUSALS.len()) {
            None => refusals::REFUSALS[place],
            Some(place) => streams::STREAMS[place],
        };
        place += 1;
    }
    all
};

//! Formats of language model APIs ⇄ the hub's nouns, how bodies are framed, and how a JSON body
//! is changed without rebuilding it.
//!
//! Pure: bytes in, values out; no sockets, no tasks, no clock. A format is one folder below
//! `formats/`, and every folder has the same rooms by the same names.

mod attribution;
pub mod claude;
pub mod dialects;
pub mod document;
pub mod editing;
mod eights;
mod estimate;
mod fit;
pub mod formats;
pub mod framing;
pub mod grammar;
mod json;
mod names;
mod pairs;
mod provenance;
mod reasoning_fields;
pub mod refusal;
pub mod repair;
mod reply;
pub mod think_tags;
mod way_back;

use routectl_core::{Abilities, Event, Failure, Loss, Needs, Request};

use dialects::echo::Recall;

pub use document::{BadBody, Change, Document, Edit, Spliced, Step};
pub use editing::Applied;
pub use fit::Fit;
pub use formats::messages::narrow;
pub use formats::{CHAT, CLIENT_FORMATS, CONVERSE, MESSAGES};
pub use framing::{Frame, Framing};
pub use reasoning_fields::ReasoningFields;
pub use reply::{Changes, Renamed, Reply, Spelled};
pub use way_back::WayBack;

/// A wire format: how requests are spelled to an upstream, and how its answers are read.
pub trait Format: Send + Sync {
    /// The name used in configuration, logs and docs: `chat`, `messages`, `converse`.
    fn name(&self) -> &'static str;

    /// A request of another format in this one's words, for a target that takes this much.
    fn write(&self, request: &Request, abilities: &Abilities) -> Spelled;

    /// A reader for one answer, whole or streamed.
    fn decoder(&self) -> Box<dyn Decoder>;

    /// The same for an answer of the model with this name, where the format itself does not say
    /// who minted what it seals.
    fn decoder_of(&self, _upstream: &str) -> Box<dyn Decoder> {
        self.decoder()
    }
}

/// A format that clients speak too: how their requests are read, and how they are answered.
pub trait ClientFormat: Format {
    /// What this request asks of a target. Costs a walk over the whole body, so it is read only
    /// when a target of the chain has a limit to hold it against.
    fn needs(&self, body: &Document) -> Needs;

    /// The token limit the request sets on its answer, if any.
    fn max_tokens(&self, body: &Document) -> Option<u64>;

    /// The ids of the tool calls whose results end the conversation: the client waits in a loop
    /// of tools. None where a person's turn ends it. Reads the end of the body only.
    fn results(&self, body: &Document) -> Vec<String>;

    /// What a person said first, for telling conversations apart. Reads the beginning of the
    /// body only.
    fn first_words(&self, body: &Document) -> String;

    /// A request in the hub's words.
    ///
    /// # Errors
    /// What is malformed or contradicts itself, and where.
    fn read(&self, body: &Document) -> Result<Request, BadRequest>;

    /// Whether clients of this format say themselves what goes into a cache, so that none is added.
    fn marks_caches(&self) -> bool {
        false
    }

    /// What of a request has to be changed for a target of this same format. Nothing, for most.
    fn fit(&self, body: &Document, abilities: &Abilities) -> Fit;

    /// The same, with the thinking put back that the client left out, where it can be recalled and
    /// the format has no way of its own for that.
    fn fit_recalling(&self, body: &Document, abilities: &Abilities, _: Recall<'_>) -> Fit {
        self.fit(body, abilities)
    }

    /// A writer for one answer to a client of this format.
    fn encoder(&self, framing: Framing, reply: Reply) -> Box<dyn Encoder>;

    /// A failure as the body of an error response.
    fn refusal(&self, failure: &Failure) -> Vec<u8>;

    /// The status of an error response, for a failure that another format's host told.
    fn status(&self, failure: &Failure) -> u16;

    /// A failure as the last event of a stream that has begun.
    fn error_event(&self, failure: &Failure) -> Vec<u8>;

    /// Whether an error event is spelled as this format's clients read it. Hosts that imitate a
    /// format sometimes send another's.
    fn reads_error(&self, data: &[u8]) -> bool;

    /// What keeps a waiting client alive in a stream and means nothing.
    fn keepalive(&self) -> &'static [u8];

    /// What ends a stream that an upstream ended without it, though the answer was complete.
    /// Empty where the format has no terminator apart from its last event.
    fn terminator(&self) -> &'static [u8];
}

/// Reads one answer, frame by frame.
pub trait Decoder: Send {
    /// Reads one frame and appends what it means.
    ///
    /// # Errors
    /// A frame that is not what the format says; the decoder stays usable.
    fn frame(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Garbled>;

    /// Whether the answer is complete if its body ends now.
    fn complete(&self) -> bool;
}

/// Writes one answer, event by event.
pub trait Encoder: Send {
    /// Takes the next event and appends what the client gets of it. A failure is not for here:
    /// `Format::refusal` and `Format::error_event` say it.
    fn event(&mut self, event: &Event, out: &mut Vec<u8>);

    /// The answer is complete: appends what is left of it.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// What of the answer the client's format could not say so far.
    fn losses(&self) -> &[Loss];

    /// Whether more of the answer waits for its turn than is held: it cannot be told any more.
    fn overflowed(&self) -> bool {
        false
    }
}

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct BadRequest {
    /// The JSON path of what is wrong.
    pub path: String,
    /// What is wrong with it and what was expected.
    pub problem: String,
}

impl BadRequest {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

/// A frame that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Garbled {
    /// What was being read.
    pub what: &'static str,
    /// What the parser said.
    pub why: String,
}

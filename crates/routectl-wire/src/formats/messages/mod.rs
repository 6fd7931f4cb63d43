//! Anthropic Messages, and the hosts that imitate it.
//!
//! Oddities: every event carries its name twice, as `event:` and as `type`; blocks never
//! interleave; usage counters are totals, of which later ones replace earlier ones; `ping` may
//! stand anywhere; a stream without `message_stop` is cut. (facts: Anthropic Messages, section 9)

mod answer;
mod encode;
mod ends;
mod envelopes;
mod failure;
mod fit;
pub mod narrow;
mod overflow;
mod read;
mod request;
#[cfg(test)]
mod tests;
mod types;
pub(super) mod write;

use routectl_core::{Abilities, Failure, Needs, Request};

use crate::{
    BadRequest, ClientFormat, Decoder, Document, Encoder, Fit, Format, Framing, Reply, Spelled,
    attribution,
};

pub use read::CONTINUED_THREAD;

/// The format of `POST /v1/messages`.
#[derive(Debug, Clone, Copy)]
pub struct Messages;

impl Format for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn write(&self, request: &Request, abilities: &Abilities) -> Spelled {
        write::request(request, abilities)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(answer::Reader::default())
    }
}

impl ClientFormat for Messages {
    fn marks_caches(&self) -> bool {
        true
    }

    fn needs(&self, body: &Document) -> Needs {
        request::needs(body)
    }

    fn max_tokens(&self, body: &Document) -> Option<u64> {
        body.number("max_tokens")
    }

    fn results(&self, body: &Document) -> Vec<String> {
        ends::results(body)
    }

    fn first_words(&self, body: &Document) -> String {
        crate::formats::said::first_words(body)
    }

    fn read(&self, body: &Document) -> Result<Request, BadRequest> {
        read::request(body)
    }

    fn fit(&self, body: &Document, abilities: &Abilities) -> Fit {
        let mut fit = fit::fit(body, abilities);
        attribution::fit(body, abilities, &mut fit);
        fit
    }

    fn encoder(&self, framing: Framing, reply: Reply) -> Box<dyn Encoder> {
        encode::encoder(framing, reply)
    }

    fn refusal(&self, failure: &Failure) -> Vec<u8> {
        failure::envelope(failure)
    }

    fn status(&self, failure: &Failure) -> u16 {
        failure::status(failure)
    }

    fn error_event(&self, failure: &Failure) -> Vec<u8> {
        [b"event: error\ndata: ".as_slice(), &failure::envelope(failure), b"\n\n"].concat()
    }

    fn reads_error(&self, data: &[u8]) -> bool {
        failure::is_own(data)
    }

    fn keepalive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }

    /// None of its own: `message_stop` is an ordinary event, and a stream without it is cut.
    fn terminator(&self) -> &'static [u8] {
        b""
    }
}

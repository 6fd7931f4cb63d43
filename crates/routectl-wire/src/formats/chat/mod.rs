//! OpenAI Chat Completions, and the many hosts that speak it with an accent.
//!
//! Oddities: a stream is data-only SSE that ends with `data: [DONE]`; usage may stand in the last
//! chunk, in every chunk, or nowhere; tool calls are keyed by position, and some hosts reuse a
//! position for a new id; an error may come as an ordinary chunk with an `error` member. (facts:
//! OpenAI chat, sections 5, 6 and 9; provider quirks, section 4)

mod answer;
mod courses;
mod encode;
mod ends;
mod failure;
mod read;
mod request;
pub mod rewrite;
#[cfg(test)]
mod tests;
mod types;
mod write;

use routectl_core::{Abilities, Failure, Needs, Request};

use crate::dialects::echo::Recall;
use crate::dialects::native;
use crate::{
    BadRequest, ClientFormat, Decoder, Document, Encoder, Fit, Format, Framing, Reply, Spelled,
};

pub(crate) use read::{THINKING, may_think, thoughts, wish};

/// The format of `POST /v1/chat/completions`.
#[derive(Debug, Clone, Copy)]
pub struct Chat;

impl Format for Chat {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn write(&self, request: &Request, abilities: &Abilities) -> Spelled {
        write::request(request, abilities)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(answer::Reader::default())
    }
}

impl ClientFormat for Chat {
    fn needs(&self, body: &Document) -> Needs {
        request::needs(body)
    }

    fn max_tokens(&self, body: &Document) -> Option<u64> {
        body.number("max_completion_tokens").or_else(|| body.number("max_tokens"))
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
        native::adapt(body, abilities, None)
    }

    fn fit_recalling(&self, body: &Document, abilities: &Abilities, recall: Recall<'_>) -> Fit {
        native::adapt(body, abilities, Some(recall))
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
        [b"data: ".as_slice(), &failure::envelope(failure), b"\n\n"].concat()
    }

    fn reads_error(&self, data: &[u8]) -> bool {
        failure::is_own(data)
    }

    fn keepalive(&self) -> &'static [u8] {
        b": keepalive\n\n"
    }

    fn terminator(&self) -> &'static [u8] {
        b"data: [DONE]\n\n"
    }
}

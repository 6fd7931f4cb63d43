//! Bedrock's Converse: one format for the models of all its vendors.
//!
//! Oddities: a block is an object with one member, whose name says what it is; a stream opens no
//! text and no thinking, it only grows them; counters come behind the end; calls, and nothing
//! else, are told with their kind first. (facts: Bedrock, section 2)

mod answer;
mod vendors;
mod write;

use routectl_core::{Abilities, Request};

use crate::{Decoder, Format, Spelled};

pub use vendors::streams;

/// The format of `POST /model/{id}/converse`.
#[derive(Debug, Clone, Copy)]
pub struct Converse;

impl Format for Converse {
    fn name(&self) -> &'static str {
        "converse"
    }

    fn write(&self, request: &Request, abilities: &Abilities) -> Spelled {
        write::request(request, abilities)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        self.decoder_of("")
    }

    fn decoder_of(&self, upstream: &str) -> Box<dyn Decoder> {
        Box::new(answer::Reader::new(answer::Minter::of(upstream)))
    }
}

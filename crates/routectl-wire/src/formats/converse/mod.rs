//! Bedrock's Converse: one format for the models of all its vendors.
//!
//! Oddities: a block is an object with one member, whose name says what it is; a stream opens no
//! text and no thinking, it only grows them; counters come behind the end; calls, and nothing
//! else, are told with their kind first. (facts: Bedrock, section 2)

mod answer;
mod vendors;
#[cfg_attr(not(test), expect(dead_code, reason = "the format that calls it is not there yet"))]
mod write;

use crate::Decoder;

pub use vendors::streams;

/// A reader for one answer of a model, by the upstream's name for it: whose seals the answer holds
/// is nowhere said in it.
pub fn decoder(upstream: &str) -> Box<dyn Decoder> {
    Box::new(answer::Reader::new(answer::Minter::of(upstream)))
}

//! The nouns of routectl: what every format maps to and every room speaks of.
//!
//! Plain data and small pure functions. No serde, no I/O, no clock: this crate is what all
//! others may know.

mod event;
mod failure;
mod loss;
mod needs;
mod usage;

pub use event::{Block, Delta, Event, Head, Opaque, StopReason};
pub use failure::{Class, Failure, Origin, Words};
pub use loss::{Fate, Loss};
pub use needs::Needs;
pub use usage::Usage;

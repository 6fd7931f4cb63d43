//! The nouns of routectl: what every format maps to and every room speaks of.
//!
//! Plain data and small pure functions. No serde, no I/O, no clock: this crate is what all
//! others may know.

mod abilities;
mod block;
mod dialect;
mod effort;
mod event;
mod failure;
mod loss;
mod needs;
mod place;
mod request;
mod tool;
mod usage;

pub use abilities::{
    Abilities, Attribution, CacheMarks, CallIds, Choice, Quirks, Refused, Seals, ToolUse,
    UserMember,
};
pub use block::{Block, Content, Reasoning, Seal, SealKind, Source, ToolCall, ToolResult};
pub use dialect::{
    Budget, Control, Dialect, Echo, Efforts, Fixed, Form, History, Missing, Opener, Readout,
    Switch, TagPair, Tags, Turns,
};
pub use effort::{Effort, ReasoningControl, Show};
pub use event::{Declined, Delta, Event, Head, Opaque, Opening, StopReason};
pub use failure::{Class, Failure, Origin, Words};
pub use loss::{Fate, Loss};
pub use needs::Needs;
pub use place::Place;
pub use request::{
    CacheMark, Foreign, IfLost, MemberNames, OutputFormat, Request, Role, Sampling, Tier, Ttl,
    Turn, Wishes,
};
pub use tool::{Tool, ToolChoice, ToolInput};
pub use usage::Usage;

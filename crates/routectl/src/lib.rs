//! routectl: a local LLM router. It takes requests of the formats that programs already speak,
//! serves each from a chain of targets, and tells what it did.
//!
//! The walk of a request through the rooms: [`server`] guards and parses, [`walk`] asks the policy
//! for the next target, [`attempt`] prepares and sends, [`relay`] brings the answer back,
//! [`rescue`] says what went wrong, [`record`] what happened.

pub mod affinity;
pub mod answer;
pub mod attempt;
pub mod bounded;
pub mod call_id;
pub mod commands;
pub mod config;
pub mod imitations;
pub mod inbound;
pub mod learned;
pub mod loss;
pub mod memory;
pub mod mending;
pub mod prepare;
pub mod record;
pub mod relay;
pub mod rescue;
pub mod scrub;
pub mod server;
pub mod snapshot;
pub mod target;
mod thoughts;
pub mod trace;
pub mod walk;

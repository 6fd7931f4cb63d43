//! The config file: its types, how it is read and checked whole, and how its changes are noticed.

mod address;
mod check;
mod diagnostic;
mod effective;
mod load;
mod reference;
mod rules;
#[expect(
    clippy::disallowed_methods,
    reason = "the derive of JsonSchema writes its defaults with serde_json::to_value"
)]
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod watch;

pub use diagnostic::{Diagnostic, Diagnostics, Place};
pub use effective::AttemptClocks;
pub use load::{Flags, Loaded, Missing, find, load, parse};
pub use reference::reference_markdown;
pub use schema::*;
pub use watch::Watch;

/// A config to start from, with comments.
pub const EXAMPLE: &str = include_str!("example.toml");

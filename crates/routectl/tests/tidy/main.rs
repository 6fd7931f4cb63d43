//! Rules of the house that no compiler knows: sizes, names, what must be written down, and whether
//! what is written down is true of the code.

#![expect(clippy::unwrap_used, reason = "all of this is a test")]

mod code;
mod docs;
mod tree;

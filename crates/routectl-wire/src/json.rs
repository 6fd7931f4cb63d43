//! JSON that is read and written member by member: a tree that keeps every value's own spelling,
//! and a writer with a fixed member order. Translation alone uses them; the native lane never
//! parses what it does not have to.

mod progress;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub use progress::Progress;
pub use read::{BadJson, Node, Value, parse};
pub use text::{compact, paired, unescape};
pub use write::{List, Object, quoted};

//! JSON that is read and written member by member: a tree that keeps every value's own spelling,
//! and a writer with a fixed member order. Translation alone uses them; the native lane never
//! parses what it does not have to.

mod progress;
mod read;
#[cfg(test)]
mod tests;
mod text;
mod write;

pub(crate) use progress::Progress;
pub(crate) use read::{Node, Value, parse};
pub(crate) use text::{compact, paired, unescape};
pub(crate) use write::{List, Object, quoted};

//! How a body is cut into frames, apart from what the frames mean.

pub mod eventstream;
pub mod sse;

use std::borrow::Cow;

/// One unit of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole body, as one frame.
    Whole(&'a [u8]),
    /// A server-sent event.
    Sse {
        /// Its `event:` line, if any.
        event: Option<&'a str>,
        /// Its `data:` lines, joined with line feeds.
        data: Cow<'a, [u8]>,
    },
}

/// How an answer is told to its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// In one piece.
    Whole,
    /// As server-sent events.
    Sse,
}

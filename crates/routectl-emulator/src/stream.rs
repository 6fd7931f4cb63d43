//! A good stream in pieces that know what they are, so that faults can cut between them.

use bytes::Bytes;
use serde_json::Value;

/// What an event is to the one who waits for content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Before content: the head of the message, an empty opening block, a ping.
    Preamble,
    Content,
    /// After content: why it stopped, and usage.
    Ending,
    Terminator,
}

/// One server-sent event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub part: Part,
    pub bytes: Bytes,
}

impl Event {
    pub(crate) fn new(part: Part, text: String) -> Self {
        Self { part, bytes: text.into() }
    }

    /// A data-only event.
    pub(crate) fn data(part: Part, value: &Value) -> Self {
        Self::new(part, format!("data: {value}\n\n"))
    }

    /// An event with the name that its data states as `type`.
    pub(crate) fn named(part: Part, value: &Value) -> Self {
        let name = value.get("type").and_then(Value::as_str).unwrap_or_default();
        Self::new(part, format!("event: {name}\ndata: {value}\n\n"))
    }
}

/// Splits JSON text in the fragments in which a model streams it.
pub(crate) fn fragments(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([',', ':', ' '])
}

/// A good stream as one byte string.
#[derive(Debug, Clone)]
pub struct GoodStream {
    pub bytes: Bytes,
    /// Offset at which each event ends, and what it is.
    pub ends: Vec<(usize, Part)>,
}

impl GoodStream {
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for event in events {
            bytes.extend_from_slice(&event.bytes);
            ends.push((bytes.len(), event.part));
        }
        Self { bytes: bytes.into(), ends }
    }

    /// Offset at which the last event before the first content ends.
    pub fn preamble(&self) -> usize {
        let preamble = self.ends.iter().take_while(|(_, part)| *part == Part::Preamble);
        preamble.last().map_or(0, |(end, _)| *end)
    }
}

//! The native lane's way to say thinking in the members that clients read: of a stream's bytes only
//! the chunks are changed that say it elsewhere.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use routectl_wire::Frame;
use routectl_wire::formats::chat::rewrite::Rewrite;
use routectl_wire::framing::sse;

/// Complete events on their way to the client.
pub(super) struct Rewritten {
    pub(super) events: Bytes,
    /// Behind so many bytes of them the first thinking has come from between tags, told or not.
    pub(super) thought: Option<usize>,
}

impl From<Bytes> for Rewritten {
    fn from(events: Bytes) -> Self {
        Self { events, thought: None }
    }
}

/// The events, with what has to be rewritten rewritten.
pub(super) fn rewritten(events: Bytes, rewrite: &mut Rewrite) -> Rewritten {
    let mut thought = None;
    let had_thought = rewrite.has_thought();
    let mut out = BytesMut::new();
    let mut copied = 0;
    let mut frames = sse::frames(&events);
    loop {
        let start = events.len() - frames.left();
        let Some(frame) = frames.next() else { break };
        let end = events.len() - frames.left();
        let Some((span, with)) = replacement(&events, (start, end), frame, rewrite) else {
            continue;
        };
        out.extend_from_slice(events.get(copied..span.0).unwrap_or_default());
        out.extend_from_slice(&with);
        copied = span.1;
        if !had_thought && rewrite.has_thought() {
            thought.get_or_insert(out.len());
        }
    }
    if copied == 0 && out.is_empty() {
        return events.into();
    }
    out.extend_from_slice(events.get(copied..).unwrap_or_default());
    Rewritten { events: out.freeze(), thought }
}

/// From the first byte of something to past its last.
type Span = (usize, usize);

/// What stands in the place of which bytes of an event.
fn replacement(
    events: &Bytes,
    (start, end): Span,
    frame: Frame<'_>,
    rewrite: &mut Rewrite,
) -> Option<(Span, Bytes)> {
    let Frame::Sse { data, .. } = frame else { return None };
    if data.trim_ascii() == b"[DONE]" {
        return Some(((start, start), event(&rewrite.rest()?)));
    }
    match data {
        Cow::Borrowed([]) => None,
        Cow::Borrowed(data) => {
            let chunk = events.slice_ref(data);
            let from = chunk.as_ptr().addr() - events.as_ptr().addr();
            Some(((from, from + data.len()), rewrite.chunk(&chunk)?))
        }
        // Line ends in JSON are blanks.
        Cow::Owned(data) => {
            let line = data.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte });
            let chunk: Bytes = line.collect::<Vec<u8>>().into();
            Some(((start, end), event(&rewrite.chunk(&chunk)?)))
        }
    }
}

fn event(chunk: &Bytes) -> Bytes {
    [b"data: ".as_slice(), chunk, b"\n\n"].concat().into()
}

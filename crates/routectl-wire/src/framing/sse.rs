//! Server-sent events: finding where events end, and reading one.
//!
//! Hosts differ in line ends (LF, CRLF, lone CR), in the blank after the colon, in comments and in
//! the blank line after the last event (facts: provider quirks, section 4.1).

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use super::Frame;

/// Largest event we hold. Codex sends images of 8 MiB inside one event.
pub const MAX_EVENT: usize = 16 << 20;

/// Cuts a byte stream at the ends of events, whatever the pieces it arrives in. What arrives
/// complete is handed on without copying.
#[derive(Debug, Default)]
pub struct Cutter {
    /// The beginning of an event whose end has not arrived.
    held: BytesMut,
}

/// An event that never ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {} MiB", MAX_EVENT >> 20)]
pub struct TooLong;

impl Cutter {
    /// Takes bytes and gives back the complete events they finish, if any.
    ///
    /// # Errors
    /// When one event grows beyond [`MAX_EVENT`].
    pub fn push(&mut self, chunk: &Bytes) -> Result<Option<Bytes>, TooLong> {
        if self.held.is_empty() {
            let end = last_boundary(chunk, 0);
            let rest = chunk.get(end..).unwrap_or_default();
            self.held.extend_from_slice(rest);
            return self.checked((end > 0).then(|| chunk.slice(..end)));
        }
        // A boundary can lie across the seam: it is at most three bytes long.
        let from = self.held.len().saturating_sub(3);
        self.held.extend_from_slice(chunk);
        let end = last_boundary(&self.held, from);
        let events = (end > 0).then(|| self.held.split_to(end).freeze());
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
        self.checked(events)
    }

    /// The stream has ended: what is left is an event without its blank line, or half of one.
    pub fn finish(&mut self) -> Option<Bytes> {
        let rest = std::mem::take(&mut self.held);
        (!rest.is_empty()).then(|| rest.freeze())
    }

    fn checked(&self, events: Option<Bytes>) -> Result<Option<Bytes>, TooLong> {
        if self.held.len() > MAX_EVENT { Err(TooLong) } else { Ok(events) }
    }
}

/// The offset behind the last blank line, 0 where there is none. Looks from `from` on.
fn last_boundary(bytes: &[u8], from: usize) -> usize {
    let mut end = 0;
    for pattern in [&b"\n\n"[..], b"\n\r\n", b"\r\r"] {
        let start = from.max(end.max(3) - 3);
        let region = bytes.get(start..).unwrap_or_default();
        if let Some(offset) = memmem::rfind(region, pattern) {
            end = end.max(start + offset + pattern.len());
        }
    }
    end
}

/// The events in a run of complete ones, comments and blank lines left out.
pub fn frames(events: &[u8]) -> Frames<'_> {
    Frames { rest: events.strip_prefix(b"\xef\xbb\xbf").unwrap_or(events) }
}

/// Iterator over the events of a run of bytes.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let mut event = None;
        let mut data: Option<Cow<'a, [u8]>> = None;
        while !self.rest.is_empty() {
            let line = self.line();
            if line.is_empty() {
                if let Some(data) = data.take() {
                    return Some(Frame::Sse { event, data });
                }
                event = None;
                continue;
            }
            match field(line) {
                (b"data", value) => append(&mut data, value),
                (b"event", value) => event = std::str::from_utf8(value).ok(),
                _ => {}
            }
        }
        data.map(|data| Frame::Sse { event, data })
    }
}

impl<'a> Frames<'a> {
    /// How many bytes are still to be read.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next line without its end, which is LF, CRLF or a lone CR.
    fn line(&mut self) -> &'a [u8] {
        let end = memchr::memchr2(b'\n', b'\r', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        let skip = match rest {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        self.rest = rest.get(skip..).unwrap_or_default();
        line
    }
}

/// A line as field and value; a comment has an empty field.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else { return (line, b"") };
    let (name, value) = line.split_at(colon);
    let value = value.get(1..).unwrap_or_default();
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

fn append<'a>(data: &mut Option<Cow<'a, [u8]>>, value: &'a [u8]) {
    match data {
        None => *data = Some(Cow::Borrowed(value)),
        Some(data) => {
            let joined = data.to_mut();
            joined.push(b'\n');
            joined.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests;

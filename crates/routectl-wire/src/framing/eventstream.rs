//! AWS event streams (`application/vnd.amazon.eventstream`): where a message ends, whether it is
//! whole, and what it says. (facts: Bedrock, section 1.6)
//!
//! A message: its length and that of its headers (four bytes each, the higher ones first), a CRC32
//! of those eight, headers, payload, a CRC32 of all before it. After a wrong sum nothing can be
//! trusted, so the stream is over.

mod unframe;

use bytes::{Buf as _, Bytes, BytesMut};

pub use unframe::{Broken, Unframer};

/// Length, length of the headers, and the sum of both.
const PRELUDE: usize = 12;

/// The sum at the end.
const SUM: usize = 4;

/// Longest headers and longest payload that AWS's own library takes.
const MAX_HEADERS: usize = 128 << 10;
const MAX_PAYLOAD: usize = 24 << 20;

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    pub payload: Bytes,
}

/// What a message is, by its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `:event-type`.
    Event(String),
    /// `:exception-type`: a failure that the service's model knows; it ends the stream.
    Exception(String),
    /// `:error-code` and `:error-message`: a failure that it does not know.
    Error { code: String, message: String },
}

/// Why the rest of a stream cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Corrupt {
    #[error("a message of the event stream has a wrong checksum")]
    Sum,
    #[error("a message of the event stream has impossible lengths")]
    Lengths,
    #[error("a message of the event stream has headers that cannot be read")]
    Headers,
    #[error("the event stream ended inside a message")]
    Cut,
}

/// Cuts a byte stream into messages, whatever the pieces it arrives in.
#[derive(Debug, Default)]
pub struct Cutter {
    held: BytesMut,
}

impl Cutter {
    /// Takes bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next message, if it is all there.
    ///
    /// # Errors
    /// When what has come is no message: nothing behind it can be read.
    pub fn message(&mut self) -> Result<Option<Message>, Corrupt> {
        let Some(prelude) = self.held.first_chunk::<PRELUDE>() else { return Ok(None) };
        let (total, headers) = lengths(prelude)?;
        if self.held.len() < total {
            return Ok(None);
        }
        let mut whole = self.held.split_to(total).freeze();
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
        let mut sum = whole.split_off(total - SUM);
        if crc32fast::hash(&whole) != sum.get_u32() {
            return Err(Corrupt::Sum);
        }
        whole.advance(PRELUDE);
        let head = whole.split_to(headers);
        Ok(Some(Message { kind: kind(head)?, payload: whole }))
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// When half a message is left.
    pub fn finish(&self) -> Result<(), Corrupt> {
        if self.held.is_empty() { Ok(()) } else { Err(Corrupt::Cut) }
    }
}

/// Length of a message and of its headers.
fn lengths(prelude: &[u8; PRELUDE]) -> Result<(usize, usize), Corrupt> {
    let (mut lengths, mut sum) = prelude.split_at(PRELUDE - SUM);
    if crc32fast::hash(lengths) != sum.get_u32() {
        return Err(Corrupt::Sum);
    }
    let (total, headers) = (lengths.get_u32() as usize, lengths.get_u32() as usize);
    let payload = total.checked_sub(PRELUDE + SUM).and_then(|rest| rest.checked_sub(headers));
    match payload {
        Some(payload) if headers <= MAX_HEADERS && payload <= MAX_PAYLOAD => Ok((total, headers)),
        Some(_) | None => Err(Corrupt::Lengths),
    }
}

/// What the headers of a message make of it. One that names no type is an event without a name.
fn kind(mut headers: Bytes) -> Result<Kind, Corrupt> {
    let (mut is, mut event, mut exception, mut code, mut message) = Default::default();
    while let Some((name, value)) = header(&mut headers)? {
        let kept = match &*name {
            b":message-type" => &mut is,
            b":event-type" => &mut event,
            b":exception-type" => &mut exception,
            b":error-code" => &mut code,
            b":error-message" => &mut message,
            _ => continue,
        };
        *kept = String::from_utf8(value.to_vec()).map_err(|_| Corrupt::Headers)?;
    }
    Ok(match is.as_str() {
        "exception" => Kind::Exception(exception),
        "error" => Kind::Error { code, message },
        _ => Kind::Event(event),
    })
}

/// The next header with its value; values that are no text are empty here.
fn header(headers: &mut Bytes) -> Result<Option<(Bytes, Bytes)>, Corrupt> {
    if headers.is_empty() {
        return Ok(None);
    }
    let length = headers.get_u8();
    let name = taken(headers, length.into())?;
    let kind = headers.try_get_u8().map_err(|_| Corrupt::Headers)?;
    let text = match kind {
        // True and false have no value beside their type.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        6 | 7 => headers.try_get_u16().map_err(|_| Corrupt::Headers)?.into(),
        _ => return Err(Corrupt::Headers),
    };
    let value = taken(headers, text)?;
    Ok(Some((name, if kind == 7 { value } else { Bytes::new() })))
}

fn taken(from: &mut Bytes, length: usize) -> Result<Bytes, Corrupt> {
    if from.len() < length { Err(Corrupt::Headers) } else { Ok(from.split_to(length)) }
}

#[cfg(test)]
mod tests;

//! From AWS's framing to ours: every event becomes a server-sent event of its name, so that all
//! behind it reads one kind of stream.
//!
//! InvokeModel wraps each event of the model's own format once more, in base64 inside a `chunk`,
//! and AWS adds its own counters to the last one. (facts: Bedrock, section 1.6)

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;

use super::{Corrupt, Cutter, Kind};
use crate::document::quote;
use crate::{Document, Edit};

/// What AWS adds to an event of the model's begins like this.
const ADDED: &str = "amazon-bedrock-";

/// Reads messages as server-sent events.
#[derive(Debug, Default)]
pub struct Unframer {
    cutter: Cutter,
}

/// Why there is no more of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// The service said so.
    Exception { name: String, payload: Bytes },
    /// It cannot be read.
    Corrupt(Corrupt),
    /// A message is not what its name says.
    Garbled(String),
}

impl From<Corrupt> for Broken {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl Unframer {
    /// Takes bytes and appends the events they finish, also in front of a failure.
    ///
    /// # Errors
    /// When the stream is over: the service failed, or what came cannot be read.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<u8>) -> Result<(), Broken> {
        self.cutter.push(bytes);
        while let Some(message) = self.cutter.message()? {
            match message.kind {
                Kind::Event(name) if name == "chunk" => unwrapped(&message.payload, events)?,
                Kind::Event(name) => tell(&name, &message.payload, events),
                Kind::Exception(name) => {
                    return Err(Broken::Exception { name, payload: message.payload });
                }
                Kind::Error { code, message } => {
                    let payload = [br#"{"message":"#, &quote(&message)[..], b"}"].concat().into();
                    return Err(Broken::Exception { name: code, payload });
                }
            }
        }
        Ok(())
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// When it did so inside a message.
    pub fn finish(&self) -> Result<(), Broken> {
        Ok(self.cutter.finish()?)
    }
}

/// One event as text. A name or a payload with line ends in it would be more than one event.
fn tell(name: &str, payload: &[u8], events: &mut Vec<u8>) {
    events.extend_from_slice(b"event: ");
    events.extend(name.bytes().filter(|byte| !byte.is_ascii_control()));
    events.extend_from_slice(b"\ndata: ");
    // In JSON line ends stand between values only.
    events.extend(
        payload.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }),
    );
    events.extend_from_slice(b"\n\n");
}

/// The event inside a `chunk`; what AWS says on its own account is left out.
fn unwrapped(payload: &[u8], events: &mut Vec<u8>) -> Result<(), Broken> {
    #[derive(Deserialize)]
    struct Chunk<'a> {
        #[serde(borrow)]
        bytes: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, rename = "type")]
        name: Option<Cow<'a, str>>,
    }
    let garbled = |error: &dyn std::error::Error| Broken::Garbled(format!("a chunk: {error}"));
    let chunk: Chunk<'_> = serde_json::from_slice(payload).map_err(|error| garbled(&error))?;
    let Some(bytes) = chunk.bytes else { return Ok(()) };
    let event = BASE64_STANDARD.decode(&*bytes).map_err(|error| garbled(&error))?;
    let typed: Typed<'_> = serde_json::from_slice(&event).map_err(|error| garbled(&error))?;
    let Some(name) = typed.name else { return Ok(()) };
    if memmem::find(&event, ADDED.as_bytes()).is_none() {
        tell(&name, &event, events);
        return Ok(());
    }
    let name = name.into_owned();
    let document = Document::parse(event.into()).map_err(|error| garbled(&error))?;
    let added = document.names().filter(|name| name.starts_with(ADDED));
    let edits: Vec<_> =
        added.map(|name| Edit::remove("amazon-bedrock", name.into_owned())).collect();
    tell(&name, &document.spliced(&edits).joined(), events);
    Ok(())
}

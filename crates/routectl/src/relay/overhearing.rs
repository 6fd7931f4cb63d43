//! Who keeps what a model thought hears it also where its client asked not to: the next turn may
//! need it. The host's own bytes are then read once more, before the thinking is taken out.

use bytes::Bytes;
use routectl_core::{Event, Tags};
use routectl_wire::framing::sse;
use routectl_wire::think_tags::TagReader;
use routectl_wire::{Decoder, Format, Frame};

use super::Listeners;

/// Reads one answer for those who listen.
pub struct Overhearing {
    decoder: Box<dyn Decoder>,
    tags: Option<TagReader>,
    listeners: Listeners,
    events: Vec<Event>,
}

impl Overhearing {
    /// Reads a stream.
    pub fn streamed(format: &'static dyn Format, tags: Option<Tags>, listeners: Listeners) -> Self {
        let tags = tags.map(TagReader::streamed);
        Self { decoder: format.decoder(), tags, listeners, events: Vec::new() }
    }

    /// Reads an answer that comes in one piece.
    pub fn whole(format: &'static dyn Format, tags: Option<Tags>, listeners: Listeners) -> Self {
        Self { tags: tags.map(TagReader::whole), ..Self::streamed(format, None, listeners) }
    }

    /// Takes complete events of a stream.
    pub fn hear(&mut self, events: &Bytes) {
        sse::frames(events).for_each(|frame| self.frame(&frame));
    }

    /// Takes a whole answer.
    pub fn hear_all(mut self, body: &Bytes) {
        self.frame(&Frame::Whole(body));
    }

    /// What cannot be read is for those to tell who read for the client.
    fn frame(&mut self, frame: &Frame<'_>) {
        let mut read = std::mem::take(&mut self.events);
        if self.decoder.frame(frame, &mut read).is_err() {
            return;
        }
        let mut told = Vec::new();
        let events = match &mut self.tags {
            Some(tags) => {
                read.drain(..).for_each(|event| tags.event(event, &mut told));
                &told
            }
            None => &read,
        };
        for event in events {
            self.listeners.iter_mut().for_each(|listener| listener.hear(event));
        }
        read.clear();
        self.events = read;
    }
}

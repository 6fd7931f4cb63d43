//! What every format's room is tested with: an answer, rendered as the events it means.

use routectl_core::Event;

use crate::framing::sse;
use crate::grammar::Grammar;
use crate::{Decoder, Format, Frame};

/// The events of a streamed answer, one a line, held against the grammar.
pub(super) fn streamed(format: &dyn Format, body: &str) -> String {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    for frame in sse::frames(body.as_bytes()) {
        read(&mut *decoder, &frame, &mut events);
    }
    render(&events, decoder.complete())
}

/// The events of a whole answer.
pub(super) fn whole(format: &dyn Format, body: &str) -> String {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    read(&mut *decoder, &Frame::Whole(body.as_bytes()), &mut events);
    render(&events, decoder.complete())
}

fn read(decoder: &mut dyn Decoder, frame: &Frame<'_>, events: &mut Vec<Event>) {
    if let Err(garbled) = decoder.frame(frame, events) {
        let opaque = routectl_core::Opaque { name: "garbled".into(), json: garbled.to_string() };
        events.push(Event::Opaque(opaque));
    }
}

fn render(events: &[Event], complete: bool) -> String {
    let mut grammar = Grammar::default();
    let mut lines = Vec::new();
    for event in events {
        let mark = if event.commits() { '!' } else { ' ' };
        lines.push(format!("{mark} {}", short(event)));
        if let Err(unlawful) = grammar.take(event) {
            lines.push(format!("  UNLAWFUL: {unlawful}"));
        }
    }
    lines.push(if complete { "complete" } else { "cut" }.to_owned());
    lines.join("\n")
}

fn short(event: &Event) -> String {
    match event {
        Event::Failed(failure) => format!("Failed {failure}"),
        Event::Usage(usage) => format!(
            "Usage in {:?} read {:?} write {:?}/{:?} out {:?} thought {:?}",
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
            usage.reasoning
        )
        .replace("Some(", "")
        .replace(')', ""),
        other => format!("{other:?}"),
    }
}

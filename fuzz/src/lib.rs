//! What the fuzz targets have in common: bytes cut into pieces, and the laws of an answer.

use bytes::Bytes;
use routectl::relay::{Relay, Telling, read_whole};
use routectl_core::Event;
use routectl_wire::framing::sse::{Cutter, frames};
use routectl_wire::grammar::Grammar;
use routectl_wire::{CLIENT_FORMATS, Changes, ClientFormat, Decoder, Frame, Framing, Reply};

/// Bytes in pieces; the first byte says how long each is.
pub fn pieces(data: &[u8]) -> impl Iterator<Item = Bytes> {
    let (size, rest) = data.split_first().map_or((1, data), |(size, rest)| (*size, rest));
    rest.chunks(usize::from(size).max(1)).map(Bytes::copy_from_slice)
}

/// All complete events of a stream, and what is left at its end.
pub fn cut(data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut cutter = Cutter::default();
    let mut events = Vec::new();
    for piece in pieces(data) {
        if let Ok(Some(complete)) = cutter.push(&piece) {
            events.extend_from_slice(&complete);
        }
    }
    (events, cutter.finish().map(Vec::from).unwrap_or_default())
}

/// Any bytes as an answer in this format, whole and streamed: no panic, and only lawful events.
pub fn answer(format: &'static dyn ClientFormat, data: &[u8]) {
    let _ = read_whole(format, data, Vec::new());
    lawful(&mut *format.decoder(), &[Frame::Whole(data)]);
    let (events, _) = cut(data);
    lawful(&mut *format.decoder(), &frames(&events).collect::<Vec<_>>());
    relayed(format, data);
}

/// Any bytes as an answer in a format that no client speaks, whole and streamed: no panic, only
/// lawful events, and what clients are told of it is lawful in their formats.
pub fn answer_abroad(decoder: impl Fn() -> Box<dyn Decoder>, data: &[u8]) {
    let (streamed, _) = cut(data);
    let frames: Vec<_> = frames(&streamed).collect();
    for frames in [&[Frame::Whole(data)][..], &frames] {
        let events = lawful(&mut *decoder(), frames);
        for client in CLIENT_FORMATS {
            let mut encoder = client.encoder(Framing::Sse, Reply::default());
            let mut out = Vec::new();
            events.iter().for_each(|event| encoder.event(event, &mut out));
            encoder.finish(&mut out);
            lawful(
                &mut *client.decoder(),
                &routectl_wire::framing::sse::frames(&out).collect::<Vec<_>>(),
            );
        }
    }
}

/// The events of an answer, up to where it failed.
fn lawful(decoder: &mut dyn Decoder, frames: &[Frame<'_>]) -> Vec<Event> {
    let mut grammar = Grammar::default();
    let mut events: Vec<Event> = Vec::new();
    for frame in frames {
        let before = events.len();
        // A frame that cannot be read is told; what came before it still counts.
        let _ = decoder.frame(frame, &mut events);
        for (place, event) in events.iter().enumerate().skip(before) {
            assert_eq!(grammar.take(event), Ok(()));
            // Nothing is read behind a failure.
            if matches!(event, Event::Failed(_)) {
                events.truncate(place);
                return events;
            }
        }
    }
    events
}

/// What the client gets is a beginning of what the upstream sent, but for what the relay says in
/// the upstream's place: an error in words the client reads, and the end of a complete answer.
fn relayed(format: &'static dyn ClientFormat, data: &[u8]) {
    let mut relay = Relay::new(format);
    let mut sent = Vec::new();
    let mut got = Vec::new();
    for piece in pieces(data) {
        sent.extend_from_slice(&piece);
        match relay.push(&piece) {
            Ok(bytes) => got.extend_from_slice(&bytes.unwrap_or_default()),
            Err(_) if !relay.committed() => return assert!(got.is_empty(), "seen before commit"),
            Err(_) => return,
        }
        if relay.told_failure().is_some() {
            return;
        }
        assert!(sent.starts_with(&got), "the relay changed a byte");
        assert!(relay.committed() || got.is_empty(), "seen before commit");
    }
    if let Ok(Some(rest)) = relay.finish() {
        assert!(relay.ended() || relay.told_failure().is_some(), "a clean end of half an answer");
        drop(rest);
    }
}

/// An answer told to a client of another format: nothing before the first content, and what is told
/// as a stream is lawful in that format, up to where the upstream broke.
pub fn told_lawfully(
    from: &'static dyn ClientFormat,
    (to, framing): (&'static dyn ClientFormat, Framing),
    (reply, changes): (Reply, Changes),
    pieces: impl Iterator<Item = Bytes>,
) {
    let mut relay = Relay::translated(from, "", Telling::new(to, framing, reply, changes));
    let mut got = Vec::new();
    for piece in pieces {
        match relay.push(&piece) {
            Ok(bytes) => got.extend_from_slice(&bytes.unwrap_or_default()),
            Err(_) => break,
        }
    }
    if relay.told_failure().is_none()
        && let Ok(rest) = relay.finish()
    {
        got.extend_from_slice(&rest.unwrap_or_default());
    }
    match framing {
        Framing::Sse => drop(lawful(&mut *to.decoder(), &frames(&got).collect::<Vec<_>>())),
        Framing::Whole if got.is_empty() => {}
        Framing::Whole => {
            read_whole(to, &got, Vec::new()).expect("a whole answer can be read");
        }
    }
}

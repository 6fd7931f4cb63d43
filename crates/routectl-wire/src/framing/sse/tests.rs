use bytes::Bytes;
use proptest::prelude::*;

use super::{Cutter, frames};
use crate::Frame;

/// All events of a stream that arrives in pieces: `event|data` each.
fn read(pieces: &[&[u8]]) -> Vec<String> {
    let mut cutter = Cutter::default();
    let mut seen = Vec::new();
    for piece in pieces {
        if let Some(events) = cutter.push(&Bytes::copy_from_slice(piece)).unwrap() {
            collect(&events, &mut seen);
        }
    }
    if let Some(rest) = cutter.finish() {
        collect(&rest, &mut seen);
    }
    seen
}

fn collect(events: &[u8], seen: &mut Vec<String>) {
    for frame in frames(events) {
        let Frame::Sse { event, data } = frame else { continue };
        seen.push(format!("{}|{}", event.unwrap_or(""), String::from_utf8_lossy(&data)));
    }
}

#[test]
fn events_are_read_in_every_spelling() {
    let cases: &[(&str, &[&str])] = &[
        ("data: a\n\n", &["|a"]),
        ("data:a\n\ndata:  b\n\n", &["|a", "| b"]),
        ("event: x\r\ndata: a\r\n\r\n", &["x|a"]),
        ("event: x\rdata: a\r\r", &["x|a"]),
        ("data: a\ndata: b\n\n", &["|a\nb"]),
        (": comment\n\ndata: a\n\n", &["|a"]),
        (":\n\n: OPENROUTER PROCESSING\n\n", &[]),
        ("id: 1\nretry: 5\ndata: a\n\n", &["|a"]),
        ("\u{feff}data: a\n\n", &["|a"]),
        ("data: a\n\ndata: b", &["|a", "|b"]),
        ("event: x\n\ndata: a\n\n", &["|a"]),
        ("\n\n\ndata: é😀\n\n", &["|é😀"]),
        ("data\n\n", &["|"]),
    ];
    for (stream, wanted) in cases {
        assert_eq!(read(&[stream.as_bytes()]), *wanted, "{stream:?}");
    }
}

#[test]
fn cuts_do_not_matter() {
    let stream =
        "\u{feff}: hi\r\n\r\nevent: a\ndata: é\n\ndata: 1\r\ndata: 😀\r\n\r\rdata: x\r\rdata: end";
    let whole = read(&[stream.as_bytes()]);
    assert_eq!(whole.len(), 4, "{whole:?}");
    for first in 0..stream.len() {
        for second in first..stream.len() {
            let (a, rest) = stream.as_bytes().split_at(first);
            let (b, c) = rest.split_at(second - first);
            assert_eq!(read(&[a, b, c]), whole, "cut at {first} and {second}");
        }
    }
    let single: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
    assert_eq!(read(&single), whole);
}

#[test]
fn complete_events_are_handed_on_without_copying() {
    let chunk = Bytes::from_static(b"data: a\n\ndata: b\n\n");
    let events = Cutter::default().push(&chunk).unwrap().unwrap();
    assert_eq!(events.as_ptr(), chunk.as_ptr());
    assert_eq!(events.len(), chunk.len());
}

#[test]
fn an_event_without_end_is_refused_at_the_limit() {
    let mut cutter = Cutter::default();
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let outcome = (0..32).find_map(|_| cutter.push(&chunk).err());
    assert!(outcome.is_some());
}

proptest! {
    #[test]
    fn every_byte_comes_out_once_and_in_order(
        pieces in prop::collection::vec("[a\n\r:d ]{0,12}", 0..12)
    ) {
        let mut cutter = Cutter::default();
        let mut out = Vec::new();
        for piece in &pieces {
            if let Some(events) = cutter.push(&Bytes::copy_from_slice(piece.as_bytes())).unwrap() {
                out.extend_from_slice(&events);
            }
        }
        out.extend(cutter.finish().unwrap_or_default());
        prop_assert_eq!(out, pieces.concat().into_bytes());
    }
}

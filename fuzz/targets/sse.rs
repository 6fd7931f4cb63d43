//! Event streams: every byte comes out once and in order, wherever the stream is cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use routectl_fuzz::cut;
use routectl_wire::framing::sse::frames;

fuzz_target!(|data: &[u8]| {
    let (events, rest) = cut(data);
    let whole = data.get(1..).unwrap_or(data);
    assert_eq!([&events[..], &rest[..]].concat(), whole);
    for frame in frames(&events) {
        let _ = format!("{frame:?}");
    }
});

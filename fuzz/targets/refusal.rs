//! Refusals: any status, header and body make a failure with words.

#![no_main]

use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use routectl_wire::{CLIENT_FORMATS, refusal};

fuzz_target!(|input: (u16, &str, &[u8])| {
    let (status, header, body) = input;
    let headers = |name: &str| (name != "date").then_some(header);
    let failure = refusal::read(status, headers, body, SystemTime::UNIX_EPOCH);
    assert!(!failure.words.message.is_empty());
    for format in CLIENT_FORMATS {
        assert!(!format.refusal(&failure).is_empty());
        assert!(format.error_event(&failure).ends_with(b"\n\n"));
    }
    let _ = refusal::read_event(body);
});

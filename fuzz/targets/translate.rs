//! Requests and answers on their way into the other format: whatever comes is read or refused with a
//! path, what is written is JSON, the same bytes each time, and an answer that is told is lawful.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use routectl_core::Abilities;
use routectl_fuzz::{pieces, told_lawfully};
use routectl_wire::{CHAT, Changes, Document, CLIENT_FORMATS, Framing, MESSAGES, Reply};

fuzz_target!(|data: &[u8]| {
    if let Ok(body) = Document::parse(Bytes::copy_from_slice(data)) {
        for from in CLIENT_FORMATS {
            let Ok(request) = from.read(&body) else { continue };
            for to in CLIENT_FORMATS {
                let abilities =
                    Abilities { upstream: request.model.clone(), ..Abilities::default() };
                let spelled = to.write(&request, &abilities);
                assert_eq!(spelled, to.write(&request, &abilities), "written otherwise");
                Document::parse(Bytes::from(spelled.body)).expect("what is written is a body");
            }
        }
    }
    for (from, to) in [(CHAT, MESSAGES), (MESSAGES, CHAT)] {
        for framing in [Framing::Whole, Framing::Sse] {
            let changes = Changes { stops: vec!["stop".into()], ..Changes::default() };
            told_lawfully(from, (to, framing), (Reply::default(), changes), pieces(data));
        }
    }
});

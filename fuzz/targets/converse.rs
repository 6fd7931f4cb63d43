//! Answers in the Converse format, whole and streamed: no panic, lawful events, and lawful answers to
//! clients of every format. An event of the stream is written as a server-sent one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use routectl_fuzz::answer_abroad;
use routectl_wire::CONVERSE;

fuzz_target!(|data: &[u8]| {
    for upstream in ["anthropic.claude-sonnet-4-6", "openai.gpt-oss-120b-1:0"] {
        answer_abroad(|| CONVERSE.decoder_of(upstream), data);
    }
});

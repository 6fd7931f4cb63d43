//! Answers in the chat format: no panic, lawful events, and a relay that keeps its promises.

#![no_main]

use libfuzzer_sys::fuzz_target;
use routectl_wire::CHAT;

fuzz_target!(|data: &[u8]| routectl_fuzz::answer(CHAT, data));

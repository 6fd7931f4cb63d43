//! The configuration file: any text is a configuration or a list of mistakes that can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use routectl::config::{Flags, parse};
use routectl::snapshot::Snapshot;

fuzz_target!(|text: &str| match parse(text, "fuzz.toml", Flags::default()) {
    Ok(loaded) => drop(Snapshot::new(loaded.config, None)),
    Err(faults) => assert!(!faults.to_string().is_empty()),
});

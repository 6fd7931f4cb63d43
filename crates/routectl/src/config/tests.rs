//! What is promised about the config file.

mod effective;
mod errors;
mod fuzz;
mod pages;
mod rules;
mod secrets;
mod watch;

use super::{Config, Flags, Loaded, parse};

/// What a person reads about a text: its errors, or else its notices.
fn said(text: &str) -> String {
    match parse(text, "routectl.toml", Flags::default()) {
        Ok(Loaded { notices, .. }) => notices.iter().map(|it| format!("note: {it}\n")).collect(),
        Err(errors) => format!("{errors}\n"),
    }
}

/// A config without errors.
fn config(text: &str) -> Config {
    match parse(text, "routectl.toml", Flags::default()) {
        Ok(loaded) => loaded.config,
        Err(errors) => panic!("{errors}"),
    }
}

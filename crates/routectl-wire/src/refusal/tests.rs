//! What an upstream's refusal is taken for. Bodies are written by hand after the facts
//! (provider-quirks §1–§3, anthropic-messages §12, openai-chat §7, oauth-and-codex §2.5, bedrock §5): nobody
//! can be made to refuse in every way there is.

mod amazon;
mod bodies;
mod classes;
mod laws;
mod waits;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use routectl_core::Failure;

/// 2026-11-24 08:57:00 UTC.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_510_620)
}

fn refused(status: u16, body: &str) -> Failure {
    super::read(status, |_| None, body.as_bytes(), now())
}

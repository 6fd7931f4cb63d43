//! Logs: one readable line a request at info, JSON on request, to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// The variable that filters logs, by crate and module.
const FILTER: &str = "ROUTECTL_LOG";

/// Starts logging with this filter when the environment names none.
pub fn start(json: bool, usual: &str) {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // A second start, as tests make, leaves the first in place.
    let _ = if json { lines.json().try_init() } else { lines.try_init() };
}

//! Logs: one readable line a request at info, JSON on request, to standard error.
//!
//! A write for every line costs as much as a tenth of a small request, so lines gather for a
//! moment and leave together. Warnings and errors leave at once, with all that came before.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The variable that filters logs, by crate and module.
const FILTER: &str = "ROUTECTL_LOG";

/// How long lines gather: too short for a reader to notice.
const GATHER: Duration = Duration::from_millis(50);

/// So many bytes leave at once.
const FULL: usize = 64 << 10;

/// Starts logging with this filter when the environment names none. What is still gathered leaves
/// when the guard is dropped.
pub fn start(json: bool, usual: &str) -> Flush {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(usual));
    let gathered = Gathered::default();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(gathered.clone())
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // A second start, as tests make, leaves the first in place.
    let started = if json { lines.json().try_init() } else { lines.try_init() };
    if started.is_ok() {
        let writer = gathered.clone();
        let thread = std::thread::Builder::new().name("logs".to_owned());
        // Without the thread lines leave when there are many, and at the end.
        let _ = thread.spawn(move || writer.write_for_ever());
    }
    Flush(gathered)
}

/// Writes what is gathered when dropped.
pub struct Flush(Gathered);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.write_out();
    }
}

/// Lines on their way to standard error.
#[derive(Clone, Default)]
pub struct Gathered(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<Vec<u8>>,
    first: Condvar,
    /// Held from taking lines to having written them, so that no line overtakes another, while
    /// new ones gather unhindered.
    writing: Mutex<()>,
}

impl Gathered {
    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self) {
        loop {
            drop(self.0.first.wait_while(self.lines(), |lines| lines.is_empty()));
            std::thread::sleep(GATHER);
            self.write_out();
        }
    }

    fn write_out(&self) {
        let _turn = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *self.lines());
        let _ = io::stderr().write_all(&lines);
    }
}

/// One line, and whether it leaves at once.
pub struct Line<'a> {
    gathered: &'a Gathered,
    at_once: bool,
}

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.gathered.lines();
        let first = lines.is_empty();
        lines.extend_from_slice(bytes);
        let full = lines.len() >= FULL;
        drop(lines);
        if self.at_once || full {
            self.gathered.write_out();
        } else if first {
            self.gathered.0.first.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.gathered.write_out();
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Gathered {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { gathered: self, at_once: false }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { gathered: self, at_once: *meta.level() <= Level::WARN }
    }
}

//! What arrived, and what became of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::watch;

use crate::Format;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Which of the two hosts was asked.
    pub host: Format,
    pub method: Method,
    /// Path and query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body's `model`, or empty.
    pub model: String,
    pub fate: Fate,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is still being answered, or kept waiting.
    Open,
    /// The host did all it meant to do, be it an answer or a fault.
    Answered,
    /// The peer closed the connection, or reset the stream, before the host was done.
    ClientLeft,
}

/// The requests of one emulator in order of arrival.
pub(crate) struct Ledger {
    keeps: bool,
    book: Mutex<Book>,
    ended: watch::Sender<usize>,
}

#[derive(Default)]
struct Book {
    /// Number of the first entry, so that a ticket from before `forget` marks nothing.
    first: usize,
    entries: Vec<Recorded>,
    next: usize,
}

/// Names one entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket(usize);

impl Ledger {
    pub(crate) fn new(keeps: bool) -> Self {
        Self { keeps, book: Mutex::default(), ended: watch::Sender::new(0) }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; `entry` is only asked for when entries are kept.
    pub(crate) fn arrived(&self, entry: impl FnOnce() -> Recorded) -> Ticket {
        let mut book = self.book();
        let ticket = Ticket(book.next);
        book.next += 1;
        if self.keeps {
            book.entries.push(entry());
        }
        ticket
    }

    pub(crate) fn ended(&self, ticket: Ticket, fate: Fate) {
        let mut book = self.book();
        let Some(place) = ticket.0.checked_sub(book.first) else { return };
        if let Some(entry) = book.entries.get_mut(place) {
            entry.fate = fate;
        }
        self.ended.send_modify(|count| *count += 1);
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.book().entries.clone()
    }

    pub(crate) fn forget(&self) {
        let mut book = self.book();
        book.first = book.next;
        book.entries.clear();
        self.ended.send_replace(0);
    }

    /// Waits until `count` requests have ended since the start or the last `forget`.
    pub(crate) async fn wait(&self, count: usize) {
        // The sender lives in `self`, so the wait cannot fail.
        let _ = self.ended.subscribe().wait_for(|ended| *ended >= count).await;
    }
}

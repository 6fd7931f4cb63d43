//! A client kept alive while the walk goes on: its format's ping until a target answers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use routectl_core::Failure;
use routectl_wire::ClientFormat;
use tokio::time::{Instant, Sleep};

use super::stream::{KEEPALIVE, PARTING, stopping};
use super::{Answer, BrokenOff};
use crate::server::Watcher;

/// A walk that has not ended: it gives an answer, or the failure that the client is told.
pub type Walking = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

/// A response that has begun before its answer.
pub struct Held {
    format: &'static dyn ClientFormat,
    walking: Option<Walking>,
    timer: Pin<Box<Sleep>>,
    watcher: Watcher,
}

/// What a held answer does next.
pub(super) enum Polled {
    Bytes(Poll<Option<Result<Bytes, BrokenOff>>>),
    /// A target answers: this takes its place.
    Becomes(Answer),
}

impl Held {
    /// Keeps a client of this format alive from now on; the first sign of life is due at once.
    pub fn new(format: &'static dyn ClientFormat, walking: Walking, watcher: Watcher) -> Self {
        let timer = Box::pin(tokio::time::sleep_until(Instant::now()));
        Self { format, walking: Some(walking), timer, watcher }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        let Some(walking) = &mut self.walking else { return Polled::Bytes(self.cut(cx)) };
        match walking.as_mut().poll(cx) {
            Poll::Ready(Ok(answer)) => Polled::Becomes(answer),
            Poll::Ready(Err(failure)) => Polled::Bytes(self.part(&failure)),
            Poll::Pending if self.watcher.cuts() => Polled::Bytes(self.part(&stopping())),
            Poll::Pending => Polled::Bytes(self.ping(cx)),
        }
    }

    /// The last thing the client hears.
    fn part(&mut self, failure: &Failure) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        self.walking = None;
        self.timer.as_mut().reset(Instant::now() + PARTING);
        Poll::Ready(Some(Ok(Bytes::from(self.format.error_event(failure)))))
    }

    fn ping(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        ready!(self.timer.as_mut().poll(cx));
        self.timer.as_mut().reset(Instant::now() + KEEPALIVE);
        Poll::Ready(Some(Ok(Bytes::from_static(self.format.keepalive()))))
    }

    /// The client has the error event; its connection is cut once that has left.
    fn cut(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

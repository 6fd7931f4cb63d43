//! A stream from an upstream to the client. It reads from the upstream only when the client takes
//! bytes, so nothing piles up; what has arrived together leaves together.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use routectl_core::{Class, Failure, Origin};
use routectl_wire::ClientFormat;
use tokio::time::{Instant, Sleep};

use super::BrokenOff;
use crate::record::Record;
use crate::relay::Relay;
use crate::server::{Backlog, Watcher};
use crate::target::Settling;

/// How long an upstream may be silent before the client gets a sign of life. Claude Code and Codex
/// give up after 300 s without a byte, proxies in between after 60. (facts: clients, section 2.4)
pub(super) const KEEPALIVE: Duration = Duration::from_secs(15);

/// How long a finished stream's connection may take to close before it is given up.
const LINGER: Duration = Duration::from_secs(1);

/// How long the last event has to leave before the connection is cut.
pub(super) const PARTING: Duration = Duration::from_millis(50);

/// What there is of a stream when its first content has come.
pub struct Begun {
    pub format: &'static dyn ClientFormat,
    /// The held head of the answer, from its preamble to its first content.
    pub first: Bytes,
    pub rest: Incoming,
    pub relay: Box<Relay>,
}

/// A committed stream.
pub struct Stream {
    format: &'static dyn ClientFormat,
    upstream: Incoming,
    relay: Box<Relay>,
    state: State,
    idle: Duration,
    /// When the upstream last sent something, and when the client last got something.
    heard: Instant,
    sent: Instant,
    /// When the answer was complete.
    ended: Option<Instant>,
    /// Whether the record has what the answer lost.
    tallied: bool,
    timer: Pin<Box<Sleep>>,
    record: Record,
    settling: Settling,
    around: Around,
}

/// What a stream has to know of the world around it.
pub struct Around {
    /// Whether its client lets bytes wait.
    pub backlog: Backlog,
    /// Whether the server is about to go.
    pub watcher: Watcher,
}

enum State {
    /// The held head of the answer, from its preamble to its first content.
    First(Bytes),
    Flowing,
    /// The client has its last event and is cut off next.
    Parting,
    Over,
}

/// What one look at the upstream gave.
enum Heard {
    Bytes(Bytes),
    End(Option<Bytes>),
    Failure(Failure),
}

impl Stream {
    /// A stream whose first content has come.
    pub fn new(
        opened: Begun,
        idle: Duration,
        record: Record,
        settling: Settling,
        around: Around,
    ) -> Self {
        let Begun { format, first, rest: upstream, relay } = opened;
        let now = Instant::now();
        let timer = Box::pin(tokio::time::sleep_until(now + KEEPALIVE.min(idle)));
        let state = State::First(first);
        Self {
            format,
            upstream,
            relay,
            state,
            idle,
            heard: now,
            sent: now,
            ended: None,
            tallied: false,
            timer,
            record,
            settling,
            around,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        match std::mem::replace(&mut self.state, State::Flowing) {
            State::First(bytes) => {
                self.state = self.state_after();
                Poll::Ready(Some(Ok(bytes)))
            }
            State::Flowing => self.flow(cx),
            State::Parting => {
                self.state = State::Parting;
                // A client that reads slowly has yet to get what came before the cut.
                loop {
                    ready!(self.timer.as_mut().poll(cx));
                    if !self.around.backlog.waits() {
                        break;
                    }
                    self.timer.as_mut().reset(Instant::now() + PARTING);
                }
                self.state = State::Over;
                Poll::Ready(Some(Err(BrokenOff)))
            }
            State::Over => {
                self.state = State::Over;
                Poll::Ready(None)
            }
        }
    }

    fn flow(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if self.ended.is_none() && self.around.watcher.cuts() {
            return Poll::Ready(Some(Ok(self.part(&stopping()))));
        }
        match self.listen(cx) {
            Poll::Ready(Heard::Bytes(bytes)) => {
                self.state = self.state_after();
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(Heard::End(rest)) => {
                self.state = self.state_after();
                if matches!(self.state, State::Flowing) {
                    self.state = State::Over;
                }
                match rest.filter(|rest| !rest.is_empty()) {
                    Some(rest) => Poll::Ready(Some(Ok(rest))),
                    None => self.poll(cx),
                }
            }
            // The answer is complete: what goes wrong after it is no failure of the answer.
            Poll::Ready(Heard::Failure(_)) if self.relay.ended() => {
                self.state = State::Over;
                Poll::Ready(None)
            }
            Poll::Ready(Heard::Failure(failure)) => Poll::Ready(Some(Ok(self.part(&failure)))),
            Poll::Pending => self.wait(cx),
        }
    }

    /// Reads until there is something for the client.
    fn listen(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            let frame = match ready!(Pin::new(&mut self.upstream).poll_frame(cx)) {
                None => return Poll::Ready(self.upstream_ended()),
                Some(Err(error)) => return Poll::Ready(Heard::Failure(cut(&error))),
                Some(Ok(frame)) => frame,
            };
            let Ok(bytes) = frame.into_data() else { continue };
            self.heard = Instant::now();
            match self.relay.push(&bytes) {
                Ok(Some(bytes)) => {
                    self.sent = self.heard;
                    self.record.counted(self.relay.usage());
                    return Poll::Ready(Heard::Bytes(bytes));
                }
                Ok(None) => {}
                Err(failure) => return Poll::Ready(Heard::Failure(failure)),
            }
        }
    }

    fn upstream_ended(&mut self) -> Heard {
        match self.relay.finish() {
            Ok(rest) => Heard::End(rest),
            Err(failure) => Heard::Failure(failure),
        }
    }

    /// The upstream is silent: for how long, and who has to hear of it.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if self.ended.is_some_and(|ended| now >= ended + LINGER) {
                self.state = State::Over;
                return Poll::Ready(None);
            }
            if now >= self.heard + self.idle {
                let what = format!("the upstream was silent for {} ms", self.idle.as_millis());
                let failure = Failure::new(Class::Timeout, Origin::Router, what);
                return Poll::Ready(Some(Ok(self.part(&failure))));
            }
            let due = now >= self.sent + KEEPALIVE;
            if due {
                self.sent = now;
            }
            let next = self.next_look();
            self.timer.as_mut().reset(next);
            if due && self.ended.is_none() {
                return Poll::Ready(Some(Ok(Bytes::from_static(self.format.keepalive()))));
            }
        }
    }

    fn next_look(&self) -> Instant {
        match self.ended {
            Some(ended) => ended + LINGER,
            None => (self.heard + self.idle).min(self.sent + KEEPALIVE),
        }
    }

    /// What follows the bytes that are on their way: more, a short wait for the end of the
    /// connection, or the cut when the upstream has told its own failure. A complete answer counts
    /// as one from here on: clients leave as soon as they have its last event.
    fn state_after(&mut self) -> State {
        if let Some(failure) = self.relay.told_failure().cloned() {
            self.broke(&failure);
            return State::Parting;
        }
        if self.relay.ended() && self.ended.is_none() {
            let now = Instant::now();
            self.ended = Some(now);
            self.tally();
            self.record.answered(200, self.relay.usage());
            self.settling.settle_well();
            self.timer.as_mut().reset(now + LINGER);
            if self.relay.lets_go() {
                return State::Over;
            }
        }
        State::Flowing
    }

    /// The last thing the client hears: why the answer broke.
    fn part(&mut self, failure: &Failure) -> Bytes {
        self.broke(failure);
        self.state = State::Parting;
        Bytes::from(self.format.error_event(failure))
    }

    /// Takes down what the answer lost, once.
    fn tally(&mut self) {
        if !std::mem::replace(&mut self.tallied, true) {
            self.record.lost(self.relay.losses());
        }
    }

    fn broke(&mut self, failure: &Failure) {
        let now = Instant::now();
        self.tally();
        self.record.broken(failure.class, self.relay.usage());
        self.settling.fail(failure, now.into_std());
        self.timer.as_mut().reset(now + PARTING);
    }
}

impl Drop for Stream {
    /// A client that leaves is told of nothing, but its line in the log is.
    fn drop(&mut self) {
        self.tally();
    }
}

/// Why streams end when the server does.
pub(super) fn stopping() -> Failure {
    Failure::new(Class::Overloaded, Origin::Router, "routectl is stopping; ask again")
}

fn cut(error: &hyper::Error) -> Failure {
    let message = format!("the upstream cut its stream: {error}");
    Failure::new(Class::Network, Origin::Upstream, message)
}

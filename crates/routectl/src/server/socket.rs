//! A client's socket with the write-stall clock: a client that stops reading is cut off, so that
//! it does not hold an upstream's stream for ever. And with a patient end: what a client is still
//! sending is taken in for a moment, since closing on it would take back the answer that it has
//! not read yet (RFC 9112, 9.6).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How long a client whose answer is complete may be quiet before its connection is closed: at
/// first, when it most likely has nothing left, and once it has shown that it is still sending.
/// And how long and how much it may go on.
const QUIET_AT_FIRST: Duration = Duration::from_millis(30);
const QUIET: Duration = Duration::from_millis(300);
const LINGER: Duration = Duration::from_secs(5);
const MAX_LEFTOVER: usize = 64 << 20;

/// A client's connection.
pub(super) struct Socket {
    io: TokioIo<TcpStream>,
    limit: Duration,
    /// Runs while bytes wait for the client; made when it first makes us wait.
    stalled: Option<Pin<Box<Sleep>>>,
    backlog: Backlog,
    leftover: Option<Leftover>,
}

/// Whether bytes wait for a client that does not read: shared with the answer that they are of.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<AtomicBool>);

impl Backlog {
    /// Whether bytes wait now.
    pub fn waits(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, waits: bool) {
        self.0.store(waits, Ordering::Relaxed);
    }
}

/// What a client still sends though its answer is complete.
struct Leftover {
    clock: Pin<Box<Sleep>>,
    end: Instant,
    taken: usize,
}

impl Socket {
    /// A connection whose client may let bytes wait for this long.
    pub(super) fn new(stream: TcpStream, limit: Duration, backlog: Backlog) -> Self {
        Self { io: TokioIo::new(stream), limit, stalled: None, backlog, leftover: None }
    }

    /// Takes in and forgets what still comes, until the client ends, falls quiet or goes too far.
    fn take_leftover(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let leftover = self.leftover.get_or_insert_with(|| Leftover {
            clock: Box::pin(tokio::time::sleep(QUIET_AT_FIRST)),
            end: Instant::now() + LINGER,
            taken: 0,
        });
        let mut scratch = [0; 16 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(self.io.inner_mut()).poll_read(cx, &mut buffer) {
                Poll::Pending => return leftover.clock.as_mut().poll(cx),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => {
                    let taken = buffer.filled().len();
                    leftover.taken += taken;
                    let now = Instant::now();
                    if taken == 0 || leftover.taken > MAX_LEFTOVER || now >= leftover.end {
                        return Poll::Ready(());
                    }
                    leftover.clock.as_mut().reset(now + QUIET);
                }
            }
        }
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                self.backlog.set(false);
            }
            return written;
        }
        if self.stalled.is_none() {
            self.backlog.set(true);
        }
        let limit = self.limit;
        let clock = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        match clock.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.leftover.is_none() {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        }
        self.take_leftover(cx).map(Ok)
    }
}

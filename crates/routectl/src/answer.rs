//! The body of a response: a whole answer, a stream from an upstream, or a client kept alive while
//! the walk goes on.

mod held;
mod stream;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

pub use held::{Held, Walking};
pub use stream::{Around, Begun, Stream};

/// What a client is answered with.
pub enum Answer {
    /// All of it.
    Whole(Option<Bytes>),
    /// As it comes from the upstream.
    Stream(Box<Stream>),
    /// Signs of life until a target answers.
    Held(Box<Held>),
}

/// The answer broke: the connection is cut, so that no client takes what it has for all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer broke off")]
pub struct BrokenOff;

impl Answer {
    /// A whole answer.
    pub fn whole(bytes: Bytes) -> Self {
        Self::Whole((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            let polled = match &mut *self {
                Self::Whole(bytes) => Poll::Ready(bytes.take().map(Ok)),
                Self::Stream(stream) => stream.poll(cx),
                Self::Held(held) => match held.poll(cx) {
                    held::Polled::Bytes(polled) => polled,
                    held::Polled::Becomes(answer) => {
                        *self = answer;
                        continue;
                    }
                },
            };
            return polled.map(|next| next.map(|bytes| bytes.map(Frame::data)));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(_) | Self::Held(_) => SizeHint::default(),
        }
    }
}

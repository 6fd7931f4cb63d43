//! A request body in pieces whose total length is known.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use routectl_wire::Spliced;

/// The pieces of a spliced body, sent one after the other under one `content-length`.
#[derive(Debug, Default)]
pub struct Body {
    pieces: VecDeque<Bytes>,
}

impl From<Spliced> for Body {
    fn from(spliced: Spliced) -> Self {
        Self { pieces: spliced.pieces().iter().cloned().collect() }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.pieces.iter().map(|piece| piece.len() as u64).sum())
    }
}

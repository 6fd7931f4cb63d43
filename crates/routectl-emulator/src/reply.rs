//! What a scripted host does with one request: a head, steps of a body, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// One answer, down to the way the connection is left.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// `None`: nothing that looks like HTTP is written at all.
    pub head: Option<Head>,
    pub framing: Framing,
    pub steps: Vec<Step>,
    pub end: End,
}

/// Status and headers, without the framing ones.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

/// How the body is delimited on HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `content-length`, whatever is really written.
    Sized(usize),
    Chunked,
    /// Bytes as they are, until the connection closes.
    UntilClose,
}

/// One act of writing a body.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// One chunk, one write.
    Write(Bytes),
    /// The same bytes in writes of one to seven bytes.
    Drip(Bytes),
    Pause(Duration),
    /// The chunks in one write, `times` over, with a pause after each write but the last.
    Beat {
        chunks: Arc<[Bytes]>,
        times: u32,
        pause: Duration,
    },
}

/// How the connection is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The body ends as HTTP wants it, and the connection stays.
    Clean,
    /// The connection closes without the body's end.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes until the peer leaves.
    Hold,
}

impl Head {
    pub(crate) fn new(status: u16, content_type: &str) -> Self {
        Self { status, headers: vec![("content-type".into(), content_type.into())] }
    }

    pub(crate) fn with(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

impl Reply {
    /// A whole body of known length.
    pub(crate) fn whole(head: Head, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let framing = Framing::Sized(body.len());
        Self { head: Some(head), framing, steps: vec![Step::Write(body)], end: End::Clean }
    }

    /// A chunked body, one chunk per step.
    pub(crate) fn chunked(head: Head, steps: Vec<Step>, end: End) -> Self {
        Self { head: Some(head), framing: Framing::Chunked, steps, end }
    }

    /// No HTTP at all: these bytes, then the end.
    pub(crate) fn raw(bytes: impl Into<Bytes>, end: End) -> Self {
        let steps = vec![Step::Write(bytes.into())];
        Self { head: None, framing: Framing::UntilClose, steps, end }
    }
}

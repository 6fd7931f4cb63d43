//! The same replies over HTTP/2 with prior knowledge: a stream is reset where an HTTP/1.1
//! connection would be closed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::Format;
use crate::host::Shared;
use crate::http1::Call;
use crate::record::{Fate, Ticket};
use crate::reply::{End, Head, Reply, Step};

/// How an HTTP/2 connection begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// A reset drops what was not yet sent, so it waits until the frames before it are on their way.
const BEFORE_RESET: Duration = Duration::from_millis(20);

/// Whether the peer speaks HTTP/2, by its first bytes.
pub(crate) async fn begins(stream: &TcpStream) -> bool {
    let mut first = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut first).await {
            Ok(seen @ 1..) => {
                let fresh = first.get(..seen).unwrap_or_default();
                if seen == PREFACE.len() || !PREFACE.starts_with(fresh) {
                    return fresh == PREFACE;
                }
                tokio::task::yield_now().await;
            }
            Ok(_) | Err(_) => return false,
        }
    }
}

/// Serves a connection until the peer leaves.
pub(crate) async fn serve(stream: TcpStream, format: Format, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, format, shared.clone()));
    let served = http2::Builder::new(TokioExecutor::new());
    // How a connection ends is the peer's business; what was asked is in the record.
    let _ = served.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    format: Format,
    shared: Arc<Shared>,
) -> Result<Response<Playing>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let target = head.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned();
    let call = Call { method: head.method, target, headers: head.headers, body };
    let (ticket, reply) = shared.take(format, call);
    let note = Note { shared, ticket, fate: Fate::ClientLeft };
    let Reply { head, steps, end, framing: _ } = reply;
    match head {
        Some(head) => {
            let mut steps = VecDeque::from(steps);
            if matches!(end, End::Close | End::Reset) {
                steps.push_back(Step::Pause(BEFORE_RESET));
            }
            response(head, Playing { steps, end, sleep: None, note })
        }
        None if end == End::Hold => match std::future::pending::<Infallible>().await {},
        None => {
            note.done();
            Err(io::Error::other("the script says no more"))
        }
    }
}

fn response(head: Head, body: Playing) -> Result<Response<Playing>, io::Error> {
    let mut response = Response::builder().status(head.status);
    for (name, value) in head.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

/// Notes the fate of a request, at the latest when it is dropped.
struct Note {
    shared: Arc<Shared>,
    ticket: Ticket,
    fate: Fate,
}

impl Note {
    fn done(mut self) {
        self.fate = Fate::Answered;
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        self.shared.ended(self.ticket, self.fate);
    }
}

/// A body that plays its steps.
struct Playing {
    steps: VecDeque<Step>,
    end: End,
    sleep: Option<Pin<Box<Sleep>>>,
    note: Note,
}

impl Playing {
    /// Takes the next bytes; a pause is left in `sleep`.
    fn next(&mut self) -> Option<Bytes> {
        match self.steps.pop_front()? {
            Step::Write(bytes) => Some(bytes),
            Step::Drip(mut bytes) => {
                let some = bytes.split_to(bytes.len().min(7));
                if !bytes.is_empty() {
                    self.steps.push_front(Step::Drip(bytes));
                }
                Some(some)
            }
            Step::Pause(pause) => {
                self.sleep = Some(Box::pin(tokio::time::sleep(pause)));
                Some(Bytes::new())
            }
            Step::Beat { chunks, times, pause } => {
                if times > 1 {
                    let chunks = chunks.clone();
                    self.steps.push_front(Step::Beat { chunks, times: times - 1, pause });
                    self.steps.push_front(Step::Pause(pause));
                }
                Some(chunks.concat().into())
            }
        }
    }
}

impl Body for Playing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(context));
                self.sleep = None;
            }
            match self.next() {
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => break,
            }
        }
        match self.end {
            // The peer's reset drops this body.
            End::Hold => Poll::Pending,
            End::Clean => {
                self.note.fate = Fate::Answered;
                Poll::Ready(None)
            }
            End::Close | End::Reset => {
                self.note.fate = Fate::Answered;
                Poll::Ready(Some(Err(io::Error::other("the script cuts here"))))
            }
        }
    }
}

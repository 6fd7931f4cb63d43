//! One keep-alive connection to a router, and the answer that every router must give.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Trouble;

/// The headers of OpenAI's Python SDK, besides those that hyper writes.
const HEADERS: [(&str, &str); 12] = [
    ("accept", "application/json"),
    ("accept-encoding", "identity"),
    ("authorization", "Bearer dummy"),
    ("content-type", "application/json"),
    ("user-agent", "OpenAI/Python 3.3.0"),
    ("x-stainless-arch", "x64"),
    ("x-stainless-async", "false"),
    ("x-stainless-lang", "python"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-package-version", "3.3.0"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-runtime", "CPython"),
];

/// A connection that is used for one request after another.
pub struct Connection {
    to: SocketAddr,
    requests: SendRequest<Full<Bytes>>,
    /// Moves the bytes; aborted when the connection is dropped.
    _driver: JoinSet<()>,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> Result<Self, Trouble> {
        let socket =
            TcpStream::connect(to).await.map_err(|e| format!("connecting to {to}: {e}"))?;
        socket.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(socket)).await?;
        let mut driver = JoinSet::new();
        // How a connection ended shows in the request that was on it.
        driver.spawn(async { drop(connection.await) });
        Ok(Self { to, requests, _driver: driver })
    }

    /// Sends a chat request; the answer's head must be a 200.
    pub async fn ask(&mut self, body: Bytes) -> Result<Response<Incoming>, Trouble> {
        let mut request = Request::post("/v1/chat/completions").header("host", self.to.to_string());
        for (name, value) in HEADERS {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let status = response.status();
        let words = response.into_body().collect().await?.to_bytes();
        let words = String::from_utf8_lossy(&words);
        Err(format!("{} answered {status}: {words}", self.to).into())
    }

    /// Asks and reads to the end; every byte must be the expected one.
    pub async fn exchange(&mut self, body: Bytes, expected: &Expected) -> Result<(), Trouble> {
        let mut answer = Answer::new(self.ask(body).await?, expected);
        while answer.more().await? {}
        Ok(())
    }

    /// Like [`Self::exchange`]; the time from the request to the first content.
    pub async fn first_content(
        &mut self,
        body: Bytes,
        expected: &Expected,
    ) -> Result<Duration, Trouble> {
        let start = Instant::now();
        let mut answer = Answer::new(self.ask(body).await?, expected);
        answer.until_content().await?;
        let waited = start.elapsed();
        while answer.more().await? {}
        Ok(waited)
    }
}

/// What the upstream answers when asked without anyone in between.
pub struct Expected {
    body: Bytes,
    /// Offset of the first event that has content.
    content_at: usize,
    /// Events that have content; none in a whole answer.
    pub chunks: usize,
}

impl Expected {
    pub async fn learn(upstream: SocketAddr, body: Bytes) -> Result<Self, Trouble> {
        let mut connection = Connection::open(upstream).await?;
        let answer = connection.ask(body).await?;
        Ok(Self::of(answer.into_body().collect().await?.to_bytes()))
    }

    fn of(body: Bytes) -> Self {
        let content = memmem::Finder::new(r#""content":""#);
        let (mut chunks, mut content_at, mut at) = (0, 0, 0);
        for event in events(&body) {
            let found = content.find(event).and_then(|i| event.get(i + content.needle().len()));
            if event.starts_with(b"data:") && found.is_some_and(|&letter| letter != b'"') {
                if chunks == 0 {
                    content_at = at;
                }
                chunks += 1;
            }
            at += event.len();
        }
        Self { body, content_at, chunks }
    }

    pub fn bytes(&self) -> usize {
        self.body.len()
    }
}

/// The events of an SSE body, each with the blank line that ends it.
fn events(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let end = memmem::find(rest, b"\n\n").map_or(rest.len(), |at| at + 2);
        let (event, after) = rest.split_at_checked(end)?;
        rest = after;
        (!event.is_empty()).then_some(event)
    })
}

/// An answer on its way, compared with the expected one while it arrives.
pub struct Answer<'a> {
    body: Incoming,
    expected: &'a Expected,
    at: usize,
}

impl<'a> Answer<'a> {
    pub fn new(response: Response<Incoming>, expected: &'a Expected) -> Self {
        Self { body: response.into_body(), expected, at: 0 }
    }

    /// Reads what comes next; false at the end, which must be where the expected answer ends.
    pub async fn more(&mut self) -> Result<bool, Trouble> {
        let whole = &self.expected.body;
        let Some(frame) = self.body.frame().await else {
            if self.at == whole.len() {
                return Ok(false);
            }
            return Err(
                format!("the answer ended after {} of {} bytes", self.at, whole.len()).into()
            );
        };
        let Ok(data) = frame?.into_data() else { return Ok(true) };
        if whole.get(self.at..self.at + data.len()) != Some(&data) {
            return Err(
                format!("the answer differs from the upstream's after byte {}", self.at).into()
            );
        }
        self.at += data.len();
        Ok(true)
    }

    pub async fn until_content(&mut self) -> Result<(), Trouble> {
        while self.at <= self.expected.content_at {
            if !self.more().await? {
                return Err("the answer has no content".into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_with_content_are_counted_and_the_first_is_found() {
        let role = "data: {\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}\n\n";
        let word = "data: {\"delta\":{\"content\":\"a\"}}\n\n";
        let body = format!("{role}{word}{word}data: [DONE]\n\n");
        let expected = Expected::of(Bytes::from(body));
        assert_eq!((expected.chunks, expected.content_at), (2, role.len()));
    }

    #[test]
    fn a_whole_answer_has_no_chunks() {
        let expected = Expected::of(Bytes::from_static(br#"{"message":{"content":"hello"}}"#));
        assert_eq!((expected.chunks, expected.content_at), (0, 0));
    }
}

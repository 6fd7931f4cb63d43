//! One keep-alive connection to a router, in the words of a vendor's SDK.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::answer::{Answer, Expected};
use crate::{Format, Trouble};

/// The headers of both vendors' Python SDKs, besides those that hyper writes.
const HEADERS: [(&str, &str); 9] = [
    ("accept", "application/json"),
    ("accept-encoding", "identity"),
    ("content-type", "application/json"),
    ("x-stainless-arch", "x64"),
    ("x-stainless-async", "false"),
    ("x-stainless-lang", "python"),
    ("x-stainless-os", "Linux"),
    ("x-stainless-retry-count", "0"),
    ("x-stainless-runtime", "CPython"),
];

/// The headers of one vendor's.
fn own_headers(format: Format) -> &'static [(&'static str, &'static str)] {
    match format {
        Format::Chat => &[
            ("authorization", "Bearer dummy"),
            ("user-agent", "OpenAI/Python 3.3.0"),
            ("x-stainless-package-version", "3.3.0"),
        ],
        Format::Messages => &[
            ("anthropic-version", "2023-06-01"),
            ("user-agent", "Anthropic/Python 0.90.0"),
            ("x-api-key", "dummy"),
            ("x-stainless-package-version", "0.90.0"),
        ],
    }
}

/// One request to one router, and the answer it must give.
#[derive(Clone)]
pub struct Job {
    pub format: Format,
    pub to: SocketAddr,
    pub body: Bytes,
    pub expected: Arc<Expected>,
}

/// A connection that is used for one request after another.
pub struct Connection {
    format: Format,
    to: SocketAddr,
    requests: SendRequest<Full<Bytes>>,
    /// Moves the bytes; aborted when the connection is dropped.
    _driver: JoinSet<()>,
}

impl Connection {
    pub async fn open(format: Format, to: SocketAddr) -> Result<Self, Trouble> {
        let socket =
            TcpStream::connect(to).await.map_err(|e| format!("connecting to {to}: {e}"))?;
        socket.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(socket)).await?;
        let mut driver = JoinSet::new();
        // How a connection ended shows in the request that was on it.
        driver.spawn(async { drop(connection.await) });
        Ok(Self { format, to, requests, _driver: driver })
    }

    /// Sends a request; the answer's head must be a 200.
    pub async fn ask(&mut self, body: Bytes) -> Result<Response<Incoming>, Trouble> {
        let mut request = Request::post(self.format.path()).header("host", self.to.to_string());
        for (name, value) in HEADERS.iter().chain(own_headers(self.format)) {
            request = request.header(*name, *value);
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

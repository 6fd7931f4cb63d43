//! HTTP/1.1 by hand: a server that may also break the protocol on purpose, at any byte.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::record::Fate;
use crate::reply::{End, Framing, Head, Reply, Step};

/// Longest request head we read.
const MAX_HEAD: usize = 1 << 20;
/// Bytes a peer may send ahead while it is being answered.
const MAX_AHEAD: usize = 64 << 10;

/// One request, body included.
pub(crate) struct Call {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A connection between requests.
pub(crate) struct Wire {
    stream: TcpStream,
    inbox: BytesMut,
}

/// What reading the next request came to.
pub(crate) enum Next {
    Call(Call),
    Gone,
    Malformed(&'static str),
}

struct Opening {
    method: Method,
    target: String,
    headers: HeaderMap,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, inbox: BytesMut::with_capacity(8 << 10) }
    }

    /// The next request, when it is there as a whole.
    pub(crate) async fn next(&mut self) -> Next {
        match self.read().await {
            Ok(Ok(call)) => Next::Call(call),
            Ok(Err(why)) => Next::Malformed(why),
            Err(_) => Next::Gone,
        }
    }

    async fn read(&mut self) -> io::Result<Result<Call, &'static str>> {
        let Some(length) = self.head_length().await? else { return Ok(Err("head too long")) };
        let head = self.inbox.split_to(length);
        let Some(Opening { method, target, headers }) = parse(&head) else {
            return Ok(Err("unreadable head"));
        };
        if headers.get("expect").is_some_and(|value| value == "100-continue") {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let Some(body) = self.body(&headers).await? else { return Ok(Err("unreadable body")) };
        Ok(Ok(Call { method, target, headers, body }))
    }

    async fn head_length(&mut self) -> io::Result<Option<usize>> {
        let mut seen = 0;
        loop {
            let fresh = self.inbox.get(seen..).unwrap_or_default();
            if let Some(at) = fresh.windows(4).position(|four| four == b"\r\n\r\n") {
                return Ok(Some(seen + at + 4));
            }
            if self.inbox.len() > MAX_HEAD {
                return Ok(None);
            }
            seen = self.inbox.len().saturating_sub(3);
            self.fill().await?;
        }
    }

    async fn body(&mut self, headers: &HeaderMap) -> io::Result<Option<Bytes>> {
        if headers.get("transfer-encoding").is_some() {
            return self.chunked_body().await;
        }
        let Some(length) = headers.get("content-length") else { return Ok(Some(Bytes::new())) };
        let Some(length) = length.to_str().ok().and_then(|text| text.parse().ok()) else {
            return Ok(None);
        };
        self.exactly(length).await.map(Some)
    }

    async fn chunked_body(&mut self) -> io::Result<Option<Bytes>> {
        let mut body = BytesMut::new();
        loop {
            let line = self.line().await?;
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let size = std::str::from_utf8(size).ok().map(str::trim);
            let Some(size) = size.and_then(|hex| usize::from_str_radix(hex, 16).ok()) else {
                return Ok(None);
            };
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(Some(body.freeze()));
            }
            body.extend_from_slice(&self.exactly(size).await?);
            self.line().await?;
        }
    }

    async fn line(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some(at) = self.inbox.windows(2).position(|two| two == b"\r\n") {
                let line = self.inbox.split_to(at).freeze();
                self.inbox.advance(2);
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Bytes> {
        while self.inbox.len() < length {
            self.inbox.reserve(length - self.inbox.len());
            self.fill().await?;
        }
        Ok(self.inbox.split_to(length).freeze())
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.inbox).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Plays the reply. Gives the connection back if another request may follow.
    pub(crate) async fn play(mut self, reply: &Reply, body: bool) -> (Fate, Option<Self>) {
        let (mut read, mut write) = self.stream.split();
        let fate = tokio::select! {
            biased;
            played = play(&mut write, reply, body) => match played {
                Ok(()) => Fate::Answered,
                Err(_) => Fate::ClientLeft,
            },
            () = peer_leaves(&mut read, &mut self.inbox) => Fate::ClientLeft,
        };
        if reply.end == End::Reset {
            // Without the option the close is an ordinary one, which is a fault as well.
            let _ = self.stream.set_zero_linger();
        }
        let stays = fate == Fate::Answered && reply.end == End::Clean;
        (fate, (stays && reply.framing != Framing::UntilClose).then_some(self))
    }
}

fn parse(head: &[u8]) -> Option<Opening> {
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n").filter(|line| !line.is_empty());
    let mut first = lines.next()?.split(' ');
    let method = first.next()?.parse().ok()?;
    let target = first.next()?.to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(Opening { method, target, headers })
}

/// Resolves when the peer closes or resets; what it sends ahead is kept.
async fn peer_leaves(read: &mut ReadHalf<'_>, inbox: &mut BytesMut) {
    while inbox.len() < MAX_AHEAD {
        if !matches!(read.read_buf(inbox).await, Ok(1..)) {
            return;
        }
    }
    std::future::pending().await
}

async fn play(write: &mut WriteHalf<'_>, reply: &Reply, body: bool) -> io::Result<()> {
    let mut out = Vec::with_capacity(1 << 10);
    if let Some(head) = &reply.head {
        put_head(&mut out, head, reply.framing);
    }
    for step in reply.steps.iter().take_while(|_| body) {
        act(write, &mut out, step, reply.framing).await?;
    }
    if reply.end == End::Clean && reply.framing == Framing::Chunked && body {
        out.extend_from_slice(b"0\r\n\r\n");
    }
    flush(write, &mut out).await?;
    if reply.end == End::Hold {
        std::future::pending::<()>().await;
    }
    Ok(())
}

async fn act(
    write: &mut WriteHalf<'_>,
    out: &mut Vec<u8>,
    step: &Step,
    framing: Framing,
) -> io::Result<()> {
    match step {
        Step::Write(bytes) => {
            put_chunk(out, bytes, framing);
            flush(write, out).await
        }
        Step::Drip(bytes) => {
            flush(write, out).await?;
            put_chunk(out, bytes, framing);
            drip(write, &std::mem::take(out)).await
        }
        Step::Pause(pause) => {
            flush(write, out).await?;
            tokio::time::sleep(*pause).await;
            Ok(())
        }
        Step::Beat { chunks, times, pause } => {
            flush(write, out).await?;
            for chunk in chunks.iter() {
                put_chunk(out, chunk, framing);
            }
            for beat in 0..*times {
                if beat > 0 && !pause.is_zero() {
                    tokio::time::sleep(*pause).await;
                }
                write.write_all(out).await?;
            }
            out.clear();
            Ok(())
        }
    }
}

/// Writes of 1, 2, … 7, 1, … bytes, with the reader let in between.
async fn drip(write: &mut WriteHalf<'_>, mut bytes: &[u8]) -> io::Result<()> {
    for size in (1..=7).cycle() {
        let Some((now, later)) = bytes.split_at_checked(size) else { break };
        write.write_all(now).await?;
        tokio::task::yield_now().await;
        bytes = later;
    }
    write.write_all(bytes).await
}

async fn flush(write: &mut WriteHalf<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    if !out.is_empty() {
        write.write_all(out).await?;
        out.clear();
    }
    Ok(())
}

fn put_chunk(out: &mut Vec<u8>, bytes: &[u8], framing: Framing) {
    if framing != Framing::Chunked {
        return out.extend_from_slice(bytes);
    }
    // An empty chunk would end the body.
    if !bytes.is_empty() {
        out.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
}

fn put_head(out: &mut Vec<u8>, head: &Head, framing: Framing) {
    let reason = http::StatusCode::from_u16(head.status).ok().and_then(|it| it.canonical_reason());
    let reason = reason.unwrap_or("Status");
    out.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", head.status).as_bytes());
    for (name, value) in &head.headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let framing = match framing {
        Framing::Sized(length) => format!("content-length: {length}\r\n\r\n"),
        Framing::Chunked => "transfer-encoding: chunked\r\n\r\n".to_owned(),
        Framing::UntilClose => "connection: close\r\n\r\n".to_owned(),
    };
    out.extend_from_slice(framing.as_bytes());
}

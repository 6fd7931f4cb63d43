//! A client that sees every byte, and how the connection ended.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Emulator, Format};

/// Only a broken host is silent for so long where an answer should end.
const TOO_LONG: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// `None` if there was no complete head.
    pub status: Option<u16>,
    pub headers: String,
    /// The body without its framing.
    pub body: Vec<u8>,
    pub end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As HTTP wants it.
    Proper,
    /// The connection closed too early.
    Closed,
    Reset,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(super) fn address(emulator: &Emulator, format: Format) -> String {
    let url = match format {
        Format::Chat => emulator.chat_base_url(),
        Format::Messages => emulator.messages_base_url(),
    };
    url.trim_start_matches("http://").trim_end_matches("/v1").to_owned()
}

pub(super) fn request(format: Format, body: &Value) -> String {
    let body = body.to_string();
    let (path, headers) = match format {
        Format::Chat => ("/v1/chat/completions", "authorization: Bearer key\r\n"),
        Format::Messages => ("/v1/messages", "x-api-key: key\r\nanthropic-version: 2023-06-01\r\n"),
    };
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Sends a request and waits for the end of the answer.
pub(super) async fn ask(emulator: &Emulator, format: Format, body: &Value) -> Answer {
    send(emulator, format, &request(format, body)).await
}

pub(super) async fn send(emulator: &Emulator, format: Format, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address(emulator, format)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read(&mut stream).await
}

/// Reads one answer, and not a byte more than it has where its end can be told.
pub(super) async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut end = None;
    loop {
        if let Some(answer) = whole(&bytes) {
            return answer;
        }
        if let Some(end) = end {
            return partial(&bytes, end);
        }
        let read = tokio::time::timeout(TOO_LONG, stream.read_buf(&mut bytes)).await;
        match read.expect("the answer ends") {
            Ok(0) => end = Some(End::Closed),
            Ok(_) => {}
            Err(_) => end = Some(End::Reset),
        }
    }
}

fn head(bytes: &[u8]) -> Option<(u16, String, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, head.to_lowercase(), &bytes[end..]))
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let (status, headers, rest) = head(bytes)?;
    let body = if headers.contains("transfer-encoding: chunked") {
        dechunked(rest).ok()?
    } else {
        let length = headers.split("content-length: ").nth(1)?.split('\r').next()?;
        let length: usize = length.parse().ok()?;
        (rest.len() >= length).then(|| rest.to_vec())?
    };
    Some(Answer { status: Some(status), headers, body, end: End::Proper })
}

fn partial(bytes: &[u8], end: End) -> Answer {
    let Some((status, headers, rest)) = head(bytes) else {
        return Answer { status: None, headers: String::new(), body: bytes.to_vec(), end };
    };
    let until_close = headers.contains("connection: close");
    let end = if until_close && end == End::Closed { End::Proper } else { end };
    let chunked = headers.contains("transfer-encoding: chunked");
    let body = if chunked { dechunked(rest).unwrap_or_else(|part| part) } else { rest.to_vec() };
    Answer { status: Some(status), headers, body, end }
}

/// The body, or as much of it as is there.
fn dechunked(mut bytes: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let Some(at) = bytes.windows(2).position(|two| two == b"\r\n") else { return Err(body) };
        let size = std::str::from_utf8(&bytes[..at]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        bytes = &bytes[at + 2..];
        if bytes.len() < size + 2 {
            body.extend_from_slice(&bytes[..size.min(bytes.len())]);
            return Err(body);
        }
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&bytes[..size]);
        bytes = &bytes[size + 2..];
    }
}

/// The payloads of the events of a stream, read as the standard says.
pub(super) fn payloads(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    let mut payloads = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        if let Some(rest) = line.strip_prefix("data:") {
            lines.push(rest.strip_prefix(' ').unwrap_or(rest).to_owned());
        } else if line.is_empty() && !lines.is_empty() {
            payloads.push(std::mem::take(&mut lines).join("\n"));
        }
    }
    payloads.extend((!lines.is_empty()).then(|| lines.join("\n")));
    payloads
}

/// All text that a stream's deltas add up to, thoughts aside.
pub(super) fn text_of(stream: &[u8]) -> String {
    let events = payloads(stream);
    let events = events.iter().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let pointers = ["/choices/0/delta/content", "/delta/text"];
    let text = |event: &Value| {
        let found = pointers.iter().find_map(|at| event.pointer(at).and_then(Value::as_str));
        found.unwrap_or_default().to_owned()
    };
    events.map(|event| text(&event)).collect()
}

//! One prompt to a running router, its answer shown as it comes: what `test` and `demo` share.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body_util::BodyExt as _;
use hyper_util::client::proxy::matcher::Matcher;
use routectl_core::{Delta, Event, Failure};
use routectl_providers::{ConnectLimit, Transport, Trust};
use routectl_wire::framing::sse::{self, Cutter};
use routectl_wire::{ClientFormat, Decoder, MESSAGES, Spliced};
use serde::Serialize;

use crate::walk::{ATTEMPTS, MODEL, PROVIDER};

/// Enough for an answer to a test; small enough to cost little.
const MAX_TOKENS: u32 = 1_024;

/// One prompt for one model.
pub struct Question<'a> {
    pub router: SocketAddr,
    pub format: &'static dyn ClientFormat,
    pub model: &'a str,
    pub prompt: &'a str,
}

/// Both formats spell a plain prompt alike.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// Why there is no answer to show.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("the request cannot be written: {0}")]
    Request(String),
    #[error("{0}")]
    Unreachable(String),
    #[error("the answer broke off: {0}")]
    BrokenOff(String),
    #[error("{status}: {body}")]
    Refused { status: u16, body: String },
    #[error("cannot print: {0}")]
    Output(#[from] io::Error),
}

impl Question<'_> {
    /// Sends the prompt, streamed; writes the text as it comes, then the hops.
    ///
    /// # Errors
    /// When there is no answer, or it breaks off.
    pub async fn ask(&self, out: &mut impl Write) -> Result<(), NoAnswer> {
        let limit = ConnectLimit::new(Duration::from_secs(5));
        let none = Arc::new(Matcher::builder().build());
        let transport = Transport::new(Arc::new(Trust::default()), limit, none);
        let answer = transport
            .send(self.request()?, None)
            .await
            .map_err(|failure: Failure| NoAnswer::Unreachable(failure.to_string()))?;
        let (head, mut body) = answer.into_parts();
        if !head.status.is_success() {
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            write_hops(&head.headers, out)?;
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(NoAnswer::Refused { status: head.status.as_u16(), body });
        }
        let mut shown = Shown { cutter: Cutter::default(), decoder: self.format.decoder() };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| NoAnswer::BrokenOff(error.to_string()))?;
            if let Ok(bytes) = frame.into_data() {
                shown.write(&bytes, out)?;
            }
        }
        writeln!(out)?;
        write_hops(&head.headers, out)?;
        Ok(())
    }

    fn request(&self) -> Result<Request<Spliced>, NoAnswer> {
        let messages = self.format.name() == MESSAGES.name();
        let path = if messages { "/v1/messages" } else { "/v1/chat/completions" };
        let body = Body {
            model: self.model,
            stream: true,
            max_tokens: messages.then_some(MAX_TOKENS),
            messages: [Message { role: "user", content: self.prompt }],
        };
        let body =
            serde_json::to_vec(&body).map_err(|error| NoAnswer::Request(error.to_string()))?;
        let uri = format!("http://{}{path}", self.router);
        let uri = uri.parse::<Uri>().map_err(|error| NoAnswer::Request(error.to_string()))?;
        let mut request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .body(Spliced::from(Bytes::from(body)))
            .map_err(|error| NoAnswer::Request(error.to_string()))?;
        if messages {
            let version = HeaderValue::from_static("2023-06-01");
            request.headers_mut().insert("anthropic-version", version);
        }
        Ok(request)
    }
}

/// What a reader at a terminal sees of a stream.
struct Shown {
    cutter: Cutter,
    decoder: Box<dyn Decoder>,
}

impl Shown {
    fn write(&mut self, bytes: &Bytes, out: &mut impl Write) -> Result<(), NoAnswer> {
        let broken = |why: String| NoAnswer::BrokenOff(why);
        let events = self.cutter.push(bytes).map_err(|error| broken(error.to_string()))?;
        let mut seen = Vec::new();
        for frame in sse::frames(&events.unwrap_or_default()) {
            self.decoder.frame(&frame, &mut seen).map_err(|error| broken(error.to_string()))?;
        }
        for event in seen {
            match event {
                Event::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } => {
                    out.write_all(text.as_bytes())?;
                    out.flush()?;
                }
                Event::Failed(failure) => return Err(broken(failure.to_string())),
                Event::Delta { .. }
                | Event::Start(_)
                | Event::Open { .. }
                | Event::Close { .. }
                | Event::Usage(_)
                | Event::Stop(_)
                | Event::End
                | Event::Alive
                | Event::Opaque(_) => {}
            }
        }
        Ok(())
    }
}

fn write_hops(headers: &HeaderMap, out: &mut impl Write) -> io::Result<()> {
    let text =
        |name: HeaderName| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(hops) = text(ATTEMPTS) {
        writeln!(out, "  hops: {hops}")?;
    }
    if let (Some(model), Some(provider)) = (text(MODEL), text(PROVIDER)) {
        writeln!(out, "  served by: {model} on {provider}")?;
    }
    Ok(())
}

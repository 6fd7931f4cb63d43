//! Room 2, parse: bytes → `Inbound { format, document, … }`; else a 4xx in the client's words.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use http::request::Parts;
use http_body::Body;
use http_body_util::BodyExt as _;
use routectl_core::{Class, Failure, Origin};
use routectl_wire::{BadBody, ClientFormat, Document};

use super::{Backlog, encoding};
use crate::inbound::Inbound;

/// How long a client may fall silent while it sends its body.
const BODY_SILENCE: Duration = Duration::from_secs(60);

/// Reads a request whole.
///
/// # Errors
/// Whatever is wrong with it, with its place.
pub(super) async fn inbound<B>(
    format: &'static dyn ClientFormat,
    head: Parts,
    body: B,
    limit: usize,
    backlog: Backlog,
) -> Result<Inbound, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let body = read(&head.headers, body, limit).await?;
    let body = match encodings(&head.headers) {
        None => body,
        Some(encodings) => encoding::decode(body, &encodings?, limit)?,
    };
    let query = head.uri.query().map(str::to_owned);
    read_whole(format, (head.headers, query), body, backlog)
}

/// A request that is all there.
///
/// # Errors
/// Whatever is wrong with it, with its place.
pub fn read_whole(
    format: &'static dyn ClientFormat,
    (headers, query): (HeaderMap, Option<String>),
    body: Bytes,
    backlog: Backlog,
) -> Result<Inbound, Failure> {
    let document = Document::parse(body).map_err(|error| bad_body(&error))?;
    let model = model(&document)?;
    let streamed = streamed(&document)?;
    Ok(Inbound {
        format,
        document,
        model,
        streamed,
        headers,
        backlog,
        query,
        created: seconds_now(),
        hub: OnceLock::new(),
        recall: None,
    })
}

/// Seconds since 1970.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn read<B>(headers: &HeaderMap, mut body: B, limit: usize) -> Result<Bytes, Failure>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let announced = announced(headers);
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(BODY_SILENCE, body.frame()).await;
        let Some(frame) = frame.map_err(|_| too_slow())? else { return Ok(whole.freeze()) };
        let frame = frame.map_err(|error| incomplete(&error.to_string()))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if whole.len() + bytes.len() > limit {
            return Err(too_large(limit));
        }
        if whole.is_empty() {
            // Small bodies arrive in one piece: shared with the connection's buffer, not copied.
            if announced == Some(bytes.len()) {
                return Ok(bytes);
            }
            whole.reserve(announced.unwrap_or(0));
        }
        whole.extend_from_slice(&bytes);
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// All content encodings in the order in which they were applied; none is the rule.
fn encodings(headers: &HeaderMap) -> Option<Result<String, Failure>> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter().peekable();
    values.peek()?;
    let texts: Result<Vec<&str>, _> = values.map(|value| value.to_str()).collect();
    Some(texts.map(|texts| texts.join(",")).map_err(|_| bad("content-encoding is not text", None)))
}

fn model(document: &Document) -> Result<String, Failure> {
    match document.count("model") {
        0 => return Err(bad("model: field required", Some("model"))),
        1 => {}
        _ => return Err(bad("model: the member stands more than once", Some("model"))),
    }
    match document.text("model") {
        Some(model) if !model.is_empty() => Ok(model.into_owned()),
        Some(_) => Err(bad("model: must not be empty", Some("model"))),
        None => Err(bad("model: must be a string", Some("model"))),
    }
}

fn streamed(document: &Document) -> Result<bool, Failure> {
    match document.get("stream") {
        None | Some(b"false" | b"null") => Ok(false),
        Some(b"true") => Ok(true),
        Some(_) => Err(bad("stream: must be true or false", Some("stream"))),
    }
}

fn bad_body(error: &BadBody) -> Failure {
    bad(&error.to_string(), None)
}

fn bad(message: &str, param: Option<&str>) -> Failure {
    let mut failure = Failure::new(Class::BadRequest, Origin::Client, message);
    failure.words.param = param.map(str::to_owned);
    failure
}

/// A body over the limit.
pub(super) fn too_large(limit: usize) -> Failure {
    let message = format!("the body is larger than {limit} bytes; see server.max_body_bytes");
    with_status(413, &message)
}

fn too_slow() -> Failure {
    let message = format!("the body stopped coming for {} s", BODY_SILENCE.as_secs());
    with_status(408, &message)
}

fn incomplete(why: &str) -> Failure {
    bad(&format!("the body is incomplete: {why}"), None)
}

fn with_status(status: u16, message: &str) -> Failure {
    let mut failure = bad(message, None);
    failure.status = Some(status);
    failure
}

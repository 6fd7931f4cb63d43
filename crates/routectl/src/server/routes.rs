//! Which path is served by what, and room 3, route: model name → alias → chain of targets, on one
//! config snapshot.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN, VARY};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use routectl_core::{Class, Failure, Origin, Usage};
use routectl_policy::{Chain, Place, Terms, Unknown};
use routectl_wire::{CHAT, ClientFormat, MESSAGES};

use super::{Backlog, Watcher, Worker, listing, parse};
use crate::answer::{Answer, Held};
use crate::inbound::Inbound;
use crate::record::{Record, RequestId};
use crate::rescue::Rescue;
use crate::snapshot::Snapshot;
use crate::walk::{Driver, Outcome};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where Anthropic's SDKs look for the id of a request.
const ANTHROPICS_ID: HeaderName = HeaderName::from_static("request-id");
const ALIAS: HeaderName = HeaderName::from_static("x-routectl-alias");
const DISABLE_FALLBACKS: HeaderName = HeaderName::from_static("x-routectl-disable-fallbacks");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");

/// Longest request id of a client's that is taken over.
const MAX_ID: usize = 128;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    Inference(&'static str),
    Models,
    Model(String),
    Health,
    /// What clients send to warm a connection or to see who is there.
    Probe,
    Unknown,
}

/// Answers one request.
pub(super) async fn serve(
    worker: Arc<Worker>,
    request: Request<Incoming>,
    backlog: Backlog,
) -> Response<Answer> {
    let id = request_id(request.headers());
    let origin = request.headers().get(ORIGIN).cloned();
    let messages = route(request.uri().path()) == Route::Inference(MESSAGES.name());
    let snapshot = worker.app.snapshot();
    let mut response =
        dispatch(worker, Arc::clone(&snapshot), request, (id.clone(), backlog)).await;
    let headers = response.headers_mut();
    if messages && !headers.contains_key(ANTHROPICS_ID) {
        headers.insert(ANTHROPICS_ID, id.0.clone());
    }
    headers.insert(REQUEST_ID, id.0);
    if let Some(origin) = origin
        .filter(|origin| origin.to_str().is_ok_and(|origin| snapshot.sources.allows_origin(origin)))
    {
        headers.insert("access-control-allow-origin", origin);
        headers.insert(VARY, HeaderValue::from_static("origin"));
    }
    response
}

async fn dispatch(
    worker: Arc<Worker>,
    snapshot: Arc<Snapshot>,
    request: Request<Incoming>,
    (id, backlog): (RequestId, Backlog),
) -> Response<Answer> {
    let route = route(request.uri().path());
    let format = spoken(&route, request.headers());
    let door =
        Door { format, id, backlog, method: request.method().clone(), uri: request.uri().clone() };
    let refuse = |failure: Failure| door.turn_away(failure);
    if let Err(failure) = snapshot.sources.check(request.headers()) {
        return refuse(failure);
    }
    if request.method() == Method::OPTIONS {
        return preflight(request.headers());
    }
    if route != Route::Health
        && let Err(failure) = worker.app.tokens.check(request.headers())
    {
        return refuse(failure);
    }
    if let Some(allowed) = wrong_method(&route, request.method()) {
        return door.wrong_method(allowed);
    }
    match route {
        // Boxed: what it needs is given back as soon as the answer begins.
        Route::Inference(_) => Box::pin(infer(worker, snapshot, request, door)).await,
        Route::Models => json(listing::all(&snapshot)),
        Route::Model(name) => match listing::one(&snapshot, &name) {
            Some(body) => json(body),
            None => refuse(not_found(format!("model: {name}"))),
        },
        Route::Health => json(br#"{"status":"ok"}"#.to_vec()),
        Route::Probe => Response::new(Answer::whole(Bytes::new())),
        Route::Unknown => {
            refuse(not_found(format!("no route {} {}", request.method(), request.uri().path())))
        }
    }
}

fn route(path: &str) -> Route {
    match path {
        "/v1/chat/completions" => Route::Inference(CHAT.name()),
        "/v1/messages" => Route::Inference(MESSAGES.name()),
        "/v1/models" => Route::Models,
        "/health" => Route::Health,
        // Claude Code warms its connection with a HEAD. (facts: clients, section 2.1)
        "/" | "/api/hello" => Route::Probe,
        other => match other.strip_prefix("/v1/models/") {
            Some(name) if !name.is_empty() => Route::Model(decoded(name)),
            _ => Route::Unknown,
        },
    }
}

/// A path segment without its percent encoding.
fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The format in which a client is spoken to. Clients are told apart by path and by
/// `anthropic-version`, never by how they show a key: both vendors' SDKs send bearers.
fn spoken(route: &Route, headers: &HeaderMap) -> &'static dyn ClientFormat {
    let messages = match route {
        Route::Inference(name) => *name == MESSAGES.name(),
        Route::Unknown | Route::Models | Route::Model(_) | Route::Health | Route::Probe => {
            headers.contains_key(ANTHROPIC_VERSION)
        }
    };
    if messages { MESSAGES } else { CHAT }
}

/// The methods a route has, when this is none of them.
fn wrong_method(route: &Route, method: &Method) -> Option<&'static str> {
    let (allowed, fits) = match route {
        Route::Inference(_) => ("POST", method == Method::POST),
        Route::Models | Route::Model(_) | Route::Health | Route::Probe => {
            ("GET, HEAD", method == Method::GET || method == Method::HEAD)
        }
        Route::Unknown => return None,
    };
    (!fits).then_some(allowed)
}

/// The client's own id, if it is short and plain, else a new one.
fn request_id(headers: &HeaderMap) -> RequestId {
    let plain = |value: &&HeaderValue| {
        !value.is_empty()
            && value.len() <= MAX_ID
            && value.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    RequestId(headers.get(REQUEST_ID).filter(plain).cloned().unwrap_or_else(|| {
        let text = format!("req_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("req_0"))
    }))
}

/// Where requests are turned away that never get to walk; each leaves its line in the log.
struct Door {
    format: &'static dyn ClientFormat,
    id: RequestId,
    backlog: Backlog,
    method: Method,
    uri: Uri,
}

impl Door {
    fn turn_away(&self, failure: Failure) -> Response<Answer> {
        let rescue = Rescue::from(failure);
        tracing::info!(
            target: "routectl::request", id = self.id.as_str(),
            "{} {} → {} {}: {}", self.method, self.uri.path(), rescue.status().as_u16(),
            rescue.failure.class, rescue.failure.words.message
        );
        rescue.response(self.format)
    }

    fn wrong_method(&self, allowed: &'static str) -> Response<Answer> {
        let message = format!("this route takes {allowed}");
        let mut failure = Failure::new(Class::BadRequest, Origin::Client, message);
        failure.status = Some(405);
        let mut response = self.turn_away(failure);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        response
    }
}

async fn infer(
    worker: Arc<Worker>,
    snapshot: Arc<Snapshot>,
    request: Request<Incoming>,
    door: Door,
) -> Response<Answer> {
    let format = door.format;
    let (head, body) = request.into_parts();
    let settings = &snapshot.config.server;
    let most = usize::try_from(settings.max_body_bytes).unwrap_or(usize::MAX);
    let inbound = match parse::inbound(format, head, body, most, door.backlog.clone()).await {
        Ok(inbound) => inbound,
        Err(failure) => return door.turn_away(failure),
    };
    let alias = inbound.headers.get(&ALIAS).and_then(|value| value.to_str().ok());
    let chain = match snapshot.routes.chain(&inbound.model, alias) {
        Ok(chain) => chain,
        Err(unknown) => return door.turn_away(unknown_model(&unknown)),
    };
    let terms = Terms {
        probe: snapshot.rules.is_probe(format.max_tokens(&inbound.document)),
        fallbacks: !(settings.allow_disable_fallbacks && asks(&inbound, &DISABLE_FALLBACKS)),
    };
    walk(worker, snapshot, &chain, terms, inbound, door.id).await
}

/// Whether the client sent this header with a `1`.
fn asks(inbound: &Inbound, header: &HeaderName) -> bool {
    inbound.headers.get(header).is_some_and(|value| value == "1" || value == "true")
}

async fn walk(
    worker: Arc<Worker>,
    snapshot: Arc<Snapshot>,
    chain: &Chain,
    terms: Terms,
    inbound: Inbound,
    id: RequestId,
) -> Response<Answer> {
    let (format, streamed) = (inbound.format, inbound.streamed);
    let hold_after = worker.app.hold_after();
    let record = Record::new(id, format.name(), &inbound.model, chain.alias.clone(), streamed);
    let watcher = worker.watcher.clone();
    let driver = Driver::new(worker, snapshot, chain, terms, inbound, record);
    if !streamed {
        return driver.run().await.response(format);
    }
    let mut walking = Box::pin(driver.run());
    match tokio::time::timeout(hold_after, &mut walking).await {
        Ok(outcome) => outcome.response(format),
        Err(_) => hold(format, walking, watcher),
    }
}

/// The answer begins before a target has answered: the client is kept alive meanwhile.
fn hold(
    format: &'static dyn ClientFormat,
    walking: std::pin::Pin<Box<impl Future<Output = Outcome> + Send + 'static>>,
    watcher: Watcher,
) -> Response<Answer> {
    let answer = Box::pin(async move {
        match walking.await {
            Outcome::Answered { answer, .. } => Ok(answer),
            Outcome::Refused { rescue, mut record, .. } => {
                record.broken(rescue.failure.class, Usage::default());
                Err(rescue.failure)
            }
        }
    });
    let mut response = Response::new(Answer::Held(Box::new(Held::new(format, answer, watcher))));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert("cache-control", HeaderValue::from_static("no-cache"));
    response
}

fn unknown_model(unknown: &Unknown) -> Failure {
    let place = match unknown.place {
        Place::Model => "model",
        Place::Header => "x-routectl-alias",
    };
    let nearest = match unknown.nearest.as_slice() {
        [] => String::new(),
        names => format!(". The nearest names are {}", names.join(", ")),
    };
    let mut failure = not_found(format!("{place}: nothing serves {:?}{nearest}", unknown.asked));
    failure.words.param = Some(place.to_owned());
    failure
}

fn not_found(message: String) -> Failure {
    let mut failure = Failure::new(Class::ModelMissing, Origin::Client, message);
    failure.status = Some(404);
    failure
}

/// A browser asks before it sends; the guard has let its origin through.
fn preflight(asked: &HeaderMap) -> Response<Answer> {
    let mut response = Response::new(Answer::whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert("access-control-allow-methods", HeaderValue::from_static("GET, POST"));
    headers.insert("access-control-max-age", HeaderValue::from_static("600"));
    if let Some(wanted) = asked.get("access-control-request-headers") {
        headers.insert("access-control-allow-headers", wanted.clone());
    }
    response
}

fn json(body: Vec<u8>) -> Response<Answer> {
    let mut response = Response::new(Answer::whole(body.into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

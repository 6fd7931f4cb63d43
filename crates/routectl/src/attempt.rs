//! Rooms 5 and 6, prepare and send: one attempt at one target, up to its first content.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{AGE, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use routectl_core::{Class, Dialect, Failure, Loss, Origin, Usage};
use routectl_providers::{Credential, Denial, Provider, Signing, Transport, digest, headers};
use routectl_wire::formats::chat::rewrite::Rewrite;
use routectl_wire::{CHAT, Format, Framing, Spliced, refusal};
use tokio::time::{Instant, timeout};

use crate::affinity::Follower;
use crate::config::Log;
use crate::imitations::Notary;
use crate::inbound::Inbound;
use crate::memory::Keeper;
use crate::prepare::{self, Lane, Translation};
use crate::relay::{Listeners, Overhearing, Relay, Telling, read_whole};
use crate::rescue::{self, Rescue, Verbatim};
use crate::scrub;
use crate::target::{Target, Upstream};
use crate::trace;

/// Most of an error body that is read. More is a page, not a message.
const MAX_REFUSAL: usize = 64 << 10;

/// Largest whole answer that is held for reading: base64 audio and images run to tens of MiB.
const MAX_ANSWER: usize = 128 << 20;

/// How long an upstream may be silent over an answer in one piece, unless `request_timeout_ms` ends
/// the attempt before: as long as the official SDKs wait. (facts: clients, section 8)
const WHOLE_SILENCE: Duration = Duration::from_secs(600);

/// An answer that has begun.
pub enum Opened {
    /// All of it, read and found good.
    Whole {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        usage: Usage,
        /// What the client's format could not say of it.
        losses: Vec<Loss>,
    },
    /// Its first content, with more to come.
    Streamed {
        status: StatusCode,
        headers: HeaderMap,
        first: Bytes,
        rest: Incoming,
        relay: Box<Relay>,
    },
}

impl Opened {
    /// The same without the credential, should the upstream say it back beside its content.
    fn without(mut self, credential: Credential) -> Self {
        match &mut self {
            Self::Whole { headers, .. } => scrub::headers(headers, &credential),
            Self::Streamed { headers, first, relay, .. } => {
                scrub::headers(headers, &credential);
                if relay.told_failure().is_some() {
                    *first = scrub::bytes(first, &credential);
                }
                relay.keep(credential);
            }
        }
        self
    }
}

/// One try at one target.
pub struct Attempt<'a> {
    pub target: &'a Target,
    pub lane: &'a Lane,
    pub inbound: &'a Inbound,
    pub transport: &'a Transport,
    /// What may be told of the wire.
    pub log: &'a Log,
    /// Who hears which tools the target calls.
    pub follower: Option<Follower>,
    /// Who keeps what the target thinks.
    pub keeper: Option<Keeper>,
    /// Who takes note of what it signs.
    pub notary: Option<Notary>,
}

impl Attempt<'_> {
    /// Sends the request and waits for the first content of a stream, or for the whole answer.
    ///
    /// # Errors
    /// Whatever goes wrong before the client has seen anything.
    pub async fn open(&self) -> Result<Opened, Box<Rescue>> {
        let Upstream::Served { provider, credential } = &self.target.upstream else {
            return Err(no_upstream().into());
        };
        let source = credential;
        let now = Instant::now().into_std();
        let current = source.current(&provider.account().name, &self.target.model, now);
        // Some sources have to ask somebody first, and may be kept waiting as any host may.
        let mut shown = within(self.patience(), "credential", async { Ok(current.await?) }).await?;
        let signed = provider.clock(SystemTime::now());
        let mut opened = self.with(&**provider, &shown, signed).await;
        // A credential can have run out since it was read. Once, since a new one that is denied
        // too is no better than the old one.
        if let Err(rescue) = &opened
            && rescue.failure.class == Class::Auth
            && rescue.failure.origin == Origin::Upstream
        {
            let (failure, clock) = (&rescue.failure, rescue.clock);
            let denial = Denial { credential: &shown, failure, signed, clock };
            let renewed = Box::pin(source.renewed(denial));
            let renewed = within(self.patience(), "credential", async { Ok(renewed.await) }).await;
            if let Ok(Some(renewed)) = renewed {
                shown = renewed;
                let signed = provider.clock(SystemTime::now());
                opened = Box::pin(self.with(&**provider, &shown, signed)).await;
            }
        }
        match opened {
            Ok(opened) => Ok(opened.without(shown)),
            Err(mut rescue) => {
                scrub::rescue(&mut rescue, &shown);
                let foreign =
                    matches!(self.lane, Lane::Translated(_)) || !provider.refuses_in_format();
                // Told by a status or inside a 200: it is the same in the client's format.
                if foreign && rescue.verbatim.is_none() && rescue.failure.origin == Origin::Upstream
                {
                    rescue.abroad = Some(rescue::abroad(self.inbound.format, &rescue.failure));
                }
                Err(rescue)
            }
        }
    }

    /// For how long something that has to come before the answer may keep it waiting.
    fn patience(&self) -> Option<Duration> {
        let clocks = self.target.clocks;
        if self.inbound.streamed { Some(clocks.first_content) } else { clocks.whole }
    }

    /// Asks with this credential, at this time of the upstream's.
    async fn with(
        &self,
        provider: &dyn Provider,
        credential: &Credential,
        now: SystemTime,
    ) -> Result<Opened, Box<Rescue>> {
        let speaker = (provider, credential);
        let mut request = prepare::request(self.inbound, self.lane, self.target, speaker)?;
        if provider.signs(credential) {
            let digest = digest::of(request.body()).await;
            let model = &self.target.model;
            provider.sign(&mut request, &Signing { model, credential, digest: &digest, now })?;
        }
        trace::outbound(self.log, &request);
        self.ask(provider, request).await
    }

    async fn ask(
        &self,
        provider: &dyn Provider,
        request: Request<Spliced>,
    ) -> Result<Opened, Box<Rescue>> {
        let clocks = self.target.clocks;
        // Boxed, like the rare ways below: futures hold their largest path inline.
        let sending = Box::pin(self.transport.send(request, provider.account().proxy.as_deref()));
        match self.lane {
            _ if self.inbound.streamed => {
                within(Some(clocks.first_content), "first content", async {
                    self.first_content(provider, sending.await?).await
                })
                .await
            }
            Lane::Native(_) => within(clocks.whole, "answer", self.whole(provider, sending)).await,
            Lane::Translated(translation) => {
                let folded = Box::pin(self.folded(provider, translation, sending));
                within(clocks.whole, "answer", folded).await
            }
        }
    }

    /// The whole answer of a request that does not stream. Its head comes when the model is done,
    /// so the clocks of streams are not for it.
    async fn whole(
        &self,
        provider: &dyn Provider,
        sending: impl Future<Output = Result<Response<Incoming>, Failure>>,
    ) -> Result<Opened, Box<Rescue>> {
        let answer = within(Some(WHOLE_SILENCE), "answer", async { Ok(sending.await?) }).await?;
        let answer = self.accepted(provider, answer).await?;
        let (head, body) = answer.into_parts();
        let mut body = collect(body, length(&head.headers), MAX_ANSWER, WHOLE_SILENCE).await?;
        let (mut losses, mut listeners) = (Vec::new(), self.listeners());
        if let Some(mut rewrite) = self.rewrite(provider) {
            if rewrite.is_silent() {
                let listeners = std::mem::take(&mut listeners);
                Overhearing::whole(provider.format(), rewrite.tags(), listeners).hear_all(&body);
            }
            body = rewrite.whole(&body).unwrap_or(body);
            losses.extend_from_slice(rewrite.losses());
        }
        let usage = read_whole(provider.format(), &body, listeners)?;
        let body = match self.lane {
            Lane::Native(fit) if !fit.applied.is_nothing() => fit.applied.told_in(body),
            Lane::Native(_) | Lane::Translated(_) => body,
        };
        let headers = answer_headers(&head.headers, "application/json");
        Ok(Opened::Whole { status: head.status, headers, body, usage, losses })
    }

    /// The whole answer, put together from a stream: upstreams are always asked for one on the
    /// translated lane, since a long answer in one piece is cut by what stands in between. What
    /// breaks at any point can still be answered by another target.
    async fn folded(
        &self,
        provider: &dyn Provider,
        translation: &Translation,
        sending: impl Future<Output = Result<Response<Incoming>, Failure>>,
    ) -> Result<Opened, Box<Rescue>> {
        let clocks = self.target.clocks;
        let first = Instant::now() + clocks.first_content;
        let answer = until(first, "first content", sending).await?;
        let answer = self.accepted(provider, answer).await?;
        let (head, mut rest) = answer.into_parts();
        let mut relay = self.relay(provider, Some(translation), &head.headers);
        let body = if not_a_stream(&head.headers).is_some() {
            let body = collect(rest, length(&head.headers), MAX_ANSWER, clocks.idle).await?;
            relay.whole(&body)?
        } else {
            let mut heard = 0;
            loop {
                let due = if relay.has_content() { Instant::now() + clocks.idle } else { first };
                let what = if relay.has_content() { "more of the answer" } else { "first content" };
                let told = match until(due, what, async { Ok(rest.frame().await) }).await? {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(bytes) => {
                            heard += bytes.len();
                            if heard > MAX_ANSWER {
                                return Err(too_large(MAX_ANSWER).into());
                            }
                            relay.push(&bytes)?
                        }
                        Err(_trailers) => None,
                    },
                    Some(Err(error)) => return Err(cut(&error).into()),
                    None => Some(relay.finish()?.unwrap_or_default()),
                };
                if let Some(body) = told {
                    break body;
                }
            }
        };
        let headers = self.answer_headers(&head.headers, "application/json");
        Ok(told(&relay, headers, body))
    }

    /// The relay of one answer to this request.
    fn relay(
        &self,
        provider: &dyn Provider,
        translation: Option<&Translation>,
        answer: &HeaderMap,
    ) -> Box<Relay> {
        let framed = is_event_stream(answer);
        let Some(translation) = translation else {
            let relay = Relay::new(self.inbound.format).rewriting(self.rewrite(provider));
            let relay = relay.unframing(framed).hiding_accounts(!provider.refuses_in_format());
            let relay = relay.heard_by(self.listeners());
            return Box::new(match self.lane {
                Lane::Native(fit) => relay.telling_of(fit.applied),
                Lane::Translated(_) => relay,
            });
        };
        let framing = if self.inbound.streamed { Framing::Sse } else { Framing::Whole };
        let (reply, changes) = (translation.reply.clone(), translation.changes.clone());
        let telling = Telling::new(self.inbound.format, framing, reply, changes);
        let relay = Relay::translated(provider.format(), &self.target.model.upstream, telling);
        let tags = self.dialect(provider).and_then(|dialect| dialect.readout.tags);
        Box::new(relay.unframing(framed).reading(tags).heard_by(self.listeners()))
    }

    /// What changes an answer of the native lane, if anything has to.
    fn rewrite(&self, provider: &dyn Provider) -> Option<Rewrite> {
        let dialect = self.dialect(provider)?;
        let (asked_for, request) = (self.target.reasoning_fields, &self.inbound.document);
        let rewrite = Rewrite::needed(dialect, asked_for, request)?;
        tracing::trace!(edits = ?[routectl_wire::formats::chat::rewrite::NAME], "answer");
        Some(rewrite)
    }

    /// How the target speaks of thinking, if it speaks Chat.
    fn dialect(&self, provider: &dyn Provider) -> Option<&Dialect> {
        let speaks_chat = provider.format().name() == CHAT.name();
        speaks_chat.then_some(&self.target.abilities.quirks.dialect)
    }

    fn listeners(&self) -> Listeners {
        let mut listeners = Listeners::new();
        listeners.extend(self.follower.iter().map(|it| Box::new(it.clone()) as _));
        listeners.extend(self.keeper.iter().map(|it| Box::new(it.clone()) as _));
        listeners.extend(self.notary.iter().map(|it| Box::new(it.clone()) as _));
        let native = matches!(self.lane, Lane::Native(_));
        let thoughts = self.target.thoughts.iter().filter(|_| native);
        let threads = thoughts.map(|thoughts| thoughts.thread(self.inbound, &self.target.key));
        listeners.extend(threads.map(|thread| Box::new(thread.minder()) as _));
        listeners
    }

    /// The headers of an answer that the client gets.
    fn answer_headers(&self, upstream: &HeaderMap, usual_type: &'static str) -> HeaderMap {
        match self.lane {
            Lane::Native(_) => answer_headers(upstream, usual_type),
            Lane::Translated(_) => {
                let mut headers = headers::telling_abroad(upstream);
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(usual_type));
                headers
            }
        }
    }

    /// Holds the head of a stream until its first content.
    async fn first_content(
        &self,
        provider: &dyn Provider,
        answer: Response<Incoming>,
    ) -> Result<Opened, Box<Rescue>> {
        let answer = self.accepted(provider, answer).await?;
        let (head, mut rest) = answer.into_parts();
        let translation = match self.lane {
            Lane::Native(_) => None,
            Lane::Translated(translation) => Some(&**translation),
        };
        let mut relay = self.relay(provider, translation, &head.headers);
        if let Some(kind) = not_a_stream(&head.headers) {
            if translation.is_none() {
                let failed = Box::pin(self.whole_instead(provider.format(), kind, rest)).await;
                return Err(failed.into());
            }
            return self.told_at_once(relay, head.headers, rest).await;
        }
        loop {
            let released = match rest.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => relay.push(&bytes)?,
                    Err(_trailers) => None,
                },
                Some(Err(error)) => return Err(cut(&error).into()),
                None => relay.finish()?,
            };
            if let Some(first) = released {
                let headers = self.answer_headers(&head.headers, "text/event-stream");
                return Ok(Opened::Streamed { status: head.status, headers, first, rest, relay });
            }
        }
    }

    /// A stream was asked for and an answer came in one piece: told as a stream, all at once.
    async fn told_at_once(
        &self,
        mut relay: Box<Relay>,
        upstream: HeaderMap,
        body: Incoming,
    ) -> Result<Opened, Box<Rescue>> {
        let idle = self.target.clocks.idle;
        let body = collect(body, length(&upstream), MAX_ANSWER, idle).await?;
        let body = relay.whole(&body)?;
        let headers = self.answer_headers(&upstream, "text/event-stream");
        Ok(told(&relay, headers, body))
    }

    /// The answer, if the upstream did not refuse.
    async fn accepted(
        &self,
        provider: &dyn Provider,
        answer: Response<Incoming>,
    ) -> Result<Response<Incoming>, Box<Rescue>> {
        trace::answered(self.log, answer.status(), answer.headers());
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(Box::pin(self.refused(provider, answer)).await.into())
    }

    async fn refused(&self, provider: &dyn Provider, answer: Response<Incoming>) -> Rescue {
        let (head, body) = answer.into_parts();
        let (body, whole) = read_refusal(body).await;
        let mut failure =
            routectl_providers::failure(head.status, &head.headers, &body, SystemTime::now());
        if head.status.is_redirection() {
            failure.class = Class::ServerError;
            failure.words.message = redirected(provider, &head.headers);
        }
        routectl_policy::reclass(&mut failure, &self.target.class_overrides);
        let told = head.status.is_client_error() || head.status.is_server_error();
        let native = matches!(self.lane, Lane::Native(_));
        let readable = provider.refuses_in_format()
            || (self.inbound.format.reads_error(&body) && !refusal::names_account(&body));
        let verbatim = (native && told && whole && readable && is_json(&body)).then(|| Verbatim {
            status: head.status,
            headers: answer_headers(&head.headers, "application/json"),
            body,
        });
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let final_here = refusal::should_retry(text) == Some(false);
        let mut telling =
            if native { HeaderMap::new() } else { headers::telling_abroad(&head.headers) };
        // When to come back is said anew, in the one spelling that all clients read.
        telling.remove(http::header::RETRY_AFTER);
        let clock = told_time(&head.headers);
        Rescue { failure, verbatim, final_here, abroad: None, telling, clock }
    }

    /// A stream was asked for and something else came: an error told with a 200, a page, or an
    /// answer in one piece, which a streaming client cannot read.
    async fn whole_instead(
        &self,
        format: &'static dyn Format,
        kind: &str,
        body: Incoming,
    ) -> Rescue {
        let body = match collect(body, None, MAX_ANSWER, self.target.clocks.idle).await {
            Ok(body) => body,
            Err(failure) => return failure.into(),
        };
        match read_whole(format, &body, Listeners::new()) {
            Err(failure) => failure.into(),
            Ok(_) => {
                let what = format!("a stream was asked for, the upstream answered with {kind}");
                Failure::new(Class::ServerError, Origin::Upstream, what).into()
            }
        }
    }
}

/// An answer that a relay has told to its end.
fn told(relay: &Relay, headers: HeaderMap, body: Bytes) -> Opened {
    let (usage, losses) = (relay.usage(), relay.losses().to_vec());
    Opened::Whole { status: StatusCode::OK, headers, body, usage, losses }
}

/// Work with a clock, where there is one.
async fn within<T>(
    limit: Option<Duration>,
    what: &str,
    work: impl Future<Output = Result<T, Box<Rescue>>>,
) -> Result<T, Box<Rescue>> {
    let work = std::pin::pin!(work);
    let Some(limit) = limit else { return work.await };
    timeout(limit, work).await.unwrap_or_else(|_| {
        let message = format!("no {what} within {} ms", limit.as_millis());
        Err(Failure::new(Class::Timeout, Origin::Router, message).into())
    })
}

/// Work that has to be done at a time.
async fn until<T>(
    due: Instant,
    what: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let began = Instant::now();
    tokio::time::timeout_at(due, work).await.unwrap_or_else(|_| {
        let waited = due.saturating_duration_since(began).as_millis();
        let message = format!("no {what} within {waited} ms");
        Err(Failure::new(Class::Timeout, Origin::Router, message))
    })
}

fn too_large(most: usize) -> Failure {
    let message = format!("the upstream's answer is larger than {} MiB", most >> 20);
    Failure::new(Class::ServerError, Origin::Upstream, message)
}

/// A body in one piece, with a bound on its size and on its silences.
async fn collect(
    mut body: Incoming,
    length: Option<usize>,
    most: usize,
    idle: Duration,
) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout(idle, body.frame()).await.map_err(|_| {
            let message = format!("the upstream was silent for {} ms", idle.as_millis());
            Failure::new(Class::Timeout, Origin::Router, message)
        })?;
        let Some(frame) = frame else { return Ok(whole.freeze()) };
        let Ok(bytes) = frame.map_err(|error| cut(&error))?.into_data() else { continue };
        if whole.len() + bytes.len() > most {
            return Err(too_large(most));
        }
        if whole.is_empty() {
            // The common case: all of it in one piece, shared and not copied.
            if length == Some(bytes.len()) {
                return Ok(bytes);
            }
            whole.reserve(length.unwrap_or(0).min(most));
        }
        whole.extend_from_slice(&bytes);
    }
}

/// How long an error body may take in all. Its status has said the main thing, and the next target
/// waits; a client that streams is kept alive with a 200 after five seconds and would lose its hops.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// What can be had of an error body, and whether that is all of it. A refusal that breaks off is a
/// refusal all the same.
async fn read_refusal(mut body: Incoming) -> (Bytes, bool) {
    let mut read = BytesMut::new();
    let end = Instant::now() + REFUSAL_TIME;
    while read.len() <= MAX_REFUSAL {
        match tokio::time::timeout_at(end, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                read.extend_from_slice(frame.data_ref().map_or(&[], |bytes| &bytes[..]));
            }
            Ok(None) => return (read.freeze(), true),
            Ok(Some(Err(_))) | Err(_) => break,
        }
    }
    read.truncate(MAX_REFUSAL);
    (read.freeze(), false)
}

/// The headers of an answer that the client gets.
fn answer_headers(upstream: &HeaderMap, usual_type: &'static str) -> HeaderMap {
    let mut telling = headers::telling(upstream);
    // What came in AWS's framing goes on without it.
    let kind = upstream.get(CONTENT_TYPE).filter(|_| !is_event_stream(upstream)).cloned();
    telling.insert(CONTENT_TYPE, kind.unwrap_or_else(|| HeaderValue::from_static(usual_type)));
    telling
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What a body is when its content type says that it is no event stream. A missing or odd type is
/// given the benefit of the doubt. (facts: provider quirks, section 1)
fn not_a_stream(headers: &HeaderMap) -> Option<&'static str> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Some("a whole body"),
        "text/html" => Some("an HTML page"),
        _ => None,
    }
}

/// Whether a body comes in AWS's framing.
fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/vnd.amazon.eventstream"))
}

/// The time at the upstream, unless a cache in between has kept the answer.
fn told_time(headers: &HeaderMap) -> Option<SystemTime> {
    let date = headers.get(DATE).filter(|_| !headers.contains_key(AGE))?;
    httpdate::parse_http_date(date.to_str().ok()?).ok()
}

/// Refusals that are not JSON are pages of something in between: clients cannot read them.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() && !body.is_empty()
}

fn redirected(provider: &dyn Provider, headers: &HeaderMap) -> String {
    let to = headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
    let host = to.and_then(|to| to.parse::<http::Uri>().ok());
    let host = host.as_ref().and_then(http::Uri::host).unwrap_or("another address");
    let name = &provider.account().name;
    format!("provider {name} redirects to {host}; redirects are not followed: correct its base_url")
}

fn cut(error: &hyper::Error) -> Failure {
    let message = format!("the upstream cut its answer: {error}");
    Failure::new(Class::Network, Origin::Upstream, message)
}

fn no_upstream() -> Failure {
    Failure::new(Class::FeatureUnsupported, Origin::Router, "this kind is not served yet")
}

//! The two hosts: they listen, read what is asked, and decide what is played.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Method;
use serde_json::{Map, Value};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::bench::Canned;
use crate::good::{Good, model_of, object};
use crate::http1::{Call, Next, Wire};
use crate::record::{Fate, Ledger, Recorded, Ticket};
use crate::refusal::Refusal;
use crate::reply::{End, Head, Reply};
use crate::script::{Script, lenience};
use crate::{Format, chat, faults, http2, messages, oddities};

/// Both hosts on loopback. They stop, and drop every connection, when this is dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    chat: SocketAddr,
    messages: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What all connections of one emulator share.
pub(crate) struct Shared {
    ledger: Ledger,
    canned: Canned,
    /// How often a name that fails so many times has been asked.
    asked: Mutex<HashMap<(Format, String), u32>>,
}

impl Emulator {
    /// Starts both hosts on free ports, on the current runtime, and records what arrives.
    pub async fn start() -> io::Result<Self> {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::open(free, free, true).await
    }

    /// Starts both hosts on these addresses. Requests are counted but not recorded, so that
    /// nothing grows: for the demo and for benchmarks.
    pub async fn start_on(chat: SocketAddr, messages: SocketAddr) -> io::Result<Self> {
        Self::open(chat, messages, false).await
    }

    async fn open(chat: SocketAddr, messages: SocketAddr, records: bool) -> io::Result<Self> {
        let (chat, messages) = (TcpListener::bind(chat).await?, TcpListener::bind(messages).await?);
        let shared = Shared {
            ledger: Ledger::new(records),
            canned: Canned::default(),
            asked: Mutex::default(),
        };
        let shared = Arc::new(shared);
        let mut tasks = JoinSet::new();
        let addresses = (chat.local_addr()?, messages.local_addr()?);
        tasks.spawn(accept(chat, Format::Chat, shared.clone()));
        tasks.spawn(accept(messages, Format::Messages, shared.clone()));
        Ok(Self { shared, chat: addresses.0, messages: addresses.1, _tasks: tasks })
    }

    /// Base URL of the OpenAI-style host, as its clients want it: with `/v1`.
    pub fn chat_base_url(&self) -> String {
        format!("http://{}/v1", self.chat)
    }

    /// Base URL of the Anthropic-style host, as its clients want it: without `/v1`.
    pub fn messages_base_url(&self) -> String {
        format!("http://{}", self.messages)
    }

    /// What arrived so far, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.ledger.requests()
    }

    /// Forgets what arrived so far, and how often a name has failed.
    pub fn forget(&self) {
        self.shared.ledger.forget();
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until `count` requests have ended since the start or the last [`Self::forget`].
    pub async fn ended(&self, count: usize) {
        self.shared.ledger.wait(count).await;
    }
}

async fn accept(listener: TcpListener, format: Format, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Without it the kernel holds small writes back for 40 ms.
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream, format, shared.clone()));
                }
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, format: Format, shared: Arc<Shared>) {
    if http2::begins(&stream).await {
        return http2::serve(stream, format, shared).await;
    }
    let mut wire = Wire::new(stream);
    loop {
        let call = match wire.next().await {
            Next::Call(call) => call,
            Next::Gone => return,
            Next::Malformed(why) => {
                let reply = Refusal::bad(why).reply(format);
                wire.play(&reply, true).await;
                return;
            }
        };
        let has_body = call.method != Method::HEAD;
        let (ticket, reply) = shared.take(format, call);
        let (fate, left) = wire.play(&reply, has_body).await;
        shared.ended(ticket, fate);
        let Some(left) = left else { return };
        wire = left;
    }
}

fn record(host: Format, call: Call, model: String) -> Recorded {
    let Call { method, target: path, headers, body } = call;
    Recorded { host, method, path, headers, body, model, fate: Fate::Open }
}

impl Shared {
    /// Takes a request in: notes it, and says what is played.
    pub(crate) fn take(&self, format: Format, call: Call) -> (Ticket, Reply) {
        let (model, reply) = self.reply(format, &call);
        (self.ledger.arrived(|| record(format, call, model)), reply)
    }

    /// Notes how a request ended.
    pub(crate) fn ended(&self, ticket: Ticket, fate: Fate) {
        self.ledger.ended(ticket, fate);
    }

    /// The model that was asked for, and what is played.
    fn reply(&self, format: Format, call: &Call) -> (String, Reply) {
        if let Some(model) = leading_model(&call.body)
            && let Some(reply) = self.canned.reply(format, model, &call.body)
        {
            return (model.to_owned(), reply);
        }
        let body = object(&call.body);
        let model = body.as_ref().map(model_of).unwrap_or_default().to_owned();
        if let Some(reply) = self.canned.reply(format, &model, &call.body) {
            return (model, reply);
        }
        let reply = match self.route(format, call, body.as_ref()) {
            Ok(reply) => reply,
            Err(refusal) => refusal.reply(format),
        };
        (model, reply)
    }

    fn route(
        &self,
        format: Format,
        call: &Call,
        body: Option<&Map<String, Value>>,
    ) -> Result<Reply, Refusal> {
        let path = call.target.split('?').next().unwrap_or_default();
        let json =
            |value: Value| Reply::whole(Head::new(200, "application/json"), value.to_string());
        match (&call.method, path, format) {
            (&Method::GET, "/v1/models", Format::Chat) => {
                chat::admit(&call.headers).map(|()| json(chat::models()))
            }
            (&Method::GET, "/v1/models", Format::Messages) => {
                messages::admit(&call.headers).map(|_| json(messages::models()))
            }
            (&Method::GET | &Method::HEAD, "/api/hello", Format::Messages) => {
                Ok(json(Value::Object(Map::new())))
            }
            (&Method::POST, "/v1/chat/completions", Format::Chat) => {
                chat::admit(&call.headers)?;
                let body = readable(format, call, body)?;
                let (lenient, name) = lenience(model_of(body));
                let vendor = chat::vendors::of(name);
                chat::check(body, lenient || vendor.is_some() || chat::picky::is_picky(name))?;
                chat::picky::check(body, name)?;
                vendor.map_or(Ok(()), |vendor| vendor.check(body))?;
                self.act(format, body)
            }
            (&Method::POST, "/v1/messages", Format::Messages) => {
                let body = agreed(call, body, messages::Purpose::Create)?;
                self.act(format, body)
            }
            (&Method::POST, "/v1/messages/count_tokens", Format::Messages) => {
                let body = agreed(call, body, messages::Purpose::Count)?;
                let counted = Answer::to(&messages::ask(body, "")).input_tokens;
                Ok(json(serde_json::json!({ "input_tokens": counted })))
            }
            (method, path, Format::Chat) => {
                let text = format!("Invalid URL ({method} {path})");
                Err(Refusal::new(404, "invalid_request_error", text))
            }
            (_, _, Format::Messages) => Err(Refusal::new(404, "not_found_error", "Not Found")),
        }
    }

    /// What the model's name asks for.
    fn act(&self, format: Format, body: &Map<String, Value>) -> Result<Reply, Refusal> {
        let (_, name) = lenience(model_of(body));
        let good = Good::of(format, body);
        let streamed = good.events.is_some();
        match Script::of(name) {
            Script::Good => Ok(good.reply()),
            Script::Fault(fault) if fault.applies.to(format, streamed) => {
                Ok(faults::reply(fault, format, &good))
            }
            Script::First(times, fault) if fault.applies.to(format, streamed) => {
                if self.asked(format, name) < times {
                    return Ok(faults::reply(fault, format, &good));
                }
                Ok(good.reply())
            }
            Script::Odd(odd) if odd.applies.to(format, streamed) => {
                Ok(oddities::reply(odd, format, &good))
            }
            Script::Says(saying) if saying.is_for(format) => Ok(good.reply()),
            Script::Fault(_) | Script::First(..) | Script::Odd(_) | Script::Says(_) => {
                let text =
                    format!("the emulator has no `{name}` for this host and way of answering");
                Err(Refusal::bad(text))
            }
            Script::At(place, then, _) => Ok(good.at(place, then)),
            Script::Slow(pause) => Ok(good.slow(pause)),
            Script::Silent => Ok(Reply { steps: Vec::new(), end: End::Hold, ..good.reply() }),
            Script::Deaf => Ok(Reply::raw(Bytes::new(), End::Hold)),
            Script::Window(tokens) => fits(format, body, tokens).map(|()| good.reply()),
            Script::Unknown => {
                let text = format!("the emulator knows no `{name}`");
                Err(Refusal::new(404, "not_found_error", text))
            }
        }
    }

    /// How often this name had been asked before now.
    fn asked(&self, format: Format, name: &str) -> u32 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry((format, name.to_owned())).or_default();
        let before = *count;
        *count = count.saturating_add(1);
        before
    }
}

/// The model of a body that begins with it, found without reading the rest.
fn leading_model(body: &[u8]) -> Option<&str> {
    let rest = body.strip_prefix(b"{\"model\":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().take(256).position(|byte| *byte == b'"' || *byte == b'\\')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

fn readable<'a>(
    format: Format,
    call: &Call,
    body: Option<&'a Map<String, Value>>,
) -> Result<&'a Map<String, Value>, Refusal> {
    let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
    if header("content-encoding").is_some_and(|coding| coding != "identity") {
        return Err(Refusal::bad("The request body's content encoding is not supported."));
    }
    let is_json = header("content-type").is_some_and(|it| it.starts_with("application/json"));
    match (body, format) {
        (Some(body), _) if is_json => Ok(body),
        (Some(_), _) => Err(Refusal::bad("Content-Type must be application/json")),
        (None, Format::Chat) => Err(Refusal::bad(
            "We could not parse the JSON body of your request. The API expects a JSON payload.",
        )),
        (None, Format::Messages) => {
            Err(Refusal::bad("The request body is not valid JSON: expected an object"))
        }
    }
}

/// A Messages body whose headers and members are in order.
fn agreed<'a>(
    call: &Call,
    body: Option<&'a Map<String, Value>>,
    purpose: messages::Purpose,
) -> Result<&'a Map<String, Value>, Refusal> {
    let mut terms = messages::admit(&call.headers)?;
    let body = readable(Format::Messages, call, body)?;
    let model = model_of(body);
    (terms.lenient, _) = lenience(model);
    if messages::imitator::is_theirs(model) {
        terms.lenient = true;
        messages::imitator::check(body)?;
    }
    if model.contains("no-editing") {
        messages::edits_nothing(body, &terms)?;
    }
    messages::check(body, purpose, &terms)?;
    Ok(body)
}

/// Refuses a prompt of more tokens than the window holds, in the vendor's words.
fn fits(format: Format, body: &Map<String, Value>, window: u64) -> Result<(), Refusal> {
    let ask = match format {
        Format::Chat => chat::ask(body, ""),
        Format::Messages => messages::ask(body, ""),
    };
    let tokens = Answer::to(&ask).input_tokens;
    if tokens <= window {
        return Ok(());
    }
    Err(match format {
        Format::Chat => Refusal::bad(format!(
            "This model's maximum context length is {window} tokens. However, your messages \
             resulted in {tokens} tokens. Please reduce the length of the messages."
        ))
        .at("messages")
        .code("context_length_exceeded"),
        Format::Messages => {
            Refusal::bad(format!("prompt is too long: {tokens} tokens > {window} maximum"))
        }
    })
}

//! Starts hosts and a router, asks as a client does, and keeps what the client saw.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use crate::process::with_hosts;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use routectl::config::{self, Flags};
use routectl::server::{App, Server};
use routectl::snapshot::Snapshot;
pub(crate) use routectl_emulator::Format::{self, Chat, Messages};
use routectl_emulator::{Emulator, Part, good_stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Nothing here takes this long: who waits longer waits for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Requests under way at a time in tests that send thousands.
const WIDTH: usize = 64;

pub(crate) const FORMATS: [Format; 2] = [Chat, Messages];

/// Hosts and a router before them.
pub(crate) struct House {
    pub(crate) hosts: Emulator,
    server: Option<Server>,
}

impl House {
    /// Hosts and a router with this configuration; see [`snapshot`].
    pub(crate) async fn open(config: impl Into<String>) -> Self {
        let _ = &*PANICS;
        let hosts = Emulator::start().await.unwrap();
        let server = Server::start(snapshot(&hosts, &config.into())).unwrap();
        Self { hosts, server: Some(server) }
    }

    /// The router.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        self.server().app()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server().address()
    }

    /// One request on a connection of its own, and all of its answer.
    pub(crate) async fn ask(&self, request: Request<Bytes>) -> Answer {
        ask(self.address(), request).await
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        if !std::thread::panicking() {
            let panics = PANICS.lock().unwrap();
            assert!(panics.is_empty(), "the router panicked: {panics:?}");
        }
    }
}

/// Panics of the router's threads. Its runtimes swallow them, and a client only sees a cut.
static PANICS: LazyLock<Mutex<Vec<String>>> = LazyLock::new(|| {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name().is_some_and(|name| name.starts_with("worker-")) {
            PANICS.lock().unwrap().push(panic.to_string());
        }
        usual(panic);
    }));
    Mutex::default()
});

/// A configuration made ready, in which `$CHAT` and `$MESSAGES` are the hosts' base URLs and the
/// port is free.
fn snapshot(hosts: &Emulator, text: &str) -> Snapshot {
    Snapshot::new(configuration(hosts, text), None).unwrap()
}

/// The same, after another one.
pub(crate) fn snapshot_after(hosts: &Emulator, text: &str, before: &Snapshot) -> Snapshot {
    Snapshot::new(configuration(hosts, text), Some(before)).unwrap()
}

fn configuration(hosts: &Emulator, text: &str) -> config::Config {
    let loaded = config::parse(&with_hosts(hosts, text), "test.toml", Flags::default());
    let mut config = loaded.unwrap_or_else(|errors| panic!("{errors}")).config;
    config.server.port = 0;
    config.server.shutdown_grace = Duration::from_millis(200);
    config
}

/// A configuration in the making: every target has a provider of its own, so that what one does
/// is not held against another.
#[derive(Clone)]
pub(crate) struct Plan(String);

impl Plan {
    /// Begins with these tables.
    pub(crate) fn new(tables: &str) -> Self {
        Self(format!("{tables}\n"))
    }

    /// One attempt per target and no waits: what the fallback tests want.
    pub(crate) fn brisk() -> Self {
        Self::new("[retry]\nmax_attempts = 1\ninitial_backoff_ms = 1\njitter_ms = 0")
    }

    /// A target of this name at the host of this format.
    pub(crate) fn target(self, name: &str, format: Format, upstream: &str) -> Self {
        self.target_with(name, format, upstream, "")
    }

    /// The same, with more keys for its provider.
    pub(crate) fn target_with(
        self,
        name: &str,
        format: Format,
        upstream: &str,
        provider: &str,
    ) -> Self {
        self.target_of(name, format, upstream, provider, "")
    }

    /// The same, with more keys for its provider and for itself.
    pub(crate) fn target_of(
        self,
        name: &str,
        format: Format,
        upstream: &str,
        provider: &str,
        model: &str,
    ) -> Self {
        let (kind, url) = kind(format);
        let key =
            if provider.contains("api_key_ref") { "" } else { "api_key_ref = \"literal:the-key\"" };
        let Self(text) = self;
        Self(format!(
            "{text}\n[providers.\"p-{name}\"]\nkind = \"{kind}\"\nbase_url = \"{url}\"\n\
             {key}\n{provider}\n\
             [models.\"{name}\"]\nprovider = \"p-{name}\"\nupstream = \"{upstream}\"\n{model}\n"
        ))
    }

    /// A name for a chain of targets.
    pub(crate) fn alias(self, name: &str, targets: &[&str]) -> Self {
        let Self(text) = self;
        Self(format!("{text}\n[aliases]\n\"{name}\" = {targets:?}\n"))
    }

    /// Names for chains of targets.
    pub(crate) fn aliases<'a>(
        self,
        aliases: impl IntoIterator<Item = (String, Vec<&'a str>)>,
    ) -> Self {
        let Self(mut text) = self;
        text.push_str("\n[aliases]\n");
        for (name, targets) in aliases {
            text.push_str(&format!("\"{name}\" = {targets:?}\n"));
        }
        Self(text)
    }
}

impl From<Plan> for String {
    fn from(Plan(text): Plan) -> Self {
        text
    }
}

pub(crate) fn kind(format: Format) -> (&'static str, &'static str) {
    match format {
        Chat => ("openai-compat", "$CHAT"),
        Messages => ("anthropic-api", "$MESSAGES"),
    }
}

pub(crate) fn path(format: Format) -> &'static str {
    match format {
        Chat => "/v1/chat/completions",
        Messages => "/v1/messages",
    }
}

/// A short request; what it says is said back in a few events.
pub(crate) fn body(format: Format, model: &str, streamed: bool) -> Bytes {
    body_saying(format, model, streamed, "Hé", 4)
}

/// A request with this text for an answer of so many words.
pub(crate) fn body_saying(
    format: Format,
    model: &str,
    streamed: bool,
    text: &str,
    words: u32,
) -> Bytes {
    let limit = match format {
        Chat => "max_completion_tokens",
        Messages => "max_tokens",
    };
    let stream = if streamed { "\"stream\": true," } else { "" };
    let text = serde_json::to_string(text).unwrap();
    format!(
        "{{\"model\": \"{model}\", \"{limit}\":{words},{stream}\n \"messages\": \
         [{{\"role\":\"user\",\"content\":{text}}}]}}"
    )
    .into()
}

/// A request with this body, with the headers its clients send.
pub(crate) fn post(format: Format, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::post(path(format)).header("content-type", "application/json");
    let request = match format {
        Chat => request.header("authorization", "Bearer the-clients-own"),
        Messages => {
            request.header("x-api-key", "the-clients-own").header("anthropic-version", "2023-06-01")
        }
    };
    request.body(body.into()).unwrap()
}

/// The same for the target whose name is that of the format, whatever model it asks for: the native
/// lane.
pub(crate) fn native(format: Format, request: Request<Bytes>) -> Request<Bytes> {
    let target = match format {
        Chat => "chat",
        Messages => "messages",
    };
    with_header(request, "x-routectl-alias", target)
}

/// The same with another header.
pub(crate) fn with_header(
    mut request: Request<Bytes>,
    name: &'static str,
    value: &str,
) -> Request<Bytes> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

/// All that a client saw of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) end: End,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As HTTP wants it.
    Whole,
    /// The connection was cut.
    BrokenOff,
}

impl Answer {
    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The message of an error body.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The hops of the trace: target and what became of it.
    pub(crate) fn hops(&self) -> Vec<(String, String)> {
        let hops = self.header("x-routectl-attempts").split(", ").filter(|hop| !hop.is_empty());
        let hop = |hop: &str| {
            let [target, fate, took, ref mend @ ..] = hop.split(':').collect::<Vec<_>>()[..] else {
                panic!("not a hop: {hop:?}")
            };
            assert!(mend.len() < 2, "{hop:?}");
            assert!(took.strip_suffix("ms").is_some_and(|ms| ms.parse::<u64>().is_ok()), "{hop:?}");
            (target.to_owned(), fate.to_owned())
        };
        hops.map(hop).collect()
    }

    /// How the requests of the hops were mended, in order; empty where one was not.
    pub(crate) fn mends(&self) -> Vec<String> {
        let hops = self.header("x-routectl-attempts").split(", ").filter(|hop| !hop.is_empty());
        hops.map(|hop| hop.split(':').nth(3).unwrap_or_default().to_owned()).collect()
    }

    /// The classes of the hops, in order.
    pub(crate) fn fates(&self) -> Vec<String> {
        self.hops().into_iter().map(|(_, fate)| fate).collect()
    }
}

/// A client's connection.
pub(crate) struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    address: SocketAddr,
    /// Dropped with the client: the connection closes.
    _connection: JoinSet<()>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // How it ended is seen in the answer's body.
            let _ = connection.await;
        });
        Self { sender, address, _connection: tasks }
    }

    /// Sends a request; the answer has begun when this returns.
    pub(crate) async fn send(&mut self, mut request: Request<Bytes>) -> Response<Incoming> {
        if !request.headers().contains_key("host") {
            let host = self.address.to_string().parse().unwrap();
            request.headers_mut().insert("host", host);
        }
        let sending = async {
            self.sender.ready().await?;
            self.sender.send_request(request.map(Full::new)).await
        };
        let answer = tokio::time::timeout(PATIENCE, sending).await.expect("an answer in time");
        answer.expect("an answer with a head")
    }

    /// Sends a request and reads all of its answer.
    pub(crate) async fn ask(&mut self, request: Request<Bytes>) -> Answer {
        let response = self.send(request).await;
        read(response).await
    }
}

/// Where a host listens.
pub(crate) fn host_address(hosts: &Emulator, format: Format) -> SocketAddr {
    let url = match format {
        Chat => hosts.chat_base_url(),
        Messages => hosts.messages_base_url(),
    };
    url.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap()
}

/// One request on a connection of its own, and all of its answer.
pub(crate) async fn ask(address: SocketAddr, request: Request<Bytes>) -> Answer {
    Client::connect(address).await.ask(request).await
}

/// All of an answer that has begun.
pub(crate) async fn read(response: Response<Incoming>) -> Answer {
    let (head, mut rest) = response.into_parts();
    let mut body = Vec::new();
    let reading = async {
        while let Some(frame) = rest.frame().await {
            match frame {
                Ok(frame) => body.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
                Err(_) => return End::BrokenOff,
            }
        }
        End::Whole
    };
    let end = tokio::time::timeout(PATIENCE, reading).await.expect("an answer that ends");
    Answer { status: head.status.as_u16(), headers: head.headers, body: body.into(), end }
}

/// Says these bytes to the router, and hears all that it says until it closes.
pub(crate) async fn converse(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may close before it has heard all.
    let _ = stream.write_all(bytes).await;
    hear_out(&mut stream).await
}

/// All that is said until the connection closes.
pub(crate) async fn hear_out(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let hearing = async { while let Ok(1..) = stream.read_buf(&mut said).await {} };
    tokio::time::timeout(PATIENCE, hearing).await.expect("a connection that closes");
    String::from_utf8_lossy(&said).into_owned()
}

/// Asks all of these, many at a time; the answers come with their cases.
pub(crate) async fn ask_all<T: Send + 'static>(
    address: SocketAddr,
    cases: impl IntoIterator<Item = (T, Request<Bytes>)>,
) -> Vec<(T, Answer)> {
    let mut answers = Vec::new();
    let mut asking = JoinSet::new();
    for (case, request) in cases {
        if asking.len() >= WIDTH {
            answers.push(asking.join_next().await.unwrap().unwrap());
        }
        asking.spawn(async move { (case, ask(address, request).await) });
    }
    while let Some(answer) = asking.join_next().await {
        answers.push(answer.unwrap());
    }
    answers
}

/// The events of a stream whose events end with an empty line, each with its empty line; what is
/// left over comes last.
pub(crate) fn events(stream: &[u8]) -> Vec<&[u8]> {
    let mut events = Vec::new();
    let mut rest = stream;
    while let Some(at) = rest.windows(2).position(|two| two == b"\n\n") {
        let (event, after) = rest.split_at(at + 2);
        events.push(event);
        rest = after;
    }
    if !rest.is_empty() {
        events.push(rest);
    }
    events
}

/// Whether this is the one event with which the format tells a failure.
pub(crate) fn is_error_event(format: Format, event: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(event) else { return false };
    let head = match format {
        Chat => "data: ",
        Messages => "event: error\ndata: ",
    };
    let body = text.strip_prefix(head).and_then(|text| text.strip_suffix("\n\n"));
    body.is_some_and(|body| is_error(format, body.as_bytes()))
}

/// Whether this is an error body as this format's clients read it.
pub(crate) fn is_error(format: Format, body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
    let error = &body["error"];
    let told = error["message"].is_string();
    match format {
        Chat => told,
        Messages => told && error["type"].is_string() && body["type"] == "error",
    }
}

/// The answer of a stream that was told to have failed: what stands before the last event, which
/// tells it.
pub(crate) fn before_error(format: Format, stream: &[u8]) -> Option<&[u8]> {
    let last = events(stream).pop()?;
    is_error_event(format, last).then(|| &stream[..stream.len() - last.len()])
}

/// A good stream, and where its first content is complete.
pub(crate) struct Good {
    pub(crate) bytes: Bytes,
    /// Where each event ends.
    pub(crate) ends: Vec<usize>,
    /// Where the first event of content ends.
    pub(crate) commit: usize,
    /// Where the answer is complete, though its terminator has not come.
    pub(crate) stop: usize,
}

/// The good stream of a request.
pub(crate) fn good(format: Format, request: &[u8]) -> Good {
    let stream = good_stream(format, request);
    let first = stream.ends.iter().find(|(_, part)| *part == Part::Content).unwrap().0;
    let ends: Vec<usize> = stream.ends.iter().map(|(end, _)| *end).collect();
    let finish: &[u8] = match format {
        Chat => b"\"finish_reason\":\"",
        Messages => b"event: message_stop",
    };
    let at = stream.bytes.windows(finish.len()).position(|it| it == finish).unwrap();
    let stop = *ends.iter().find(|end| **end > at).unwrap();
    Good { bytes: stream.bytes, ends, commit: first, stop }
}

impl Good {
    /// All that had come as whole events by this place.
    pub(crate) fn whole_events(&self, place: usize) -> &[u8] {
        let end = self.ends.iter().rev().find(|end| **end <= place).copied().unwrap_or(0);
        &self.bytes[..end]
    }
}

/// A Chat host that counts who comes in.
pub(crate) struct Doorkeeper {
    pub(crate) address: SocketAddr,
    opened: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Doorkeeper {
    /// It passes all on to an emulator of its own.
    pub(crate) async fn open() -> Self {
        let hosts = Emulator::start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let opened = Arc::new(AtomicUsize::new(0));
        let (counter, mut tasks) = (Arc::clone(&opened), JoinSet::new());
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((mut inside, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let mut outside = TcpStream::connect(host_address(&hosts, Chat)).await.unwrap();
                visits.spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { address, opened, _tasks: tasks }
    }

    /// How many connections were opened.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

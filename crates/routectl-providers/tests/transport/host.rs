//! A host that keeps what it saw, and the client that asks it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use routectl_core::Failure;
use routectl_providers::{ConnectLimit, Transport, Trust};
use routectl_wire::Spliced;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Nothing here takes this long: who waits longer waits for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it came in.
pub(crate) struct Seen {
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An HTTP host.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    accepted: AtomicUsize,
    seen: Mutex<Vec<Seen>>,
    /// Two requests to `/together` wait for each other here.
    together: Barrier,
    /// Told to hang up; every connection listens.
    closing: watch::Sender<()>,
}

impl Host {
    /// Without TLS.
    pub(crate) async fn plain() -> Self {
        Self::start(None).await
    }

    /// With it.
    pub(crate) async fn tls(config: Arc<ServerConfig>) -> Self {
        Self::start(Some(config.into())).await
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            accepted: AtomicUsize::new(0),
            seen: Mutex::default(),
            together: Barrier::new(2),
            closing: watch::Sender::new(()),
        });
        let (shared, mut tasks) = (Arc::clone(&state), JoinSet::new());
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                visits.spawn(visit(stream, tls.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, state, _tasks: tasks }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// How many connections it took.
    pub(crate) fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.seen.lock().unwrap())
    }

    /// The versions of HTTP of the requests so far.
    pub(crate) fn versions(&self) -> Vec<Version> {
        self.seen().iter().map(|seen| seen.version).collect()
    }

    /// Hangs up on everyone who is connected; they are gone when this returns.
    pub(crate) async fn hang_up(&self) {
        self.state.closing.send(()).unwrap();
        patiently(self.state.closing.closed()).await;
    }
}

async fn visit(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut closing = state.closing.subscribe();
    let answering = service_fn(move |request| answer(Arc::clone(&state), request));
    let server = auto::Builder::new(TokioExecutor::new());
    // How a connection ends is seen by the client.
    match tls {
        None => {
            let serving = server.serve_connection(TokioIo::new(stream), answering);
            tokio::pin!(serving);
            tokio::select! {
                _ = serving.as_mut() => return,
                _ = closing.changed() => serving.as_mut().graceful_shutdown(),
            }
            let _ = serving.await;
        }
        Some(tls) => {
            let Ok(stream) = tls.accept(stream).await else { return };
            let serving = server.serve_connection(TokioIo::new(stream), answering);
            tokio::pin!(serving);
            tokio::select! {
                _ = serving.as_mut() => return,
                _ = closing.changed() => serving.as_mut().graceful_shutdown(),
            }
            let _ = serving.await;
        }
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let path = head.uri.path().to_owned();
    state.seen.lock().unwrap().push(Seen { version: head.version, headers: head.headers, body });
    if path == "/together" {
        state.together.wait().await;
    }
    let mut answer = Response::new(Full::from("hello"));
    if path == "/moved" {
        *answer.status_mut() = StatusCode::FOUND;
        answer.headers_mut().insert("location", "/elsewhere".parse().unwrap());
    }
    if let Some(size) = path.strip_prefix("/head/") {
        let value = "x".repeat(size.parse().unwrap());
        answer.headers_mut().insert("x-long", value.parse().unwrap());
    }
    Ok(answer)
}

/// A transport without proxies in its environment and with time enough to connect.
pub(crate) fn transport(trust: Arc<Trust>) -> Transport {
    transport_in(trust, Matcher::builder().build())
}

/// One with this environment.
pub(crate) fn transport_in(trust: Arc<Trust>, environment: Matcher) -> Transport {
    Transport::new(trust, ConnectLimit::new(PATIENCE), Arc::new(environment))
}

/// All of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Asks straight, or as the environment says.
pub(crate) async fn ask(transport: &Transport, url: &str) -> Result<Answer, Failure> {
    ask_through(transport, url, None).await
}

/// Asks through the provider's own proxy.
pub(crate) async fn ask_through(
    transport: &Transport,
    url: &str,
    proxy: Option<&str>,
) -> Result<Answer, Failure> {
    let question = Spliced::from(Bytes::from_static(b"{\"model\":\"m\"}"));
    let request = Request::post(url).header("x-api-key", "the-key").body(question).unwrap();
    let response = patiently(transport.send(request, proxy)).await?;
    let (head, body) = response.into_parts();
    let body = patiently(body.collect()).await.unwrap().to_bytes();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

/// Waits for what must come.
pub(crate) async fn patiently<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, coming).await.expect("it ends")
}

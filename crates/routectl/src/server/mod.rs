//! The server: one runtime per core on one listener, each with its own connections to upstreams,
//! so that a request never waits for another core.

mod encoding;
pub(crate) mod guard;
mod listing;
pub mod parse;
mod routes;
mod socket;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioTimer;
use routectl_auth::{Secret, SecretError};
use routectl_providers::{ConnectLimit, Transport, Trust, Untrusted};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::affinity::Affinity;
use crate::config;
use crate::learned::Learned;
use crate::memory::Memory;
use crate::snapshot::Snapshot;
use guard::Tokens;
pub use socket::Backlog;
use socket::Socket;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a streaming client waits for the first content before it is kept alive with a 200.
/// Failures within it still get their own status.
const HOLD: Duration = Duration::from_secs(5);

/// How long streams have to tell their clients that they are cut.
const PARTING: Duration = Duration::from_millis(500);

/// Most headers of a request. Real agents send 40.
const MAX_HEADERS: usize = 128;

/// How far a server has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Serving,
    /// No new connections; streams may finish.
    Stopping,
    /// Streams tell their clients that they are cut.
    Cutting,
}

/// Sees how far the server has come.
#[derive(Debug, Clone)]
pub struct Watcher(watch::Receiver<Phase>);

impl Watcher {
    /// Whether streams are to be cut.
    pub fn cuts(&self) -> bool {
        *self.0.borrow() == Phase::Cutting
    }

    /// Waits until the server has come this far, or is gone.
    async fn reaches(&mut self, phase: Phase) {
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}

/// Ends the grace of streams before its time.
#[derive(Debug, Clone)]
pub struct Hurry(watch::Sender<Phase>);

impl Hurry {
    /// Cuts every stream that is still open; each tells its client.
    pub fn up(&self) {
        self.0.send_replace(Phase::Cutting);
    }
}

/// What all workers share.
pub struct App {
    snapshot: ArcSwap<Snapshot>,
    tokens: Tokens,
    connect_limit: ConnectLimit,
    hold_after: Duration,
    affinity: Arc<Affinity>,
    memory: Arc<Memory>,
    learned: Learned,
    /// `[server]` as it was at the start: what of it needs a restart stays as it was.
    started: config::Server,
}

/// One runtime's share: the app and its own connections to upstreams.
pub struct Worker {
    pub app: Arc<App>,
    pub transport: Transport,
    pub watcher: Watcher,
}

/// A server that runs until it is told to stop.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    workers: Vec<JoinHandle<()>>,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error("cannot listen on {address}: {source}{hint}")]
    Listen { address: SocketAddr, source: io::Error, hint: &'static str },
    #[error("server.auth.tokens: {0}")]
    Token(#[from] SecretError),
    #[error("server.auth.tokens: {0}")]
    Reference(#[from] routectl_auth::BadReference),
    #[error(transparent)]
    Trust(#[from] Untrusted),
    #[error("cannot start a worker: {0}")]
    Runtime(#[from] io::Error),
}

impl App {
    /// The current configuration.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// `[server]` as it was at the start.
    pub fn started(&self) -> &config::Server {
        &self.started
    }

    /// Which target called which tools.
    pub(crate) fn affinity(&self) -> &Arc<Affinity> {
        &self.affinity
    }

    /// What targets were heard to refuse.
    pub(crate) fn learned(&self) -> &Learned {
        &self.learned
    }

    /// What was thought before which calls.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// After how long a streaming client is kept alive instead of waiting for a status.
    pub(crate) fn hold_after(&self) -> Duration {
        self.hold_after
    }

    /// Puts a new configuration in place; requests in flight finish on the one they began with.
    pub fn replace(&self, snapshot: Snapshot) {
        self.connect_limit.set(snapshot.config.retry.connect_timeout);
        self.snapshot.store(Arc::new(snapshot));
    }
}

impl Server {
    /// Binds and starts; with port 0 the system chooses one.
    ///
    /// # Errors
    /// When the address is taken, or a token or a certificate cannot be read.
    pub fn start(snapshot: Snapshot) -> Result<Self, CannotStart> {
        Self::start_holding_after(snapshot, HOLD)
    }

    /// The same for clients that would rather wait than be kept alive: the head of an answer then
    /// always tells who served and how it went.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_holding_after(
        snapshot: Snapshot,
        hold_after: Duration,
    ) -> Result<Self, CannotStart> {
        let settings = &snapshot.config.server;
        let address = SocketAddr::new(settings.host.address(), settings.port);
        let trust = Trust::with_extra(settings.extra_root_certs.clone());
        trust.check_extra()?;
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let app = Arc::new(App {
            tokens: Tokens(tokens(&snapshot)?),
            connect_limit: ConnectLimit::new(snapshot.config.retry.connect_timeout),
            hold_after,
            affinity: Arc::default(),
            memory: Arc::default(),
            learned: Learned::default(),
            started: settings.clone(),
            snapshot: ArcSwap::from_pointee(snapshot),
        });
        let (phase, watcher) = watch::channel(Phase::Serving);
        let trust = Arc::new(trust);
        let environment = Arc::new(Matcher::from_env());
        let workers = (0..cores())
            .map(|number| {
                let listener = listener.try_clone()?;
                let seat = Seat {
                    app: Arc::clone(&app),
                    trust: Arc::clone(&trust),
                    environment: Arc::clone(&environment),
                    hurry: Hurry(phase.clone()),
                    watcher: Watcher(watcher.clone()),
                };
                std::thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .spawn(move || seat.run(listener))
            })
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self { app, address, phase, workers })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// What cuts the grace short when `stop` is already waiting.
    pub fn hurry(&self) -> Hurry {
        Hurry(self.phase.clone())
    }

    /// Stops taking connections, lets streams finish within the grace period, and waits for it.
    pub fn stop(self) {
        self.phase.send_if_modified(|phase| {
            let serving = *phase == Phase::Serving;
            if serving {
                *phase = Phase::Stopping;
            }
            serving
        });
        for worker in self.workers {
            // A worker that panicked has said so; the others still finish their streams.
            let _ = worker.join();
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn listen(address: SocketAddr) -> Result<TcpListener, CannotStart> {
    let listener = TcpListener::bind(address).map_err(|source| {
        let taken = source.kind() == io::ErrorKind::AddrInUse;
        let hint = if taken {
            ". Is another routectl running? Choose another server.port or --port"
        } else {
            ""
        };
        CannotStart::Listen { address, source, hint }
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn tokens(snapshot: &Snapshot) -> Result<Vec<Secret>, CannotStart> {
    let references = &snapshot.config.server.auth.tokens;
    references.iter().map(|text| Ok(text.reference().read()?)).collect()
}

/// What one worker thread needs.
struct Seat {
    app: Arc<App>,
    trust: Arc<Trust>,
    environment: Arc<Matcher>,
    hurry: Hurry,
    watcher: Watcher,
}

impl Seat {
    fn run(self, listener: TcpListener) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.serve(listener)),
            Err(error) => tracing::error!("cannot start a worker: {error}"),
        }
    }

    async fn serve(self, listener: TcpListener) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!("cannot listen: {error}"),
        };
        let limit = self.app.connect_limit.clone();
        let transport = Transport::new(self.trust, limit, self.environment);
        let watcher = self.watcher.clone();
        let worker = Arc::new(Worker { app: self.app, transport, watcher });
        let mut connections = JoinSet::new();
        let mut watcher = self.watcher;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let serving = serve_connection(Arc::clone(&worker), stream, watcher.clone());
                        connections.spawn(serving);
                    }
                    // Out of descriptors: what is open has to end first.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                () = watcher.reaches(Phase::Stopping) => break,
            }
        }
        drop(listener);
        let grace = worker.app.snapshot().config.server.shutdown_grace;
        let mut finished =
            std::pin::pin!(async { while connections.join_next().await.is_some() {} });
        tokio::select! {
            () = finished.as_mut() => return,
            () = tokio::time::sleep(grace) => {}
            () = watcher.reaches(Phase::Cutting) => {}
        }
        tracing::warn!("streams are still open and are cut");
        self.hurry.up();
        let _ = tokio::time::timeout(PARTING, finished).await;
    }
}

async fn serve_connection(
    worker: Arc<Worker>,
    stream: tokio::net::TcpStream,
    mut watcher: Watcher,
) {
    // Without it the kernel holds the first small write of an answer back for up to 40 ms.
    let _ = stream.set_nodelay(true);
    let write_stall = worker.app.snapshot().config.retry.write_stall_timeout;
    let backlog = Backlog::default();
    let socket = Socket::new(stream, write_stall, backlog.clone());
    let service = service_fn(move |request| {
        let (worker, backlog) = (Arc::clone(&worker), backlog.clone());
        async move { Ok::<_, Infallible>(routes::serve(worker, request, backlog).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .serve_connection(socket, service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return told(ended),
        () = watcher.reaches(Phase::Stopping) => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection.as_mut() => return told(ended),
        () = watcher.reaches(Phase::Cutting) => {}
    }
    // Polled once more, its stream sees the phase and tells the client.
    told(connection.await);
}

fn told(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!("connection ended: {error}");
    }
}

//! A bare reverse proxy on hyper, the floor of routectl's stack: it streams bodies through, reuses
//! connections, and does nothing else.
//!
//! `floor --listen ADDR --to ADDR [--per-core] [--for SECONDS]`; it ends when stdin is closed.

use std::convert::Infallible;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use bench::Trouble;
use bench::arguments::Arguments;
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::http::uri::{Authority, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// As many connections may wait to be accepted as the benchmark opens at once.
const BACKLOG: i32 = 1024;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("floor: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Trouble> {
    let mut arguments = Arguments::read();
    let listen: SocketAddr = arguments.required("--listen")?;
    let to: Authority = arguments.required("--to")?;
    let per_core = arguments.switch("--per-core");
    let longest = Duration::from_secs(arguments.value("--for")?.unwrap_or(3600));
    arguments.finish()?;
    let end = ended_by_stdin();
    if per_core {
        let cores = thread::available_parallelism()?.get();
        return on_every_core(cores, || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            serve(&runtime, listen, &to, end.clone(), longest)
        });
    }
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    serve(&runtime, listen, &to, end, longest)
}

/// Runs `one` on as many threads as there are cores; the first trouble counts.
fn on_every_core(
    cores: usize,
    one: impl Fn() -> Result<(), Trouble> + Sync,
) -> Result<(), Trouble> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(&one)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a core panicked")?)
    })
}

/// Changes when stdin is closed, that is when whoever started the process has gone.
fn ended_by_stdin() -> watch::Receiver<()> {
    let (ended, end) = watch::channel(());
    thread::spawn(move || {
        let mut byte = [0];
        while io::stdin().read(&mut byte).is_ok_and(|n| n > 0) {}
        drop(ended);
    });
    end
}

fn serve(
    runtime: &Runtime,
    listen: SocketAddr,
    to: &Authority,
    mut end: watch::Receiver<()>,
    longest: Duration,
) -> Result<(), Trouble> {
    runtime.block_on(async {
        let listener = listener(listen)?;
        tokio::select! {
            trouble = accept(listener, Proxy::to(to.clone())) => trouble,
            _ = end.changed() => Ok(()),
            () = tokio::time::sleep(longest) => Ok(()),
        }
    })
}

/// Every core has its own socket on the same port; the kernel spreads the connections.
fn listener(listen: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn accept(listener: TcpListener, proxy: Proxy) -> Result<(), Trouble> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                connections.spawn(connection(socket, proxy.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(socket: TcpStream, proxy: Proxy) {
    let nodelay = socket.set_nodelay(true);
    let service = service_fn(move |request| {
        let proxy = proxy.clone();
        async move { Ok::<_, Infallible>(proxy.pass(request).await) }
    });
    if nodelay.is_ok() {
        // A client that leaves is no trouble of ours.
        drop(http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
    }
}

#[derive(Clone)]
struct Proxy {
    to: Authority,
    client: Client<HttpConnector, Incoming>,
}

impl Proxy {
    fn to(to: Authority) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { to, client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    async fn pass(
        &self,
        mut request: Request<Incoming>,
    ) -> Response<Either<Incoming, Empty<Bytes>>> {
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.to.clone());
        let Ok(uri) = Uri::from_parts(parts) else { return refusal(StatusCode::BAD_REQUEST) };
        *request.uri_mut() = uri;
        match self.client.request(request).await {
            Ok(response) => response.map(Either::Left),
            Err(_) => refusal(StatusCode::BAD_GATEWAY),
        }
    }
}

fn refusal(status: StatusCode) -> Response<Either<Incoming, Empty<Bytes>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = status;
    response
}

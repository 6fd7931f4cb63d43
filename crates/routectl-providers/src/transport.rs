//! The one place that opens connections to upstreams: HTTP/1.1 and HTTP/2 over rustls, straight
//! or through a proxy, with reuse of connections and without redirects.
//!
//! A transport belongs to one runtime: each worker thread has its own, so that a request and its
//! connection never wait for another core.

mod body;
mod broken;
mod connect;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::Scheme;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use routectl_core::{Class, Failure, Origin};
use routectl_wire::Spliced;

pub use body::Body;
use broken::broken;
pub use connect::ConnectLimit;
use connect::{Secure, Timed};
pub use trust::{Trust, Untrusted};

/// Idle connections kept for each host. More than a burst of agents needs; bounded all the same.
const IDLE_PER_HOST: usize = 256;

/// How long an idle connection is kept: below the 60 s after which common load balancers drop one.
const IDLE_FOR: Duration = Duration::from_secs(50);

/// Largest head of an answer, and most bytes read at a time. Real heads have 8 KiB at most.
const MAX_HEAD: usize = 64 << 10;

/// The same for HTTP/2, whose own default is a quarter of it.
const MAX_HEAD_H2: u32 = 64 << 10;

/// Where SOCKS proxies listen (IANA's service name `socks`).
const SOCKS_PORT: u16 = 1080;

/// How often a quiet HTTP/2 connection with streams on it is asked whether it is still there.
const H2_PING: Duration = Duration::from_secs(30);

/// Connections to upstreams, for one runtime.
pub struct Transport {
    trust: Arc<Trust>,
    connect_limit: ConnectLimit,
    environment: Arc<Matcher>,
    plain: Client<Timed<HttpConnector>, Body>,
    /// TLS clients, by the proxy they go through; made at first use, since trust in certificate
    /// authorities takes milliseconds to load.
    secure: Mutex<HashMap<Way, Tls>>,
}

/// How a connection gets there.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Way {
    Direct,
    Proxy { uri: Uri, user: Option<(String, String)> },
}

/// A client for TLS hosts.
#[derive(Clone)]
enum Tls {
    Direct(Client<Timed<Secure<HttpConnector>>, Body>),
    Tunnel(Client<Timed<Secure<Tunnel<Secure<HttpConnector>>>>, Body>),
    Socks4(Client<Timed<Secure<SocksV4<HttpConnector>>>, Body>),
    Socks5(Client<Timed<Secure<SocksV5<HttpConnector>>>, Body>),
}

impl Transport {
    /// A transport for the current runtime. The proxy variables of the environment are read once,
    /// by the caller, so that all workers agree.
    pub fn new(trust: Arc<Trust>, connect_limit: ConnectLimit, environment: Arc<Matcher>) -> Self {
        let plain = client(Timed::new(tcp(), connect_limit.clone()));
        let secure = Mutex::default();
        Self { trust, connect_limit, environment, plain, secure }
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// When there is no answer: the host cannot be reached, or the connection breaks.
    pub async fn send(
        &self,
        request: Request<Spliced>,
        proxy: Option<&str>,
    ) -> Result<Response<Incoming>, Failure> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let request = request.map(Body::from);
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            // Plain text goes to loopback only, and never through a proxy.
            let answer = self.plain.request(request).await;
            return answer.map_err(|error| broken(&host, &Way::Direct, &error));
        }
        let way = self.way(request.uri(), proxy)?;
        let answer = match self.secure(&way)? {
            Tls::Direct(client) => client.request(request).await,
            Tls::Tunnel(client) => client.request(request).await,
            Tls::Socks4(client) => client.request(request).await,
            Tls::Socks5(client) => client.request(request).await,
        };
        answer.map_err(|error| broken(&host, &way, &error))
    }

    /// The provider's own proxy, else what the environment says for this host.
    fn way(&self, uri: &Uri, proxy: Option<&str>) -> Result<Way, Failure> {
        let intercept = match proxy {
            Some(address) => Matcher::builder().all(address).build().intercept(uri),
            None => self.environment.intercept(uri),
        };
        match intercept {
            None if proxy.is_some() => {
                Err(Failure::new(Class::Network, Origin::Router, "the proxy address is not usable"))
            }
            None => Ok(Way::Direct),
            Some(intercept) => Ok(proxied(&intercept)),
        }
    }

    fn secure(&self, way: &Way) -> Result<Tls, Failure> {
        let mut clients = self.secure.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(way) {
            return Ok(client.clone());
        }
        let made = self.make(way)?;
        clients.insert(way.clone(), made.clone());
        Ok(made)
    }

    fn make(&self, way: &Way) -> Result<Tls, Failure> {
        let config = self.trust.config().map_err(|error| {
            Failure::new(Class::Network, Origin::Router, format!("TLS is not usable: {error}"))
        })?;
        let limit = self.connect_limit.clone();
        let Way::Proxy { uri, user } = way else {
            return Ok(Tls::Direct(client(Timed::new(connect::secure(config, tcp()), limit))));
        };
        let scheme = uri.scheme_str().unwrap_or_default();
        if scheme.starts_with("socks4") {
            if user.is_some() {
                let words = "a SOCKS4 proxy takes no user and password. Is it one of SOCKS5?";
                return Err(Failure::new(Class::Network, Origin::Router, words));
            }
            let socks = SocksV4::new(uri.clone(), tcp());
            return Ok(Tls::Socks4(client(Timed::new(connect::secure(config, socks), limit))));
        }
        if scheme.starts_with("socks5") {
            let mut socks = SocksV5::new(uri.clone(), tcp());
            if let Some((name, password)) = user {
                socks = socks.with_auth(name.clone(), password.clone());
            }
            return Ok(Tls::Socks5(client(Timed::new(connect::secure(config, socks), limit))));
        }
        let mut tunnel = Tunnel::new(uri.clone(), connect::either(Arc::clone(&config), tcp()));
        if let Some((name, password)) = user {
            tunnel = tunnel.with_auth(connect::basic(name, password));
        }
        Ok(Tls::Tunnel(client(Timed::new(connect::secure(config, tunnel), limit))))
    }
}

/// A proxy's address and login. It finds the host's address itself, also under `socks4` and
/// `socks5`: nobody outside learns from our name server whom we ask.
fn proxied(intercept: &Intercept) -> Way {
    let raw = intercept.raw_auth().map(|(user, word)| (user.to_owned(), word.to_owned()));
    let basic = || intercept.basic_auth().and_then(connect::from_basic);
    Way::Proxy { uri: with_port(intercept.uri()), user: raw.or_else(basic) }
}

/// The address with the port that SOCKS proxies have when none is given.
fn with_port(proxy: &Uri) -> Uri {
    let socks = proxy.scheme_str().is_some_and(|scheme| scheme.starts_with("socks"));
    let mut parts = proxy.clone().into_parts();
    match (&parts.authority, proxy.port()) {
        (Some(authority), None) if socks => {
            parts.authority = format!("{authority}:{SOCKS_PORT}").parse().ok();
            Uri::from_parts(parts).unwrap_or_else(|_| proxy.clone())
        }
        _ => proxy.clone(),
    }
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    // Without it the kernel holds small writes back for up to 40 ms.
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_keepalive(Some(Duration::from_secs(60)));
    tcp
}

fn client<C>(connector: C) -> Client<C, Body>
where
    C: hyper_util::client::legacy::connect::Connect + Clone,
{
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_FOR)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http1_max_buf_size(MAX_HEAD)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(H2_PING)
        .http2_max_header_list_size(MAX_HEAD_H2)
        .build(connector)
}

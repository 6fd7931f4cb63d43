//! Connectors: TLS around TCP, a proxy in between, and a clock around all of it.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use rustls::ClientConfig;
use tower_service::Service;

/// TLS around another connector.
pub(super) type Secure<C> = HttpsConnector<C>;

/// TLS only, with HTTP/2 where the host offers it.
pub(super) fn secure<C>(config: Arc<ClientConfig>, inner: C) -> Secure<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(Arc::unwrap_or_clone(config))
        .https_only()
        .enable_all_versions()
        .wrap_connector(inner)
}

/// TLS where the address says `https`, plain where it says `http`: the way to a proxy.
pub(super) fn either<C>(config: Arc<ClientConfig>, inner: C) -> Secure<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(Arc::unwrap_or_clone(config))
        .https_or_http()
        .enable_http1()
        .wrap_connector(inner)
}

/// A proxy's basic authorization.
pub(super) fn basic(user: &str, password: &str) -> HeaderValue {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// User and password out of a basic authorization.
pub(super) fn from_basic(value: &HeaderValue) -> Option<(String, String)> {
    use base64::Engine as _;
    let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
    let plain = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(plain).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// How long connecting may take, for all transports at once: a reload changes it in place.
#[derive(Debug, Clone)]
pub struct ConnectLimit(Arc<AtomicU64>);

impl ConnectLimit {
    /// A limit, counted in whole milliseconds.
    pub fn new(limit: Duration) -> Self {
        let shared = Self(Arc::default());
        shared.set(limit);
        shared
    }

    /// Changes it for every connection from now on.
    pub fn set(&self, limit: Duration) {
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.0.store(millis, Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A connector with a time limit over everything it does: name, TCP, proxy, TLS.
#[derive(Debug, Clone)]
pub(super) struct Timed<C> {
    inner: C,
    limit: ConnectLimit,
}

impl<C> Timed<C> {
    pub(super) fn new(inner: C, limit: ConnectLimit) -> Self {
        Self { inner, limit }
    }
}

/// The connect clock ran out.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} ms", .0.as_millis())]
pub(super) struct ConnectTimeout(Duration);

type BoxError = Box<dyn Error + Send + Sync>;

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri> + Send,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit.get();
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(ConnectTimeout(limit).into()),
            }
        })
    }
}

//! The HTTP client of AWS's chain: our transport, so that there is one TLS stack and one trust.
//!
//! Answers are small and rare, so they are read whole. The environment's proxies hold for services
//! of AWS; metadata of containers and instances lies on this machine or its link.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient as AwsHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper_util::client::proxy::matcher::Matcher;
use routectl_wire::Spliced;

use super::Surroundings;
use crate::Transport;

/// Largest answer that is read. Roles and their keys take a few KiB.
const MAX_ANSWER: usize = 1 << 20;

/// How long a whole answer may take, where AWS's chain sets no limit.
const LIMIT: Duration = Duration::from_secs(20);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Our transport, in AWS's words.
#[derive(Clone)]
pub(super) struct HttpClient {
    proxied: Arc<Transport>,
    direct: Arc<Transport>,
}

impl HttpClient {
    pub(super) fn new(surroundings: &Surroundings) -> Self {
        let transport = |proxies: &Arc<Matcher>| {
            let trust = Arc::clone(&surroundings.trust);
            let limit = surroundings.connect_limit.clone();
            Arc::new(Transport::new(trust, limit, Arc::clone(proxies)))
        };
        let none = Arc::new(Matcher::builder().build());
        Self { proxied: transport(&surroundings.proxies), direct: transport(&none) }
    }

    async fn send(
        self,
        request: HttpRequest,
        limit: Duration,
    ) -> Result<HttpResponse, ConnectorError> {
        let answered = async {
            let request = outbound(request).await.map_err(ConnectorError::user)?;
            let near = request.uri().host().is_some_and(is_near);
            let transport = if near { &self.direct } else { &self.proxied };
            let answer = Box::pin(transport.send(request, None)).await;
            let answer = answer.map_err(|failure| io_error(failure.words.message))?;
            inbound(answer).await.map_err(ConnectorError::io)
        };
        match tokio::time::timeout(limit, answered).await {
            Ok(answered) => answered,
            Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
        }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

impl AwsHttpClient for HttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // Of the two limits only their sum is kept: who waits does not care for what.
        let connect = settings.connect_timeout().unwrap_or_default();
        let limit = settings.read_timeout().map_or(LIMIT, |read| connect + read);
        SharedHttpConnector::new(Limit { client: self.clone(), limit })
    }
}

/// A client with a time limit.
#[derive(Debug)]
struct Limit {
    client: HttpClient,
    limit: Duration,
}

impl HttpConnector for Limit {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(Box::pin(self.client.clone().send(request, self.limit)))
    }
}

async fn outbound(mut request: HttpRequest) -> Result<Request<Spliced>, BoxError> {
    let uri: Uri = request.uri().parse()?;
    let method: Method = request.method().parse()?;
    let body = request.take_body().collect().await?.to_bytes();
    let mut sent = Request::new(Spliced::from(body));
    *sent.uri_mut() = uri;
    *sent.method_mut() = method;
    for (name, value) in request.headers() {
        sent.headers_mut().append(http::HeaderName::try_from(name)?, value.parse()?);
    }
    Ok(sent)
}

async fn inbound(answer: http::Response<Incoming>) -> Result<HttpResponse, BoxError> {
    let (head, body) = answer.into_parts();
    let body: Bytes = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
    let mut read = HttpResponse::new(head.status.as_u16().try_into()?, SdkBody::from(body));
    for (name, value) in text(&head.headers) {
        read.headers_mut().append(name, value);
    }
    Ok(read)
}

/// Headers that are text; AWS sends no others.
fn text(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    })
}

/// Whether a host is this machine, or lies on its link, where metadata is: no proxy leads there.
fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_link_local(),
        // EC2's and EKS's metadata in IPv6 are local to the VPC: fd00:ec2::254, fd00:ec2::23.
        Ok(IpAddr::V6(v6)) => {
            v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unique_local()
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn io_error(message: String) -> ConnectorError {
    ConnectorError::io(io::Error::other(message).into())
}

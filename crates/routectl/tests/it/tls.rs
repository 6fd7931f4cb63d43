//! The router before a host that speaks TLS and HTTP/2, with a certificate of its own authority.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::harness::*;
use crate::process::Home;

/// A host that answers every request with the good stream, or with a part of it.
struct Host {
    format: Format,
    address: SocketAddr,
    /// Its authority's certificate.
    pem: String,
    seen: Seen,
    _tasks: JoinSet<()>,
}

type Seen = Arc<Mutex<Vec<(Version, Bytes)>>>;

/// How many events a host sends before it resets the stream; all of them, without a reset, if none.
type Reset = Option<usize>;

impl Host {
    async fn start(format: Format, reset: Reset) -> Self {
        let (config, pem) = identity("localhost");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, acceptor) = (Seen::default(), TlsAcceptor::from(config));
        let (shared, mut tasks) = (Arc::clone(&seen), JoinSet::new());
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, acceptor) = (Arc::clone(&shared), acceptor.clone());
                visits.spawn(async move {
                    // Who does not trust it hangs up.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let answering =
                        service_fn(|request| answer(format, reset, Arc::clone(&seen), request));
                    let server = http2::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), answering).await;
                });
            }
        });
        Self { format, address, pem, seen, _tasks: tasks }
    }

    /// A target at this host, which has the host's model "good".
    fn plan(&self, tables: &str) -> String {
        let (chat, messages) = (self.base_url("/v1"), self.base_url(""));
        let plan = Plan::new(&format!("[retry]\nmax_attempts = 1\n{tables}"));
        let plan: String = plan.target("one", self.format, "good").into();
        plan.replace("$CHAT", &chat).replace("$MESSAGES", &messages)
    }

    /// The same in this home, with trust in the host's authority.
    fn trusted(&self, home: &Home) -> String {
        let file = home.write("authority.pem", &self.pem);
        self.plan(&format!("[server]\nextra_root_certs = [{file:?}]"))
    }

    fn base_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    fn seen(&self) -> Vec<(Version, Bytes)> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// A certificate for this name, and the PEM text of the one that signed it.
pub(crate) fn identity(name: &str) -> (Arc<ServerConfig>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, format!("the authority of {name}"));
    let key = KeyPair::generate().unwrap();
    let pem = pem(params.self_signed(&key).unwrap().der());
    let authority = Issuer::new(params, key);

    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (Arc::new(config), pem)
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

async fn answer(
    format: Format,
    reset: Reset,
    seen: Seen,
    request: Request<Incoming>,
) -> Result<Response<Events>, hyper::Error> {
    let version = request.version();
    let body = request.into_body().collect().await?.to_bytes();
    let stream = good(format, &body).bytes;
    seen.lock().unwrap().push((version, body));
    let events = events(&stream);
    let sent = reset.unwrap_or(events.len());
    let events = events.iter().take(sent).map(|event| Bytes::copy_from_slice(event)).collect();
    let answer = Response::builder().header("content-type", "text/event-stream");
    Ok(answer.body(Events { events, reset: reset.map(|_| TURNS) }).unwrap())
}

/// How often the connection may write before a reset, which takes back what is not yet written.
const TURNS: u32 = 32;

/// Events one by one, and perhaps a reset of the stream, after so many turns.
struct Events {
    events: VecDeque<Bytes>,
    reset: Option<u32>,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(event))));
        }
        match &mut self.reset {
            None => Poll::Ready(None),
            Some(0) => Poll::Ready(Some(Err(io::Error::other("it broke")))),
            Some(turns) => {
                *turns -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

#[tokio::test]
async fn a_streamed_answer_over_http_2_is_the_hosts_byte_for_byte() {
    for format in FORMATS {
        let (host, home) = (Host::start(format, None).await, Home::new());
        let router = home.serve(&host.trusted(&home), &[]).await;
        let question = body(format, "one", true);
        let answer = ask(router.address, post(format, question)).await;
        assert_eq!((answer.status, answer.end), (200, End::Whole), "{answer:?}");
        let seen = host.seen();
        let [(version, heard)] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!(*version, Version::HTTP_2);
        assert_eq!(*heard, body(format, "good", true));
        assert_eq!(answer.body, good(format, heard).bytes, "{format:?}");
    }
}

#[tokio::test]
async fn a_stream_that_an_http_2_host_resets_ends_with_an_error_event() {
    for format in FORMATS {
        let (host, home) = (Host::start(format, Some(4)).await, Home::new());
        let router = home.serve(&host.trusted(&home), &[]).await;
        let answer = ask(router.address, post(format, body(format, "one", true))).await;
        assert_eq!((answer.status, answer.end), (200, End::BrokenOff), "{answer:?}");
        let whole = good(format, &host.seen().pop().unwrap().1).bytes;
        let before = before_error(format, &answer.body).expect("an error event");
        assert_eq!(before, events(&whole)[..4].concat(), "{format:?}");
    }
}

#[tokio::test]
async fn a_host_of_an_unknown_authority_is_told_with_the_way_out() {
    for format in FORMATS {
        let (host, home) = (Host::start(format, None).await, Home::new());
        // Some authority, so that the test does not lean on the system's.
        let (_, other) = identity("elsewhere.example");
        let other = home.write("other.pem", &other);
        let router =
            home.serve(&host.plan(&format!("[server]\nextra_root_certs = [{other:?}]")), &[]).await;
        let answer = ask(router.address, post(format, body(format, "one", true))).await;
        assert_eq!(answer.fates(), ["network"], "{answer:?}");
        let message = answer.message();
        assert!(message.contains("cannot connect to localhost"), "{message}");
        assert!(message.contains("server.extra_root_certs"), "{message}");
        assert!(host.seen().is_empty());
    }
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_the_way_but_for_its_exceptions() {
    let (host, home) = (Host::start(Chat, None).await, Home::new());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://user:canary@{nobody}");
    for (exceptions, status) in [("", 502), ("localhost", 200)] {
        let environment = [("HTTPS_PROXY", proxy.as_str()), ("NO_PROXY", exceptions)];
        let router = home.serve_in(&host.trusted(&home), &[], &environment).await;
        let answer = ask(router.address, post(Chat, body(Chat, "one", true))).await;
        assert_eq!(answer.status, status, "{exceptions:?}: {answer:?}");
        if status != 200 {
            let words = format!("cannot connect to localhost through the proxy {nobody}: ");
            assert!(answer.message().contains(&words), "{}", answer.message());
        }
        let told = format!("{answer:?}{}", router.log());
        assert!(!told.contains("canary"), "{told}");
    }
}

#[tokio::test]
async fn one_prompt_by_hand_trusts_the_same_authorities() {
    let (host, home) = (Host::start(Chat, None).await, Home::new());
    let config = home.write("routectl.toml", &host.trusted(&home));
    let config = config.to_str().unwrap();
    let said = home.run_beside(&["test", "one", "--prompt", "Hi", "--config", config]).await;
    assert!(said.ok, "{said:?}");
    assert_eq!(host.seen().len(), 1);
}

#[test]
fn a_missing_file_of_authorities_stops_the_start() {
    let home = Home::new();
    let config = Plan::new("[server]\nport = 0\nextra_root_certs = [\"missing.pem\"]");
    let config: String = config.target("one", Chat, "good").into();
    let config = home.write("routectl.toml", &config.replace("$CHAT", "https://localhost/v1"));
    let said = home.run(&["serve", "--config", config.to_str().unwrap()]);
    assert!(!said.ok, "{said:?}");
    let words = "server.extra_root_certs: missing.pem: No such file or directory";
    assert!(said.err.contains(words), "{said:?}");
}

//! What the keys of providers and models do, as a host sees it: headers, body, clocks, redirects;
//! and how long a stream may outlive the router's end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};
use routectl_emulator::{Emulator, Recorded};
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::harness::*;
use crate::process::{Home, with_hosts};

/// A host that lets every member pass.
const UPSTREAM: &str = "lenient-1";

/// What the router calls itself.
const OURS: &str = concat!("routectl/", env!("CARGO_PKG_VERSION"));

/// What arrives at the host under these keys of the provider and of the model.
async fn arrives(plan: Plan, request: Request<Bytes>) -> Recorded {
    let house = House::open(plan).await;
    let answer = house.ask(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    house.hosts.ended(1).await;
    let mut requests = house.hosts.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn plan(format: Format, provider: &str, model: &str) -> Plan {
    Plan::brisk().target_of("t", format, UPSTREAM, provider, model)
}

fn lines(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// Asks with headers of a client's, `name: value` each, and checks that the host sees these and no
/// other lines of theirs; an expectation without a value is a header that must not be there.
async fn sees(format: Format, provider: &str, model: &str, client: &[&str], expected: &[&str]) {
    let mut request = post(format, body(format, "t", false));
    for line in client {
        let (name, value) = line.split_once(": ").unwrap();
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    let arrived = arrives(plan(format, provider, model), request).await;
    let mut names: Vec<&str> =
        expected.iter().map(|line| line.split(':').next().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let theirs = expected.iter().filter_map(|line| line.split_once(": "));
        let wanted: Vec<&str> =
            theirs.filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
        let case = format!("{format:?} {name}\n{provider}\n{model}\n{client:?}");
        assert_eq!(lines(&arrived.headers, name), wanted, "{case}");
    }
}

#[tokio::test]
async fn an_operators_headers_arrive_and_the_models_win() {
    let provider = "header_extras = { X-A = \"provider\", x-b = \"provider\", api-key = \"k\", \
                    cookie = \"c=1\", user-agent = \"operator/1\", authorization = \"no\", \
                    x-api-key = \"no\", host = \"no.example\", accept-encoding = \"gzip\", \
                    content-type = \"text/no\", transfer-encoding = \"no\" }";
    let model = "header_extras = { x-a = \"model\" }";
    for format in FORMATS {
        let shared = [
            "x-a: model",
            "x-b: provider",
            "api-key: k",
            "cookie: c=1",
            "user-agent: operator/1",
            "accept-encoding",
            "content-type: application/json",
            "transfer-encoding",
        ];
        let own: &[&str] = match format {
            Chat => &["authorization: Bearer the-key", "x-api-key"],
            Messages => &["authorization", "x-api-key: the-key"],
        };
        sees(format, provider, model, &["cookie: c=2"], &[&shared, own].concat()).await;
    }
}

#[tokio::test]
async fn named_headers_of_the_client_pass_in_place_of_ours_and_no_others() {
    let named = "forward_client_headers = [\"x-session\", \"User-Agent\", \"accept\", \"accept\", \
                 \"cookie\", \"api-key\", \"x-goog-api-key\", \"authorization\", \"x-api-key\", \
                 \"x-auth-token\", \"accept-encoding\", \"connection\", \"x-twice\"]";
    let extras = format!("{named}\nheader_extras = {{ x-twice = \"operator\" }}");
    let client = [
        "x-session: s1",
        "x-session: s2",
        "x-other: o",
        "user-agent: client/1",
        "accept: text/event-stream",
        "cookie: c=1",
        "api-key: theirs",
        "x-goog-api-key: theirs",
        "x-auth-token: theirs",
        "accept-encoding: gzip",
        "x-twice: client",
    ];
    for format in FORMATS {
        let own: &[&str] = match format {
            Chat => &["authorization: Bearer the-key", "x-api-key"],
            Messages => &["authorization", "x-api-key: the-key"],
        };
        let never = ["cookie", "api-key", "x-goog-api-key", "x-auth-token", "accept-encoding"];
        let passed = [
            "x-session: s1",
            "x-session: s2",
            "x-other",
            "user-agent: client/1",
            "accept: text/event-stream",
            "x-twice: operator",
        ];
        sees(format, &extras, "", &client, &[&passed[..], &never, own].concat()).await;
        let ours = format!("user-agent: {OURS}");
        let unsent = [&*ours, "accept: */*", "x-session"];
        sees(format, named, "", &[], &unsent).await;
        let unnamed = [&*ours, "accept: text/event-stream", "x-session", "x-twice"];
        sees(format, "", "", &client, &[&unnamed[..], &never, own].concat()).await;
    }
}

#[tokio::test]
async fn the_router_says_who_it_is() {
    for format in FORMATS {
        sees(format, "", "", &["user-agent: client/1"], &[&format!("user-agent: {OURS}")]).await;
        let named = "user_agent = \"my router/2 (home)\"";
        sees(format, named, "", &[], &["user-agent: my router/2 (home)"]).await;
    }
}

#[tokio::test]
async fn betas_are_those_of_client_operator_and_credential_without_doubles() {
    const ONE: &str = "one-2025-01-01";
    const TWO: &str = "two-2025-01-01";
    const THREE: &str = "three-2025-01-01";
    const OAUTH: &str = "oauth-2025-04-20";
    let extras = |beta: &str| format!("header_extras = {{ anthropic-beta = \"{beta}\" }}");
    let only = |beta: &str| format!("allowed_betas = [\"{beta}\"]");
    let forwarded = "forward_client_headers = [\"anthropic-beta\"]";
    let bearer = "auth_kind = \"oauth-bearer\"";
    let client = format!("anthropic-beta: {ONE},{TWO}");
    let none = String::new();
    for (provider, model, expected) in [
        (none.clone(), none.clone(), vec![ONE, TWO]),
        (extras(TWO), extras(THREE), vec![ONE, TWO, THREE]),
        (only(TWO), none.clone(), vec![TWO]),
        (only(TWO), extras(THREE), vec![TWO, THREE]),
        (only(THREE), none.clone(), vec![]),
        (format!("{}\n{forwarded}", only(THREE)), none.clone(), vec![]),
        (forwarded.to_owned(), none.clone(), vec![ONE, TWO]),
        (bearer.to_owned(), none.clone(), vec![ONE, TWO, OAUTH]),
        (format!("{bearer}\n{}", only(TWO)), none, vec![TWO, OAUTH]),
    ] {
        let expected = match expected.as_slice() {
            [] => "anthropic-beta".to_owned(),
            betas => format!("anthropic-beta: {}", betas.join(",")),
        };
        sees(Messages, &provider, &model, &[&client], &[&expected]).await;
    }
}

#[tokio::test]
async fn a_bearer_is_shown_as_one_and_a_key_as_a_key() {
    let bearer = "auth_kind = \"oauth-bearer\"\napi_key_ref = \"literal:sk-ant-oat-1\"";
    let login =
        ["authorization: Bearer sk-ant-oat-1", "x-api-key", "anthropic-beta: oauth-2025-04-20"];
    sees(Messages, bearer, "", &[], &login).await;
    let theirs = ["authorization: Bearer theirs"];
    let key = ["authorization", "x-api-key: the-key", "anthropic-beta"];
    sees(Messages, "", "", &theirs, &key).await;
}

#[tokio::test]
async fn a_version_is_sent_when_the_client_sent_none() {
    let newer = "anthropic_version = \"2026-10-21\"";
    for (keys, client, expected) in [
        ("", None, "2023-06-01"),
        (newer, None, "2026-10-21"),
        (newer, Some("2023-06-01"), "2023-06-01"),
        ("", Some("2026-10-21"), "2026-10-21"),
    ] {
        let mut request = post(Messages, body(Messages, "t", false));
        request.headers_mut().remove("anthropic-version");
        if let Some(version) = client {
            request = with_header(request, "anthropic-version", version);
        }
        let arrived = arrives(plan(Messages, keys, ""), request).await;
        assert_eq!(lines(&arrived.headers, "anthropic-version"), [expected], "{keys} {client:?}");
    }
}

/// What a body becomes, byte for byte; the router is asked for `t`.
async fn becomes(format: Format, plan: Plan, sent: &str, expected: &str) {
    let arrived = arrives(plan, post(format, Bytes::from(sent.to_owned()))).await;
    assert_eq!(String::from_utf8_lossy(&arrived.body), expected);
}

#[tokio::test]
async fn a_limit_is_appended_when_the_client_set_none() {
    let asks = |model: &str, limit: &str| {
        let messages = "\"messages\": [{\"role\":\"user\",\"content\":\"Hé\"}]";
        format!("{{\"model\": \"{model}\", {messages}{limit}}}")
    };
    for (upstream, model, limit, expected) in [
        (UPSTREAM, "", "", ",\"max_tokens\":64000"),
        (UPSTREAM, "max_output_tokens = 77", "", ",\"max_tokens\":77"),
        (UPSTREAM, "max_output_tokens = 77", ", \"max_tokens\" : 9", ", \"max_tokens\" : 9"),
        (UPSTREAM, "payload_extras = { max_tokens = 7 }", "", ",\"max_tokens\":7"),
        ("claude-3-haiku-20240307", "", "", ",\"max_tokens\":4096"),
        ("claude-3-haiku-20240307", "max_output_tokens = 77", "", ",\"max_tokens\":77"),
        ("claude-opus-4-6", "", "", ",\"max_tokens\":128000"),
    ] {
        let plan = Plan::brisk().target_of("t", Messages, upstream, "", model);
        becomes(Messages, plan, &asks("t", limit), &asks(upstream, expected)).await;
    }
    let plan = plan(Chat, "", "max_output_tokens = 77");
    becomes(Chat, plan, &asks("t", ""), &asks(UPSTREAM, "")).await;
}

#[tokio::test]
async fn an_operators_members_are_merged_and_the_models_win() {
    let provider = "payload_extras = { zz_a = 1, zz_deep = { a = 1, b = [1] } }";
    let model = "payload_extras = { zz_a = 2, zz_deep = { b = [2], c = true } }";
    for format in FORMATS {
        let asks = |model: &str, members: &str| {
            let limit = match format {
                Chat => "",
                Messages => "\"max_tokens\": 9, ",
            };
            let messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hé\"}]";
            format!("{{ \"model\":\"{model}\", {limit}{messages}{members}}}")
        };
        let added = ",\"zz_a\":2,\"zz_deep\":{\"a\":1,\"b\":[2],\"c\":true}";
        becomes(format, plan(format, provider, model), &asks("t", ""), &asks(UPSTREAM, added))
            .await;
    }
}

#[tokio::test]
async fn a_query_of_the_base_url_stays() {
    let text = String::from(plan(Chat, "", "")).replace("$CHAT", "$CHAT?api-version=2024-10-21");
    let house = House::open(text).await;
    let mut request = post(Chat, body(Chat, "t", false));
    *request.uri_mut() = "/v1/chat/completions?of=the-client".parse().unwrap();
    house.ask(request).await;
    house.hosts.ended(1).await;
    let arrived = house.hosts.requests().remove(0);
    assert_eq!(arrived.path, "/v1/chat/completions?api-version=2024-10-21");
}

#[tokio::test]
async fn a_whole_attempt_has_a_clock_of_its_own_and_a_stream_has_not() {
    let short = "request_timeout_ms = 60";
    let long = "request_timeout_ms = 3600000";
    for format in FORMATS {
        for (upstream, provider, model, streamed, expected) in [
            ("deaf", short, "", false, vec!["timeout", "ok"]),
            // The head and some of the body came in time.
            ("stall-at-9", short, "", false, vec!["timeout", "ok"]),
            ("stall-at-9", long, short, false, vec!["timeout", "ok"]),
            ("slow-200", short, long, false, vec!["ok"]),
            ("slow-200", short, "", true, vec!["ok"]),
        ] {
            let plan = Plan::brisk()
                .target_of("t", format, upstream, provider, model)
                .target("good", format, "mock-1")
                .alias("all", &["t", "good"]);
            let answer =
                House::open(plan).await.ask(post(format, body(format, "all", streamed))).await;
            let case = format!("{format:?} {upstream} {provider} {model} {streamed}");
            assert_eq!(answer.status, 200, "{case}: {}", answer.text());
            assert_eq!(answer.fates(), expected, "{case}");
        }
    }
}

/// A host that says the same to everyone and counts who asks.
struct Parrot {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Parrot {
    /// It says this status line and these headers, and `{}`.
    async fn open(head: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let (counter, mut tasks) = (Arc::clone(&asked), JoinSet::new());
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                Self::answer(stream, &head).await;
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    async fn answer(mut stream: TcpStream, head: &str) {
        let mut asked = Vec::new();
        // The bodies of this file's requests end so.
        while !asked.ends_with(b"}]}") {
            if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let answer = format!(
            "HTTP/1.1 {head}\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: 2\r\n\r\n{{}}"
        );
        // It may have left.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A chain of this host and a good one, with three attempts at each.
fn before_a_good_one(format: Format, host: SocketAddr) -> Plan {
    let retry = "[retry]\nmax_attempts = 3\ninitial_backoff_ms = 1\njitter_ms = 0";
    let text = String::from(Plan::new(retry).target("t", format, "mock-1"));
    let here = text.replace("$CHAT", &format!("http://{host}/v1"));
    let here = here.replace("$MESSAGES", &format!("http://{host}"));
    Plan::new(&here).target("good", format, "mock-1").alias("all", &["t", "good"])
}

#[tokio::test]
async fn a_host_that_says_not_to_retry_is_left_at_once() {
    for format in FORMATS {
        for (head, times) in [
            ("500 No", 3),
            ("500 No\r\nx-should-retry: true", 3),
            ("500 No\r\nx-should-retry: false", 1),
            ("429 No\r\nretry-after-ms: 1\r\nx-should-retry: false", 1),
        ] {
            let host = Parrot::open(head.to_owned()).await;
            let house = House::open(before_a_good_one(format, host.address)).await;
            let answer = house.ask(post(format, body(format, "all", true))).await;
            assert_eq!((answer.status, host.times_asked()), (200, times), "{format:?} {head:?}");
            assert_eq!(answer.fates().len(), times + 1, "{format:?} {head:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_so() {
    for format in FORMATS {
        for status in [301, 302, 303, 307, 308] {
            let elsewhere = Parrot::open("200 OK".to_owned()).await;
            let head = format!("{status} Go\r\nlocation: http://{}/v1", elsewhere.address);
            let host = Parrot::open(head).await;
            let house = House::open(before_a_good_one(format, host.address)).await;
            let alone = house.ask(post(format, body(format, "t", false))).await;
            let words = "provider p-t redirects to 127.0.0.1; redirects are not followed: correct \
                         its base_url";
            assert!(alone.message().contains(words), "{status}: {}", alone.text());
            assert!(alone.status >= 500, "{status}: {}", alone.status);
            let rescued = house.ask(post(format, body(format, "all", false))).await;
            assert_eq!(rescued.header("x-routectl-model"), "good", "{status}");
            assert_eq!(elsewhere.times_asked(), 0, "{status}");
        }
    }
}

#[tokio::test]
async fn a_stream_may_finish_within_the_grace_period_and_is_cut_after_it() {
    for (grace, upstream, end) in
        [(3_600_000, "slow-300", End::Whole), (50, "stall-at-700", End::BrokenOff)]
    {
        let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
        let plan = Plan::new(&format!("[server]\nshutdown_grace_ms = {grace}"))
            .target("t", Messages, upstream);
        let mut serving = home.serve(&with_hosts(&hosts, plan), &[]).await;
        let mut client = Client::connect(serving.address).await;
        let stop = async {
            while hosts.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            // A stream that is to be cut has begun by then.
            if end == End::Whole {
                serving.signal(Signal::TERM);
            }
        };
        let request = post(Messages, body(Messages, "t", true));
        let (response, ()) = tokio::join!(client.send(request), stop);
        if end == End::BrokenOff {
            serving.signal(Signal::TERM);
        }
        let answer = read(response).await;
        assert_eq!((answer.status, answer.end), (200, end), "{grace}: {}", answer.text());
        assert!(answer.text().contains("content_block_start"), "{grace}: {}", answer.text());
        assert!(serving.ends().await.success(), "{}", serving.log());
    }
}

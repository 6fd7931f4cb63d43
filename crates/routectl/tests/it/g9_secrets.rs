//! G9: a secret is never written anywhere but its own store: a canary is run through every kind of
//! error, at every log level, and searched for in all that comes out.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use routectl::config::{self, Flags};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::harness::*;
use crate::process::{Home, with_hosts};

/// The upstreams' key.
const KEY: &str = "sk-canary-key-93471";
/// What the clients of the router show it.
const TOKEN: &str = "canary-token-55120";
/// The password of a proxy.
const PASSWORD: &str = "canary-password-80026";
/// What clients sent when there is no token to check: some vendor's key of theirs.
const CLIENTS_OWN: &str = "canary-of-the-client-4711";

const SECRETS: [&str; 4] = [KEY, TOKEN, PASSWORD, CLIENTS_OWN];

fn assert_clean(what: &str, text: &str) {
    for secret in SECRETS {
        let at = text.find(secret);
        let around = at.map(|at| text.get(at.saturating_sub(200)..).unwrap_or(text));
        assert_eq!(around, None, "{what} holds {secret}");
    }
}

fn clean(what: &str, answer: &Answer) {
    assert_clean(what, &answer.text());
    assert_clean(what, &format!("{:?}", answer.headers));
}

/// A host that says the key back in every way it can; the first part of the path chooses.
struct Echo {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What it says, with `@` for the key. The last part is what ends the connection or not.
const SAYINGS: &[(&str, &str)] = &[
    (
        "json-401",
        "HTTP/1.1 401 No\r\ncontent-type: application/json\r\n|{\"error\":{\"message\":\"Incorrect API key provided: @.\",\"type\":\"invalid_request_error\",\"param\":\"@\",\"code\":\"@\"}}",
    ),
    (
        "messages-401",
        "HTTP/1.1 401 No\r\ncontent-type: application/json\r\n|{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key @\"}}",
    ),
    (
        "html-500",
        "HTTP/1.1 500 No\r\ncontent-type: text/html\r\n|<html><title>@</title><pre>authorization: Bearer @</pre></html>",
    ),
    ("text-400", "HTTP/1.1 400 No\r\ncontent-type: text/plain\r\n|no such key: @"),
    (
        "headers-429",
        "HTTP/1.1 429 No\r\ncontent-type: application/json; of=@\r\nretry-after: 1\r\nx-request-id: @\r\nrequest-id: @\r\nx-ratelimit-key: @\r\nanthropic-key: @\r\nopenai-organization: @\r\n|{\"error\":{\"message\":\"slow down\"}}",
    ),
    (
        "headers-200",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: @\r\nx-ratelimit-key: @\r\n|{\"type\":\"message\",\"content\":[],\"choices\":[]}",
    ),
    ("status-line", "HTTP/1.1 500 Bad @\r\ncontent-type: text/plain\r\n|"),
    ("redirect", "HTTP/1.1 302 Found\r\nlocation: https://@.example/@?key=@\r\n|"),
    (
        "ok-error",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n|{\"type\":\"error\",\"error\":{\"message\":\"bad key @\",\"type\":\"@\",\"code\":\"@\"}}",
    ),
    ("ok-garbage", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n|{\"@\":"),
    ("garbage", "@ @ @\r\n\r\n|@"),
    (
        "early-error",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n|event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bad key @\"}}\n\n",
    ),
    (
        "early-garbage",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n|event: message_start\ndata: {\"@\n\n",
    ),
    (
        "late-chat-error",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n|data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"bad key @\",\"type\":\"server_error\",\"param\":null,\"code\":\"@\"}}\n\n",
    ),
    (
        "late-messages-error",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n|event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bad key @\"}}\n\n",
    ),
    (
        "late-foreign-error",
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n|event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}}\n\nevent: error\ndata: {\"error\":{\"message\":\"bad key @\"}}\n\n",
    ),
];

impl Echo {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                visits.spawn(Self::answer(stream));
            }
        });
        Self { address, _tasks: tasks }
    }

    async fn answer(mut stream: TcpStream) {
        let mut asked = Vec::new();
        while !asked.windows(4).any(|four| four == b"\r\n\r\n") {
            if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let asked = String::from_utf8_lossy(&asked).into_owned();
        let shown = asked.contains(KEY);
        assert!(shown, "the key is sent where it belongs: {asked}");
        let saying = asked.split('/').nth(1).unwrap_or_default();
        let (_, text) = SAYINGS.iter().find(|(name, _)| *name == saying).unwrap();
        let (head, body) = text.split_once('|').unwrap();
        let body = body.replace('@', KEY);
        let head = head.replace('@', KEY);
        let answer =
            format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// Every saying in both formats, hosts that fail by themselves, and providers that cannot work.
fn plan(echo: SocketAddr, key_ref: &str) -> Plan {
    let mut plan = Plan::new(&format!(
        "[server]\nauth.tokens = [\"literal:{TOKEN}\"]\n[retry]\nmax_attempts = 1\n\
         request_timeout_ms = 800\nstream_first_byte_timeout_ms = 400\nstream_idle_timeout_ms = 400"
    ));
    let mut text = String::new();
    let mut add = |name: &str, format: Format, url: &str, upstream: &str, keys: &str| {
        text.push_str(&format!(
            "[providers.\"p-{name}\"]\nkind = \"{}\"\nbase_url = \"{url}\"\napi_key_ref = \"{key_ref}\"\n\
             {keys}\n[models.\"{name}\"]\nprovider = \"p-{name}\"\nupstream = \"{upstream}\"\n",
            kind(format).0
        ));
    };
    for format in FORMATS {
        for (saying, _) in SAYINGS {
            let url = format!("http://{echo}/{saying}");
            add(&format!("{format:?}-{saying}"), format, &url, "any", "");
        }
        let proxy = format!("proxy = \"http://user:{PASSWORD}@127.0.0.1:1\"");
        add(&format!("{format:?}-proxied"), format, "https://upstream.invalid", "any", &proxy);
        let socks = format!("proxy = \"socks5://user:{PASSWORD}@127.0.0.1:1\"");
        add(&format!("{format:?}-socks"), format, "https://upstream.invalid", "any", &socks);
        add(&format!("{format:?}-closed"), format, "http://127.0.0.1:1", "any", "");
        let (_, url) = kind(format);
        for upstream in
            ["mock-1", "silent", "fault-garbage", "fault-auth", "fault-cut-after-content"]
        {
            let extras = format!("header_extras = {{ x-secret-extra = \"{KEY}\" }}");
            add(&format!("{format:?}-{upstream}"), format, url, upstream, &extras);
        }
    }
    plan = Plan::new(&format!("{}\n{text}", String::from(plan)));
    plan
}

fn names() -> Vec<(Format, String)> {
    let others = [
        "proxied",
        "socks",
        "closed",
        "mock-1",
        "silent",
        "fault-garbage",
        "fault-auth",
        "fault-cut-after-content",
    ];
    let names = || SAYINGS.iter().map(|(name, _)| *name).chain(others);
    FORMATS
        .iter()
        .flat_map(|format| names().map(move |name| (*format, format!("{format:?}-{name}"))))
        .collect()
}

/// What a client sends that has a token, and what one sends that shows a key of its own.
fn authorized(format: Format, body: impl Into<Bytes>) -> Request<Bytes> {
    let mut request = post(format, body);
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    headers.insert("x-api-key", CLIENTS_OWN.parse().unwrap());
    request
}

#[tokio::test]
async fn g9_no_secret_is_in_an_answer_or_a_log_whatever_an_upstream_says() {
    let (echo, hosts) = (Echo::open().await, routectl_emulator::Emulator::start().await.unwrap());
    for json in [false, true] {
        let home = Home::new();
        let config = with_hosts(&hosts, plan(echo.address, &format!("literal:{KEY}")));
        let args: &[&str] = if json { &["--log-json"] } else { &[] };
        let serving = home.serve_in(&config, args, &[("ROUTECTL_LOG", "trace")]).await;
        for (_, name) in names() {
            // A client of each format: one is on the native lane, the other on the translated one.
            for (client, streamed) in FORMATS.into_iter().flat_map(|it| [(it, true), (it, false)]) {
                let request = authorized(client, body(client, &name, streamed));
                let answer = ask(serving.address, request).await;
                assert!(!name.ends_with("mock-1") || answer.status == 200, "{}", answer.text());
                clean(&name, &answer);
            }
        }
        for (name, value) in [
            ("authorization", format!("Bearer {CLIENTS_OWN}")),
            ("x-api-key", CLIENTS_OWN.to_owned()),
        ] {
            let mut request = Request::get("/v1/models").body(Bytes::new()).unwrap();
            request = with_header(request, name, &value);
            let answer = ask(serving.address, request).await;
            assert_eq!(answer.status, 401);
            clean("a refused token", &answer);
        }
        // The last request's line: by then all before it is written.
        let marker = authorized(Chat, body(Chat, "Chat-closed", false));
        ask(serving.address, with_header(marker, "x-request-id", "the-last-one")).await;
        serving.says("the-last-one").await;
        let log = serving.log();
        assert!(
            log.lines().count() > names().len() * 2,
            "the log is there: {}",
            log.lines().count()
        );
        assert_clean("the log", &log);
    }
}

#[tokio::test]
async fn g9_a_secret_that_cannot_be_used_is_told_without_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let open = home.write("open", KEY);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let lines = home.write("lines", &format!("{KEY}\n{KEY}"));
    std::fs::set_permissions(&lines, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (reference, words) in [
        (format!("file://{}", open.display()), "chmod"),
        (format!("file://{}", lines.display()), ""),
        (format!("file://{}", home.file(KEY).display()), ""),
        ("env://ROUTECTL_TEST_UNSET".to_owned(), "ROUTECTL_TEST_UNSET"),
    ] {
        for format in FORMATS {
            let keys = format!("api_key_ref = \"{reference}\"");
            let house = House::open(Plan::brisk().target_with("it", format, "mock-1", &keys)).await;
            let answer = house.ask(post(format, body(format, "it", false))).await;
            assert_eq!(
                (answer.status, answer.fates()),
                (500, vec!["auth".to_owned()]),
                "{reference}"
            );
            assert!(is_error(format, &answer.body), "{}", answer.text());
            assert!(answer.message().contains(words), "{}", answer.text());
            // The name of a file is no secret; what it holds is.
            let said = answer.text().replace(&home.file(KEY).display().to_string(), "");
            assert_clean(&reference, &said);
            assert!(house.hosts.requests().is_empty());
        }
    }
}

#[tokio::test]
async fn g9_a_configuration_shows_no_secret() {
    let echo = Echo::open().await;
    let hosts = routectl_emulator::Emulator::start().await.unwrap();
    let text = with_hosts(&hosts, plan(echo.address, &format!("literal:{KEY}")));
    let loaded = config::parse(&text, "f.toml", Flags::default()).unwrap();
    assert_clean("Debug", &format!("{loaded:?}\n{loaded:#?}"));
    let home = Home::new();
    home.write("routectl.toml", &text);
    for command in ["check", "show"] {
        let said = home.run(&["config", command, "--config", "routectl.toml"]);
        assert!(said.ok, "{said:?}");
        assert_clean(command, &format!("{said:?}"));
    }
    let said = home.run_beside(&["test", "Chat-json-401", "--config", "routectl.toml"]).await;
    assert!(!said.ok && said.err.contains("401"), "{said:?}");
    assert_clean("test", &format!("{said:?}"));
}

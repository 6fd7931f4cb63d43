//! G12: whatever a client or an upstream sends, routectl answers or closes: no panic, no hang, no
//! growth without bound. And what every answer carries.

use std::io::Write as _;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use routectl_emulator::Fate;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::*;
use crate::process::{Home, with_hosts};

async fn house(tables: &str, upstream: &str) -> House {
    let plan = Plan::new(tables)
        .target("chat", Chat, upstream)
        .target("messages", Messages, upstream)
        .alias("default", &["chat", "messages"]);
    House::open(plan).await
}

#[tokio::test]
async fn g12_a_malformed_body_is_a_400_that_names_the_place() {
    let house = house("", "mock-1").await;
    let deep = format!("{{\"model\":\"x\",\"a\":{}", "[".repeat(100_000));
    let nested = format!("{{\"model\":\"x\",\"a\":{}{}}}", "[".repeat(999), "]".repeat(999));
    let cases: [(&[u8], &str); 25] = [
        (b"", "the body is empty"),
        (b" \n ", "the body is empty"),
        (b"[]", "it starts with an array"),
        (b"\"model\"", "it starts with a string"),
        (b"12", "it starts with a number"),
        (b"null", "it starts with null"),
        (b"<html>", "as HTML does"),
        (b"model=x&stream=true", "not a JSON object"),
        (b"{", "at byte 1"),
        (b"{}", "model: field required"),
        (b"{\"messages\":[]}", "model: field required"),
        (b"{\"model\":null}", "model: must be a string"),
        (b"{\"model\":7}", "model: must be a string"),
        (b"{\"model\":[\"x\"]}", "model: must be a string"),
        (b"{\"model\":\"\"}", "model: must not be empty"),
        (b"{\"model\":\"x\",\"model\":\"x\"}", "model: the member stands more than once"),
        (b"{\"model\":\"x\",\"mod\\u0065l\":\"y\"}", "model: the member stands more than once"),
        (b"{\"model\":\"x\",\"stream\":1}", "stream: must be true or false"),
        (b"{\"model\":\"x\",\"stream\":\"true\"}", "stream: must be true or false"),
        (b"{\"model\":\"x\"} {}", "at byte 14, but more follows"),
        (b"{\"model\":\"x\",}", "at byte 13"),
        (b"{\"model\":\"x\"", "at byte 12"),
        (b"{\"model\":\"\xff\"}", "not valid UTF-8 at byte 10"),
        (deep.as_bytes(), "nested deeper than"),
        (nested.as_bytes(), "nested deeper than"),
    ];
    for format in FORMATS {
        for (body, words) in cases {
            let answer = house.ask(post(format, Bytes::copy_from_slice(body))).await;
            let case = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(answer.status, 400, "{case}");
            assert!(is_error(format, &answer.body), "{case}: {}", answer.text());
            assert!(answer.message().contains(words), "{case}: {}", answer.message());
        }
    }
    assert!(house.hosts.requests().is_empty(), "no upstream hears of it");
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zstd(plain: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
}

/// One stored block, which needs no compressor: window bits, its length, the bytes, the last block.
/// (RFC 7932, section 9)
fn brotli(plain: &[u8]) -> Vec<u8> {
    let length = u32::try_from(plain.len()).unwrap() - 1;
    assert!(length < 1 << 16, "a block with four nibbles of length");
    // 0: 16 bits of window. 0: not last. 00: four nibbles. The length. 1: stored.
    let bits = (length << 4) | (1 << 20);
    let mut encoded = bits.to_le_bytes()[..3].to_vec();
    encoded.extend_from_slice(plain);
    encoded.push(0b11);
    encoded
}

fn encoded(format: Format, coding: &str, body: Vec<u8>) -> Request<Bytes> {
    let mut request = native(format, post(format, body));
    request.headers_mut().insert("content-encoding", coding.parse().unwrap());
    request
}

#[tokio::test]
async fn g12_a_compressed_body_arrives_plain() {
    let house = house("", "mock-1").await;
    for format in FORMATS {
        let plain = body(format, "x", false);
        for (coding, sent) in [
            ("gzip", gzip(&plain)),
            ("x-gzip", gzip(&plain)),
            ("zstd", zstd(&plain)),
            ("deflate", zlib(&plain)),
            ("br", brotli(&plain)),
            ("gzip, zstd", zstd(&gzip(&plain))),
            ("identity", plain.to_vec()),
        ] {
            let answer = house.ask(encoded(format, coding, sent)).await;
            assert_eq!(answer.status, 200, "{coding}: {}", answer.text());
            let arrived = house.hosts.requests().pop().unwrap();
            assert_eq!(arrived.body, body(format, "mock-1", false), "{coding}");
            assert!(!arrived.headers.contains_key("content-encoding"), "{coding}");
        }
    }
}

#[tokio::test]
async fn g12_a_bomb_is_refused_and_what_is_not_what_it_says_too() {
    let house = house("[server]\nmax_body_bytes = 100000", "mock-1").await;
    let zeros = vec![b' '; 5 << 20];
    let bombs = [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros)), ("deflate", zlib(&zeros))];
    let twice = [("gzip, gzip", gzip(&gzip(&zeros)))];
    for format in FORMATS {
        for (coding, sent) in bombs.iter().chain(&twice) {
            let answer = house.ask(encoded(format, coding, sent.clone())).await;
            assert_eq!(answer.status, 413, "{coding}: {}", answer.text());
            assert!(is_error(format, &answer.body), "{}", answer.text());
        }
        for (coding, sent, status) in [
            ("gzip", b"{\"model\":\"x\"}".to_vec(), 400),
            ("zstd", b"\x28\xb5\x2f\xfd".to_vec(), 400),
            ("br", vec![0xff; 40], 400),
            ("deflate", vec![0xff; 40], 400),
            ("gzip", gzip(b"{\"model\":\"x\"}")[..15].to_vec(), 400),
            ("lzma", b"{}".to_vec(), 415),
        ] {
            let answer = house.ask(encoded(format, coding, sent)).await;
            assert_eq!(answer.status, status, "{coding}: {}", answer.text());
            assert!(is_error(format, &answer.body), "{}", answer.text());
        }
    }
    assert!(house.hosts.requests().is_empty());
}

#[tokio::test]
async fn g12_garbage_on_the_socket_is_answered_or_closed() {
    let house = house("", "mock-1").await;
    let headers = (0..2_000).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let many = format!("GET /health HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
    let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(1 << 20));
    let huge =
        format!("GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let post = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    for (said, heard) in [
        ("\r\n\r\n\0\0\0", "HTTP/1.1 400"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03 hello?\r\n\r\n", "HTTP/1.1 400"),
        ("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400"),
        ("GET /health HTTP/1.1\r\nbroken header\r\n\r\n", "HTTP/1.1 400"),
        (&many, "HTTP/1.1 431"),
        (&long, "HTTP/1.1 4"),
        (&huge, "HTTP/1.1 431"),
        // Two lengths, or both framings, are how requests are smuggled.
        (&format!("{post}content-length: 3\r\ncontent-length: 4\r\n\r\n{{}} "), "HTTP/1.1 400"),
        (&format!("{post}content-length: -1\r\n\r\n{{}}"), "HTTP/1.1 400"),
        (
            &format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"),
            "HTTP/1.1 400",
        ),
        (
            &format!("{post}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
            "HTTP/1.1 400",
        ),
    ] {
        let answer = converse(house.address(), said.as_bytes()).await;
        let case: String = said.chars().take(80).collect();
        assert!(answer.starts_with(heard), "{case:?}: {answer:?}");
    }
    assert_eq!(house.ask(health()).await.status, 200, "and it serves on");
    assert!(house.hosts.requests().is_empty());
}

fn health() -> Request<Bytes> {
    Request::get("/health").body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn g12_a_request_that_never_ends_reaches_no_upstream() {
    let house = house("", "mock-1").await;
    let body = "{\"model\":\"x\",\"mess";
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len() + 1_000
    );
    for said in [&head[..30], &head[..head.len() - 9], &head] {
        let mut stream = TcpStream::connect(house.address()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        // Closed for writing: more never comes.
        stream.shutdown().await.unwrap();
        let heard = hear_out(&mut stream).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 4"), "{heard}");
    }
    assert!(house.hosts.requests().is_empty());
}

#[tokio::test]
async fn g12_many_connections_that_say_nothing_do_not_keep_others_out() {
    let house = house("", "mock-1").await;
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(house.address()).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"POST /v1/messages HTTP/1.1\r\nhost: loc").await.unwrap();
        }
        silent.push(stream);
    }
    let answer = house.ask(post(Messages, body(Messages, "x", true))).await;
    assert_eq!(answer.status, 200);
    drop(silent);
}

#[tokio::test]
async fn g12_a_request_that_comes_byte_by_byte_is_served() {
    let house = house("", "mock-1").await;
    let body = body(Chat, "x", false);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/json\r\n\r\n",
        path(Chat),
        body.len()
    );
    let mut stream = TcpStream::connect(house.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in head.as_bytes().iter().chain(&body) {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let heard = hear_out(&mut stream).await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
}

/// A client that leaves while the answer is at this stage lets the upstream go, on either lane.
async fn leaves(upstream: &str, streamed: bool, began: bool) {
    for (client, host) in FORMATS.into_iter().flat_map(|it| FORMATS.map(|host| (it, host))) {
        let house = House::open(Plan::brisk().target("x", host, upstream)).await;
        leaves_one(&house, client, upstream, streamed, began).await;
    }
}

async fn leaves_one(house: &House, format: Format, upstream: &str, streamed: bool, began: bool) {
    let mut client = Client::connect(house.address()).await;
    let request = post(format, body(format, "x", streamed));
    if began {
        let mut response = client.send(request).await;
        let first = response.body_mut().frame().await.unwrap().unwrap();
        assert!(first.data_ref().is_some_and(|bytes| !bytes.is_empty()));
    } else {
        let arrives = async {
            while house.hosts.requests().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = client.send(request) => panic!("{upstream} does not answer"),
            () = arrives => {}
        }
    }
    assert_eq!(house.hosts.requests()[0].fate, Fate::Open, "{upstream}");
    drop(client);
    let let_go = tokio::time::timeout(PATIENCE, house.hosts.ended(1)).await;
    assert!(let_go.is_ok(), "{upstream} {format:?} is let go");
    assert_eq!(house.hosts.requests()[0].fate, Fate::ClientLeft, "{upstream} {format:?}");
    assert_eq!(house.hosts.requests().len(), 1, "nobody else is asked");
}

#[tokio::test]
async fn g12_a_client_that_leaves_lets_the_upstream_go_at_every_stage() {
    // Before any head, with a head and no content, in the middle of a whole answer.
    for streamed in [true, false] {
        leaves("deaf", streamed, false).await;
        leaves("silent", streamed, false).await;
    }
    leaves("stall-at-100", false, false).await;
    leaves("fault-pings-for-ever", true, false).await;
    leaves("fault-stall-after-content", true, true).await;
}

#[tokio::test]
async fn g12_a_client_that_stops_reading_is_cut_and_its_upstream_let_go() {
    let house = house("[retry]\nwrite_stall_timeout_ms = 300", "bench-stream-80000-0-100").await;
    for format in FORMATS {
        house.hosts.forget();
        let body = body(format, "x", true);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
            path(format),
            body.len()
        );
        let mut stream = TcpStream::connect(house.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let let_go = tokio::time::timeout(PATIENCE, house.hosts.ended(1)).await;
        assert!(let_go.is_ok(), "the upstream is let go");
        assert_eq!(house.hosts.requests()[0].fate, Fate::ClientLeft);
        let mut rest = Vec::new();
        // Cut or reset, but never a clean end of a whole answer.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap();
        assert!(!rest.ends_with(b"0\r\n\r\n"));
    }
}

#[tokio::test]
async fn g12_connections_to_upstreams_are_used_again_after_good_answers() {
    for streamed in [true, false] {
        let counting = Doorkeeper::open().await;
        let plan = Plan::new(&format!(
            "[providers.door]\nkind = \"openai-compat\"\nbase_url = \"http://{}/v1\"\n\
             api_key_ref = \"literal:the-key\"\n\
             [models.door]\nprovider = \"door\"\nupstream = \"mock-1\"",
            counting.address
        ));
        let house = House::open(plan).await;
        // One connection of one client stays with one worker and its connections.
        let mut client = Client::connect(house.address()).await;
        for _ in 0..20 {
            let answer = client.ask(post(Chat, body(Chat, "door", streamed))).await;
            assert_eq!((answer.status, answer.end), (200, End::Whole), "{}", answer.text());
        }
        assert_eq!(counting.opened(), 1, "streamed {streamed}");
    }
}

#[tokio::test]
async fn g12_every_answer_says_who_served_it_and_how() {
    let plan = Plan::brisk()
        .target("broken", Messages, "fault-server-error")
        .target("good", Messages, "mock-1")
        .alias("all", &["broken", "good"]);
    let house = House::open(plan).await;
    for streamed in [true, false] {
        let request =
            with_header(post(Messages, body(Messages, "all", streamed)), "x-request-id", "mine-7");
        let answer = house.ask(request).await;
        assert_eq!(answer.header("x-request-id"), "mine-7");
        assert_eq!(answer.header("x-routectl-model"), "good");
        assert_eq!(answer.header("x-routectl-provider"), "p-good");
        assert_eq!(answer.header("x-routectl-lane"), "native");
        assert_eq!(answer.fates(), ["server-error", "ok"]);
        let kind = if streamed { "text/event-stream; charset=utf-8" } else { "application/json" };
        assert_eq!(answer.header("content-type"), kind);
        assert!(answer.header("request-id").starts_with("req_"), "the upstream's own id");
        assert_ne!(answer.header("anthropic-ratelimit-requests-remaining"), "");
        assert_eq!(answer.header("x-routectl-loss"), "");
    }
    // An id that could not stand in a log is replaced, and each is another one.
    let mut seen = Vec::new();
    for id in ["", "two words", &"x".repeat(500)] {
        let request = with_header(post(Messages, body(Messages, "all", false)), "x-request-id", id);
        let answer = house.ask(request).await;
        let given = answer.header("x-request-id").to_owned();
        assert!(given.starts_with("req_") && given != id, "{given}");
        assert!(!seen.contains(&given));
        seen.push(given);
    }
    // A failure carries its way too.
    let answer = house.ask(post(Messages, body(Messages, "broken", false))).await;
    assert_eq!(answer.fates(), ["server-error"]);
    assert_ne!(answer.header("x-request-id"), "");
}

#[tokio::test]
async fn g12_the_models_listing_satisfies_the_clients_of_both_vendors() {
    let plan = Plan::new("")
        .target_of("first", Messages, "mock-1", "", "context_window = 1000\nmax_output_tokens = 99")
        .target_of("hidden", Chat, "mock-1", "", "selectable = false")
        .aliases([
            ("named".to_owned(), vec!["hidden"]),
            ("glob-*".to_owned(), vec!["first"]),
            ("default".to_owned(), vec!["first"]),
        ]);
    let house = House::open(plan).await;
    let ask = |path: &str| house.ask(Request::get(path).body(Bytes::new()).unwrap());
    let answer = ask("/v1/models?limit=1000").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let listing = answer.json();
    let ids: Vec<&str> =
        listing["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"first") && ids.contains(&"named"), "{ids:?}");
    assert!(
        !ids.iter().any(|id| id.contains('*') || *id == "default" || *id == "hidden"),
        "{ids:?}"
    );
    assert_eq!(listing["object"], "list");
    assert_eq!(listing["has_more"], false);
    assert_eq!(listing["first_id"], ids[0]);
    assert_eq!(listing["last_id"], *ids.last().unwrap());
    for entry in listing["data"].as_array().unwrap() {
        assert_eq!((&entry["object"], &entry["type"]), (&"model".into(), &"model".into()));
        assert!(entry["created"].is_u64() && entry["owned_by"].is_string(), "{entry}");
        assert!(entry["created_at"].is_string() && entry["display_name"].is_string(), "{entry}");
    }
    let one: Value = ask("/v1/models/first").await.json();
    assert_eq!((one["id"].as_str(), one["max_tokens"].as_u64()), (Some("first"), Some(99)));
    let spelled: Value = ask("/v1/models/%66irst").await.json();
    assert_eq!(spelled, one, "however its path is encoded");
    assert!(house.hosts.requests().is_empty(), "answered from memory");
}

#[tokio::test]
async fn g12_start_up_probes_of_clients_are_answered() {
    let house = house("", "mock-1").await;
    for (method, path) in [
        (Method::HEAD, "/"),
        (Method::GET, "/"),
        (Method::HEAD, "/api/hello"),
        (Method::GET, "/api/hello"),
        (Method::HEAD, "/health"),
        (Method::HEAD, "/v1/models"),
    ] {
        let request = Request::builder().method(method.clone()).uri(path);
        let answer = house.ask(request.body(Bytes::new()).unwrap()).await;
        assert_eq!((answer.status, answer.end), (200, End::Whole), "{method} {path}");
        assert!(method != Method::HEAD || answer.body.is_empty());
    }
    assert_eq!(house.ask(health()).await.json()["status"], "ok");
}

/// The only tests that wait: a client is first kept alive after five seconds.
#[tokio::test]
async fn g12_a_client_that_waits_long_is_kept_alive_and_then_answered_or_told() {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        let keys = "stream_first_byte_timeout_ms = 6000";
        plan = plan.target(&format!("{format:?}-slow"), format, "slow-6000").target_with(
            &format!("{format:?}-mute"),
            format,
            "silent",
            keys,
        );
    }
    let house = House::open(plan).await;
    let cases = FORMATS.into_iter().flat_map(|format| {
        ["slow", "mute"].map(|what| {
            let request = post(format, body(format, &format!("{format:?}-{what}"), true));
            ((format, what), request)
        })
    });
    for ((format, what), answer) in ask_all(house.address(), cases).await {
        let sign: &[u8] = match format {
            Chat => b": keepalive\n\n",
            Messages => b"event: ping\ndata: {\"type\": \"ping\"}\n\n",
        };
        assert_eq!(answer.status, 200, "{what}");
        assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8");
        let rest = answer.body.strip_prefix(sign).unwrap_or_else(|| panic!("{}", answer.text()));
        match what {
            "slow" => {
                assert_eq!(answer.end, End::Whole);
                assert!(
                    rest == good(format, &body(format, "mock-1", true)).bytes,
                    "{}",
                    answer.text()
                );
            }
            _ => {
                assert_eq!(answer.end, End::BrokenOff, "{}", answer.text());
                assert_eq!(before_error(format, rest), Some(&b""[..]), "{}", answer.text());
            }
        }
    }
}

#[tokio::test]
async fn g12_a_client_that_leaves_while_it_is_kept_alive_lets_the_upstream_go() {
    let house = house("", "silent").await;
    // The way is the same in both formats, and takes five seconds.
    for format in [Messages] {
        let mut client = Client::connect(house.address()).await;
        let mut response = client.send(post(format, body(format, "x", true))).await;
        assert_eq!(response.status(), 200);
        response.body_mut().frame().await.unwrap().unwrap();
        drop(client);
        let let_go = tokio::time::timeout(PATIENCE, house.hosts.ended(1)).await;
        assert!(let_go.is_ok(), "{format:?} is let go");
        assert_eq!(house.hosts.requests()[0].fate, Fate::ClientLeft);
    }
}

#[tokio::test]
async fn g12_every_request_leaves_one_line_in_the_log_also_when_it_is_turned_away() {
    let hosts = routectl_emulator::Emulator::start().await.unwrap();
    let plan = Plan::brisk().target("good", Chat, "mock-1");
    let serving = Home::new().serve(&with_hosts(&hosts, plan), &[]).await;
    let chat = |text: &str| post(Chat, Bytes::copy_from_slice(text.as_bytes()));
    for (request, line) in [
        (post(Chat, body(Chat, "good", false)), "chat good → good:ok:"),
        (post(Chat, body(Chat, "nobody", false)), "POST /v1/chat/completions → 404 model-missing:"),
        (chat("{"), "POST /v1/chat/completions → 400 bad-request:"),
        (
            with_header(chat("{}"), "origin", "http://evil.example"),
            "POST /v1/chat/completions → 403 auth:",
        ),
    ] {
        ask(serving.address, request).await;
        serving.says_times(line, 1).await;
    }
    let broken_name = chat("{\"model\":\"a\\nINFO forged\",\"messages\":[]}");
    ask(serving.address, broken_name).await;
    serving.says("404").await;
    assert!(!serving.log().lines().any(|line| line.starts_with("INFO forged")), "no forged line");
}

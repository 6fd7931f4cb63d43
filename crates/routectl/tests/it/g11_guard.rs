//! G11: only this machine's user: hosts, origins, tokens, sizes, methods and routes.

use bytes::Bytes;
use http::{Method, Request};
use routectl::config::{self, Flags};

use crate::harness::*;

async fn house(server: &str) -> House {
    let plan = Plan::new(&format!("[server]\n{server}"))
        .target("chat", Chat, "mock-1")
        .target("messages", Messages, "mock-1")
        .alias("default", &["chat", "messages"]);
    House::open(plan).await
}

/// A request without a body.
fn bare(method: Method, path: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(path).body(Bytes::new()).unwrap()
}

fn with_host(mut request: Request<Bytes>, host: &str) -> Request<Bytes> {
    request.headers_mut().insert("host", host.parse().unwrap());
    request
}

#[tokio::test]
async fn g11_a_name_that_was_rebound_to_loopback_is_refused() {
    for (server, host, allowed) in [
        ("", "localhost", true),
        ("", "127.0.0.1:1", true),
        ("", "[::1]:8787", true),
        ("", "evil.example", false),
        ("", "evil.example:8787", false),
        ("", "localhost.evil.example", false),
        ("", "127.0.0.1.evil.example", false),
        ("allowed_hosts = [\"box.example\"]", "box.example:99", true),
        ("allowed_hosts = [\"box.example\"]", "evil.example", false),
    ] {
        let house = house(server).await;
        for format in FORMATS {
            let answer = house.ask(with_host(post(format, body(format, "x", false)), host)).await;
            assert_eq!(answer.status == 200, allowed, "{host} {}", answer.text());
            if !allowed {
                assert_eq!(answer.status, 403);
                assert!(is_error(format, &answer.body), "{}", answer.text());
                assert!(answer.message().contains("server.allowed_hosts"), "it names the way out");
            }
        }
        let health = house.ask(with_host(bare(Method::GET, "/health"), host)).await;
        assert_eq!(health.status == 200, allowed, "health is no way around");
        assert_eq!(house.hosts.requests().len(), if allowed { 2 } else { 0 });
    }
}

#[tokio::test]
async fn g11_a_page_of_another_origin_cannot_ask_and_an_allowed_one_can() {
    let house = house("allowed_origins = [\"http://app.example:3000\"]").await;
    for (origin, allowed) in [
        ("http://app.example:3000", true),
        ("http://app.example", false),
        ("https://app.example:3000", false),
        ("http://evil.example", false),
        ("null", false),
    ] {
        let request = with_header(post(Chat, body(Chat, "x", false)), "origin", origin);
        let answer = house.ask(request).await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 }, "{origin}");
        let readable = answer.header("access-control-allow-origin");
        assert_eq!(readable, if allowed { origin } else { "" });

        let preflight = bare(Method::OPTIONS, "/v1/chat/completions");
        let preflight = with_header(preflight, "origin", origin);
        let preflight = with_header(preflight, "access-control-request-method", "POST");
        let preflight = with_header(preflight, "access-control-request-headers", "authorization");
        let answer = house.ask(preflight).await;
        assert_eq!(answer.status, if allowed { 204 } else { 403 }, "{origin}");
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, if allowed { "authorization" } else { "" });
    }
}

#[tokio::test]
async fn g11_without_a_setting_no_page_can_ask() {
    let house = house("").await;
    for origin in ["http://localhost:3000", "http://127.0.0.1", "https://evil.example", "null"] {
        let request = with_header(post(Messages, body(Messages, "x", false)), "origin", origin);
        assert_eq!(house.ask(request).await.status, 403, "{origin}");
    }
    assert!(house.hosts.requests().is_empty());
}

#[tokio::test]
async fn g11_every_route_but_health_needs_a_token_where_there_is_one() {
    let house = house("auth.tokens = [\"literal:first-token\", \"literal:second-token\"]").await;
    let routes = [
        (Method::POST, "/v1/chat/completions"),
        (Method::POST, "/v1/messages"),
        (Method::GET, "/v1/models"),
        (Method::GET, "/v1/models/chat"),
        (Method::GET, "/metrics"),
        (Method::GET, "/anything"),
        (Method::HEAD, "/"),
        (Method::GET, "/api/hello"),
    ];
    for (method, path) in routes {
        for (name, value) in [
            ("x-nothing", "first-token"),
            ("authorization", "Bearer wrong"),
            ("authorization", "Bearer first-toke"),
            ("authorization", "Basic first-token"),
            ("x-api-key", ""),
        ] {
            let answer = house.ask(with_header(bare(method.clone(), path), name, value)).await;
            assert_eq!(answer.status, 401, "{method} {path} {name}: {value}");
            assert!(!answer.text().contains("token-"), "no token is said back");
        }
        for (name, value) in [
            ("authorization", "Bearer first-token"),
            ("authorization", "bearer second-token"),
            ("x-api-key", "second-token"),
        ] {
            let answer = house.ask(with_header(bare(method.clone(), path), name, value)).await;
            assert_ne!(answer.status, 401, "{method} {path} {name}: {value}");
        }
    }
    assert_eq!(house.ask(bare(Method::GET, "/health")).await.status, 200);
    assert_eq!(house.ask(bare(Method::HEAD, "/health")).await.status, 200);
    // The token is for the router, not for the upstream.
    let request = with_header(post(Chat, body(Chat, "x", false)), "x-api-key", "first-token");
    assert_eq!(house.ask(request).await.status, 200);
    let arrived = house.hosts.requests().pop().unwrap();
    assert!(!format!("{:?}", arrived.headers).contains("first-token"));
}

#[tokio::test]
async fn g11_a_body_over_the_limit_is_refused_in_the_clients_format() {
    let house = house("max_body_bytes = 4096").await;
    for format in FORMATS {
        for (text, status) in [("x".repeat(3_000), 200), ("x".repeat(5_000), 413)] {
            let announced = body_saying(format, "x", false, &text, 3);
            let answer = house.ask(post(format, announced.clone())).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            let chunked = format!(
                "POST {} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\
                 content-type: application/json\r\nconnection: close\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                path(format),
                announced.len(),
                String::from_utf8_lossy(&announced)
            );
            let said = converse(house.address(), chunked.as_bytes()).await;
            assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
            if status == 413 {
                assert!(is_error(format, &answer.body), "{}", answer.text());
                assert!(answer.message().contains("server.max_body_bytes"));
            }
        }
    }
}

#[tokio::test]
async fn g11_a_wrong_method_or_route_is_told_in_the_clients_format() {
    let house = house("").await;
    for (method, path, status, allow) in [
        (Method::GET, "/v1/messages", 405, "POST"),
        (Method::PUT, "/v1/chat/completions", 405, "POST"),
        (Method::POST, "/v1/models", 405, "GET, HEAD"),
        (Method::DELETE, "/health", 405, "GET, HEAD"),
        (Method::GET, "/v1", 404, ""),
        (Method::POST, "/v1/messages/", 404, ""),
        (Method::POST, "/v1/nothing", 404, ""),
        (Method::GET, "/v1/models/unknown", 404, ""),
        (Method::GET, "/../etc/passwd", 404, ""),
    ] {
        for messages in [false, true] {
            let mut request = bare(method.clone(), path);
            if messages {
                request = with_header(request, "anthropic-version", "2023-06-01");
            }
            let spoken = match path {
                "/v1/messages" => Messages,
                "/v1/chat/completions" => Chat,
                _ if messages => Messages,
                _ => Chat,
            };
            let answer = house.ask(request).await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
            assert!(is_error(spoken, &answer.body), "{method} {path} {}", answer.text());
            assert_ne!(answer.header("x-request-id"), "", "every answer has an id");
        }
    }
}

#[tokio::test]
async fn g11_an_unknown_model_is_told_with_the_nearest_names() {
    let plan = Plan::new("")
        .target("fast-one", Chat, "mock-1")
        .target("slow-one", Messages, "mock-1")
        .alias("smart", &["fast-one", "slow-one"]);
    let house = House::open(plan).await;
    for format in FORMATS {
        let answer = house.ask(post(format, body(format, "fast-ome", false))).await;
        assert_eq!(answer.status, 404);
        assert!(is_error(format, &answer.body), "{}", answer.text());
        assert!(answer.message().contains("fast-one"), "{}", answer.text());
        let request =
            with_header(post(format, body(format, "smart", false)), "x-routectl-alias", "smrt");
        let answer = house.ask(request).await;
        assert_eq!(answer.status, 404);
        assert!(answer.message().contains("x-routectl-alias"), "{}", answer.text());
    }
}

#[tokio::test]
async fn g11_the_alias_header_wins_over_the_model() {
    let plan = Plan::new("").target("one", Chat, "mock-1").target("two", Chat, "mock-2");
    let house = House::open(plan.alias("mine", &["two"])).await;
    let request = with_header(post(Chat, body(Chat, "one", false)), "x-routectl-alias", "mine");
    let answer = house.ask(request).await;
    assert_eq!(answer.header("x-routectl-model"), "two", "{}", answer.text());
}

#[test]
fn g11_an_address_that_others_reach_is_refused_without_the_flag_and_tokens() {
    let token = "auth.tokens = [\"literal:long-enough-token\"]";
    for (host, tokens, unsafe_public, allowed) in [
        ("127.0.0.1", "", false, true),
        ("::1", "", false, true),
        ("localhost", "", false, true),
        ("0.0.0.0", "", false, false),
        ("0.0.0.0", token, false, false),
        ("0.0.0.0", "", true, false),
        ("0.0.0.0", token, true, true),
        ("192.168.1.2", token, false, false),
        ("::", token, true, true),
    ] {
        let text = format!("[server]\nhost = \"{host}\"\n{tokens}\n");
        let loaded = config::parse(&text, "f.toml", Flags { unsafe_public });
        assert_eq!(loaded.is_ok(), allowed, "{host} {tokens} {unsafe_public}");
        if let Err(errors) = loaded {
            let said = errors.to_string();
            assert!(said.starts_with("f.toml:2:"), "{said}");
            assert!(said.contains("--unsafe-public") || said.contains("auth.tokens"), "{said}");
        }
    }
}

#[tokio::test]
async fn g11_a_client_that_sends_all_before_it_reads_still_hears_why_it_is_refused() {
    let house = house("max_body_bytes = 4096").await;
    for (name, head, status) in
        [("too large", "host: localhost", 413), ("from elsewhere", "host: evil.example", 403)]
    {
        let length = 12 << 20;
        let head =
            format!("POST {} HTTP/1.1\r\n{head}\r\ncontent-length: {length}\r\n\r\n", path(Chat));
        let request = [head.into_bytes(), vec![b'x'; length]].concat();
        let mut stream = tokio::net::TcpStream::connect(house.address()).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await.expect(name);
        let said = hear_out(&mut stream).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {said:?}");
    }
}

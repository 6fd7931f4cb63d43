//! The hosts speak HTTP, record what arrives, and stop.

use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::client::{End, address, ask, read, request, send};
use super::{FORMATS, body};
use crate::{Emulator, Fate, Format};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let mut stream = TcpStream::connect(address(&emulator, format)).await.unwrap();
        for streamed in [true, false, true, false] {
            let request = request(format, &body(format, "mock-1", streamed, "again"));
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = read(&mut stream).await;
            assert_eq!((answer.status, answer.end), (Some(200), End::Proper));
        }
    }
}

#[tokio::test]
async fn what_arrives_is_recorded_byte_for_byte() {
    let emulator = Emulator::start().await.unwrap();
    let raw = "{ \"model\" : \"mock-1\",\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\"}],\"max_tokens\":1e2 , \"metadata\":{}}";
    let head = "POST /v1/messages?beta=true HTTP/1.1\r\nHost: x\r\nX-Odd: 1\r\nx-odd: 2\r\nx-api-key: key\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n";
    let whole = format!("{head}content-length: {}\r\n\r\n{raw}", raw.len());
    send(&emulator, Format::Messages, &whole).await;
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\n\r\n5\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &raw[..5],
        raw.len() - 5,
        &raw[5..]
    );
    send(&emulator, Format::Messages, &chunked).await;
    emulator.ended(2).await;
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    for seen in requests {
        assert_eq!(seen.body, raw);
        assert_eq!((seen.path.as_str(), seen.model.as_str()), ("/v1/messages?beta=true", "mock-1"));
        assert_eq!(seen.headers.get_all("x-odd").iter().count(), 2);
        assert_eq!((seen.host, seen.fate), (Format::Messages, Fate::Answered));
    }
}

#[tokio::test]
async fn forgetting_starts_the_count_anew() {
    let emulator = Emulator::start().await.unwrap();
    ask(&emulator, Format::Chat, &body(Format::Chat, "mock-1", false, "1")).await;
    emulator.ended(1).await;
    emulator.forget();
    assert!(emulator.requests().is_empty());
    ask(&emulator, Format::Chat, &body(Format::Chat, "mock-1", false, "2")).await;
    emulator.ended(1).await;
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn both_hosts_list_models_and_one_counts_tokens() {
    let emulator = Emulator::start().await.unwrap();
    let get = "GET /v1/models?limit=5 HTTP/1.1\r\nauthorization: Bearer key\r\nanthropic-version: 2023-06-01\r\n\r\n";
    for (format, at) in [(Format::Chat, "/object"), (Format::Messages, "/first_id")] {
        let models = send(&emulator, format, get).await.json();
        assert!(models.pointer(at).is_some() && models.pointer("/data/0/id").is_some());
    }
    let body = json!({"model": "mock-1", "messages": [{"role": "user", "content": "four"}]});
    let request =
        request(Format::Messages, &body).replace("/v1/messages", "/v1/messages/count_tokens");
    let counted = send(&emulator, Format::Messages, &request).await.json();
    assert!(counted["input_tokens"].as_u64() > Some(3), "{counted}");
}

#[tokio::test]
async fn dropping_the_emulator_closes_its_connections() {
    let emulator = Emulator::start().await.unwrap();
    let mut stream = TcpStream::connect(address(&emulator, Format::Chat)).await.unwrap();
    let request = request(Format::Chat, &body(Format::Chat, "deaf", true, "hi"));
    stream.write_all(request.as_bytes()).await.unwrap();
    while emulator.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(emulator);
    assert_ne!(read(&mut stream).await.end, End::Proper);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let emulator = Emulator::start().await.unwrap();
    for (place, model) in ["deaf", "silent", "slow-3600000"].into_iter().enumerate() {
        let mut stream = TcpStream::connect(address(&emulator, Format::Messages)).await.unwrap();
        let request = request(Format::Messages, &body(Format::Messages, model, true, "hi"));
        stream.write_all(request.as_bytes()).await.unwrap();
        while emulator.requests().len() <= place {
            tokio::task::yield_now().await;
        }
        drop(stream);
        emulator.ended(place + 1).await;
        assert_eq!(emulator.requests()[place].fate, Fate::ClientLeft, "{model}");
    }
}

#[tokio::test]
async fn canned_answers_have_the_size_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        for size in [1024, 100_000] {
            let answer = ask(&emulator, format, &json!({"model": format!("bench-{size}")})).await;
            assert_eq!((answer.status, answer.body.len()), (Some(200), size), "{format:?}");
            answer.json();
        }
        let request = json!({"model": "bench-1024", "messages": [], "stream": true});
        let answer = ask(&emulator, format, &request).await;
        let deltas = super::client::payloads(&answer.body);
        assert!(answer.end == End::Proper && deltas.len() > 5, "{format:?}: {deltas:?}");
        for (plan, chunks) in [("100-0", 100), ("7-1-3", 7), ("8-0-8", 8)] {
            let request = json!({"model": format!("bench-stream-{plan}"), "stream": true});
            let answer = ask(&emulator, format, &request).await;
            let deltas = super::client::payloads(&answer.body);
            let filled = deltas.iter().filter(|it| it.contains("lorem")).count();
            assert_eq!((answer.end, filled), (End::Proper, chunks), "{plan} {format:?}");
        }
    }
}

#[tokio::test]
async fn prior_knowledge_gets_http2() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let url = emulator.chat_base_url() + "/chat/completions";
    let ask = |model: &str| {
        let body = body(Format::Chat, model, true, "hi").to_string();
        let request = http::Request::post(&url).header("authorization", "Bearer key");
        let request = request.header("content-type", "application/json");
        client.request(request.body(Full::new(bytes::Bytes::from(body))).unwrap())
    };
    let good = ask("mock-1").await.unwrap();
    assert_eq!((good.status(), good.version()), (http::StatusCode::OK, http::Version::HTTP_2));
    let stream = good.into_body().collect().await.unwrap().to_bytes();
    let raw = body(Format::Chat, "mock-1", true, "hi").to_string();
    assert_eq!(stream, crate::good_stream(Format::Chat, raw.as_bytes()).bytes);
    let cut = ask("fault-cut-after-content").await.unwrap();
    assert!(cut.into_body().collect().await.is_err());
    assert!(ask("fault-close-before-head").await.is_err());
    let limited = ask("fault-rate-limit").await.unwrap();
    assert_eq!(limited.status(), http::StatusCode::TOO_MANY_REQUESTS);
    let mut stalled = ask("fault-stall-after-content").await.unwrap();
    stalled.frame().await.unwrap().unwrap();
    drop(stalled);
    emulator.ended(5).await;
    let fates: Vec<Fate> = emulator.requests().iter().map(|it| it.fate).collect();
    assert_eq!(fates[..4], [Fate::Answered; 4]);
    assert_eq!(fates[4], Fate::ClientLeft);
}

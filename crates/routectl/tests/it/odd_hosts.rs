//! Hosts that do what the emulator's never would: said byte by byte, with the connection left open.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::harness::*;
use crate::process::{Home, with_hosts};

/// One good stream, each chunk an event.
const STREAM: &str = concat!(
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n",
);

/// A host that says one text to each request and then this one over and over; an empty one leaves
/// it silent.
struct OddHost {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl OddHost {
    async fn saying(text: String, then: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(Self::answer(stream, text.clone(), then));
            }
        });
        Self { address, _tasks: tasks }
    }

    async fn answer(mut stream: TcpStream, text: String, then: &'static str) {
        let mut asked = Vec::new();
        while !asked.ends_with(b"}]}") {
            if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                return;
            }
        }
        // It ends when the peer has left.
        let mut said = stream.write_all(text.as_bytes()).await;
        while said.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            said = match then {
                "" => stream.read_u8().await.map(drop),
                again => stream.write_all(again.as_bytes()).await,
            };
        }
    }

    /// A chain of this host and a good one.
    fn before_a_good_one(&self) -> Plan {
        let here = String::from(Plan::brisk().target("odd", Chat, "mock-1"));
        let here = here.replace("$CHAT", &format!("http://{}/v1", self.address));
        Plan::new(&here).target("good", Chat, "mock-1").alias("all", &["odd", "good"])
    }
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// The answer of a request, however long it may be in coming before the test fails.
async fn asked(house: &House, streamed: bool) -> Answer {
    let asking = house.ask(post(Chat, body(Chat, "all", streamed)));
    tokio::time::timeout(PATIENCE, asking).await.expect("an answer that ends")
}

#[tokio::test]
async fn g4_a_refusal_that_never_ends_does_not_keep_the_next_target_waiting() {
    let head =
        "HTTP/1.1 503 Busy\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{";
    let host = OddHost::saying(head.to_owned(), "").await;
    let house = House::open(host.before_a_good_one()).await;
    for streamed in [false, true] {
        assert_eq!(asked(&house, streamed).await.fates(), ["overloaded", "ok"], "{streamed}");
    }
}

#[tokio::test]
async fn g1_a_stream_without_a_type_is_handed_on_as_a_stream() {
    let text = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{STREAM}",
        STREAM.len()
    );
    let host = OddHost::saying(text, "").await;
    let house = House::open(host.before_a_good_one()).await;
    let answer = asked(&house, true).await;
    assert_eq!(
        (answer.header("content-type"), answer.text().as_str()),
        ("text/event-stream", STREAM)
    );
    assert_eq!(answer.fates(), ["ok"]);
}

#[tokio::test]
async fn g3_a_host_that_talks_on_behind_its_end_does_not_keep_the_stream_open() {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let host = OddHost::saying(head.to_owned() + &chunk(STREAM), "7\r\n: on\n\n\n\r\n").await;
    let house = House::open(host.before_a_good_one()).await;
    let answer = asked(&house, true).await;
    assert!(answer.text().starts_with(STREAM), "{}", answer.text());
    assert_eq!((answer.end, answer.fates()), (End::Whole, vec!["ok".to_owned()]));
}

#[tokio::test]
async fn a_held_client_that_got_a_200_is_not_logged_with_another_status() {
    let hosts = routectl_emulator::Emulator::start().await.unwrap();
    let plan = Plan::new("[retry]\nmax_attempts = 1\nstream_first_byte_timeout_ms = 5600")
        .target("silent", Chat, "silent");
    let serving = Home::new().serve(&with_hosts(&hosts, plan), &[]).await;
    let answer = ask(serving.address, post(Chat, body(Chat, "silent", true))).await;
    assert_eq!(answer.status, 200);
    serving.says("broken timeout").await;
}

#[tokio::test]
async fn a_refusal_that_no_waiting_mends_does_not_ask_to_wait() {
    let plan = Plan::brisk()
        .target("missing", Chat, "fault-model-missing")
        .target("html", Chat, "fault-auth")
        .alias("all", &["missing", "html"]);
    let house = House::open(plan).await;
    let answer = asked(&house, false).await;
    assert_eq!((answer.status, answer.header("retry-after")), (401, ""));
}

//! The connect clock: it covers every step of the way, and a change reaches the next connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use routectl_core::Class;
use routectl_providers::{ConnectLimit, Transport};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::authority::Authority;
use crate::host::{Host, ask_through};

/// Short, since it runs out.
const LIMIT: Duration = Duration::from_millis(60);

/// Takes connections and never says a word.
async fn silent() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address that does not even take a connection: its queue is full.
async fn full() -> (TcpListener, Vec<TcpStream>, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = tokio::time::timeout(LIMIT, TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
        assert!(queue.len() < 64, "the queue has no end");
    }
    (listener, queue, address)
}

#[tokio::test]
async fn it_covers_every_step_and_tells_its_limit() {
    let (_keep, mute) = silent().await;
    let (_keep_too, _queue, busy) = full().await;
    let (http, https) = (format!("http://{mute}"), format!("https://{mute}"));
    let (socks4, socks5) = (format!("socks4://{mute}"), format!("socks5://{mute}"));
    let somewhere = "https://host.example/".to_owned();
    let cases = [
        ("plain, no connection", format!("http://{busy}/"), None),
        ("tls, no connection", format!("https://{busy}/"), None),
        ("tls, no handshake", format!("https://{mute}/"), None),
        ("http proxy", somewhere.clone(), Some(&http)),
        ("https proxy", somewhere.clone(), Some(&https)),
        ("socks4 proxy", somewhere.clone(), Some(&socks4)),
        ("socks5 proxy", somewhere, Some(&socks5)),
    ];
    let limit = ConnectLimit::new(LIMIT);
    let environment = Arc::new(Matcher::builder().build());
    let transport = Transport::new(Authority::new().trust(), limit.clone(), environment);
    for (step, url, proxy) in &cases {
        for millis in [60, 90] {
            limit.set(Duration::from_millis(millis));
            let failure = ask_through(&transport, url, proxy.map(String::as_str)).await;
            let failure = failure.expect_err(step);
            assert_eq!(failure.class, Class::Network, "{step}: {failure}");
            let words = format!("no connection within {millis} ms");
            assert!(failure.words.message.ends_with(&words), "{step}: {failure}");
        }
    }
}

#[tokio::test]
async fn it_stops_once_there_is_a_connection() {
    let host = Host::plain().await;
    let url = format!("http://{}/together", host.address);
    let limit = ConnectLimit::new(crate::host::PATIENCE);
    let environment = Arc::new(Matcher::builder().build());
    let transport = Transport::new(Arc::default(), limit.clone(), environment);
    ask_through(&transport, &url.replace("together", ""), None).await.unwrap();
    // The answer is late, for the host waits for a second one to ask: the clock is none of its.
    limit.set(LIMIT);
    let late = async {
        tokio::time::sleep(LIMIT * 2).await;
        let mut other = TcpStream::connect(host.address).await.unwrap();
        let question = b"POST /together HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut other, question).await.unwrap();
        other
    };
    let (answer, _other) = tokio::join!(ask_through(&transport, &url, None), late);
    assert_eq!(answer.unwrap().status, 200);
}

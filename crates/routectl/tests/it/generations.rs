//! Models of one vendor differ in what they take: what a translation writes is taken by each.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::conversations::asked;
use crate::harness::*;
use crate::process::Home;
use crate::recordings::recordings;
use crate::tls::identity;

/// Claude's generations differ in what they take; the scripted host knows their rules.
const CLAUDES: &[&str] = &[
    "claude-haiku-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
];

/// OpenAI's too. The last ones take tools only without thinking, or not at all on this API.
const GPTS: &[&str] = &[
    "gpt-4.1",
    "gpt-5",
    "gpt-5.1",
    "gpt-5.5",
    "gpt-5-chat-latest",
    "o3",
    "o4-mini",
    "gpt-5.6",
    "gpt-6-astra",
];

/// Asks these models what every client of the other format asked; what the host refuses.
async fn refusals(address: SocketAddr, client: Format, models: &[&str]) -> Vec<String> {
    let (mut refused, mut served) = (Vec::new(), 0);
    for recording in recordings().iter().filter(|it| it.format == client) {
        for model in models {
            let answer = ask(address, asked(recording, model)).await;
            served += usize::from(answer.status == 200);
            // What cannot be said is the router's to refuse, and the host is not asked.
            if answer.status != 200 && answer.text().contains("router_unsupported_parameter") {
                continue;
            }
            if answer.status != 200 {
                refused.push(format!("{} to {model}: {}", recording.name, answer.text()));
            }
        }
    }
    assert!(served > 100, "only {served} served");
    refused
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn no_claude_refuses_what_is_written_for_it() {
    let plan = |plan: Plan, model: &&str| plan.target(model, Messages, model);
    let house = House::open(CLAUDES.iter().fold(Plan::brisk(), plan)).await;
    none(&refusals(house.address(), Chat, CLAUDES).await);
}

/// The way to OpenAI's own address, at whose end stands a scripted host: what a model takes is known
/// of the vendor's address only.
struct Tunnel {
    address: SocketAddr,
    /// The certificate of whom to trust.
    pem: String,
    _tasks: JoinSet<()>,
}

impl Tunnel {
    async fn open(to: SocketAddr) -> Self {
        let (config, pem) = identity("api.openai.com");
        let acceptor = TlsAcceptor::from(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                visits.spawn(async move {
                    let mut asked = Vec::new();
                    while !asked.ends_with(b"\r\n\r\n") {
                        asked.push(stream.read_u8().await.unwrap());
                    }
                    assert!(asked.starts_with(b"CONNECT api.openai.com:443 "));
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let mut inside = acceptor.accept(stream).await.unwrap();
                    let mut outside = TcpStream::connect(to).await.unwrap();
                    // How it ends is seen by both sides.
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        Self { address, pem, _tasks: tasks }
    }
}

#[tokio::test]
async fn no_model_of_openai_refuses_what_is_written_for_it() {
    let (hosts, home) = (routectl_emulator::Emulator::start().await.unwrap(), Home::new());
    let tunnel = Tunnel::open(host_address(&hosts, Chat)).await;
    let trust = home.write("authority.pem", &tunnel.pem);
    let proxy = format!("proxy = \"http://{}\"", tunnel.address);
    let start =
        Plan::new(&format!("[server]\nextra_root_certs = [{trust:?}]\n[retry]\nmax_attempts = 1"));
    let plan = |plan: Plan, model: &&str| plan.target_with(model, Chat, model, &proxy);
    let plan = String::from(GPTS.iter().fold(start, plan));
    let router = home.serve(&plan.replace("$CHAT", "https://api.openai.com/v1"), &[]).await;
    none(&refusals(router.address, Messages, GPTS).await);
}

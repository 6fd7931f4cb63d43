//! G12: memory stays where it is, whatever is asked again and again.

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use routectl_emulator::Emulator;

use crate::harness::*;
use crate::process::{Home, Serving, with_hosts};

/// How often a round asks each thing.
const TIMES: usize = 50;

/// The last of these is held against the one before it; until then, memory may find its size.
const ROUNDS: usize = 3;

/// KiB by which two rounds may differ though nothing is kept: how the allocator lays things out.
const SLACK: u64 = 2 << 10;

/// The text of a large request.
const LARGE: usize = 256 << 10;

/// Targets that behave in their own ways, each alone under its name, in both formats.
const UPSTREAMS: [&str; 6] = [
    "mock-1",
    "fault-overloaded",
    "cut-at-500",
    "cut-at-0",
    "fault-stall-after-content",
    "bench-9999",
];

/// The last of these answers for the others.
const CHAIN: [&str; 3] = ["fault-overloaded", "cut-at-0", "mock-1"];

fn name(format: Format, upstream: &str) -> String {
    format!("{format:?}-{upstream}")
}

fn plan() -> Plan {
    let mut plan = Plan::brisk();
    for (format, upstream) in FORMATS.into_iter().flat_map(|it| UPSTREAMS.map(|up| (it, up))) {
        plan = plan.target(&name(format, upstream), format, upstream);
    }
    let chains = FORMATS.map(|format| CHAIN.map(|upstream| name(format, upstream)));
    plan.aliases(
        FORMATS.into_iter().zip(&chains).map(|(format, chain)| {
            (name(format, "chain"), chain.iter().map(String::as_str).collect())
        }),
    )
}

/// What is asked to its end: whole and streamed, good, rescued, failing, cut, refused, and large.
fn requests() -> Vec<Request<Bytes>> {
    let large = "x".repeat(LARGE);
    let mut requests = Vec::new();
    for format in FORMATS {
        for streamed in [false, true] {
            for model in ["mock-1", "chain", "fault-overloaded", "cut-at-500", "nobody"] {
                requests.push(post(format, body(format, &name(format, model), streamed)));
            }
        }
        // The host that answers it does not read it: this is not about the host.
        let large = body_saying(format, &name(format, "bench-9999"), false, &large, 4);
        requests.push(post(format, large));
        requests.push(post(format, "{\"model\":"));
    }
    requests
}

/// Asks for a stream, sees it begin, and leaves.
async fn leave(serving: &Serving, format: Format) {
    let mut client = Client::connect(serving.address).await;
    let model = name(format, "fault-stall-after-content");
    let mut answer = client.send(post(format, body(format, &model, true))).await;
    answer.body_mut().frame().await.unwrap().unwrap();
}

/// All of it, so often; done when no upstream is at work any more.
async fn round(hosts: &Emulator, serving: &Serving) {
    hosts.forget();
    for _ in 0..TIMES {
        ask_all(serving.address, requests().into_iter().map(|request| ((), request))).await;
        for format in FORMATS {
            leave(serving, format).await;
        }
    }
    let asked = hosts.requests().len();
    let ended = tokio::time::timeout(PATIENCE, hosts.ended(asked)).await;
    assert!(ended.is_ok(), "every upstream is let go");
}

/// KiB that a process has in memory.
fn resident(serving: &Serving) -> u64 {
    let status = format!("/proc/{}/status", serving.pid().as_raw_nonzero());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn g12_memory_stays_where_it_is_however_often_it_is_asked() {
    let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
    let serving = home.serve(&with_hosts(&hosts, plan()), &[]).await;
    let mut after = Vec::new();
    for _ in 0..ROUNDS {
        round(&hosts, &serving).await;
        after.push(resident(&serving));
    }
    let [.., before, last] = after[..] else { panic!("two rounds at least") };
    assert!(last <= before + SLACK, "KiB after each round: {after:?}");
}

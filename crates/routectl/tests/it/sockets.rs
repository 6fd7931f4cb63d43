//! Small writes leave at once: the sockets of a running router, as its kernel has them.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use http_body_util::BodyExt as _;
use routectl_emulator::Emulator;
use rustix::io::Errno;
use rustix::net::sockopt::tcp_nodelay;
use rustix::net::{getpeername, getsockname};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::harness::*;
use crate::process::{Home, with_hosts};

/// A connection of the router, seen from it.
#[derive(Debug)]
struct Connection {
    own: SocketAddr,
    peer: SocketAddr,
    nodelay: bool,
}

/// The TCP connections of a child of ours.
///
/// # Errors
/// When this machine does not let a process see into its own children, as some containers do not.
fn connections(pid: Pid) -> Result<Vec<Connection>, Errno> {
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    let listed = std::fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).unwrap();
    let numbers = listed.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap());
    let mut connections = Vec::new();
    for number in numbers {
        match pidfd_getfd(&process, number, PidfdGetfdFlags::empty()) {
            Ok(file) => connections.extend(connection(&file)),
            // Closed since it was listed.
            Err(Errno::BADF) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(connections)
}

/// What else is open is none.
fn connection(file: &OwnedFd) -> Option<Connection> {
    let own = getsockname(file).ok()?.try_into().ok()?;
    let peer = getpeername(file).ok()??.try_into().ok()?;
    Some(Connection { own, peer, nodelay: tcp_nodelay(file).unwrap() })
}

#[tokio::test]
async fn neither_side_holds_small_writes_back() {
    let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
    let stalls = "fault-stall-after-content";
    let plan = Plan::brisk().target("chat", Chat, stalls).target("messages", Messages, stalls);
    let serving = home.serve(&with_hosts(&hosts, plan), &[]).await;
    for (format, model) in [(Chat, "chat"), (Messages, "messages")] {
        // The stream stays open on both sides until its client goes.
        let mut client = Client::connect(serving.address).await;
        let mut answer = client.send(post(format, body(format, model, true))).await;
        answer.body_mut().frame().await.unwrap().unwrap();
        let connections = match connections(serving.pid()) {
            Ok(connections) => connections,
            Err(Errno::PERM | Errno::NOSYS) => return eprintln!("SKIPPED: no sight of a child"),
            Err(error) => panic!("{error}"),
        };
        let host = host_address(&hosts, format);
        let towards_clients = connections.iter().filter(|it| it.own == serving.address);
        let towards_hosts = connections.iter().filter(|it| it.peer == host);
        assert!(towards_clients.count() >= 1 && towards_hosts.count() >= 1, "{connections:?}");
        assert!(connections.iter().all(|it| it.nodelay), "{connections:?}");
    }
}

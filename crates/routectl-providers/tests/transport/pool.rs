//! Connections that are kept, and answers that are too long or point elsewhere.

use std::sync::Arc;

use http::Version;
use routectl_core::Class;
use routectl_providers::Trust;

use crate::authority::Authority;
use crate::host::{Host, ask, transport};

/// Hosts of every kind of connection, each with its address and the trust it needs.
async fn hosts() -> Vec<(&'static str, Host, String, Arc<Trust>)> {
    let authority = Authority::new();
    let identity = || authority.identity(&["127.0.0.1"]);
    let mut hosts = Vec::new();
    let plain = Host::plain().await;
    let address = format!("http://{}", plain.address);
    hosts.push(("plain", plain, address, Arc::default()));
    for protocol in ["http/1.1", "h2"] {
        let host = Host::tls(identity().config(&[protocol])).await;
        let address = host.url("");
        hosts.push((protocol, host, address, authority.trust()));
    }
    hosts
}

#[tokio::test]
async fn a_connection_is_used_again() {
    for (kind, host, address, trust) in hosts().await {
        let transport = transport(trust);
        for _ in 0..5 {
            assert_eq!(ask(&transport, &address).await.unwrap().status, 200, "{kind}");
        }
        assert_eq!(host.accepted(), 1, "{kind}");
    }
}

#[tokio::test]
async fn requests_at_a_time_share_an_http_2_connection() {
    let authority = Authority::new();
    let host = Host::tls(authority.identity(&["127.0.0.1"]).config(&["h2"])).await;
    let transport = transport(authority.trust());
    ask(&transport, &host.url("/")).await.unwrap();
    // The host answers neither before it has both.
    let url = host.url("/together");
    let (one, other) = tokio::join!(ask(&transport, &url), ask(&transport, &url));
    assert_eq!((one.unwrap().status, other.unwrap().status), (200, 200));
    assert_eq!(host.accepted(), 1);
    assert_eq!(host.versions(), [Version::HTTP_2; 3]);
}

#[tokio::test]
async fn requests_at_a_time_have_an_http_1_connection_each() {
    let host = Host::plain().await;
    let transport = transport(Arc::default());
    let url = format!("http://{}/together", host.address);
    let (one, other) = tokio::join!(ask(&transport, &url), ask(&transport, &url));
    assert_eq!((one.unwrap().status, other.unwrap().status), (200, 200));
    assert_eq!(host.accepted(), 2);
}

#[tokio::test]
async fn a_connection_that_the_host_closed_while_it_was_idle_is_replaced_unseen() {
    for (kind, host, address, trust) in hosts().await {
        let transport = transport(trust);
        for round in 1..4 {
            let answer = ask(&transport, &address).await;
            assert_eq!(answer.unwrap_or_else(|why| panic!("{kind}: {why}")).status, 200);
            assert_eq!(host.accepted(), round, "{kind}");
            host.hang_up().await;
            // The end has come; the runtime has yet to look.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_handed_back() {
    for (kind, host, address, trust) in hosts().await {
        let answer = ask(&transport(trust), &format!("{address}/moved")).await.unwrap();
        assert_eq!(answer.status, 302, "{kind}");
        assert_eq!(answer.headers["location"], "/elsewhere", "{kind}");
        assert_eq!(host.seen().len(), 1, "{kind}: not followed");
    }
}

#[tokio::test]
async fn a_head_has_64_kib_at_most() {
    for (kind, _host, address, trust) in hosts().await {
        let transport = transport(trust);
        let fits = ask(&transport, &format!("{address}/head/60000")).await.unwrap();
        assert_eq!(fits.headers["x-long"].len(), 60_000, "{kind}");
        let failure = ask(&transport, &format!("{address}/head/66000")).await.unwrap_err();
        assert_eq!(failure.class, Class::Network, "{kind}");
        let begin = "lost the connection to 127.0.0.1: ";
        assert!(failure.words.message.starts_with(begin), "{kind}: {failure}");
        assert_eq!(ask(&transport, &address).await.unwrap().status, 200, "{kind}: the next works");
    }
}

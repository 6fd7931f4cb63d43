//! Ways through proxies: what a proxy is told, what the host is not, and who is named in a failure.

use std::net::SocketAddr;

use http::Version;
use hyper_util::client::proxy::matcher::Matcher;
use routectl_core::{Class, Failure, Origin};
use routectl_providers::Transport;

use crate::authority::Authority;
use crate::host::{Host, ask, ask_through, transport, transport_in};
use crate::proxy::{Manner, Proxy};

/// `user:pass w@rd`, as it stands in an address and in basic authorization.
const LOGIN: &str = "user:pass%20w%40rd@";
const LOGIN_BASIC: &str = "Proxy-Authorization: Basic dXNlcjpwYXNzIHdAcmQ=\r\n";
const PASSWORD: &str = "pass w@rd";

/// Only a proxy knows where that is.
const URL: &str = "https://host.example/v1";

/// A host that proves it is `host.example`, and an authority for it.
async fn host() -> (Authority, Host) {
    let authority = Authority::new();
    let identity = authority.identity(&["host.example", "localhost", "127.0.0.1"]);
    let host = Host::tls(identity.config(&["h2", "http/1.1"])).await;
    (authority, host)
}

/// Nobody listens there.
fn nowhere() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// No secret of ours or of the proxy's reached the host.
fn saw_no_login(host: &Host) {
    let seen = host.seen();
    assert!(!seen.is_empty());
    for seen in seen {
        assert_eq!(seen.version, Version::HTTP_2, "the proxy is not in its way");
        for name in ["proxy-authorization", "authorization", "proxy-connection", "via"] {
            assert!(!seen.headers.contains_key(name), "{name}: {:?}", seen.headers);
        }
    }
}

#[tokio::test]
async fn an_http_proxy_opens_the_way_and_alone_learns_its_login() {
    let (authority, host) = host().await;
    for (login, line) in [("", None), (LOGIN, Some(LOGIN_BASIC))] {
        let proxy = Proxy::start(Manner::Http("200 Connected"), host.address).await;
        let address = format!("http://{login}{}", proxy.address);
        let transport = transport(authority.trust());
        for _ in 0..2 {
            let answer = ask_through(&transport, URL, Some(&address)).await.unwrap();
            assert_eq!(answer.status, 200);
        }
        let heard = proxy.heard();
        assert_eq!(heard.len(), 1, "the tunnel is used again");
        let head = "CONNECT host.example:443 HTTP/1.1\r\nHost: host.example:443\r\n";
        assert_eq!(heard[0], format!("{head}{}\r\n", line.unwrap_or_default()));
        saw_no_login(&host);
    }
}

#[tokio::test]
async fn an_https_proxy_is_told_its_login_over_tls() {
    let (authority, host) = host().await;
    let identity = authority.identity(&["127.0.0.1"]).config(&["http/1.1"]);
    let proxy = Proxy::start_tls(Manner::Http("200 OK"), host.address, identity).await;
    let address = format!("https://{LOGIN}{}", proxy.address);
    let transport = transport(authority.trust());
    assert_eq!(ask_through(&transport, URL, Some(&address)).await.unwrap().status, 200);
    assert!(proxy.heard()[0].contains(LOGIN_BASIC));
    saw_no_login(&host);
}

#[tokio::test]
async fn a_socks_proxy_opens_the_way_and_finds_the_address_itself() {
    let (authority, host) = host().await;
    let login = Some(("user", PASSWORD));
    let cases = [
        ("socks5", "", Manner::Socks5(None)),
        ("socks5h", "", Manner::Socks5(None)),
        ("socks5", LOGIN, Manner::Socks5(login)),
        ("socks5h", LOGIN, Manner::Socks5(login)),
        ("socks4", "", Manner::Socks4(90)),
        ("socks4a", "", Manner::Socks4(90)),
    ];
    for (scheme, user, manner) in cases {
        let proxy = Proxy::start(manner, host.address).await;
        let address = format!("{scheme}://{user}{}", proxy.address);
        let transport = transport(authority.trust());
        for _ in 0..2 {
            let answer = ask_through(&transport, URL, Some(&address)).await;
            assert_eq!(answer.unwrap_or_else(|why| panic!("{scheme}: {why}")).status, 200);
        }
        let mut heard = proxy.heard();
        assert_eq!(heard.pop().unwrap(), "connect host.example:443", "{scheme}");
        let logins: &[&str] = if user.is_empty() { &[] } else { &["login user pass w@rd"] };
        assert_eq!(heard, logins, "{scheme}");
        saw_no_login(&host);
    }
}

/// Asks through a proxy that does not help, and gives the words after the first ones.
async fn refused(transport: &Transport, scheme: &str, user: &str, proxy: SocketAddr) -> String {
    let address = format!("{scheme}://{user}{proxy}");
    let failure = ask_through(transport, URL, Some(&address)).await.unwrap_err();
    assert_eq!((failure.class, failure.origin), (Class::Network, Origin::Upstream), "{failure}");
    without_secrets(&failure);
    let begin = format!("cannot connect to host.example through the proxy {proxy}: ");
    let words = failure.words.message.strip_prefix(&begin);
    words.unwrap_or_else(|| panic!("{failure} does not begin with {begin:?}")).to_owned()
}

fn without_secrets(failure: &Failure) {
    let told = format!("{failure} {failure:?}");
    for secret in ["pass w", "pass%", "w@rd", "w%40rd", "user:", "dXNlcjpwYXNz"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let transport = transport(Authority::new().trust());
    let wants = "the proxy wants a user and a password, and there are none in its address";
    let refuses = "the proxy refuses the login in its address";
    let (with_407, login) = (Manner::Http("407 Who are you"), Some(("user", "another")));
    let cases = [
        ("http", "", with_407.clone(), format!("{wants} (407)")),
        ("http", LOGIN, with_407, format!("{refuses} (407)")),
        ("http", LOGIN, Manner::Http("502 No"), "the proxy refuses to connect to it".into()),
        ("http", LOGIN, Manner::Http("403 No"), "the proxy refuses to connect to it".into()),
        ("http", LOGIN, Manner::HangUp, "the proxy hangs up when asked for it".into()),
        ("socks5", "", Manner::Socks5(login), wants.into()),
        ("socks5", LOGIN, Manner::Socks5(login), refuses.into()),
        ("socks5", LOGIN, Manner::Socks5(None), refuses.into()),
        ("socks5", "", Manner::Socks5Refusing(4), "the proxy refuses to connect to it: ".into()),
        ("socks4", "", Manner::Socks4(91), "the proxy refuses to connect to it: ".into()),
        ("socks5", "", Manner::HangUp, "the proxy breaks off: ".into()),
    ];
    for (scheme, user, manner, why) in cases {
        let proxy = Proxy::start(manner, nowhere()).await;
        let words = refused(&transport, scheme, user, proxy.address).await;
        assert!(words.starts_with(&why), "{scheme} {user}: {words:?} does not begin with {why:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_told_from_a_host_that_cannot() {
    let transport = transport(Authority::new().trust());
    for scheme in ["http", "https", "socks4", "socks5"] {
        let user = if scheme == "socks4" { "" } else { LOGIN };
        let words = refused(&transport, scheme, user, nowhere()).await;
        let begin = "no connection to the proxy: Connection refused";
        assert!(words.starts_with(begin), "{scheme}: {words}");
    }
}

#[tokio::test]
async fn a_proxys_own_certificate_is_told_from_the_hosts() {
    let (authority, host) = host().await;
    let stranger = Authority::named("a stranger");
    let unknown = "its certificate is from an authority that is not trusted here";

    let identity = authority.identity(&["127.0.0.1"]).config(&[]);
    let proxy = Proxy::start_tls(Manner::Http("200 OK"), host.address, identity).await;
    let transport_of_stranger = transport(stranger.trust());
    let words = refused(&transport_of_stranger, "https", LOGIN, proxy.address).await;
    assert!(words.starts_with(&format!("no connection to the proxy: {unknown}")), "{words}");
    assert!(proxy.heard().is_empty(), "it was not told the login");

    let proxy = Proxy::start(Manner::Http("200 OK"), host.address).await;
    let words = refused(&transport_of_stranger, "http", LOGIN, proxy.address).await;
    assert!(words.starts_with(unknown), "{words}");
}

#[tokio::test]
async fn a_login_for_socks4_is_not_dropped_in_silence() {
    let transport = transport(Authority::new().trust());
    let address = format!("socks4://{LOGIN}{}", nowhere());
    let failure = ask_through(&transport, URL, Some(&address)).await.unwrap_err();
    assert_eq!((failure.class, failure.origin), (Class::Network, Origin::Router));
    assert!(failure.words.message.starts_with("a SOCKS4 proxy takes no user and password"));
    without_secrets(&failure);
}

#[tokio::test]
async fn a_socks_proxy_without_a_port_is_at_1080() {
    let transport = transport(Authority::new().trust());
    // Nobody is at this address of the loopback network.
    let failure = ask_through(&transport, URL, Some("socks5://127.77.77.77")).await.unwrap_err();
    let begin = "cannot connect to host.example through the proxy 127.77.77.77:1080: ";
    assert!(failure.words.message.starts_with(begin), "{failure}");
}

#[tokio::test]
async fn the_environments_proxy_is_used_but_for_its_exceptions() {
    let (authority, host) = host().await;
    let here = host.url("/");
    let by_name = format!("https://localhost:{}/", host.address.port());
    let cases = [
        (URL, "", true),
        (URL, "other.example, 10.0.0.0/8", true),
        (&here, "host.example", true),
        (&here, "127.0.0.1", false),
        (&here, "127.0.0.0/8", false),
        (&by_name, "", true),
        (&by_name, "localhost", false),
        (&by_name, "*", false),
    ];
    for (url, exceptions, through) in cases {
        let proxy = Proxy::start(Manner::Http("200 OK"), host.address).await;
        let address = format!("http://{LOGIN}{}", proxy.address);
        let matchers = [
            Matcher::builder().https(address.clone()).no(exceptions).build(),
            Matcher::builder().all(address).no(exceptions).build(),
        ];
        for environment in matchers {
            let transport = transport_in(authority.trust(), environment);
            assert_eq!(ask(&transport, url).await.unwrap().status, 200, "{url} {exceptions}");
            let heard = proxy.heard();
            assert_eq!(heard.len(), usize::from(through), "{url} {exceptions}: {heard:?}");
            assert!(heard.iter().all(|head| head.contains(LOGIN_BASIC)), "{heard:?}");
        }
    }
}

#[tokio::test]
async fn the_providers_own_proxy_goes_before_the_environments() {
    let (authority, host) = host().await;
    let own = Proxy::start(Manner::Http("200 OK"), host.address).await;
    let general = Proxy::start(Manner::Http("200 OK"), host.address).await;
    let environment = Matcher::builder().all(format!("http://{}", general.address)).no("*").build();
    let transport = transport_in(authority.trust(), environment);
    let address = format!("http://{}", own.address);
    assert_eq!(ask_through(&transport, URL, Some(&address)).await.unwrap().status, 200);
    assert_eq!((own.heard().len(), general.heard().len()), (1, 0));
}

#[tokio::test]
async fn plain_http_to_this_machine_never_goes_through_a_proxy() {
    let host = Host::plain().await;
    let proxy = Proxy::start(Manner::Http("200 OK"), nowhere()).await;
    let address = format!("http://{}", proxy.address);
    let environment = Matcher::builder().all(address.clone()).build();
    let transport = transport_in(Authority::new().trust(), environment);
    let url = format!("http://{}/", host.address);
    for own in [None, Some(address.as_str())] {
        assert_eq!(ask_through(&transport, &url, own).await.unwrap().status, 200);
    }
    assert!(proxy.heard().is_empty());
}

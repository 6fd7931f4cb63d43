//! Whom the transport believes, over which HTTP it speaks, and what it says of those it does not
//! believe.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use http::Version;
use routectl_core::{Class, Origin};
use routectl_providers::Trust;

use crate::authority::{Authority, Identity, pem};
use crate::host::{Host, ask, transport};

#[tokio::test]
async fn a_host_of_an_extra_authority_is_asked_over_the_http_that_it_offers() {
    let cases: [(&[&str], Version); 4] = [
        (&[], Version::HTTP_11),
        (&["http/1.1"], Version::HTTP_11),
        (&["h2"], Version::HTTP_2),
        (&["h2", "http/1.1"], Version::HTTP_2),
    ];
    let authority = Authority::new();
    for (offered, version) in cases {
        let host = Host::tls(authority.identity(&["127.0.0.1"]).config(offered)).await;
        let transport = transport(authority.trust());
        for _ in 0..2 {
            let answer = ask(&transport, &host.url("/")).await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]), "{offered:?}");
        }
        assert_eq!(host.accepted(), 1, "{offered:?}: the connection is used again");
        let seen = host.seen();
        assert_eq!(seen.len(), 2);
        for seen in seen {
            assert_eq!(seen.version, version, "{offered:?}");
            assert_eq!(&seen.body[..], b"{\"model\":\"m\"}");
            assert_eq!(seen.headers["x-api-key"], "the-key");
            assert_eq!(seen.headers["content-length"], "13");
        }
    }
}

#[tokio::test]
async fn a_host_is_believed_by_its_name_too() {
    let authority = Authority::new();
    let host = Host::tls(authority.identity(&["localhost"]).config(&["h2"])).await;
    let url = format!("https://localhost:{}/", host.address.port());
    assert_eq!(ask(&transport(authority.trust()), &url).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_host_that_is_not_believed_is_a_network_failure_that_says_why() {
    let authority = Authority::new();
    let (stranger, namesake) = (Authority::named("a stranger"), Authority::new());
    let here = &["127.0.0.1"];
    let cases = [
        (
            stranger.identity(here),
            "its certificate is from an authority that is not trusted here. If you trust it, \
             name the authority's PEM file in server.extra_root_certs",
        ),
        (
            namesake.identity(here),
            "its certificate is not signed by the authority of that name that is trusted here. \
             Is a file of server.extra_root_certs out of date?",
        ),
        (authority.identity(&["elsewhere.example"]), "its certificate is for another name: "),
        (authority.expired(here), "its certificate expired "),
        (
            authority.not_yet(here),
            "its certificate is not valid yet. Is the clock of this machine right?",
        ),
        (Identity::self_made(here), "its certificate is an authority's own. Give the host one "),
    ];
    for (identity, why) in cases {
        let host = Host::tls(identity.config(&["h2", "http/1.1"])).await;
        let failure = ask(&transport(authority.trust()), &host.url("/")).await.unwrap_err();
        let words = &failure.words.message;
        assert_eq!((failure.class, failure.origin), (Class::Network, Origin::Upstream), "{words}");
        let begin = format!("cannot connect to 127.0.0.1: {why}");
        assert!(words.starts_with(&begin), "{words:?} does not begin with {begin:?}");
        assert!(host.seen().is_empty(), "nothing was said to it");
    }
}

#[tokio::test]
async fn a_wrong_name_comes_with_the_right_ones() {
    let cases: [(&[&str], &str); 3] = [
        (&["one.example"], "one.example"),
        (&["*.one.example", "10.1.2.3"], "*.one.example, 10.1.2.3"),
        (&["a.x", "b.x", "c.x", "d.x", "e.x"], "a.x, b.x, c.x, d.x, …"),
    ];
    let authority = Authority::new();
    for (names, told) in cases {
        let host = Host::tls(authority.identity(names).config(&[])).await;
        let failure = ask(&transport(authority.trust()), &host.url("/")).await.unwrap_err();
        let words = format!("its certificate is for another name: {told}");
        assert!(failure.words.message.ends_with(&words), "{failure}");
    }
}

#[tokio::test]
async fn a_host_without_tls_is_told_apart() {
    let host = Host::plain().await;
    let failure = ask(&transport(Authority::new().trust()), &host.url("/")).await.unwrap_err();
    assert_eq!(failure.class, Class::Network);
    let words = "cannot connect to 127.0.0.1: it does not speak TLS on this port";
    assert_eq!(failure.words.message, words);
}

#[tokio::test]
async fn nobody_at_the_address_is_a_network_failure() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{closed}/");
        let failure = ask(&transport(Authority::new().trust()), &url).await.unwrap_err();
        assert_eq!(failure.class, Class::Network);
        let begin = "cannot connect to 127.0.0.1: Connection refused";
        assert!(failure.words.message.starts_with(begin), "{failure}");
    }
}

#[tokio::test]
async fn an_extra_file_that_holds_no_certificate_is_named() {
    let authority = Authority::new();
    let good = authority.file();
    let folder = tempfile::tempdir().unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned();
    let cases: [(&str, Option<String>, &str); 6] = [
        ("missing.pem", None, "No such file or directory"),
        ("empty.pem", Some(String::new()), "holds no certificate in PEM"),
        ("der.crt", Some("0\u{3}\u{2}\u{1}\u{1}".to_owned()), "holds no certificate in PEM"),
        ("key.pem", Some(key), "holds no certificate in PEM"),
        ("broken.pem", Some("-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned()), "broken PEM"),
        ("garbled.pem", Some(pem(b"no certificate")), "holds a broken certificate"),
    ];
    for (name, text, why) in cases {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let trust = Trust::with_extra(vec![good.clone(), path.clone()]);
        let words = format!("server.extra_root_certs: {}: {why}", path.display());
        let checked = trust.check_extra().unwrap_err().to_string();
        assert!(checked.starts_with(&words), "{checked:?} does not begin with {words:?}");
        let failure = ask(&transport(Arc::new(trust)), "https://127.0.0.1:9/").await.unwrap_err();
        assert_eq!((failure.class, failure.origin), (Class::Network, Origin::Router));
        assert!(failure.words.message.contains(&words), "{failure}");
    }
    Trust::with_extra(vec![good]).check_extra().unwrap();
}

/// Runs a test of this file in a process whose system has no authorities.
fn without_system_roots(test: &str) {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args([&format!("tls::{test}"), "--exact", "--include-ignored"])
        .env("SSL_CERT_FILE", empty.path())
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
fn extra_authorities_do_without_the_systems() {
    without_system_roots("a_host_of_an_extra_authority_is_asked_over_the_http_that_it_offers");
}

#[test]
fn no_authorities_at_all_are_told_with_the_way_out() {
    without_system_roots("nobody_is_trusted");
}

#[tokio::test]
#[ignore = "needs a system without authorities; another test runs it in one"]
async fn nobody_is_trusted() {
    let nobody = Arc::new(Trust::with_extra(Vec::<PathBuf>::new()));
    let failure = ask(&transport(nobody), "https://127.0.0.1:9/").await.unwrap_err();
    assert_eq!((failure.class, failure.origin), (Class::Network, Origin::Router));
    for words in ["no certificate authorities", "ca-certificates", "server.extra_root_certs"] {
        assert!(failure.words.message.contains(words), "{failure}");
    }
}

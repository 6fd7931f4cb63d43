//! Says why there is no connection, or no longer one, in words that the operator can act on.

use std::error::Error;
use std::io;
use std::iter::successors;

use http::Uri;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use routectl_core::{Class, Failure, Origin};
use rustls::CertificateError;
use tower_service::Service;

use super::Way;

/// Most names of a certificate that are told. Some have hundreds.
const NAMES_TOLD: usize = 4;

/// What a connector fails with.
type Failing<C> = <C as Service<Uri>>::Error;

/// What an HTTP proxy, and what a SOCKS proxy fails with.
type TunnelError = Failing<Tunnel<HttpConnector>>;
type SocksError = Failing<SocksV5<HttpConnector>>;

// Both versions of SOCKS fail with one type.
const _: fn(Failing<SocksV4<HttpConnector>>) -> SocksError = |error| error;

/// The failure of a request to this host, sent this way.
pub(super) fn broken(host: &str, way: &Way, error: &legacy::Error) -> Failure {
    let causes: Vec<_> = successors(Some(error as &dyn Error), |error| inner(*error)).collect();
    let why = reason(&causes, way);
    let message = match way {
        _ if !error.is_connect() => format!("lost the connection to {host}: {why}"),
        Way::Direct => format!("cannot connect to {host}: {why}"),
        Way::Proxy { uri, .. } => {
            format!("cannot connect to {host} through the proxy {}: {why}", place(uri))
        }
    };
    // Also when the connect clock ran out: it speaks against the way there, not against one model.
    Failure::new(Class::Network, Origin::Upstream, message)
}

/// Host and port alone: an address may have a password before them.
fn place(proxy: &Uri) -> String {
    let host = proxy.host().unwrap_or_default();
    proxy.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The error behind an error. Two kinds of them do not tell what they hold.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(SocksError::Inner(held)) = error.downcast_ref() {
        return Some(held);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => Some(held),
        None => error.source(),
    }
}

/// The innermost cause: the outer ones only repeat that something broke.
fn reason(causes: &[&(dyn Error + 'static)], way: &Way) -> String {
    let Some(cause) = causes.last() else { return String::new() };
    let with_user = matches!(way, Way::Proxy { user: Some(_), .. });
    let refused = causes.iter().find_map(|cause| refusal(*cause, with_user));
    let at_proxy = causes.iter().any(|cause| {
        let tunnel = matches!(cause.downcast_ref(), Some(TunnelError::ConnectFailed(_)));
        tunnel || matches!(cause.downcast_ref(), Some(SocksError::Inner(_)))
    });
    let words = cause.downcast_ref().and_then(tls).unwrap_or_else(|| cause.to_string());
    match refused {
        Some(refused) => format!("the proxy {refused}"),
        None if at_proxy => format!("no connection to the proxy: {words}"),
        None => words,
    }
}

/// What a proxy says when it does not do what it is asked.
fn refusal(error: &(dyn Error + 'static), with_user: bool) -> Option<String> {
    let user = if with_user {
        "refuses the login in its address"
    } else {
        "wants a user and a password, and there are none in its address"
    };
    if let Some(error) = error.downcast_ref::<TunnelError>() {
        return match error {
            TunnelError::ProxyAuthRequired => Some(format!("{user} (407)")),
            TunnelError::TunnelUnsuccessful => Some("refuses to connect to it".to_owned()),
            TunnelError::TunnelUnexpectedEof => Some("hangs up when asked for it".to_owned()),
            TunnelError::ProxyHeadersTooLong => Some("answers at too great a length".to_owned()),
            TunnelError::ConnectFailed(_) | TunnelError::Io(_) | TunnelError::MissingHost => None,
        };
    }
    match error.downcast_ref::<SocksError>()? {
        SocksError::V5(error) => {
            // A SOCKS proxy that takes none of the offered ways to log in wants another one.
            let words = error.to_string();
            let login = words.contains("authentication") || words.contains("credentials");
            Some(if login { user.to_owned() } else { format!("refuses to connect to it: {words}") })
        }
        SocksError::V4(error) => Some(format!("refuses to connect to it: {error}")),
        SocksError::Io(error) => Some(format!("breaks off: {error}")),
        SocksError::Parsing(_) => Some("does not answer as a SOCKS proxy".to_owned()),
        SocksError::Inner(_)
        | SocksError::DnsFailure
        | SocksError::MissingHost
        | SocksError::MissingPort
        | SocksError::Serialize(_) => None,
    }
}

/// What is wrong with TLS, where rustls says it in words for its own programmers.
#[expect(clippy::wildcard_enum_match_arm, reason = "rustls has its own words for the others")]
fn tls(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate(error),
        rustls::Error::InvalidMessage(_) => Some("it does not speak TLS on this port".to_owned()),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "rustls has its own words for the others")]
fn certificate(error: &CertificateError) -> Option<String> {
    let words = match error {
        CertificateError::UnknownIssuer => "its certificate is from an authority that is not \
             trusted here. If you trust it, name the authority's PEM file in \
             server.extra_root_certs"
            .to_owned(),
        CertificateError::Expired => "its certificate has expired".to_owned(),
        CertificateError::ExpiredContext { time, not_after } => {
            let days = time.as_secs().saturating_sub(not_after.as_secs()) / (24 * 60 * 60);
            format!("its certificate expired {days} days ago")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet. Is the clock of this machine right?".to_owned()
        }
        CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("its certificate is for another name: {}", names(presented))
        }
        CertificateError::BadSignature => "its certificate is not signed by the authority of that \
             name that is trusted here. Is a file of server.extra_root_certs out of date?"
            .to_owned(),
        // rustls has no name for it, and openssl makes such a certificate when asked for a
        // self-signed one.
        CertificateError::Other(error) if error.to_string() == "CaUsedAsEndEntity" => {
            "its certificate is an authority's own. Give the host one that the authority \
             signed, or a self-signed one with CA:FALSE"
                .to_owned()
        }
        _ => return None,
    };
    Some(words)
}

/// The names of a certificate, out of `DnsName("host.example")` as rustls gives them. The host
/// chose them: what does not belong into a name is escaped.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inside.unwrap_or(name).trim_matches('"').escape_default().to_string()
    };
    let told: Vec<_> = presented.iter().take(NAMES_TOLD).map(bare).collect();
    let more = if presented.len() > NAMES_TOLD { ", …" } else { "" };
    told.join(", ") + more
}

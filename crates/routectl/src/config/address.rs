//! Rules for addresses: whom routectl may talk to, and who may talk to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Authority;

/// Endings of a URL that someone copied whole from a vendor's docs.
const ENDPOINTS: [&str; 4] = ["/chat/completions", "/completions", "/messages", "/responses"];

/// Endings of parameters that hold a key.
const KEYS: [&str; 6] = ["key", "token", "secret", "password", "sig", "signature"];

/// https, or http to loopback only; link-local refused; no userinfo, query or fragment.
pub(super) fn base_url(text: &str) -> Result<(), String> {
    let (scheme, rest) = split(text)?;
    if !matches!(scheme, "https" | "http") {
        return Err("not an https URL. Write one such as \"https://api.openai.com/v1\".".to_owned());
    }
    if rest.contains('@') {
        return Err(
            "a URL with a user or password in it. Remove them; keys belong in `api_key_ref`."
                .to_owned(),
        );
    }
    if rest.contains('#') {
        return Err("a base URL has no fragment. Cut it before the `#`.".to_owned());
    }
    if rest.contains('?') {
        return Err("a base URL of this kind has no query. Cut it before the `?`.".to_owned());
    }
    let uri: Uri = text.parse().map_err(|_| not_a_url())?;
    let authority = uri.authority().ok_or_else(not_a_url)?;
    reachable(scheme, authority)?;
    let path = uri.path().trim_end_matches('/');
    match ENDPOINTS.iter().find(|ending| path.ends_with(*ending)) {
        Some(ending) => Err(format!("ends in {ending:?}, which routectl adds itself. Cut it off.")),
        None => Ok(()),
    }
}

/// The same with a query or without. A key in it would stand in logs.
pub(super) fn base_url_with_query(text: &str) -> Result<(), String> {
    let Some((base, query)) = text.split_once('?') else { return base_url(text) };
    base_url(base)?;
    let fits = query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !fits || query.is_empty() || text.parse::<Uri>().is_err() {
        return Err("has an odd query. Write `?name=value`, with nothing after it.".to_owned());
    }
    let holds_key = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        KEYS.iter().any(|ending| name.ends_with(ending))
    };
    if query.split('&').any(holds_key) {
        return Err("has a key in its query. Remove it; keys belong in `api_key_ref`.".to_owned());
    }
    Ok(())
}

/// An HTTP, HTTPS or SOCKS5 proxy. It may be anywhere and may have a password.
pub(super) fn proxy_url(text: &str) -> Result<(), String> {
    let unfit = || {
        "not a proxy. Write one such as \"http://proxy.example:3128\" or \
         \"socks5://127.0.0.1:1080\"."
            .to_owned()
    };
    let (scheme, _) = split(text).map_err(|_| unfit())?;
    match scheme {
        "http" | "https" | "socks5" | "socks5h" => {}
        "socks4" | "socks4a" => {
            return Err(
                "SOCKS4 is not spoken here. Write a proxy of http, https, socks5 or socks5h."
                    .to_owned(),
            );
        }
        _ => return Err(unfit()),
    }
    let uri: Uri = text.parse().map_err(|_| unfit())?;
    match uri.authority() {
        Some(authority)
            if !authority.host().is_empty() && port_fits(authority) && uri.path().len() <= 1 =>
        {
            Ok(())
        }
        _ => Err(unfit()),
    }
}

/// A browser's origin: scheme, host, port, nothing else.
pub(super) fn origin(text: &str) -> Result<(), String> {
    if text == "*" {
        return Err("would let every web page use your keys. List the origins instead.".to_owned());
    }
    let unfit = || {
        format!("{text:?} is no origin. Write scheme, host and port: \"http://localhost:3000\".")
    };
    let (_, rest) = text.split_once("://").ok_or_else(unfit)?;
    let authority: Authority = rest.parse().map_err(|_| unfit())?;
    let is_bare = !rest.contains(['/', '@', '?', '#']);
    let scheme_fits = text.parse::<Uri>().is_ok();
    if is_bare && scheme_fits && port_fits(&authority) { Ok(()) } else { Err(unfit()) }
}

/// What a `Host` header may hold: a name or an address, with a port or without.
pub(super) fn host(text: &str) -> Result<(), String> {
    let bare = text.parse::<Ipv6Addr>().is_ok();
    let authority = text.parse::<Authority>();
    match authority {
        _ if bare => Ok(()),
        Ok(authority) if !text.contains('@') && !text.contains('*') && port_fits(&authority) => {
            Ok(())
        }
        _ => Err(format!(
            "{text:?} is no host. Write a name or an address, with a port or without: \
             \"router.local:8787\"."
        )),
    }
}

fn split(text: &str) -> Result<(&str, &str), String> {
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    text.split_once("://").filter(|(_, rest)| visible && !rest.is_empty()).ok_or_else(not_a_url)
}

fn not_a_url() -> String {
    "not a URL. Write one such as \"https://api.openai.com/v1\".".to_owned()
}

/// An empty or impossible port parses as an authority.
fn port_fits(authority: &Authority) -> bool {
    let after_host = authority.as_str().rsplit(']').next().unwrap_or_default();
    !after_host.contains(':') || authority.port_u16().is_some_and(|port| port != 0)
}

/// Whether the scheme may be used towards this host.
fn reachable(scheme: &str, authority: &Authority) -> Result<(), String> {
    if authority.host().is_empty() || !port_fits(authority) {
        return Err(not_a_url());
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = match host.parse::<IpAddr>() {
        Ok(address) => Some(address),
        Err(_) if looks_numeric(host) => {
            return Err("an address in an unusual spelling. Write four numbers with dots, or a \
                        name."
                .to_owned());
        }
        Err(_) => None,
    };
    let is_loopback = match address {
        Some(address) => address.to_canonical().is_loopback(),
        None => host.eq_ignore_ascii_case("localhost"),
    };
    match address {
        Some(address) if is_link_local(innermost(address)) => Err(
            "a link-local address, where clouds keep their credentials. Write the upstream's own."
                .to_owned(),
        ),
        Some(address) if address.is_unspecified() => {
            Err("not an address to call. Write 127.0.0.1 for this machine.".to_owned())
        }
        _ if scheme == "http" && !is_loopback => {
            Err("http would send the key in the clear. Write https; http is for loopback only."
                .to_owned())
        }
        _ => Ok(()),
    }
}

/// Resolvers take `2130706433` and `0x7f.1` for addresses; we would not see which.
fn looks_numeric(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or_else(|| last.strip_prefix("0X"))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The IPv4 address inside an IPv6 one, for all ways of putting one there.
fn innermost(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        // mapped, compatible, translated (RFC 2765) and NAT64 (RFC 6052)
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4 (RFC 3056)
        | [0x2002, high, low, ..] => inner(high, low),
        _ => address,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

//! Room 1, guard: socket → checked request head (host, origin, token). Only this machine's user
//! gets through: a web page that rebinds its name to loopback is told from a program by its
//! `Host`, and a cross-site request by its `Origin`.

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderName};
use routectl_auth::Secret;
use routectl_core::{Class, Failure, Origin};
use subtle::ConstantTimeEq as _;

use crate::config::Config;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where requests may come from.
pub struct Sources {
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// Who may ask. Read once: changing them needs a restart.
pub(super) struct Tokens(pub(super) Vec<Secret>);

impl Sources {
    /// What a configuration allows.
    pub fn new(config: &Config) -> Self {
        let origins = config.server.allowed_origins.iter();
        Self {
            hosts: config.allowed_hosts(),
            origins: origins.map(|origin| origin.as_str().to_owned()).collect(),
        }
    }

    /// Checks where a request comes from.
    ///
    /// # Errors
    /// What is not allowed, and what would allow it.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let host = text(headers, &HOST).unwrap_or_default();
        if !self.hosts.iter().any(|allowed| is_host(allowed, host)) {
            let message = format!("host {host:?} is not allowed; see server.allowed_hosts");
            return Err(forbidden(message));
        }
        match text(headers, &ORIGIN) {
            None => Ok(()),
            Some(origin) if self.allows_origin(origin) => Ok(()),
            Some(origin) => {
                let message =
                    format!("origin {origin:?} is not allowed; see server.allowed_origins");
                Err(forbidden(message))
            }
        }
    }

    /// Whether a browser's page of this origin may read answers.
    pub(super) fn allows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

impl Tokens {
    /// Checks the token, where there are any.
    ///
    /// # Errors
    /// When none of them was shown.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let bearer = text(headers, &AUTHORIZATION).and_then(bearer);
        let shown = [bearer, text(headers, &API_KEY)];
        // Every token is compared with all that was shown, so that time tells nothing.
        let mut known = subtle::Choice::from(0);
        for shown in shown.into_iter().flatten() {
            for token in &self.0 {
                known |= token.expose().as_bytes().ct_eq(shown.as_bytes());
            }
        }
        if known.into() {
            return Ok(());
        }
        let message =
            "a token of server.auth.tokens is needed, as Authorization: Bearer or x-api-key";
        let mut failure = Failure::new(Class::Auth, Origin::Client, message);
        failure.status = Some(401);
        Err(failure)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a `Host` is this one; one that is allowed without a port goes with any.
fn is_host(allowed: &str, host: &str) -> bool {
    host.eq_ignore_ascii_case(allowed) || without_port(host).eq_ignore_ascii_case(allowed)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn forbidden(message: String) -> Failure {
    let mut failure = Failure::new(Class::Auth, Origin::Client, message);
    failure.status = Some(403);
    failure
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sources() -> Sources {
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        Sources { hosts, origins: vec!["http://localhost:3000".to_owned()] }
    }

    fn tokens(texts: &[&str]) -> Tokens {
        let secret = |text: &&str| {
            routectl_auth::SecretRef::parse(&format!("literal:{text}")).unwrap().read().unwrap()
        };
        Tokens(texts.iter().map(secret).collect())
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn g11_a_name_that_is_not_this_machines_is_refused() {
        for (host, allowed) in [
            ("localhost:8787", true),
            ("LOCALHOST", true),
            ("127.0.0.1:1", true),
            ("[::1]:8787", true),
            ("evil.example:8787", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:8787", false),
            ("localhost:8787@evil.example", false),
            ("", false),
        ] {
            let outcome = sources().check(&headers(&[("host", host)]));
            assert_eq!(outcome.is_ok(), allowed, "{host}");
        }
    }

    #[test]
    fn g11_a_cross_site_request_is_refused() {
        for (origin, allowed) in
            [("http://localhost:3000", true), ("http://localhost:8787", false), ("null", false)]
        {
            let head = headers(&[("host", "localhost"), ("origin", origin)]);
            assert_eq!(sources().check(&head).is_ok(), allowed, "{origin}");
        }
    }

    #[test]
    fn g11_a_token_is_needed_where_there_is_one() {
        let tokens = tokens(&["first", "second"]);
        for (head, allowed) in [
            (headers(&[]), false),
            (headers(&[("authorization", "Bearer second")]), true),
            (headers(&[("authorization", "bearer first")]), true),
            (headers(&[("x-api-key", "first")]), true),
            (headers(&[("x-api-key", "firs")]), false),
            (headers(&[("x-api-key", "wrong"), ("authorization", "Bearer first")]), true),
            (headers(&[("authorization", "Basic first")]), false),
        ] {
            assert_eq!(tokens.check(&head).is_ok(), allowed, "{head:?}");
        }
    }
}

//! Which headers belong to a connection and which tell the client something.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers about one connection, which never pass a router (RFC 9110, 7.6.1).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that are routectl's to set: the credential has a key of its own, the host and the body
/// are what they are, and answers are read as they come, so they must not be compressed.
const OURS: &[&str] = &["accept-encoding", "authorization", "expect", "host", "x-api-key"];

/// Endings of the names under which clients send credentials and cookies: `api-key`,
/// `x-goog-api-key`, `x-amz-security-token`, `x-forwarded-authorization`.
const CREDENTIALS: &[&str] =
    &["authorization", "api-key", "cookie", "cookie2", "-secret", "-token"];

/// Whether an operator's extras may set this header. Credentials under other names than ours may
/// stand there: Azure wants its `api-key`.
pub fn may_be_extra(name: &HeaderName) -> bool {
    let name = name.as_str();
    !(name.starts_with("content-") || HOP_BY_HOP.contains(&name) || OURS.contains(&name))
}

/// Whether a client's header may pass when configuration names it: never its credentials.
pub fn may_be_forwarded(name: &HeaderName) -> bool {
    may_be_extra(name) && !is_credential(name)
}

/// Whether a header carries a credential, by its name.
pub fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.iter().any(|ending| name.as_str().ends_with(ending))
}

/// Families of answer headers that clients read: limits, request ids, when to come back.
/// (facts: Anthropic Messages, section 2; OpenAI chat, section 1; field reports, B.5)
const TELLING: &[&str] = &[
    "anthropic-",
    "x-ratelimit-",
    "ratelimit",
    "openai-",
    "retry-after",
    "x-should-retry",
    "request-id",
    "x-generation-id",
    "x-amzn-",
    "cf-ray",
];

/// Where the upstream's own `x-request-id` goes: the name itself carries ours.
pub const UPSTREAM_REQUEST_ID: HeaderName =
    HeaderName::from_static("x-routectl-upstream-request-id");

/// The headers of an upstream's answer that reach the client.
pub fn telling(upstream: &HeaderMap) -> HeaderMap {
    let mut telling = HeaderMap::with_capacity(8);
    for (name, value) in upstream {
        if TELLING.iter().any(|family| name.as_str().starts_with(family)) {
            telling.append(name, value.clone());
        }
    }
    if let Some(id) = upstream.get("x-request-id") {
        telling.insert(UPSTREAM_REQUEST_ID, id.clone());
    }
    telling
}

/// The headers of an answer that reach a client of another format: rate limits are spelled
/// otherwise there, so only when to come back and the upstream's id pass.
pub fn telling_abroad(upstream: &HeaderMap) -> HeaderMap {
    let mut telling = HeaderMap::with_capacity(8);
    for name in ["retry-after", "x-should-retry"] {
        if let Some(value) = upstream.get(name) {
            telling.insert(HeaderName::from_static(name), value.clone());
        }
    }
    if let Some(id) = upstream.get("x-request-id").or_else(|| upstream.get("request-id")) {
        telling.insert(UPSTREAM_REQUEST_ID, id.clone());
    }
    telling
}

/// The union of comma-separated lists, first come first, doubles left out.
pub fn union<'a>(lists: impl IntoIterator<Item = &'a str>) -> Option<HeaderValue> {
    let mut words: Vec<&str> = Vec::new();
    for word in lists.into_iter().flat_map(|list| list.split(',')).map(str::trim) {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { None } else { HeaderValue::from_str(&words.join(",")).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_the_client_something_passes_and_the_rest_stays() {
        let mut upstream = HeaderMap::new();
        for (name, passes) in [
            ("anthropic-ratelimit-requests-reset", true),
            ("x-ratelimit-remaining-tokens", true),
            ("retry-after", true),
            ("retry-after-ms", true),
            ("request-id", true),
            ("openai-processing-ms", true),
            ("x-request-id", false),
            ("set-cookie", false),
            ("content-length", false),
            ("transfer-encoding", false),
            ("server", false),
        ] {
            upstream.clear();
            upstream.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
            assert_eq!(telling(&upstream).contains_key(name), passes, "{name}");
        }
    }

    #[test]
    fn what_is_ours_is_nobodys_to_set_and_a_clients_credentials_stay_here() {
        for (name, extra, forwarded) in [
            ("authorization", false, false),
            ("x-api-key", false, false),
            ("host", false, false),
            ("content-type", false, false),
            ("content-encoding", false, false),
            ("accept-encoding", false, false),
            ("connection", false, false),
            ("transfer-encoding", false, false),
            ("proxy-authorization", false, false),
            ("http2-settings", false, false),
            ("expect", false, false),
            ("api-key", true, false),
            ("x-goog-api-key", true, false),
            ("cookie", true, false),
            ("cookie2", true, false),
            ("set-cookie", true, false),
            ("x-forwarded-authorization", true, false),
            ("x-amz-security-token", true, false),
            ("accept", true, true),
            ("user-agent", true, true),
            ("anthropic-beta", true, true),
            ("x-claude-code-session-id", true, true),
        ] {
            let header = HeaderName::from_static(name);
            assert_eq!(may_be_extra(&header), extra, "{name} as an extra");
            assert_eq!(may_be_forwarded(&header), forwarded, "{name} of a client");
        }
    }

    #[test]
    fn the_upstreams_own_request_id_passes_under_its_own_name() {
        let mut upstream = HeaderMap::new();
        upstream.insert("x-request-id", HeaderValue::from_static("req_1"));
        assert_eq!(telling(&upstream).get(UPSTREAM_REQUEST_ID).unwrap(), "req_1");
    }

    #[test]
    fn lists_are_joined_without_doubles_and_in_order() {
        assert_eq!(union(["b, a", "a,c", ""]).unwrap(), "b,a,c");
        assert_eq!(union(["", " , "]), None);
    }
}

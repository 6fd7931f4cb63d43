//! Which headers belong to a connection and which tell the client something.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Whether a header is about one connection and never passes a router (RFC 9110, 7.6.1).
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
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

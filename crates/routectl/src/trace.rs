//! What goes over the wire, for `ROUTECTL_LOG=routectl::trace=trace`: as much of it as `[log]`
//! allows, and never a credential.

use http::{HeaderMap, Request};
use routectl_wire::{Document, Spliced};

use crate::config::Log;

/// Headers whose values may stand in a log. A list of what may be shown, since nobody can list
/// everything that may not.
const SHOWN: &[&str] = &[
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-type",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "user-agent",
    "x-app",
    "x-request-id",
    "x-should-retry",
];

/// Families of headers whose values may stand in a log.
const SHOWN_FAMILIES: &[&str] =
    &["anthropic-ratelimit-", "x-ratelimit-", "x-stainless-", "x-claude-code-"];

/// Tells of a request on its way to an upstream. Costs nothing while nobody listens.
pub fn outbound(log: &Log, request: &Request<Spliced>) {
    if !tracing::enabled!(tracing::Level::TRACE) {
        return;
    }
    let headers = if log.trace_headers { headers(request.headers()) } else { String::new() };
    let body = body(log, request.body());
    tracing::trace!("{} {}{headers}\n{body}", request.method(), request.uri());
}

/// Tells of the head of an upstream's answer.
pub fn answered(log: &Log, status: http::StatusCode, answer: &HeaderMap) {
    if tracing::enabled!(tracing::Level::TRACE) {
        let headers = if log.trace_headers { headers(answer) } else { String::new() };
        tracing::trace!("answered {status}{headers}");
    }
}

fn headers(headers: &HeaderMap) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let shown = may_be_shown(name.as_str()) && !value.is_sensitive();
        let text = if shown { value.to_str().unwrap_or("***") } else { "***" };
        format!("\n{name}: {text}")
    };
    headers.iter().map(line).collect()
}

fn may_be_shown(name: &str) -> bool {
    SHOWN.contains(&name) || SHOWN_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The beginning of a body; where prompts are to stay out of logs, its members' names and sizes.
fn body(log: &Log, body: &Spliced) -> String {
    let bytes = body.joined();
    if log.redact_prompts {
        let sizes = Document::parse(bytes).map(|document| {
            let size = |name: std::borrow::Cow<'_, str>| {
                let length = document.get(&name).map_or(0, <[u8]>::len);
                format!("{name}: {length} bytes")
            };
            document.names().map(size).collect::<Vec<_>>().join(", ")
        });
        return sizes.unwrap_or_default();
    }
    let most = usize::try_from(log.trace_body_bytes).unwrap_or(usize::MAX);
    let shown = bytes.get(..most).unwrap_or(&bytes);
    let more = if shown.len() < bytes.len() {
        format!(" … {} bytes more", bytes.len() - shown.len())
    } else {
        String::new()
    };
    String::from_utf8_lossy(shown).into_owned() + &more
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue};

    use super::*;

    const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"a private word"}]}"#;

    fn spliced() -> Spliced {
        Bytes::from_static(BODY.as_bytes()).into()
    }

    #[test]
    fn g9_only_headers_known_to_be_harmless_are_shown() {
        let mut map = HeaderMap::new();
        for (name, shown) in [
            ("authorization", false),
            ("x-api-key", false),
            ("cookie", false),
            ("x-my-own-token", false),
            ("anthropic-version", true),
            ("x-stainless-lang", true),
        ] {
            map.clear();
            map.insert(HeaderName::from_static(name), HeaderValue::from_static("canary"));
            assert_eq!(headers(&map).contains("canary"), shown, "{name}");
        }
    }

    #[test]
    fn a_body_is_cut_at_the_limit_and_says_so() {
        let log = Log { trace_body_bytes: 12, ..Log::default() };
        assert_eq!(body(&log, &spliced()), "{\"model\":\"m\" … 57 bytes more");
    }

    #[test]
    fn redacted_prompts_leave_names_and_sizes() {
        let log = Log { redact_prompts: true, ..Log::default() };
        assert_eq!(body(&log, &spliced()), "model: 3 bytes, messages: 44 bytes");
    }
}

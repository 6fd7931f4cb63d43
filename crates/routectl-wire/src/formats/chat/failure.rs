//! Failure → the Chat error envelope, in the vendor's own vocabulary.

use routectl_core::{Class, Failure};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// The error body of a failure. The upstream's own code is kept where it gave one.
pub(super) fn envelope(failure: &Failure) -> Vec<u8> {
    let (kind, code) = vocabulary(failure.class);
    let words = &failure.words;
    let error = Body {
        message: &words.message,
        kind,
        param: words.param.as_deref(),
        code: words.code.as_deref().or(code),
    };
    serde_json::to_vec(&Envelope { error }).unwrap_or_default()
}

/// A chunk whose `error` is an object: what the official clients raise. (facts: OpenAI chat, 6.1)
#[derive(Deserialize)]
struct Own {
    #[expect(dead_code, reason = "only its shape counts")]
    error: std::collections::BTreeMap<String, IgnoredAny>,
}

/// Whether this is an error as OpenAI's clients read it.
pub(super) fn is_own(data: &[u8]) -> bool {
    serde_json::from_slice::<Own>(data).is_ok()
}

/// Type and code that OpenAI uses for a class. (facts: OpenAI chat, section 7)
fn vocabulary(class: Class) -> (&'static str, Option<&'static str>) {
    match class {
        Class::RateLimited => ("requests", Some("rate_limit_exceeded")),
        Class::Quota => ("insufficient_quota", Some("insufficient_quota")),
        Class::Auth => ("authentication_error", Some("invalid_api_key")),
        Class::BadRequest => ("invalid_request_error", None),
        Class::ContentPolicy => ("invalid_request_error", Some("content_policy_violation")),
        Class::ContextWindow => ("invalid_request_error", Some("context_length_exceeded")),
        Class::ModelMissing => ("invalid_request_error", Some("model_not_found")),
        Class::FeatureUnsupported => ("invalid_request_error", Some("unsupported_feature")),
        Class::ServerError | Class::Network => ("server_error", None),
        Class::Overloaded => ("server_error", Some("server_is_overloaded")),
        Class::Timeout => ("server_error", Some("timeout")),
        Class::ClientGone => ("invalid_request_error", Some("client_gone")),
    }
}

//! Failure → the Chat error envelope, in the vendor's own vocabulary.

use std::borrow::Cow;

use routectl_core::{Class, Failure, Origin};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::formats::failure;

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
    let (kind, code) = vocabulary(failure);
    let words = &failure.words;
    let told = words.code.as_deref().filter(|_| keeps_code(failure));
    let error = Body {
        message: &message(failure),
        kind,
        param: words.param.as_deref(),
        code: told.or(code),
    };
    serde_json::to_vec(&Envelope { error }).unwrap_or_default()
}

/// Whether the upstream's code says more to a client than the class does. Numbers only repeat a
/// status, and clients look for one code when the context is full. (facts: translation, 10.1)
fn keeps_code(failure: &Failure) -> bool {
    let number = failure.words.code.as_ref().is_some_and(|code| code.parse::<i64>().is_ok());
    let refused = failure.class == Class::Auth && failure.origin == Origin::Upstream;
    !number && !refused && failure.class != Class::ContextWindow
}

/// What a failure says. Codex reads from the text how long to wait. (facts: translation, section
/// 10.1; clients, section 3)
fn message(failure: &Failure) -> Cow<'_, str> {
    let said = failure::message(failure);
    let wait = failure.retry_after.filter(|_| failure.class == Class::RateLimited);
    let Some(wait) = wait.filter(|_| !said.to_lowercase().contains("try again in")) else {
        return said;
    };
    let seconds = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
    let stop = if said.ends_with(['.', '!', '?']) { "" } else { "." };
    Cow::Owned(format!("{said}{stop} Please try again in {seconds}s."))
}

/// The status of a failure at this vendor. (facts: translation, section 10.1)
pub(super) fn status(failure: &Failure) -> u16 {
    match failure.class {
        Class::RateLimited | Class::Quota => 429,
        Class::Auth => failure::auth_status(failure).unwrap_or(502),
        Class::BadRequest | Class::FeatureUnsupported => failure::request_status(failure),
        Class::ContentPolicy | Class::ContextWindow => 400,
        Class::ModelMissing => 404,
        Class::ServerError if failure::is_conflict(failure) => 409,
        Class::ServerError => 500,
        Class::Network => 502,
        Class::Overloaded => 503,
        Class::Timeout => 504,
        Class::ClientGone => 499,
    }
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

/// Type and code that OpenAI uses for a failure. (facts: OpenAI chat, section 7)
fn vocabulary(failure: &Failure) -> (&'static str, Option<&'static str>) {
    match failure.class {
        Class::RateLimited => ("requests", Some("rate_limit_exceeded")),
        Class::Quota => ("insufficient_quota", Some("insufficient_quota")),
        Class::Auth => match failure::auth_status(failure) {
            Some(403) => ("permission_error", None),
            Some(_) => ("authentication_error", Some("invalid_api_key")),
            None => ("server_error", None),
        },
        Class::BadRequest if failure::request_status(failure) == 413 => {
            ("invalid_request_error", Some("request_too_large"))
        }
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

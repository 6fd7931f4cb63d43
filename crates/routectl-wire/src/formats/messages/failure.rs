//! Failure → the Messages error envelope, in the vendor's own vocabulary.

use routectl_core::{Class, Failure};
use serde::Serialize;

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

/// The error body of a failure.
pub(super) fn envelope(failure: &Failure) -> Vec<u8> {
    let error = Body { kind: vocabulary(failure.class), message: &failure.words.message };
    serde_json::to_vec(&Envelope { kind: "error", error }).unwrap_or_default()
}

/// The error type that Anthropic uses for a class. (facts: Anthropic Messages, section 12)
fn vocabulary(class: Class) -> &'static str {
    match class {
        Class::RateLimited => "rate_limit_error",
        Class::Quota => "billing_error",
        Class::Auth => "authentication_error",
        Class::BadRequest
        | Class::ContentPolicy
        | Class::ContextWindow
        | Class::FeatureUnsupported
        | Class::ClientGone => "invalid_request_error",
        Class::ModelMissing => "not_found_error",
        Class::ServerError | Class::Network => "api_error",
        Class::Overloaded => "overloaded_error",
        Class::Timeout => "timeout_error",
    }
}

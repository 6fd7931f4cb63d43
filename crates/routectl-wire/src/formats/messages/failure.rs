//! Failure → the Messages error envelope, in the vendor's own vocabulary.

use routectl_core::{Class, Failure};
use serde::{Deserialize, Serialize};

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

/// What Anthropic's clients take for an error event. An OpenAI-shaped one under `event: error` is
/// fatal to Claude Code. (facts: clients, section 2.4)
#[derive(Deserialize)]
struct Own {
    #[serde(rename = "type")]
    kind: String,
    error: OwnBody,
}

#[derive(Deserialize)]
struct OwnBody {
    #[serde(rename = "type")]
    kind: String,
}

/// Whether this is an error as Anthropic's clients read it.
pub(super) fn is_own(data: &[u8]) -> bool {
    serde_json::from_slice::<Own>(data)
        .is_ok_and(|own| own.kind == "error" && !own.error.kind.is_empty())
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

//! Failure → the Messages error envelope, in the vendor's own vocabulary.

use std::borrow::Cow;

use routectl_core::{Class, Failure, Origin};
use serde::{Deserialize, Serialize};

use super::overflow::{self, TOO_LONG};
use crate::formats::failure;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

/// What clients branch on where the words are ours. (facts: Anthropic Messages, section 12)
#[derive(Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

/// The error body of a failure.
pub(super) fn envelope(failure: &Failure) -> Vec<u8> {
    let code = failure.words.code.as_deref().filter(|_| failure.origin != Origin::Upstream);
    let details = code.map(|error_code| Details { error_code });
    let error = Body { kind: kind(failure), message: &message(failure), details };
    serde_json::to_vec(&Envelope { kind: "error", error }).unwrap_or_default()
}

/// What a failure says. Claude Code shortens its conversation, or the answer it asks for, on these
/// words, and shows the numbers. (facts: translation, section 10.2; clients, section 2.5)
fn message(failure: &Failure) -> Cow<'_, str> {
    let said = failure.words.message.as_str();
    if failure.class == Class::ContextWindow && !said.starts_with(TOO_LONG) {
        return Cow::Owned(overflow::told(said));
    }
    let answer = (failure.class == Class::BadRequest && failure.origin == Origin::Upstream)
        .then(|| overflow::shortened(said));
    if let Some(told) = answer.flatten() {
        return Cow::Owned(told);
    }
    failure::message(failure)
}

/// The status of a failure at this vendor. (facts: translation, section 10.2)
pub(super) fn status(failure: &Failure) -> u16 {
    match failure.class {
        Class::RateLimited => 429,
        Class::Quota => 402,
        Class::Auth => failure::auth_status(failure).unwrap_or(500),
        Class::BadRequest | Class::FeatureUnsupported => failure::request_status(failure),
        Class::ContentPolicy | Class::ContextWindow => 400,
        Class::ModelMissing => 404,
        Class::ServerError if failure::is_conflict(failure) => 409,
        Class::ServerError | Class::Network => 500,
        Class::Overloaded => 529,
        Class::Timeout => 504,
        Class::ClientGone => 499,
    }
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

/// The error type that Anthropic uses for a failure. (facts: Anthropic Messages, section 12)
fn kind(failure: &Failure) -> &'static str {
    match failure.class {
        Class::RateLimited => "rate_limit_error",
        Class::Quota => "billing_error",
        Class::Auth => match failure::auth_status(failure) {
            Some(403) => "permission_error",
            Some(_) => "authentication_error",
            None => "api_error",
        },
        Class::BadRequest | Class::FeatureUnsupported => match failure::request_status(failure) {
            404 => "not_found_error",
            409 => "conflict_error",
            413 => "request_too_large",
            _ => "invalid_request_error",
        },
        Class::ContentPolicy | Class::ContextWindow | Class::ClientGone => "invalid_request_error",
        Class::ModelMissing => "not_found_error",
        Class::ServerError if failure::is_conflict(failure) => "conflict_error",
        Class::ServerError | Class::Network => "api_error",
        Class::Overloaded => "overloaded_error",
        Class::Timeout => "timeout_error",
    }
}

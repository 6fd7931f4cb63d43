//! What is AWS's alone: exceptions inside a stream, credentials that went stale, and names that
//! only the owner of an account has. Its names and wordings stand in the tables of all hosts.
//! (facts: Bedrock, sections 1.6, 3.2 and 5)

use routectl_core::{Class, Failure};

use super::{Complaint, envelope, failure, fold, hints, text};

/// Names of refusals that another credential, or the same one signed by a better clock, may not
/// meet again. Compared without case.
const STALE: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "ExpiredTokenException",
    "ExpiredToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
];

/// The same in sentences: bearer keys are refused under the name of a missing permission.
const STALE_WORDS: &[&str] = &[
    "bearer token has expired",
    "make sure your api key is valid",
    "security token included in the request",
    "signature expired",
    "signature not yet current",
];

/// Reads an exception that ends an event stream, by its name: `:exception-type` with a JSON body,
/// or `:error-code` with `:error-message` as the body.
pub fn exception(name: &str, payload: &[u8]) -> Failure {
    let mut complaint = Complaint::read(payload);
    complaint.kind = envelope::kind(name).or(complaint.kind);
    let wait = hints::stated_wait(&complaint, None);
    failure(None, complaint, wait)
}

/// Whether the credential may be good once it is renewed or signed with at the right time: it has
/// expired, nobody knows it, or its signature is not right. A missing permission stays missing.
pub fn is_stale_credential(failure: &Failure) -> bool {
    let words = &failure.words;
    let named = |name: &String| STALE.iter().any(|stale| stale.eq_ignore_ascii_case(name));
    let said = || {
        let said = fold(&words.message);
        STALE_WORDS.iter().any(|stale| said.contains(stale))
    };
    failure.class == Class::Auth && (words.kind.iter().chain(&words.code).any(named) || said())
}

/// Whether a body names an account or what belongs to it, which no client has to know.
pub fn names_account(body: &[u8]) -> bool {
    let said = String::from_utf8_lossy(body);
    text::redact(&said) != said
}

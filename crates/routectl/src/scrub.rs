//! Takes a credential out of what an upstream says back: its errors and its headers. Content is
//! never looked at: it is the client's.

use bytes::Bytes;
use http::HeaderMap;
use routectl_auth::Secret;
use routectl_providers::Credential;

use crate::rescue::Rescue;

/// Shortest credential that is looked for: a shorter one is a placeholder, and taking it out would
/// spoil words.
const MIN_SECRET: usize = 8;

/// What stands in its place.
const MASK: &str = "***";

/// A failure's words, and the upstream's own refusal.
pub fn rescue(rescue: &mut Rescue, credential: &Credential) {
    if let Some(secret) = worth_it(credential) {
        unsaid(rescue, secret);
    }
}

fn unsaid(rescue: &mut Rescue, secret: &str) {
    let words = &mut rescue.failure.words;
    let said =
        [Some(&mut words.message), words.kind.as_mut(), words.code.as_mut(), words.param.as_mut()];
    for text in said.into_iter().flatten() {
        if text.contains(secret) {
            *text = text.replace(secret, MASK);
        }
    }
    without(&mut rescue.telling, secret);
    if let Some(verbatim) = &mut rescue.verbatim {
        verbatim.body = masked(&verbatim.body, secret);
        without(&mut verbatim.headers, secret);
    }
}

/// An answer's headers. One that holds the credential goes as a whole.
pub fn headers(headers: &mut HeaderMap, credential: &Credential) {
    if let Some(secret) = worth_it(credential) {
        without(headers, secret);
    }
}

/// The end of a stream that tells a failure.
pub fn bytes(bytes: &Bytes, credential: &Credential) -> Bytes {
    let secret = worth_it(credential);
    secret.map_or_else(|| bytes.clone(), |secret| masked(bytes, secret))
}

fn worth_it(credential: &Credential) -> Option<&str> {
    credential.secret().map(Secret::expose).filter(|secret| secret.len() >= MIN_SECRET)
}

fn masked(bytes: &Bytes, secret: &str) -> Bytes {
    let text = String::from_utf8_lossy(bytes);
    if text.contains(secret) { text.replace(secret, MASK).into() } else { bytes.clone() }
}

fn without(headers: &mut HeaderMap, secret: &str) {
    let holds = |value: &http::HeaderValue| {
        value.as_bytes().windows(secret.len()).any(|window| window == secret.as_bytes())
    };
    let found: Vec<_> =
        headers.iter().filter(|(_, value)| holds(value)).map(|(name, _)| name.clone()).collect();
    for name in found {
        headers.remove(name);
    }
}

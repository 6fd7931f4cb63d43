//! What the formats' errors have in common: statuses that mean the same at every vendor, and a key
//! that is not the client's.

use std::borrow::Cow;

use routectl_core::{Class, Failure, Origin};

use crate::refusal;

/// What a failure says. A refused credential is routectl's, and a client must not take it for its
/// own.
pub(super) fn message(failure: &Failure) -> Cow<'_, str> {
    let said = failure.words.message.as_str();
    let refused = failure.class == Class::Auth && failure.origin == Origin::Upstream;
    if refused && auth_status(failure).is_none() {
        return Cow::Owned(format!("the upstream refused the router's credential: {said}"));
    }
    Cow::Borrowed(said)
}

/// The status of a refused credential; `None` where it is the router's own, which is no fault of
/// the client. A missing permission is told as one, and AWS says 403 to stale credentials too.
/// (facts: translation, section 10; Bedrock, section 5)
pub(super) fn auth_status(failure: &Failure) -> Option<u16> {
    match (failure.status, failure.origin) {
        (Some(403), _) if !refusal::is_stale_credential(failure) => Some(403),
        (_, Origin::Upstream | Origin::Router) => None,
        (_, Origin::Client) => Some(401),
    }
}

/// The status of a request that is at fault: those that say more than 400 are kept.
pub(super) fn request_status(failure: &Failure) -> u16 {
    failure.status.filter(|status| matches!(status, 404 | 409 | 413)).unwrap_or(400)
}

/// Whether the upstream was busy with another request of the same kind.
pub(super) fn is_conflict(failure: &Failure) -> bool {
    failure.status == Some(409)
}

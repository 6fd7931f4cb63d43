//! Reading an upstream's no: a status, a few headers and a body of any shape become a `Failure`.
//!
//! Pure tables and parsers. What a vendor says where, and what it means, is in the facts
//! (provider-quirks §1–§3); here it is data: `classify` for statuses, types and codes,
//! `wording` for sentences, `hints` for how long to wait.

mod amazon;
mod classify;
mod envelope;
mod figures;
mod hints;
mod room;
mod text;
mod wording;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use routectl_core::{Failure, Origin, Words};

pub use amazon::{exception, is_stale_credential, names_account};
pub use classify::classify;
pub use envelope::{Complaint, Shape, Wait};
pub(crate) use figures::figures;
pub use hints::{retry_after, should_retry};
pub(crate) use room::{Room, room};
pub use text::redact;
pub(crate) use wording::{fold, holds};

/// Reads an answer that is a refusal: a status of 400 and more, or a 200 with an error inside.
pub fn read<'h>(
    status: u16,
    headers: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: SystemTime,
) -> Failure {
    let mut complaint = Complaint::read(body);
    // AWS names its exception here and not in the body: `ns#ThrottlingException:http://…`.
    let exception = headers("x-amzn-errortype").and_then(|header| header.split(':').next());
    complaint.kind = exception.and_then(envelope::kind).or(complaint.kind);
    let wait = retry_after(headers, &complaint, Some(status), now);
    failure(Some(status), complaint, wait)
}

/// Reads the event that ends a stream with an error, or a whole 200 body that holds one. There is
/// no clock inside a stream, so a wait told as a moment is not read.
pub fn read_event(json: &[u8]) -> Failure {
    let complaint = Complaint::from_json(json).unwrap_or_else(|| Complaint::read(json));
    let wait = hints::stated_wait(&complaint, None);
    failure(None, complaint, wait)
}

/// Whether this body or event is an error, whatever status it came with.
pub fn is_error(json: &[u8]) -> bool {
    Complaint::from_json(json).is_some()
}

fn failure(status: Option<u16>, complaint: Complaint, wait: Option<Duration>) -> Failure {
    let class = classify(status, &complaint);
    let status = classify::real_status(status, &complaint);
    let message = redact(&sentence(status, &complaint));
    let Complaint { kind, code, param, .. } = complaint;
    let words = Words { message, kind, code, param };
    Failure { class, origin: Origin::Upstream, status, words, retry_after: wait }
}

/// The upstream's own sentence, or ours where it has none. HTTP/2 has no reason phrase, so the
/// name of the status is ours too.
fn sentence(status: Option<u16>, complaint: &Complaint) -> String {
    let said = &complaint.message;
    if !said.is_empty() && complaint.shape != Shape::Page {
        return said.clone();
    }
    let subject = match status {
        Some(status) => format!("the upstream answered {status} ({})", classify::reason(status)),
        None => "the upstream broke off with an error".to_owned(),
    };
    match (complaint.shape, complaint.code.as_ref().or(complaint.kind.as_ref())) {
        (Shape::Page, _) if said.is_empty() => format!("{subject} with an HTML page"),
        (Shape::Page, _) => format!("{subject} with an HTML page: {said}"),
        (Shape::Json | Shape::Text | Shape::Nothing, Some(name)) => format!("{subject}: {name}"),
        (Shape::Json | Shape::Text | Shape::Nothing, None) => format!("{subject} and said nothing"),
    }
}

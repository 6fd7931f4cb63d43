//! Hosts that imitate the vendor: they think without signatures, let most things pass, and have no
//! use for what others sealed. A model is one of theirs when its name begins with `unsigned-`.
//! (facts: reasoning, sections 2.11 and 3.4)

use serde_json::{Map, Value};

use crate::chat::vendors::{ENVELOPE, MINTED, strings};
use crate::refusal::Refusal;

/// Whether a model is theirs.
pub(crate) fn is_theirs(model: &str) -> bool {
    model.starts_with("unsigned-")
}

/// Refuses what another vendor sealed. A check of the tests, not of these hosts: they would not know.
pub(crate) fn check(body: &Map<String, Value>) -> Result<(), Refusal> {
    let mut texts = Vec::new();
    body.get("messages").into_iter().for_each(|messages| strings(messages, &mut texts));
    match texts.iter().any(|text| text.starts_with(ENVELOPE) || text.starts_with(MINTED)) {
        true => Err(Refusal::bad("messages: this thinking is another vendor's")),
        false => Ok(()),
    }
}

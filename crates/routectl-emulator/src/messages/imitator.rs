//! Hosts that imitate the vendor: they let most things pass, have no use for what others sealed, and
//! sign their thinking with nothing, or with something of their own. A model is one of theirs when
//! its name begins with `unsigned-` or `signs-`. (facts: reasoning, sections 2.11, 2.15 and 3.4)

use serde_json::{Map, Value};

use crate::answer::mint::digest;
use crate::chat::vendors::{ENVELOPE, MINTED, strings};
use crate::refusal::Refusal;

/// Whether a model is theirs.
pub(crate) fn is_theirs(model: &str) -> bool {
    model.starts_with("unsigned-") || model.starts_with("signs-")
}

/// What it signs a thought with, before the call with this key.
pub(super) fn signature(model: &str, thought: &str, call: u128) -> String {
    match model.starts_with("signs-") {
        true => format!("{:032x}{call:032x}", digest(&[model, thought])),
        false => String::new(),
    }
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

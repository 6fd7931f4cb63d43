//! What a request needs changed for a target that speaks its own format.

use routectl_core::Loss;

use crate::{Applied, Edit};

/// Changes of a body for one target, beside what its provider changes in all requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fit {
    pub edits: Vec<Edit>,
    /// What the target does not get with its full meaning.
    pub losses: Vec<Loss>,
    /// What was done in the host's place, which the client is told of in the answer.
    pub applied: Applied,
}

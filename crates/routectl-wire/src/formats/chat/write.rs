//! The hub → requests, with a report of what could not be said.

use routectl_core::{Abilities, Request};

use crate::Spelled;

/// A request in this format's words.
pub(super) fn request(_request: &Request, _abilities: &Abilities) -> Spelled {
    Spelled::default()
}

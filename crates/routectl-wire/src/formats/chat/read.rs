//! Requests → the hub: every member is read, kept as foreign, or refused with its path.

use routectl_core::Request;

use crate::{BadRequest, Document};

/// A request in the hub's words.
pub(super) fn request(_body: &Document) -> Result<Request, BadRequest> {
    Err(BadRequest::new("", "translation is not served yet"))
}

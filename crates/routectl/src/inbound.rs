//! A client's request, read and found fit to be sent.

use std::sync::OnceLock;

use http::HeaderMap;
use routectl_core::Request;
use routectl_wire::{BadRequest, Document, Format};

use crate::server::Backlog;

/// A client's request. Its body is the client's bytes for good.
pub struct Inbound {
    pub format: &'static dyn Format,
    pub document: Document,
    /// The model name, as the client wrote it.
    pub model: String,
    pub streamed: bool,
    pub headers: HeaderMap,
    /// Whether the client lets bytes wait.
    pub backlog: Backlog,
    /// What stood behind the question mark.
    pub query: Option<String>,
    /// When it came, in seconds since 1970.
    pub created: u64,
    /// The body in the hub's words, read for the first target of another format.
    pub hub: OnceLock<Result<Request, BadRequest>>,
}

impl Inbound {
    /// The body in the hub's words.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn request(&self) -> Result<&Request, &BadRequest> {
        self.hub.get_or_init(|| self.format.read(&self.document)).as_ref()
    }
}

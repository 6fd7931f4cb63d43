//! A client's request, read and found fit to be sent.

use http::HeaderMap;
use routectl_wire::{Document, Format};

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
}

//! A client's request, read and found fit to be sent.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

use http::{HeaderMap, HeaderValue};
use routectl_core::Request;
use routectl_wire::{BadRequest, ClientFormat, Document};

use crate::memory::Recall;
use crate::server::Backlog;

/// Headers in which clients name their conversation. (facts: clients, section 9)
const CONVERSATIONS: [&str; 4] =
    ["x-claude-code-session-id", "x-session-affinity", "session-id", "session_id"];

/// A client's request. Its body is the client's bytes for good.
pub struct Inbound {
    pub format: &'static dyn ClientFormat,
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
    /// What was thought before the calls in it, where a target may want to hear that.
    pub recall: Option<Recall>,
}

impl Inbound {
    /// The body in the hub's words.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn request(&self) -> Result<&Request, &BadRequest> {
        self.hub.get_or_init(|| self.read()).as_ref()
    }

    fn read(&self) -> Result<Request, BadRequest> {
        let mut request = self.format.read(&self.document)?;
        if let Some(Ok(named)) = self.conversation().map(HeaderValue::to_str) {
            request.conversation = Some(named.to_owned());
        }
        Ok(request)
    }

    /// A digest of what tells its conversation from others: the client's word, or else its first
    /// words.
    pub fn conversation_digest(&self, hasher: &RandomState) -> u64 {
        match self.conversation() {
            Some(name) => hasher.hash_one(name.as_bytes()),
            None => hasher.hash_one(self.format.first_words(&self.document)),
        }
    }

    /// What the client calls its conversation in a header.
    pub fn conversation(&self) -> Option<&HeaderValue> {
        CONVERSATIONS.iter().find_map(|name| self.headers.get(*name))
    }
}

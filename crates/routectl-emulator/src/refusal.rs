//! A host's no to a request that the real one would refuse, in the format's envelope.

use serde_json::json;

use crate::Format;
use crate::reply::{Head, Reply};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub status: u16,
    pub kind: &'static str,
    pub message: String,
    pub param: Option<String>,
    pub code: Option<&'static str>,
}

impl Refusal {
    /// A 400 in both vendors' words for it.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(crate) fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), param: None, code: None }
    }

    pub(crate) fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The refusal as an answer of this format's host.
    pub(crate) fn reply(&self, format: Format) -> Reply {
        let (body, id) = match format {
            Format::Chat => {
                let error = json!({"message": self.message, "type": self.kind,
                    "param": self.param, "code": self.code});
                (json!({ "error": error }), "x-request-id")
            }
            Format::Messages => {
                let error = json!({"type": self.kind, "message": self.message});
                let body = json!({"type": "error", "error": error, "request_id": REQUEST_ID});
                (body, "request-id")
            }
        };
        let head = Head::new(self.status, "application/json");
        let head = head.with(vec![(id.to_owned(), REQUEST_ID.to_owned())]);
        Reply::whole(head, body.to_string())
    }
}

/// The id of every refused request.
pub(crate) const REQUEST_ID: &str = "req_011emulated0000000000";

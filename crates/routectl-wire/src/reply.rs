//! What an answer has to heed on its way to the client: how the client wants it told, and what
//! translation changed on the way out.

use routectl_core::{Loss, Request, Wishes};

/// A request, written for an upstream of another format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelled {
    pub body: Vec<u8>,
    /// What the upstream does not get with its full meaning, in the order of the body. With a
    /// refused one among them the body is not to be sent.
    pub losses: Vec<Loss>,
    pub changes: Changes,
}

/// What was changed on the way out and must be changed back in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Tools by the names the upstream knows them by.
    pub tools: Vec<Renamed>,
    /// Texts at which routectl ends the answer, since the upstream cannot.
    pub stops: Vec<String>,
    /// The tool whose arguments are the answer's text, as the upstream knows it.
    pub output_tool: Option<String>,
}

/// A tool that the upstream knows otherwise than the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What the upstream calls it.
    pub upstream: String,
    /// What the client calls it.
    pub client: String,
    /// It takes text for the client, and the member `input` of its arguments is that text.
    pub takes_text: bool,
}

/// How the client wants its answer told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The model name that the client asked for.
    pub model: String,
    /// When the request came, in seconds since 1970.
    pub created: u64,
    pub wishes: Wishes,
    /// Whether the client gets to see thinking.
    pub shows_reasoning: bool,
}

impl Reply {
    /// How the answer to this request is told.
    pub fn to(request: &Request, created: u64) -> Self {
        Self {
            model: request.model.clone(),
            created,
            wishes: request.wishes,
            shows_reasoning: request.reasoning.show != Some(routectl_core::Show::Nothing),
        }
    }
}

//! Why there is no answer: one taxonomy with three axes, class, origin and words.

use std::fmt;
use std::time::Duration;

/// Why a request, or one attempt of it, has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure; decides retry, fallback and the breaker.
    pub class: Class,
    /// Who said no.
    pub origin: Origin,
    /// The HTTP status that came with it, if any.
    pub status: Option<u16>,
    /// What was said.
    pub words: Words,
    /// How long the upstream asks to wait.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure of the router's or the network's own, with a message and no upstream words.
    pub fn new(class: Class, origin: Origin, message: impl Into<String>) -> Self {
        let words = Words { message: message.into(), ..Words::default() };
        Self { class, origin, status: None, words, retry_after: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} ({status}): {}", self.class, self.words.message),
            None => write!(f, "{}: {}", self.class, self.words.message),
        }
    }
}

/// The kind of a failure. Two tables turn it into action: `verdict` (what next) and `rescue`
/// (what the client is told).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Too many requests or tokens; passes by itself.
    RateLimited,
    /// Out of credit or over a spending limit; does not pass soon.
    Quota,
    /// The key is missing, wrong, expired or lacks a permission.
    Auth,
    /// The request is malformed or has a member the upstream refuses.
    BadRequest,
    /// The upstream declines the content.
    ContentPolicy,
    /// The request does not fit the model's window.
    ContextWindow,
    /// The upstream does not know the model, or no longer.
    ModelMissing,
    /// The upstream cannot do what is asked.
    FeatureUnsupported,
    /// The upstream broke.
    ServerError,
    /// The upstream is up and busy, or still loading.
    Overloaded,
    /// One of the clocks ran out.
    Timeout,
    /// The connection could not be made, or broke.
    Network,
    /// The client left.
    ClientGone,
}

impl Class {
    /// Every class, for tables and tests that must cover them all.
    pub const ALL: [Self; 13] = [
        Self::RateLimited,
        Self::Quota,
        Self::Auth,
        Self::BadRequest,
        Self::ContentPolicy,
        Self::ContextWindow,
        Self::ModelMissing,
        Self::FeatureUnsupported,
        Self::ServerError,
        Self::Overloaded,
        Self::Timeout,
        Self::Network,
        Self::ClientGone,
    ];

    /// The name used in config files, logs, traces and docs.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate-limited",
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::BadRequest => "bad-request",
            Self::ContentPolicy => "content-policy",
            Self::ContextWindow => "context-window",
            Self::ModelMissing => "model-missing",
            Self::FeatureUnsupported => "feature-unsupported",
            Self::ServerError => "server-error",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::ClientGone => "client-gone",
        }
    }

    /// The class with this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The client's own request, or its leaving.
    Client,
    /// routectl itself: a gate, a clock, a budget.
    Router,
    /// The upstream, or the way to it.
    Upstream,
}

/// What was said, in the upstream's spelling where it said anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// A sentence for people. Never empty in a failure that reaches a client.
    pub message: String,
    /// The upstream's error type, e.g. `overloaded_error`.
    pub kind: Option<String>,
    /// The upstream's error code, e.g. `context_length_exceeded`.
    pub code: Option<String>,
    /// The JSON path the failure is about, e.g. `messages[3].content`.
    pub param: Option<String>,
}

//! In which members a Chat client is told what a model thought.

/// The members in which a Chat client is told what a model thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasoningFields {
    pub reasoning: bool,
    pub reasoning_content: bool,
    pub reasoning_details: bool,
}

impl Default for ReasoningFields {
    /// Every one: each is the only one that some clients read.
    fn default() -> Self {
        Self { reasoning: true, reasoning_content: true, reasoning_details: true }
    }
}

impl ReasoningFields {
    /// None of them.
    pub const NONE: Self =
        Self { reasoning: false, reasoning_content: false, reasoning_details: false };

    /// Why a client does not get thinking that it did not decline.
    pub(crate) const NARROWED: &'static str = "the configuration leaves no member for it";

    /// Whether there is a member for mere text.
    pub fn has_texts(self) -> bool {
        self.reasoning || self.reasoning_content
    }

    /// Whether there is any.
    pub(crate) fn has_any(self) -> bool {
        self.has_texts() || self.reasoning_details
    }
}

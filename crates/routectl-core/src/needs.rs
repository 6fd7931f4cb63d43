//! What a request asks of a target, read before one is chosen.

/// What a request asks of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Feature keys: tool types without their date suffix, `images`, `documents`, `json_schema`,
    /// `audio`, `tools`, `thinking`. Sorted, without doubles.
    pub features: Vec<String>,
    /// An honest estimate of the prompt, in tokens; biased slightly high.
    pub input_tokens: u64,
}

//! The tools a client offers, and whether the model has to use one.

use crate::{CacheMark, Place};

/// One of the client's tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub input: ToolInput,
    /// Whether arguments must match the schema; `None` is the format's default.
    pub strict: Option<bool>,
    pub cache: Option<CacheMark>,
    pub place: Place,
}

/// What a tool takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolInput {
    /// Arguments of a JSON schema, raw; `None` takes no arguments.
    Schema(Option<String>),
    /// Free text, with a grammar (raw JSON) or without.
    Text { grammar: Option<String> },
}

/// Whether the model has to use a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it sees fit.
    Auto,
    /// Not now.
    None,
    /// At least one, whichever.
    Required,
    /// This one.
    Named(String),
    /// One of these, or none if it need not.
    Allowed { names: Vec<String>, required: bool },
}

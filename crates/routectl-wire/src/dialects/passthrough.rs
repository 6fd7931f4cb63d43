//! `passthrough`: nothing of what a client of the format says is changed. A translated request has
//! to say something, and says it as the format does.

use routectl_core::{Dialect, Readout};

use super::Row;

pub(super) const ROW: Row = Row { dialect: PASSTHROUGH, models: &[] };

const PASSTHROUGH: Dialect = Dialect {
    name: "passthrough",
    readout: Readout {
        members: &["reasoning_details", "reasoning_content", "reasoning", "reasoning_text"],
        tags: None,
    },
    hands_off: true,
    ..Dialect::OPENAI
};

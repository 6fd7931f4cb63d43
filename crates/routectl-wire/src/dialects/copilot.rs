//! `copilot`: GitHub's models of several vendors. Thinking comes as a text and a seal beside it, and
//! Gemini's wants both back. (facts: reasoning, section 2.21)

use routectl_core::{Budget, Control, Dialect, Echo, Form, Readout, Turns};

use super::Row;
use crate::provenance;

pub(super) const ROW: Row = Row { dialect: COPILOT, models: &[("claude", CLAUDE)] };

const COPILOT: Dialect = Dialect {
    name: "copilot",
    readout: Readout { members: &["reasoning_text", "reasoning_opaque"], tags: None },
    echo: Echo { turns: Turns::Loop, form: Form::Opaque, ..Echo::NEVER },
    tag: provenance::COPILOT,
    seals: &[provenance::COPILOT],
    ..Dialect::OPENAI
};

/// Is told how many tokens to think.
const CLAUDE: Dialect = Dialect {
    control: Control {
        budget: Some(Budget { path: "thinking_budget", least: 1_024 }),
        unasked: false,
        ..Control::NOTHING
    },
    ..COPILOT
};

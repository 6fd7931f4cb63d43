//! `gemini`: the OpenAI-compatible endpoint of Gemini. From the third generation on it refuses a
//! tool loop whose first call has lost its signature, and takes a word in its place. (facts:
//! reasoning, section 2.18)

use routectl_core::{
    Control, Dialect, Echo, Effort, Efforts, Form, Missing, Opener, Readout, Switch, TagPair, Tags,
    Turns,
};

use super::Row;
use crate::provenance;

pub(super) const ROW: Row = Row {
    dialect: GEMINI_3,
    models: &[
        ("gemini-2.0", GEMINI_2),
        ("gemini-2.5", GEMINI_2),
        ("gemini-2.5-flash", FLASH),
        ("gemini-2.5-flash-lite", FLASH),
        ("gemini-3-pro", PRO),
    ],
};

/// Accepted in the place of a signature. (facts: reasoning, section 2.18)
pub(crate) const UNSIGNED: &str = "skip_thought_signature_validator";

const CONTROL: Control = Control {
    effort: Some(Efforts {
        path: "reasoning_effort",
        known: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High],
    }),
    knows: &["extra_body"],
    ..Control::NOTHING
};

const GEMINI_3: Dialect = Dialect {
    name: "gemini",
    control: CONTROL,
    readout: Readout {
        members: &["extra_content"],
        tags: Some(Tags { pairs: &[TagPair::THOUGHT], opened_by: Opener::Answer, again: true }),
    },
    echo: Echo {
        turns: Turns::Calling,
        form: Form::CallSeals,
        missing: Missing::Sentinel(UNSIGNED),
        ..Echo::NEVER
    },
    tag: provenance::GEMINI,
    seals: provenance::GEMINIS,
    ..Dialect::OPENAI
};

const PRO: Dialect = Dialect {
    control: Control {
        effort: Some(Efforts { path: "reasoning_effort", known: &[Effort::Low, Effort::High] }),
        ..CONTROL
    },
    ..GEMINI_3
};

/// Does without its signatures.
const GEMINI_2: Dialect =
    Dialect { echo: Echo { missing: Missing::Nothing, ..GEMINI_3.echo }, ..GEMINI_3 };

/// The only ones that can be told not to think.
const FLASH: Dialect =
    Dialect { control: Control { switch: Some(Switch::NONE), ..CONTROL }, ..GEMINI_2 };

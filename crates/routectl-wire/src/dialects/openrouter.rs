//! `openrouter`: a gateway with one member for all vendors, and pieces of thinking with the seals
//! of whoever made them. Seals go back to the models that read them, in their order. (facts:
//! reasoning, section 2.5)
//!
//! Its `exclude` is never written: seals would stay away too, and a conversation lose its thinking.

use routectl_core::{
    Budget, Control, Dialect, Echo, Effort, Efforts, Fixed, Form, Missing, Readout, Switch, Turns,
};

use super::{Row, gemini};
use crate::provenance;

pub(super) const ROW: Row = Row {
    dialect: OPENROUTER,
    models: &[
        ("claude", sealing(&[provenance::CLAUDE])),
        ("openai", sealing(&["openai-responses-v1", "azure-openai-responses-v1"])),
        ("google", GEMINI_3),
        ("gemini-2.0", sealing(provenance::GEMINIS)),
        ("gemini-2.5", sealing(provenance::GEMINIS)),
        ("x-ai", sealing(&["xai-responses-v1"])),
        ("gpt-oss", OPENROUTER),
        ("google/gemma", OPENROUTER),
        ("deepseek", DEEPSEEK),
    ],
};

const OPENROUTER: Dialect = Dialect {
    name: "openrouter",
    control: Control {
        switch: Some(Switch { beside: false, ..Switch::flag("reasoning.enabled") }),
        effort: Some(Efforts {
            path: "reasoning.effort",
            known: &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh],
        }),
        budget: Some(Budget { path: "reasoning.max_tokens", least: 1_024 }),
        hide: Some(Fixed { path: "reasoning.exclude", json: "true" }),
        knows: &["include_reasoning"],
        ..Control::NOTHING
    },
    readout: Readout { members: &["reasoning_details", "reasoning"], tags: None },
    echo: Echo {
        turns: Turns::Loop,
        form: Form::Details,
        beside: &["reasoning", "reasoning_content"],
        ..Echo::NEVER
    },
    ..Dialect::OPENAI
};

const fn sealing(seals: &'static [&'static str]) -> Dialect {
    Dialect { seals, ..OPENROUTER }
}

/// Refuses a tool loop whose first call has lost its signature, and takes a word in its place.
const GEMINI_3: Dialect = Dialect {
    echo: Echo {
        turns: Turns::Calling,
        missing: Missing::Sentinel(gemini::UNSIGNED),
        ..OPENROUTER.echo
    },
    ..sealing(provenance::GEMINIS)
};

/// Wants the list on every message, if only an empty one.
const DEEPSEEK: Dialect = Dialect {
    echo: Echo { turns: Turns::All, missing: Missing::Blank, ..OPENROUTER.echo },
    ..OPENROUTER
};

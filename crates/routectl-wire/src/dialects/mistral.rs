//! `mistral`: thinking is a part of the content, and goes back as one. Efforts are known to some
//! models only, and any other word is refused. (facts: reasoning, section 2.16)

use routectl_core::{
    Control, Dialect, Echo, Effort, Efforts, Form, Opener, Readout, Switch, TagPair, Tags, Turns,
};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: MISTRAL,
    models: &[
        ("mistral-small-2603", HIGH_OR_NONE),
        ("mistral-small-latest", HIGH_OR_NONE),
        ("mistral-medium-3.5", HIGH_OR_NONE),
        ("mistral-medium-latest", HIGH_OR_NONE),
        ("mistral-large-latest", LARGE),
        ("magistral", ALWAYS_THINKS),
    ],
};

const MISTRAL: Dialect = Dialect {
    name: "mistral",
    control: Control { unasked: false, ..Control::NOTHING },
    readout: Readout {
        members: &["content"],
        tags: Some(Tags { pairs: &[TagPair::BRACKETS], opened_by: Opener::Answer, again: false }),
    },
    echo: Echo { turns: Turns::Loop, form: Form::Parts, ..Echo::NEVER },
    tag: "mistral-v1",
    ..Dialect::OPENAI
};

const ALWAYS_THINKS: Dialect = Dialect { control: Control::NOTHING, ..MISTRAL };
const HIGH_OR_NONE: Dialect = effort(&[Effort::High]);
const LARGE: Dialect = effort(&[Effort::Low, Effort::Medium, Effort::High]);

const fn effort(known: &'static [Effort]) -> Dialect {
    Dialect {
        control: Control {
            switch: Some(Switch::NONE),
            effort: Some(Efforts { path: "reasoning_effort", known }),
            unasked: false,
            ..Control::NOTHING
        },
        ..MISTRAL
    }
}

//! `raw-think-tag`: a model without a parser before it: its thinking stands in the text, between
//! tags, and nobody tells it how much to think. (facts: reasoning, section 2.23)

use routectl_core::{Control, Dialect, Echo, Form, Opener, Readout, TagPair, Tags, Turns};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: RAW,
    models: &[
        ("minimax", MINIMAX),
        ("deepseek-r1", OPENED),
        ("qwq", OPENED),
        ("thinking-2507", OPENED),
    ],
};

const TAGS: Tags = Tags { pairs: TagPair::ALL, opened_by: Opener::Either, again: false };

const RAW: Dialect = Dialect {
    name: "raw-think-tag",
    control: Control::NOTHING,
    readout: Readout { members: &[], tags: Some(TAGS) },
    echo: Echo { form: Form::Tags, ..Echo::NEVER },
    tag: "raw-think-tag-v1",
    ..Dialect::OPENAI
};

/// Its template ends with the opening tag. (facts: reasoning, sections 2.9 and 2.12)
const OPENED: Dialect = Dialect {
    readout: Readout { members: &[], tags: Some(Tags { opened_by: Opener::Prompt, ..TAGS }) },
    ..RAW
};

/// Thinks between its steps, and works worse when that is taken away. (facts: reasoning, section
/// 2.15)
const MINIMAX: Dialect = Dialect {
    readout: Readout { members: &[], tags: Some(Tags { again: true, ..TAGS }) },
    echo: Echo { turns: Turns::All, ..RAW.echo },
    ..RAW
};

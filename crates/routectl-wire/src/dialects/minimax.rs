//! `minimax`: thinks between the steps of a tool loop and works worse without what it thought.
//! Asked to split, it tells its thinking in pieces instead of tags. (facts: reasoning, section 2.15)

use routectl_core::{
    Control, Dialect, Echo, Fixed, Form, Opener, Readout, Switch, TagPair, Tags, Turns,
};

use super::Row;

pub(super) const ROW: Row = Row { dialect: M2, models: &[("m3", M3), ("minimax-m3", M3)] };

const M2: Dialect = Dialect {
    name: "minimax",
    control: Control {
        always: &[Fixed { path: "reasoning_split", json: "true" }],
        ..Control::NOTHING
    },
    readout: Readout {
        members: &["reasoning_details", "reasoning_content"],
        tags: Some(Tags { pairs: &[TagPair::THINK], opened_by: Opener::Answer, again: true }),
    },
    echo: Echo { turns: Turns::All, form: Form::Details, ..Echo::NEVER },
    tag: "minimax-v1",
    ..Dialect::OPENAI
};

/// Can be told not to think.
const M3: Dialect = Dialect {
    control: Control {
        switch: Some(Switch { on: Some("\"adaptive\""), ..Switch::KIND }),
        ..M2.control
    },
    ..M2
};

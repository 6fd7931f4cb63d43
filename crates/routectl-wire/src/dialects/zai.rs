//! `zai`: GLM at Z.ai. Thinking goes back unchanged, in tool loops at least. (facts: reasoning,
//! section 2.14)

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Fixed, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row =
    Row { dialect: GLM, models: &[("glm-5.2", GLM_5_2), ("glm-5.3", GLM_5_3)] };

const GLM: Dialect = Dialect {
    name: "zai",
    control: Control { switch: Some(Switch::KIND), ..Control::NOTHING },
    readout: Readout { members: &["reasoning_content"], tags: None },
    echo: Echo {
        turns: Turns::Loop,
        keep: Some(Fixed { path: "thinking.clear_thinking", json: "false" }),
        ..Echo::NEVER
    },
    tag: "zai-v1",
    ..Dialect::OPENAI
};

/// The first with an effort.
const GLM_5_2: Dialect =
    Dialect { control: Control { switch: Some(Switch::KIND), ..Control::EFFORT }, ..GLM };

/// Cannot be told not to think: `none` means all it can there.
const GLM_5_3: Dialect = Dialect {
    control: Control {
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::High, Effort::Max],
        }),
        switch: Some(Switch { off: None, ..Switch::KIND }),
        ..Control::NOTHING
    },
    ..GLM
};

//! `cerebras`: efforts, and a member that tells the thinking apart from the text. (facts:
//! reasoning, sections 2.14 and 2.19)

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Fixed, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row =
    Row { dialect: CEREBRAS, models: &[("gpt-oss", GPT_OSS), ("qwen", PARSED), ("glm", GLM)] };

const CONTROL: Control = Control {
    effort: Some(Efforts {
        path: "reasoning_effort",
        known: &[Effort::Low, Effort::Medium, Effort::High],
    }),
    hide: Some(Fixed { path: "reasoning_format", json: "\"hidden\"" }),
    ..Control::EFFORT
};

const CEREBRAS: Dialect = Dialect {
    name: "cerebras",
    control: CONTROL,
    readout: Readout { members: &["reasoning"], tags: None },
    echo: Echo { turns: Turns::Loop, form: Form::Text(&["reasoning"]), ..Echo::NEVER },
    tag: "cerebras-v1",
    ..Dialect::OPENAI
};

const PARSED: Dialect = Dialect {
    control: Control {
        always: &[Fixed { path: "reasoning_format", json: "\"parsed\"" }],
        ..CONTROL
    },
    ..CEREBRAS
};

const GPT_OSS: Dialect = Dialect {
    control: Control { switch: Some(Switch { off: None, ..Switch::NONE }), ..PARSED.control },
    ..CEREBRAS
};

/// Reads its earlier thinking in the text.
const GLM: Dialect = Dialect { echo: Echo { form: Form::Tags, ..CEREBRAS.echo }, ..PARSED };

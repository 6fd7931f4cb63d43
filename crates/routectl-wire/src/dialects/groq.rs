//! `groq`: each model has other members, and refuses those of the others. Thinking in the text
//! together with tools or JSON is refused, so it is always asked for apart. (facts: reasoning,
//! section 2.6)

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Fixed, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: GROQ,
    models: &[("gpt-oss", GPT_OSS), ("qwen3", QWEN), ("r1", PARSED), ("qwq", PARSED)],
};

const GROQ: Dialect = Dialect {
    name: "groq",
    control: Control { unasked: false, ..Control::NOTHING },
    readout: Readout { members: &["reasoning"], tags: None },
    echo: Echo { turns: Turns::Loop, form: Form::Text(&["reasoning"]), ..Echo::NEVER },
    tag: "groq-v1",
    ..Dialect::OPENAI
};

/// Always thinks, and refuses `reasoning_format`.
const GPT_OSS: Dialect = Dialect {
    control: Control {
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::Medium, Effort::High],
        }),
        hide: Some(Fixed { path: "include_reasoning", json: "false" }),
        ..Control::NOTHING
    },
    ..GROQ
};

/// Tells its thinking apart from its text.
const PARSED: Dialect = Dialect {
    control: Control {
        hide: Some(Fixed { path: "reasoning_format", json: "\"hidden\"" }),
        always: &[Fixed { path: "reasoning_format", json: "\"parsed\"" }],
        knows: &["include_reasoning"],
        ..Control::NOTHING
    },
    ..GROQ
};

/// Knows two efforts: by itself, and not at all.
const QWEN: Dialect = Dialect {
    control: Control {
        switch: Some(Switch {
            path: "reasoning_effort",
            on: Some("\"default\""),
            off: Some("\"none\""),
            beside: false,
        }),
        ..PARSED.control
    },
    ..GROQ
};

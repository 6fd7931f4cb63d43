//! `sglang`: as vLLM, by variables of the chat template. (facts: reasoning, section 2.9)

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: SGLANG,
    models: &[
        ("gpt-oss", GPT_OSS),
        ("deepseek", THINKING),
        ("kimi", THINKING),
        ("r1", ALWAYS_THINKS),
        ("deepseek-r1", ALWAYS_THINKS),
        ("qwq", ALWAYS_THINKS),
        ("thinking", ALWAYS_THINKS),
    ],
};

const CONTROL: Control = Control {
    switch: Some(Switch::flag("chat_template_kwargs.enable_thinking")),
    knows: &["chat_template_kwargs"],
    ..Control::NOTHING
};

const SGLANG: Dialect = Dialect {
    name: "sglang",
    control: CONTROL,
    readout: Readout { members: &["reasoning_content"], tags: None },
    echo: Echo { turns: Turns::Loop, ..Echo::NEVER },
    tag: "sglang-v1",
    ..Dialect::OPENAI
};

/// Templates that call the variable `thinking`, and do not think without it.
const THINKING: Dialect = Dialect {
    control: Control {
        switch: Some(Switch::flag("chat_template_kwargs.thinking")),
        unasked: false,
        ..CONTROL
    },
    ..SGLANG
};

const ALWAYS_THINKS: Dialect = Dialect { control: Control { switch: None, ..CONTROL }, ..SGLANG };

const GPT_OSS: Dialect = Dialect {
    control: Control {
        switch: None,
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::Medium, Effort::High],
        }),
        ..CONTROL
    },
    echo: Echo { form: Form::Text(&["reasoning_content"]), ..SGLANG.echo },
    ..SGLANG
};

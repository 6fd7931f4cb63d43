//! `llamacpp`: the llama.cpp server: variables of the chat template, and a budget in newer builds.
//! Earlier thinking is rendered by templates that have a place for it. (facts: reasoning, section
//! 2.10)

use routectl_core::{
    Budget, Control, Dialect, Echo, Effort, Efforts, Opener, Readout, Switch, TagPair, Tags, Turns,
};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: LLAMA_CPP,
    models: &[("gpt-oss", GPT_OSS), ("deepseek-v3.1", THINKING), ("granite", THINKING)],
};

const CONTROL: Control = Control {
    switch: Some(Switch::flag("chat_template_kwargs.enable_thinking")),
    budget: Some(Budget { path: "reasoning_budget", least: 1 }),
    knows: &["chat_template_kwargs"],
    ..Control::NOTHING
};

const LLAMA_CPP: Dialect = Dialect {
    name: "llamacpp",
    control: CONTROL,
    readout: Readout {
        members: &["reasoning_content"],
        tags: Some(Tags { pairs: &[TagPair::THINK], opened_by: Opener::Answer, again: false }),
    },
    echo: Echo { turns: Turns::Loop, ..Echo::NEVER },
    tag: "llamacpp-v1",
    ..Dialect::OPENAI
};

/// Templates that call the variable `thinking`, and do not think without it.
const THINKING: Dialect = Dialect {
    control: Control {
        switch: Some(Switch::flag("chat_template_kwargs.thinking")),
        unasked: false,
        ..CONTROL
    },
    ..LLAMA_CPP
};

/// Its template has the effort as a variable, and no way not to think.
const GPT_OSS: Dialect = Dialect {
    control: Control {
        switch: None,
        effort: Some(Efforts {
            path: "chat_template_kwargs.reasoning_effort",
            known: &[Effort::Low, Effort::Medium, Effort::High],
        }),
        // A variable of a template is text, and nobody checks it.
        takes_any_effort: true,
        budget: None,
        ..CONTROL
    },
    ..LLAMA_CPP
};

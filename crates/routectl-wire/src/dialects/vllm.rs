//! `vllm`: variables of the model's chat template switch thinking, and the template decides what
//! they are called. Newer builds read earlier thinking from `reasoning` alone and say nothing when it
//! stands elsewhere, older ones from `reasoning_content`: both are written. (facts: reasoning,
//! section 2.8)
//!
//! `thinking_token_budget` is not written: a server without a reasoning configuration refuses it.

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Fixed, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: VLLM,
    models: &[
        ("gpt-oss", GPT_OSS),
        ("deepseek-v3.1", THINKING),
        ("deepseek-v3.2", THINKING),
        ("deepseek-v4", THINKING),
        ("granite", THINKING),
        ("kimi", THINKING),
        ("r1", ALWAYS_THINKS),
        ("qwq", ALWAYS_THINKS),
        ("thinking", ALWAYS_THINKS),
    ],
};

const EFFORT: Efforts =
    Efforts { path: "reasoning_effort", known: &[Effort::Low, Effort::Medium, Effort::High] };

const CONTROL: Control = Control {
    switch: Some(Switch::flag("chat_template_kwargs.enable_thinking")),
    effort: Some(EFFORT),
    hide: Some(Fixed { path: "include_reasoning", json: "false" }),
    knows: &["chat_template_kwargs", "reasoning_effort"],
    ..Control::NOTHING
};

const VLLM: Dialect = Dialect {
    name: "vllm",
    control: CONTROL,
    readout: Readout { members: &["reasoning_content", "reasoning"], tags: None },
    echo: Echo {
        turns: Turns::Loop,
        form: Form::Text(&["reasoning", "reasoning_content"]),
        ..Echo::NEVER
    },
    tag: "vllm-reasoning-v1",
    ..Dialect::OPENAI
};

/// Templates that call the variable `thinking`, and do not think without it.
const THINKING: Dialect = Dialect {
    control: Control {
        switch: Some(Switch::flag("chat_template_kwargs.thinking")),
        unasked: false,
        ..CONTROL
    },
    ..VLLM
};

const ALWAYS_THINKS: Dialect =
    Dialect { control: Control { switch: None, effort: None, ..CONTROL }, ..VLLM };

const GPT_OSS: Dialect = Dialect { control: Control { switch: None, ..CONTROL }, ..VLLM };

//! `nim`: NVIDIA's models, each family with a control of its own; unknown members are refused, so a
//! family without a row is told nothing. (facts: reasoning, section 2.7)

use routectl_core::{
    Budget, Control, Dialect, Echo, Effort, Efforts, Form, Readout, Switch, Turns,
};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: NIM,
    models: &[
        ("nemotron", NEMOTRON),
        ("llama-3.1-nemotron", NIM),
        ("llama-3.3-nemotron", NIM),
        ("qwen3", QWEN),
        ("gpt-oss", GPT_OSS),
        ("deepseek-v4", DEEPSEEK),
        ("r1", ALWAYS_THINKS),
    ],
};

const NIM: Dialect = Dialect {
    name: "nim",
    control: Control { unasked: false, ..Control::NOTHING },
    readout: Readout { members: &["reasoning_content", "reasoning"], tags: None },
    echo: Echo {
        turns: Turns::Loop,
        form: Form::Text(&["reasoning", "reasoning_content"]),
        ..Echo::NEVER
    },
    tag: "nim-v1",
    ..Dialect::OPENAI
};

/// The second generation and later ones; the first is told in words of the system text.
const NEMOTRON: Dialect = Dialect {
    control: Control {
        budget: Some(Budget { path: "reasoning_budget", least: 1 }),
        ..QWEN.control
    },
    ..NIM
};

const QWEN: Dialect = Dialect {
    control: Control {
        switch: Some(Switch::flag("chat_template_kwargs.enable_thinking")),
        knows: &["chat_template_kwargs"],
        ..Control::NOTHING
    },
    ..NIM
};

const GPT_OSS: Dialect = Dialect {
    control: Control {
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::Medium, Effort::High],
        }),
        ..Control::NOTHING
    },
    ..NIM
};

const ALWAYS_THINKS: Dialect = Dialect { control: Control::NOTHING, ..NIM };

/// Does not think by itself here.
const DEEPSEEK: Dialect = Dialect {
    control: Control {
        effort: Some(Efforts { path: "reasoning_effort", known: &[Effort::High, Effort::Max] }),
        unasked: false,
        ..Control::EFFORT
    },
    ..NIM
};

//! `qwen`: Alibaba's DashScope. Thinking of earlier turns is ignored there. (facts: reasoning,
//! section 2.12)

use routectl_core::{Budget, Control, Dialect, Echo, Fixed, Readout, Switch};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: QWEN,
    models: &[
        ("thinking", ALWAYS_THINKS),
        ("qwq", ALWAYS_THINKS),
        ("qvq", ALWAYS_THINKS),
        ("qwen3-0.6b", OPEN),
        ("qwen3-1.7b", OPEN),
        ("qwen3-4b", OPEN),
        ("qwen3-8b", OPEN),
        ("qwen3-14b", OPEN),
        ("qwen3-32b", OPEN),
        ("qwen3-30b-a3b", OPEN),
        ("qwen3-235b-a22b", OPEN),
        ("qwen3-30b-a3b-thinking", ALWAYS_THINKS),
        ("qwen3-235b-a22b-thinking", ALWAYS_THINKS),
        ("qwen3-30b-a3b-instruct", SILENT),
        ("qwen3-235b-a22b-instruct", SILENT),
    ],
};

const CONTROL: Control = Control {
    switch: Some(Switch::flag("enable_thinking")),
    budget: Some(Budget { path: "thinking_budget", least: 1 }),
    ..Control::NOTHING
};

const QWEN: Dialect = Dialect {
    name: "qwen",
    control: CONTROL,
    readout: Readout { members: &["reasoning_content"], tags: None },
    echo: Echo { keep: Some(Fixed { path: "preserve_thinking", json: "true" }), ..Echo::NEVER },
    tag: "qwen-v1",
    ..Dialect::OPENAI
};

/// Refuses to be told not to think.
const ALWAYS_THINKS: Dialect = Dialect {
    control: Control {
        switch: Some(Switch { off: None, ..Switch::flag("enable_thinking") }),
        ..CONTROL
    },
    ..QWEN
};

/// The open models refuse to think in an answer that is not streamed.
const OPEN: Dialect = Dialect { control: Control { streamed_only: true, ..CONTROL }, ..QWEN };

const SILENT: Dialect = Dialect { control: Control { unasked: false, ..Control::NOTHING }, ..QWEN };

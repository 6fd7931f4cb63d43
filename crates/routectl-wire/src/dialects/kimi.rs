//! `kimi`: Moonshot. A call that has lost its thinking is refused, an empty one sometimes too, and
//! so are two members that both speak of thinking. (facts: reasoning, section 2.13)

use routectl_core::{
    Budget, Control, Dialect, Echo, Effort, Efforts, Fixed, Form, Missing, Readout, Switch, Turns,
};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: KIMI,
    models: &[
        ("moonshot", SILENT),
        ("kimi-k2", SILENT),
        ("kimi-k2.5", KIMI),
        ("kimi-k2.6", KEEPS),
        ("kimi-k2.7", KEEPS),
        ("k3", K3),
        ("thinking", ALWAYS_THINKS),
        ("kimi-k2-thinking", ALWAYS_THINKS),
    ],
};

/// Stands for thinking that is not there any more. Always the same, for the host's prompt cache.
const LOST: &str = "I will call the tool.";

const KIMI: Dialect = Dialect {
    name: "kimi",
    control: Control {
        switch: Some(Switch::KIND),
        budget: Some(Budget { path: "thinking.budget_tokens", least: 1 }),
        ..Control::NOTHING
    },
    readout: Readout { members: &["reasoning_content"], tags: None },
    echo: Echo {
        turns: Turns::Calling,
        form: Form::Text(&["reasoning_content"]),
        missing: Missing::Words(LOST),
        ..Echo::NEVER
    },
    tag: "kimi-v1",
    ..Dialect::OPENAI
};

/// Can be told to keep the thinking of all turns.
const KEEPS: Dialect = Dialect {
    echo: Echo { keep: Some(Fixed { path: "thinking.keep", json: "\"all\"" }), ..KIMI.echo },
    ..KIMI
};

/// Takes an effort, and `thinking` only without one.
const K3: Dialect = Dialect {
    control: Control {
        switch: Some(Switch { on: None, beside: false, ..Switch::KIND }),
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::High, Effort::Max],
        }),
        ..Control::NOTHING
    },
    ..KIMI
};

/// Wants to be left alone by sampling too.
const ALWAYS_THINKS: Dialect =
    Dialect { control: Control::NOTHING, refuses: &["temperature", "top_p"], ..KIMI };

/// Models that do not think.
const SILENT: Dialect =
    Dialect { control: Control { unasked: false, ..Control::NOTHING }, echo: Echo::NEVER, ..KIMI };

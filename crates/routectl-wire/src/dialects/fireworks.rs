//! `fireworks`: an effort in words or in tokens. (facts: reasoning, section 2.19)

use routectl_core::{
    Budget, Control, Dialect, Echo, Effort, Efforts, Fixed, Opener, Readout, Switch, TagPair, Tags,
    Turns,
};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: effort(&[Effort::Low, Effort::Medium, Effort::High]),
    models: &[
        ("glm-5", effort(&[Effort::High, Effort::Max])),
        ("deepseek-v4", effort(&[Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh])),
        ("gpt-oss", GPT_OSS),
    ],
};

const FIREWORKS: Dialect = Dialect {
    name: "fireworks",
    control: Control {
        budget: Some(Budget { path: "reasoning_effort", least: 1 }),
        knows: &["thinking"],
        ..Control::EFFORT
    },
    readout: Readout {
        members: &["reasoning_content"],
        tags: Some(Tags { pairs: &[TagPair::THINK], opened_by: Opener::Answer, again: false }),
    },
    echo: Echo {
        turns: Turns::Loop,
        keep: Some(Fixed { path: "reasoning_history", json: "\"preserved\"" }),
        ..Echo::NEVER
    },
    tag: "fireworks-v1",
    ..Dialect::OPENAI
};

const fn effort(known: &'static [Effort]) -> Dialect {
    let effort = Some(Efforts { path: "reasoning_effort", known });
    Dialect { control: Control { effort, ..FIREWORKS.control }, ..FIREWORKS }
}

const GPT_OSS: Dialect = Dialect {
    control: Control {
        switch: Some(Switch { off: None, ..Switch::NONE }),
        budget: None,
        effort: Some(Efforts {
            path: "reasoning_effort",
            known: &[Effort::Low, Effort::Medium, Effort::High],
        }),
        ..FIREWORKS.control
    },
    ..FIREWORKS
};

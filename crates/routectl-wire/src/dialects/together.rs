//! `together`: a switch for hybrids, an effort at some models. (facts: reasoning, section 2.19)

use routectl_core::{Control, Dialect, Echo, Effort, Efforts, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row =
    Row { dialect: TOGETHER, models: &[("gpt-oss", GPT_OSS), ("glm", GLM)] };

const TOGETHER: Dialect = Dialect {
    name: "together",
    control: Control { switch: Some(Switch::flag("reasoning.enabled")), ..Control::NOTHING },
    readout: Readout { members: &["reasoning_content", "reasoning"], tags: None },
    echo: Echo {
        turns: Turns::Loop,
        form: Form::Text(&["reasoning", "reasoning_content"]),
        ..Echo::NEVER
    },
    tag: "together-v1",
    ..Dialect::OPENAI
};

const EFFORT: Efforts =
    Efforts { path: "reasoning_effort", known: &[Effort::Low, Effort::Medium, Effort::High] };

const GPT_OSS: Dialect =
    Dialect { control: Control { effort: Some(EFFORT), ..Control::NOTHING }, ..TOGETHER };

const GLM: Dialect =
    Dialect { control: Control { effort: Some(EFFORT), ..TOGETHER.control }, ..TOGETHER };

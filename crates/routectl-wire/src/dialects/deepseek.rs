//! `deepseek`: api.deepseek.com. What it wants to hear of earlier thinking changed with every
//! generation. (facts: reasoning, section 2.4)

use routectl_core::{Control, Dialect, Echo, Form, Missing, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row =
    Row { dialect: V4, models: &[("r1", R1), ("v3", FIRST), ("v3.1", V3), ("v3.2", V3)] };

/// Thinks unless it is told not to, and maps every effort to one it knows. Field reports have it
/// demand the thinking of every message, as an empty text at least.
const V4: Dialect = Dialect {
    name: "deepseek",
    control: Control { switch: Some(Switch::KIND), ..Control::EFFORT },
    readout: Readout { members: &["reasoning_content"], tags: None },
    echo: Echo {
        turns: Turns::All,
        form: Form::Text(&["reasoning_content"]),
        missing: Missing::Blank,
        ..Echo::NEVER
    },
    tag: "deepseek-v1",
    ..Dialect::OPENAI
};

/// Thinks when it is told to, and wants its thinking back inside a tool loop.
const V3: Dialect = Dialect {
    control: Control { switch: Some(Switch::KIND), unasked: false, ..Control::NOTHING },
    echo: Echo { turns: Turns::Calling, ..V4.echo },
    ..V4
};

/// Refuses its thinking when it comes back.
const R1: Dialect = Dialect { control: Control::NOTHING, echo: Echo::NEVER, ..V4 };

/// Before thinking.
const FIRST: Dialect = Dialect { control: Control { unasked: false, ..Control::NOTHING }, ..R1 };

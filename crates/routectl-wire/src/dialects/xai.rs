//! `xai`: Grok. Most models refuse the effort, and those that think refuse penalties. Chat takes no
//! thinking back. (facts: reasoning, section 2.17)

use routectl_core::{Control, Dialect, Effort, Efforts, Readout, Switch};

use super::Row;

pub(super) const ROW: Row = Row {
    dialect: GROK,
    models: &[
        ("grok-2", SILENT),
        ("grok-3", SILENT),
        ("grok-3-mini", MINI),
        ("grok-4.3", GROK_4_3),
        ("grok-4.5", GROK_4_5),
        ("non-reasoning", SILENT),
    ],
};

const GROK: Dialect = Dialect {
    name: "xai",
    control: Control::NOTHING,
    readout: Readout { members: &["reasoning_content"], tags: None },
    tag: "xai-v1",
    refuses: &["presence_penalty", "frequency_penalty"],
    ..Dialect::OPENAI
};

const SILENT: Dialect =
    Dialect { control: Control { unasked: false, ..Control::NOTHING }, refuses: &[], ..GROK };
const MINI: Dialect = effort(&[Effort::Low, Effort::High], None);
const GROK_4_3: Dialect = effort(&[Effort::Low, Effort::Medium, Effort::High], Some(Switch::NONE));
const GROK_4_5: Dialect = effort(&[Effort::Low, Effort::Medium, Effort::High], None);

const fn effort(known: &'static [Effort], switch: Option<Switch>) -> Dialect {
    Dialect {
        control: Control {
            switch,
            effort: Some(Efforts { path: "reasoning_effort", known }),
            ..Control::NOTHING
        },
        ..GROK
    }
}

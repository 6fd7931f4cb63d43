//! `openai`: what the format itself says. Models before GPT-5 do not think; no model tells its
//! thinking or takes any back. (facts: reasoning, section 2.1)

use routectl_core::{Control, Dialect, Switch};

use super::Row;

/// The format's own.
pub const ROW: Row = Row {
    dialect: THINKS,
    models: &[
        ("gpt-3.5", SILENT),
        ("gpt-4", SILENT),
        ("gpt-4o", SILENT),
        ("gpt-4.1", SILENT),
        ("gpt-5", ALWAYS_THINKS),
        ("gpt-5-chat", SILENT),
        ("gpt-5.1", THINKS_WHEN_ASKED),
        ("gpt-5.1-chat", SILENT),
        ("gpt-5.2", THINKS_WHEN_ASKED),
        ("gpt-5.2-chat", SILENT),
        ("gpt-5.3", THINKS_WHEN_ASKED),
        ("gpt-5.3-chat", SILENT),
        ("gpt-5.4", THINKS_WHEN_ASKED),
        ("gpt-5.5", THINKS),
        ("gpt-5.6", THINKS),
        ("gpt-6", ALWAYS_THINKS),
        ("gpt-oss", ALWAYS_THINKS),
        ("o1", ALWAYS_THINKS),
        ("o3", ALWAYS_THINKS),
        ("o4", ALWAYS_THINKS),
    ],
};

/// Thinks, and can be told not to.
pub const THINKS: Dialect = Dialect::OPENAI;
/// Cannot be told not to think.
pub const ALWAYS_THINKS: Dialect =
    thinking(Control { switch: Some(Switch { off: None, ..Switch::NONE }), ..Control::EFFORT });
/// Does not think unless it is told to.
pub const THINKS_WHEN_ASKED: Dialect = thinking(Control { unasked: false, ..Control::EFFORT });
/// Nobody tells it how much to think. What a client of the format says goes to the host, which
/// knows better.
pub const UNTOLD: Dialect = thinking(Control { knows: &["reasoning_effort"], ..Control::NOTHING });
/// Does not think.
pub const SILENT: Dialect = thinking(Control { unasked: false, ..UNTOLD.control });

const fn thinking(control: Control) -> Dialect {
    Dialect { control, ..Dialect::OPENAI }
}

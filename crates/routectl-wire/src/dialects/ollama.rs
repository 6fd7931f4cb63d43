//! `ollama`: its OpenAI-compatible endpoint. It maps every effort to one it knows. (facts:
//! reasoning, section 2.11)

use routectl_core::{Control, Dialect, Echo, Form, Readout, Switch, Turns};

use super::Row;

pub(super) const ROW: Row = Row { dialect: OLLAMA, models: &[("gpt-oss", GPT_OSS)] };

const OLLAMA: Dialect = Dialect {
    name: "ollama",
    control: Control { knows: &["reasoning"], ..Control::EFFORT },
    readout: Readout { members: &["reasoning"], tags: None },
    echo: Echo { turns: Turns::Loop, form: Form::Text(&["reasoning"]), ..Echo::NEVER },
    tag: "ollama-v1",
    ..Dialect::OPENAI
};

const GPT_OSS: Dialect = Dialect {
    control: Control { switch: Some(Switch { off: None, ..Switch::NONE }), ..OLLAMA.control },
    ..OLLAMA
};

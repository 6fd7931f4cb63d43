//! `lmstudio`: efforts are taken and not always heeded; thinking comes in a member when a setting
//! of the app says so, and in the text otherwise. (facts: reasoning, section 2.20)

use routectl_core::{Control, Dialect, Echo, Form, Opener, Readout, Switch, TagPair, Tags, Turns};

use super::Row;

pub(super) const ROW: Row = Row { dialect: LM_STUDIO, models: &[("gpt-oss", GPT_OSS)] };

const LM_STUDIO: Dialect = Dialect {
    name: "lmstudio",
    readout: Readout {
        members: &["reasoning_content", "reasoning"],
        tags: Some(Tags { pairs: &[TagPair::THINK], opened_by: Opener::Answer, again: false }),
    },
    echo: Echo { turns: Turns::Loop, ..Echo::NEVER },
    tag: "lmstudio-v1",
    ..Dialect::OPENAI
};

const GPT_OSS: Dialect = Dialect {
    control: Control { switch: Some(Switch { off: None, ..Switch::NONE }), ..LM_STUDIO.control },
    echo: Echo { form: Form::Text(&["reasoning"]), ..LM_STUDIO.echo },
    ..LM_STUDIO
};

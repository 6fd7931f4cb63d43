//! What a message says, read no further than its text and the calls it answers.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, string};

/// The content of a message: a text, or a list of parts.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Said<'a>(#[serde(borrow)] Option<&'a RawValue>);

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_use_id: Option<Text<'a>>,
}

impl<'a> Said<'a> {
    /// Its text; that of parts is one text.
    pub(super) fn text(self) -> String {
        let Some(raw) = self.0 else { return String::new() };
        if let Some(text) = string(raw.get()) {
            return text.into_owned();
        }
        self.parts().into_iter().filter_map(|part| part.text).map(|text| text.owned()).collect()
    }

    /// The ids of the calls whose results are among its parts.
    pub(super) fn results(self) -> Vec<String> {
        let parts = self.parts().into_iter();
        parts.filter(Part::is_result).filter_map(|part| Some(part.tool_use_id?.owned())).collect()
    }

    fn parts(self) -> Vec<Part<'a>> {
        self.0.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

impl Part<'_> {
    fn is_result(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.0 == "tool_result")
    }
}

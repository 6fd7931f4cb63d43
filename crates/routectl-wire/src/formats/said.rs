//! What messages say, read no further than their text and the calls they answer: how a
//! conversation begins and ends, without what stands between.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Text, string};
use crate::Document;

/// A message, in either format.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<Text<'a>>,
    /// The call that a message of Chat answers.
    #[serde(borrow, default)]
    tool_call_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Said<'a>,
}

impl Message<'_> {
    /// Who speaks; empty where nobody is named.
    pub(super) fn role(&self) -> &str {
        self.role.as_ref().map_or("", |role| &role.0)
    }

    /// The ids of the calls it answers, as Chat and as Messages say it.
    pub(super) fn answers(self) -> impl Iterator<Item = String> {
        let call = self.tool_call_id.map(|id| id.0.into_owned());
        call.into_iter().chain(self.content.results())
    }

    /// What its parts are.
    pub(super) fn kinds(&self) -> Vec<String> {
        let kind = |part: Part<'_>| part.kind.map_or_else(String::new, |kind| kind.owned());
        self.content.parts().into_iter().map(kind).collect()
    }
}

/// The messages of a request from the last one on, as far as they can be read.
pub(super) fn latest_first(body: &Document) -> impl Iterator<Item = Message<'_>> {
    body.elements("messages").rev().map_while(|json| serde_json::from_slice(json).ok())
}

/// The text of the first message of a person.
pub(super) fn first_words(body: &Document) -> String {
    let messages = body.elements("messages");
    let mut messages = messages.map_while(|json| serde_json::from_slice::<Message<'_>>(json).ok());
    let first = messages.find(|message| message.role() == "user");
    first.map_or_else(String::new, |message| message.content.text())
}

/// The content of a message: a text, or a list of parts.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
struct Said<'a>(#[serde(borrow)] Option<&'a RawValue>);

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
    fn text(self) -> String {
        let Some(raw) = self.0 else { return String::new() };
        if let Some(text) = string(raw.get()) {
            return text.into_owned();
        }
        self.parts().into_iter().filter_map(|part| part.text).map(|text| text.owned()).collect()
    }

    /// The ids of the calls whose results are among its parts.
    fn results(self) -> Vec<String> {
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

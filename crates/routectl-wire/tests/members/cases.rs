//! The cases that `fixtures/sdk/members.py` made, and the directions they are read in.

use bytes::Bytes;
use routectl_wire::{CHAT, CONVERSE, ClientFormat, Document, Format, MESSAGES};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::declared::{CHAT_TO_CONVERSE, Declared, MESSAGES_TO_CONVERSE, TO_CHAT, TO_MESSAGES};
use crate::path;
use crate::targets::{self, Target};

/// One way of translation.
pub(crate) struct Direction {
    pub(crate) from: &'static dyn ClientFormat,
    pub(crate) to: &'static dyn Format,
    pub(crate) fixture: &'static str,
    pub(crate) targets: fn() -> Vec<Target>,
    pub(crate) declared: &'static [Declared],
}

pub(crate) const DIRECTIONS: &[Direction] = &[
    Direction {
        from: CHAT,
        to: MESSAGES,
        fixture: "chat.json",
        targets: targets::of_messages,
        declared: TO_MESSAGES,
    },
    Direction {
        from: MESSAGES,
        to: CHAT,
        fixture: "messages.json",
        targets: targets::of_chat,
        declared: TO_CHAT,
    },
    Direction {
        from: CHAT,
        to: CONVERSE,
        fixture: "chat.json",
        targets: targets::of_converse,
        declared: CHAT_TO_CONVERSE,
    },
    Direction {
        from: MESSAGES,
        to: CONVERSE,
        fixture: "messages.json",
        targets: targets::of_converse,
        declared: MESSAGES_TO_CONVERSE,
    },
];

/// A member with a value, and the same request without it.
#[derive(Clone)]
pub(crate) struct Case {
    /// As the page spells it.
    pub(crate) member: String,
    /// Its path in the request.
    pub(crate) at: String,
    pub(crate) value: Value,
    /// The object that it is a member of.
    pub(crate) thing: Value,
    /// What stands there in the request without it.
    pub(crate) before: Option<Value>,
    pub(crate) with: Document,
    pub(crate) without: Document,
}

impl Case {
    /// Whether it says what a thing is, and nothing of it.
    pub(crate) fn is_label(&self) -> bool {
        matches!(path::steps(&self.member).last(), Some(&("type" | "role")))
    }
}

#[derive(serde::Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    without: Vec<&'a RawValue>,
    #[serde(borrow)]
    cases: Vec<Line<'a>>,
}

#[derive(serde::Deserialize)]
struct Line<'a> {
    member: String,
    at: String,
    #[serde(borrow)]
    with: &'a RawValue,
    without: usize,
}

/// All cases of a direction.
pub(crate) fn read(direction: &Direction) -> Vec<Case> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sdk");
    let text = std::fs::read_to_string(folder.join(direction.fixture)).unwrap();
    let file: File<'_> = serde_json::from_str(&text).unwrap();
    let case = |line: Line<'_>| {
        let without = file.without[line.without];
        let value = |json: &RawValue, at: &str| {
            let whole: Value = serde_json::from_str(json.get()).unwrap();
            path::value(&whole, at).cloned()
        };
        Case {
            value: value(line.with, &line.at).unwrap_or_else(|| panic!("no {}", line.at)),
            thing: value(line.with, &path::above(&line.at)).unwrap(),
            before: value(without, &line.at),
            member: line.member,
            at: line.at,
            with: document(line.with),
            without: document(without),
        }
    };
    file.cases.into_iter().map(case).collect()
}

fn document(json: &RawValue) -> Document {
    Document::parse(Bytes::copy_from_slice(json.get().as_bytes())).unwrap()
}

//! Tool calls: hosts key them by position, by id, or by nothing, and name them when they like.
//! (facts: provider quirks, section 4.3)

use std::borrow::Cow;

use routectl_core::{Delta, Event, Opening};

use super::super::types::{self, text};
use super::blocks::Blocks;
use super::{odd, opaque};
use crate::formats::Text;
use crate::json::Progress;
use crate::names;

/// How many digits of a hash make an id where the host gives none.
const ID_DIGITS: usize = 24;

/// The calls of an answer, the latest last.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The upstream's id of the answer.
    answer: String,
}

#[derive(Debug)]
struct Call {
    position: Option<u32>,
    id: String,
    takes_text: bool,
    stage: Stage,
    progress: Progress,
}

/// How far a call has come.
#[derive(Debug)]
enum Stage {
    /// Its name has not come. Arguments wait for it.
    Nameless { arguments: String },
    /// It is this block.
    Open(u32),
}

/// One delta's word on a call.
struct Growth<'a> {
    position: Option<u32>,
    id: &'a str,
    name: &'a str,
    takes_text: bool,
    arguments: Option<Cow<'a, str>>,
}

impl Calls {
    /// The answer whose calls these are.
    pub(super) fn answer(&mut self, id: &str) {
        id.clone_into(&mut self.answer);
    }

    /// Reads what a delta or a message says of one call.
    pub(super) fn read(
        &mut self,
        call: &types::ToolCall<'_>,
        position: Option<u32>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) {
        let function = call.function.as_ref();
        let custom = call.custom.as_ref();
        let name = function
            .and_then(|function| function.name.as_ref())
            .or_else(|| custom.and_then(|custom| custom.name.as_ref()));
        let input = || custom.and_then(|custom| custom.input.as_ref()).map(|it| it.0.clone());
        let growth = Growth {
            position,
            id: word(call.id.as_ref()),
            name: word(name),
            takes_text: custom.is_some(),
            arguments: function.and_then(arguments).or_else(input),
        };
        self.grow(&growth, blocks, events);
        // Gemini's signature of a call. (facts: reasoning, section 2.18)
        if let Some(extra) = call.extra_content.filter(|raw| raw.get() != "null") {
            events.push(match self.calls.last().map(|call| &call.stage) {
                Some(Stage::Open(index)) => odd(*index, "extra_content", extra.get()),
                Some(Stage::Nameless { .. }) | None => {
                    Event::Opaque(opaque("extra_content", extra.get()))
                }
            });
        }
    }

    /// Reads a call of the deprecated form: there is one, without an id.
    pub(super) fn read_old(
        &mut self,
        function: &types::Function<'_>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) {
        let growth = Growth {
            position: Some(0),
            id: "",
            name: word(function.name.as_ref()),
            takes_text: false,
            arguments: arguments(function),
        };
        self.grow(&growth, blocks, events);
    }

    /// Ends all calls, those without a name too. Whether there were any.
    pub(super) fn close(&mut self, blocks: &mut Blocks, events: &mut Vec<Event>) -> bool {
        let called = !self.calls.is_empty();
        for mut call in self.calls.drain(..) {
            let index = call.open("", blocks, events);
            events.push(Event::Close { index });
        }
        called
    }

    fn grow(&mut self, growth: &Growth<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
        match self.known(growth) {
            // The latest call is the one that a delta without any key belongs to.
            Some(known) => {
                let call = self.calls.remove(known);
                self.calls.push(call);
            }
            None => {
                blocks.close(events);
                let seed = format!("{}/{}", self.answer, blocks.count());
                let id = match growth.id {
                    "" => format!("call_{}", names::hex(&seed, ID_DIGITS)),
                    id => id.to_owned(),
                };
                self.calls.push(Call {
                    position: growth.position,
                    id,
                    takes_text: growth.takes_text,
                    stage: Stage::Nameless { arguments: String::new() },
                    progress: Progress::default(),
                });
            }
        }
        if let Some(call) = self.calls.last_mut() {
            call.grow(growth, blocks, events);
        }
    }

    /// The call that a delta goes on with: a new id at a known position is a new call, and so is a
    /// name behind arguments that are complete.
    fn known(&self, growth: &Growth<'_>) -> Option<usize> {
        if !growth.id.is_empty() {
            return self.calls.iter().position(|call| call.id == growth.id);
        }
        let known = match growth.position {
            Some(_) => self.calls.iter().rposition(|call| call.position == growth.position),
            None => self.calls.len().checked_sub(1),
        }?;
        let says = growth.arguments.as_deref().is_some_and(|said| !said.trim().is_empty());
        let ended = self.calls.get(known).is_some_and(|call| call.progress.is_complete());
        (!(ended && says && !growth.name.is_empty())).then_some(known)
    }
}

impl Call {
    fn grow(&mut self, growth: &Growth<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
        if !growth.name.is_empty() {
            self.open(growth.name, blocks, events);
        }
        let Some(said) = growth.arguments.as_deref() else { return };
        self.progress.take(said);
        match &mut self.stage {
            Stage::Nameless { arguments } => arguments.push_str(said),
            Stage::Open(index) => {
                let delta = Delta::Arguments(said.to_owned());
                events.push(Event::Delta { index: *index, delta });
            }
        }
    }

    /// The call's block; begins it when that has not happened.
    fn open(&mut self, name: &str, blocks: &mut Blocks, events: &mut Vec<Event>) -> u32 {
        let arguments = match &mut self.stage {
            Stage::Open(index) => return *index,
            Stage::Nameless { arguments } => std::mem::take(arguments),
        };
        let (id, name) = (self.id.clone(), name.to_owned());
        let block = match self.takes_text {
            true => Opening::TextCall { id, name },
            false => Opening::ToolCall { id, name },
        };
        let index = blocks.begin(block, events);
        if !arguments.is_empty() {
            events.push(Event::Delta { index, delta: Delta::Arguments(arguments) });
        }
        self.stage = Stage::Open(index);
        index
    }
}

/// Arguments are a string of JSON; an object at some hosts, which then is the whole of them.
fn arguments<'a>(function: &types::Function<'a>) -> Option<Cow<'a, str>> {
    let raw = function.arguments.filter(|raw| raw.get() != "null")?;
    if raw.get().starts_with('"') {
        return text(Some(raw));
    }
    Some(Cow::Borrowed(raw.get()))
}

fn word<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |text| &*text.0)
}

//! Tool calls: hosts key them by position, by id, or by nothing, and name them when they like.
//! (facts: provider quirks, section 4.3)

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::iter;

use routectl_core::{Delta, Event, Opening, Seal, SealKind};
use serde_json::value::RawValue;

use super::super::types::{self, text};
use super::blocks::Blocks;
use super::{odd, opaque};
use crate::formats::{MOST_OPEN, Text};
use crate::json::Progress;
use crate::provenance::GEMINI;
use crate::{Garbled, names};

/// How many digits of a hash make an id where the host gives none.
const ID_DIGITS: usize = 24;

/// Most bytes of arguments that wait for the names of their calls.
const MOST_WAITING: usize = 16 << 20;

/// The calls of an answer, in the order they began.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The call that was last spoken of.
    latest: Option<usize>,
    /// The same for each position, and for each id that the upstream gave.
    by_position: HashMap<u32, usize>,
    by_id: HashMap<String, usize>,
    /// The ids that were given out.
    ids: HashSet<String>,
    /// Bytes of arguments that wait for a name.
    waiting: usize,
    /// The upstream's id of the answer.
    answer: String,
}

#[derive(Debug)]
struct Call {
    position: Option<u32>,
    /// The upstream's id of it; empty where it has none.
    theirs: String,
    id: String,
    takes_text: bool,
    stage: Stage,
    progress: Progress,
    /// Whether its signature has been told.
    signed: bool,
}

/// How far a call has come.
#[derive(Debug)]
enum Stage {
    /// Its name has not come. Arguments wait for it.
    Nameless { arguments: String },
    /// It is this block.
    Open { index: u32, name: String },
}

/// One delta's word on a call.
struct Growth<'a> {
    position: Option<u32>,
    id: &'a str,
    name: &'a str,
    takes_text: bool,
    arguments: Option<Cow<'a, str>>,
    signature: Option<String>,
}

impl Calls {
    /// The answer whose calls these are.
    pub(super) fn answer(&mut self, id: &str) {
        id.clone_into(&mut self.answer);
    }

    /// Reads what a delta or a message says of one call.
    ///
    /// # Errors
    /// More than an answer can hold.
    pub(super) fn read(
        &mut self,
        call: &types::ToolCall<'_>,
        position: Option<u32>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let function = call.function.as_ref();
        let custom = call.custom.as_ref();
        let name = function
            .and_then(|function| function.name.as_ref())
            .or_else(|| custom.and_then(|custom| custom.name.as_ref()));
        let input = || custom.and_then(|custom| custom.input.as_ref()).map(|it| it.0.clone());
        let extra = call.extra_content.map(RawValue::get).filter(|raw| *raw != "null");
        let signature = extra.and_then(signature);
        let unread = extra.filter(|_| signature.is_none());
        let growth = Growth {
            position,
            id: word(call.id.as_ref()),
            name: word(name),
            takes_text: custom.is_some(),
            arguments: function.and_then(arguments).or_else(input),
            signature,
        };
        self.grow(&growth, blocks, events)?;
        if let Some(extra) = unread {
            let spoken_of = self.latest.and_then(|latest| self.calls.get(latest));
            events.push(match spoken_of.map(|call| &call.stage) {
                Some(Stage::Open { index, .. }) => odd(*index, "extra_content", extra),
                Some(Stage::Nameless { .. }) | None => {
                    Event::Opaque(opaque("extra_content", extra))
                }
            });
        }
        Ok(())
    }

    /// Reads a call of the deprecated form: there is one, without an id.
    ///
    /// # Errors
    /// More than an answer can hold.
    pub(super) fn read_old(
        &mut self,
        function: &types::Function<'_>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let growth = Growth {
            position: Some(0),
            id: "",
            name: word(function.name.as_ref()),
            takes_text: false,
            arguments: arguments(function),
            signature: None,
        };
        self.grow(&growth, blocks, events)
    }

    /// Ends all calls. Whether there were any.
    ///
    /// # Errors
    /// A call with arguments that was never named: nobody can answer it.
    pub(super) fn close(&mut self, events: &mut Vec<Event>) -> Result<bool, Garbled> {
        self.latest = None;
        self.by_position.clear();
        self.by_id.clear();
        let (mut called, mut nameless) = (false, false);
        for call in self.calls.drain(..) {
            match call.stage {
                Stage::Open { index, .. } => {
                    called = true;
                    events.push(Event::Close { index });
                }
                // Nothing was said but that there is a call.
                Stage::Nameless { arguments } if arguments.trim().is_empty() => {
                    events.push(Event::Opaque(opaque("tool_calls", "{}")));
                }
                Stage::Nameless { .. } => nameless = true,
            }
        }
        match nameless {
            true => Err(garbled("it has arguments and its name never came".to_owned())),
            false => Ok(called),
        }
    }

    fn grow(
        &mut self,
        growth: &Growth<'_>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let at = match self.known(growth) {
            Some(known) => known,
            None => self.begin(growth, blocks, events)?,
        };
        let Some(call) = self.calls.get_mut(at) else { return Ok(()) };
        self.latest = Some(at);
        if let Some(position) = call.position {
            self.by_position.insert(position, at);
        }
        if let Some(known) = self.by_id.get_mut(&call.theirs) {
            *known = at;
        }
        // The signature goes before its call, as thinking does, and names it.
        if let Some(blob) = &growth.signature
            && !std::mem::replace(&mut call.signed, true)
        {
            let seal =
                Seal { family: GEMINI.to_owned(), kind: SealKind::Encrypted, blob: blob.clone() };
            let id = Some(call.id.clone());
            let index = blocks.begin(Opening::Sealed { seal, id }, events);
            events.push(Event::Close { index });
        }
        let before = call.waiting();
        call.grow(growth, blocks, events);
        self.waiting = self.waiting.saturating_sub(before) + call.waiting();
        if self.waiting > MOST_WAITING {
            let why = format!("more than {} MiB of arguments wait for a name", MOST_WAITING >> 20);
            return Err(garbled(why));
        }
        Ok(())
    }

    /// Begins a call; its place among the calls.
    fn begin(
        &mut self,
        growth: &Growth<'_>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) -> Result<usize, Garbled> {
        let at = self.calls.len();
        if at >= MOST_OPEN {
            return Err(garbled(format!("the answer has more than {MOST_OPEN} of them")));
        }
        blocks.close(events);
        let id = match growth.id {
            "" => {
                let seed = format!("{}/{}", self.answer, blocks.count());
                format!("call_{}", names::hex(&seed, ID_DIGITS))
            }
            id => {
                self.by_id.insert(id.to_owned(), at);
                id.to_owned()
            }
        };
        let id = self.distinct(id);
        self.calls.push(Call {
            position: growth.position,
            theirs: growth.id.to_owned(),
            id,
            takes_text: growth.takes_text,
            stage: Stage::Nameless { arguments: String::new() },
            progress: Progress::default(),
            signed: false,
        });
        Ok(at)
    }

    /// An id that no other call of this answer has.
    fn distinct(&mut self, id: String) -> String {
        let suffixed = (self.ids.len()..).map(|number| format!("{id}_{number}"));
        let free = iter::once(id.clone()).chain(suffixed).find(|it| !self.ids.contains(it));
        let free = free.unwrap_or(id);
        self.ids.insert(free.clone());
        free
    }

    /// The call that a delta goes on with.
    fn known(&self, growth: &Growth<'_>) -> Option<usize> {
        let here = growth.position.and_then(|position| self.by_position.get(&position));
        let at = match (growth.id, growth.position) {
            ("", None) => self.latest?,
            ("", Some(_)) => *here?,
            (id, _) => {
                let same = |at: &&usize| self.calls.get(**at).is_some_and(|it| it.theirs == id);
                *here.filter(same).or_else(|| self.by_id.get(id))?
            }
        };
        self.calls.get(at)?.goes_on_with(growth).then_some(at)
    }
}

impl Call {
    /// Whether a delta with this call's keys is about it. One with a name may be another call: its
    /// id stands at another position, its arguments come behind complete ones, or nothing but the
    /// name tells the two apart.
    fn goes_on_with(&self, growth: &Growth<'_>) -> bool {
        if growth.name.is_empty() {
            return true;
        }
        if !growth.id.is_empty() {
            let positions = self.position.zip(growth.position);
            return positions.is_none_or(|(this, that)| this == that);
        }
        let says = growth.arguments.as_deref().is_some_and(|said| !said.trim().is_empty());
        match &self.stage {
            Stage::Open { name, .. } if self.theirs.is_empty() && name != growth.name => false,
            Stage::Open { .. } | Stage::Nameless { .. } => !says || !self.progress.is_complete(),
        }
    }

    /// Bytes of arguments that wait for the name.
    fn waiting(&self) -> usize {
        match &self.stage {
            Stage::Nameless { arguments } => arguments.len(),
            Stage::Open { .. } => 0,
        }
    }

    fn grow(&mut self, growth: &Growth<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
        if !growth.name.is_empty() {
            self.open(growth.name, blocks, events);
        }
        let Some(said) = growth.arguments.as_deref() else { return };
        self.progress.take(said);
        match &mut self.stage {
            Stage::Nameless { arguments } => arguments.push_str(said),
            Stage::Open { index, .. } => {
                let delta = Delta::Arguments(said.to_owned());
                events.push(Event::Delta { index: *index, delta });
            }
        }
    }

    /// Begins the call's block when that has not happened.
    fn open(&mut self, name: &str, blocks: &mut Blocks, events: &mut Vec<Event>) {
        let arguments = match &mut self.stage {
            Stage::Open { .. } => return,
            Stage::Nameless { arguments } => std::mem::take(arguments),
        };
        let (id, name) = (self.id.clone(), name.to_owned());
        let block = match self.takes_text {
            true => Opening::TextCall { id, name: name.clone() },
            false => Opening::ToolCall { id, name: name.clone() },
        };
        let index = blocks.begin(block, events);
        if !arguments.is_empty() {
            events.push(Event::Delta { index, delta: Delta::Arguments(arguments) });
        }
        self.stage = Stage::Open { index, name };
    }
}

fn garbled(why: String) -> Garbled {
    Garbled { what: "a tool call", why }
}

/// Arguments are a string of JSON; an object at some hosts, which then is the whole of them.
fn arguments<'a>(function: &types::Function<'a>) -> Option<Cow<'a, str>> {
    let raw = function.arguments.filter(|raw| raw.get() != "null")?;
    if raw.get().starts_with('"') {
        return text(Some(raw));
    }
    Some(Cow::Borrowed(raw.get()))
}

/// Gemini's signature of a call. (facts: reasoning, section 2.18)
fn signature(extra: &str) -> Option<String> {
    let extra = crate::json::parse(extra).ok()?;
    let signature = extra.member("google")?.member("thought_signature")?.text()?;
    (!signature.is_empty()).then(|| signature.into_owned())
}

fn word<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |text| &*text.0)
}

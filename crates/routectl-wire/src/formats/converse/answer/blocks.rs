//! The blocks of an answer: calls are opened, everything else begins when it first grows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use routectl_core::{Delta, Event, Opaque, Opening, SealKind};

use super::{Minter, garbled, opaque};
use crate::formats::MOST_OPEN;
use crate::json::{self, Node};
use crate::{Garbled, names};

/// How many digits of a hash make an id where the host gives none.
const ID_DIGITS: usize = 24;

/// The members of a block, or of its growth, that are read here. Others may stand beside them.
const KNOWN: &[&str] = &["text", "reasoningContent", "toolUse", "citation", "citationsContent"];

/// The blocks that are open. The upstream's indices become dense ones.
#[derive(Debug)]
pub(super) struct Blocks {
    minter: Minter,
    count: u32,
    /// By the upstream's index.
    open: BTreeMap<u32, Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    index: u32,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
    Call,
    /// Sealed thinking, complete as it opened.
    Sealed,
    /// Nothing that the hub has a word for.
    Odd,
}

impl Blocks {
    pub(super) fn new(minter: Minter) -> Self {
        Self { minter, count: 0, open: BTreeMap::new() }
    }

    /// Whether there were none so far.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Opens a block that says what it is.
    ///
    /// # Errors
    /// A call without a name, or more blocks than can be open.
    pub(super) fn start(
        &mut self,
        theirs: u32,
        start: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        match only(start) {
            None => events.push(Event::Alive),
            Some(("toolUse", call)) => self.call(theirs, call, events)?,
            Some((name, _)) if KNOWN.contains(&name) => self.grow(theirs, start, events)?,
            Some((name, odd)) => {
                let block = Opening::Opaque(opaque(name, odd.raw));
                self.begin(theirs, Kind::Odd, block, events)?;
            }
        }
        Ok(())
    }

    /// Grows a block, which begins here where it is new.
    ///
    /// # Errors
    /// The input of a call that never began, or more blocks than can be open.
    pub(super) fn grow(
        &mut self,
        theirs: u32,
        growth: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let Some((name, grown)) = only(growth) else {
            events.push(Event::Alive);
            return Ok(());
        };
        match (name, grown.text()) {
            ("text", Some(text)) => self.say(theirs, Kind::Text, &text, events),
            ("reasoningContent", _) => self.think(theirs, grown, events),
            ("toolUse", _) => self.argue(theirs, grown, events),
            ("citation", _) => {
                let index = self.reach(theirs, Kind::Text, events)?;
                events.push(odd(index, opaque(name, grown.raw)));
                Ok(())
            }
            _ => self.odd(theirs, opaque(name, grown.raw), events),
        }
    }

    /// A block that comes complete.
    ///
    /// # Errors
    /// A call without a name.
    pub(super) fn whole(
        &mut self,
        theirs: u32,
        block: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        match only(block) {
            Some(("toolUse", call)) => {
                self.call(theirs, call, events)?;
                let input = call.member("input").filter(|input| !input.is_null());
                // What a stream never says of a call without arguments.
                if input.is_some_and(|input| json::compact(input.raw) != "{}") {
                    self.argue(theirs, call, events)?;
                }
            }
            Some(("citationsContent", cited)) => self.cited(theirs, cited, events)?,
            Some(_) | None => self.start(theirs, block, events)?,
        }
        self.close(theirs, events);
        Ok(())
    }

    pub(super) fn close(&mut self, theirs: u32, events: &mut Vec<Event>) {
        if let Some(Open { index, .. }) = self.open.remove(&theirs) {
            events.push(Event::Close { index });
        }
    }

    pub(super) fn close_all(&mut self, events: &mut Vec<Event>) {
        let mut open: Vec<u32> =
            std::mem::take(&mut self.open).values().map(|it| it.index).collect();
        open.sort_unstable();
        events.extend(open.into_iter().map(|index| Event::Close { index }));
    }

    fn call(
        &mut self,
        theirs: u32,
        call: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        // A tool that the host runs itself; its result stands in the answer too.
        if call.member("type").is_some_and(|kind| !kind.is_null()) {
            let block = Opening::Opaque(opaque("toolUse", call.raw));
            return self.begin(theirs, Kind::Odd, block, events).map(drop);
        }
        let word = |name| {
            let word = call.member(name).and_then(Node::text).map(Cow::into_owned);
            word.filter(|word| !word.is_empty())
        };
        let name = word("name").ok_or_else(|| garbled("a tool call", "it has no name"))?;
        let made =
            || format!("tooluse_{}", names::hex(&format!("{}/{name}", self.count), ID_DIGITS));
        let id = word("toolUseId").unwrap_or_else(made);
        self.begin(theirs, Kind::Call, Opening::ToolCall { id, name }, events).map(drop)
    }

    fn say(
        &mut self,
        theirs: u32,
        kind: Kind,
        said: &str,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        if said.is_empty() {
            events.push(Event::Alive);
            return Ok(());
        }
        let index = self.reach(theirs, kind, events)?;
        events.push(Event::Delta { index, delta: Delta::Text(said.to_owned()) });
        Ok(())
    }

    /// Thinking stands in `reasoningText` where it comes whole.
    fn think(
        &mut self,
        theirs: u32,
        thought: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let inner = thought.member("reasoningText").unwrap_or(thought);
        let word = |name| inner.member(name).and_then(Node::text);
        let raw = |name| inner.member(name).map_or("null", |member| member.raw);
        let (text, signature, data) = (word("text"), word("signature"), word("redactedContent"));
        if text.is_none() && signature.is_none() && data.is_none() {
            return self.odd(theirs, opaque("reasoningContent", thought.raw), events);
        }
        let before = events.len();
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.say(theirs, Kind::Reasoning, &text, events)?;
        }
        if let Some(signature) = signature.filter(|signature| !signature.is_empty()) {
            let index = self.reach(theirs, Kind::Reasoning, events)?;
            events.push(match self.minter.seal(SealKind::Signature, &signature) {
                Some(seal) => Event::Delta { index, delta: Delta::Seal(seal) },
                None => odd(index, opaque("signature", raw("signature"))),
            });
        }
        if let Some(data) = data.filter(|data| !data.is_empty()) {
            let (kind, block) = match self.minter.seal(SealKind::Encrypted, &data) {
                Some(seal) => (Kind::Sealed, Opening::Sealed { seal, id: None }),
                None => {
                    (Kind::Odd, Opening::Opaque(opaque("redactedContent", raw("redactedContent"))))
                }
            };
            self.begin(theirs, kind, block, events)?;
        }
        if events.len() == before {
            events.push(Event::Alive);
        }
        Ok(())
    }

    /// The input of a call: pieces of JSON text in a stream, an object in a whole answer.
    fn argue(
        &mut self,
        theirs: u32,
        call: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let input = call.member("input").filter(|input| !input.is_null());
        let said = input.map(|input| input.text().unwrap_or(Cow::Borrowed(input.raw)));
        let Some(said) = said.filter(|said| !said.is_empty()) else {
            events.push(Event::Alive);
            return Ok(());
        };
        match self.open.get(&theirs) {
            Some(Open { index, kind: Kind::Call }) => {
                let delta = Delta::Arguments(said.into_owned());
                events.push(Event::Delta { index: *index, delta });
            }
            Some(Open { index, kind: Kind::Odd }) => {
                events.push(odd(*index, opaque("toolUse", call.raw)));
            }
            Some(Open { kind: Kind::Text | Kind::Reasoning | Kind::Sealed, .. }) | None => {
                return Err(garbled("a tool call", "its input came before its name"));
            }
        }
        Ok(())
    }

    /// Text with its sources, as it stands in a whole answer.
    fn cited(
        &mut self,
        theirs: u32,
        cited: &Node<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let list = |name| cited.member(name).and_then(Node::list).unwrap_or_default();
        for said in list("content") {
            self.grow(theirs, said, events)?;
        }
        for citation in list("citations") {
            let index = self.reach(theirs, Kind::Text, events)?;
            events.push(odd(index, opaque("citation", citation.raw)));
        }
        Ok(())
    }

    /// Something that only this format knows.
    fn odd(&mut self, theirs: u32, opaque: Opaque, events: &mut Vec<Event>) -> Result<(), Garbled> {
        match self.open.get(&theirs) {
            Some(Open { index, .. }) => events.push(odd(*index, opaque)),
            None => {
                self.begin(theirs, Kind::Odd, Opening::Opaque(opaque), events)?;
            }
        }
        Ok(())
    }

    /// The open block of this kind, or a new one.
    fn reach(&mut self, theirs: u32, kind: Kind, events: &mut Vec<Event>) -> Result<u32, Garbled> {
        if let Some(open) = self.open.get(&theirs).filter(|open| open.kind == kind) {
            return Ok(open.index);
        }
        let block = if kind == Kind::Reasoning { Opening::Reasoning } else { Opening::Text };
        self.begin(theirs, kind, block, events)
    }

    fn begin(
        &mut self,
        theirs: u32,
        kind: Kind,
        block: Opening,
        events: &mut Vec<Event>,
    ) -> Result<u32, Garbled> {
        self.close(theirs, events);
        if self.open.len() >= MOST_OPEN {
            let why = format!("more than {MOST_OPEN} blocks are open at once");
            return Err(garbled("a content block", &why));
        }
        let index = self.count;
        self.count += 1;
        self.open.insert(theirs, Open { index, kind });
        events.push(Event::Open { index, block });
        Ok(index)
    }
}

/// The member that says what a block is: a union has one, and what stands beside it is padding or
/// newer than we are.
fn only<'n>(union: &'n Node<'_>) -> Option<(&'n str, &'n Node<'n>)> {
    let members = union.object()?.iter().map(|(name, value)| (&**name, value));
    let said = || members.clone().filter(|(_, value)| !value.is_null());
    said().find(|(name, _)| KNOWN.contains(name)).or_else(|| said().next())
}

fn odd(index: u32, opaque: Opaque) -> Event {
    Event::Delta { index, delta: Delta::Opaque(opaque) }
}

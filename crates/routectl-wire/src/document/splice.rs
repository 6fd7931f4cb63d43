//! Changing members of a body by cutting its bytes: what no edit names is shared, not copied.

use std::borrow::Cow;
use std::cmp::Reverse;

use bytes::Bytes;
use serde_json::Value;
use smallvec::SmallVec;

use super::{Document, cuts};

/// Bodies up to this size are joined into one piece: one small copy is cheaper than the
/// bookkeeping of several buffers on their way to the socket.
const JOIN_BELOW: usize = 8 << 10;

/// One named change of a body. The name stands in the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Why: `model`, `payload_extras`, …
    pub name: &'static str,
    /// Which top-level member.
    pub member: Cow<'static, str>,
    /// The way from that member down to what is changed; empty where that is the member itself. A
    /// way that leads nowhere changes nothing.
    pub below: SmallVec<[Step; 2]>,
    pub change: Change,
}

/// One step down into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Member(Cow<'static, str>),
    /// An element of a list.
    Index(usize),
}

/// What an edit does to the value it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives it this raw JSON value. A member that was not there is appended as the last one; an
    /// element that was not there stays away.
    Set(Bytes),
    /// Takes it out.
    Remove,
    /// Puts these raw JSON values, with commas between them, before an element of a list. Before
    /// anything else there is no place for them.
    Before(Bytes),
}

impl Edit {
    /// Gives a top-level member this raw JSON value.
    pub fn set(
        name: &'static str,
        member: impl Into<Cow<'static, str>>,
        value: impl Into<Bytes>,
    ) -> Self {
        let change = Change::Set(value.into());
        Self { name, member: member.into(), below: SmallVec::new(), change }
    }

    /// Takes a top-level member out.
    pub fn remove(name: &'static str, member: impl Into<Cow<'static, str>>) -> Self {
        Self { name, member: member.into(), below: SmallVec::new(), change: Change::Remove }
    }

    /// Puts raw JSON values, with commas between them, before an element further down.
    pub fn before(
        name: &'static str,
        member: impl Into<Cow<'static, str>>,
        values: impl Into<Bytes>,
    ) -> Self {
        let change = Change::Before(values.into());
        Self { name, member: member.into(), below: SmallVec::new(), change }
    }

    /// The same change one step further down: of `messages`, `.at(3).at("reasoning")`.
    #[must_use]
    pub fn at(mut self, step: impl Into<Step>) -> Self {
        self.below.push(step.into());
        self
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&'static str> for Step {
    fn from(member: &'static str) -> Self {
        Self::Member(Cow::Borrowed(member))
    }
}

/// A body as pieces in order; most of them share the client's bytes.
#[derive(Debug, Clone, Default)]
pub struct Spliced {
    pieces: SmallVec<[Bytes; 4]>,
}

impl Spliced {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// The body in one piece; copies when it is in several.
    pub fn joined(&self) -> Bytes {
        match self.pieces.as_slice() {
            [] => Bytes::new(),
            [one] => one.clone(),
            several => Bytes::from(several.concat()),
        }
    }
}

impl From<Bytes> for Spliced {
    fn from(bytes: Bytes) -> Self {
        Self { pieces: SmallVec::from_iter([bytes]) }
    }
}

pub(super) fn splice(document: &Document, edits: &[Edit]) -> Spliced {
    let mut cuts = cuts::of(document, edits);
    if cuts.is_empty() {
        return document.bytes.clone().into();
    }
    // What stands inside a value that is cut out as a whole goes with it, and of two values for the
    // same thing the later one counts.
    cuts.reverse();
    // What is put before a value stands before what takes the value's place.
    cuts.sort_by_key(|cut| (cut.from, cut.from != cut.to, Reverse(cut.to)));
    let mut spliced = Spliced::default();
    let mut at = 0;
    for cut in cuts {
        if cut.from < at {
            continue;
        }
        push(&mut spliced.pieces, document.bytes.slice(at..cut.from));
        push(&mut spliced.pieces, cut.with);
        at = cut.to;
    }
    push(&mut spliced.pieces, document.bytes.slice(at..));
    if spliced.len() <= JOIN_BELOW { spliced.joined().into() } else { spliced }
}

fn push(pieces: &mut SmallVec<[Bytes; 4]>, piece: Bytes) {
    if !piece.is_empty() {
        pieces.push(piece);
    }
}

/// The edits that merge `extras` into a body: objects merge member by member at any depth,
/// everything else is replaced, and bytes that no extra names stay as they are.
pub fn merge_edits<'a>(
    name: &'static str,
    body: &Document,
    extras: impl IntoIterator<Item = (&'a String, &'a Value)>,
) -> Vec<Edit> {
    let merged = |(member, extra): (&String, &Value)| {
        Edit::set(name, member.clone(), merged(body.get(member), extra))
    };
    extras.into_iter().map(merged).collect()
}

fn merged(old: Option<&[u8]>, extra: &Value) -> Bytes {
    if let (Some(old), Value::Object(extras)) = (old, extra)
        && let Ok(document) = Document::parse(Bytes::copy_from_slice(old))
    {
        return document.spliced(&merge_edits("", &document, extras)).joined();
    }
    Bytes::from(extra.to_string())
}

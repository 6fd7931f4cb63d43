//! Changing members of a body by cutting its bytes: what no edit names is shared, not copied.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;
use smallvec::SmallVec;

use super::{Document, Member, quote};

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
    pub change: Change,
}

/// What an edit does to its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives the member this raw JSON value, appended as the last member when it was not there.
    Set(Bytes),
    /// Takes the member out.
    Remove,
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

/// A stretch of the original that something else takes the place of.
struct Cut {
    from: usize,
    to: usize,
    with: Bytes,
}

pub(super) fn splice(document: &Document, edits: &[Edit]) -> Spliced {
    let mut cuts = cuts(document, edits);
    if cuts.is_empty() {
        return document.bytes.clone().into();
    }
    cuts.sort_by_key(|cut| cut.from);
    let mut spliced = Spliced::default();
    let mut at = 0;
    for cut in cuts {
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

fn cuts(document: &Document, edits: &[Edit]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut removed = vec![false; document.members.len()];
    let mut appended: Vec<(&str, Bytes)> = Vec::new();
    for edit in edits {
        match &edit.change {
            Change::Remove => mark(document, &edit.member, &mut removed),
            Change::Set(value) if document.count(&edit.member) == 0 => {
                appended.retain(|(member, _)| *member != edit.member);
                appended.push((&edit.member, value.clone()));
            }
            Change::Set(value) => cuts.extend(replacements(document, &edit.member, value)),
        }
    }
    cuts.extend(removals(&document.members, &removed));
    cuts.extend(appendix(document, &removed, &appended));
    cuts
}

fn mark(document: &Document, name: &str, removed: &mut [bool]) {
    for (member, gone) in document.members.iter().zip(removed) {
        *gone |= super::key_is(document.key(*member), name);
    }
}

/// Every occurrence gets the value: which of doubled members counts is up to the parser.
fn replacements<'a>(
    document: &'a Document,
    name: &'a str,
    value: &'a Bytes,
) -> impl Iterator<Item = Cut> + 'a {
    document
        .named(name)
        .filter(move |member| document.value(**member) != value)
        .map(|member| cut(member.value.0, member.value.1, value.clone()))
}

fn cut(from: u32, to: u32, with: Bytes) -> Cut {
    Cut { from: from as usize, to: to as usize, with }
}

/// One cut for each run of removed members, with the comma that the run no longer needs.
fn removals(members: &[Member], removed: &[bool]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut kept_end = None;
    let mut run: Option<(u32, u32)> = None;
    for (member, gone) in members.iter().zip(removed) {
        if *gone {
            let start = run.map_or(member.key.0, |(start, _)| start);
            run = Some((start, member.value.1));
            continue;
        }
        if let Some((start, _)) = run.take() {
            cuts.push(cut(start, member.key.0, Bytes::new()));
        }
        kept_end = Some(member.value.1);
    }
    if let Some((start, end)) = run {
        cuts.push(cut(kept_end.unwrap_or(start), end, Bytes::new()));
    }
    cuts
}

/// New members, written behind the last one.
fn appendix(document: &Document, removed: &[bool], appended: &[(&str, Bytes)]) -> Option<Cut> {
    if appended.is_empty() {
        return None;
    }
    let last = document.members.last();
    let any_kept = removed.iter().any(|gone| !gone);
    let at = last.map_or_else(|| object_start(document), |member| member.value.1 as usize);
    let mut text = Vec::new();
    for (number, (name, value)) in appended.iter().enumerate() {
        if any_kept || number > 0 {
            text.push(b',');
        }
        text.extend_from_slice(&quote(name));
        text.push(b':');
        text.extend_from_slice(value);
    }
    Some(Cut { from: at, to: at, with: text.into() })
}

fn object_start(document: &Document) -> usize {
    memchr::memchr(b'{', &document.bytes).map_or(0, |brace| brace + 1)
}

/// The edits that merge `extras` into a body: objects merge member by member at any depth,
/// everything else is replaced, and bytes that no extra names stay as they are.
pub fn merge_edits<'a>(
    name: &'static str,
    body: &Document,
    extras: impl IntoIterator<Item = (&'a String, &'a Value)>,
) -> Vec<Edit> {
    let merged = |(member, extra): (&String, &Value)| Edit {
        name,
        member: Cow::Owned(member.clone()),
        change: Change::Set(merged(body.get(member), extra)),
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

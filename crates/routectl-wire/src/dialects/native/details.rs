//! Pieces of thinking on their way back to models that read seals: which of them are the model's own.
//! (facts: reasoning, section 2.5)

use bytes::Bytes;

use crate::json::{self, Node};
use crate::provenance::{CLAUDE, GEMINIS};

/// One piece of a `reasoning_details` list.
#[derive(Debug, Default)]
struct Piece {
    kind: String,
    /// Fragments of one thought share it.
    index: Option<String>,
    format: Option<String>,
    sealed: bool,
}

/// The positions of what others made, and whether the model can do without: it has the seals of its
/// own thinking. `None` where nothing is the model's own.
pub(super) fn foreign(list: &[Bytes], seals: &[&str]) -> Option<(Vec<usize>, bool)> {
    let pieces: Vec<Piece> = list.iter().map(|raw| Piece::of(raw)).collect();
    let own: Vec<bool> = pieces.iter().map(|piece| piece.is_own(&pieces, seals)).collect();
    own.contains(&true).then(|| {
        let foreign = own.iter().enumerate().filter(|(_, own)| !**own);
        let foreign: Vec<usize> = foreign.map(|(index, _)| index).collect();
        let kin = |index: &usize| {
            pieces.get(*index).is_some_and(|it| !it.sealed && seals.contains(&it.family(&pieces)))
        };
        let has_seal = pieces.iter().zip(&own).any(|(piece, own)| *own && piece.sealed);
        let spares = has_seal && foreign.iter().all(kin);
        (foreign, spares)
    })
}

impl Piece {
    fn of(raw: &[u8]) -> Self {
        let node = std::str::from_utf8(raw).ok().and_then(|text| json::parse(text).ok());
        let Some(node) = node else { return Self::default() };
        let text = |name| {
            let text = node.member(name).and_then(Node::text).unwrap_or_default();
            Some(text.into_owned()).filter(|text| !text.is_empty())
        };
        Self {
            kind: text("type").unwrap_or_default(),
            index: node.member("index").map(|index| index.raw.to_owned()),
            format: text("format"),
            sealed: text("signature").or_else(|| text("data")).is_some(),
        }
    }

    /// Late fragments of a thought may not say whose they are; without a word it is Claude's.
    fn family<'p>(&'p self, all: &'p [Self]) -> &'p str {
        let said = all.iter().filter(|other| self.shares_a_thought(other));
        let said = std::iter::once(self).chain(said).find_map(|piece| piece.format.as_deref());
        said.unwrap_or(CLAUDE)
    }

    fn shares_a_thought(&self, other: &Self) -> bool {
        self.index.is_some() && self.index == other.index
    }

    /// Claude and Gemini refuse readable thinking that nobody signed; others only summarize.
    fn is_own(&self, all: &[Self], seals: &[&str]) -> bool {
        let family = self.family(all);
        let signs = family == CLAUDE || GEMINIS.contains(&family);
        let is_sealed =
            |other: &Self| other.sealed && self.shares_a_thought(other) && self.kind == other.kind;
        !self.kind.is_empty()
            && seals.contains(&family)
            && (self.sealed || !signs || all.iter().any(is_sealed))
    }
}

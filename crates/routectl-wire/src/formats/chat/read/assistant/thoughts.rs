//! The thinking of earlier turns, which clients send back in several members at once. (facts:
//! reasoning, sections 2.5 and 6; translation, section 11, case 55)

use routectl_core::{Block, Content, Foreign, IfLost, Place, Reasoning, Seal, SealKind};

use crate::BadRequest;
use crate::formats::chat::read::{elsewhere, kind, said};
use crate::formats::expect;
use crate::json::Node;
use crate::provenance;

/// Every member that says thinking.
pub(super) const MEMBERS: [&str; 6] = [
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "reasoning_details",
    "thinking_blocks",
    OPAQUE,
];

/// Copilot's seal beside `reasoning_text`. (facts: reasoning, section 2.21)
const OPAQUE: &str = "reasoning_opaque";

/// Members that say thinking as mere text; the first one counts.
const PLAIN: [&str; 3] = ["reasoning_content", "reasoning", "reasoning_text"];

/// Members that say it in pieces with their seals: OpenRouter's, and Anthropic's own as LiteLLM
/// hands them on. The first one counts.
const SEALED: [&str; 2] = ["reasoning_details", "thinking_blocks"];

/// What pieces there are: OpenRouter's, and Anthropic's.
const KINDS: [&str; 5] =
    ["reasoning.text", "reasoning.summary", "reasoning.encrypted", "thinking", "redacted_thinking"];

/// The thinking of one message, as its members say it.
#[derive(Default)]
pub(super) struct Thoughts {
    sealed: [Vec<Block>; SEALED.len()],
    plain: [Option<(Block, Foreign)>; PLAIN.len()],
    opaque: Option<Block>,
}

impl Thoughts {
    /// Takes a member of a message, if it says thinking.
    pub(super) fn read(
        &mut self,
        name: &str,
        node: &Node<'_>,
        place: Place,
        foreign: &mut Vec<Foreign>,
    ) -> Result<bool, BadRequest> {
        let sealed = SEALED.into_iter().zip(&mut self.sealed).find(|(known, _)| *known == name);
        if let Some((member, blocks)) = sealed {
            *blocks = pieces(node, place.member(member), foreign)?;
            return Ok(true);
        }
        if name == OPAQUE {
            let blob = sealed_blob(node, place, name)?;
            self.opaque = blob.map(|blob| {
                let family = provenance::COPILOT.to_owned();
                let seal = Some(Seal { family, kind: SealKind::Encrypted, blob });
                block(Reasoning { seal, ..Reasoning::default() }, place.member(OPAQUE))
            });
            return Ok(true);
        }
        let plain = PLAIN.into_iter().zip(&mut self.plain).find(|(known, _)| *known == name);
        let Some((member, slot)) = plain else { return Ok(false) };
        let text = expect::text(node, place, name)?.into_owned();
        if !text.is_empty() {
            let if_lost = IfLost::Told("another member says the thinking in other words");
            let reasoning = Reasoning { text, seal: None, id: None };
            let block = block(reasoning, place.member(member));
            *slot = Some((block, expect::foreign(place, name, node, if_lost)));
        }
        Ok(true)
    }

    /// The thinking, said once: pieces with seals before mere text, which repeats them.
    pub(super) fn settled(self, foreign: &mut Vec<Foreign>) -> Vec<Block> {
        let sealed = self.sealed.into_iter().find(|blocks| !blocks.is_empty());
        let mut blocks = sealed.unwrap_or_default();
        let mut plain = self.plain.into_iter().flatten();
        let is_told = blocks.iter().any(|block| !text_of(block).is_empty());
        if let Some((first, _)) = plain.next().filter(|_| !is_told) {
            let others = plain.filter(|(other, _)| text_of(other) != text_of(&first));
            foreign.extend(others.map(|(_, lost)| lost));
            blocks.insert(0, first);
        }
        blocks.extend(self.opaque);
        blocks
    }
}

fn block(reasoning: Reasoning, place: Place) -> Block {
    Block { content: Content::Reasoning(reasoning), place, cache: None }
}

fn text_of(block: &Block) -> &str {
    block.as_reasoning().map_or("", |reasoning| &reasoning.text)
}

/// One piece of thinking.
struct Piece {
    /// Which kind, and which position the stream gave it; fragments of one piece share both.
    kind: String,
    index: Option<String>,
    reasoning: Reasoning,
    place: Place,
}

impl Piece {
    /// Whether the next piece is more of this one: clients collect fragments of streams without
    /// putting them together. (facts: OpenAI chat, section 9)
    fn goes_on(&self, next: &Self) -> bool {
        self.index.is_some()
            && self.index == next.index
            && self.kind == next.kind
            && self.reasoning.seal.is_none()
    }
}

fn pieces(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, node) in expect::list(node, place, "")?.iter().enumerate() {
        let Some(piece) = piece(node, place.index(index), foreign)? else { continue };
        match pieces.last_mut().filter(|last| last.goes_on(&piece)) {
            Some(last) => {
                last.reasoning.text.push_str(&piece.reasoning.text);
                last.reasoning.seal = piece.reasoning.seal;
                last.reasoning.id = last.reasoning.id.take().or(piece.reasoning.id);
            }
            None => pieces.push(piece),
        }
    }
    let said = pieces
        .into_iter()
        .filter(|Piece { reasoning, .. }| !reasoning.text.is_empty() || reasoning.seal.is_some());
    Ok(said.map(|piece| block(piece.reasoning, piece.place)).collect())
}

fn piece(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<Piece>, BadRequest> {
    let kind = kind(node, place)?.ok_or_else(|| expect::missing(place, "type"))?.into_owned();
    if !KINDS.contains(&kind.as_str()) {
        let if_lost = IfLost::Told("thinking of a kind that only some hosts know");
        foreign.push(expect::foreign(place, "", node, if_lost));
        return Ok(None);
    }
    let mut index = None;
    let mut reasoning = Reasoning::default();
    // A seal that names no family is Claude's. (facts: reasoning, section 2.5)
    let mut family = provenance::CLAUDE.to_owned();
    let mut blob = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            "text" | "summary" | "thinking" => {
                reasoning.text = expect::text(value, place, name)?.into_owned();
            }
            "signature" => blob = sealed(SealKind::Signature, value, place, name)?,
            "data" => blob = sealed(SealKind::Encrypted, value, place, name)?,
            "format" => family = expect::text(value, place, name)?.into_owned(),
            "id" => reasoning.id = Some(expect::text(value, place, name)?.into_owned()),
            "index" => index = Some(value.raw.to_owned()),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    reasoning.seal = blob.map(|(kind, blob)| Seal { family, kind, blob });
    Ok(Some(Piece { kind, index, reasoning, place }))
}

/// A seal's bytes; an empty one seals nothing.
fn sealed(
    kind: SealKind,
    node: &Node<'_>,
    place: Place,
    name: &str,
) -> Result<Option<(SealKind, String)>, BadRequest> {
    Ok(sealed_blob(node, place, name)?.map(|blob| (kind, blob)))
}

fn sealed_blob(node: &Node<'_>, place: Place, name: &str) -> Result<Option<String>, BadRequest> {
    Ok(Some(expect::text(node, place, name)?.into_owned()).filter(|blob| !blob.is_empty()))
}

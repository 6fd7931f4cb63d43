//! What an assistant's turn says of its earlier thinking, in the shape of one dialect. Seals go to
//! who reads them and to nobody else. (facts: reasoning, sections 7 and 8)

use std::sync::Arc;

use routectl_core::{
    Dialect, Echo, Form, History, Loss, Missing, Place, Reasoning, Seal, SealKind, Turns,
};

use crate::json::{List, Object};
use crate::provenance;

/// Why a word of the vendor's stands in the place of a signature.
pub const UNSIGNED: &str = "the host wants the signature of the call, and is told to do without";

/// A piece of a turn's thinking, and where it stood.
pub type Piece<'a> = (Place, &'a Reasoning);

/// What was thought before a call, by the index of its message, its id and its arguments.
pub type Recall<'a> = &'a dyn Fn(usize, &str, &str) -> Option<Arc<[Reasoning]>>;

/// The place of what no client sent. What becomes of it is not a loss to the client.
pub const RECALLED: &str = "recalled";

/// A turn of the assistant.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    pub place: Place,
    /// The id of the first call, where it calls tools.
    pub call: Option<&'a str>,
    /// Its conversation has tools.
    pub has_tools: bool,
}

/// What a turn says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Members of the message, with raw values.
    pub members: Vec<(&'static str, String)>,
    /// What goes before the text of the message.
    pub lead: Option<Lead>,
    /// What its calls were signed with.
    pub signatures: Vec<Signature>,
    pub losses: Vec<Loss>,
}

/// The signature of a call, and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The id of the call.
    pub call: String,
    pub blob: String,
    pub place: Place,
}

/// Thinking that stands in the content of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lead {
    /// A part of its own.
    Part(String),
    /// Between tags.
    Tagged(String),
}

impl Lead {
    /// The raw content of a message: the thinking and this text.
    pub fn content(&self, text: &str) -> String {
        let mut out = Vec::new();
        match self {
            Self::Tagged(thought) => {
                crate::json::quoted(&format!("{}{text}", tagged(thought)), &mut out);
            }
            Self::Part(thought) => {
                let mut parts = List::new(&mut out);
                thinking_part(parts.object(), thought);
                if !text.is_empty() {
                    text_part(parts.object(), text);
                }
            }
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// The thinking as one raw part of a content list.
    pub fn part(&self) -> String {
        let mut out = Vec::new();
        match self {
            Self::Tagged(thought) => text_part(Object::new(&mut out), &tagged(thought)),
            Self::Part(thought) => thinking_part(Object::new(&mut out), thought),
        }
        String::from_utf8(out).unwrap_or_default()
    }
}

fn tagged(thought: &str) -> String {
    format!("<think>\n{thought}\n</think>\n\n")
}

fn text_part(mut part: Object<'_>, text: &str) {
    part.text("type", "text");
    part.text("text", text);
}

/// Mistral's part. (facts: reasoning, section 2.16)
fn thinking_part(mut part: Object<'_>, thought: &str) {
    part.text("type", "thinking");
    text_part(part.list("thinking").object(), thought);
}

/// Whether a turn has to say something of its thinking, even if it has none.
pub fn is_needed(echo: &Echo, turn: Turn<'_>) -> bool {
    match echo.turns {
        Turns::None | Turns::Loop => false,
        Turns::Calling => turn.call.is_some(),
        Turns::All => turn.has_tools,
    }
}

/// Whether a turn may say its thinking.
pub fn is_welcome(echo: &Echo, history: History) -> bool {
    match history {
        History::Auto => echo.turns != Turns::None,
        History::Strip => false,
        History::Preserve => true,
    }
}

/// What a turn with this thinking says.
pub fn told(pieces: &[Piece<'_>], turn: Turn<'_>, dialect: &Dialect, history: History) -> Told {
    let mut told = Told::default();
    let says = |(_, it): &&Piece<'_>| !it.text.is_empty() || it.seal.is_some();
    let saying: Vec<&Piece<'_>> = pieces.iter().filter(says).collect();
    let welcome = is_welcome(&dialect.echo, history);
    if !welcome {
        let reason = match history {
            History::Strip => "the configuration keeps earlier thinking from this model",
            History::Auto | History::Preserve => "the host takes no thinking back",
        };
        told.losses
            .extend(saying.iter().map(|(place, _)| Loss::dropped(place.to_string(), reason)));
    }
    let kept = if welcome { saying } else { Vec::new() };
    match dialect.echo.form {
        Form::Text(members) => {
            let mut text = text(&kept, &mut told.losses);
            // An empty text that the model gave is not a text that is lost.
            if text.is_none() && welcome && !pieces.is_empty() && kept.is_empty() {
                text = Some(String::new());
            }
            say_text(members, text, turn, dialect, &mut told);
        }
        Form::Details => details(&kept, turn, dialect, &mut told),
        Form::Parts => told.lead = text(&kept, &mut told.losses).map(Lead::Part),
        Form::Tags => told.lead = text(&kept, &mut told.losses).map(Lead::Tagged),
        Form::CallSeals => signatures(&kept, dialect, &mut told),
        Form::Opaque => opaque(&kept, dialect, &mut told),
    }
    told
}

/// The text of all pieces, which are one here; seals stay behind. (facts: translation, section
/// 6.3)
fn text(kept: &[&Piece<'_>], losses: &mut Vec<Loss>) -> Option<String> {
    let mut texts = Vec::new();
    for (place, reasoning) in kept {
        match (&reasoning.seal, reasoning.text.as_str()) {
            (_, "") => losses.push(Loss::dropped(place.to_string(), "only its minter reads it")),
            (None, text) => texts.push(text),
            (Some(_), text) => {
                texts.push(text);
                losses
                    .push(Loss::degraded(place.to_string(), "its seal means nothing to this host"));
            }
        }
    }
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn say_text(
    members: &[&'static str],
    text: Option<String>,
    turn: Turn<'_>,
    dialect: &Dialect,
    told: &mut Told,
) {
    let text = match text {
        Some(text) => text,
        None if !is_needed(&dialect.echo, turn) => return,
        None => match stand_in(turn, dialect, &mut told.losses) {
            Some(words) => words.to_owned(),
            None => return,
        },
    };
    let raw = raw(&text);
    told.members.extend(members.iter().map(|member| (*member, raw.clone())));
}

/// What stands for a text that is lost. An empty one says no more than that.
pub fn stand_in(turn: Turn<'_>, dialect: &Dialect, losses: &mut Vec<Loss>) -> Option<&'static str> {
    match dialect.echo.missing {
        Missing::Nothing | Missing::Sentinel(_) => None,
        Missing::Blank => Some(""),
        Missing::Words(words) => {
            let reason = "the host wants to hear what was thought, and nobody knows it any more";
            losses.push(Loss::emulated(turn.place.to_string(), reason));
            Some(words)
        }
    }
}

/// A text as raw JSON.
pub fn raw(text: &str) -> String {
    let mut raw = Vec::new();
    crate::json::quoted(text, &mut raw);
    String::from_utf8(raw).unwrap_or_default()
}

/// Pieces with their seals, in order. (facts: reasoning, section 2.5)
fn details(kept: &[&Piece<'_>], turn: Turn<'_>, dialect: &Dialect, told: &mut Told) {
    let mut pieces = Vec::new();
    for (place, reasoning) in kept {
        match &reasoning.seal {
            Some(seal) if dialect.seals.contains(&seal.family.as_str()) => {
                pieces.push((*reasoning, Some(seal)));
            }
            // A model that seals its thinking takes none that it did not seal.
            Some(_) | None if !dialect.seals.is_empty() || reasoning.text.is_empty() => {
                let reason = "the model takes no thinking but its own";
                told.losses.push(Loss::dropped(place.to_string(), reason));
            }
            seal => {
                pieces.push((*reasoning, None));
                if seal.is_some() {
                    let reason = "its seal means nothing to this model";
                    told.losses.push(Loss::degraded(place.to_string(), reason));
                }
            }
        }
    }
    let needed = is_needed(&dialect.echo, turn) && pieces.is_empty();
    let unsigned = match (dialect.echo.missing, turn.call) {
        (Missing::Sentinel(word), Some(call)) if needed => Some((word, call)),
        _ => None,
    };
    let blank = needed && dialect.echo.missing == Missing::Blank;
    if pieces.is_empty() && !blank && unsigned.is_none() {
        return;
    }
    let mut raw = Vec::new();
    {
        let mut list = List::new(&mut raw);
        for (index, (reasoning, seal)) in (0..).zip(pieces) {
            detail(list.object(), reasoning, (seal, dialect.tag), index);
        }
        if let Some((word, call)) = unsigned {
            let mut object = list.object();
            object.text("type", "reasoning.encrypted");
            object.text("data", word);
            object.text("id", call);
            object.text("format", provenance::GEMINI);
            object.count("index", 0);
            told.losses.push(Loss::emulated(turn.place.to_string(), UNSIGNED));
        }
    }
    told.members.push(("reasoning_details", String::from_utf8(raw).unwrap_or_default()));
}

fn detail(
    mut object: Object<'_>,
    reasoning: &Reasoning,
    (seal, tag): (Option<&Seal>, &str),
    index: u64,
) {
    let sealed = seal.filter(|seal| seal.kind == SealKind::Encrypted);
    if let Some(seal) = sealed {
        object.text("type", "reasoning.encrypted");
        object.text("data", &seal.blob);
    } else {
        object.text("type", "reasoning.text");
        object.text("text", &reasoning.text);
        object.text_if("signature", seal.map(|seal| seal.blob.as_str()));
    }
    object.text_if("id", reasoning.id.as_deref());
    object.text("format", seal.map_or(tag, |seal| &seal.family));
    object.count("index", index);
}

/// The signatures of calls, which stand in their calls. (facts: reasoning, section 2.18)
fn signatures(kept: &[&Piece<'_>], dialect: &Dialect, told: &mut Told) {
    for (place, reasoning) in kept {
        let own = |seal: &&Seal| dialect.seals.contains(&seal.family.as_str());
        match (&reasoning.id, reasoning.seal.as_ref().filter(own)) {
            (Some(call), Some(seal)) => {
                let (call, blob) = (call.clone(), seal.blob.clone());
                told.signatures.push(Signature { call, blob, place: *place });
            }
            (None, _) | (Some(_), None) => {
                let reason = "the host takes nothing back but the signatures of calls";
                told.losses.push(Loss::dropped(place.to_string(), reason));
            }
        }
    }
}

/// Copilot's text and the seal beside it. (facts: reasoning, section 2.21)
fn opaque(kept: &[&Piece<'_>], dialect: &Dialect, told: &mut Told) {
    let is_own = |piece: &&&Piece<'_>| {
        let seal = piece.1.seal.as_ref();
        seal.is_some_and(|seal| dialect.seals.contains(&seal.family.as_str()))
    };
    let (own, others): (Vec<&Piece<'_>>, Vec<&Piece<'_>>) =
        kept.iter().partition(|piece| is_own(piece));
    let foreign = text(&others, &mut told.losses);
    let texts = own.iter().map(|(_, reasoning)| reasoning.text.clone());
    let texts: Vec<String> =
        foreign.into_iter().chain(texts).filter(|text| !text.is_empty()).collect();
    if !texts.is_empty() {
        told.members.push(("reasoning_text", raw(&texts.join("\n\n"))));
    }
    // One seal is all there is room for: the last one.
    if let Some(seal) = own.last().and_then(|(_, reasoning)| reasoning.seal.as_ref()) {
        told.members.push(("reasoning_opaque", raw(&seal.blob)));
    }
}

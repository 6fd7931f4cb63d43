//! What a message holds: text, or a list of parts.

mod data_url;
mod files;

use routectl_core::{Block, Content, Foreign, IfLost, Opaque, Place, Reasoning};

use super::{cache, elsewhere, kind, said};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::{Node, Value};

/// Whose content it is: not everyone can say everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The operator, in system text.
    Operator,
    User,
    Model,
    Tool,
}

/// The blocks of a message's `content`. Empty texts say nothing and are left out.
pub(super) fn content(
    node: &Node<'_>,
    place: Place,
    speaker: Speaker,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    let below = place.member("content");
    match &node.value {
        Value::Text => {
            let text = expect::text(node, place, "content")?;
            let said = (!text.is_empty()).then(|| Block::text(text, below));
            Ok(said.into_iter().collect())
        }
        Value::List(_) => {
            let mut blocks = Vec::new();
            for (index, node) in expect::list(node, place, "content")?.iter().enumerate() {
                blocks.extend(part(node, below.index(index), speaker, foreign)?);
            }
            Ok(blocks)
        }
        Value::Null | Value::Bool(_) | Value::Number | Value::Object(_) => {
            Err(expect::wrong(place, "content", "a string or a list of parts", node))
        }
    }
}

fn part(
    node: &Node<'_>,
    place: Place,
    speaker: Speaker,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<Block>, BadRequest> {
    let kind = kind(node, place)?.ok_or_else(|| expect::missing(place, "type"))?;
    if speaker == Speaker::Operator && kind != "text" {
        return Err(expect::unknown_word(place, "type", &kind, &["text"]));
    }
    if !is_known(&kind, speaker) {
        return Ok(Some(opaque(&kind, node, place)));
    }
    let mut content = None;
    let mut mark = None;
    let mut breakpoint = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            "cache_control" => mark = Some(cache::control(value, place, foreign)?),
            "prompt_cache_breakpoint" => {
                breakpoint = Some(cache::breakpoint(value, place, foreign)?);
            }
            // What a part holds is called as its type is.
            name if name == kind => content = Some(held(name, value, place, foreign)?),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let content = content.ok_or_else(|| expect::missing(place, &kind))?;
    let block = Block { content, place, cache: mark.or(breakpoint) };
    Ok(Some(block).filter(|block| !says_nothing(&block.content)))
}

/// Whether the hub has a word for a part that this speaker says.
fn is_known(kind: &str, speaker: Speaker) -> bool {
    match kind {
        "text" => true,
        "image_url" | "file" => matches!(speaker, Speaker::User | Speaker::Tool),
        "refusal" | "thinking" => speaker == Speaker::Model,
        _ => false,
    }
}

fn opaque(kind: &str, node: &Node<'_>, place: Place) -> Block {
    let if_lost = IfLost::Refused(match kind {
        "input_audio" | "audio_url" => "no other format takes sound",
        "video_url" | "input_video" => "no other format takes video",
        _ => "a kind of part that only some Chat hosts know",
    });
    let opaque = Opaque { name: kind.to_owned(), json: node.raw.to_owned() };
    Block { content: Content::Opaque { opaque, if_lost }, place, cache: None }
}

fn held(
    kind: &str,
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    match kind {
        "image_url" => files::image(node, place.member("image_url"), foreign),
        "file" => files::file(node, place.member("file"), foreign),
        "refusal" => Ok(Content::Refusal(expect::text(node, place, kind)?.into_owned())),
        "thinking" => {
            let text = thinking(node, place.member("thinking"), foreign)?;
            Ok(Content::Reasoning(Reasoning { text, seal: None, id: None }))
        }
        _ => Ok(Content::Text(expect::text(node, place, kind)?.into_owned())),
    }
}

/// The kind of a part that is thinking.
pub(crate) const THINKING: &[u8] = b"\"thinking\"";

/// Whether a raw content may hold parts of thinking.
pub(crate) fn may_think(content: &[u8]) -> bool {
    content.starts_with(b"[") && memchr::memmem::find(content, THINKING).is_some()
}

/// Mistral's thinking stands between the parts of the content, as a list of texts. (facts:
/// reasoning, section 2.16)
fn thinking(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<String, BadRequest> {
    if node.value == Value::Text {
        return Ok(expect::text(node, place, "")?.into_owned());
    }
    let mut text = String::new();
    for (index, node) in expect::list(node, place, "")?.iter().enumerate() {
        let place = place.index(index);
        for (name, value) in said(node, place, "")? {
            match name {
                "type" => {}
                "text" => text.push_str(&expect::text(value, place, name)?),
                other => foreign.push(elsewhere::unknown(place, other, value)),
            }
        }
    }
    Ok(text)
}

fn says_nothing(content: &Content) -> bool {
    match content {
        Content::Text(text) | Content::Refusal(text) => text.is_empty(),
        Content::Reasoning(reasoning) => reasoning.text.is_empty(),
        Content::Image(_)
        | Content::Document { .. }
        | Content::ToolCall(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => false,
    }
}

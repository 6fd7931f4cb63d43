//! Blocks as Messages takes them: which may stand in whose turn, and what becomes of the others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use routectl_core::{Block, Content, IfLost, Loss, Reasoning, Role, SealKind, Source, ToolResult};

use crate::formats::messages::write::target::Target;
use crate::provenance::{CLAUDE, ENVELOPE};

/// What is said in a block's place, or what it means that nothing is; `None` where there was
/// nothing to say.
pub(in crate::formats) type Fitted<T> = Result<T, Option<IfLost>>;

/// A block that can be said as it is, in a turn of this role. (facts: Anthropic Messages, 4.3)
pub(in super::super) fn fit(
    block: Block,
    role: Role,
    target: Target<'_>,
    losses: &mut Vec<Loss>,
) -> Option<Block> {
    let Block { content, place, cache } = block;
    let fitted = match (role, content) {
        (_, Content::Text(text) | Content::Refusal(text)) => words(text).map(Content::Text),
        (Role::User, Content::Image(source)) => image(source).map(Content::Image),
        (Role::User, Content::Document { source, title, about }) => {
            let source = document(source, target, losses);
            source.map(|source| Content::Document { source, title, about })
        }
        (Role::User, Content::ToolResult(result)) => {
            let blocks = inside(result.blocks, target, losses);
            Ok(Content::ToolResult(ToolResult { blocks, ..result }))
        }
        (Role::Assistant, Content::ToolCall(call)) => Ok(Content::ToolCall(call)),
        (Role::Assistant, Content::Reasoning(thought)) => {
            thinking(thought, target).map(Content::Reasoning)
        }
        (_, Content::Opaque { if_lost, .. }) => Err(Some(if_lost)),
        (Role::System, _) => refused("the words of the system can only be text"),
        (Role::Assistant, _) => refused("a message of the assistant cannot hold this"),
        (Role::User, _) => refused("a message of the user cannot hold this"),
    };
    // Neither thinking nor what is left out can carry a mark. (facts: Anthropic Messages, 4.2)
    let can_be_marked = fitted.as_ref().is_ok_and(|fit| !matches!(fit, Content::Reasoning(_)));
    if cache.is_some() && !can_be_marked {
        losses.push(Loss::dropped(place.path("cache_control"), "nothing here can be marked"));
    }
    let cache = cache.filter(|_| can_be_marked);
    match fitted {
        Ok(content) => Some(Block { content, place, cache }),
        Err(if_lost) => {
            losses.extend(if_lost.map(|if_lost| if_lost.loss(place.to_string())));
            None
        }
    }
}

fn refused<T>(reason: &'static str) -> Fitted<T> {
    Err(Some(IfLost::Refused(reason)))
}

fn told<T>(reason: &'static str) -> Fitted<T> {
    Err(Some(IfLost::Told(reason)))
}

/// Texts without a visible character are refused by the host and say nothing.
fn words(text: String) -> Fitted<String> {
    if text.is_empty() {
        return Err(None);
    }
    if text.trim().is_empty() { told("whitespace alone is no text to Claude") } else { Ok(text) }
}

/// What a tool gave, or what stands in place of a file.
fn inside(blocks: Vec<Block>, target: Target<'_>, losses: &mut Vec<Loss>) -> Vec<Block> {
    let blocks = blocks.into_iter();
    let fitted = blocks.filter_map(|block| {
        let Content::ToolResult(_) = block.content else {
            return fit(block, Role::User, target, losses);
        };
        let reason = "a result cannot stand inside another block";
        losses.push(Loss::refused(block.place.to_string(), reason));
        None
    });
    fitted.collect()
}

fn image(source: Source) -> Fitted<Source> {
    match source {
        Source::Base64 { media_type, bytes } => {
            let media_type = match media_type.to_ascii_lowercase().as_str() {
                "image/jpeg" | "image/jpg" => "image/jpeg",
                "image/png" => "image/png",
                "image/gif" => "image/gif",
                "image/webp" => "image/webp",
                _ => return refused("Messages takes images as JPEG, PNG, GIF and WebP only"),
            };
            Ok(Source::Base64 { media_type: media_type.to_owned(), bytes })
        }
        Source::Url(url) => address(url),
        Source::File(_) => refused(FILE),
        Source::Text(_) | Source::Blocks(_) => refused("this is no image"),
    }
}

const FILE: &str = "the id of a file means nothing to another vendor";
const EMPTY: &str = "nothing is in this document";

/// What the host fetches itself.
fn address(url: String) -> Fitted<Source> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("https") => Ok(Source::Url(url)),
        Some(_) | None => refused("Anthropic fetches addresses of https only"),
    }
}

/// A document of plain text.
fn paper(text: String) -> Fitted<Source> {
    if text.trim().is_empty() { told(EMPTY) } else { Ok(Source::Text(text)) }
}

fn document(source: Source, target: Target<'_>, losses: &mut Vec<Loss>) -> Fitted<Source> {
    match source {
        Source::Base64 { media_type, bytes } => file(&media_type, bytes),
        Source::Url(url) => address(url),
        Source::Text(text) => paper(text),
        Source::Blocks(blocks) => match inside(blocks, target, losses) {
            blocks if blocks.is_empty() => told(EMPTY),
            blocks => Ok(Source::Blocks(blocks)),
        },
        Source::File(_) => refused(FILE),
    }
}

/// A PDF stays as it is, and text is told as text. (facts: translation, section 3)
fn file(media_type: &str, bytes: String) -> Fitted<Source> {
    let media_type = media_type.to_ascii_lowercase();
    if media_type == "application/pdf" {
        return Ok(Source::Base64 { media_type, bytes });
    }
    if !media_type.starts_with("text/") {
        return refused("Messages takes documents as PDF and text only");
    }
    let text = STANDARD.decode(bytes).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or_else(|| refused("this is no text in UTF-8 and base64"), paper)
}

/// Thinking goes back to its minter only, and only sealed. (guarantees: G6)
pub(in crate::formats) fn thinking(thought: Reasoning, target: Target<'_>) -> Fitted<Reasoning> {
    let Some(seal) = &thought.seal else {
        return if thought.text.is_empty() {
            Err(None)
        } else {
            told("thinking without a seal is taken from nobody")
        };
    };
    if seal.family != CLAUDE || seal.blob.is_empty() || seal.blob.starts_with(ENVELOPE) {
        return told("another vendor sealed this thinking");
    }
    if !target.is_claude() {
        return told("only Claude can read what Claude has sealed");
    }
    match seal.kind {
        SealKind::Signature => Ok(thought),
        // What is encrypted has no text beside it.
        SealKind::Encrypted => Ok(Reasoning { text: String::new(), ..thought }),
    }
}

//! Content: a string, or a list of blocks.

use routectl_core::{Block, Content, Foreign, IfLost, Opaque, ToolCall, ToolResult};

use crate::json::{Value, compact};
use crate::{BadRequest, provenance};

use super::spot::{Spot, UNKNOWN, is_empty};
use super::{cache_mark, media, vendor};

/// What blocks stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// The system text above the conversation.
    System,
    /// A system message in mid-conversation.
    Mid,
    User,
    Assistant,
    Result,
    Document,
}

impl Within {
    const ALL: [Self; 6] =
        [Self::System, Self::Mid, Self::User, Self::Assistant, Self::Result, Self::Document];

    /// Whether a block that the hub has a word for may stand here. (facts: Anthropic Messages,
    /// section 4.3)
    fn takes(self, kind: &str) -> bool {
        match self {
            Self::System | Self::Mid => kind == "text",
            Self::User => {
                matches!(kind, "text" | "image" | "document" | "search_result" | "tool_result")
            }
            // Documents, as the older API version has them.
            Self::Assistant => matches!(
                kind,
                "text"
                    | "connector_text"
                    | "document"
                    | "tool_use"
                    | "thinking"
                    | "redacted_thinking"
            ),
            Self::Result => {
                matches!(kind, "text" | "image" | "document" | "search_result" | "tool_reference")
            }
            Self::Document => matches!(kind, "text" | "image"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::System => "the system text",
            Self::Mid => "a system message",
            Self::User => "a user message",
            Self::Assistant => "an assistant message",
            Self::Result => "a tool result",
            Self::Document => "a document",
        }
    }
}

/// A string is one text block. Blocks without text go: no host takes them.
pub(super) fn content(
    spot: Spot<'_, '_>,
    within: Within,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    match spot.node.value {
        Value::Text => {
            let text = spot.text()?;
            let block = (!text.is_empty()).then(|| Block::text(text, spot.place()));
            Ok(block.into_iter().collect())
        }
        Value::List(_) => {
            spot.elements()?.filter_map(|spot| block(spot, within, foreign).transpose()).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number | Value::Object(_) => {
            let found = spot.node.kind();
            Err(spot.bad(format!("expected a string or a list of blocks, found {found}")))
        }
    }
}

fn block(
    spot: Spot<'_, '_>,
    within: Within,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<Block>, BadRequest> {
    let spot = spot.object()?;
    let named = spot.need("type")?;
    let kind = named.word()?;
    let keeps_a_place = keeps_a_place(&kind, spot);
    let content = if !Within::ALL.iter().any(|within| within.takes(&kind)) {
        let if_lost = vendor::block(&kind, spot);
        Content::Opaque { opaque: Opaque { name: kind, json: spot.raw() }, if_lost }
    } else if within.takes(&kind) {
        typed(&kind, spot, foreign)?
    } else {
        let problem = format!("a block of type {kind:?} cannot stand in {}", within.name());
        return Err(named.bad(problem));
    };
    let block = Block { content, place: spot.place(), cache: None };
    let silent = block.as_text() == Some("") || keeps_a_place;
    let Some(mark) = spot.get("cache_control") else {
        return Ok((!silent).then_some(block));
    };
    // (facts: Anthropic Messages, section 4.2)
    if silent || matches!(block.content, Content::Reasoning(_)) {
        return Err(mark.bad("thinking and empty text cannot be cached"));
    }
    Ok(Some(Block { cache: Some(cache_mark(mark, foreign)?), ..block }))
}

/// Whether this is a thought whose words are lost, and not one without words.
fn keeps_a_place(kind: &str, spot: Spot<'_, '_>) -> bool {
    let text = |name| spot.get(name).and_then(|it| it.text().ok()).unwrap_or_default();
    kind == "thinking" && provenance::is_place_only(&text("thinking"), &text("signature"))
}

/// A block that the hub has a word for.
fn typed(
    kind: &str,
    spot: Spot<'_, '_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    match kind {
        "text" | "connector_text" => text(spot, foreign),
        "image" => media::image(spot, foreign),
        "document" => media::document(spot, foreign),
        "search_result" => media::search_result(spot, foreign),
        "tool_use" => call(spot, foreign),
        "tool_result" => result(spot, foreign),
        "tool_reference" => reference(spot, foreign),
        _ => thinking(spot, foreign),
    }
}

/// What some hosts call connector text is the model's text, with a signature that others cannot
/// check.
fn text(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let connector = spot.get("connector_text");
    let text = connector.map_or_else(|| spot.need("text"), Ok)?.text()?;
    spot.keep_foreign(foreign, |name, node| match name {
        "text" if connector.is_none() => None,
        "type" if connector.is_some() => Some(IfLost::Degraded("said as ordinary text")),
        "type" | "connector_text" | "cache_control" => None,
        "signature" if connector.is_some() => Some(IfLost::Told("only Claude can check it")),
        "citations" if is_empty(node) => None,
        "citations" => Some(IfLost::Told("only Claude's citations point into its documents")),
        _ => Some(UNKNOWN),
    });
    Ok(Content::Text(text.into_owned()))
}

fn call(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let call = ToolCall {
        id: spot.need("id")?.word()?,
        name: spot.need("name")?.word()?,
        arguments: compact(spot.need("input")?.raw_object()?).into_owned(),
        takes_text: false,
    };
    spot.keep_foreign(foreign, |name, node| match name {
        "type" | "id" | "name" | "input" | "cache_control" => None,
        "caller" if vendor::is_kind(node, "direct") => None,
        "caller" => Some(IfLost::Told("only Claude calls tools from code")),
        "toolset_name" => Some(vendor::TOOLSET),
        _ => Some(UNKNOWN),
    });
    Ok(Content::ToolCall(call))
}

fn result(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let call = spot.need("tool_use_id")?.word()?;
    let failed = spot.get("is_error").map(Spot::boolean).transpose()?.unwrap_or(false);
    let blocks = spot.get("content").map(|spot| content(spot, Within::Result, foreign));
    let blocks = blocks.transpose()?.unwrap_or_default();
    spot.keep_foreign(foreign, |name, _| match name {
        "type" | "tool_use_id" | "is_error" | "content" | "cache_control" => None,
        "toolset_name" => Some(vendor::TOOLSET),
        _ => Some(UNKNOWN),
    });
    Ok(Content::ToolResult(ToolResult { call, blocks, failed }))
}

/// What a client's own search for tools found. The tool itself is offered from now on.
fn reference(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let text = format!("The tool {} is loaded.", spot.need("tool_name")?.word()?);
    spot.keep_foreign(foreign, |name, _| match name {
        "type" => Some(IfLost::Degraded("said as text")),
        "tool_name" | "cache_control" => None,
        _ => Some(UNKNOWN),
    });
    Ok(Content::Text(text))
}

/// Hosts that imitate the format think without a signature, and clients send it back so.
fn thinking(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let redacted = vendor::is_kind(spot.node, "redacted_thinking");
    let reasoning = if redacted {
        provenance::redacted(&spot.need("data")?.word()?)
    } else {
        let signature = spot.get("signature").map(Spot::text).transpose()?.unwrap_or_default();
        provenance::signed(spot.need("thinking")?.text()?.into_owned(), &signature)
    };
    spot.keep_foreign(foreign, |name, _| match name {
        "type" | "cache_control" => None,
        "data" if redacted => None,
        "thinking" | "signature" if !redacted => None,
        _ => Some(UNKNOWN),
    });
    Ok(Content::Reasoning(reasoning))
}

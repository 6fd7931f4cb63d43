//! What the model said before: its thinking, its words, its calls.

mod thoughts;

use routectl_core::{Block, Content, Foreign, IfLost, Place, ToolCall};

use self::thoughts::Thoughts;
use super::conversation::{NAMED, mark_last};
use super::parts::{self, Speaker};
use super::{cache, elsewhere, said};
use crate::formats::expect;
use crate::json::{self, Node, Value};
use crate::{BadRequest, Document};

/// The blocks of a message, in the order of a turn: thinking, words, calls.
pub(super) fn blocks(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    let mut thoughts = Thoughts::default();
    let mut words = Vec::new();
    let mut refusal = None;
    let mut calls = Vec::new();
    let mut mark = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "role" => {}
            "content" => words = parts::content(value, place, Speaker::Model, foreign)?,
            "refusal" => refusal = Some(expect::text(value, place, name)?.into_owned()),
            "tool_calls" => tool_calls(value, place, &mut calls, foreign)?,
            "function_call" => calls.push(old_call(value, place, foreign)?),
            "cache_control" => mark = Some(cache::control(value, place, foreign)?),
            other if thoughts.read(other, value, place, foreign)? => {}
            other => foreign.extend(rest(place, other, value)),
        }
    }
    let mut blocks = thoughts.settled(foreign);
    blocks.append(&mut words);
    if let Some(refusal) = refusal.filter(|refusal| !refusal.is_empty()) {
        let place = place.member("refusal");
        blocks.push(Block { content: Content::Refusal(refusal), place, cache: None });
    }
    blocks.append(&mut calls);
    mark_last(&mut blocks, mark);
    Ok(blocks)
}

/// The thinking alone that a message says: beside its content, and in parts of it that say more
/// than that.
pub(super) fn thoughts_of(message: &Document, place: Place) -> Option<Vec<Block>> {
    let mut thoughts = Thoughts::default();
    let mut foreign = Vec::new();
    for name in thoughts::MEMBERS {
        let Some(raw) = message.get(name).filter(|raw| *raw != b"null") else { continue };
        let node = json::parse(std::str::from_utf8(raw).ok()?).ok()?;
        thoughts.read(name, &node, place, &mut foreign).ok()?;
    }
    let mut blocks = thoughts.settled(&mut foreign);
    let text = |block: &Block| block.as_reasoning().map(|it| it.text.clone());
    for block in in_content(message, place).unwrap_or_default() {
        if !blocks.iter().any(|known| text(known) == text(&block)) {
            blocks.push(block);
        }
    }
    Some(blocks)
}

/// The parts of a content that are thinking.
fn in_content(message: &Document, place: Place) -> Option<Vec<Block>> {
    let raw = message.get("content").filter(|raw| parts::may_think(raw))?;
    let node = json::parse(std::str::from_utf8(raw).ok()?).ok()?;
    let mut blocks = parts::content(&node, place, Speaker::Model, &mut Vec::new()).ok()?;
    blocks.retain(|block| block.as_reasoning().is_some());
    Some(blocks)
}

/// Members that the hub has no word for.
fn rest(place: Place, name: &str, node: &Node<'_>) -> Option<Foreign> {
    match name {
        "name" => Some(expect::foreign(place, name, node, NAMED)),
        "audio" => {
            let if_lost = IfLost::Refused("only its host has what was spoken");
            Some(expect::foreign(place, name, node, if_lost))
        }
        "annotations" if node.list().is_some_and(<[_]>::is_empty) => None,
        other => Some(elsewhere::unknown(place, other, node)),
    }
}

fn tool_calls(
    node: &Node<'_>,
    place: Place,
    calls: &mut Vec<Block>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let below = place.member("tool_calls");
    for (index, node) in expect::list(node, place, "tool_calls")?.iter().enumerate() {
        calls.push(call(node, below.index(index), foreign)?);
    }
    Ok(())
}

fn call(node: &Node<'_>, place: Place, foreign: &mut Vec<Foreign>) -> Result<Block, BadRequest> {
    let mut id = None;
    let mut made = None;
    let mut cache = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "id" => id = Some(expect::text(value, place, name)?.into_owned()),
            "type" => {
                let kind = expect::text(value, place, name)?;
                if !["function", "custom"].contains(&&*kind) {
                    return Err(expect::unknown_word(place, name, &kind, &["function", "custom"]));
                }
            }
            "function" => made = Some(made_of(value, place.member("function"), foreign)?),
            "custom" => made = Some(made_of(value, place.member("custom"), foreign)?),
            "cache_control" => cache = Some(cache::control(value, place, foreign)?),
            // Left over from the stream that the client put together.
            "index" => {}
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let mut call = made.ok_or_else(|| expect::missing(place, "function"))?;
    call.id = id.ok_or_else(|| expect::missing(place, "id"))?;
    Ok(Block { content: Content::ToolCall(call), place, cache })
}

/// What is called and with what; its id stands elsewhere.
fn made_of(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<ToolCall, BadRequest> {
    let mut called = None;
    let mut call = ToolCall {
        id: String::new(),
        name: String::new(),
        arguments: String::new(),
        takes_text: false,
    };
    for (name, value) in said(node, place, "")? {
        match name {
            "name" => called = Some(expect::text(value, place, name)?.into_owned()),
            "arguments" => call.arguments = arguments(value, place)?,
            "input" => {
                call.arguments = expect::text(value, place, name)?.into_owned();
                call.takes_text = true;
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    call.name = called.ok_or_else(|| expect::missing(place, "name"))?;
    Ok(call)
}

/// JSON inside a string; some clients send the object itself.
fn arguments(node: &Node<'_>, place: Place) -> Result<String, BadRequest> {
    match &node.value {
        Value::Object(_) => Ok(node.raw.to_owned()),
        Value::Text | Value::Null | Value::Bool(_) | Value::Number | Value::List(_) => {
            Ok(expect::text(node, place, "arguments")?.into_owned())
        }
    }
}

/// The old spelling of a call.
fn old_call(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Block, BadRequest> {
    let place = place.member("function_call");
    let mut call = made_of(node, place, foreign)?;
    call.id = old_id(&call.name);
    Ok(Block { content: Content::ToolCall(call), place, cache: None })
}

/// The id of a call that has none: its result knows it by its name.
pub(super) fn old_id(name: &str) -> String {
    format!("call_{name}")
}

//! The messages: who speaks, in which order, and which of them are one turn. (facts: translation,
//! sections 2.1 and 2.4)

use routectl_core::{Block, CacheMark, Content, Foreign, IfLost, Place, Request, Role, ToolResult};

use super::parts::{self, Speaker};
use super::{assistant, cache, elsewhere, said};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::Node;

/// What is lost where speakers have names.
pub(super) const NAMED: IfLost = IfLost::Told("speakers have no names elsewhere");

const ROLES: [&str; 6] = ["developer", "system", "user", "assistant", "tool", "function"];

/// How a conversation ends.
pub(super) struct Ending {
    /// The last message, if it is the user's.
    user: Option<Place>,
}

impl Ending {
    /// Someone must have spoken, and the user not in vain. (facts: translation, section 2.1)
    pub(super) fn check(&self, request: &Request) -> Result<(), BadRequest> {
        let last = request.turns.last().filter(|turn| turn.role == Role::User);
        let says_nothing = last.is_none_or(|turn| turn.blocks.iter().all(is_blank));
        if let Some(place) = self.user.filter(|_| says_nothing) {
            return Err(BadRequest::new(place.path("content"), "the last message says nothing"));
        }
        if request.turns.is_empty() {
            let problem = "expected a message of the user, found none with any content";
            return Err(BadRequest::new("messages", problem));
        }
        Ok(())
    }
}

fn is_blank(block: &Block) -> bool {
    block.as_text().is_some_and(|text| text.trim().is_empty())
}

/// Reads the messages into the request.
pub(super) fn read(request: &mut Request, node: &Node<'_>) -> Result<Ending, BadRequest> {
    let place = Place::BODY.member("messages");
    let messages = expect::messages(node, Place::BODY, "messages")?;
    (request.system, request.turns) = (Vec::new(), Vec::new());
    let mut ending = Ending { user: None };
    for (index, node) in messages.iter().enumerate() {
        let place = place.index(index);
        let role = message(request, node, place)?;
        ending.user = (role == Role::User).then_some(place);
    }
    Ok(ending)
}

/// Reads one message and says whose it is.
fn message(request: &mut Request, node: &Node<'_>, place: Place) -> Result<Role, BadRequest> {
    expect::object(node, place, "")?;
    let role = node.member("role").filter(|role| !role.is_null());
    let role = role.ok_or_else(|| expect::missing(place, "role"))?;
    let foreign = &mut request.foreign;
    let (role, blocks) = match &*expect::text(role, place, "role")? {
        "developer" | "system" => (Role::System, words(node, place, Speaker::Operator, foreign)?),
        "user" => (Role::User, words(node, place, Speaker::User, foreign)?),
        "assistant" => (Role::Assistant, assistant::blocks(node, place, foreign)?),
        "tool" => (Role::User, vec![result(node, place, foreign)?]),
        "function" => (Role::User, vec![old_result(node, place, foreign)?]),
        other => return Err(expect::unknown_word(place, "role", other, &ROLES)),
    };
    if role == Role::System && request.turns.is_empty() {
        request.system.extend(blocks);
    } else {
        add(request, role, blocks, place);
    }
    Ok(role)
}

/// Neighbours of one role are one turn; the operator's words stay apart, since they may have to
/// move.
fn add(request: &mut Request, role: Role, blocks: Vec<Block>, place: Place) {
    let last = request.turns.last_mut();
    match last.filter(|last| last.role == role && role != Role::System) {
        Some(last) => last.blocks.extend(blocks),
        None if blocks.is_empty() => {}
        None => request.turns.push(routectl_core::Turn { role, blocks, place }),
    }
}

/// A message that is nothing but content.
fn words(
    node: &Node<'_>,
    place: Place,
    speaker: Speaker,
    foreign: &mut Vec<Foreign>,
) -> Result<Vec<Block>, BadRequest> {
    let mut blocks = None;
    let mut mark = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "role" => {}
            "content" => blocks = Some(parts::content(value, place, speaker, foreign)?),
            "cache_control" => mark = Some(cache::control(value, place, foreign)?),
            "name" => foreign.push(expect::foreign(place, name, value, NAMED)),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let mut blocks = blocks.ok_or_else(|| expect::missing(place, "content"))?;
    mark_last(&mut blocks, mark);
    Ok(blocks)
}

/// Some clients mark a whole message. (facts: OpenAI chat, section 9)
pub(super) fn mark_last(blocks: &mut [Block], mark: Option<CacheMark>) {
    if let (Some(last), Some(mark)) = (blocks.last_mut(), mark) {
        last.cache.get_or_insert(mark);
    }
}

/// What a tool gave.
fn result(node: &Node<'_>, place: Place, foreign: &mut Vec<Foreign>) -> Result<Block, BadRequest> {
    let mut call = None;
    let mut blocks = Vec::new();
    let mut cache = None;
    for (name, value) in said(node, place, "")? {
        match name {
            // The call has the name of the tool; some hosts want it here again.
            "role" | "name" => {}
            "tool_call_id" => call = Some(expect::text(value, place, name)?.into_owned()),
            "content" => blocks = parts::content(value, place, Speaker::Tool, foreign)?,
            "cache_control" => cache = Some(cache::control(value, place, foreign)?),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let call = call.ok_or_else(|| expect::missing(place, "tool_call_id"))?;
    let content = Content::ToolResult(ToolResult { call, blocks, failed: false });
    Ok(Block { content, place, cache })
}

/// The old spelling, which knows a call by the name of its function.
fn old_result(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Block, BadRequest> {
    let mut call = None;
    let mut blocks = Vec::new();
    for (name, value) in said(node, place, "")? {
        match name {
            "role" => {}
            "name" => call = Some(assistant::old_id(&expect::text(value, place, name)?)),
            "content" => blocks = parts::content(value, place, Speaker::Tool, foreign)?,
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let call = call.ok_or_else(|| expect::missing(place, "name"))?;
    let content = Content::ToolResult(ToolResult { call, blocks, failed: false });
    Ok(Block { content, place, cache: None })
}

//! Requests in the hub's words → Messages bodies, and what the report says of them. The numbers
//! of cases and goldens are those of the facts (translation, sections 11 and 12).

mod asked;
mod cached;
mod from_chat;
mod growing;
mod limits;
mod talk;
mod thought;
mod toolbox;

use routectl_core::{
    Abilities, Block, Content, Effort, Foreign, IfLost, Place, Reasoning, Request, Role, Seal,
    SealKind, Source, Tool, ToolCall, ToolInput, ToolResult, Turn,
};
use serde_json::Value;

use crate::{MESSAGES, Spelled};

const OPUS_5: &str = "claude-opus-5";
const SONNET_5: &str = "claude-sonnet-5";
const SONNET_4_5: &str = "claude-sonnet-4-5";
const OPUS_4_1: &str = "claude-opus-4-1";
const OPUS_5_5: &str = "claude-opus-5-5";

/// What a target with this model takes, no cache marks of our own.
fn abilities(upstream: &str) -> Abilities {
    let efforts = Effort::ALL.to_vec();
    Abilities { upstream: upstream.to_owned(), efforts, auto_cache: false, ..Abilities::default() }
}

fn written(request: &Request, upstream: &str) -> Spelled {
    MESSAGES.write(request, &abilities(upstream))
}

/// The body, read back. Every test that looks at one proves that it is JSON.
fn body(spelled: &Spelled) -> Value {
    serde_json::from_slice(&spelled.body).unwrap()
}

/// A member of the body, compact.
fn member(spelled: &Spelled, pointer: &str) -> String {
    body(spelled).pointer(pointer).map(Value::to_string).unwrap_or_default()
}

/// The losses, one a line.
fn losses(spelled: &Spelled) -> String {
    let line = |loss: &routectl_core::Loss| {
        format!("{}: {}: {}", loss.path, loss.fate.name(), loss.reason)
    };
    spelled.losses.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Everything that a golden holds.
fn told(request: &Request, upstream: &str) -> String {
    let spelled = written(request, upstream);
    let pretty = serde_json::to_string_pretty(&body(&spelled)).unwrap();
    let mut told = format!("{pretty}\n\nlosses:\n{}", losses(&spelled));
    for renamed in &spelled.changes.tools {
        let text = if renamed.takes_text { ", takes text" } else { "" };
        told += &format!("\nrenamed: {} is {}{text}", renamed.upstream, renamed.client);
    }
    if let Some(tool) = &spelled.changes.output_tool {
        told += &format!("\noutput tool: {tool}");
    }
    for stop in &spelled.changes.stops {
        told += &format!("\nour stop: {stop:?}");
    }
    told
}

/// A request of these turns. Their places are as in a client's body.
fn asking(turns: Vec<Turn>) -> Request {
    let mut request = Request { model: "m".into(), max_tokens: Some(8_000), ..Request::default() };
    for (index, mut turn) in turns.into_iter().enumerate() {
        turn.place = Place::BODY.member("messages").index(index);
        for (index, block) in turn.blocks.iter_mut().enumerate() {
            block.place = turn.place.member("content").index(index);
        }
        request.turns.push(turn);
    }
    request
}

fn turn(role: Role, contents: Vec<Content>) -> Turn {
    let block = |content| Block { content, place: Place::BODY, cache: None };
    Turn { role, blocks: contents.into_iter().map(block).collect(), place: Place::BODY }
}

fn user(text: &str) -> Turn {
    turn(Role::User, vec![text_of(text)])
}

fn assistant(contents: Vec<Content>) -> Turn {
    turn(Role::Assistant, contents)
}

fn system(text: &str) -> Turn {
    turn(Role::System, vec![text_of(text)])
}

fn text_of(text: &str) -> Content {
    Content::Text(text.into())
}

fn call(id: &str, name: &str, arguments: &str) -> Content {
    let (id, name, arguments) = (id.into(), name.into(), arguments.into());
    Content::ToolCall(ToolCall { id, name, arguments, takes_text: false })
}

fn result(call: &str, blocks: Vec<Content>) -> Content {
    let place = Place::BODY.member("messages").index(99).member("content").index(0);
    let block = |content| Block { content, place, cache: None };
    let blocks = blocks.into_iter().map(block).collect();
    Content::ToolResult(ToolResult { call: call.into(), blocks, failed: false })
}

fn sealed(text: &str, family: &str, kind: SealKind, blob: &str) -> Content {
    let seal = Seal { family: family.into(), kind, blob: blob.into() };
    Content::Reasoning(Reasoning { text: text.into(), seal: Some(seal), id: None })
}

fn signed(text: &str) -> Content {
    sealed(text, "anthropic-claude-v1", SealKind::Signature, "EqQB")
}

fn png() -> Source {
    Source::Base64 { media_type: "image/png".into(), bytes: "iVBORw0KGgo=".into() }
}

fn tool(name: &str, schema: &str) -> Tool {
    Tool {
        name: name.into(),
        description: Some(format!("The tool {name}.")),
        input: ToolInput::Schema(Some(schema.into())),
        strict: None,
        cache: None,
        place: Place::BODY.member("tools").index(0),
    }
}

fn foreign(path: &str, if_lost: IfLost) -> Foreign {
    Foreign { path: path.into(), json: "1".into(), if_lost }
}

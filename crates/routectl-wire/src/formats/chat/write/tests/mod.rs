//! What hosts get to see of a request, and what they do not. Cases have the numbers of the
//! translation facts, section 11.

mod conversation;
mod laws;
mod settings;
mod thinking;
mod tools;

use routectl_core::{
    Abilities, Block, Content, MemberNames, Place, Quirks, Reasoning, Request, Role, Seal,
    SealKind, Source, Tool, ToolCall, ToolInput, ToolResult, Turn,
};

use super::request as write;
use crate::Spelled;

/// A host that nothing is known of.
fn any_host() -> Abilities {
    host(Quirks::NONE)
}

fn host(quirks: Quirks) -> Abilities {
    Abilities { upstream: "some-model".to_owned(), quirks, ..Abilities::default() }
}

/// The words of a Messages client.
const NAMES: MemberNames = MemberNames {
    max_tokens: "max_tokens",
    stops: "stop_sequences",
    reasoning: "thinking",
    output: "output_config.format",
    tool_choice: "tool_choice",
    parallel_calls: "tool_choice.disable_parallel_tool_use",
    user: "metadata.user_id",
};

/// A conversation whose blocks know where they stand.
fn ask(turns: &[(Role, Vec<Content>)]) -> Request {
    let turns = turns.iter().enumerate().map(|(index, (role, contents))| {
        let place = Place::BODY.member("messages").index(index);
        let blocks = contents.iter().enumerate().map(|(index, content)| Block {
            content: placed(content.clone(), place.member("content").index(index)),
            place: place.member("content").index(index),
            cache: None,
        });
        Turn { role: *role, blocks: blocks.collect(), place }
    });
    Request { turns: turns.collect(), names: NAMES, ..Request::default() }
}

/// The same, with blocks below that know where they stand.
fn placed(content: Content, at: Place) -> Content {
    let Content::ToolResult(mut result) = content else { return content };
    for (index, block) in result.blocks.iter_mut().enumerate() {
        block.place = at.member("content").index(index);
    }
    Content::ToolResult(result)
}

fn user(contents: impl Into<Vec<Content>>) -> (Role, Vec<Content>) {
    (Role::User, contents.into())
}

fn assistant(contents: impl Into<Vec<Content>>) -> (Role, Vec<Content>) {
    (Role::Assistant, contents.into())
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn call(id: &str, name: &str, arguments: &str) -> Content {
    Content::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        takes_text: false,
    })
}

fn result(call: &str, contents: impl Into<Vec<Content>>) -> Content {
    let blocks = contents.into().into_iter();
    let blocks = blocks.map(|content| Block { content, place: Place::BODY, cache: None });
    Content::ToolResult(ToolResult {
        call: call.to_owned(),
        blocks: blocks.collect(),
        failed: false,
    })
}

fn failed(call: &str, words: &str) -> Content {
    let Content::ToolResult(given) = result(call, [text(words)]) else { unreachable!() };
    Content::ToolResult(ToolResult { failed: true, ..given })
}

fn png() -> Content {
    let bytes = "iVBORw0KGgo=".to_owned();
    Content::Image(Source::Base64 { media_type: "image/png".to_owned(), bytes })
}

fn document(source: Source, title: Option<&str>) -> Content {
    Content::Document { source, title: title.map(str::to_owned), about: None }
}

fn pdf() -> Source {
    Source::Base64 { media_type: "application/pdf".to_owned(), bytes: "JVBERi0=".to_owned() }
}

fn thought(text: &str, seal: Option<(&str, SealKind)>) -> Content {
    let seal = seal.map(|(family, kind)| Seal {
        family: family.to_owned(),
        kind,
        blob: "c2VhbA==".to_owned(),
    });
    Content::Reasoning(Reasoning { text: text.to_owned(), seal, id: None })
}

fn tool(name: &str, schema: Option<&str>) -> Tool {
    Tool {
        name: name.to_owned(),
        description: None,
        input: ToolInput::Schema(schema.map(str::to_owned)),
        strict: None,
        cache: None,
        place: Place::BODY.member("tools").index(0),
    }
}

/// The body, laid out for reading, and everything that was lost or changed.
fn seen(request: &Request, abilities: &Abilities) -> String {
    let spelled = write(request, abilities);
    let mut lines = vec![serde_json::to_string_pretty(&body(&spelled)).unwrap()];
    lines.extend(losses(&spelled));
    for renamed in &spelled.changes.tools {
        lines.push(format!("{} for {}", renamed.upstream, renamed.client));
    }
    if !spelled.changes.stops.is_empty() {
        lines.push(format!("stops {:?}", spelled.changes.stops));
    }
    lines.join("\n")
}

fn body(spelled: &Spelled) -> serde_json::Value {
    serde_json::from_slice(&spelled.body).unwrap()
}

fn losses(spelled: &Spelled) -> Vec<String> {
    let losses = spelled.losses.iter();
    losses.map(|loss| format!("{} {}: {}", loss.fate.name(), loss.path, loss.reason)).collect()
}

/// One member of the body that a host gets, and what was lost.
fn member(request: &Request, abilities: &Abilities, name: &str) -> (String, Vec<String>) {
    let spelled = write(request, abilities);
    let body = body(&spelled);
    (body.get(name).map_or_else(|| "absent".to_owned(), ToString::to_string), losses(&spelled))
}

//! What hosts get to see of a request, and what they do not. Cases have the numbers of the
//! translation facts, section 11.

mod conversation;
mod laws;
mod recorded;
mod settings;
mod thinking;
mod tools;

use routectl_core::{
    Abilities, Block, CacheMarks, Content, Dialect, MemberNames, Place, Quirks, Reasoning, Request,
    Role, Seal, SealKind, Source, Tool, ToolCall, ToolInput, ToolResult, Turn,
};

use super::request as write;
use crate::{Spelled, dialects};

/// What most models of a dialect speak.
fn spoken(dialect: &str) -> Dialect {
    dialects::named(dialect).unwrap().dialect
}

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
    cache: "cache_control",
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

/// Hosts that differ in what changes a conversation's shape.
fn hosts() -> Vec<(&'static str, Abilities)> {
    let able = Quirks {
        system_first: false,
        cache_marks: CacheMarks::Control,
        takes_images_in_results: true,
        dialect: spoken("openrouter"),
        ..Quirks::NONE
    };
    let picky = Quirks {
        refuses_user_after_results: true,
        names_results: true,
        blank_content: true,
        call_ids: routectl_core::CallIds::Nine,
        dialect: spoken("vllm"),
        ..Quirks::NONE
    };
    vec![("any", any_host()), ("able", host(able)), ("picky", host(picky))]
}

/// Checks that every call is answered before anybody else speaks, and that messages say something.
fn keeps_the_rules(body: &serde_json::Value) {
    let mut open: Vec<String> = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap();
            let place = open.iter().position(|open| open == id);
            open.remove(place.expect("a result answers an open call"));
            continue;
        }
        assert!(open.is_empty(), "every call is answered before anybody else speaks");
        let calls = message["tool_calls"].as_array();
        assert!(calls.is_none_or(|calls| !calls.is_empty()));
        let ids = calls.into_iter().flatten().map(|call| call["id"].as_str().unwrap());
        open.extend(ids.map(str::to_owned));
        let content = &message["content"];
        assert!(content.is_string() || content.is_array() || calls.is_some(), "{message}");
        assert!(content.as_array().is_none_or(|parts| !parts.is_empty()));
    }
    assert!(open.is_empty());
}

/// Checks that a body begins with all that another says before its messages end.
fn continues(before: &[u8], after: &[u8]) {
    let text = std::str::from_utf8(before).unwrap();
    let last = serde_json::from_str::<serde_json::Value>(text).unwrap();
    let last = last["messages"].as_array().unwrap().last().unwrap().to_string();
    let end = text.rfind(&last).unwrap() + last.len();
    assert_eq!(text[..end], std::str::from_utf8(after).unwrap()[..end]);
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

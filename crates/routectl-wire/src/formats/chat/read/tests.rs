//! What Chat requests mean, and which of them mean nothing.

mod bad;
mod cases;
mod laws;
mod recorded;

use bytes::Bytes;
use routectl_core::{Block, Content, IfLost, Request, Source, Tool};

use crate::{BadRequest, CHAT, Document};

fn read(body: &str) -> Result<Request, BadRequest> {
    CHAT.read(&Document::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap())
}

/// A request of these messages and members.
fn of(messages: &str, members: &str) -> String {
    format!(r#"{{"model":"m","messages":[{messages}]{members}}}"#)
}

/// A request that asks something, with these members.
fn with(members: &str) -> String {
    of(r#"{"role":"user","content":"hi"}"#, &format!(",{members}"))
}

/// The losses that a writer of any other format reports for what only Chat knows.
fn lost(request: &Request) -> Vec<String> {
    request.foreign.iter().map(|foreign| fate(&foreign.path, foreign.if_lost)).collect()
}

fn fate(path: &str, if_lost: IfLost) -> String {
    let loss = if_lost.loss(path);
    format!("{path} {}: {}", loss.fate.name(), loss.reason)
}

/// A request, written down: the conversation block by block, everything else as it is.
fn told(body: &str) -> String {
    let request = match read(body) {
        Ok(request) => request,
        Err(bad) => return format!("400 {bad}"),
    };
    let mut lines = Vec::new();
    for block in &request.system {
        lines.push(format!("system {}", line(block)));
    }
    for turn in &request.turns {
        lines.push(format!("{:?} {}", turn.role, turn.place));
        lines.extend(turn.blocks.iter().map(|block| format!("  {}", line(block))));
    }
    for tool in &request.tools {
        let Tool { name, description, input, strict, cache, place } = tool;
        let description = description.as_deref().map(cut);
        lines.push(format!("{place} {name} {description:?} strict {strict:?} cached {cache:?}"));
        lines.push(format!("  {}", cut(&format!("{input:?}"))));
    }
    lines.extend(settings(&request));
    lines.extend(request.foreign.iter().map(|foreign| {
        format!("foreign {} = {}", fate(&foreign.path, foreign.if_lost), cut(&foreign.json))
    }));
    lines.join("\n")
}

/// What stands beside the conversation and is not as if it had not been said.
fn settings(request: &Request) -> Vec<String> {
    let unsaid = fields(&Request { model: "m".to_owned(), ..Request::default() });
    fields(request).into_iter().filter(|field| !unsaid.contains(field)).collect()
}

fn fields(request: &Request) -> Vec<String> {
    vec![
        format!("model {:?}", request.model),
        format!("tool_choice {:?}", request.tool_choice),
        format!("parallel_calls {:?}", request.parallel_calls),
        format!("max_tokens {:?}", request.max_tokens),
        format!("{:?}", request.sampling),
        format!("stops {:?}", request.stops),
        format!("{:?}", request.reasoning),
        format!("output {:?}", request.output),
        format!("user {:?}", request.user),
        format!("tier {:?}", request.tier),
        format!("cache {:?}", request.cache),
        format!("{:?}", request.wishes),
    ]
}

fn line(block: &Block) -> String {
    let mark = block.cache.map(|mark| format!(" cached {:?}", mark.ttl)).unwrap_or_default();
    format!("{}{mark} {}", block.place, content(&block.content))
}

fn content(content: &Content) -> String {
    match content {
        Content::Text(text) => format!("text {:?}", cut(text)),
        Content::Refusal(text) => format!("refusal {text:?}"),
        Content::Image(from) => format!("image {}", source(from)),
        Content::Document { source: from, title, about } => {
            format!("document {} {title:?} {about:?}", source(from))
        }
        Content::Reasoning(reasoning) => format!("{reasoning:?}"),
        Content::ToolCall(call) => format!("{call:?}"),
        Content::ToolResult(result) => {
            let blocks: Vec<_> = result.blocks.iter().map(line).collect();
            let failed = if result.failed { "failed " } else { "" };
            format!("{failed}result of {} [{}]", result.call, blocks.join(", "))
        }
        Content::Opaque { opaque, if_lost } => {
            format!("opaque {} {}", fate(&opaque.name, *if_lost), opaque.json)
        }
    }
}

fn source(source: &Source) -> String {
    match source {
        Source::Base64 { media_type, bytes } => format!("{media_type} {}", cut(bytes)),
        Source::Url(url) => format!("at {url}"),
        Source::File(id) => format!("file {id}"),
        Source::Text(text) => format!("text {text:?}"),
        Source::Blocks(blocks) => format!("{:?}", blocks.iter().map(line).collect::<Vec<_>>()),
    }
}

/// The beginning of a text, and how long it is.
fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

//! Requests of real clients of Messages, told to hosts that speak Chat. (fixtures/requests says how
//! they were recorded)

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use super::*;
use crate::{Document, MESSAGES};

/// The requests of a client, by the names of their files.
fn recorded(client: &str) -> Vec<(String, Request)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests").join(client);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    let is_messages = |head: &str| head.starts_with("POST /v1/messages");
    files
        .retain(|path| is_messages(&std::fs::read_to_string(path.with_extension("head")).unwrap()));
    let read = |path: std::path::PathBuf| {
        let body = Document::parse(std::fs::read(&path).unwrap().into()).unwrap();
        let request = MESSAGES.read(&body).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), request)
    };
    files.into_iter().map(read).collect()
}

/// A body in short: members, and of messages who says what kind of thing.
fn outline(body: &Value) -> String {
    let mut out = String::new();
    for (name, value) in body.as_object().unwrap() {
        if name == "messages" {
            let messages = value.as_array().unwrap();
            messages.iter().for_each(|it| writeln!(out, "  {}", said(it)).unwrap());
        } else if let Some(items) = value.as_array() {
            writeln!(out, "{name}: {} of them", items.len()).unwrap();
        } else {
            writeln!(out, "{name}: {}", short(&value.to_string())).unwrap();
        }
    }
    out
}

fn said(message: &Value) -> String {
    let mut words = vec![message["role"].as_str().unwrap().to_owned()];
    let content = &message["content"];
    if let Some(parts) = content.as_array() {
        for part in parts {
            let mark = if part.get("cache_control").is_some() { "*" } else { "" };
            words.push(format!("{}{mark}", part["type"].as_str().unwrap()));
        }
    } else {
        words.push(short(&content.to_string()));
    }
    for name in ["reasoning_content", "reasoning_details"] {
        words
            .extend(message.get(name).map(|value| format!("{name} {}", short(&value.to_string()))));
    }
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        words.push(format!("calls {}", call["function"]["name"].as_str().unwrap()));
    }
    words.join(" | ")
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[test]
fn a_claude_client_is_understood_by_any_host() {
    for client in ["claude-code", "anthropic-python", "anthropic-ts", "opencode", "aider"] {
        for (host, abilities) in hosts() {
            let mut all = String::new();
            for (name, request) in recorded(client) {
                let spelled = write(&request, &abilities);
                let body = body(&spelled);
                keeps_the_rules(&body);
                writeln!(all, "== {name}\n{}{}", outline(&body), losses(&spelled).join("\n"))
                    .unwrap();
            }
            assert_snapshot!(format!("{client}_{host}"), all);
        }
    }
}

#[test]
fn conversations_of_claude_code_keep_their_beginning() {
    let all = recorded("claude-code");
    let request = |name: &str| &all.iter().find(|(it, _)| it == name).unwrap().1;
    for (_, mut abilities) in hosts() {
        abilities.quirks.cache_marks = CacheMarks::None;
        for (before, after) in [
            ("03-tool", "04-tool"),
            ("05-parallel-thinking", "06-parallel-thinking"),
            ("06-parallel-thinking", "07-continue"),
            ("09-image", "10-image"),
        ] {
            let [before, after] = [before, after].map(|it| write(request(it), &abilities).body);
            continues(&before, &after);
        }
    }
}

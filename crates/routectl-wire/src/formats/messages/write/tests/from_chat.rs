//! Chat requests, read and written: what a Claude host gets of them.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::*;
use crate::{CHAT, Document};

fn read(body: impl Into<Bytes>) -> Request {
    CHAT.read(&Document::parse(body.into()).unwrap()).unwrap()
}

#[test]
fn an_agents_request_with_all_that_chat_can_say_reaches_claude() {
    let body = r#"{
      "model": "fast",
      "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Use tools.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "name": "ann", "content": [
          {"type": "text", "text": "What is this?"},
          {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
          {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]},
        {"role": "assistant", "content": "Let me look.", "reasoning": "hm",
         "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0}],
         "tool_calls": [
          {"id": "functions.look:0", "type": "function", "function": {"name": "look.up", "arguments": "{\"b\": 1.0, \"a\": 2}"}},
          {"id": "call_2", "type": "function", "function": {"name": "clock", "arguments": ""}},
          {"id": "call_3", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}]},
        {"role": "tool", "tool_call_id": "call_3", "content": "ok"},
        {"role": "tool", "tool_call_id": "functions.look:0", "content": [{"type": "text", "text": "a cat"}]},
        {"role": "system", "content": "The user is in a hurry."},
        {"role": "user", "content": "Well?"}],
      "tools": [
        {"type": "function", "function": {"name": "look.up", "description": "Looks.", "parameters": {"type": "object", "properties": {"b": {"type": "number"}}}, "strict": true}},
        {"type": "function", "function": {"name": "clock"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "custom", "custom": {"name": "patch", "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}}}],
      "tool_choice": "auto", "parallel_tool_calls": false,
      "max_completion_tokens": 4000, "reasoning": {"effort": "high"},
      "temperature": 0.3, "seed": 7, "stop": "END", "user": "ann-1", "service_tier": "default",
      "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "additionalProperties": false}}},
      "stream": true, "stream_options": {"include_usage": true}}"#;
    let request = read(body);
    insta::assert_snapshot!("all_of_chat_to_opus_5", told(&request, OPUS_5));
    insta::assert_snapshot!("all_of_chat_to_sonnet_4_5", told(&request, SONNET_4_5));
}

/// The requests of a program that were recorded as it spoke Chat.
fn recorded(client: &str) -> Vec<Bytes> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests").join(client);
    let mut heads: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    heads.retain(|path| path.extension().is_some_and(|extension| extension == "head"));
    heads.retain(|path| fs::read_to_string(path).unwrap().contains("/chat/completions"));
    heads.sort();
    heads.iter().map(|path| fs::read(path.with_extension("json")).unwrap().into()).collect()
}

#[test]
fn recorded_programs_lose_next_to_nothing_on_claude() {
    let mut lost = Vec::new();
    for client in ["aider", "opencode", "openai-node", "openai-python"] {
        let requests = recorded(client);
        assert!(!requests.is_empty(), "{client} speaks Chat");
        for request in requests.into_iter().map(read) {
            let spelled = written(&request, OPUS_5);
            assert!(body(&spelled)["messages"].is_array());
            let found = losses(&spelled);
            lost.extend(found.lines().map(|line| format!("{client}: {line}")));
        }
    }
    insta::assert_snapshot!(lost.join("\n"));
}

#[test]
fn a_reasoning_member_is_named_as_the_client_named_it() {
    for (member, name) in [
        (r#""reasoning_effort":"minimal""#, "reasoning_effort"),
        (r#""reasoning":{"effort":"minimal"}"#, "reasoning"),
    ] {
        let body =
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":"1"}}],{member}}}"#);
        let expected = format!("{name}: clamped: the nearest effort that this model takes");
        assert_eq!(losses(&written(&read(body), OPUS_5)), expected);
    }
}

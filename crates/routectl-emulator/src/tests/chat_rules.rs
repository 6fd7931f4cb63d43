//! The Chat host refuses what OpenAI refuses, in its words, and takes what its clients send.

use serde_json::{Value, json};

use super::{body, with};
use crate::Format;
use crate::chat;

pub(super) fn verdict(model: &str, change: &Value) -> Result<(), String> {
    let body = with(body(Format::Chat, model, false, "hi"), change);
    let lenient = model.starts_with("lenient-");
    chat::check(body.as_object().unwrap(), lenient).map_err(|refusal| refusal.message)
}

fn tool(name: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    json!({"type": "function", "function": {"name": name, "parameters": schema}})
}

fn calls(ids: &[&str]) -> Value {
    let call = |id: &&str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let calls: Vec<Value> = ids.iter().map(call).collect();
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn result(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "42"})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_openai_refuses_is_refused() {
    let user = json!({"role": "user", "content": "hi"});
    let long = "c".repeat(41);
    let strict = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": []});
    let closed = with(strict.clone(), &json!({"additionalProperties": false}));
    let strict_tool = |schema: &Value| json!([{"type": "function", "function": {"name": "f", "strict": true, "parameters": schema}}]);
    let cases = [
        (json!({"frobnicate": 1}), "Unrecognized request argument supplied: frobnicate"),
        (json!({"model": null}), "you must provide a model parameter"),
        (json!({"messages": null}), "Missing required parameter: 'messages'"),
        (json!({"messages": []}), "empty array"),
        (json!({"temperature": "1"}), "expected a number, but got a string"),
        (json!({"temperature": 2.5}), "Expected a value <= 2, but got 2.5"),
        (json!({"n": 0}), "Expected a value >= 1"),
        (json!({"n": 1.5}), "expected an integer"),
        (json!({"stream": "true"}), "expected a boolean"),
        (json!({"reasoning_effort": "huge"}), "Invalid value: 'huge'"),
        (
            json!({"stream_options": {"include_usage": true}}),
            "only allowed when 'stream' is enabled",
        ),
        (json!({"parallel_tool_calls": true}), "only allowed when 'tools' are specified"),
        (json!({"tool_choice": "auto"}), "only allowed when 'tools' are specified"),
        (json!({"top_logprobs": 3}), "only allowed when 'logprobs'"),
        (json!({"stop": ["a", "b", "c", "d", "e"]}), "maximum length 4"),
        (json!({"max_tokens": 5, "max_completion_tokens": 5}), "at the same time"),
        (json!({"safety_identifier": "u".repeat(129)}), "maximum length 128"),
        (json!({"metadata": {"team": 1}}), "metadata.team': expected a string"),
        (json!({"metadata": {"team": "t".repeat(513)}}), "maximum length 512"),
        (json!({"tools": []}), "[] is too short - 'tools'"),
        (json!({"tools": [tool("a b")]}), "does not match pattern"),
        (json!({"tools": [tool(&"f".repeat(65))]}), "maximum length 64"),
        (json!({"tools": vec![tool("f"); 129]}), "maximum length 128"),
        (json!({"tools": [{"type": "web_search"}]}), "Invalid value: 'web_search'"),
        (
            json!({"tools": [with(tool("f"), &json!({"cache_control": {"type": "ephemeral"}}))]}),
            "Unknown parameter: 'tools[0].cache_control'",
        ),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f", "input_schema": {}}}]}),
            "Unknown parameter: 'tools[0].function.input_schema'",
        ),
        (
            json!({"tools": [tool("f")], "tool_choice": {"type": "function", "function": {"name": "g"}}}),
            "Tool choice 'g' not found",
        ),
        (json!({"tools": [tool("f")], "tool_choice": "any"}), "Invalid value: 'any'"),
        (json!({"tools": strict_tool(&strict)}), "'additionalProperties' is required"),
        (json!({"tools": strict_tool(&closed)}), "Missing 'a'"),
        (json!({"response_format": {"type": "json_object"}}), "must contain the word 'json'"),
        (json!({"response_format": {"type": "json_schema"}}), "response_format.json_schema"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}),
            "json_schema.name",
        ),
        (
            json!({"messages": [{"content": "hi"}]}),
            "Missing required parameter: 'messages[0].role'",
        ),
        (json!({"messages": [{"role": "robot", "content": "hi"}]}), "Invalid value: 'robot'"),
        (json!({"messages": [{"role": "user"}]}), "expected a string, got null"),
        (json!({"messages": [{"role": "user", "content": []}]}), "empty array"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {}}]}]}),
            "Invalid value: 'video_url'",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {}}]}]}),
            "Unknown parameter",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}]}]}),
            "Invalid image data URL",
        ),
        (json!({"messages": [user, {"role": "assistant"}]}), "expected a string, got null"),
        (
            json!({"messages": [user, {"role": "assistant", "content": "x", "tool_calls": []}]}),
            "[] is too short",
        ),
        (json!({"messages": [user, calls(&["a"])]}), "did not have response messages: a"),
        (
            json!({"messages": [user, {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "mcp.f", "arguments": "{}"}}]}, result("a")]}),
            "messages[1].tool_calls[0].function.name",
        ),
        (
            json!({"messages": [with(user.clone(), &json!({"cache_control": {"type": "ephemeral"}}))]}),
            "Unknown parameter: 'messages[0].cache_control'",
        ),
        (
            json!({"messages": [user, calls(&["a", "b"]), result("a"), user]}),
            "did not have response messages: b",
        ),
        (json!({"messages": [user, result("a")]}), "must be a response to a preceeding message"),
        (
            json!({"messages": [user, calls(&["a"]), result("b")]}),
            "must be a response to a preceeding message",
        ),
        (json!({"messages": [user, calls(&[&long]), result(&long)]}), "maximum length 40"),
        (
            json!({"messages": [user, calls(&["a"]), {"role": "tool", "tool_call_id": "a", "content": [{"type": "image_url", "image_url": {"url": "https://x/"}}]}]}),
            "Invalid value: 'image_url'",
        ),
    ];
    for (change, words) in cases {
        let refused = verdict("mock-1", &change).expect_err(&change.to_string());
        assert!(refused.contains(words), "{change}\n  gave: {refused}\n  not: {words}");
    }
}

#[test]
fn what_clients_send_is_taken() {
    let user = json!({"role": "user", "content": "say json"});
    let echoed = with(
        calls(&["a"]),
        &json!({"refusal": null, "annotations": [], "reasoning_content": "…", "provider_specific_fields": {}}),
    );
    let cases = [
        json!({"temperature": 2.0, "top_p": 0, "seed": -1, "user": "u", "store": false, "metadata": {}}),
        json!({"temperature": null, "tools": null, "stop": null, "stream_options": null}),
        json!({"stream": true, "stream_options": {"include_usage": true}}),
        json!({"tools": [tool("f"), {"type": "function", "function": {"name": "no_parameters"}}], "parallel_tool_calls": false, "tool_choice": "required"}),
        json!({"tools": [{"type": "custom", "custom": {"name": "sql"}}], "tool_choice": {"type": "custom", "custom": {"name": "sql"}}}),
        json!({"messages": [{"role": "developer", "content": "d"}, user, user, {"role": "assistant", "content": ""}]}),
        json!({"messages": [user, echoed, {"role": "tool", "name": "f", "tool_call_id": "a", "content": [{"type": "text", "text": "42"}]}]}),
        json!({"messages": [user, calls(&["a", "b"]), result("b"), result("a"), user]}),
        json!({"messages": [user], "response_format": {"type": "json_object"}}),
        json!({"reasoning_effort": "high", "verbosity": "low", "prompt_cache_key": "k", "safety_identifier": "s", "service_tier": "auto", "max_completion_tokens": 5}),
    ];
    for change in cases {
        assert_eq!(verdict("mock-1", &change), Ok(()), "{change}");
    }
}

#[test]
fn a_lenient_host_lets_unknown_members_pass_and_nothing_else() {
    let parts = json!({"messages": [{"role": "user", "content": [{"type": "video_url"}]}]});
    assert_eq!(verdict("lenient-1", &json!({"top_k": 4, "min_p": 0.1})), Ok(()));
    assert_eq!(verdict("lenient-1", &parts), Ok(()));
    assert!(verdict("lenient-1", &json!({"tools": []})).is_err());
    assert!(verdict("lenient-1", &json!({"messages": [result("a")]})).is_err());
}

#[test]
fn models_that_reason_have_rules_of_their_own() {
    let tools = json!({"tools": [tool("f")], "reasoning_effort": "low"});
    let cases = [
        ("gpt-5.5", json!({"max_tokens": 5}), "Use 'max_completion_tokens' instead"),
        ("gpt-5.5", json!({"temperature": 0.2}), "'temperature' does not support 0.2"),
        ("o4-mini", json!({"top_p": 0.2}), "'top_p' does not support"),
        ("o4-mini", json!({"stop": "x"}), "'stop' is not supported with this model"),
        ("gpt-5.5", json!({"logprobs": true}), "'logprobs' is not supported with this model"),
        ("gpt-5.6", tools, "Function tools with reasoning_effort are not supported"),
        ("gpt-6-astra", json!({"tools": [tool("f")]}), "Function tools"),
    ];
    for (model, change, words) in cases {
        let refused = verdict(model, &change).expect_err(model);
        assert!(refused.contains(words), "{model} {change}: {refused}");
        assert_eq!(verdict("mock-1", &change), Ok(()), "{change}");
    }
    assert_eq!(
        verdict("gpt-5.5", &json!({"temperature": 0.2, "reasoning_effort": "none"})),
        Ok(())
    );
}

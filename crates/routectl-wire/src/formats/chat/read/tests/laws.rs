//! What holds for every request: nothing panics, and nothing vanishes.

use proptest::prelude::*;

use super::{of, read};

/// Every member of a request that the facts know. (facts: OpenAI chat, sections 2 and 9)
const MEMBERS: [&str; 62] = [
    "audio",
    "cache_control",
    "chat_template_kwargs",
    "enable_thinking",
    "frequency_penalty",
    "function_call",
    "functions",
    "grammar",
    "guided_json",
    "ignore_eos",
    "include_reasoning",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "min_p",
    "modalities",
    "model",
    "models",
    "moderation",
    "n",
    "parallel_tool_calls",
    "plugins",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "provider",
    "providerOptions",
    "reasoning",
    "reasoning_effort",
    "reasoning_format",
    "repetition_penalty",
    "response_format",
    "route",
    "safety_identifier",
    "seed",
    "service_tier",
    "session_id",
    "stop",
    "stop_token_ids",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "thinking",
    "thinking_budget",
    "tool_choice",
    "tools",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
    "transforms",
    "typical_p",
    "usage",
    "user",
    "verbosity",
    "web_search_options",
];

/// What a value may be made of, by member, and ask for what happens anyway.
const NOTHING: [(&str, &[&str]); 20] = [
    ("chat_template_kwargs", &["{}"]),
    ("frequency_penalty", &["0", "0.0", "-0.0"]),
    ("functions", &["[]"]),
    ("logit_bias", &["{}"]),
    ("logprobs", &["false"]),
    ("metadata", &["{}"]),
    ("modalities", &["[", "]", ",", r#""text""#]),
    ("model", &[r#""m""#]),
    ("n", &["1", "1.0"]),
    ("presence_penalty", &["0", "0.0", "-0.0"]),
    ("reasoning_effort", &[r#""default""#]),
    ("response_format", &["{", "}", ",", r#""type":"text""#]),
    ("stop", &["[", "]", ",", r#""""#]),
    ("store", &["false"]),
    ("stream", &["false"]),
    ("stream_options", &["{}"]),
    ("thinking", &["{", "}", ",", r#""type":"auto""#, r#""effort":"default""#]),
    ("tools", &["[]"]),
    ("top_k", &["0", "0.0", "-0.0", "-1", "-1.0"]),
    ("top_logprobs", &["0", "0.0", "-0.0"]),
];

fn is_nothing(member: &str, value: &str) -> bool {
    let known = NOTHING.iter().find(|(known, _)| *known == member);
    let of = known.map_or(&[][..], |(_, pieces)| pieces);
    let rest = of.iter().rev().fold(value.to_owned(), |rest, piece| rest.replace(piece, ""));
    value == "null" || rest.is_empty()
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        (-3i64..5).prop_map(|it| it.to_string()),
        (-30i32..60).prop_map(|it| format!("{:.1}", f64::from(it) / 10.0)),
        prop::sample::select(WORDS.to_vec()).prop_map(|it| format!("{it:?}")),
        Just("1e999".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = prop::sample::select(KEYS.to_vec());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((key, inner), 0..5).prop_map(|members| {
                let members = members.iter().map(|(key, value)| format!("{key:?}:{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// Words that mean something somewhere in a request.
const WORDS: [&str; 40] = [
    "",
    "x",
    "text",
    "m",
    "user",
    "assistant",
    "system",
    "tool",
    "function",
    "custom",
    "auto",
    "none",
    "required",
    "high",
    "ephemeral",
    "5m",
    "explicit",
    "json_schema",
    "json_object",
    "image_url",
    "file",
    "refusal",
    "input_audio",
    "enabled",
    "disabled",
    "reasoning.text",
    "reasoning.encrypted",
    "thinking",
    "data:text/plain,hi",
    "data:image/png;base64,AAAA",
    "https://x",
    "allowed_tools",
    "grammar",
    "default",
    "flex",
    "low",
    "a",
    "call_x",
    "{}",
    "developer",
];

/// Names that mean something somewhere in a request.
const KEYS: [&str; 44] = [
    "role",
    "content",
    "type",
    "text",
    "name",
    "tool_calls",
    "tool_call_id",
    "id",
    "function",
    "custom",
    "arguments",
    "input",
    "image_url",
    "url",
    "detail",
    "file",
    "file_data",
    "file_id",
    "filename",
    "refusal",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "signature",
    "data",
    "format",
    "index",
    "cache_control",
    "ttl",
    "prompt_cache_breakpoint",
    "mode",
    "parameters",
    "strict",
    "description",
    "json_schema",
    "schema",
    "effort",
    "max_tokens",
    "exclude",
    "enabled",
    "summary",
    "tools",
    "allowed_tools",
    "odd",
];

/// A request that has every kind of object there is, each with a member that nobody knows.
const EVERYTHING: &str = r#"{*"model":"m","stream_options":{*"include_usage":true},
    "response_format":{*"type":"json_schema","json_schema":{*"name":"n","schema":{"type":"object"}}},
    "reasoning":{*"effort":"low"},"thinking":{*"type":"enabled"},"chat_template_kwargs":{*"thinking":true},
    "cache_control":{*"type":"ephemeral"},
    "tools":[{*"type":"function","function":{*"name":"f","parameters":{"type":"object"},"cache_control":{*"type":"ephemeral"}}},
        {*"type":"custom","custom":{*"name":"c","format":{*"type":"grammar","grammar":{"syntax":"lark","definition":""}}},"cache_control":{*"type":"ephemeral"}}],
    "functions":[{*"name":"g"}],
    "tool_choice":{*"type":"allowed_tools","allowed_tools":{*"mode":"auto","tools":[{*"type":"function","function":{*"name":"f"}}]}},
    "messages":[
        {*"role":"developer","content":[{*"type":"text","text":"a"}]},
        {*"role":"user","cache_control":{*"type":"ephemeral"},"content":[
            {*"type":"text","text":"b","prompt_cache_breakpoint":{*"mode":"explicit"}},
            {*"type":"image_url","image_url":{*"url":"https://x"},"cache_control":{*"type":"ephemeral"}},
            {*"type":"file","file":{*"file_id":"x"}}]},
        {*"role":"assistant","content":[{*"type":"thinking","thinking":[{*"type":"text","text":"t"}]},{*"type":"refusal","refusal":"no"}],
            "reasoning_details":[{*"type":"reasoning.text","text":"t","signature":"s"}],
            "thinking_blocks":[{*"type":"redacted_thinking","data":"d"}],
            "tool_calls":[{*"id":"a","type":"function","function":{*"name":"f","arguments":"{}"}},
                {*"id":"b","type":"custom","custom":{*"name":"c","input":""}}],
            "function_call":{*"name":"g","arguments":""}},
        {*"role":"tool","tool_call_id":"a","content":[{*"type":"text","text":"r"}]},
        {*"role":"tool","tool_call_id":"b","content":""},
        {*"role":"function","name":"g","content":""}]}"#;

/// The value at a path like `messages[3].content[0].odd`.
fn at<'v>(body: &'v serde_json::Value, path: &str) -> &'v serde_json::Value {
    let pointer = path.replace("][", "/").replace([']', '['], "/").replace(['.'], "/");
    let steps = pointer.split('/').filter(|step| !step.is_empty());
    steps.fold(body, |value, step| match step.parse::<usize>() {
        Ok(index) => &value[index],
        Err(_) => &value[step],
    })
}

#[test]
fn every_object_tells_of_the_member_it_does_not_know() {
    let mut count = 0;
    let parts: Vec<_> = EVERYTHING.split("{*").collect();
    let mut body = parts[0].to_owned();
    for part in &parts[1..] {
        body.push_str(&format!(r#"{{"odd":{count},{part}"#));
        count += 1;
    }
    let request = read(&body).unwrap();
    let value: serde_json::Value = serde_json::from_str(&body).unwrap();
    let mut told: Vec<usize> = Vec::new();
    for foreign in &request.foreign {
        assert!(foreign.path.ends_with("odd"), "{foreign:?}");
        assert_eq!(at(&value, &foreign.path).to_string(), foreign.json, "{}", foreign.path);
        told.push(foreign.json.parse().unwrap());
    }
    told.sort_unstable();
    assert_eq!(told, (0..count).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_member_vanishes(member in prop::sample::select(MEMBERS.to_vec()), value in value()) {
        // Null is as good as absent, in every object.
        let value = value.replace(":null", ":7");
        let tools = if member == "tools" { "" } else { r#","tools":[{"function":{"name":"x"}}]"# };
        let base = of(r#"{"role":"user","content":"hi"}"#, tools);
        let plain = read(&base).unwrap();
        let body = base.replacen('{', &format!("{{{member:?}:{value},"), 1);
        if member == "messages" || member == "model" {
            let _ = read(&body);
        } else if let Ok(request) = read(&body) {
            prop_assert!(request != plain || is_nothing(member, &value), "{}: {}", member, value);
        }
    }

    #[test]
    fn no_messages_make_the_reader_panic(messages in prop::collection::vec(value(), 0..5)) {
        let _ = read(&of(&messages.join(","), ""));
    }
}

//! The Messages host refuses what Anthropic refuses, in its words, and takes what its clients
//! send.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{body, with};
use crate::Format;
use crate::messages::{Purpose, admit, check};

fn headers(version: &str, betas: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", "key".parse().unwrap());
    headers.insert("anthropic-version", version.parse().unwrap());
    if !betas.is_empty() {
        headers.insert("anthropic-beta", betas.parse().unwrap());
    }
    headers
}

pub(super) struct Case {
    pub(super) model: &'static str,
    pub(super) version: &'static str,
    pub(super) betas: &'static str,
    pub(super) purpose: Purpose,
}

pub(super) const PLAIN: Case =
    Case { model: "mock-1", version: "2023-06-01", betas: "", purpose: Purpose::Create };

pub(super) fn verdict(case: &Case, change: &Value) -> Result<(), String> {
    let body = with(body(Format::Messages, case.model, false, "hi"), change);
    let mut terms = admit(&headers(case.version, case.betas)).map_err(|it| it.message)?;
    terms.lenient = case.model.starts_with("lenient-");
    check(body.as_object().unwrap(), case.purpose, &terms).map_err(|refusal| refusal.message)
}

pub(super) fn refused(case: &Case, change: &Value, words: &str) {
    let refused = verdict(case, change).expect_err(&change.to_string());
    assert!(refused.contains(words), "{change}\n  gave: {refused}\n  not: {words}");
}

fn tool(name: &str) -> Value {
    json!({"name": name, "input_schema": {"type": "object", "properties": {}}})
}

pub(super) fn turns(turns: &[(&str, Value)]) -> Value {
    let message = |(role, content): &(&str, Value)| json!({"role": role, "content": content});
    json!({"messages": turns.iter().map(message).collect::<Vec<_>>()})
}

fn call(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "f", "input": {}})
}

fn result(id: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": "42"})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn members_that_are_not_known_or_not_right_are_refused() {
    let marks = json!(
        [text("a"), text("b"), text("c"), text("d"), text("e")]
            .map(|it| with(it, &json!({"cache_control": {"type": "ephemeral"}})))
    );
    let inside = json!([with(result("a"), &json!({"content": marks}))]);
    let last =
        json!([with(text("a"), &json!({"cache_control": {"type": "ephemeral", "ttl": "1h"}}))]);
    let late = json!([
        with(text("a"), &json!({"cache_control": {"type": "ephemeral"}})),
        with(text("b"), &json!({"cache_control": {"type": "ephemeral", "ttl": "1h"}}))
    ]);
    let cases = [
        (json!({"frobnicate": 1}), "frobnicate: Extra inputs are not permitted"),
        (json!({"betas": ["x"]}), "betas: Extra inputs are not permitted"),
        (json!({"model": null}), "model: Field required"),
        (json!({"max_tokens": null}), "max_tokens: Field required"),
        (json!({"max_tokens": "5"}), "max_tokens: Input should be a valid integer"),
        (json!({"max_tokens": -1}), "greater than or equal to 0"),
        (json!({"max_tokens": 0, "stream": true}), "0 may not be combined with stream"),
        (
            json!({"max_tokens": 0, "tools": [tool("f")], "tool_choice": {"type": "any"}}),
            "0 may not be combined with a forced tool_choice",
        ),
        (json!({"messages": null}), "messages: Field required"),
        (json!({"messages": []}), "at least one message is required"),
        (json!({"temperature": 1.5}), "less than or equal to 1"),
        (json!({"stop_sequences": [" "]}), "non-whitespace"),
        (json!({"metadata": {"user_id": "u", "team": "t"}}), "metadata.team: Extra inputs"),
        (json!({"system": [text("")]}), "text content blocks must be non-empty"),
        (json!({"system": [{"type": "image"}]}), "Input should be 'text'"),
        (json!({"output_config": {"effort": "huge"}}), "output_config.effort"),
        (
            json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
            "'additionalProperties' must be explicitly set to false",
        ),
        (
            json!({"output_config": {"format": {"type": "json_schema", "name": "x", "schema": {}}}}),
            "format.name: Extra inputs",
        ),
        (json!({"output_config": {"task_budget": {}}}), "task_budget: Extra inputs"),
        (json!({"tools": [tool("a b")]}), "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"),
        (json!({"tools": [tool("f"), tool("f")]}), "Tool names must be unique"),
        (json!({"tools": [{"name": "f"}]}), "tools.0.custom.input_schema: Field required"),
        (
            json!({"tools": [with(tool("f"), &json!({"parameters": {}}))]}),
            "tools.0.custom.parameters: Extra inputs",
        ),
        (
            json!({"tools": [{"name": "f", "input_schema": {"type": "array"}}]}),
            "Input should be 'object'",
        ),
        (json!({"tools": [{"type": "function", "function": {}}]}), "Input tag 'function'"),
        (json!({"tool_choice": {"type": "auto"}}), "only be specified while providing tools"),
        (
            json!({"tools": [tool("f")], "tool_choice": {"type": "tool", "name": "g"}}),
            "Tool 'g' not found",
        ),
        (
            json!({"tools": [tool("f")], "tool_choice": {"type": "required"}}),
            "Input tag 'required'",
        ),
        (
            turns(&[("user", marks)]),
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            turns(&[("user", json!("hi")), ("assistant", json!([call("a")])), ("user", inside)]),
            "Found 5.",
        ),
        (
            with(turns(&[("user", last)]), &json!({"cache_control": {"type": "ephemeral"}})),
            "cache_control of another ttl",
        ),
        (turns(&[("user", late)]), "must not come after a ttl='5m'"),
        (
            json!({"tools": [with(tool("f"), &json!({"description": 1}))]}),
            "description: Input should",
        ),
        (json!({"tools": [with(tool("f"), &json!({"strict": "yes"}))]}), "strict: Input should"),
    ];
    for (change, words) in cases {
        refused(&PLAIN, &change, words);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn histories_that_do_not_hold_together_are_refused() {
    let hi = || ("user", json!("hi"));
    let bad_input = json!([{"type": "tool_use", "id": "a", "name": "f", "input": "{}"}]);
    let cases = [
        (turns(&[("robot", json!("hi"))]), "Input should be 'user' or 'assistant'"),
        (turns(&[("user", json!(""))]), "must have non-empty content"),
        (turns(&[("user", json!([]))]), "must have non-empty content"),
        (turns(&[("user", json!([text("")]))]), "text content blocks must be non-empty"),
        (turns(&[("user", json!([text(" \n")]))]), "must contain non-whitespace text"),
        (turns(&[("user", json!([{"text": "x"}]))]), "messages.0.content.0.type: Field required"),
        (turns(&[("user", json!([{"type": "image_url"}]))]), "Input tag 'image_url' found"),
        (
            turns(&[("user", json!([with(text("x"), &json!({"id": 1}))]))]),
            "messages.0.content.0.text.id: Extra inputs",
        ),
        (
            turns(&[(
                "user",
                json!([{"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": "AAAA"}}]),
            )]),
            "'image/jpeg', 'image/png'",
        ),
        (turns(&[("user", json!([call("a")]))]), "Input tag 'tool_use' found"),
        (turns(&[hi(), ("assistant", bad_input)]), "Input should be a valid dictionary"),
        (
            turns(&[hi(), ("assistant", json!([call("a b")]))]),
            "should match pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (
            turns(&[hi(), ("assistant", json!([call("a")])), hi()]),
            "were found without `tool_result` blocks immediately after: a",
        ),
        (turns(&[hi(), ("assistant", json!([call("a")]))]), "were found without `tool_result`"),
        (turns(&[("assistant", json!("hi")), hi()]), "first message must use the \"user\" role"),
        (
            turns(&[
                hi(),
                ("assistant", json!([with(call("a"), &json!({"name": "mcp.f"}))])),
                ("user", json!([result("a")])),
            ]),
            "tool_use.name: String should match pattern",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([call("a")])),
                ("user", json!([result("a"), result("a")])),
            ]),
            "must have a single result",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([call("a"), call("b")])),
                ("user", json!([result("a")])),
                ("user", json!([result("b")])),
            ]),
            "immediately after: b",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([call("a")])),
                ("user", json!([text("x"), result("a")])),
            ]),
            "unexpected `tool_use_id`",
        ),
        (
            turns(&[("user", json!([result("a")]))]),
            "unexpected `tool_use_id` found in `tool_result` blocks: a",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([call("a"), call("a")])),
                ("user", json!([result("a")])),
            ]),
            "ids must be unique",
        ),
        (turns(&[("system", json!("s")), hi()]), "`system` messages must follow"),
        (turns(&[hi(), ("system", json!("s")), hi()]), "`system` messages must follow"),
        (
            turns(&[hi(), ("assistant", json!("ends in a space "))]),
            "cannot end with trailing whitespace",
        ),
        (
            turns(&[hi(), ("assistant", json!([{"type": "thinking", "thinking": "x"}])), hi()]),
            "thinking.signature: Field required",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([{"type": "thinking", "thinking": "x", "signature": ""}])),
                hi(),
            ]),
            "Invalid `signature` in `thinking` block",
        ),
        (
            turns(&[
                hi(),
                (
                    "assistant",
                    json!([{"type": "thinking", "thinking": "x", "signature": "Zm9yZWlnbg=="}]),
                ),
                hi(),
            ]),
            "messages.1.content.0: Invalid `signature`",
        ),
        (
            turns(&[
                hi(),
                ("assistant", json!([{"type": "redacted_thinking", "data": "Zm9yZWlnbg=="}])),
                hi(),
            ]),
            "Invalid `data` in `redacted_thinking` block",
        ),
    ];
    for (change, words) in cases {
        refused(&PLAIN, &change, words);
    }
}

#[test]
fn thinking_has_rules() {
    let thinking = |value: Value| json!({ "thinking": value });
    let enabled =
        json!({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000});
    let loops = with(
        turns(&[
            ("user", json!("hi")),
            ("assistant", json!([call("a")])),
            ("user", json!([result("a")])),
        ]),
        &enabled,
    );
    let cases = [
        (thinking(json!({"type": "on"})), "Input tag 'on'"),
        (thinking(json!({"type": "enabled"})), "budget_tokens: Field required"),
        (
            thinking(json!({"type": "enabled", "budget_tokens": 1000})),
            "greater than or equal to 1024",
        ),
        (
            thinking(json!({"type": "enabled", "budget_tokens": 2000})),
            "`max_tokens` must be greater than `thinking.budget_tokens`",
        ),
        (
            thinking(json!({"type": "adaptive", "budget_tokens": 2000})),
            "thinking.adaptive.budget_tokens: Extra inputs",
        ),
        (
            thinking(json!({"type": "disabled", "display": "omitted"})),
            "thinking.disabled.display: Extra inputs",
        ),
        (thinking(json!({"type": "adaptive", "display": "updates"})), "thinking.adaptive.display"),
        (with(enabled.clone(), &json!({"temperature": 0.5})), "may only be set to 1 when thinking"),
        (with(enabled.clone(), &json!({"top_k": 5})), "`top_k` must be unset"),
        (with(enabled.clone(), &json!({"top_p": 0.5})), "`top_p` must be greater"),
        (
            with(enabled, &json!({"tools": [tool("f")], "tool_choice": {"type": "any"}})),
            "tool_choice forces tool use",
        ),
        (loops, "Expected `thinking` or `redacted_thinking`, but found `tool_use`"),
    ];
    for (change, words) in cases {
        refused(&PLAIN, &change, words);
    }
}

#[test]
fn headers_decide_what_is_permitted() {
    let newest = Case { version: "2026-10-21", ..PLAIN };
    for name in ["temperature", "top_p", "top_k"] {
        let change = json!({ name: 1 });
        refused(&newest, &change, &format!("{name}: Extra inputs are not permitted"));
        assert_eq!(verdict(&PLAIN, &change), Ok(()));
    }
    let document = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}});
    let history =
        turns(&[("user", json!("hi")), ("assistant", json!([document])), ("user", json!("hi"))]);
    assert_eq!(verdict(&PLAIN, &history), Ok(()));
    refused(&newest, &history, "not supported in assistant messages");

    let pairs = [
        (json!({"context_management": {"edits": []}}), "context-management-2025-06-27"),
        (json!({"mcp_servers": []}), "mcp-client-2025-11-20"),
        (json!({"compaction": {"type": "summarize"}}), "compact-2026-09-04"),
        (json!({"fallbacks": "default"}), "server-side-fallback-2026-07-01"),
        (json!({"thread": {"type": "create"}}), "message-threads-2026-08-12"),
        (json!({"safeguards": []}), "dangerous-tool-use-2026-09-03"),
        (
            json!({"output_format": {"type": "json_schema", "schema": {}}}),
            "structured-outputs-2025-11-13",
        ),
        (json!({"output_config": {"task_budget": {"type": "tokens"}}}), "task-budgets-2026-03-13"),
        (
            json!({"messages": [{"role": "user", "content": "hi"}, {"role": "system", "content": [], "output_config": {"effort": "low"}}]}),
            "per-turn-control-2026-07-01",
        ),
    ];
    for (change, betas) in pairs {
        refused(&PLAIN, &change, "Extra inputs are not permitted");
        let with_beta = Case { betas: &format!("other-2025-01-01, {betas}").leak()[..], ..PLAIN };
        assert_eq!(verdict(&with_beta, &change), Ok(()), "{change}");
    }
    refused(&Case { betas: "unheard-of", ..PLAIN }, &json!({}), "Unexpected value(s) `unheard-of`");
    assert_eq!(verdict(&Case { betas: "unheard-of-2026-01-01", ..PLAIN }, &json!({})), Ok(()));
    refused(&Case { version: "2020-01-01", ..PLAIN }, &json!({}), "not a valid version");
}

#[test]
fn credentials_are_asked_for() {
    let ask = |pairs: &[(&'static str, &str)]| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        admit(&headers).map(|_| ()).map_err(|it| (it.status, it.message))
    };
    let version = ("anthropic-version", "2023-06-01");
    assert_eq!(ask(&[version, ("x-api-key", "k")]), Ok(()));
    assert_eq!(ask(&[version, ("authorization", "Bearer k")]), Ok(()));
    let login = ("authorization", "Bearer sk-ant-oat01-x");
    assert_eq!(ask(&[version, login, ("anthropic-beta", "oauth-2025-04-20")]), Ok(()));
    for pairs in [
        &[version][..],
        &[version, ("x-api-key", "")],
        &[version, ("authorization", "Bearer ")],
        &[version, login],
        &[version, ("x-api-key", "wrong")],
    ] {
        assert_eq!(ask(pairs).unwrap_err().0, 401, "{pairs:?}");
    }
    let missing = ask(&[("x-api-key", "k")]).unwrap_err();
    assert_eq!(missing, (400, "anthropic-version: header is required".to_owned()));
}

#[test]
fn generations_of_models_differ() {
    let prefill = turns(&[("user", json!("hi")), ("assistant", json!("so"))]);
    let system = turns(&[("user", json!("hi")), ("system", json!("s"))]);
    let forced = json!({"tools": [tool("f")], "tool_choice": {"type": "any"}});
    let thinking = |kind: &str| json!({"thinking": {"type": kind, "budget_tokens": if kind == "enabled" { json!(1024) } else { Value::Null }}, "max_tokens": 2048});
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    let calm = |kind: &str| json!({"thinking": {"type": kind}, "output_config": {"effort": "max"}});
    let used = turns(&[
        ("user", json!("hi")),
        ("assistant", json!([call("a")])),
        ("user", json!([result("a")])),
    ]);
    let cases = [
        ("claude-haiku-4-5", adaptive.clone(), "adaptive thinking is not supported"),
        (
            "claude-haiku-4-5",
            json!({"output_config": {"effort": "low"}}),
            "does not support the effort",
        ),
        ("claude-haiku-4-5", json!({"temperature": 0.5, "top_p": 0.5}), "cannot both be specified"),
        ("claude-haiku-4-5", system.clone(), "Unexpected role \"system\""),
        (
            "claude-haiku-4-5",
            json!({"max_tokens": 64001}),
            "64001 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5",
        ),
        ("claude-opus-4-5", json!({"output_config": {"effort": "max"}}), "effort level 'max'"),
        ("claude-opus-4-6", prefill.clone(), "does not support assistant message prefill"),
        ("claude-opus-4-7", json!({"temperature": 0.5}), "`temperature` is not supported"),
        ("claude-opus-4-8", thinking("enabled"), "\"thinking.type.enabled\" is not supported"),
        ("claude-sonnet-5", system.clone(), "Unexpected role \"system\""),
        (
            "claude-opus-5-5",
            json!({"thinking": {"type": "disabled"}}),
            "\"thinking.type.disabled\" is not supported",
        ),
        ("claude-opus-5-5", forced.clone(), "are not supported for this model"),
        ("claude-opus-5", calm("disabled"), "only be turned off at effort 'high' or below"),
        ("claude-sonnet-5-5", calm("between_tools"), "only be turned off at effort"),
        ("claude-haiku-4-5", used.clone(), "Requires tools to be defined"),
        ("claude-fable-5-1", forced.clone(), "are not supported for this model"),
    ];
    for (model, change, words) in cases {
        refused(&Case { model, ..PLAIN }, &change, words);
    }
    let accepted = [
        ("claude-haiku-4-5", prefill.clone()),
        ("claude-haiku-4-5", forced.clone()),
        ("claude-fable-5", forced.clone()),
        ("claude-opus-4-8", calm("disabled")),
        ("claude-opus-5", used),
        ("claude-opus-5-5", system.clone()),
        ("claude-opus-5-5", adaptive.clone()),
        ("claude-opus-4-7", json!({"temperature": 1})),
        ("anything-else", with(prefill, &json!({"temperature": 0.5, "top_p": 0.5}))),
        ("anything-else", forced),
        ("anything-else", system),
        ("anything-else", adaptive),
    ];
    for (model, change) in accepted {
        assert_eq!(verdict(&Case { model, ..PLAIN }, &change), Ok(()), "{model} {change}");
    }
}

#[test]
fn what_clients_send_is_taken() {
    let cached = with(text("x"), &json!({"cache_control": {"type": "ephemeral"}}));
    let deferred = with(
        tool("f"),
        &json!({"defer_loading": true, "eager_input_streaming": true, "type": "custom"}),
    );
    let loaded = json!([{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference", "tool_name": "f"}], "cache_control": {"type": "ephemeral"}}, text("Tool loaded.")]);
    let image = json!({"type": "image", "source": {"type": "base64", "data": "aGk=", "media_type": "image/png"}});
    let results = json!([result("b"), {"type": "tool_result", "tool_use_id": "a", "content": [image], "is_error": true}]);
    let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 8});
    let cases = [
        json!({"system": [text("a"), cached], "metadata": {"user_id": "{\"device_id\":\"x\"}"}, "stream": false}),
        json!({"tools": [deferred, search], "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
        json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}}),
        json!({"speed": "fast", "inference_geo": "us", "service_tier": "auto", "container": "c", "cache_control": {"type": "ephemeral"}}),
        turns(&[("user", json!("hi")), ("assistant", json!([call("a")])), ("user", loaded)]),
        turns(&[
            ("user", json!("hi")),
            ("assistant", json!([text("x"), call("a"), call("b")])),
            ("user", results),
        ]),
        turns(&[
            ("user", json!("hi")),
            ("system", json!([cached])),
            ("assistant", json!("x")),
            ("user", json!("more")),
        ]),
        turns(&[
            ("user", json!("hi")),
            ("user", json!("hi")),
            (
                "assistant",
                json!([{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}]),
            ),
        ]),
    ];
    for change in cases {
        assert_eq!(verdict(&PLAIN, &change), Ok(()), "{change}");
    }
}

#[test]
fn a_lenient_host_lets_unknown_members_and_foreign_seals_pass() {
    let lenient = Case { model: "lenient-1", ..PLAIN };
    let foreign =
        json!([{"type": "thinking", "thinking": "x", "signature": "foreign"}, {"type": "novelty"}]);
    let history = turns(&[("user", json!("hi")), ("assistant", foreign), ("user", json!("hi"))]);
    for change in [json!({"frobnicate": 1, "context_management": {}}), history] {
        assert_eq!(verdict(&lenient, &change), Ok(()), "{change}");
    }
    refused(&lenient, &json!({"max_tokens": null}), "max_tokens: Field required");
    refused(&lenient, &turns(&[("user", json!([result("a")]))]), "unexpected `tool_use_id`");
}

#[test]
fn counting_knows_fewer_members() {
    let count = Case { purpose: Purpose::Count, ..PLAIN };
    refused(&count, &json!({}), "max_tokens: Extra inputs are not permitted");
    refused(&count, &json!({"max_tokens": null, "stream": true}), "stream: Extra inputs");
    let change =
        json!({"max_tokens": null, "tools": [tool("f")], "thinking": {"type": "adaptive"}});
    assert_eq!(verdict(&count, &change), Ok(()));
}

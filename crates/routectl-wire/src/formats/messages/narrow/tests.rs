use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const ALL_BETAS: &[&str] = &[
    "context-management-2025-06-27",
    "per-turn-control-2026-07-01",
    "tool-search-tool-2025-10-19",
    "fine-grained-tool-streaming-2025-05-14",
    "task-budgets-2026-03-13",
];

fn document(body: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn bedrock<'a>(betas: &'a [&'a str]) -> Narrowing<'a> {
    Narrowing {
        refused: BEDROCK_REFUSES,
        betas,
        inline_media: true,
        marks_blocks: true,
        ..Narrowing::default()
    }
}

/// What a host gets of a body, and what was lost.
fn sent(body: &str, narrowing: &Narrowing<'_>) -> (String, Vec<String>) {
    let body = document(body);
    let fit = narrow(&body, narrowing);
    let sent = body.spliced(&fit.edits).joined();
    let again = narrow(&Document::parse(sent.clone()).unwrap(), narrowing);
    assert_eq!(again.edits, [], "a second pass does nothing: {sent:?}");
    let losses = fit.losses.iter().map(|it| format!("{} {}", it.path, it.fate.name()));
    (String::from_utf8(sent.to_vec()).unwrap(), losses.collect())
}

fn check(narrowing: &Narrowing<'_>, cases: &[(&str, &str, &[&str])]) {
    for (body, expected, losses) in cases {
        let (sent, lost) = sent(body, narrowing);
        assert_eq!(sent, *expected, "{body}");
        assert_eq!(lost, *losses, "{body}");
    }
}

#[test]
fn what_a_host_never_takes_leaves_wherever_it_stands() {
    check(
        &bedrock(ALL_BETAS),
        &[
            (
                r#"{"a":1, "mcp_servers":[{"authorization_token":"t"}], "speed":"fast","b":2.0}"#,
                r#"{"a":1, "b":2.0}"#,
                &["mcp_servers dropped", "speed dropped"],
            ),
            (
                r#"{"system":[{"type":"text","text":"scope","cache_control":{"type":"ephemeral", "scope":"global"}}],"messages":[]}"#,
                r#"{"system":[{"type":"text","text":"scope","cache_control":{"type":"ephemeral"}}],"messages":[]}"#,
                &["system[0].cache_control.scope dropped"],
            ),
            (
                r#"{"messages":[{"content":[{"type":"tool_result","content":[{"text":"x","cache_control":{"scope":"g","ttl":"1h"}}],"cache_control":{"scope":"g"}}]}]}"#,
                r#"{"messages":[{"content":[{"type":"tool_result","content":[{"text":"x","cache_control":{"ttl":"1h"}}]}]}]}"#,
                &[
                    "messages[0].content[0].cache_control dropped",
                    "messages[0].content[0].content[0].cache_control.scope dropped",
                ],
            ),
            // What only looks like it stays.
            (
                r#"{"tools":[{"input_schema":{"properties":{"scope":{},"speed":{}}}}],"messages":[{"content":"\"mcp_servers\": {\"scope\": 1}"}]}"#,
                r#"{"tools":[{"input_schema":{"properties":{"scope":{},"speed":{}}}}],"messages":[{"content":"\"mcp_servers\": {\"scope\": 1}"}]}"#,
                &[],
            ),
        ],
    );
}

#[test]
fn a_member_goes_with_its_beta_or_not_at_all() {
    let body = r#"{"context_management":{"edits":[]},"output_config":{"effort":"low","task_budget":{"total":9}},"thinking":{"type":"adaptive","display":"updates"},"messages":[{"role":"user","content":"hi","output_config":{"effort":"max"}}],"tools":[{"name":"a","defer_loading":true},{"name":"b","eager_input_streaming":true,"input_examples":[1]}]}"#;
    let all = [ALL_BETAS, &["thinking-display-updates-2026-08-18"]].concat();
    check(&bedrock(&all), &[(body, body, &[])]);
    check(
        &bedrock(&[]),
        &[(
            body,
            r#"{"output_config":{"effort":"low"},"thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"a"},{"name":"b"}]}"#,
            &[
                "context_management dropped",
                "output_config.task_budget dropped",
                "thinking.display dropped",
                "messages[0].output_config dropped",
                "tools[0].defer_loading dropped",
                "tools[1].input_examples dropped",
                "tools[1].eager_input_streaming dropped",
            ],
        )],
    );
    // Other ways to show thinking take no beta.
    let omitted = r#"{"thinking":{"type":"adaptive","display":"omitted"}}"#;
    check(&bedrock(&[]), &[(omitted, omitted, &[])]);
}

#[test]
fn tools_that_were_found_are_named_where_they_are_not_searched_for() {
    let found = r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"tool_reference","tool_name":"Web\"Fetch","cache_control":{"type":"ephemeral"}},{"type":"text","text":"loaded"}]}]}]}"#;
    check(&bedrock(ALL_BETAS), &[(found, found, &[])]);
    check(
        &bedrock(&[]),
        &[(
            found,
            r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"text","text":"Web\"Fetch","cache_control":{"type":"ephemeral"}},{"type":"text","text":"loaded"}]}]}]}"#,
            &["messages[0].content[0].content[0] degraded"],
        )],
    );
}

#[test]
fn an_operators_list_holds_at_the_depth_at_which_it_is_written() {
    let allowed =
        ["anthropic_version", "messages", "max_tokens", "output_config.effort"].map(str::to_owned);
    let narrowing = Narrowing { allowed: &allowed, ..bedrock(&[]) };
    check(
        &narrowing,
        &[
            (
                r#"{"model":"m","max_tokens":1,"messages":[],"metadata":{"user_id":"u"},"output_config":{"format":{}, "effort":"low"},"stream":true}"#,
                r#"{"model":"m","max_tokens":1,"messages":[],"output_config":{"effort":"low"},"stream":true}"#,
                &["metadata dropped", "output_config.format dropped"],
            ),
            (
                r#"{"messages":[],"output_config":{"format":{}}}"#,
                r#"{"messages":[]}"#,
                &["output_config dropped"],
            ),
        ],
    );
}

#[test]
fn what_was_refused_before_leaves_before_it_is_sent() {
    let learned = ["tools.*.strict", "metadata", "messages.*.content.*.citations"].map(Arc::from);
    let narrowing = Narrowing { learned: &learned, ..bedrock(&[]) };
    check(
        &narrowing,
        &[(
            r#"{"metadata":{},"tools":[{"name":"strict"},{"name":"b","strict":true}],"messages":[{"content":[{"type":"text","citations":[]}]}]}"#,
            r#"{"tools":[{"name":"strict"},{"name":"b"}],"messages":[{"content":[{"type":"text"}]}]}"#,
            &[
                "metadata dropped",
                "tools[1].strict dropped",
                "messages[0].content[0].citations dropped",
            ],
        )],
    );
}

#[test]
fn media_by_reference_is_for_another_target() {
    let image = |source: &str| {
        format!(
            r#"{{"messages":[{{"content":[{{"type":"image","source":{source}}},{{"type":"tool_result","content":[{{"type":"document","source":{source}}}]}}]}}]}}"#
        )
    };
    let lost = |source: &str| sent(&image(source), &bedrock(&[])).1;
    let refused = [
        "messages[0].content[0].source refused",
        "messages[0].content[1].content[0].source refused",
    ];
    assert_eq!(lost(r#"{"type": "url", "url":"https://x"}"#), refused);
    assert_eq!(lost(r#"{"type":"file","file_id":"f"}"#), refused);
    assert_eq!(lost(r#"{"type":"base64","data":"url"}"#), [""; 0]);
    let elsewhere = Narrowing { inline_media: false, ..bedrock(&[]) };
    assert_eq!(sent(&image(r#"{"type":"url"}"#), &elsewhere).1, [""; 0]);
}

#[test]
fn a_mark_of_the_whole_request_moves_to_its_last_block() {
    let mark = r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#;
    let at = |messages: &str| {
        let body = format!(r#"{{{mark}, "messages":[{{"content":"a"}},{messages}]}}"#);
        let (sent, lost) = sent(&body, &bedrock(&[]));
        let sent = sent.strip_prefix(r#"{"messages":[{"content":"a"},"#).unwrap();
        (sent.strip_suffix("]}").unwrap().to_owned(), lost)
    };
    let none = Vec::<String>::new();
    for (messages, expected) in [
        (
            r#"{"content":"b"}"#.to_owned(),
            format!(r#"{{"content":[{{"type":"text","text":"b",{mark}}}]}}"#),
        ),
        (
            r#"{"content":[{"type":"text","text":"b"},{"type":"thinking","thinking":"hm"}]}"#
                .to_owned(),
            format!(
                r#"{{"content":[{{"type":"text","text":"b",{mark}}},{{"type":"thinking","thinking":"hm"}}]}}"#
            ),
        ),
        (
            r#"{"content":[{"type":"tool_result","content":"r"},{"type":"text","text":" "}]}"#
                .to_owned(),
            format!(
                r#"{{"content":[{{"type":"tool_result","content":"r",{mark}}},{{"type":"text","text":" "}}]}}"#
            ),
        ),
        (
            r#"{"content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}"#
                .to_owned(),
            r#"{"content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}"#
                .to_owned(),
        ),
    ] {
        assert_eq!(at(&messages), (expected, none.clone()), "{messages}");
    }
    assert_eq!(at(r#"{"content":" "}"#).1, ["cache_control dropped"]);
    let four = [r#"{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}"#; 4].join(",");
    let full = format!(r#"{{"content":[{four},{{"type":"text","text":"b"}}]}}"#);
    assert_eq!(at(&full), (full.clone(), vec!["cache_control dropped".to_owned()]));
    // A scope of the mark does not go along.
    let scoped =
        r#"{"cache_control":{"type":"ephemeral","scope":"g"},"messages":[{"content":"a"}]}"#;
    check(
        &bedrock(&[]),
        &[(
            scoped,
            r#"{"messages":[{"content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]}"#,
            &[],
        )],
    );
}

#[test]
fn what_only_the_model_knows_is_narrowed_where_converse_takes_it() {
    let narrowing = Narrowing { within: Some(MODEL_FIELDS), ..bedrock(&[]) };
    check(
        &narrowing,
        &[
            (
                r#"{"serviceTier":{},"additionalModelRequestFields":{"thinking":{"type":"adaptive"},"context_management":{},"speed":"fast"}}"#,
                r#"{"serviceTier":{},"additionalModelRequestFields":{"thinking":{"type":"adaptive"}}}"#,
                &["context_management dropped", "speed dropped"],
            ),
            (
                r#"{"additionalModelRequestFields":{"context_management":{}},"messages":[]}"#,
                r#"{"messages":[]}"#,
                &["context_management dropped"],
            ),
            (r#"{"speed":1}"#, r#"{"speed":1}"#, &[]),
        ],
    );
}

fn asked<'a>(client: &'a str, allowed: &'a [String], refused: &'a [Arc<str>]) -> Asking<'a> {
    let never = BEDROCK_REFUSES;
    Asking {
        floor: vec!["floor-1"],
        extras: vec!["extra-1"],
        client: vec![client],
        allowed,
        refused,
        never,
    }
}

#[test]
fn the_operators_betas_go_and_the_clients_where_they_may() {
    let body = document(r#"{"messages":[]}"#);
    let allowed = ["a".to_owned(), "advanced-tool-use-2025-11-20".to_owned()];
    let refused = [Arc::from("floor-1"), Arc::from("b")];
    for (client, allowed, expected, left) in [
        ("a, b,a,floor-1", &[][..], "floor-1 extra-1 a", "b"),
        ("a,c", &allowed[..], "floor-1 extra-1 a", "c"),
        // A beta of members that never go has nothing to unlock.
        (
            "mcp-client-2025-11-20,fast-mode-2026-02-01,prompt-caching-scope-2026-01-05",
            &[][..],
            "floor-1 extra-1",
            "mcp-client-2025-11-20 fast-mode-2026-02-01 prompt-caching-scope-2026-01-05",
        ),
        (
            "advanced-tool-use-2025-11-20",
            &[][..],
            "floor-1 extra-1 tool-search-tool-2025-10-19",
            "",
        ),
        (
            "advanced-tool-use-2025-11-20",
            &allowed[..],
            "floor-1 extra-1 tool-search-tool-2025-10-19",
            "",
        ),
        ("", &[][..], "floor-1 extra-1", ""),
    ] {
        let betas = betas(&asked(client, allowed, &refused), &body);
        assert_eq!(
            (betas.go.join(" "), betas.left.join(" ")),
            (expected.to_owned(), left.to_owned()),
            "{client}"
        );
        let paths: Vec<_> = betas.losses().map(|loss| loss.path).collect();
        assert_eq!(paths.len(), betas.left.len());
        assert!(paths.iter().all(|path| path.starts_with("anthropic-beta: ")));
    }
}

#[test]
fn what_a_host_wants_a_beta_for_brings_it_along() {
    let body = document(r#"{"tools":[{"name":"defer_loading","input_examples":[]}]}"#);
    let go = |client, allowed: &[String], refused: &[Arc<str>]| {
        betas(&asked(client, allowed, refused), &body).go[2..].join(" ")
    };
    assert_eq!(go("", &[], &[]), "tool-search-tool-2025-10-19");
    assert_eq!(
        go("tool-examples-2025-10-29", &[], &[]),
        "tool-examples-2025-10-29 tool-search-tool-2025-10-19"
    );
    assert_eq!(go("", &["x".to_owned()], &[]), "");
    assert_eq!(go("", &[], &["tool-search-tool-2025-10-19".into()]), "tool-examples-2025-10-29");
}

#[test]
fn the_path_of_a_refusal_names_a_member_of_what_was_sent() {
    let body = document(
        r#"{"thinking":{"type":"enabled","display":"x"},"context_management":{"edits":[{"type":"t","keep":1}]},
        "tools":[{"name":"a"},{"name":"b","defer_loading":true,"strict":1}],
        "messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"x","cache_control":{"type":"ephemeral","scope":"g"}}],"output_config":{}},
        {"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"base64","extra":1}}]},{"type":"thinking","thinking":"h","more":1}]}],
        "additionalModelRequestFields":{"speed":"fast","output_config":{"format":1}}}"#,
    );
    for (path, expected) in [
        ("context_management", Some("context_management")),
        ("tools.1.custom.defer_loading", Some("tools.*.defer_loading")),
        ("tools.1.strict", Some("tools.*.strict")),
        ("messages.0.output_config", Some("messages.*.output_config")),
        (
            "messages.0.content.1.text.cache_control.ephemeral.scope",
            Some("messages.*.content.*.cache_control.scope"),
        ),
        (
            "messages.1.content.0.tool_result.content.0.image.source.base64.extra",
            Some("messages.*.content.*.content.*.source.extra"),
        ),
        ("messages.1.content.1.thinking.more", Some("messages.*.content.*.more")),
        ("thinking.enabled.display", Some("thinking.display")),
        ("context_management.edits.0.t.keep", Some("context_management.edits.*.keep")),
        ("speed", Some("speed")),
        ("output_config.format", Some("output_config.format")),
        // Not there, or not for us to take out.
        ("tools.0.custom.defer_loading", None),
        ("tools.7.custom.defer_loading", None),
        ("nothing", None),
        ("", None),
        ("messages.0.content.0.text", None),
        ("messages.0", None),
        ("messages", None),
        ("tools", None),
        ("a.b.c.d.e", None),
    ] {
        assert_eq!(pattern(&body, path).as_deref(), expected, "{path}");
    }
}

fn json(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(words).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(words), inner, 0..4)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

const WORDS: &[&str] = &[
    "tools",
    "messages",
    "system",
    "content",
    "type",
    "text",
    "cache_control",
    "scope",
    "ttl",
    "defer_loading",
    "tool_reference",
    "source",
    "url",
    "image",
    "output_config",
    "effort",
    "name",
];

proptest! {
    #[test]
    fn any_body_stays_json_and_a_second_pass_does_nothing(
        tops in prop::collection::vec((prop::sample::select(WORDS), json(WORDS)), 0..6),
        all in any::<bool>(),
    ) {
        let members = tops.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name)));
        let text = format!("{{{}}}", members.collect::<Vec<_>>().join(" , "));
        let narrowing = bedrock(if all { ALL_BETAS } else { &[] });
        let body = document(&text);
        let fit = narrow(&body, &narrowing);
        let out = body.spliced(&fit.edits).joined();
        let _: Value = serde_json::from_slice(&out).unwrap();
        let again = narrow(&Document::parse(out).unwrap(), &narrowing);
        prop_assert_eq!(again.edits, [], "{}", text);
    }

    /// What no rule names is there byte for byte, in its order.
    #[test]
    fn nothing_else_changes(
        before in json(&["a", "b", "c"]), behind in json(&["a", "b"]), spaces in " {0,3}",
    ) {
        let text = format!(
            "{{\"a\":{spaces}{before} ,\"speed\":1,\"tools\": [ {{\"x\":{before},\"cache_control\":{{\"scope\":1,\"ttl\":{behind}}}}} ],\"z\" :{behind}}}"
        );
        let expected = format!(
            "{{\"a\":{spaces}{before} ,\"tools\": [ {{\"x\":{before},\"cache_control\":{{\"ttl\":{behind}}}}} ],\"z\" :{behind}}}"
        );
        prop_assert_eq!(sent(&text, &bedrock(&[])).0, expected);
    }
}

#[test]
fn a_schema_of_the_answer_goes_by_its_newer_name_where_the_beta_of_the_older_one_does_not() {
    let without = bedrock(ALL_BETAS);
    check(
        &without,
        &[
            (
                r#"{"output_format":{"type":"json_schema","schema":{}},"messages":[]}"#,
                r#"{"messages":[],"output_config":{"format":{"type":"json_schema","schema":{}}}}"#,
                &[],
            ),
            (
                r#"{"output_config":{"effort":"low"},"output_format":{"a":1.0},"messages":[]}"#,
                r#"{"output_config":{"effort":"low","format":{"a":1.0}},"messages":[]}"#,
                &[],
            ),
            (
                r#"{"output_config":{"format":{"b":1}},"output_format":{"a":1},"messages":[]}"#,
                r#"{"output_config":{"format":{"b":1}},"messages":[]}"#,
                &["output_format dropped"],
            ),
        ],
    );
    let effort_only = ["messages".to_owned(), "output_config.effort".to_owned()];
    let narrowing = Narrowing { allowed: &effort_only, ..without.clone() };
    let body = r#"{"output_format":{"a":1},"messages":[]}"#;
    check(&narrowing, &[(body, r#"{"messages":[]}"#, &["output_format dropped"])]);
    let with = bedrock(&["structured-outputs-2025-11-13"]);
    check(&with, &[(body, body, &[])]);
}

#[test]
fn what_is_bound_by_a_beta_leaves_without_it() {
    let body = r#"{"thinking":{"type":"adaptive","block_binding":{"x":1}},"messages":[]}"#;
    let bare = r#"{"thinking":{"type":"adaptive"},"messages":[]}"#;
    check(&bedrock(ALL_BETAS), &[(body, bare, &["thinking.block_binding dropped"])]);
    check(&bedrock(&["thinking-binding-controls-2026-08-01"]), &[(body, body, &[])]);
}

//! Nothing vanishes: every member of every object is in the hub, is foreign, or is refused.

use proptest::prelude::*;

use super::{messages, read, with};

/// Every member of the body, and of what stands below it, by a value that means something.
const MEMBERS: &[&str] = &[
    r#""system":"s""#,
    r#""system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]"#,
    r#""stop_sequences":["x"]"#,
    r#""stream":true"#,
    r#""temperature":0.5"#,
    r#""top_p":0.5"#,
    r#""top_k":1"#,
    r#""tools":[{"name":"f","input_schema":{}}]"#,
    r#""thinking":{"type":"enabled","budget_tokens":1024}"#,
    r#""thinking":{"type":"adaptive"}"#,
    r#""thinking":{"type":"disabled"}"#,
    r#""thinking":{"type":"between_tools"}"#,
    r#""output_config":{"effort":"low"}"#,
    r#""output_config":{"format":{"type":"json_schema","schema":{}}}"#,
    r#""output_config":{"task_budget":{"type":"tokens","total":20000}}"#,
    r#""output_format":{"type":"json_schema","schema":{}}"#,
    r#""metadata":{"user_id":"u"}"#,
    r#""service_tier":"auto""#,
    r#""service_tier":"standard_only""#,
    r#""speed":"fast""#,
    r#""inference_geo":"us""#,
    r#""cache_control":{"type":"ephemeral"}"#,
    r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#,
    r#""container":"c""#,
    r#""container":{"skills":[]}"#,
    r#""diagnostics":{"previous_message_id":null}"#,
    r#""context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#,
    r#""mcp_servers":[{"type":"url","url":"u","name":"n"}]"#,
    r#""compaction":{"type":"summarize"}"#,
    r#""fallbacks":"default""#,
    r#""fallbacks":[{"model":"m"}]"#,
    r#""fallback_credit_token":"t""#,
    r#""thread":{"type":"create"}"#,
    r#""thread":{"type":"continue","previous_message_id":"m"}"#,
    r#""billing_policy":{"type":"billing_policy","bill_to":"self"}"#,
    r#""brand_new_member":1"#,
];

/// Objects that hold members, with a hole for one more.
const HOLES: &[&str] = &[
    r#""thinking":{"type":"adaptive",HOLE}"#,
    r#""output_config":{"effort":"low",HOLE}"#,
    r#""output_config":{"format":{"type":"json_schema","schema":{},HOLE}}"#,
    r#""metadata":{HOLE}"#,
    r#""cache_control":{"type":"ephemeral",HOLE}"#,
    r#""tools":[{"name":"f","input_schema":{},HOLE}]"#,
    r#""tools":[{"type":"web_search_20250305","name":"web_search",HOLE}]"#,
    r#""tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"auto",HOLE}"#,
    r#""system":[{"type":"text","text":"s",HOLE}]"#,
    r#""messages":[{"role":"user","content":"x",HOLE}]"#,
    r#""messages":[{"role":"user","content":[{"type":"text","text":"x",HOLE}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral",HOLE}}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"},HOLE}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"m","data":"d",HOLE}}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"u"},HOLE}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"u",HOLE}}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":"u",HOLE}}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"search_result","source":"s","title":"t","content":[],HOLE}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x",HOLE}]}]}]"#,
    r#""messages":[{"role":"user","content":[{"type":"container_upload","file_id":"f",HOLE}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"connector_text","connector_text":"c",HOLE}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{},HOLE}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{HOLE}}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s",HOLE}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"d",HOLE}]}]"#,
    r#""messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t",HOLE}]}]"#,
];

#[test]
fn every_member_of_the_body_leaves_a_trace() {
    let plain = read(&with(r#""x":null"#)).unwrap();
    for members in MEMBERS {
        let names = plain.names;
        let request = routectl_core::Request { names, ..read(&with(members)).unwrap() };
        assert_ne!(request, plain, "{members} vanished");
    }
    let tools = r#""tools":[{"name":"f","input_schema":{}}]"#;
    let plain = read(&with(tools)).unwrap();
    for choice in [
        r#"{"type":"auto"}"#,
        r#"{"type":"none"}"#,
        r#"{"type":"any"}"#,
        r#"{"type":"tool","name":"f"}"#,
        r#"{"type":"auto","disable_parallel_tool_use":true}"#,
    ] {
        let request = read(&with(&format!(r#"{tools},"tool_choice":{choice}"#))).unwrap();
        assert_ne!(request, plain, "{choice} vanished");
    }
}

#[test]
fn every_unknown_member_is_foreign_wherever_it_stands() {
    for object in HOLES {
        let body = with(&object.replace("HOLE", r#""novelty":{"deep":["trace"]}"#));
        let request = read(&body).unwrap_or_else(|bad| panic!("{object}: {bad}"));
        assert!(format!("{request:?}").contains("trace"), "{object}: novelty vanished");
    }
}

/// Any JSON value, small.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        Just("1e400".to_owned()),
        Just("-0.5".to_owned()),
        "[a-z_]{0,8}".prop_map(|word| format!("{word:?}")),
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""ephemeral""#.to_owned()),
    ];
    let name = prop_oneof![
        Just("type".to_owned()),
        Just("content".to_owned()),
        Just("source".to_owned()),
        Just("cache_control".to_owned()),
        Just("input".to_owned()),
        "[a-z_]{1,8}",
    ];
    let kind = prop_oneof![
        Just("text"),
        Just("image"),
        Just("document"),
        Just("tool_use"),
        Just("tool_result"),
        Just("thinking"),
        Just("redacted_thinking"),
        Just("search_result"),
        Just("server_tool_use"),
        Just("enabled"),
        Just("base64"),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            (kind.clone(), members).prop_map(|(kind, members)| {
                let members = members.iter().map(|(name, value)| format!(",\"{name}\":{value}"));
                format!("{{\"type\":\"{kind}\"{}}}", members.collect::<String>())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_of_any_member_is_read_or_refused_by_name(at in 0..MEMBERS.len(), value in value()) {
        let name = MEMBERS[at].split('"').nth(1).unwrap();
        if let Err(bad) = read(&with(&format!("\"{name}\":{value}"))) {
            prop_assert!(bad.path.starts_with(name), "{}: {bad}", value);
        }
    }

    #[test]
    fn any_value_in_any_object_is_read_or_refused(at in 0..HOLES.len(), name in "[a-z_]{1,12}|text|source|content|cache_control|citations|caller|context|ttl|display", value in value()) {
        let member = format!("\"{name}\":{value}");
        if let Err(bad) = read(&with(&HOLES[at].replace("HOLE", &member))) {
            prop_assert!(!bad.path.is_empty() && !bad.problem.is_empty(), "{bad:?}");
        }
    }

    #[test]
    fn any_content_is_read_or_refused(role in "user|assistant|system", value in value()) {
        if let Err(bad) = read(&messages(&format!(r#"{{"role":"{role}","content":{value}}}"#))) {
            prop_assert!(bad.path.starts_with("messages"), "{}: {bad}", value);
        }
    }

    #[test]
    fn the_same_bytes_are_the_same_request(value in value()) {
        let body = messages(&format!(r#"{{"role":"user","content":{value}}}"#));
        prop_assert_eq!(read(&body), read(&body));
    }
}

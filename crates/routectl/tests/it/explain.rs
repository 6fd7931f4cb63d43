//! What `routectl explain` says is what `serve` does.

use insta::assert_snapshot;
use routectl_emulator::Emulator;

use crate::harness::*;
use crate::process::{Home, Said, with_hosts};

const REQUEST: &str = r#"{
  "model": "claude-opus-5",
  "max_tokens": 300,
  "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
  "thinking": {"type": "adaptive"},
  "output_config": {"effort": "max"},
  "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
  "messages": [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a door"}]}
  ]
}"#;

const PLAN: &str = r#"
[providers.shop]
kind = "openai-compat"
base_url = "http://127.0.0.1:9/v1?api-version=7"
api_key_ref = "env://NOBODY_SETS_THIS"
header_extras = { "api-key" = "a-credential", "x-team" = "blue" }

[providers.blind]
kind = "openai-compat"
base_url = "http://127.0.0.1:9/v1"
api_key_ref = "literal:not-needed"
unsupported_features = ["tools"]

[providers.claude]
kind = "anthropic-api"
base_url = "http://127.0.0.1:9"
api_key_ref = "env://NOBODY_SETS_THIS"

[models.blind]
provider = "blind"
upstream = "tiny"

[models.shop]
provider = "shop"
upstream = "large"

[models.opus]
provider = "claude"
upstream = "claude-opus-5"

[aliases]
"claude-*" = ["blind", "shop", "opus"]
"#;

fn explained(request: &str, from: &str, more: &[&str]) -> Said {
    let home = Home::new();
    home.write("routectl.toml", PLAN);
    home.write("request.json", request);
    let args =
        ["explain", "--from", from, "--request", "request.json", "--config", "routectl.toml"];
    home.run(&[&args[..], more].concat())
}

#[test]
fn explain_tells_each_target_its_lane_its_losses_and_the_exact_request() {
    let said = explained(REQUEST, "messages", &[]);
    assert!(said.ok, "{}", said.err);
    assert!(!said.out.contains("a-credential") && !said.out.contains("NOBODY"), "{}", said.out);
    let version = concat!("routectl/", env!("CARGO_PKG_VERSION"));
    assert_snapshot!(said.out.replace(version, "routectl/VERSION"), @r##"
    "claude-opus-5" (messages) matches alias "claude-*"
    (a server that has just started would send this; a running one may have learned more of a target from its refusals, and puts remembered thinking back)

    1. blind (tiny at blind): skipped: does not support tools

    2. shop (large at shop): translated lane
       POST http://127.0.0.1:9/v1/chat/completions?api-version=7
       user-agent: routectl/VERSION
       content-type: application/json
       accept: */*
       api-key: ***
       x-team: blue
       authorization: ***
       lost: system[0].cache_control dropped: the host takes no cache marks
       lost: output_config.effort clamped: the model has no such effort

    {"model":"large","tools":[{"type":"function","function":{"name":"look","parameters":{"type": "object", "properties": {}}}}],"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Look."},{"role":"assistant","content":null,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"look","arguments":"{}"}}]},{"role":"tool","tool_call_id":"toolu_1","content":"a door"}],"reasoning_effort":"high","max_tokens":300,"stream":true,"stream_options":{"include_usage":true}}

    3. opus (claude-opus-5 at claude): native lane
       POST http://127.0.0.1:9/v1/messages
       user-agent: routectl/VERSION
       content-type: application/json
       accept: */*
       anthropic-version: 2023-06-01
       x-api-key: ***

    {
      "model": "claude-opus-5",
      "max_tokens": 300,
      "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
      "thinking": {"type": "adaptive"},
      "output_config": {"effort": "max"},
      "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
      "messages": [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a door"}]}
      ]
    }
    "##);
}

#[test]
fn explain_for_machines_is_one_object_with_bodies_as_they_would_be_sent() {
    let said = explained(REQUEST, "messages", &["--json", "--model", "shop"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["alias"], serde_json::Value::Null);
    let target = &json["targets"][0];
    assert_eq!(target["model"], "shop");
    assert_eq!(target["lane"], "translated");
    assert_eq!(target["body"]["model"], "large");
    assert_eq!(target["losses"][0]["fate"], "dropped");
    assert_eq!(json["refusal"], serde_json::Value::Null);
    assert!(json["note"].as_str().unwrap().contains("may have learned"), "{json}");
}

#[test]
fn explain_says_that_a_running_server_may_know_more() {
    let help = Home::new().run(&["explain", "--help"]);
    assert!(help.out.contains("may have learned more"), "{}", help.out);
}

#[test]
fn explain_says_what_the_client_would_be_told() {
    for (from, request, told) in [
        ("chat", r#"{"model":"opus","n":2,"messages":[{"role":"user","content":"hi"}]}"#, "400: "),
        (
            "chat",
            r#"{"model":"opus","messages":[{"role":"cook","content":"hi"}]}"#,
            "messages[0].role",
        ),
        ("messages", r#"{"model":"nobody","max_tokens":1,"messages":[]}"#, "nothing serves"),
        ("messages", r#"{"max_tokens":1,"messages":[]}"#, "model: field required"),
    ] {
        let said = explained(request, from, &[]);
        assert!(!said.ok, "{request}");
        assert!(format!("{}{}", said.out, said.err).contains(told), "{}{}", said.out, said.err);
    }
}

#[tokio::test]
async fn what_explain_shows_is_what_serve_sends() {
    let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
    let plan = Plan::brisk()
        .target("chat", Chat, "mock-1")
        .target("messages", Messages, "claude-opus-4-6")
        .alias("default", &["chat"]);
    let config = with_hosts(&hosts, plan);
    home.write("routectl.toml", &config);
    let serving = home.serve(&config, &[]).await;
    let chat = r#"{"model":"messages","messages":[{"role":"user","content":"hi"}],"seed":1,"temperature":1.5}"#;
    for (format, from, request) in [(Messages, "messages", REQUEST), (Chat, "chat", chat)] {
        home.write("request.json", request);
        let args =
            ["explain", "--from", from, "--request", "request.json", "--config", "routectl.toml"];
        let said = home.run(&[&args[..], &["--json"]].concat());
        let shown: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let answer = ask(serving.address, post(format, request.to_owned())).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sent: serde_json::Value =
            serde_json::from_slice(&hosts.requests().pop().unwrap().body).unwrap();
        assert_eq!(shown["targets"][0]["body"], sent, "{from}");
        let losses = shown["targets"][0]["losses"].as_array().unwrap().len();
        let told = answer.headers["x-routectl-loss"].to_str().unwrap();
        assert_eq!(told.split(", ").count(), losses, "{told}");
    }
}

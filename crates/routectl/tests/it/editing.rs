//! `context_management` for hosts that know nothing of it: the conversation is edited on its way,
//! and the client is told as Claude's hosts tell it.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::harness::*;

/// A strict host that refuses both the member and its beta.
const HOST: &str = "no-editing-1";
const BETAS: &str = "context-management-2025-06-27, interleaved-thinking-2025-05-14";
const HERE: &str = "context_management = true";
const CLEARED: &str = "[cleared: this result was removed to make room]";

fn house_plan(provider: &str) -> Plan {
    Plan::brisk().target_with("there", Messages, HOST, provider)
}

fn tools() -> Value {
    json!([{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}])
}

fn ask(conversation: &[Value], edits: &Value, streamed: bool) -> Request<Bytes> {
    let mut body = json!({
        "model": "there", "max_tokens": 5_000, "thinking": {"type": "enabled", "budget_tokens": 2_000},
        "tools": tools(), "messages": conversation, "context_management": {"edits": edits}
    });
    if streamed {
        body["stream"] = json!(true);
    }
    with_header(post(Messages, body.to_string()), "anthropic-beta", BETAS)
}

/// The answer as its client puts it together: the blocks, and what the end tells of edits.
fn heard(answer: &Answer, streamed: bool) -> (Vec<Value>, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    if !streamed {
        let answer = answer.json();
        return (
            answer["content"].as_array().unwrap().clone(),
            answer["context_management"].clone(),
        );
    }
    let (mut blocks, mut inputs, mut told): (Vec<Value>, String, Value) = Default::default();
    for event in events(&answer.body) {
        let text = std::str::from_utf8(event).unwrap();
        let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) else {
            continue;
        };
        let data: Value = serde_json::from_str(data).unwrap();
        let delta = &data["delta"];
        match data["type"].as_str().unwrap() {
            "content_block_start" => {
                inputs.clear();
                blocks.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                let block = blocks.last_mut().unwrap();
                for member in ["text", "thinking", "signature"] {
                    if let Some(more) = delta[member].as_str() {
                        let before = block[member].as_str().unwrap_or_default();
                        block[member] = json!(format!("{before}{more}"));
                    }
                }
                inputs += delta["partial_json"].as_str().unwrap_or_default();
            }
            "content_block_stop" => {
                let block = blocks.last_mut().unwrap();
                if block["type"] == "tool_use" && !inputs.is_empty() {
                    block["input"] = serde_json::from_str(&inputs).unwrap();
                }
            }
            "message_delta" => told = data["context_management"].clone(),
            _ => {}
        }
    }
    (blocks, told)
}

/// What the host got last.
fn arrived(house: &House) -> (String, String) {
    let arrived = house.hosts.requests().pop().unwrap();
    let betas = arrived.headers.get("anthropic-beta");
    let betas = betas.map_or_else(String::new, |it| it.to_str().unwrap().to_owned());
    (String::from_utf8(arrived.body.to_vec()).unwrap(), betas)
}

/// Has a conversation in which every turn calls a tool, and gives what arrived at the host and what
/// the client was told, request by request.
async fn converse(house: &House, edits: &Value, streamed: bool) -> Vec<(String, Value)> {
    let mut conversation = vec![];
    let mut seen = vec![];
    for turn in 0..6 {
        conversation.push(json!({"role": "user", "content": format!("[[tool]] question {turn}")}));
        loop {
            let answer = house.ask(ask(&conversation, edits, streamed)).await;
            let (blocks, told) = heard(&answer, streamed);
            let (body, betas) = arrived(house);
            assert!(!body.contains("context_management"), "{body}");
            assert_eq!(betas, "interleaved-thinking-2025-05-14");
            seen.push((body, told));
            let is_call = |block: &&Value| block["type"] == "tool_use";
            let results = blocks.iter().filter(is_call).map(|call| {
                json!({"type": "tool_result", "tool_use_id": call["id"],
                    "content": format!("result {turn}: {}", "long ".repeat(100))})
            });
            let results: Vec<Value> = results.collect();
            conversation.push(json!({"role": "assistant", "content": blocks}));
            if results.is_empty() {
                break;
            }
            conversation.push(json!({"role": "user", "content": results}));
        }
    }
    seen
}

#[tokio::test]
async fn a_host_that_edits_nothing_serves_a_client_that_wants_its_conversation_edited() {
    let edits = json!([
        {"type": "clear_thinking_20251015", "keep": {"type": "thinking_turns", "value": 2}},
        {"type": "clear_tool_uses_20250919", "trigger": {"type": "tool_uses", "value": 3},
            "keep": {"type": "tool_uses", "value": 1}}
    ]);
    for streamed in [false, true] {
        let house = House::open(house_plan(HERE)).await;
        let seen = converse(&house, &edits, streamed).await;
        assert_eq!(seen.len(), 12);
        let told: Vec<_> = seen.iter().map(|(_, told)| told).collect();
        assert_eq!(*told[0], Value::Null, "nothing was cleared, nothing is told");
        let last = &told[11]["applied_edits"];
        assert_eq!(last[0]["type"], "clear_thinking_20251015");
        assert_eq!(last[0]["cleared_thinking_turns"], 4);
        assert_eq!(last[1]["type"], "clear_tool_uses_20250919");
        assert_eq!(last[1]["cleared_tool_uses"], 3);
        assert!(last[1]["cleared_input_tokens"].as_u64().unwrap() > 300, "{last}");
        let (body, _) = &seen[11];
        assert_eq!(body.matches(CLEARED).count(), 3);
        let has = |result: &str| body.contains(&format!("\"content\":\"{result}: "));
        assert!(!has("result 2") && has("result 3"), "{body}");
        // What is cleared stays so, and nothing else changes from turn to turn.
        for pair in seen.windows(2) {
            let messages = |(body, _): &(String, Value)| -> Vec<Value> {
                let body: Value = serde_json::from_str(body).unwrap();
                body["messages"].as_array().unwrap().clone()
            };
            for (one, other) in messages(&pair[0]).iter().zip(&messages(&pair[1])) {
                if one != other {
                    let (one, other) = (one.to_string(), other.to_string());
                    let thought = one.contains("\"thinking\"") && !other.contains("\"thinking\"");
                    let result = !one.contains(CLEARED) && other.contains(CLEARED);
                    assert!(thought || result, "{one} became {other}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_keeps_all_is_told_nothing_and_loses_nothing() {
    let house = House::open(house_plan(HERE)).await;
    let edits = json!([{"type": "clear_thinking_20251015", "keep": "all"}]);
    let conversation = [json!({"role": "user", "content": "hi"})];
    let answer = house.ask(ask(&conversation, &edits, false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers.get("x-routectl-loss"), None);
    assert_eq!(answer.json().get("context_management"), None);
}

#[tokio::test]
async fn without_the_key_member_and_beta_pass_as_they_are() {
    let house = House::open(house_plan("")).await;
    let edits = json!([{"type": "clear_thinking_20251015"}]);
    let conversation = [json!({"role": "user", "content": "hi"})];
    let answer = house.ask(ask(&conversation, &edits, false)).await;
    // Claude Code sends its request again without the member when it is told so in these words.
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("context_management: Extra inputs are not permitted"));
    let (body, betas) = arrived(&house);
    assert!(
        body.contains(r#""context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#)
    );
    assert_eq!(betas, BETAS.replace(", ", ","));
}

#[tokio::test]
async fn what_cannot_be_done_here_goes_to_a_target_that_can() {
    let edits = json!([{"type": "compact_20260112"}]);
    let conversation = [json!({"role": "user", "content": "hi"})];
    let betas = format!("{BETAS}, compact-2026-01-12");
    let asked = || with_header(ask(&conversation, &edits, false), "anthropic-beta", &betas);
    let house = House::open(house_plan(HERE)).await;
    let answer = house.ask(asked()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("context_management.edits[0]: only Claude's hosts compact"));
    assert!(house.hosts.requests().is_empty());

    let plan = house_plan(HERE)
        .target("claude", Messages, "claude-opus-4-6")
        .alias("default", &["there", "claude"]);
    let house = House::open(plan).await;
    let asked = asked().map(|body| {
        String::from_utf8(body.to_vec()).unwrap().replace("\"there\"", "\"any\"").into()
    });
    let answer = house.ask(asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["x-routectl-model"], "claude");
}

#[tokio::test]
async fn a_chat_host_gets_an_edited_conversation_and_the_client_is_told() {
    let conversation = [
        json!({"role": "user", "content": "go"}),
        json!({"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]}),
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "a long result ".repeat(50)}]}),
        json!({"role": "assistant", "content": "done"}),
        json!({"role": "user", "content": "and now?"}),
    ];
    let edits = json!([{"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 50},
        "keep": {"type": "tool_uses", "value": 0}}]);
    for streamed in [false, true] {
        let plan = Plan::brisk().target("there", Chat, "lenient-1");
        let house = House::open(plan).await;
        let answer = house.ask(ask(&conversation, &edits, streamed)).await;
        let (_, told) = heard(&answer, streamed);
        assert_eq!(told["applied_edits"][0]["cleared_tool_uses"], 1, "{}", answer.text());
        let (body, _) = arrived(&house);
        assert!(body.contains(CLEARED) && !body.contains("a long result"), "{body}");
        let loss = answer.headers["x-routectl-loss"].to_str().unwrap();
        assert!(loss.contains("context_management.edits[0]=emulated"), "{loss}");
    }
}

#[tokio::test]
async fn thinking_that_a_client_leaves_out_is_back_before_the_results() {
    for streamed in [false, true] {
        let house = House::open(house_plan(HERE)).await;
        let mut conversation = vec![json!({"role": "user", "content": "[[tool]] look"})];
        let answer = house.ask(ask(&conversation, &json!([]), streamed)).await;
        let (mut blocks, _) = heard(&answer, streamed);
        let thought = blocks.remove(0);
        assert_eq!(thought["type"], "thinking");
        let call = blocks.iter().find(|block| block["type"] == "tool_use").unwrap();
        let result = json!({"type": "tool_result", "tool_use_id": call["id"], "content": "21"});
        conversation.push(json!({"role": "assistant", "content": blocks}));
        conversation.push(json!({"role": "user", "content": [result]}));
        // The host refuses a loop that does not begin with its thinking, and thinking it did not mint.
        let answer = house.ask(ask(&conversation, &json!([]), streamed)).await;
        heard(&answer, streamed);
        assert_eq!(answer.headers.get("x-routectl-loss"), None);
        let (body, _) = arrived(&house);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["messages"][1]["content"][0], thought);
    }
}

#[tokio::test]
async fn a_loop_whose_thinking_is_not_known_goes_on_without_and_says_so() {
    let house = House::open(house_plan(HERE)).await;
    let conversation = [
        json!({"role": "user", "content": "look"}),
        json!({"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]}),
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "21"}]}),
    ];
    let answer = house.ask(ask(&conversation, &json!([]), false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers["x-routectl-loss"].to_str().unwrap().starts_with("thinking=degraded"));
    assert!(arrived(&house).0.contains(r#""thinking":{"type":"disabled"}"#));
}

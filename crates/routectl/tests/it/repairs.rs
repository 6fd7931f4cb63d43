//! A refusal that can be mended is: once, at the same target; and the next request is as the target
//! wants it the first time.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use routectl_wire::Document;
use serde_json::{Value, json};

use crate::harness::*;

/// Fallbacks without waits, and a breaker that opens at the first failure it counts.
fn plan(format: Format, upstream: &str, model: &str) -> Plan {
    Plan::brisk()
        .target_of("picky", format, upstream, "circuit_failures = 1", model)
        .target("spare", format, "mock-1")
        .alias("all", &["picky", "spare"])
}

fn expected(fates: &[&str]) -> Vec<(String, String)> {
    fates.iter().map(|fate| ("picky".to_owned(), (*fate).to_owned())).collect()
}

/// The last body that reached a host.
fn arrived(house: &House) -> Value {
    let last = house.hosts.requests().pop().unwrap();
    Document::parse(last.body.clone()).unwrap();
    serde_json::from_slice(&last.body).unwrap()
}

async fn asks(house: &House, format: Format, body: &Value) -> Answer {
    house.ask(post(format, body.to_string())).await
}

/// Sends a request twice: first it is refused and mended, then it is as it should be at once.
async fn mended_once(house: &House, format: Format, body: &Value) -> Value {
    let first = asks(house, format, body).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let hops = first.hops();
    assert_eq!(hops.len(), 2, "{hops:?} {body}");
    assert!(hops.iter().all(|(target, _)| target == "picky"), "{hops:?}");
    let mends = first.mends();
    assert!(mends[0].is_empty() && !mends[1].is_empty(), "the mended hop says so: {mends:?}");
    let mended = arrived(house);
    let second = asks(house, format, body).await;
    assert_eq!(second.status, 200, "{}", second.text());
    assert_eq!(second.hops(), expected(&["ok"]), "{body}");
    assert_eq!(arrived(house), mended, "the second request is the mended one");
    mended
}

/// A loop of tools whose call was thought about, under a seal that nobody minted.
fn sealed_loop(thinking: &Value) -> Value {
    json!({
        "model": "all", "max_tokens": 9_000, "thinking": thinking,
        "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "EoFB/of+somebody+else="},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}]}
        ]
    })
}

#[tokio::test]
async fn a_refused_seal_stays_behind_and_new_ones_do_not() {
    let house = House::open(plan(Messages, "claude-opus-4-6", "")).await;
    let mut body = sealed_loop(&json!({"type": "adaptive"}));
    let sent = mended_once(&house, Messages, &body).await;
    assert_eq!(sent.pointer("/messages/1/content/0/type").unwrap(), "tool_use");
    assert_eq!(sent["thinking"], json!({"type": "adaptive"}));
    // What the target seals from now on comes back to it.
    let answer = asks(&house, Messages, &body).await;
    assert!(answer.header("x-routectl-loss").starts_with("messages[1].content[0]=dropped"));
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let kinds = answer["content"].as_array().unwrap().iter().map(|it| it["type"].clone());
    assert!(kinds.into_iter().any(|kind| kind == "thinking"), "nothing was thought: {answer}");
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": answer["content"]}));
    messages.push(json!({"role": "user", "content": "and now?"}));
    let next = asks(&house, Messages, &body).await;
    assert_eq!(next.hops(), expected(&["ok"]), "{}", next.text());
    let sent = arrived(&house);
    assert_eq!(sent["messages"][3]["content"], answer["content"], "{sent}");
}

#[tokio::test]
async fn a_budget_is_given_up_where_the_seal_before_the_call_was_refused() {
    let house = House::open(plan(Messages, "claude-sonnet-4-5", "")).await;
    let body = sealed_loop(&json!({"type": "enabled", "budget_tokens": 2_000}));
    let sent = mended_once(&house, Messages, &body).await;
    assert_eq!(sent["thinking"], json!({"type": "disabled"}));
    assert_eq!(sent["max_tokens"], 9_000);
}

/// Case 9 for seals of Claude in the pieces of a Chat client.
#[tokio::test]
async fn case_9_a_seal_that_came_through_a_translation_is_left_behind_once() {
    let tables = "";
    let plan = Plan::brisk()
        .target_of("picky", Messages, "claude-opus-4-6", "circuit_failures = 1", tables)
        .alias("all", &["picky"]);
    let house = House::open(plan).await;
    let body = json!({
        "model": "all", "max_tokens": 9_000, "reasoning_effort": "low",
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "so", "reasoning_details": [
                {"type": "reasoning.text", "text": "hm", "signature": "EoFB/of+somebody+else=", "format": "anthropic-claude-v1", "index": 0}
            ]},
            {"role": "user", "content": "and now?"}
        ]
    });
    let sent = mended_once(&house, Chat, &body).await;
    assert!(!sent.to_string().contains("somebody"), "{sent}");
}

/// Case 14: models that no table knows are asked in the way that they take.
#[tokio::test]
async fn case_14_the_way_to_think_is_learned_from_a_refusal() {
    for (upstream, thinking, expected) in [
        ("unheard-of-adaptive-1", json!({"type": "enabled", "budget_tokens": 2_000}), "adaptive"),
        ("unheard-of-budget-1", json!({"type": "adaptive"}), "enabled"),
    ] {
        let house = House::open(plan(Messages, upstream, "")).await;
        let body = json!({
            "model": "all", "max_tokens": 9_000, "thinking": thinking,
            "messages": [{"role": "user", "content": "hi"}]
        });
        let sent = mended_once(&house, Messages, &body).await;
        assert_eq!(sent["thinking"]["type"], expected, "{upstream}");
        assert_eq!(sent["max_tokens"], 9_000);
    }
}

/// A Chat client's loop of tools; the members of the turn that calls are these too.
fn chat_loop(members: &Value) -> Value {
    let mut turn = json!({"role": "assistant", "content": "", "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    ]});
    let more = members.as_object().unwrap().clone();
    turn.as_object_mut().unwrap().extend(more);
    json!({
        "model": "all",
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}],
        "messages": [
            {"role": "user", "content": "hi"}, turn,
            {"role": "tool", "tool_call_id": "call_1", "content": "x"}
        ]
    })
}

/// Cases 3 and 19: what a host wants to hear of earlier thinking, or not to hear.
#[tokio::test]
async fn cases_3_and_19_history_is_as_a_host_wants_it_after_one_refusal() {
    for (upstream, said, place, expected) in [
        ("picky-echo", json!({}), "/messages/1/reasoning_content", Some("")),
        (
            "picky-signature",
            json!({}),
            "/messages/1/tool_calls/0/extra_content/google/thought_signature",
            Some("skip_thought_signature_validator"),
        ),
        (
            "picky-silence",
            json!({"reasoning_content": "hm"}),
            "/messages/1/reasoning_content",
            None,
        ),
        ("picky-effort", json!({"reasoning_content": "hm"}), "/reasoning_effort", Some("medium")),
    ] {
        let house = House::open(plan(Chat, upstream, "")).await;
        let sent = mended_once(&house, Chat, &chat_loop(&said)).await;
        let found = sent.pointer(place).and_then(Value::as_str);
        assert_eq!(found, expected, "{upstream}: {sent}");
    }
}

/// The facts' most frequent refusal in a loop of tools: with a budget it has to begin with its
/// thought. Of a generation that is known it is known beforehand, and of this one request only.
#[tokio::test]
async fn a_loop_that_has_lost_its_thought_goes_on_without_thinking() {
    let house = House::open(plan(Messages, "claude-sonnet-4-5", "")).await;
    let mut body = sealed_loop(&json!({"type": "enabled", "budget_tokens": 2_000}));
    body["messages"][1]["content"].as_array_mut().unwrap().remove(0);
    for _ in 0..2 {
        let answer = asks(&house, Messages, &body).await;
        assert_eq!(answer.hops(), expected(&["ok"]), "{}", answer.text());
        assert_eq!(arrived(&house)["thinking"], json!({"type": "disabled"}));
        assert!(answer.header("x-routectl-loss").contains("thinking=degraded"));
    }
    body["messages"].as_array_mut().unwrap().truncate(1);
    let answer = asks(&house, Messages, &body).await;
    assert_eq!(answer.hops(), expected(&["ok"]));
    assert_eq!(arrived(&house)["thinking"]["type"], "enabled");
}

#[tokio::test]
async fn streams_are_mended_too_and_what_was_learned_survives_a_reload() {
    let plan = plan(Messages, "claude-opus-4-6", "");
    let house = House::open(plan.clone()).await;
    let mut body = sealed_loop(&json!({"type": "adaptive"}));
    body["stream"] = json!(true);
    let answer = asks(&house, Messages, &body).await;
    assert_eq!(answer.hops(), expected(&["bad-request", "ok"]));
    assert_eq!(answer.mends(), ["", "leave-seals"]);
    assert!(answer.text().contains("message_stop"), "{}", answer.text());
    let text = String::from(plan.target("new", Chat, "mock-1"));
    house.app().replace(snapshot_after(&house.hosts, &text, &house.app().snapshot()));
    let answer = asks(&house, Messages, &body).await;
    assert_eq!(answer.hops(), expected(&["ok"]));
}

#[tokio::test]
async fn words_are_said_where_an_empty_text_did_not_do() {
    let house = House::open(plan(Chat, "picky-words", "")).await;
    let body = chat_loop(&json!({}));
    let first = asks(&house, Chat, &body).await;
    let fates =
        |answer: &Answer| answer.fates().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        fates(&first),
        ["bad-request", "bad-request", "ok"],
        "no second mend of one request"
    );
    let second = asks(&house, Chat, &body).await;
    assert_eq!(second.hops(), expected(&["bad-request", "ok"]));
    assert_eq!(second.mends(), ["", "echo-blank"]);
    let third = asks(&house, Chat, &body).await;
    assert_eq!(third.hops(), expected(&["ok"]));
}

#[tokio::test]
async fn members_of_a_translation_that_a_host_does_not_know_are_left_out() {
    let house_of = |name: &str| plan(Chat, &format!("picky-without-{name}"), "");
    for name in ["stream_options", "temperature", "max_tokens", "stop", "user"] {
        let house = House::open(house_of(name)).await;
        let body = json!({
            "model": "all", "max_tokens": 90, "temperature": 0.5, "stop_sequences": ["x"],
            "metadata": {"user_id": "me"},
            "messages": [{"role": "user", "content": "hi"}]
        });
        let first = asks(&house, Messages, &body).await;
        assert_eq!(first.status, 200, "{name}: {}", first.text());
        assert_eq!(first.fates().len(), 2, "{name}: {:?}", first.fates());
        let second = asks(&house, Messages, &body).await;
        assert_eq!(second.hops(), expected(&["ok"]), "{name}");
        assert!(arrived(&house).get(name).is_none(), "{name}");
    }
}

/// What a client says in the host's own format is its own, but for thinking.
#[tokio::test]
async fn a_member_of_the_clients_own_body_stays_and_the_next_target_is_tried() {
    let house = House::open(plan(Chat, "picky-without-temperature", "")).await;
    let body = json!({
        "model": "all", "temperature": 0.5, "messages": [{"role": "user", "content": "hi"}]
    });
    for _ in 0..2 {
        let answer = asks(&house, Chat, &body).await;
        assert_eq!(answer.header("x-routectl-model"), "spare", "{}", answer.text());
        assert_eq!(answer.fates().len(), 2);
    }
}

#[tokio::test]
async fn what_stays_refused_is_told_in_the_first_words() {
    let plan = Plan::brisk().target("only", Chat, "picky-words");
    let house = House::open(plan).await;
    let mut body = chat_loop(&json!({}));
    body["model"] = json!("only");
    let answer = asks(&house, Chat, &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.fates(), ["bad-request", "bad-request"]);
    assert!(answer.text().contains("message at index 1"), "{}", answer.text());
}

#[tokio::test]
async fn nothing_is_mended_beyond_the_budget_of_attempts_or_against_the_operators_lists() {
    for retry in ["max_total_attempts = 1", "retry_denylist = [400]"] {
        let plan = Plan::new(&format!("[retry]\n{retry}")).target("only", Chat, "picky-echo");
        let house = House::open(plan).await;
        let mut body = chat_loop(&json!({}));
        body["model"] = json!("only");
        let answer = asks(&house, Chat, &body).await;
        assert_eq!(
            (answer.status, answer.fates()),
            (400, vec!["bad-request".to_owned()]),
            "{retry}"
        );
    }
}

#[tokio::test]
async fn under_strict_translation_nothing_is_left_behind() {
    let plan = Plan::new("[server]\nstrict_translation = true").target(
        "only",
        Messages,
        "claude-opus-4-6",
    );
    let house = House::open(plan).await;
    let mut body = sealed_loop(&json!({"type": "adaptive"}));
    body["model"] = json!("only");
    for _ in 0..2 {
        let answer = asks(&house, Messages, &body).await;
        assert_eq!(answer.fates(), ["bad-request"]);
        assert!(answer.text().contains("Invalid `signature` in `thinking` block"));
    }
}

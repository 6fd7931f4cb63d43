//! A Chat client of a Chat host that speaks of thinking in another way: what arrives at the host,
//! and what the client is told.

use bytes::Bytes;
use serde_json::Value;

use crate::harness::*;

const HISTORY: &str = r#"{"role":"user","content":"go"},
{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"a","content":"a door"},
{"role":"assistant" , "content":"So.","reasoning":"hm"},
{"role":"user","content":"[[tool]] on"}"#;

fn asking(model: &str, more: &str) -> Bytes {
    let tools = r#"[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{}}}}]"#;
    format!(r#"{{ "model":"{model}","tools":{tools},"messages":[{HISTORY}]{more} }}"#).into()
}

/// What arrived at the host last, as it was written.
fn arrived(house: &House) -> String {
    let body = house.hosts.requests().pop().unwrap().body;
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_wish_and_a_history_arrive_in_the_words_of_the_host_and_the_rest_as_it_was() {
    let plan = Plan::brisk()
        .target_of("deep", Chat, "lenient-1", "", "reasoning_dialect = \"deepseek\"")
        .target_of("plain", Chat, "lenient-1", "", "")
        .target_of("same", Chat, "lenient-1", "", "reasoning_dialect = \"passthrough\"");
    let house = House::open(plan).await;
    let more = r#","reasoning":{"effort":"high"} , "top_k" : 1.0"#;
    for model in ["plain", "same"] {
        let answer = house.ask(post(Chat, asking(model, more))).await;
        assert_eq!(
            (answer.status, answer.header("x-routectl-loss")),
            (200, ""),
            "{}",
            answer.text()
        );
        assert_eq!(arrived(&house).as_bytes(), asking("lenient-1", more), "{model}");
    }
    let answer = house.ask(post(Chat, asking("deep", more))).await;
    assert_eq!((answer.status, answer.header("x-routectl-lane")), (200, "native"));
    assert_eq!(answer.header("x-routectl-loss"), "");
    let history = HISTORY
        .replace(r#""{}"}}]}"#, r#""{}"}}],"reasoning_content":""}"#)
        .replace(r#""reasoning":"hm""#, r#""reasoning_content":"hm""#);
    // What is taken out goes with its comma.
    let said = r#","top_k" : 1.0,"thinking":{"type":"enabled"},"reasoning_effort":"high" }"#;
    let sent = String::from_utf8(asking("lenient-1", "").to_vec()).unwrap();
    let expected = sent.replace(HISTORY, &history);
    assert_eq!(arrived(&house), format!("{}{said}", expected.trim_end_matches(" }")));
}

#[tokio::test]
async fn what_the_operator_adds_stands_above_what_the_dialect_says() {
    let keys = "reasoning_dialect = \"zai\"\n\
                payload_extras = { thinking = { clear_thinking = false }, reasoning_effort = \"low\" }";
    let plan = Plan::brisk().target_of("glm", Chat, "lenient-1", "", keys);
    let house = House::open(plan).await;
    house.ask(post(Chat, asking("glm", r#","reasoning_effort":"high""#))).await;
    let body: Value = serde_json::from_str(&arrived(&house)).unwrap();
    assert_eq!(body["thinking"].to_string(), r#"{"type":"enabled","clear_thinking":false}"#);
    assert_eq!(body["reasoning_effort"], "low");
}

#[tokio::test]
async fn what_a_host_cannot_be_told_is_told_the_client_and_refused_where_it_must_be() {
    let keys = "reasoning_dialect = \"zai\"\nhistory_reasoning = \"strip\"";
    let more = r#","reasoning_effort":"high""#;
    let plan = Plan::brisk().target_of("glm", Chat, "lenient-1", "", keys);
    let house = House::open(plan).await;
    let answer = house.ask(post(Chat, asking("glm", more))).await;
    let told = "reasoning_effort=degraded, messages[3].reasoning=dropped";
    assert_eq!((answer.status, answer.header("x-routectl-loss")), (200, told), "{}", answer.text());
    assert!(!arrived(&house).contains("hm"), "{}", arrived(&house));

    let strict = Plan::new("[server]\nstrict_translation = true\n[retry]\nmax_attempts = 1");
    let house = House::open(strict.target_of("glm", Chat, "lenient-1", "", keys)).await;
    let answer = house.ask(post(Chat, asking("glm", more))).await;
    assert_eq!(answer.status, 400);
    for named in ["messages[3].reasoning", "reasoning_effort"] {
        assert!(answer.message().contains(named), "{}", answer.message());
    }
    assert_eq!(house.hosts.requests().len(), 0);
}

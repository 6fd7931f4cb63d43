//! Claude thinks between its calls, and wants its thoughts back where they were. A Chat client has
//! one place for all thinking of an answer, and some send none of it back.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use serde_json::{Value, json};

use crate::g6_clients::{Echo, Habit};
use crate::harness::*;

/// Whether the router remembers what was thought before which call.
const REMEMBERS: &str = "";
const FORGETS: &str = "[server.reasoning_cache]\nenabled = false\n";

async fn house(tables: &str, upstream: &str, keys: &str) -> House {
    let retry = "[retry]\nmax_attempts = 1\ninitial_backoff_ms = 1\njitter_ms = 0\n";
    let plan = Plan::new(&format!("{retry}{tables}"));
    House::open(plan.target_of("claude", Messages, upstream, "", keys)).await
}

fn asked(habit: Habit, messages: &[Value]) -> String {
    let tool = |name: &str| {
        json!({"type": "function", "function":
        {"name": name, "parameters": {"type": "object", "properties": {}}}})
    };
    json!({"model": "claude", "max_completion_tokens": 9_000, "reasoning_effort": "low",
        "tools": [tool("look"), tool("listen")], "messages": messages,
        "stream": habit.streamed})
    .to_string()
}

/// The kinds of the blocks of the first answer in what the host got last.
fn order(house: &House) -> Vec<String> {
    let sent = house.hosts.requests().pop().unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let blocks = sent["messages"][1]["content"].as_array().unwrap().iter();
    blocks.map(|block| block["type"].as_str().unwrap().to_owned()).collect()
}

/// One loop: the answer to the tools' results, and what Claude got of its first one.
async fn goes_on(house: &House, habit: Habit) -> (Answer, Vec<String>) {
    let mut messages = vec![json!({"role": "user", "content": "[[tools]] [[between]] Where?"})];
    let first = house.ask(post(Chat, asked(habit, &messages))).await;
    assert_eq!(first.status, 200, "{}", first.text());
    messages.extend(habit.sends_back(&first, "found"));
    let second = house.ask(post(Chat, asked(habit, &messages))).await;
    assert_eq!(second.status, 200, "{habit:?}: {}", second.text());
    let order = order(house);
    (second, order)
}

const EVERY: [Echo; 3] = [Echo::Everything, Echo::Text, Echo::Nothing];
const MODELS: [(&str, &str); 3] = [
    ("claude-opus-4-6", "supports_adaptive_thinking = true"),
    ("claude-opus-4-8", "supports_adaptive_thinking = true"),
    ("claude-sonnet-4-5", ""),
];

#[tokio::test]
async fn case_12_thoughts_between_calls_come_back_to_claude_between_them() {
    for (upstream, keys) in MODELS {
        let house = house(REMEMBERS, upstream, keys).await;
        for (echo, streamed) in EVERY.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            let habit = Habit { client: Chat, echo, streamed };
            let (second, order) = goes_on(&house, habit).await;
            assert_eq!(second.fates(), ["ok"], "{upstream} {habit:?}");
            let expected = ["thinking", "tool_use", "thinking", "tool_use"];
            assert_eq!(order, expected, "{upstream} {habit:?}");
            assert_eq!(second.header("x-routectl-loss"), "", "{upstream} {habit:?}");
        }
    }
}

#[tokio::test]
async fn case_12_a_loop_goes_on_where_nobody_knows_any_more_what_was_thought_before_which_call() {
    for (upstream, keys) in MODELS {
        for (echo, streamed) in EVERY.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            // What it learns of one loop would help it in the next.
            let house = house(FORGETS, upstream, keys).await;
            let habit = Habit { client: Chat, echo, streamed };
            let (second, order) = goes_on(&house, habit).await;
            let lost = second.header("x-routectl-loss");
            let is_whole = order.iter().filter(|kind| *kind == "thinking").count() == 2;
            assert!(
                is_whole || echo != Echo::Everything || !lost.is_empty(),
                "{upstream} {habit:?}"
            );
            assert_eq!(second.fates().last().unwrap(), "ok", "{upstream} {habit:?}");
        }
    }
}

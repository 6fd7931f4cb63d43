//! G6: a loop of tools goes on at any other target, and back, whatever each of them seals and
//! demands: what one vendor sealed comes back to it, reaches no other, and no request is refused.
//! The hosts are strict: a foreign or altered seal is a 400 there, and so is a missing one.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use serde_json::{Value, json};

use crate::harness::*;

/// A target: the format and name of its model, and how thinking is spoken of.
struct Kind {
    name: &'static str,
    format: Format,
    upstream: &'static str,
    dialect: &'static str,
    /// Whose seals it makes.
    family: &'static str,
}

const fn kind(
    name: &'static str,
    format: Format,
    upstream: &'static str,
    dialect: &'static str,
    family: &'static str,
) -> Kind {
    Kind { name, format, upstream, dialect, family }
}

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    kind("claude", Messages, "claude-opus-4-6", "", "claude"),
    kind("claude-budget", Messages, "claude-sonnet-4-5", "", "claude"),
    kind("imitator", Messages, "unsigned-kimi-k2.6", "", ""),
    kind("openai", Chat, "thinks-openai-1", "openai", ""),
    kind("deepseek", Chat, "thinks-deepseek-v4", "deepseek", ""),
    kind("kimi", Chat, "thinks-kimi-k2.6", "kimi", ""),
    kind("vllm", Chat, "thinks-vllm-1", "vllm", ""),
    kind("mistral", Chat, "thinks-mistral-1", "mistral", ""),
    kind("minimax", Chat, "thinks-minimax-m2", "minimax", ""),
    kind("gemini", Chat, "thinks-gemini-3-flash", "gemini", "google"),
    kind("openrouter-google", Chat, "thinks-google/gemini-3-flash", "openrouter", "google via openrouter"),
    kind("openrouter-claude", Chat, "thinks-anthropic/claude-sonnet-4.6", "openrouter", "claude"),
    kind("copilot", Chat, "thinks-copilot-gemini-3-pro", "copilot", "copilot"),
];

/// What a client sends back of the thinking it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    Everything,
    /// `reasoning_content`, or the blocks that can be read.
    Text,
    Nothing,
}

/// How the seals of all hosts begin.
const MINTED: &str = "EqgBC";

fn plan(tables: &str) -> Plan {
    let retry = "[retry]\nmax_attempts = 1\ninitial_backoff_ms = 1\njitter_ms = 0\n";
    KINDS.iter().fold(Plan::new(&format!("{retry}{tables}")), |plan, kind| {
        let dialect = match kind.dialect {
            "" => "supports_adaptive_thinking = true".to_owned(),
            dialect => format!("reasoning_dialect = \"{dialect}\""),
        };
        let dialect = if kind.name == "claude-budget" { "" } else { &dialect };
        plan.target_of(kind.name, kind.format, kind.upstream, "", dialect)
    })
}

/// A conversation under way.
struct Talk<'a> {
    house: &'a House,
    client: Format,
    echo: Echo,
    messages: Vec<Value>,
}

impl Talk<'_> {
    fn body(&self, model: &str) -> String {
        let schema = json!({"type": "object", "properties": {}});
        let body = match self.client {
            Chat => {
                json!({"model": model, "max_completion_tokens": 9_000, "reasoning_effort": "high",
                "tools": [{"type": "function", "function": {"name": "look", "parameters": schema}}],
                "messages": self.messages})
            }
            Messages => {
                let thinking = match model {
                    // Claude wants its thinking before a call; who drops it cannot ask for a budget.
                    "claude-budget" if self.echo == Echo::Nothing => json!({"type": "disabled"}),
                    "claude-budget" => json!({"type": "enabled", "budget_tokens": 2_000}),
                    _ => json!({"type": "adaptive"}),
                };
                json!({"model": model, "max_tokens": 9_000, "thinking": thinking,
                    "tools": [{"name": "look", "input_schema": schema}], "messages": self.messages})
            }
        };
        body.to_string()
    }

    /// What a target answers; it is asked once.
    async fn asks(&mut self, target: &Kind, case: &str) -> Turn {
        let answer = self.house.ask(post(self.client, self.body(target.name))).await;
        let sent = self.house.hosts.requests().pop().unwrap();
        let sent = String::from_utf8_lossy(&sent.body).into_owned();
        assert_eq!(answer.status, 200, "{case}: {}\nasked: {sent}", answer.text());
        assert_eq!(answer.fates(), ["ok"], "{case}");
        assert!(!sent.contains("rctl1."), "{case}: {sent}");
        let seals = seals(&answer.text());
        let results = self.hears(&answer.json());
        self.messages.extend(results);
        Turn { sent, seals }
    }

    /// Takes an answer in; what the tools gave that it calls.
    fn hears(&mut self, answer: &Value) -> Vec<Value> {
        match self.client {
            Chat => {
                let mut message = answer["choices"][0]["message"].clone();
                forget(&mut message, self.echo);
                let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
                self.messages.push(message);
                let result = |call: &Value| json!({"role": "tool", "tool_call_id": call["id"], "content": "found"});
                calls.iter().map(result).collect()
            }
            Messages => {
                let mut blocks = answer["content"].as_array().cloned().unwrap_or_default();
                let forgets = |kind: Option<&str>| match self.echo {
                    Echo::Everything => false,
                    Echo::Text => kind == Some("redacted_thinking"),
                    Echo::Nothing => matches!(kind, Some("thinking" | "redacted_thinking")),
                };
                blocks.retain(|block| !forgets(block["type"].as_str()));
                let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
                let result = |call: &Value| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "found"});
                let results: Vec<Value> = calls.map(result).collect();
                self.messages.push(json!({"role": "assistant", "content": blocks}));
                if results.is_empty() {
                    return Vec::new();
                }
                vec![json!({"role": "user", "content": results})]
            }
        }
    }

    fn says(&mut self, text: &str) {
        self.messages.push(json!({"role": "user", "content": text}));
    }
}

/// One request as it arrived, and what its answer sealed.
struct Turn {
    sent: String,
    seals: Vec<String>,
}

/// What a client of the Chat format leaves out.
fn forget(message: &mut Value, echo: Echo) {
    let members = message.as_object_mut().unwrap();
    members.retain(|name, _| match (name.as_str(), echo) {
        (_, Echo::Everything) | ("role" | "content" | "tool_calls", _) => true,
        (name, Echo::Text) => name == "reasoning_content",
        (_, Echo::Nothing) => false,
    });
    if echo == Echo::Everything {
        return;
    }
    if let Some(parts) = members.get("content").and_then(Value::as_array) {
        let texts = parts.iter().filter_map(|part| part["text"].as_str());
        let text = texts.collect::<String>();
        members.insert("content".to_owned(), text.into());
    }
    let calls = members.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        call.as_object_mut().unwrap().remove("extra_content");
    }
}

/// All seals in a text, in envelopes or out of them.
fn seals(text: &str) -> Vec<String> {
    let starts = text.match_indices(MINTED).map(|(at, _)| &text[at..]);
    starts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// A loop of tools that begins at one target, goes on at another and comes back.
async fn check(client: Format, echo: Echo) {
    let house = House::open(plan("")).await;
    for (first, second) in KINDS.iter().flat_map(|a| KINDS.iter().map(move |b| (a, b))) {
        let case = format!("{} to {} for {client:?}, {echo:?}", first.name, second.name);
        house.hosts.forget();
        let mut talk = Talk { house: &house, client, echo, messages: Vec::new() };
        talk.says("[[tool]] one");
        talk.asks(first, &case).await;
        talk.asks(second, &case).await;
        talk.says("[[tool]] two");
        talk.asks(second, &case).await;
        talk.asks(first, &case).await;
        talk.says("[[tool]] three");
        let minted = talk.asks(first, &case).await.seals;
        let back = talk.asks(first, &case).await.sent;
        if echo == Echo::Everything && !first.family.is_empty() {
            assert!(!minted.is_empty(), "{case}: nothing was sealed");
            for seal in minted {
                assert!(back.contains(&seal), "{case}: {seal} is not in {back}");
            }
        }
    }
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Chat, Echo::Everything).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Messages, Echo::Everything).await;
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_only_text_may_change_targets_within_a_loop() {
    check(Chat, Echo::Text).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_only_text_may_change_targets_within_a_loop() {
    check(Messages, Echo::Text).await;
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_nothing_may_change_targets_within_a_loop() {
    check(Chat, Echo::Nothing).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_nothing_may_change_targets_within_a_loop() {
    check(Messages, Echo::Nothing).await;
}

/// Whether a target hears again what it thought before a call, from a client that forgets it.
async fn is_reminded(house: &House, client: Format, kind: &Kind) -> bool {
    let case = format!("{} for {client:?}", kind.name);
    let mut talk = Talk { house, client, echo: Echo::Nothing, messages: Vec::new() };
    talk.says("[[tool]] one");
    let minted = talk.asks(kind, &case).await.seals;
    let back = talk.asks(kind, &case).await.sent;
    match kind.family {
        "" => back.contains("I weigh it"),
        _ => minted.iter().any(|seal| back.contains(seal)),
    }
}

#[tokio::test]
async fn g6_a_host_that_wants_its_thinking_back_gets_it_for_clients_that_forget() {
    let house = House::open(plan("")).await;
    let forgetful = House::open(plan("[server.reasoning_cache]\nenabled = false\n")).await;
    for (client, kind) in
        FORMATS.into_iter().flat_map(|it| KINDS.iter().map(move |kind| (it, kind)))
    {
        // Clients of Messages know what to send back to their own; two of the hosts take nothing.
        let is_at_home = (client, kind.format) == (Messages, Messages);
        let wants = !is_at_home && !matches!(kind.name, "imitator" | "openai");
        let case = format!("{} for {client:?}", kind.name);
        assert_eq!(is_reminded(&house, client, kind).await, wants, "{case}");
        assert!(!is_reminded(&forgetful, client, kind).await, "{case}");
    }
}

/// What was thought in an answer that was told piece by piece, and its first call.
fn streamed(answer: &str) -> (String, Value) {
    let chunks = answer.lines().filter_map(|line| line.strip_prefix("data: "));
    let chunks = chunks.filter_map(|chunk| serde_json::from_str::<Value>(chunk).ok());
    let deltas: Vec<Value> = chunks.map(|it| it["choices"][0]["delta"].clone()).collect();
    let thinking = deltas.iter().filter_map(|it| it["reasoning_content"].as_str()).collect();
    let mut calls = deltas.iter().map(|it| &it["tool_calls"][0]);
    let mut call = calls.find(|call| call["id"].is_string()).unwrap().clone();
    call["function"]["arguments"] = "{}".into();
    (thinking, call)
}

#[tokio::test]
async fn g6_deepseek_hears_the_very_same_thinking_in_every_later_turn_of_a_forgetful_client() {
    let house = House::open(plan("")).await;
    let mut talk = Talk { house: &house, client: Chat, echo: Echo::Nothing, messages: Vec::new() };
    talk.says("[[tool]] one");
    let asked = talk.body("deepseek").replacen('{', "{\"stream\":true,", 1);
    let (thinking, call) = streamed(&house.ask(post(Chat, asked)).await.text());
    assert!(thinking.contains("I weigh it"), "{thinking}");
    let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "found"});
    let turn = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    talk.messages.extend([turn, result]);
    let deepseek = KINDS.iter().find(|kind| kind.name == "deepseek").unwrap();
    let mut before: Vec<Value> = Vec::new();
    for words in ["[[tool]] two", "[[tool]] three", "four"] {
        talk.says(words);
        let sent: Value = serde_json::from_str(&talk.asks(deepseek, words).await.sent).unwrap();
        let messages = sent["messages"].as_array().unwrap();
        assert!(messages.starts_with(&before), "{words}: {sent}");
        assert_eq!(messages[1]["reasoning_content"], thinking.as_str(), "{words}: {sent}");
        let mut calling = messages.iter().filter(|it| it["tool_calls"].is_array());
        let is_whole =
            |it: &Value| it["reasoning_content"].as_str().is_some_and(|it| !it.is_empty());
        assert!(calling.all(is_whole), "{words}: {sent}");
        before.clone_from(messages);
    }
}

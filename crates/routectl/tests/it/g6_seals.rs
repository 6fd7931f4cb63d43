//! G6: a loop of tools goes on at any other target, and back, whatever each of them seals and
//! demands: what one vendor sealed comes back to it, reaches no other, and no request is refused.
//! The hosts are strict: a foreign or altered seal is a 400 there, and so is a missing one.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use std::collections::HashSet;

use routectl_emulator::VENDORS;
use routectl_wire::dialects::DIALECTS;
use serde_json::{Value, json};

use crate::g6_clients::{Echo, Habit};
use crate::harness::*;

/// A target: the format and name of its model, and how thinking is spoken of.
#[derive(Debug, Clone, Copy)]
struct Kind {
    name: &'static str,
    format: Format,
    upstream: &'static str,
    /// More keys for its model.
    keys: &'static str,
    /// It seals what it thinks.
    seals: bool,
    /// The member of a message in which it hears the text of its thinking.
    hears: Option<&'static str>,
    is_variant: bool,
}

const ADAPTIVE: &str = "supports_adaptive_thinking = true";

const fn messages(
    name: &'static str,
    upstream: &'static str,
    keys: &'static str,
    seals: bool,
) -> Kind {
    Kind { name, format: Messages, upstream, keys, seals, hears: None, is_variant: false }
}

const CLAUDE: Kind = messages("claude", "claude-opus-4-6", ADAPTIVE, true);

/// Every target: hosts that speak Messages, and one of every dialect at least.
fn kinds() -> Vec<Kind> {
    let mut kinds = vec![
        CLAUDE,
        messages("claude-budget", "claude-sonnet-4-5", "", true),
        messages("imitator", "unsigned-kimi-k2.6", ADAPTIVE, false),
        messages("imitator-that-signs", "signs-minimax-m2", ADAPTIVE, false),
    ];
    kinds.extend(VENDORS.iter().map(|vendor| Kind {
        name: vendor.model,
        format: Chat,
        upstream: vendor.model,
        keys: vendor.dialect,
        seals: vendor.seals(),
        hears: vendor.hears,
        is_variant: vendor.is_variant,
    }));
    kinds
}

/// How the seals of all hosts begin.
const MINTED: &str = "EqgBC";

/// How every thought goes on.
const THOUGHT: &str = "I weigh it";

fn plan(tables: &str) -> Plan {
    let retry = "[retry]\nmax_attempts = 1\ninitial_backoff_ms = 1\njitter_ms = 0\n";
    kinds().iter().fold(Plan::new(&format!("{retry}{tables}")), |plan, kind| {
        let keys = match kind.format {
            Chat => format!("reasoning_dialect = \"{}\"", kind.keys),
            Messages => kind.keys.to_owned(),
        };
        plan.target_of(kind.name, kind.format, kind.upstream, "", &keys)
    })
}

/// A way to ask, and to see what arrived.
struct Line<'a> {
    house: &'a House,
    wire: Client,
}

impl<'a> Line<'a> {
    async fn to(house: &'a House) -> Self {
        Self { house, wire: Client::connect(house.address()).await }
    }
}

/// A conversation under way.
#[derive(Clone)]
struct Talk {
    habit: Habit,
    messages: Vec<Value>,
}

impl Talk {
    fn new(habit: Habit) -> Self {
        Self { habit, messages: Vec::new() }
    }

    fn body(&self, model: &str) -> String {
        let schema = json!({"type": "object", "properties": {}});
        let streamed = self.habit.streamed;
        let body = match self.habit.client {
            Chat => {
                json!({"model": model, "max_completion_tokens": 9_000, "reasoning_effort": "high",
                "tools": [{"type": "function", "function": {"name": "look", "parameters": schema}}],
                "messages": self.messages, "stream": streamed})
            }
            Messages => {
                let thinking = match model {
                    // Claude wants its thinking before a call; who drops it cannot ask for a budget.
                    "claude-budget" if self.habit.echo == Echo::Nothing => {
                        json!({"type": "disabled"})
                    }
                    "claude-budget" => json!({"type": "enabled", "budget_tokens": 2_000}),
                    _ => json!({"type": "adaptive"}),
                };
                json!({"model": model, "max_tokens": 9_000, "thinking": thinking, "stream": streamed,
                    "tools": [{"name": "look", "input_schema": schema}], "messages": self.messages})
            }
        };
        body.to_string()
    }

    /// What a target answers; it is asked once. Its tools give this result.
    async fn asks(
        &mut self,
        line: &mut Line<'_>,
        target: &Kind,
        result: &str,
    ) -> Result<Turn, String> {
        line.house.hosts.forget();
        let request = post(self.habit.client, self.body(target.name));
        let answer = line.wire.ask(request).await;
        let sent = line.house.hosts.requests().pop().unwrap();
        let sent = String::from_utf8_lossy(&sent.body).into_owned();
        if answer.status != 200 || answer.fates() != ["ok"] || sent.contains("rctl1.") {
            let (fates, told) = (answer.fates(), answer.text());
            return Err(format!("{}: {fates:?} {told}\nasked: {sent}", target.name));
        }
        let turns = self.habit.sends_back(&answer, result);
        let seals = seals(&answer.text());
        self.messages.extend(turns);
        Ok(Turn { sent, seals })
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

impl Turn {
    /// Whether it tells a target what that thought in the first answer.
    fn reminds(&self, target: &Kind, minted: &[String]) -> bool {
        let body: Value = serde_json::from_str(&self.sent).unwrap();
        let answer = &body["messages"][1];
        let text = target.hears.is_none_or(|name| answer[name].to_string().contains(THOUGHT));
        let answer = answer.to_string();
        text && minted.iter().all(|seal| answer.contains(seal))
    }
}

/// All seals in a text, in envelopes or out of them.
fn seals(text: &str) -> Vec<String> {
    let starts = text.match_indices(MINTED).map(|(at, _)| &text[at..]);
    starts.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Whether a loop goes from one of these to the other: between any two dialects, and of the rows of
/// one dialect all but the first at itself and at Claude.
fn meet(first: &Kind, second: &Kind) -> bool {
    let is_usual = |kind: &Kind| !kind.is_variant;
    let (one, other) = (first.name, second.name);
    is_usual(first) && is_usual(second) || one == other || [one, other].contains(&CLAUDE.name)
}

/// Goes on at the second target in a loop that has begun at the first, and back at the first.
async fn there_and_back(
    (line, talk): (&mut Line<'_>, &mut Talk),
    (first, second): (&Kind, &Kind),
    minted: &[String],
) -> Result<(), String> {
    talk.asks(line, second, "found").await?;
    let back = talk.asks(line, first, "").await?;
    let has_all = talk.habit.echo != Echo::Everything || back.reminds(first, minted);
    if has_all { Ok(()) } else { Err(format!("it has lost some: {}", back.sent)) }
}

/// A loop of tools that begins at one target, goes on at another and ends at the first, for every
/// two of them.
async fn check(habit: Habit) {
    let house = House::open(plan("")).await;
    let mut line = Line::to(&house).await;
    let kinds = kinds();
    let mut wrong = Vec::new();
    for first in &kinds {
        let mut begun = Talk::new(habit);
        begun.says("[[tool]] one");
        let minted = match begun.asks(&mut line, first, "[[more]]").await {
            Ok(turn) => turn.seals,
            Err(why) => {
                wrong.push(format!("{}: {why}", first.name));
                continue;
            }
        };
        let seals = habit.echo == Echo::Everything && first.seals;
        assert!(!seals || !minted.is_empty(), "{}: nothing was sealed", first.name);
        for second in kinds.iter().filter(|second| meet(first, second)) {
            let mut talk = begun.clone();
            if let Err(why) = there_and_back((&mut line, &mut talk), (first, second), &minted).await
            {
                wrong.push(format!("{} to {}: {why}", first.name, second.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{habit:?}: {} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_dialect_has_a_host_that_is_strict_about_it() {
    let played: HashSet<&str> =
        VENDORS.iter().filter(|it| !it.is_variant).map(|it| it.dialect).collect();
    let known: HashSet<&str> = DIALECTS.iter().map(|row| row.dialect.name).collect();
    assert_eq!(played, known);
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Habit { client: Chat, echo: Echo::Everything, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Habit { client: Messages, echo: Echo::Everything, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_only_text_may_change_targets_within_a_loop() {
    check(Habit { client: Chat, echo: Echo::Text, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_only_text_may_change_targets_within_a_loop() {
    check(Habit { client: Messages, echo: Echo::Text, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_chat_client_that_echoes_nothing_may_change_targets_within_a_loop() {
    check(Habit { client: Chat, echo: Echo::Nothing, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_messages_client_that_echoes_nothing_may_change_targets_within_a_loop() {
    check(Habit { client: Messages, echo: Echo::Nothing, streamed: false }).await;
}

#[tokio::test]
async fn g6_a_streaming_chat_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Habit { client: Chat, echo: Echo::Everything, streamed: true }).await;
}

#[tokio::test]
async fn g6_a_streaming_messages_client_that_echoes_everything_may_change_targets_within_a_loop() {
    check(Habit { client: Messages, echo: Echo::Everything, streamed: true }).await;
}

/// Whether a target hears again what it thought before a call, from a client that forgets it.
async fn is_reminded(line: &mut Line<'_>, client: Format, kind: &Kind) -> bool {
    let mut talk = Talk::new(Habit { client, echo: Echo::Nothing, streamed: false });
    talk.says("[[tool]] one");
    let minted = talk.asks(line, kind, "found").await.unwrap().seals;
    let back = talk.asks(line, kind, "").await.unwrap().sent;
    back.contains(THOUGHT) || minted.iter().any(|seal| back.contains(seal))
}

#[tokio::test]
async fn g6_a_host_that_wants_its_thinking_back_gets_it_for_clients_that_forget() {
    let house = House::open(plan("")).await;
    let forgetful = House::open(plan("[server.reasoning_cache]\nenabled = false\n")).await;
    let (mut line, mut other) = (Line::to(&house).await, Line::to(&forgetful).await);
    for (client, kind) in
        FORMATS.into_iter().flat_map(|it| kinds().into_iter().map(move |kind| (it, kind)))
    {
        // Clients of Messages know what to send back to their own.
        let is_at_home = (client, kind.format) == (Messages, Messages);
        let wants = !is_at_home && (kind.hears.is_some() || kind.seals);
        let case = format!("{} for {client:?}", kind.name);
        assert_eq!(is_reminded(&mut line, client, &kind).await, wants, "{case}");
        assert!(!is_reminded(&mut other, client, &kind).await, "{case}");
    }
}

#[tokio::test]
async fn g6_deepseek_hears_the_very_same_thinking_in_every_later_turn_of_a_forgetful_client() {
    let house = House::open(plan("")).await;
    let mut line = Line::to(&house).await;
    let deepseek = kinds().into_iter().find(|kind| kind.name == "thinks-deepseek-v4").unwrap();
    let mut talk = Talk::new(Habit { client: Chat, echo: Echo::Nothing, streamed: true });
    talk.says("[[tool]] one");
    talk.asks(&mut line, &deepseek, "found").await.unwrap();
    talk.habit.streamed = false;
    let mut before: Vec<Value> = Vec::new();
    for words in ["[[tool]] two", "[[tool]] three", "four"] {
        talk.says(words);
        let sent = talk.asks(&mut line, &deepseek, "found").await.unwrap().sent;
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let messages = sent["messages"].as_array().unwrap();
        assert!(messages.starts_with(&before), "{words}: {sent}");
        let mut calling = messages.iter().filter(|it| it["tool_calls"].is_array());
        let is_whole =
            |it: &Value| it["reasoning_content"].as_str().is_some_and(|it| it.contains(THOUGHT));
        assert!(calling.all(is_whole), "{words}: {sent}");
        before.clone_from(messages);
    }
}

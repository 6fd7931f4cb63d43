//! What clients are told of a model's thoughts: in their own members or blocks, wherever the host
//! tells them.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use serde_json::{Value, json};

use crate::abroad::request;
use crate::harness::*;
use crate::meaning::{self, Meaning, Stop};

/// A house with a target for each scripted answer of a host that leaves tags in its texts.
async fn tagged(sayings: &[&str], model: &str) -> House {
    let target = |plan: Plan, saying: &&str| plan.target_of(saying, Chat, saying, "", model);
    House::open(sayings.iter().fold(Plan::brisk(), target)).await
}

const TAGGED: &str = "reasoning_dialect = \"raw-think-tag\"";

/// What a client understands, and what of it was lost.
async fn understood(house: &House, client: Format, model: &str, streamed: bool) -> Meaning {
    let answer = house.ask(post(client, request(client, model, streamed, "Hé"))).await;
    assert_eq!((answer.status, answer.end), (200, End::Whole), "{}", answer.text());
    assert_eq!(answer.header("x-routectl-loss"), "", "{model}");
    meaning::of(client, streamed, &answer.body)
        .unwrap_or_else(|why| panic!("{client:?} {model} {streamed}: {why}\n{}", answer.text()))
}

#[tokio::test]
async fn case_5_thoughts_between_tags_are_thinking_blocks_for_messages_clients() {
    let sayings = ["says-tagged-thoughts", "says-tagged-call", "says-unclosed-thoughts"];
    let house = tagged(&sayings, TAGGED).await;
    for streamed in [false, true] {
        let got = understood(&house, Messages, "says-tagged-thoughts", streamed).await;
        assert_eq!((&*got.thoughts, &*got.text), ("Let me think 🤔.", "Done."), "{streamed}");
        assert_eq!(got.order, ["thinking", "text"]);
        let got = understood(&house, Messages, "says-tagged-call", streamed).await;
        assert_eq!((&*got.thoughts, &*got.text), ("I should look.", "I look."));
        assert_eq!(got.order, ["thinking", "text", "tool_use"]);
    }
}

#[tokio::test]
async fn case_5_without_an_opening_tag_a_whole_answer_is_still_understood() {
    let house = tagged(&["says-unopened-thoughts"], TAGGED).await;
    let got = understood(&house, Messages, "says-unopened-thoughts", false).await;
    assert_eq!((&*got.thoughts, &*got.text), ("Let me think 🤔.", "Done."));
}

#[tokio::test]
async fn cases_17_and_20_an_answer_that_is_nothing_but_thoughts_is_an_answer() {
    for (saying, model) in [("says-only-thoughts", ""), ("says-unclosed-thoughts", TAGGED)] {
        let house = tagged(&[saying], model).await;
        for streamed in [false, true] {
            let got = understood(&house, Messages, saying, streamed).await;
            assert_eq!((&*got.thoughts, &*got.text), ("Let me think", ""), "{saying} {streamed}");
            assert_eq!((got.order, got.stop), (vec!["thinking"], Stop::Length));
        }
    }
}

/// A conversation of a Messages client that has come to the results of its tool.
fn with_results(model: &str, answer: &Value) -> String {
    let ask = json!({"role": "user", "content": "Hé"});
    let said = json!({"role": "assistant", "content": answer["content"]});
    let result = json!({"type": "tool_result", "tool_use_id": "call_a", "content": "12°"});
    let tool = json!({"name": "weather", "input_schema": {"type": "object", "properties": {}}});
    json!({"model": model, "max_tokens": 500, "tools": [tool], "messages":
        [ask, said, {"role": "user", "content": [result]}]})
    .to_string()
}

#[tokio::test]
async fn case_6_a_model_that_thinks_between_its_steps_hears_its_words_again_verbatim() {
    let plan = Plan::brisk()
        .target_of("first", Chat, "says-tagged-call", "", TAGGED)
        .target_of("minimax", Chat, "lenient-minimax-m2", "", TAGGED)
        .target_of("other", Chat, "lenient-1", "", TAGGED);
    let house = House::open(plan).await;
    let first = house.ask(post(Messages, request(Messages, "first", false, "Hé"))).await;
    for (model, content) in [
        ("minimax", "<think>\nI should look.\n</think>\n\nI look."),
        // Others are not to hear it.
        ("other", "I look."),
    ] {
        let second = house.ask(post(Messages, with_results(model, &first.json()))).await;
        assert_eq!(second.status, 200, "{}", second.text());
        let arrived = house.hosts.requests().pop().unwrap();
        let arrived: Value = serde_json::from_slice(&arrived.body).unwrap();
        assert_eq!(arrived["messages"][1]["content"], content);
    }
}

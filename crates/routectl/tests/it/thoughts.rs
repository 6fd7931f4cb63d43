//! What clients are told of a model's thoughts: in their own members or blocks, wherever the host
//! tells them.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a client sends is literal JSON"
)]

use serde_json::{Value, json};

use crate::abroad::{curious, request};
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
    let answer = house.ask(post(client, curious(client, model, streamed, "Hé"))).await;
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
    let first = house.ask(post(Messages, curious(Messages, "first", false, "Hé"))).await;
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

/// The members in which a Chat answer tells thinking, those with something in them, of all choices
/// and chunks.
fn told_in(answer: &Answer, streamed: bool) -> Vec<&'static str> {
    let said: Vec<Value> = match streamed {
        false => vec![answer.json()],
        true => {
            let data = |event: &&[u8]| std::str::from_utf8(event).unwrap().trim().to_owned();
            let data = events(&answer.body).iter().map(data).collect::<Vec<_>>();
            data.iter()
                .filter_map(|it| serde_json::from_str(it.strip_prefix("data: ")?).ok())
                .collect()
        }
    };
    let named = |name: &&str| {
        let message = if streamed { "delta" } else { "message" };
        said.iter().any(|chunk| !chunk["choices"][0][message][*name].is_null())
    };
    ["reasoning", "reasoning_content", "reasoning_details"].into_iter().filter(named).collect()
}

#[tokio::test]
async fn g1_on_the_native_lane_only_the_chunks_that_think_between_tags_are_rewritten() {
    let house = tagged(&["says-tagged-thoughts", "says-two-calls"], TAGGED).await;
    for streamed in [false, true] {
        let ask = |model| post(Chat, request(Chat, model, streamed, "Hé"));
        let answer = house.ask(ask("says-tagged-thoughts")).await;
        assert_eq!(answer.header("x-routectl-lane"), "native");
        assert_eq!(told_in(&answer, streamed), ["reasoning", "reasoning_content"], "{streamed}");
        let got = meaning::of(Chat, streamed, &answer.body).unwrap();
        assert_eq!(
            (&*got.thoughts, &*got.text),
            ("Let me think 🤔.", "Done."),
            "{}",
            answer.text()
        );
        // An answer without tags is the host's, byte for byte.
        let answer = house.ask(ask("says-two-calls")).await;
        let upstream = request(Chat, "says-two-calls", streamed, "Hé");
        let own = match streamed {
            true => routectl_emulator::good_stream(Chat, &upstream).bytes,
            false => routectl_emulator::good_answer(Chat, &upstream),
        };
        assert_eq!(answer.body, own);
    }
}

#[tokio::test]
async fn a_thought_that_breaks_off_on_the_native_lane_is_told_as_one_and_told_to_have_failed() {
    let stream =
        routectl_emulator::good_stream(Chat, &request(Chat, "says-tagged-thoughts", true, "Hé"));
    for (end, _) in stream.ends.iter().skip(1).take(5) {
        let model = format!("cut-at-{end}-says-tagged-thoughts");
        let house = tagged(&[&model], TAGGED).await;
        let answer = house.ask(post(Chat, request(Chat, &model, true, "Hé"))).await;
        let Some(before) = before_error(Chat, &answer.body) else {
            // Half a tag is no content: the client was not told a thing.
            assert!(answer.status >= 500, "{model}: {}", answer.text());
            continue;
        };
        let (got, ended) = meaning::of_stream(Chat, before).unwrap();
        assert!(!ended && "Let me think 🤔.".starts_with(&got.thoughts), "{model}: {got:?}");
        assert!("Done.".starts_with(&got.text), "{model}: {got:?}");
    }
}

#[tokio::test]
async fn the_operator_names_the_members_in_which_chat_clients_read_thinking() {
    for (setting, translated, native) in [
        ("", vec!["reasoning", "reasoning_content", "reasoning_details"], vec!["reasoning"]),
        (
            r#"["reasoning_content"]"#,
            vec!["reasoning_content"],
            vec!["reasoning", "reasoning_content"],
        ),
        (r#"["reasoning_details"]"#, vec!["reasoning_details"], vec!["reasoning"]),
        ("[]", vec![], vec!["reasoning"]),
    ] {
        let table = match setting {
            "" => String::new(),
            fields => format!("\n[server]\nreasoning_fields = {fields}"),
        };
        let retry = String::from(Plan::brisk());
        let plan = Plan::new(&(retry + &table))
            .target("abroad", Messages, "says-thoughts")
            .target_of("near", Chat, "says-thoughts-renamed", "", "reasoning_dialect = \"vllm\"");
        let house = House::open(plan).await;
        for streamed in [false, true] {
            let answer = house.ask(post(Chat, request(Chat, "abroad", streamed, "Hé"))).await;
            assert_eq!(told_in(&answer, streamed), translated, "{setting} {}", answer.text());
            if !streamed {
                let lost = answer.header("x-routectl-loss");
                assert_eq!(
                    lost.contains("answer.reasoning"),
                    !setting.is_empty() && setting != r#"["reasoning_details"]"#,
                    "{lost}"
                );
            }
            let answer = house.ask(post(Chat, request(Chat, "near", streamed, "Hé"))).await;
            assert_eq!(told_in(&answer, streamed), native, "{setting} {}", answer.text());
        }
    }
}

#[tokio::test]
async fn case_6_thinking_in_pieces_is_told_as_text_too_to_clients_of_its_own_format() {
    let plan = Plan::brisk().target_of(
        "pieces",
        Chat,
        "thinks-minimax-m2",
        "",
        "reasoning_dialect = \"minimax\"",
    );
    let house = House::open(plan).await;
    for streamed in [false, true] {
        let body = request(Chat, "pieces", streamed, "[[think]] Why?");
        let answer = house.ask(post(Chat, body)).await;
        assert_eq!(answer.header("x-routectl-lane"), "native", "{}", answer.text());
        let told = ["reasoning", "reasoning_content", "reasoning_details"];
        assert_eq!(told_in(&answer, streamed), told, "{}", answer.text());
    }
}

#[tokio::test]
async fn case_15_a_host_that_always_tells_is_not_heard_and_still_gets_its_thinking_back() {
    let table = String::from(Plan::brisk()) + "\n[server]\nstrict_translation = true";
    let dialect = |name: &str| format!("reasoning_dialect = \"{name}\"");
    let plan = Plan::new(&table)
        .target_of("deepseek", Chat, "thinks-deepseek-v4", "", &dialect("deepseek"))
        .target_of("minimax", Chat, "thinks-minimax-m2", "", &dialect("minimax"));
    let house = House::open(plan).await;
    let tool = json!({"type": "function", "function":
        {"name": "weather", "parameters": {"type": "object", "properties": {}}}});
    for (model, member) in [("deepseek", "reasoning_content"), ("minimax", "reasoning_details")] {
        for streamed in [false, true] {
            let text = format!("[[think]] [[tool]] Why, {streamed}?");
            let body = json!({"model": model, "tools": [tool], "stream": streamed,
                "reasoning": {"exclude": true},
                "messages": [{"role": "user", "content": text}]});
            let first = house.ask(post(Chat, body.to_string())).await;
            assert_eq!((first.status, first.header("x-routectl-loss")), (200, ""), "{model}");
            assert_eq!(told_in(&first, streamed), Vec::<&str>::new(), "{}", first.text());
            let heard = meaning::of(Chat, streamed, &first.body).unwrap();
            let calls = heard.calls.iter().map(|call| {
                json!({"id": call.id, "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments}})
            });
            let calls: Vec<Value> = calls.collect();
            let results: Vec<Value> = calls
                .iter()
                .map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "12°"}))
                .collect();
            let mut second = body.clone();
            let turns = second["messages"].as_array_mut().unwrap();
            turns.push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
            turns.extend(results);
            let answer = house.ask(post(Chat, second.to_string())).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let arrived = house.hosts.requests().pop().unwrap();
            let arrived: Value = serde_json::from_slice(&arrived.body).unwrap();
            let thought = arrived["messages"][1][member].to_string();
            assert!(thought.len() > 5, "{model} {streamed}: {arrived}");
        }
    }
}

#[tokio::test]
async fn who_asked_for_no_thinking_is_told_none_and_the_host_still_gets_its_own_back() {
    let deepseek = "reasoning_dialect = \"deepseek\"";
    let plan = Plan::brisk()
        .target_of("deepseek", Chat, "thinks-deepseek-v4", "", deepseek)
        .target("claude", Messages, "says-thoughts");
    let house = House::open(plan).await;
    let tool = json!({"name": "weather", "input_schema": {"type": "object", "properties": {}}});
    for (number, thinking) in
        [Value::Null, json!({"type": "disabled"}), json!({"type": "adaptive"})]
            .into_iter()
            .enumerate()
    {
        for streamed in [false, true] {
            let mut body = json!({"model": "deepseek", "max_tokens": 500, "tools": [tool],
                "stream": streamed, "messages": [
                    {"role": "user", "content": format!("[[think]] [[tool]] {number} {streamed}")}]});
            if !thinking.is_null() {
                body["thinking"] = thinking.clone();
            }
            let first = house.ask(post(Messages, body.to_string())).await;
            let heard = meaning::of(Messages, streamed, &first.body).unwrap();
            assert!(!heard.calls.is_empty(), "{}", first.text());
            let is_told = heard.order.contains(&"thinking");
            assert_eq!(is_told, number == 2, "{thinking} {streamed}: {}", first.text());
            let call = &heard.calls[0];
            let input: Value = serde_json::from_str(&call.arguments).unwrap();
            let turns = body["messages"].as_array_mut().unwrap();
            turns.push(json!({"role": "assistant", "content":
                [{"type": "tool_use", "id": call.id, "name": call.name, "input": input}]}));
            turns.push(json!({"role": "user", "content":
                [{"type": "tool_result", "tool_use_id": call.id, "content": "12°"}]}));
            let second = house.ask(post(Messages, body.to_string())).await;
            assert_eq!(second.status, 200, "{}", second.text());
            let arrived = house.hosts.requests().pop().unwrap();
            let arrived: Value = serde_json::from_slice(&arrived.body).unwrap();
            let thought = arrived["messages"][1]["reasoning_content"].as_str().unwrap_or_default();
            assert!(number == 1 || !thought.is_empty(), "{thinking} {streamed}: {arrived}");
        }
    }
    let all = ["reasoning", "reasoning_content", "reasoning_details"];
    for (more, told) in [(json!("none"), &[][..]), (json!("low"), &all), (Value::Null, &all)] {
        for streamed in [false, true] {
            let mut body = json!({"model": "claude", "stream": streamed,
                "messages": [{"role": "user", "content": "Hé"}]});
            if !more.is_null() {
                body["reasoning_effort"] = more.clone();
            }
            let answer = house.ask(post(Chat, body.to_string())).await;
            assert_eq!(told_in(&answer, streamed), told, "{more}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn case_15_thinking_that_a_client_excludes_is_still_of_use_in_its_next_turn() {
    let plan = Plan::brisk().target_of(
        "claude",
        Messages,
        "claude-opus-4-8",
        "",
        "supports_adaptive_thinking = true",
    );
    let house = House::open(plan).await;
    let tool = json!({"type": "function", "function":
        {"name": "weather", "parameters": {"type": "object", "properties": {}}}});
    let mut body = json!({"model": "claude", "tools": [tool],
        "reasoning": {"effort": "high", "exclude": true},
        "messages": [{"role": "user", "content": "[[think]] [[tool]] Why?"}]});
    let first = house.ask(post(Chat, body.to_string())).await;
    let message = &first.json()["choices"][0]["message"];
    assert_eq!(told_in(&first, false), ["reasoning_details"], "{}", first.text());
    let detail = &message["reasoning_details"][0];
    assert_eq!((&detail["text"], detail["signature"].is_string()), (&json!(""), true));
    let call = &message["tool_calls"][0]["id"];
    let turns = body["messages"].as_array_mut().unwrap();
    turns.push(message.clone());
    turns.push(json!({"role": "tool", "tool_call_id": call, "content": "12°"}));
    let second = house.ask(post(Chat, body.to_string())).await;
    assert_eq!(second.status, 200, "{}", second.text());
    let arrived = house.hosts.requests().pop().unwrap();
    let arrived: Value = serde_json::from_slice(&arrived.body).unwrap();
    let thought = json!({"type": "thinking", "thinking": "", "signature": detail["signature"]});
    assert_eq!(arrived["messages"][1]["content"][0], thought);
}

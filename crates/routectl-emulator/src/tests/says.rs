//! Scripted answers are spelled as the vendors spell answers, and say the same whole and streamed.

use serde_json::{Value, json};

use super::client::{End, ask, payloads};
use super::{FORMATS, body, with};
use crate::{Emulator, Format, Part, SAYINGS, good_answer, good_stream};

/// Every scripted answer with each host that has it.
fn cases() -> impl Iterator<Item = (&'static str, Format)> {
    SAYINGS.iter().flat_map(|saying| {
        let formats = FORMATS.into_iter().filter(|format| saying.is_for(*format));
        formats.map(move |format| (saying.name, format))
    })
}

#[tokio::test]
async fn a_scripted_answer_is_what_the_host_sends() {
    let emulator = Emulator::start().await.unwrap();
    for (name, format) in cases() {
        for streamed in [true, false] {
            let mut request = body(format, name, streamed, "hi");
            if streamed && format == Format::Chat {
                request["stream_options"] = json!({"include_usage": true});
            }
            let answer = ask(&emulator, format, &request).await;
            assert_eq!((answer.status, answer.end), (Some(200), End::Proper), "{name} {format:?}");
            let raw = request.to_string();
            let good = match streamed {
                true => good_stream(format, raw.as_bytes()).bytes,
                false => good_answer(format, raw.as_bytes()),
            };
            assert_eq!(answer.body, good, "{name} {format:?}");
        }
    }
}

#[tokio::test]
async fn a_scripted_answer_can_be_cut_and_one_that_a_host_lacks_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let request = body(Format::Chat, "cut-at-100-says-two-calls", true, "hi");
    let answer = ask(&emulator, Format::Chat, &request).await;
    let good = good_stream(Format::Chat, request.to_string().as_bytes());
    assert_eq!((&answer.body[..], answer.end), (&good.bytes[..100], End::Closed));
    assert!(String::from_utf8_lossy(&good.bytes).contains("weather"));
    for name in ["says-a-search", "says-no-such", "cut-at-9-says-no-such"] {
        let answer = ask(&emulator, Format::Chat, &body(Format::Chat, name, true, "hi")).await;
        let plain = name.starts_with("cut");
        assert_eq!(answer.status == Some(200), plain, "{name}: {}", answer.text());
    }
}

#[test]
fn a_scripted_stream_adds_up_to_the_whole_answer() {
    for (name, format) in cases() {
        let request = with(
            body(format, name, true, "hi"),
            &json!({"stream_options": {"include_usage": true}}),
        );
        let stream = good_stream(format, request.to_string().as_bytes());
        let whole: Value =
            serde_json::from_slice(&good_answer(format, request.to_string().as_bytes())).unwrap();
        assert_eq!(stream.ends.last().unwrap().1, Part::Terminator, "{name}");
        let events = payloads(&stream.bytes);
        let events = events.iter().filter(|event| *event != "[DONE]");
        let events: Vec<Value> = events.map(|event| serde_json::from_str(event).unwrap()).collect();
        let (said, meant) = match format {
            Format::Chat => (chat_texts(&events), chat_whole(&whole)),
            Format::Messages => (messages_texts(&events), messages_whole(&whole)),
        };
        assert_eq!(said, meant, "{name} {format:?}");
    }
}

/// All texts of a stream by the name of their member, and how it stopped.
fn chat_texts(events: &[Value]) -> Vec<String> {
    let mut texts = vec![String::new(); MEMBERS.len() + 2];
    for event in events {
        let delta = &event["choices"][0]["delta"];
        for (place, member) in MEMBERS.iter().enumerate() {
            texts[place] += delta[*member].as_str().unwrap_or_default();
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let name = call["function"]["name"].as_str().unwrap_or_default();
            texts[3] += name;
            texts[3] += call["function"]["arguments"].as_str().unwrap_or_default();
        }
        texts[4] += event["choices"][0]["finish_reason"].as_str().unwrap_or_default();
    }
    sorted(texts)
}

const MEMBERS: [&str; 3] = ["content", "refusal", "reasoning_content"];

fn chat_whole(whole: &Value) -> Vec<String> {
    let message = &whole["choices"][0]["message"];
    let mut texts: Vec<String> =
        MEMBERS.iter().map(|it| message[*it].as_str().unwrap_or_default().to_owned()).collect();
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let said = |call: &Value| {
        let text = |it: &str| call["function"][it].as_str().unwrap_or_default().to_owned();
        text("name") + &text("arguments")
    };
    texts.push(calls.map(said).collect());
    texts.push(whole["choices"][0]["finish_reason"].as_str().unwrap_or_default().to_owned());
    sorted(texts)
}

/// Interleaved calls say the same letters in another order.
fn sorted(texts: Vec<String>) -> Vec<String> {
    let sort = |text: String| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters.into_iter().collect()
    };
    texts.into_iter().map(sort).collect()
}

fn messages_texts(events: &[Value]) -> Vec<String> {
    let mut texts = Vec::new();
    for event in events {
        match event["type"].as_str().unwrap() {
            "content_block_start" => texts.push(String::new()),
            "content_block_delta" => {
                let grown = ["text", "thinking", "partial_json"];
                let grown = grown.iter().filter_map(|it| event["delta"][*it].as_str());
                let index = usize::try_from(event["index"].as_u64().unwrap()).unwrap();
                texts[index].extend(grown);
            }
            "message_delta" => texts.push(event["delta"]["stop_reason"].to_string()),
            _ => {}
        }
    }
    let mut texts: Vec<String> = texts.into_iter().map(normal).collect();
    texts.retain(|text| !text.is_empty() && text != "{}");
    texts
}

/// JSON in one spelling, should it be JSON. What the limit cut off is closed as the vendor closes
/// it in a whole answer.
fn normal(text: String) -> String {
    let parsed = [text.clone(), format!("{text}\"}}")]
        .iter()
        .find_map(|text| serde_json::from_str::<Value>(text).ok().filter(Value::is_object));
    parsed.map_or(text, |value| value.to_string())
}

fn messages_whole(whole: &Value) -> Vec<String> {
    let raw = whole["content"].as_array().unwrap().iter();
    let said = |block: &Value| {
        let text = ["text", "thinking"].iter().find_map(|it| block[*it].as_str());
        match (text, block.get("input")) {
            (Some(text), _) => text.to_owned(),
            (None, Some(input)) => input.to_string(),
            (None, None) => String::new(),
        }
    };
    let mut texts: Vec<String> = raw.map(said).collect();
    texts.push(whole["stop_reason"].to_string());
    texts.retain(|text| !text.is_empty() && text != "{}");
    texts
}

//! Good answers: always the same, whole as streamed, and what the request asked for.

use serde_json::{Value, json};

use super::client::{Answer, ask, payloads, text_of};
use super::{FORMATS, body, with};
use crate::{Emulator, Format};

fn tools(format: Format) -> Value {
    let schema = json!({"type": "object", "properties": {
        "city": {"type": "string"}, "days": {"type": "integer", "minimum": 2},
        "unit": {"enum": ["metric", "imperial"]}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["city"]});
    match format {
        Format::Chat => {
            json!({"tools": [{"type": "function", "function": {"name": "weather", "parameters": schema}},
            {"type": "custom", "custom": {"name": "sql"}}]})
        }
        Format::Messages => json!({"tools": [{"name": "weather", "input_schema": schema},
            {"name": "clock", "input_schema": {"type": "object"}}]}),
    }
}

async fn good(emulator: &Emulator, format: Format, body: &Value) -> Answer {
    let answer = ask(emulator, format, body).await;
    assert_eq!(answer.status, Some(200), "{body}\n{}", answer.text());
    answer
}

/// The text of a whole answer.
fn said(format: Format, answer: &Value) -> String {
    let at = match format {
        Format::Chat => "/choices/0/message/content",
        Format::Messages => "/content/0/text",
    };
    answer.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn equal_requests_get_equal_bytes() {
    let (first, second) = (Emulator::start().await.unwrap(), Emulator::start().await.unwrap());
    for format in FORMATS {
        for streamed in [true, false] {
            for text in ["hello", "[[tool]] and [[think]]"] {
                let request = with(body(format, "mock-1", streamed, text), &tools(format));
                let answer = good(&first, format, &request).await;
                assert_eq!(answer, good(&first, format, &request).await);
                assert_eq!(answer, good(&second, format, &request).await);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_adds_up_to_the_whole_answer() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let whole = good(&emulator, format, &body(format, "mock-1", false, "grüße")).await.json();
        let stream = good(&emulator, format, &body(format, "mock-1", true, "grüße")).await;
        assert_eq!(text_of(&stream.body), said(format, &whole));
        assert!(said(format, &whole).contains("“grüße”"), "{whole}");
        let finish = match format {
            Format::Chat => "\"finish_reason\":\"stop\"",
            Format::Messages => "\"stop_reason\":\"end_turn\"",
        };
        assert!(stream.text().contains(finish) && whole.to_string().contains(finish));
    }
}

#[tokio::test]
async fn tools_are_called_when_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let forced = |format| match format {
        Format::Chat => {
            json!({"tool_choice": {"type": "function", "function": {"name": "weather"}}})
        }
        Format::Messages => json!({"tool_choice": {"type": "tool", "name": "weather"}}),
    };
    for format in FORMATS {
        let cases = [
            ("[[tool]]", json!({}), 1),
            ("[[tools]]", json!({}), 2),
            ("no mark", forced(format), 1),
            ("no mark", json!({}), 0),
        ];
        for (text, change, count) in cases {
            let request = with(with(body(format, "mock-1", false, text), &tools(format)), &change);
            let answer = good(&emulator, format, &request).await.json();
            let calls = calls(format, &answer);
            assert_eq!(calls.len(), count, "{text} {answer}");
            if let Some((id, input)) = calls.first() {
                assert_eq!(input["city"], "sämple");
                assert_eq!((&input["days"], &input["unit"]), (&json!(2), &json!("metric")));
                assert!(id.len() <= 40);
            }
            let stream = with(request, &json!({"stream": true}));
            let stream = good(&emulator, format, &stream).await;
            assert_eq!(
                stream.text().matches("\"name\":\"weather\"").count(),
                count.min(1),
                "{text}"
            );
        }
    }
}

/// Ids and inputs of the calls with JSON input; a custom tool counts with null.
fn calls(format: Format, answer: &Value) -> Vec<(String, Value)> {
    let list = match format {
        Format::Chat => answer.pointer("/choices/0/message/tool_calls"),
        Format::Messages => answer.pointer("/content"),
    };
    let calls = list.and_then(Value::as_array).into_iter().flatten();
    let call = |call: &Value| {
        let input = match format {
            Format::Chat => {
                let text = call.pointer("/function/arguments").and_then(Value::as_str);
                text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
            }
            Format::Messages => call.get("input")?.clone(),
        };
        Some((call["id"].as_str().unwrap().to_owned(), input))
    };
    calls.filter_map(call).collect()
}

#[tokio::test]
async fn a_tool_loop_goes_round_with_fresh_ids() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let mut request = with(body(format, "mock-1", false, "[[tools]]"), &tools(format));
        let mut seen = Vec::new();
        for round in 0..3 {
            let answer = good(&emulator, format, &request).await.json();
            let ids: Vec<String> = calls(format, &answer).into_iter().map(|(id, _)| id).collect();
            assert_eq!(ids.len(), 2, "{answer}");
            assert!(ids.iter().all(|id| !seen.contains(id)), "an id comes twice");
            seen.extend(ids.clone());
            let messages = request["messages"].as_array_mut().unwrap();
            extend(format, messages, &answer, &ids, round);
            let replied = good(&emulator, format, &request).await.json();
            assert!(
                said(format, &replied).contains(&format!("result {round} of {}", ids[1])),
                "{replied}"
            );
            let messages = request["messages"].as_array_mut().unwrap();
            messages.push(json!({"role": "assistant", "content": said(format, &replied)}));
            messages.push(json!({"role": "user", "content": "again [[tools]]"}));
        }
    }
}

fn extend(format: Format, messages: &mut Vec<Value>, answer: &Value, ids: &[String], round: usize) {
    let text = |id: &String| format!("result {round} of {id}");
    match format {
        Format::Chat => {
            messages.push(answer.pointer("/choices/0/message").unwrap().clone());
            messages.extend(
                ids.iter()
                    .map(|id| json!({"role": "tool", "tool_call_id": id, "content": text(id)})),
            );
        }
        Format::Messages => {
            messages.push(json!({"role": "assistant", "content": answer["content"]}));
            let results = ids
                .iter()
                .map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": text(id)}));
            messages.push(json!({"role": "user", "content": results.collect::<Vec<_>>()}));
        }
    }
}

#[tokio::test]
async fn thoughts_come_sealed_and_are_known_again() {
    let emulator = Emulator::start().await.unwrap();
    let format = Format::Messages;
    let thinking = json!({"thinking": {"type": "adaptive"}});
    let hidden = json!({"thinking": {"type": "adaptive", "display": "omitted"}});
    for (change, text, shows) in
        [(&thinking, "hi", true), (&hidden, "hi", false), (&thinking, "[[redact]]", false)]
    {
        let request = with(body(format, "mock-1", false, text), change);
        let answer = good(&emulator, format, &request).await.json();
        let block = &answer["content"][0];
        assert_eq!(block["thinking"].as_str().is_some_and(|it| !it.is_empty()), shows, "{block}");
        let next = |block: &Value| {
            let content = json!([block, answer["content"][1]]);
            let turns = json!([request["messages"][0], {"role": "assistant", "content": content}, {"role": "user", "content": "go on"}]);
            with(request.clone(), &json!({ "messages": turns }))
        };
        good(&emulator, format, &next(block)).await;
        let member = if block.get("data").is_some() { "data" } else { "signature" };
        let seal = block[member].as_str().unwrap();
        for wrong in
            [String::new(), seal.replace('A', "B"), format!("{seal}AAAA"), seal[4..].to_owned()]
        {
            let changed = with(block.clone(), &json!({ member: wrong }));
            let answer = ask(&emulator, format, &next(&changed)).await;
            assert_eq!(answer.status, Some(400), "{changed}");
            assert!(answer.text().contains("Invalid `"), "{}", answer.text());
        }
        if shows {
            let changed = with(block.clone(), &json!({"thinking": "I thought of something else."}));
            assert_eq!(ask(&emulator, format, &next(&changed)).await.status, Some(400));
        }
    }
}

#[tokio::test]
async fn thoughts_are_streamed_before_the_text() {
    let emulator = Emulator::start().await.unwrap();
    for (format, mark) in [
        (Format::Chat, "\"reasoning_content\":"),
        (Format::Messages, "\"type\":\"thinking_delta\""),
    ] {
        let stream =
            good(&emulator, format, &body(format, "mock-1", true, "[[think]]")).await.text();
        let text = stream.find("You ").unwrap();
        assert!(stream.find(mark).is_some_and(|at| at < text), "{stream}");
        let plain = good(&emulator, format, &body(format, "mock-1", true, "hi")).await.text();
        assert!(!plain.contains(mark));
    }
}

#[tokio::test]
async fn images_are_seen() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let image = match format {
            Format::Chat => {
                json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}})
            }
            Format::Messages => {
                json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}})
            }
        };
        let content = json!([{"type": "text", "text": "look"}, image]);
        let request = with(
            body(format, "mock-1", false, ""),
            &json!({"messages": [{"role": "user", "content": content}]}),
        );
        let answer = good(&emulator, format, &request).await.json();
        assert!(said(format, &answer).contains("I see an image: image/png, 5 bytes"), "{answer}");
    }
}

#[tokio::test]
async fn a_schema_gets_an_instance() {
    let emulator = Emulator::start().await.unwrap();
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}, "sure": {"type": "boolean"}},
        "required": ["name", "sure"], "additionalProperties": false});
    for format in FORMATS {
        let change = match format {
            Format::Chat => {
                json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}}})
            }
            Format::Messages => {
                json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}})
            }
        };
        let request = with(body(format, "mock-1", false, "hi"), &change);
        let answer = good(&emulator, format, &request).await.json();
        let instance: Value = serde_json::from_str(&said(format, &answer)).unwrap();
        assert_eq!(instance, json!({"name": "sämple", "sure": true}));
    }
}

#[tokio::test]
async fn limits_stops_and_refusals_end_an_answer() {
    let emulator = Emulator::start().await.unwrap();
    let cases = [
        (Format::Chat, "hi", json!({"max_completion_tokens": 2}), "\"finish_reason\":\"length\""),
        (Format::Chat, "hi", json!({"stop": "said"}), "\"content\":\"You \""),
        (Format::Chat, "[[refuse]]", json!({}), "\"refusal\":\"I'm sorry"),
        (Format::Messages, "hi", json!({"max_tokens": 2}), "\"stop_reason\":\"max_tokens\""),
        (Format::Messages, "hi", json!({"max_tokens": 0}), "\"content\":[]"),
        (Format::Messages, "hi", json!({"stop_sequences": ["said"]}), "\"stop_sequence\":\"said\""),
        (Format::Messages, "[[refuse]]", json!({}), "\"stop_reason\":\"refusal\""),
    ];
    for (format, text, change, words) in cases {
        let answer =
            good(&emulator, format, &with(body(format, "mock-1", false, text), &change)).await;
        assert!(answer.text().contains(words), "{change}: {}", answer.text());
    }
}

#[tokio::test]
async fn usage_comes_where_the_vendor_puts_it() {
    let emulator = Emulator::start().await.unwrap();
    let plain = body(Format::Chat, "mock-1", true, "hi");
    assert!(!good(&emulator, Format::Chat, &plain).await.text().contains("\"usage\""));
    let asked = with(plain, &json!({"stream_options": {"include_usage": true}}));
    let events = payloads(&good(&emulator, Format::Chat, &asked).await.body);
    let (last, rest) = events[..events.len() - 1].split_last().unwrap();
    assert!(last.contains("\"choices\":[]") && last.contains("\"total_tokens\""), "{last}");
    assert!(rest.iter().all(|event| event.ends_with("\"usage\":null}")));
    assert_eq!(events.last().unwrap(), "[DONE]");
    let events = payloads(
        &good(&emulator, Format::Messages, &body(Format::Messages, "mock-1", true, "hi"))
            .await
            .body,
    );
    assert!(events[0].contains("\"input_tokens\"") && events[0].contains("\"output_tokens\":1"));
    assert!(events[events.len() - 2].contains("message_delta"));
}

#[tokio::test]
async fn several_choices_are_streamed_in_turn() {
    let emulator = Emulator::start().await.unwrap();
    let request = with(body(Format::Chat, "mock-1", true, "hi"), &json!({"n": 3}));
    let stream = good(&emulator, Format::Chat, &request).await.text();
    for index in 0..3 {
        let mark = format!(
            "\"index\":{index},\"delta\":{{}},\"logprobs\":null,\"finish_reason\":\"stop\""
        );
        assert_eq!(stream.matches(&mark).count(), 1, "{stream}");
    }
}

#[tokio::test]
async fn a_small_window_refuses_a_long_prompt() {
    let emulator = Emulator::start().await.unwrap();
    let long = "word ".repeat(500);
    for (format, words) in
        [(Format::Chat, "context_length_exceeded"), (Format::Messages, "prompt is too long: ")]
    {
        let refused = ask(&emulator, format, &body(format, "window-100", false, &long)).await;
        assert_eq!(refused.status, Some(400));
        assert!(refused.text().contains(words), "{}", refused.text());
        good(&emulator, format, &body(format, "window-100", false, "hi")).await;
    }
}

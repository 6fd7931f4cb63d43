//! What a client of another format needs of a Chat answer is in its events.

use std::collections::HashSet;

use insta::assert_snapshot;
use routectl_core::{Delta, Event, Opening};

use crate::formats::tests::{streamed, whole};
use crate::framing::sse;
use crate::{CHAT, Frame};

/// A stream of these deltas, then the finish.
fn deltas(deltas: &[&str], finish: &str) -> String {
    let mut stream: String = deltas
        .iter()
        .map(|delta| format!("data: {{\"id\":\"c1\",\"choices\":[{{\"delta\":{delta}}}]}}\n\n"))
        .collect();
    stream.push_str(&format!(
        "data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\n\ndata: [DONE]\n\n"
    ));
    stream
}

#[test]
fn case_55_thinking_told_twice_is_read_once_and_signed_where_it_belongs() {
    assert_snapshot!(streamed(
        CHAT,
        &deltas(
            &[
                r#"{"reasoning":"th","reasoning_details":[{"type":"reasoning.text","text":"th","format":"anthropic-claude-v1","index":0}]}"#,
                r#"{"reasoning":"ink","reasoning_details":[{"type":"reasoning.text","text":"ink","index":0}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"","signature":"SIG","index":0}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.text","signature":"SIG","index":0}]}"#,
                r#"{"content":"hi"}"#,
            ],
            "stop"
        )
    ));
}

#[test]
fn a_signature_that_comes_late_is_neither_lost_nor_in_the_way_of_the_text() {
    assert_snapshot!(streamed(
        CHAT,
        &deltas(
            &[
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"think","index":0}]}"#,
                r#"{"content":"a"}"#,
                r#"{"reasoning_details":[{"type":"reasoning.text","signature":"SIG","format":"anthropic-claude-v1","index":0}]}"#,
                r#"{"content":"b"}"#,
            ],
            "stop"
        )
    ));
}

#[test]
fn a_summary_and_its_encrypted_thinking_are_two_blocks_and_repetitions_none() {
    assert_snapshot!(streamed(
        CHAT,
        &deltas(
            &[
                r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"In short","format":"openai-responses-v1","index":0}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":1}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gAAA","id":"rs_1","format":"openai-responses-v1","index":1}]}"#,
                r#"{"content":"hi","reasoning_details":[]}"#,
            ],
            "stop"
        )
    ));
}

#[test]
fn content_parts_are_thinking_and_text() {
    assert_snapshot!(streamed(
        CHAT,
        &deltas(
            &[
                r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
                r#"{"content":[{"type":"thinking","thinking":"m"},{"type":"text","text":"hi"}]}"#,
                r#"{"content":" you"}"#,
                r#"{"content":[{"type":"reference","reference_ids":[1]}]}"#,
            ],
            "stop"
        )
    ));
}

#[test]
fn calls_are_named_before_they_begin_and_each_has_an_id() {
    let late_name = deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\""}}]}"#,
            r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":":1}"}}]}"#,
        ],
        "stop",
    );
    let no_ids_one_position = deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            r#"{"tool_calls":[{"index":0,"id":"","type":"function","function":{"name":"f","arguments":"{\"y\":2}"}}]}"#,
        ],
        "tool_calls",
    );
    let custom = deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"patch","input":""}}]}"#,
            r#"{"tool_calls":[{"index":0,"custom":{"input":"*** Begin"}}]}"#,
        ],
        "tool_calls",
    );
    let old = deltas(
        &[
            r#"{"function_call":{"name":"f","arguments":""}}"#,
            r#"{"function_call":{"arguments":"{}"}}"#,
        ],
        "function_call",
    );
    let sealed_call = deltas(
        &[
            r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"CiQ"}}}]}"#,
        ],
        "stop",
    );
    let read = [late_name, no_ids_one_position, custom, old, sealed_call];
    assert_snapshot!(read.map(|stream| streamed(CHAT, &stream)).join("\n\n"));
}

#[test]
fn the_calls_of_a_whole_answer_need_no_ids_to_be_told_apart() {
    assert_snapshot!(whole(
        CHAT,
        r#"{"id":"c1","choices":[{"index":0,"finish_reason":"stop","message":{"content":null,"annotations":[],"tool_calls":[
            {"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"g","arguments":""}}]}}]}"#
    ));
}

#[test]
fn what_only_chat_knows_is_kept_where_it_stood() {
    assert_snapshot!(streamed(
        CHAT,
        &deltas(
            &[
                r#"{"content":"see","annotations":[{"type":"url_citation","url_citation":{"url":"https://x"}}]}"#,
                r#"{"audio":{"id":"au"}}"#,
                r#"{"images":[]}"#,
            ],
            "stop"
        )
    ));
}

#[test]
fn case_29_counters_add_up_however_a_host_counts() {
    let usage = |usage: &str| {
        let body = format!(r#"{{"choices":[],"usage":{usage}}}"#);
        let read = whole(CHAT, &body);
        read.lines().find(|line| line.contains("Usage")).unwrap().trim().to_owned()
    };
    let read = [
        // OpenAI: cached inside the prompt, thinking inside the completion.
        r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}"#,
        // xAI, Gemini: thinking beside it.
        r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}}"#,
        // A total that adds up to nothing known is not believed.
        r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":99,"completion_tokens_details":{"reasoning_tokens":3}}"#,
        // A prompt that is counted without its cache.
        r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":400}}"#,
        r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4}"#,
    ];
    assert_snapshot!(read.map(usage).join("\n"), @r"
    Usage in 4 read 4 write 2/None out 5 thought 3
    Usage in 10 read None write None/None out 8 thought 3
    Usage in 10 read None write None/None out 5 thought 3
    Usage in 10 read 400 write None/None out 5 thought None
    Usage in 4 read 6 write None/None out 5 thought None
    ");
}

#[test]
fn half_a_surrogate_pair_costs_a_character_and_not_the_answer() {
    let read = streamed(CHAT, &deltas(&[r#"{"content":"a\ud83d"}"#, r#"{"content":"b"}"#], "stop"));
    assert!(read.contains("Text(\"a\u{fffd}\")") && read.contains("Text(\"b\")"), "{read}");
}

#[test]
fn a_choice_with_both_a_delta_and_the_message_so_far_is_said_once() {
    let chunk = |delta: &str, message: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{delta}\"}},\"message\":{{\"content\":\"{message}\"}}}}]}}\n\n"
        )
    };
    let read = streamed(CHAT, &[chunk("a", "a"), chunk("b", "ab"), chunk("", "ab")].concat());
    assert_eq!(read.matches("Text(").count(), 2, "{read}");
    assert!(read.contains("Text(\"a\")") && read.contains("Text(\"b\")"), "{read}");
    let read = whole(
        CHAT,
        r#"{"choices":[{"delta":{"content":""},"message":{"content":"ab"},"finish_reason":"stop"}]}"#,
    );
    assert!(read.contains("Text(\"ab\")"), "{read}");
}

/// The calls of a stream of these deltas: id, name and arguments of each.
fn calls(body: &str) -> Vec<(String, String, String)> {
    let (mut decoder, mut events) = (CHAT.decoder(), Vec::new());
    for frame in sse::frames(body.as_bytes()) {
        decoder.frame(&frame, &mut events).unwrap();
    }
    let mut calls = Vec::new();
    for event in events {
        if let Event::Open { block: Opening::ToolCall { id, name }, .. } = event {
            calls.push((id, name, String::new()));
        } else if let Event::Delta { index, delta: Delta::Arguments(more) } = event {
            calls[index as usize].2.push_str(&more);
        }
    }
    calls
}

/// What it is, what is said of calls, and the names and arguments of the calls.
type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

#[test]
fn calls_that_share_a_key_are_told_apart_by_what_else_is_said() {
    let cases: [Case<'_>; 6] = [
        (
            "one id at two positions, with names",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
                r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"arguments":"{\"x\":1}"}}"#,
                r#"{"index":1,"id":"a","function":{"arguments":"}"}}"#,
            ],
            &[("f", r#"{"x":1}"#), ("f", "{}")],
        ),
        (
            "one id that wanders without a name",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":1,"id":"a","function":{"arguments":"}"}}"#,
            ],
            &[("f", "{}")],
        ),
        (
            "another name at one position, without ids",
            &[
                r#"{"index":0,"function":{"name":"f","arguments":""}}"#,
                r#"{"index":0,"function":{"name":"g","arguments":"{\"y\":"}}"#,
                r#"{"index":0,"function":{"name":"g","arguments":"2}"}}"#,
            ],
            &[("f", ""), ("g", r#"{"y":2}"#)],
        ),
        (
            "another name without any key",
            &[r#"{"function":{"name":"f"}}"#, r#"{"function":{"name":"g","arguments":"{}"}}"#],
            &[("f", ""), ("g", "{}")],
        ),
        (
            "a name in two pieces, with an id",
            &[
                r#"{"index":0,"id":"a","function":{"name":"get_"}}"#,
                r#"{"index":0,"function":{"name":"it","arguments":"{}"}}"#,
            ],
            &[("get_", "{}")],
        ),
        (
            "another id at one position, in turns",
            &[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"arguments":"\"x\":1}"}}"#,
                r#"{"index":0,"id":"b","function":{"arguments":"}"}}"#,
            ],
            &[("f", r#"{"x":1}"#), ("g", "{}")],
        ),
    ];
    for (case, said, expected) in cases {
        let said: Vec<_> = said.iter().map(|it| format!("{{\"tool_calls\":[{it}]}}")).collect();
        let said: Vec<_> = said.iter().map(String::as_str).collect();
        let read = calls(&deltas(&said, "tool_calls"));
        let told: Vec<_> = read.iter().map(|(_, name, said)| (&**name, &**said)).collect();
        assert_eq!(told, expected, "{case}");
        let ids: HashSet<_> = read.iter().map(|(id, ..)| id).collect();
        assert_eq!(ids.len(), read.len(), "{case}: {read:?}");
    }
}

#[test]
fn an_answer_that_names_no_finish_ends_its_calls_and_loses_none_silently() {
    let ended = |call: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\ndata: [DONE]\n\n"
        )
    };
    let read = streamed(CHAT, &ended(r#"{"index":0,"id":"a","function":{"name":"f"}}"#));
    assert!(read.contains("Close { index: 0 }\n  End"), "{read}");
    let read = streamed(CHAT, &ended(r#"{"index":0,"id":"a"}"#));
    assert!(read.contains("Opaque { name: \"tool_calls\""), "{read}");
    let nameless = r#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#;
    let read = streamed(CHAT, &ended(nameless));
    assert!(read.contains("name never came"), "{read}");
    let whole = whole(
        CHAT,
        &format!(
            r#"{{"choices":[{{"message":{{"tool_calls":[{nameless}]}},"finish_reason":"stop"}}]}}"#
        ),
    );
    assert!(whole.contains("name never came"), "{whole}");
}

#[test]
fn a_flood_of_calls_is_an_error_and_costs_what_it_weighs() {
    let flood = |ids: bool| {
        let call = |at: usize| match ids {
            true => format!(r#"{{"index":{at},"id":"call_{at}","function":{{"name":"f"}}}}"#),
            false => r#"{"function":{"name":"f","arguments":"{}"}}"#.to_owned(),
        };
        let calls: Vec<_> = (0..160_000).map(call).collect();
        format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{}]}}}}]}}"#, calls.join(","))
    };
    for body in [flood(true), flood(false)] {
        let (mut decoder, mut events) = (CHAT.decoder(), Vec::new());
        let frame = Frame::Sse { event: None, data: body.as_bytes().into() };
        let garbled = decoder.frame(&frame, &mut events).unwrap_err();
        assert_eq!(garbled.to_string(), "a tool call: the answer has more than 1024 of them");
        let opened = events.iter().filter(|event| matches!(event, Event::Open { .. })).count();
        assert_eq!(opened, 1_024);
    }
}

#[test]
fn arguments_do_not_wait_for_a_name_without_end() {
    let (mut decoder, mut events) = (CHAT.decoder(), Vec::new());
    let more = "x".repeat(4 << 20);
    let body = format!(
        r#"{{"choices":[{{"delta":{{"tool_calls":[{{"index":0,"function":{{"arguments":"{more}"}}}}]}}}}]}}"#
    );
    let frame = || Frame::Sse { event: None, data: body.as_bytes().into() };
    let read = [(); 5].map(|()| decoder.frame(&frame(), &mut events));
    assert!(read[..4].iter().all(Result::is_ok));
    let garbled = read[4].as_ref().unwrap_err();
    assert_eq!(garbled.why, "more than 16 MiB of arguments wait for a name");
}

#[test]
fn an_answer_begins_with_the_first_chunk_that_says_whose_it_is() {
    // Azure's first chunk. (facts: OpenAI chat, section 6.1)
    let stream = concat!(
        "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n",
    );
    let mut decoder = CHAT.decoder();
    let mut events = Vec::new();
    for frame in sse::frames(stream.as_bytes()) {
        decoder.frame(&frame, &mut events).unwrap();
    }
    let heads: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Start(head) = event { head.id.as_deref() } else { None })
        .collect();
    assert_eq!(heads, ["chatcmpl-1"]);
}

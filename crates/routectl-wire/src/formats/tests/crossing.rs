//! Answers of one format, told to clients of the other: streamed and whole.

use insta::assert_snapshot;
use routectl_core::{Delta, Event, Head, Opening, Seal, SealKind, Wishes};

use crate::framing::sse;
use crate::{CHAT, ClientFormat, Encoder, Framing, MESSAGES, Reply};

/// How the clients of these tests want their answers told.
fn reply() -> Reply {
    let wishes = Wishes { streamed: true, usage_in_stream: true, old_functions: false };
    Reply {
        model: "asked-for".into(),
        created: 1_795_000_000,
        wishes,
        shows_reasoning: true,
        reasoning_fields: crate::ReasoningFields::default(),
        prompt_estimate: 1_234,
        ..Reply::default()
    }
}

fn events(format: &dyn ClientFormat, stream: &str) -> Vec<Event> {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    for frame in sse::frames(stream.as_bytes()) {
        decoder.frame(&frame, &mut events).unwrap();
    }
    events
}

/// The answer as a client gets it, and what of it the client does not get.
fn told(client: &dyn ClientFormat, framing: Framing, reply: Reply, events: &[Event]) -> String {
    let mut encoder = client.encoder(framing, reply);
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    encoder.finish(&mut out);
    let mut told = String::from_utf8(out).unwrap();
    for loss in encoder.losses() {
        told.push_str(&format!("\nLOSS {} {}: {}", loss.path, loss.fate.name(), loss.reason));
    }
    told
}

#[test]
fn counters_that_never_come_are_guessed_at_the_end() {
    const OF_CHAT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"thirty-four letters are ten tokens\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    const OF_MESSAGES: &str = concat!(
        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}\n\n",
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"thirty-four letters are ten tokens\"}}\n\n",
        "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    );
    let for_messages = r#""usage":{"input_tokens":1234,"output_tokens":10}"#;
    let for_chat = r#""usage":{"prompt_tokens":1234,"completion_tokens":10,"total_tokens":1244}"#;
    for (upstream, stream, client, usage) in
        [(CHAT, OF_CHAT, MESSAGES, for_messages), (MESSAGES, OF_MESSAGES, CHAT, for_chat)]
    {
        for framing in [Framing::Sse, Framing::Whole] {
            let told = told(client, framing, reply(), &events(upstream, stream));
            assert_eq!(told.matches(usage).count(), 1, "{told}");
        }
    }
}

/// The answer of an upstream, streamed and then whole.
fn crossed(
    upstream: &dyn ClientFormat,
    client: &dyn ClientFormat,
    stream: &str,
    reply: &Reply,
) -> String {
    let events = events(upstream, stream);
    let streamed = told(client, Framing::Sse, reply.clone(), &events);
    let whole = told(client, Framing::Whole, reply.clone(), &events);
    // The head of every chunk is the same: a golden shows it once.
    let head = r#""object":"chat.completion.chunk","created":1795000000,"model":"asked-for","#;
    let mut parts = streamed.splitn(2, head);
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.next().map(|rest| format!("{head}{}", rest.replace(head, "…")));
    format!("{first}{}\n{whole}", rest.unwrap_or_default())
}

/// A Messages stream of these events.
fn messages(events: &[&str]) -> String {
    let start = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":8,"cache_read_input_tokens":100,"output_tokens":1}}}"#;
    let name = |data: &str| data.split('"').nth(3).unwrap().to_owned();
    [start]
        .iter()
        .chain(events)
        .map(|data| format!("event: {}\ndata: {data}\n\n", name(data)))
        .collect()
}

/// The last two events of a Messages stream.
fn stopped(stop: &str) -> [String; 2] {
    let delta = format!(
        r#"{{"type":"message_delta","delta":{{{stop}}},"usage":{{"output_tokens":30,"output_tokens_details":{{"thinking_tokens":10}}}}}}"#
    );
    [delta, r#"{"type":"message_stop"}"#.to_owned()]
}

fn to_chat(body: &[&str], stop: &str, reply: &Reply) -> String {
    let [delta, end] = stopped(stop);
    let mut events = body.to_vec();
    events.extend([delta.as_str(), end.as_str()]);
    crossed(MESSAGES, CHAT, &messages(&events), reply)
}

/// A Chat stream of these deltas, its finish and its counters.
fn chat(deltas: &[&str], finish: &str) -> String {
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-9\",\"model\":\"gpt\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let mut stream: String = deltas.iter().map(|delta| chunk(delta, "null")).collect();
    stream.push_str(&chunk("{}", &format!("\"{finish}\"")));
    stream.push_str("data: {\"id\":\"chatcmpl-9\",\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":30,\"total_tokens\":150,\"prompt_tokens_details\":{\"cached_tokens\":100,\"cache_write_tokens\":8},\"completion_tokens_details\":{\"reasoning_tokens\":10}}}\n\ndata: [DONE]\n\n");
    stream
}

fn to_messages(deltas: &[&str], finish: &str, reply: &Reply) -> String {
    crossed(CHAT, MESSAGES, &chat(deltas, finish), reply)
}

const TEXT: [&str; 4] = [
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hé"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" 😀\n"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
];

mod of_messages_for_chat_clients {
    use super::*;

    #[test]
    fn text() {
        assert_snapshot!(to_chat(&TEXT, r#""stop_reason":"end_turn""#, &reply()));
    }

    #[test]
    fn cases_5_and_8_thinking_text_and_calls_that_count_from_zero() {
        assert_snapshot!(to_chat(
            &[
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eo0C"}}"#,
                r#"{"type":"content_block_stop","index":0}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"EmwK"}}"#,
                r#"{"type":"content_block_stop","index":1}"#,
                r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"I look."}}"#,
                r#"{"type":"content_block_stop","index":2}"#,
                r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\": 1.0"}}"#,
                r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"}"}}"#,
                r#"{"type":"content_block_stop","index":3}"#,
                r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}"#,
                r#"{"type":"content_block_stop","index":4}"#,
            ],
            r#""stop_reason":"tool_use""#,
            &reply()
        ));
    }

    /// A model whose thinking is omitted still signs it.
    const SEALED: [&str; 3] = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eo0C"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
    ];

    #[test]
    fn no_thinking_for_who_does_not_want_to_see_it_but_seals_that_stand_alone() {
        let seen = [
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"secret","signature":"XX"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
        ];
        let blind = Reply { shows_reasoning: false, ..reply() };
        let told = to_chat(&[&SEALED[..], &seen].concat(), r#""stop_reason":"end_turn""#, &blind);
        assert!(!told.contains("secret") && !told.contains("XX"), "{told}");
        assert_eq!(told.matches("Eo0C").count(), 2, "{told}");
    }

    #[test]
    fn who_asked_for_no_thinking_is_told_none_of_it() {
        let none = Reply { untold: true, ..reply() };
        let text = [
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"hi"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
        ];
        let told = to_chat(&[&SEALED[..], &text].concat(), r#""stop_reason":"end_turn""#, &none);
        assert!(!told.contains("Eo0C") && !told.contains("\"reasoning\""), "{told}");
        assert!(
            !told.contains("reasoning_content") && !told.contains("reasoning_details"),
            "{told}"
        );
        assert!(told.contains(r#""content":"hi""#) && !told.contains("LOSS"), "{told}");
    }

    #[test]
    fn cases_30_to_32_every_reason_to_stop() {
        let reasons = [
            (r#""stop_reason":"end_turn""#, r#""finish_reason":"stop"}"#),
            (
                r#""stop_reason":"stop_sequence","stop_sequence":"END""#,
                r#""finish_reason":"stop","stop_reason":"END"}"#,
            ),
            (r#""stop_reason":"tool_use""#, r#""finish_reason":"tool_calls"}"#),
            (r#""stop_reason":"max_tokens""#, r#""finish_reason":"length"}"#),
            (
                r#""stop_reason":"model_context_window_exceeded""#,
                r#""finish_reason":"length","native_finish_reason":"model_context_window_exceeded"}"#,
            ),
            (r#""stop_reason":"refusal""#, r#""finish_reason":"content_filter"}"#),
            (
                r#""stop_reason":"pause_turn""#,
                r#""finish_reason":"stop","native_finish_reason":"pause_turn"}"#,
            ),
            (
                r#""stop_reason":"brand_new""#,
                r#""finish_reason":"stop","native_finish_reason":"brand_new"}"#,
            ),
            (r#""stop_reason":null"#, r#""finish_reason":"stop"}"#),
        ];
        for (stop, finish) in reasons {
            let told = to_chat(&TEXT, stop, &reply());
            assert_eq!(told.matches(finish).count(), 2, "{stop}: {told}");
        }
    }

    #[test]
    fn golden_8_a_refusal_before_any_output() {
        assert_snapshot!(to_chat(
            &[],
            r#""stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber","explanation":"Not this."}"#,
            &reply()
        ));
    }

    #[test]
    fn cases_54_and_59_cited_pages_are_annotations_and_texts_join() {
        assert_snapshot!(to_chat(
            &[
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"It "}}"#,
                r#"{"type":"content_block_stop","index":0}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x.example/","title":"X","encrypted_index":"zz","cited_text":"rains"}}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"rains."}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"y"}}}"#,
                r#"{"type":"content_block_stop","index":1}"#,
                r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
                r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
                r#"{"type":"content_block_stop","index":2}"#,
                r#"{"type":"novelty"}"#,
            ],
            r#""stop_reason":"end_turn""#,
            &reply()
        ));
    }

    #[test]
    fn case_50_a_call_in_the_shape_of_the_deprecated_functions() {
        let call = |index: u32, name: &str| {
            [
                format!(
                    r#"{{"type":"content_block_start","index":{index},"content_block":{{"type":"tool_use","id":"t{index}","name":"{name}","input":{{}}}}}}"#
                ),
                format!(
                    r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"input_json_delta","partial_json":"{{\"a\":1}}"}}}}"#
                ),
                format!(r#"{{"type":"content_block_stop","index":{index}}}"#),
            ]
        };
        let calls = [call(0, "f"), call(1, "g")].concat();
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        let wishes = Wishes { old_functions: true, ..Wishes::default() };
        let old = Reply { wishes, ..reply() };
        assert_snapshot!(to_chat(&calls, r#""stop_reason":"tool_use""#, &old));
    }

    #[test]
    fn no_counters_in_a_stream_that_did_not_ask_for_them() {
        let quiet = Reply { wishes: Wishes::default(), ..reply() };
        let told = to_chat(&TEXT, r#""stop_reason":"end_turn""#, &quiet);
        assert_eq!(told.matches("usage").count(), 1, "only in the whole one: {told}");
    }
}

mod of_chat_for_messages_clients {
    use super::*;

    #[test]
    fn cases_42_and_43_counters_come_behind_the_finish() {
        assert_snapshot!(to_messages(
            &[
                r#"{"role":"assistant","content":""}"#,
                r#"{"content":"Hé"}"#,
                r#"{"content":" 😀\n"}"#
            ],
            "stop",
            &reply()
        ));
    }

    #[test]
    fn thinking_that_nobody_signed_gets_a_signature_of_ours() {
        assert_snapshot!(to_messages(
            &[r#"{"reasoning_content":"hm"}"#, r#"{"reasoning_content":"m","content":"hi"}"#,],
            "stop",
            &reply()
        ));
    }

    #[test]
    fn case_25_seals_pass_as_they_are_or_in_an_envelope() {
        assert_snapshot!(to_messages(
            &[
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"c","format":"anthropic-claude-v1","index":0}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.text","signature":"Eo0C","index":0}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"EmwK","format":"anthropic-claude-v1","index":1}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"g","signature":"foreign.sig","format":"google-gemini-v1","index":2}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"gA.AA","id":"rs_1","format":"openai-responses-v1","index":3}]}"#,
                r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"CiQ","id":"functions.x:0","format":"google-gemini-v1","index":4}]}"#,
                r#"{"content":"hi"}"#,
            ],
            "stop",
            &reply()
        ));
    }

    #[test]
    fn case_41_calls_that_grow_side_by_side_come_one_after_the_other() {
        assert_snapshot!(to_messages(
            &[
                r#"{"content":"I look."}"#,
                r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#,
                r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]}"#,
                r#"{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":"}}]}"#,
                r#"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"function":{"arguments":"2}"}}]}"#,
                r#"{"tool_calls":[{"index":2,"id":"c","type":"function","function":{"name":"now","arguments":""}}]}"#,
            ],
            "tool_calls",
            &reply()
        ));
    }

    #[test]
    fn cases_8_to_10_arguments_that_are_no_object() {
        let call = |arguments: &str| {
            let arguments = serde_json::to_string(arguments).unwrap();
            let delta = format!(
                r#"{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"f","arguments":{arguments}}}}}]}}"#
            );
            let told = to_messages(&[&delta], "tool_calls", &reply());
            let whole = told.split(r#""input":"#).last().unwrap().to_owned();
            let input = whole.split("}],\"stop_reason\"").next().unwrap().to_owned();
            let lost = if told.contains("LOSS") { "  (told as a loss)" } else { "" };
            format!("{arguments} → {input}{lost}")
        };
        let read =
            ["", " ", "null", "{}", "{\"b\": 1.0, \"a\":2}", "[]", "\"x\"", "{\"cut", "oops"];
        assert_snapshot!(read.map(call).join("\n"));
    }

    #[test]
    fn case_23_a_call_of_a_tool_that_takes_text() {
        assert_snapshot!(to_messages(
            &[
                r#"{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"patch","input":""}}]}"#,
                r#"{"tool_calls":[{"index":0,"custom":{"input":"say \"hi\""}}]}"#,
                r#"{"tool_calls":[{"index":0,"custom":{"input":"\n"}}]}"#,
            ],
            "tool_calls",
            &reply()
        ));
    }

    #[test]
    fn cases_30_to_32_every_reason_to_stop() {
        let text = &[r#"{"content":"a"}"#][..];
        let call =
            &[r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#]
                [..];
        let declined = r#""stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"#;
        let filtered = format!("{declined}\"The answer was cut by a content filter.\"}}");
        let refused = format!("{declined}\"No.\"}}");
        let refusal = &[r#"{"refusal":"No."}"#][..];
        let plain = |reason: &str| format!(r#""stop_reason":"{reason}","stop_sequence":null"#);
        for (deltas, finish, stop) in [
            (text, "stop", plain("end_turn")),
            (text, "length", plain("max_tokens")),
            (text, "tool_calls", plain("end_turn")),
            (call, "tool_calls", plain("tool_use")),
            (call, "function_call", plain("tool_use")),
            (call, "stop", plain("tool_use")),
            (call, "length", plain("max_tokens")),
            (text, "content_filter", filtered),
            (refusal, "stop", refused.clone()),
            (refusal, "content_filter", refused),
            (text, "model_context_window_exceeded", plain("model_context_window_exceeded")),
            (text, "brand_new", plain("end_turn")),
        ] {
            let told = to_messages(deltas, finish, &reply());
            assert_eq!(told.matches(&stop).count(), 2, "{finish}: {told}");
            assert_eq!(told.contains("LOSS"), finish == "brand_new", "{told}");
        }
    }

    #[test]
    fn golden_8_a_refusal_in_the_middle() {
        assert_snapshot!(to_messages(
            &[r#"{"content":"Well"}"#, r#"{"refusal":"I'd "}"#, r#"{"refusal":"rather not."}"#],
            "stop",
            &reply()
        ));
    }

    #[test]
    fn an_empty_answer() {
        assert_snapshot!(to_messages(&[r#"{"role":"assistant","content":""}"#], "stop", &reply()));
    }

    #[test]
    fn what_messages_has_no_place_for() {
        assert_snapshot!(to_messages(
            &[
                r#"{"content":"see","annotations":[{"type":"url_citation","url_citation":{"url":"https://x"}}]}"#,
                r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"CiQ"}}}]}"#,
            ],
            "stop",
            &reply()
        ));
    }

    #[test]
    fn a_thought_that_nobody_wants_to_see_keeps_its_place_and_is_told_as_a_loss() {
        let blind = Reply { shows_reasoning: false, ..reply() };
        let deltas = [r#"{"reasoning":"sec"}"#, r#"{"reasoning":"ret"}"#, r#"{"content":"hi"}"#];
        let told = to_messages(&deltas, "stop", &blind);
        assert!(!told.contains("sec") && !told.contains("thinking_delta"), "{told}");
        // The first half of a hash of the words: who keeps them knows them again.
        let signature = "rctl1.text.chat.2bb80d537b1da3e3";
        assert_eq!(told.matches(signature).count(), 2, "{told}");
        let whole = format!(r#"[{{"type":"thinking","thinking":"","signature":"{signature}"}},"#);
        assert!(told.contains(&whole), "{told}");
        assert!(told.contains(r#""index":1,"content_block":{"type":"text""#), "{told}");
        assert!(told.contains("LOSS answer.thinking dropped"), "{told}");
    }

    #[test]
    fn who_asked_for_no_thinking_finds_the_text_first() {
        let none = Reply { untold: true, ..reply() };
        let seal = r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"blob"}]}"#;
        let told =
            to_messages(&[r#"{"reasoning":"hm"}"#, seal, r#"{"content":"hi"}"#], "stop", &none);
        assert!(!told.contains("\"thinking\"") && !told.contains("thinking_delta"), "{told}");
        assert!(!told.contains("blob"), "{told}");
        assert!(told.contains(r#""index":0,"content_block":{"type":"text""#), "{told}");
        assert!(!told.contains("LOSS"), "{told}");
    }

    #[test]
    fn a_seal_without_words_reaches_who_does_not_want_to_see_words_and_one_with_words_does_not() {
        let blind = Reply { shows_reasoning: false, ..reply() };
        let seal =
            r#"{"reasoning_details":[{"type":"reasoning.text","signature":"EqQB","index":0}]}"#;
        let words = r#"{"reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]}"#;
        let told = to_messages(&[seal], "stop", &blind);
        assert!(told.contains(r#""thinking":"","signature":"EqQB"}"#), "{told}");
        assert!(!told.contains("LOSS"), "{told}");
        let told = to_messages(&[words, seal], "stop", &blind);
        assert!(!told.contains("EqQB") && told.contains("rctl1.text."), "{told}");
    }

    #[test]
    fn what_waits_for_its_turn_is_bounded_and_what_had_its_turn_is_not() {
        let piece = "x".repeat(1 << 20);
        let call = |index: u32| {
            let block = Opening::ToolCall { id: format!("c{index}"), name: "f".into() };
            Event::Open { index, block }
        };
        let grow = |index: u32, more: &str| Event::Delta {
            index,
            delta: Delta::Arguments(more.to_owned()),
        };
        for framing in [Framing::Sse, Framing::Whole] {
            let mut encoder = MESSAGES.encoder(framing, reply());
            let mut out = Vec::new();
            encoder.event(&Event::Start(Head::default()), &mut out);
            let opened = [call(0), grow(0, "{\"a\":\""), call(1), grow(1, "{\"b\":\"")];
            opened.iter().for_each(|event| encoder.event(event, &mut out));
            let mut fill = |index: u32, more: usize, encoder: &mut dyn Encoder| {
                (0..more).for_each(|_| encoder.event(&grow(index, &piece), &mut out));
                encoder.overflowed()
            };
            assert!(!fill(0, 20, &mut *encoder), "it is written as it comes");
            assert!(!fill(1, 15, &mut *encoder));
            encoder.event(&Event::Close { index: 0 }, &mut Vec::new());
            assert!(!fill(1, 20, &mut *encoder), "its turn has come");
            encoder.event(&call(2), &mut Vec::new());
            assert!(!fill(2, 15, &mut *encoder));
            assert!(fill(2, 2, &mut *encoder));
            encoder.event(&Event::Close { index: 1 }, &mut Vec::new());
            assert!(encoder.overflowed(), "an answer with a hole is none");
        }
    }

    #[test]
    fn seals_and_blocks_that_wait_are_weighed_too() {
        let seal = |bytes: usize| Opening::Sealed {
            seal: Seal { family: "xai".into(), kind: SealKind::Encrypted, blob: "x".repeat(bytes) },
            id: None,
        };
        let many = (0..400_000).map(|_| Opening::Text);
        let large = (0..40).map(|_| seal(1 << 20));
        let floods: [Box<dyn Iterator<Item = Opening>>; 2] = [Box::new(large), Box::new(many)];
        for flood in floods {
            let mut encoder = MESSAGES.encoder(Framing::Sse, reply());
            let mut out = Vec::new();
            let first = Opening::ToolCall { id: "c".into(), name: "f".into() };
            encoder.event(&Event::Start(Head::default()), &mut out);
            encoder.event(&Event::Open { index: 0, block: first }, &mut out);
            assert!(!encoder.overflowed());
            for (index, block) in (1..).zip(flood) {
                encoder.event(&Event::Open { index, block }, &mut out);
            }
            assert!(encoder.overflowed());
        }
    }

    #[test]
    fn counters_that_come_first_are_in_the_head() {
        let stream = concat!(
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":0}}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
        );
        let told = crossed(CHAT, MESSAGES, stream, &reply());
        assert!(told.contains(r#""usage":{"input_tokens":7,"output_tokens":0}}}"#), "{told}");
    }
}

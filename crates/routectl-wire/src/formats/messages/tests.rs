use bytes::Bytes;
use insta::assert_snapshot;
use routectl_core::{Delta, Event, Usage};

use crate::formats::tests::{streamed, whole};
use crate::{Document, Frame, MESSAGES};

fn events(events: &[&str]) -> String {
    let name = |data: &str| {
        let start = data.find(r#""type":""#).unwrap() + 8;
        data[start..].split('"').next().unwrap().to_owned()
    };
    events.iter().map(|data| format!("event: {}\ndata: {data}\n\n", name(data))).collect()
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":412,"cache_creation_input_tokens":8,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":5},"cache_read_input_tokens":3072,"output_tokens":1}}}"#;

#[test]
fn a_streamed_tool_call_with_hidden_thinking_is_read() {
    let stream = events(&[
        START,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eo0C"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":96,"output_tokens_details":{"thinking_tokens":41}}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_snapshot!(streamed(MESSAGES, &stream));
}

#[test]
fn the_preamble_does_not_commit_and_the_unknown_does() {
    let stream = events(&[
        START,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#,
        r#"{"type":"brand_new_event","x":1}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"brand_new_delta","x":1}}"#,
    ]);
    assert_snapshot!(streamed(MESSAGES, &stream));
}

#[test]
fn an_error_event_is_a_failure_of_its_class() {
    let stream = events(&[
        START,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
    ]);
    assert_snapshot!(streamed(MESSAGES, &stream));
}

#[test]
fn gaps_in_the_hosts_indices_become_dense() {
    let stream = events(&[
        START,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"a"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":5,"content_block":{"type":"redacted_thinking","data":"zz"}}"#,
        r#"{"type":"content_block_stop","index":5}"#,
    ]);
    assert_snapshot!(streamed(MESSAGES, &stream));
}

#[test]
fn events_without_a_name_line_are_read_by_their_type() {
    let stream = format!("data: {START}\n\ndata: {{\"type\":\"message_stop\"}}\n\n");
    assert!(streamed(MESSAGES, &stream).ends_with("  End\ncomplete"));
}

#[test]
fn a_whole_answer_is_read() {
    assert_snapshot!(whole(
        MESSAGES,
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"thinking","thinking":"hm","signature":"S"},{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{"b":1, "a":2}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"#
    ));
}

#[test]
fn a_body_that_is_no_answer_is_garbled_and_an_error_is_a_failure() {
    for body in ["{}", "<html>", r#"{"type":"message"}"#] {
        assert!(whole(MESSAGES, body).contains("garbled"), "{body}");
    }
    for body in [
        r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#,
        r#"{"error":{"message":"x","code":429}}"#,
    ] {
        assert!(whole(MESSAGES, body).contains("Failed"), "{body}");
    }
}

#[test]
fn what_a_request_asks_for_is_read() {
    let body = r#"{"model":"m","max_tokens":7,"thinking":{"type":"adaptive"},"output_config":{"format":{"type":"json_schema"}},
        "tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search"},{"type":"tool_search_tool_bm25"}],
        "messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"tool_result","content":[{"type":"image","source":{}}]},{"type":"document"}]}]}"#;
    let document = Document::parse(Bytes::from_static(body.as_bytes())).unwrap();
    assert_eq!(
        MESSAGES.needs(&document).features,
        [
            "documents",
            "images",
            "json_schema",
            "thinking",
            "tool_search_tool_bm25",
            "tools",
            "web_search"
        ]
    );
    assert_eq!(MESSAGES.max_tokens(&document), Some(7));
}

#[test]
fn what_only_messages_knows_is_kept_where_it_stood() {
    let stream = events(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"zz"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"see"}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1.0}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_snapshot!(streamed(MESSAGES, &stream));
}

#[test]
fn what_is_written_for_an_hour_is_counted_once_also_where_the_end_tells_only_the_sum() {
    let usage = |counters: &str| {
        let start = format!(
            r#"{{"type":"message_start","message":{{"id":"m","usage":{{"input_tokens":3,{counters},"output_tokens":1}}}}}}"#
        );
        let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"cache_creation_input_tokens":5000,"output_tokens":9}}"#;
        let mut decoder = MESSAGES.decoder();
        let mut read = Vec::new();
        for data in [start.as_str(), end] {
            let frame = Frame::Sse { event: None, data: data.as_bytes().into() };
            decoder.frame(&frame, &mut read).unwrap();
        }
        let mut usage = Usage::default();
        for event in read {
            if let Event::Usage(later) = event {
                usage = usage.overlaid(later);
            }
        }
        usage
    };
    for (said, short, long) in [
        (
            r#""cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":5000}"#,
            0,
            Some(5_000),
        ),
        (
            r#""cache_creation":{"ephemeral_5m_input_tokens":800,"ephemeral_1h_input_tokens":4200}"#,
            800,
            Some(4_200),
        ),
        (
            r#""cache_creation":{"ephemeral_1h_input_tokens":5000},"cache_creation_input_tokens":5000"#,
            0,
            Some(5_000),
        ),
        (r#""cache_creation":{"ephemeral_1h_input_tokens":6000}"#, 0, Some(6_000)),
        (r#""cache_creation_input_tokens":5000"#, 5_000, None),
        (r#""cache_read_input_tokens":7"#, 5_000, None),
    ] {
        let usage = usage(said);
        assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (Some(short), long), "{said}");
    }
}

#[test]
fn a_refusal_says_why() {
    let details = r#""stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":"cyber","explanation":"No."}"#;
    let stream = events(&[
        START,
        &format!(
            r#"{{"type":"message_delta","delta":{{{details}}},"usage":{{"output_tokens":0}}}}"#
        ),
        r#"{"type":"message_stop"}"#,
    ]);
    let body = format!(r#"{{"type":"message","content":[],{details}}}"#);
    let stop = "Stop(Refusal(Declined { category: Some(\"cyber\"), explanation: Some(\"No.\") }))";
    for read in [streamed(MESSAGES, &stream), whole(MESSAGES, &body)] {
        assert!(read.contains(stop), "{read}");
    }
}

#[test]
fn a_whole_answer_holds_what_a_stream_tells_in_deltas() {
    assert_snapshot!(whole(
        MESSAGES,
        r#"{"type":"message","content":[{"type":"thinking","thinking":"","signature":"S"},{"type":"redacted_thinking","data":"zz"},{"type":"text","text":"hi","citations":[{"type":"web_search_result_location","url":"https://x"}]},{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"tool_use"}"#
    ));
}

#[test]
fn a_flood_of_open_blocks_is_an_error_and_the_answer_goes_on() {
    let (mut decoder, mut events) = (MESSAGES.decoder(), Vec::new());
    let mut take = |kind: &str, index: u32, rest: &str| {
        let data = format!(r#"{{"type":"{kind}","index":{index}{rest}}}"#);
        let frame = Frame::Sse { event: Some(kind), data: data.as_bytes().into() };
        decoder.frame(&frame, &mut events)
    };
    let text = r#","content_block":{"type":"text","text":""}"#;
    for index in 0..1_024 {
        take("content_block_start", index, text).unwrap();
    }
    let garbled = take("content_block_start", 1_024, text).unwrap_err();
    assert_eq!(garbled.to_string(), "a content block: more than 1024 blocks are open at once");
    take("content_block_stop", 7, "").unwrap();
    take("content_block_start", 1_024, text).unwrap();
    let said = r#","delta":{"type":"text_delta","text":"a"}"#;
    take("content_block_delta", 1_024, said).unwrap();
    let grown = Event::Delta { index: 1_024, delta: Delta::Text("a".into()) };
    assert_eq!(events.last(), Some(&grown));
}

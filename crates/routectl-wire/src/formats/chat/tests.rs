use bytes::Bytes;
use insta::assert_snapshot;

use crate::formats::tests::{streamed, whole};
use crate::{CHAT, Document};

fn chunks(chunks: &[&str]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

#[test]
fn a_streamed_text_answer_is_read() {
    let stream = chunks(&[
        r#"{"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
        r#"{"id":"c1","model":"m","choices":[{"index":0,"delta":{"content":"Hé\n"},"finish_reason":null}]}"#,
        r#"{"id":"c1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"c1","choices":[],"usage":{"prompt_tokens":1200,"completion_tokens":96,"total_tokens":1296,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":41}}}"#,
        "[DONE]",
    ]);
    assert_snapshot!(streamed(CHAT, &stream));
}

#[test]
fn parallel_tool_calls_are_told_apart_however_the_host_keys_them() {
    let by_index = chunks(&[
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"}"}}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
    ]);
    let reused_index = chunks(&[
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":{"x":1}}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"arguments":" "}}]},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ]);
    assert_snapshot!(format!("{}\n\n{}", streamed(CHAT, &by_index), streamed(CHAT, &reused_index)));
}

#[test]
fn reasoning_is_read_from_either_member_once() {
    let stream = chunks(&[
        r#"{"choices":[{"delta":{"reasoning_content":"th","reasoning":"th"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"ink"}}]}"#,
        r#"{"choices":[{"delta":{"content":"hi","refusal":null}}]}"#,
        r#"{"choices":[{"delta":{"refusal":"no"},"finish_reason":"eos"}],"x_groq":{"usage":{"prompt_tokens":3}}}"#,
    ]);
    assert_snapshot!(streamed(CHAT, &stream));
}

#[test]
fn preamble_and_padding_do_not_commit() {
    let stream = chunks(&[
        r#"{"choices":[],"prompt_filter_results":[{}]}"#,
        r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#,
        r#"{"choices":[{"delta":null}]}"#,
        "",
        r#"{"choices":[{"delta":{"content":""}}],"usage":{"prompt_tokens":5,"prompt_cache_hit_tokens":4}}"#,
    ]);
    assert_snapshot!(streamed(CHAT, &stream));
}

#[test]
fn what_a_host_breaks_off_with_is_a_failure() {
    for body in [
        r#"{"error":{"message":"Overloaded","code":529}}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"error"}],"error":{"code":502,"message":"bad gateway"}}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"insufficient_system_resource"}]}"#,
    ] {
        let read = streamed(CHAT, &chunks(&[body]));
        assert!(read.contains("  Failed "), "{read}");
        assert!(!read.contains("! "), "a failure never commits: {read}");
    }
}

#[test]
fn a_whole_answer_and_a_streamed_one_mean_the_same() {
    assert_snapshot!(whole(
        CHAT,
        r#"{"id":"c1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","refusal":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#
    ));
}

#[test]
fn a_body_that_is_no_answer_is_garbled() {
    for body in ["{\"object\":\"list\"}", "<html>", "{}", "[]"] {
        assert!(whole(CHAT, body).contains("garbled"), "{body}");
    }
}

#[test]
fn what_a_request_asks_for_is_read() {
    let body = r#"{"model":"m","max_completion_tokens":7,"tools":[{"type":"function","function":{"name":"f"}},{"type":"custom"}],
        "response_format":{"type":"json_schema","json_schema":{"name":"x"}},"messages":[{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"https://x"}}]}]}"#;
    let document = Document::parse(Bytes::from_static(body.as_bytes())).unwrap();
    assert_eq!(CHAT.needs(&document).features, ["custom_tools", "images", "json_schema", "tools"]);
    assert_eq!(CHAT.max_tokens(&document), Some(7));
}

//! Both hosts look at what pictures and files are said to be.

use serde_json::{Value, json};

use super::chat_rules::verdict;
use super::messages_rules::{Case, PLAIN, refused, turns, verdict as messages_verdict};

const PNG: &str = "iVBORw0KGgo=";
const PDF: &str = "JVBERi0xLjQ=";

fn base64(media_type: &str, data: &str) -> Value {
    json!({"type": "base64", "media_type": media_type, "data": data})
}

fn block(kind: &str, source: &Value) -> Value {
    turns(&[("user", json!([{"type": kind, "source": source}]))])
}

#[test]
fn anthropic_wants_sources_that_are_what_they_say() {
    let cases = [
        (block("image", &base64("image/jpeg", PNG)), "does not match the provided media type"),
        (block("image", &base64("image/png", "not base64")), "is not valid base64"),
        (block("image", &base64("image/png", "")), "is not valid base64"),
        (block("image", &json!({"type": "url", "url": "file:///x.png"})), "Invalid URL"),
        (block("image", &json!({"type": "text", "data": "x"})), "Input tag 'text'"),
        (block("document", &base64("text/csv", PDF)), "should be 'application/pdf'"),
        (block("document", &base64("application/pdf", "%")), "is not valid base64"),
        (
            block("document", &json!({"type": "text", "media_type": "text/html", "data": "x"})),
            "should be 'text/plain'",
        ),
        (block("document", &json!({"type": "text", "media_type": "text/plain"})), "data: Field"),
        (
            block("document", &json!({"type": "content", "content": [{"type": "document"}]})),
            "'text' or 'image'",
        ),
        (block("document", &json!({"type": "stream"})), "Input tag 'stream'"),
    ];
    for (change, words) in cases {
        refused(&PLAIN, &change, words);
    }
    let taken = [
        block("image", &base64("image/png", PNG)),
        block("image", &json!({"type": "url", "url": "https://example.com/x.png"})),
        block("image", &json!({"type": "file", "file_id": "file_1"})),
        block("document", &base64("application/pdf", PDF)),
        block("document", &json!({"type": "text", "media_type": "text/plain", "data": "x"})),
        block("document", &json!({"type": "content", "content": [{"type": "text", "text": "x"}]})),
        block("document", &json!({"type": "content", "content": "x"})),
        block("document", &json!({"type": "url", "url": "https://example.com/x.pdf"})),
    ];
    for change in taken {
        assert_eq!(messages_verdict(&PLAIN, &change), Ok(()), "{change}");
        let lenient = Case { model: "lenient-1", ..PLAIN };
        assert_eq!(messages_verdict(&lenient, &change), Ok(()), "{change}");
    }
}

#[test]
fn anthropic_wants_citations_for_all_documents_or_none_and_no_format_beside_them() {
    let document = |cites: bool| {
        let source = json!({"type": "text", "media_type": "text/plain", "data": "x"});
        json!({"type": "document", "source": source, "citations": {"enabled": cites}})
    };
    refused(
        &PLAIN,
        &turns(&[("user", json!([document(true), document(false)]))]),
        "on all documents",
    );
    let format = json!({"format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": false}}});
    let mut beside = turns(&[("user", json!([document(true)]))]);
    assert_eq!(messages_verdict(&PLAIN, &beside), Ok(()));
    beside["output_config"] = format;
    refused(&PLAIN, &beside, "may not be combined with output_config.format");
}

fn part(part: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": [part]}]})
}

#[test]
fn openai_wants_parts_of_known_members_and_data_urls() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let file = |file: Value| json!({"type": "file", "file": file});
    let url = |media: &str, data: &str| format!("data:{media};base64,{data}");
    let cases = [
        (image("x.png"), "Invalid image data URL"),
        (image(&url("application/pdf", PDF)), "Invalid image data URL"),
        (image(&url("image/png", "not base64")), "Invalid image data URL"),
        (file(json!({})), "file.file_data"),
        (file(json!({"file_data": url("application/pdf", PDF)})), "file.filename"),
        (file(json!({"file_data": PDF, "filename": "a.pdf"})), "Invalid file data"),
        (json!({"type": "input_audio", "input_audio": {"data": "x"}}), "input_audio.format"),
        (json!({"type": "text", "text": "x", "citations": []}), "content[0].citations'"),
        (json!({"type": "text", "text": 1}), "expected a string"),
        (
            json!({"type": "text", "text": "x", "prompt_cache_breakpoint": {"ttl": "30m"}}),
            "prompt_cache_breakpoint.mode",
        ),
        (
            json!({"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "5m"}}),
            "Supported values are: '30m', '12h'",
        ),
    ];
    for (it, words) in cases {
        let refused = verdict("mock-1", &part(&it)).expect_err(&it.to_string());
        assert!(refused.contains(words), "{it}\n  gave: {refused}\n  not: {words}");
    }
    let taken = [
        image(&url("image/png", PNG)),
        json!({"type": "image_url", "image_url": {"url": "https://x/", "detail": "low"}}),
        file(json!({"file_data": url("application/pdf", PDF), "filename": "a.pdf"})),
        file(json!({"file_id": "file-1"})),
        json!({"type": "text", "text": "", "prompt_cache_breakpoint": {"mode": "explicit"}}),
    ];
    for it in taken {
        assert_eq!(verdict("mock-1", &part(&it)), Ok(()), "{it}");
    }
}

//! A failure of one vendor, told to clients of the other in the words that they act on.

use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use routectl_core::{Class, Failure, Origin};

use crate::{CHAT, CLIENT_FORMATS, ClientFormat, MESSAGES, refusal};

/// What a client gets of an upstream's refusal.
fn told(client: &dyn ClientFormat, status: u16, retry_after: &str, body: &str) -> String {
    let headers =
        |name: &str| (name == "retry-after" && !retry_after.is_empty()).then_some(retry_after);
    let failure = refusal::read(status, headers, body.as_bytes(), SystemTime::UNIX_EPOCH);
    let told = String::from_utf8(client.refusal(&failure)).unwrap();
    format!("{status} {body}\n{} {told}", client.status(&failure))
}

fn anthropic(kind: &str, message: &str) -> String {
    format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#)
}

fn openai(kind: &str, code: &str, message: &str) -> String {
    format!(r#"{{"error":{{"message":"{message}","type":"{kind}","param":null,"code":{code}}}}}"#)
}

#[test]
fn golden_9_failures_of_anthropic_for_chat_clients() {
    let rows = [
        (400, "", anthropic("invalid_request_error", "messages.0: bad")),
        (400, "", anthropic("invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum")),
        (401, "", anthropic("authentication_error", "invalid x-api-key")),
        (402, "", anthropic("billing_error", "no credit")),
        (403, "", anthropic("permission_error", "not yours")),
        (404, "", anthropic("not_found_error", "model: xyz")),
        (409, "", anthropic("conflict_error", "twice")),
        (413, "", anthropic("request_too_large", "Request exceeds the maximum size")),
        (422, "", anthropic("invalid_request_error", "odd")),
        (429, "7", anthropic("rate_limit_error", "This would exceed your rate limit")),
        (429, "", r#"{"type":"error","error":{"type":"rate_limit_error","message":"cap","details":{"error_code":"enforced_spend_limit_reached"}}}"#.to_owned()),
        (500, "", anthropic("api_error", "Internal server error")),
        (503, "", anthropic("overloaded_error", "Overloaded")),
        (529, "", anthropic("overloaded_error", "Overloaded")),
        (504, "", anthropic("timeout_error", "Timed out")),
    ];
    let told = rows.map(|(status, wait, body)| told(CHAT, status, wait, &body));
    assert_snapshot!(told.join("\n\n"));
}

#[test]
fn golden_9_failures_of_openai_and_its_likes_for_messages_clients() {
    let rows = [
        (400, "", openai("invalid_request_error", "null", "bad")),
        (
            400,
            "",
            openai(
                "invalid_request_error",
                "\"context_length_exceeded\"",
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 135000 tokens.",
            ),
        ),
        (400, "", openai("invalid_request_error", "\"content_policy_violation\"", "no")),
        (
            401,
            "",
            openai("invalid_request_error", "\"invalid_api_key\"", "Incorrect API key provided"),
        ),
        (402, "", r#"{"error":{"code":402,"message":"Insufficient credits"}}"#.to_owned()),
        (403, "", openai("permission_error", "null", "no")),
        (
            404,
            "",
            openai("invalid_request_error", "\"model_not_found\"", "The model `x` does not exist"),
        ),
        (408, "", openai("timeout", "null", "slow")),
        (409, "", openai("conflict", "null", "twice")),
        (
            413,
            "",
            "<html><head><title>413 Request Entity Too Large</title></head></html>".to_owned(),
        ),
        (422, "", r#"{"detail":[{"loc":["body","messages"],"msg":"Field required"}]}"#.to_owned()),
        (429, "7", openai("requests", "\"rate_limit_exceeded\"", "Rate limit reached")),
        (
            429,
            "",
            openai(
                "insufficient_quota",
                "\"insufficient_quota\"",
                "You exceeded your current quota",
            ),
        ),
        (429, "", openai("server_error", "\"slow_down\"", "slow down")),
        (503, "", openai("server_error", "\"server_is_overloaded\"", "busy")),
        (500, "", openai("server_error", "null", "oops")),
        (502, "", "<html><title>Bad gateway</title></html>".to_owned()),
        (504, "", String::new()),
    ];
    let told = rows.map(|(status, wait, body)| told(MESSAGES, status, wait, &body));
    assert_snapshot!(told.join("\n\n"));
}

/// (facts: clients, section 2.5)
#[test]
fn too_long_an_answer_is_no_overflow_and_claude_code_asks_for_less() {
    let code = "\"context_length_exceeded\"";
    for (code, said, numbers) in [
        (
            code,
            "This model's maximum context length is 128000 tokens. However, you requested 129010 tokens (1010 in the messages, 128000 in the completion).",
            "128000 > 126990",
        ),
        (
            "400",
            "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 tokens and your request has 5000 input tokens (32000 > 32768 - 5000).",
            "32000 > 27768",
        ),
        (
            "\"invalid_value\"",
            "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.",
            "32000 > 16384",
        ),
    ] {
        let body = openai("invalid_request_error", code, said);
        let failure = refusal::read(400, |_| None, body.as_bytes(), SystemTime::UNIX_EPOCH);
        assert_eq!(failure.class, Class::BadRequest, "{said}");
        let told = String::from_utf8(MESSAGES.refusal(&failure)).unwrap();
        let words = format!(
            "\"type\":\"invalid_request_error\",\"message\":\"max_tokens: {numbers}, which is the maximum allowed number of output tokens for this model ({said})\""
        );
        assert!(told.contains(&words), "{told}");
        let told = String::from_utf8(CHAT.refusal(&failure)).unwrap();
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn every_failure_has_a_status_that_its_vendor_knows() {
    for class in Class::ALL {
        for origin in [Origin::Client, Origin::Router, Origin::Upstream] {
            let failure = Failure::new(class, origin, "words");
            assert_ne!(CHAT.status(&failure), 529, "no client of OpenAI knows it");
            for format in CLIENT_FORMATS {
                let status = format.status(&failure);
                assert!((400..=529).contains(&status), "{class}: {status}");
                let theirs = class == Class::Auth && origin == Origin::Client;
                assert_eq!(status == 401, theirs, "{class} of {origin:?}");
            }
        }
    }
}

#[test]
fn a_wait_is_said_once_and_in_whole_seconds() {
    for (message, wait, told) in [
        ("slow down", Some(1_200), "slow down. Please try again in 2s."),
        ("Slow down!", Some(7_000), "Slow down! Please try again in 7s."),
        ("Please try again in 1.5s", Some(1_500), "Please try again in 1.5s"),
        ("slow down", None, "slow down"),
    ] {
        let mut failure = Failure::new(Class::RateLimited, Origin::Upstream, message);
        failure.retry_after = wait.map(Duration::from_millis);
        let body = String::from_utf8(CHAT.refusal(&failure)).unwrap();
        assert!(body.contains(&format!("\"message\":\"{told}\"")), "{body}");
        let body = String::from_utf8(MESSAGES.refusal(&failure)).unwrap();
        assert!(body.contains(&format!("\"message\":\"{message}\"")), "{body}");
    }
}

#[test]
fn a_failure_in_mid_stream_says_the_same_as_a_refusal() {
    for class in Class::ALL {
        for format in CLIENT_FORMATS {
            let failure = Failure::new(class, Origin::Upstream, "words");
            let event = String::from_utf8(format.error_event(&failure)).unwrap();
            let body = String::from_utf8(format.refusal(&failure)).unwrap();
            assert!(event.contains(&body), "{event}");
            assert!(format.reads_error(body.as_bytes()), "{body}");
        }
    }
}

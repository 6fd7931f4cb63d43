//! What holds for every body, however broken.

use proptest::prelude::*;

use super::now;
use crate::refusal::{is_error, read, read_event};

/// Longest message, with the sentence around it.
const MAX_TOLD: usize = 4 * 1024 + 200;

fn lawful(status: u16, header: &str, body: &[u8]) {
    let failure = read(status, |_| Some(header), body, now());
    let event = read_event(body);
    for failure in [&failure, &event] {
        let message = &failure.words.message;
        assert!(!message.trim().is_empty() && message.len() <= MAX_TOLD);
        for said in [Some(message), failure.words.kind.as_ref(), failure.words.code.as_ref()] {
            let control = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(said.is_none_or(|said| !said.contains(control)));
        }
        assert!(failure.retry_after.is_none_or(|wait| !wait.is_zero()));
        assert!(failure.status.is_none_or(|status| status >= 300));
    }
    is_error(body);
}

/// JSON and HTML in pieces, so that random bodies are nearly right.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\u00",
        "null",
        "429",
        "-1",
        "1e999",
        "\"error\"",
        "\"message\"",
        "\"details\"",
        "\"code\"",
        "\"type\"",
        "\"metadata\"",
        "\"raw\"",
        "\"loc\"",
        "\"resets_at\"",
        "<html",
        "<title",
        ">",
        "</title",
        "<!doctype html",
        "data:",
        "event:",
        "\n",
        "try again in ",
        "9999999999999999999999h",
        "2m",
        "é",
        "\u{202e}",
        "\u{1b}",
        "arn:aws",
        "123456789012",
        "9999-12-31T23:59:60Z",
        "+99:99",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_make_a_failure_with_words(
        status in 0u16..1000,
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        lawful(status, "", &body);
    }

    #[test]
    fn nearly_right_bodies_and_headers_make_a_failure_with_words(
        status in 0u16..1000,
        header in pieces(),
        body in pieces(),
    ) {
        lawful(status, &header, body.as_bytes());
    }

    #[test]
    fn any_header_makes_a_wait_or_none(header in "[0-9TZ:.eE+smh -]{0,30}") {
        lawful(429, &header, b"");
    }
}

#[test]
fn deep_and_long_bodies_are_read() {
    for body in [
        "[".repeat(100_000),
        "{\"error\":".repeat(50_000),
        format!("{}1{}", "{\"error\":[".repeat(50), "]}".repeat(50)),
        format!("<html>{}", "<title".repeat(100_000)),
        "arn:aws".repeat(100_000),
        "try again in ".repeat(50_000),
        format!("try again in {}", "1h".repeat(200_000)),
        "\u{0}".repeat(100_000),
    ] {
        lawful(500, "", body.as_bytes());
    }
}

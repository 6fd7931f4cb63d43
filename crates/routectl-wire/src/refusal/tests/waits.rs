//! Headers and body → how long to wait.

use std::time::Duration;

use super::now;
use crate::refusal::{Complaint, read, read_event, retry_after, should_retry};

/// `headers` as `name: value` lines; the wait in milliseconds.
#[track_caller]
fn check(status: u16, headers: &str, body: &str, millis: Option<u64>) {
    let header = |name: &str| {
        headers.lines().find_map(|line| line.trim().split_once(": ").filter(|l| l.0 == name))
    };
    let value = |name: &str| header(name).map(|header| header.1);
    let complaint = Complaint::read(body.as_bytes());
    let wait = retry_after(value, &complaint, Some(status), now());
    assert_eq!(wait, millis.map(Duration::from_millis), "{status} {headers} {body}");
    assert_eq!(read(status, value, body.as_bytes(), now()).retry_after, wait);
}

#[test]
fn retry_after_is_read_in_all_its_spellings() {
    for (value, millis) in [
        ("7", Some(7_000)),
        (" 7 ", Some(7_000)),
        ("1.5", Some(1_500)),
        ("86400", Some(86_400_000)),
        ("Tue, 24 Nov 2026 08:57:30 GMT", Some(30_000)),
        ("Tuesday, 24-Nov-26 08:57:30 GMT", Some(30_000)),
        ("12s", Some(12_000)),
        ("0", None),
        ("-1", None),
        ("NaN", None),
        ("inf", None),
        ("1e300", None),
        ("", None),
        ("soon", None),
        ("Tue, 24 Nov 2026 08:56:59 GMT", None),
        ("Tue, 24 Nov 2026 08:57:00 GMT", None),
    ] {
        check(429, &format!("retry-after: {value}"), "", millis);
        check(503, &format!("retry-after: {value}"), "", millis);
    }
}

#[test]
fn the_nearer_source_wins_and_a_useless_one_gives_way() {
    let body = r#"{"error":{"message":"try again in 9s"}}"#;
    check(429, "retry-after-ms: 250\nretry-after: 7", body, Some(250));
    check(429, "x-amz-retry-after: 1500", body, Some(1_500));
    check(429, "retry-after-ms: 0\nretry-after: 7", body, Some(7_000));
    check(429, "retry-after: 7\nx-ratelimit-reset-tokens: 8s", body, Some(7_000));
    check(429, "retry-after: 0\nx-ratelimit-reset-tokens: 8s", body, Some(8_000));
    check(429, "retry-after: 0\nx-ratelimit-reset-tokens: 0s", body, Some(9_000));
    check(429, "retry-after: 0", "", None);
}

#[test]
fn vendor_resets_are_read_in_all_their_spellings() {
    for (reset, millis) in [
        ("12ms", 12),
        ("6m0s", 360_000),
        ("2m59.56s", 179_560),
        ("1h2m3s", 3_723_000),
        ("1s", 1_000),
        ("11.5", 11_500),
        ("60", 60_000),
        ("1795510650", 30_000),
        ("1795510650000", 30_000),
        ("2026-11-24T08:57:30Z", 30_000),
        ("2026-11-24T08:57:30.250Z", 30_250),
        ("2026-11-24T10:57:30+02:00", 30_000),
        ("2026-11-24t03:27:30-05:30", 30_000),
        ("2028-02-29T08:57:00Z", 462 * 86_400_000),
    ] {
        check(429, &format!("x-ratelimit-reset: {reset}"), "", Some(millis));
    }
    for reset in
        ["-1", "0", "0s", "5x", "s", "ms", "1.2.3s", "2026-11-24T08:56:59Z", "2026-13-24T08:57:30Z"]
    {
        check(429, &format!("x-ratelimit-reset: {reset}"), "", None);
    }
}

#[test]
fn only_a_window_that_is_used_up_counts_and_the_first_to_free_wins() {
    let openai = "x-ratelimit-remaining-requests: 0
        x-ratelimit-reset-requests: 9s
        x-ratelimit-remaining-tokens: 149000
        x-ratelimit-reset-tokens: 6ms";
    check(429, openai, "", Some(9_000));
    check(429, &openai.replace("149000", "0"), "", Some(6));
    check(429, &openai.replace("requests: 0", "requests: 5"), "", None);
    let anthropic = "anthropic-ratelimit-requests-remaining: 49
        anthropic-ratelimit-requests-reset: 2026-11-24T08:57:01Z
        anthropic-ratelimit-input-tokens-remaining: 0
        anthropic-ratelimit-input-tokens-reset: 2026-11-24T08:57:32Z";
    check(429, anthropic, "", Some(32_000));
    let cerebras = "x-ratelimit-remaining-requests-day: 10
        x-ratelimit-reset-requests-day: 33011.4
        x-ratelimit-remaining-tokens-minute: 0
        x-ratelimit-reset-tokens-minute: 11.38";
    check(429, cerebras, "", Some(11_380));
    let seat = "anthropic-ratelimit-unified-status: rejected
        anthropic-ratelimit-unified-reset: 1795514220";
    check(429, seat, "", Some(3_600_000));
    check(429, &seat.replace("rejected", "allowed"), "", None);
    let codex = "x-codex-primary-used-percent: 100
        x-codex-primary-reset-at: 1795510680
        x-codex-secondary-used-percent: 40
        x-codex-secondary-reset-at: 1795510630";
    check(429, codex, "", Some(60_000));
    check(429, &codex.replace("100", "99"), "", None);
}

#[test]
fn vendor_resets_count_only_when_the_limit_was_hit() {
    for status in [400, 500, 503, 529] {
        check(status, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 5s", "", None);
    }
}

#[test]
fn the_body_tells_when_the_headers_do_not() {
    let detail = |detail: &str| {
        format!(r#"[{{"error":{{"code":429,"message":"x","details":[{detail}]}}}}]"#)
    };
    let error = |members: &str| format!(r#"{{"error":{{"message":"x",{members}}}}}"#);
    for (body, millis) in [
        (detail(r#"{"@type":"RetryInfo","retryDelay":"34.07s"}"#), Some(34_070)),
        (detail(r#"{"metadata":{"quotaResetDelay":"479.4ms"}}"#), Some(479)),
        (detail(r#"{"retryDelay":"0s"},{"metadata":{"quotaResetDelay":"2s"}}"#), Some(2_000)),
        (detail(r#"{"retryDelay":"soon"}"#), None),
        (detail(r#"{"retryDelay":7}"#), None),
        (error(r#""resets_at":1795514220,"resets_in_seconds":7"#), Some(3_600_000)),
        (error(r#""resets_at":1795510000,"resets_in_seconds":7"#), Some(7_000)),
        (error(r#""resets_at":null,"resets_in_seconds":7"#), Some(7_000)),
        (error(r#""resets_at":1e400,"resets_in_seconds":-1"#), None),
        (error(r#""metadata":{"headers":{"X-RateLimit-Reset":"1795510650000"}}"#), Some(30_000)),
    ] {
        let complaint = Complaint::read(body.as_bytes());
        let wait = retry_after(|_| None, &complaint, Some(429), now());
        let wait = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap());
        assert_eq!(wait, millis, "{body}");
    }
}

#[test]
fn the_message_tells_when_nothing_else_does() {
    for (message, millis) in [
        ("Your quota will reset after 18h31m10s.", Some(66_670_000)),
        ("Please retry in 5s", Some(5_000)),
        ("Please retry in 36.429760s.", Some(36_430)),
        ("Rate limit reached. Please try again in 1.5s. Visit us.", Some(1_500)),
        ("Please try again in 300ms", Some(300)),
        ("Try again in 2 seconds", Some(2_000)),
        ("Please try again in 7m54.43s.", Some(474_430)),
        ("Please retry after 26 seconds.", Some(26_000)),
        ("try again in 1 day 2 hours", Some(93_600_000)),
        ("try again in a moment, or retry in 3s", Some(3_000)),
        ("try again in 5", None),
        ("try again in", None),
        ("try again in 0s", None),
        ("try again later", None),
        ("the job took 5s", None),
    ] {
        let failure = read_event(format!(r#"{{"error":{{"message":"{message}"}}}}"#).as_bytes());
        let wait = failure.retry_after.map(|wait| (wait.as_secs_f64() * 1e3).round() as u64);
        assert_eq!(wait, millis, "{message}");
    }
}

#[test]
fn an_upstream_says_itself_whether_to_retry() {
    for (value, says) in [
        (Some("true"), Some(true)),
        (Some(" False "), Some(false)),
        (Some("maybe"), None),
        (Some(""), None),
        (None, None),
    ] {
        assert_eq!(should_retry(|name| value.filter(|_| name == "x-should-retry")), says);
    }
}

//! How long an upstream asks to wait, in all the spellings there are. (provider-quirks §3)
//!
//! Zero, the past and nonsense are no hint. What is believed, and how much of it, is for the
//! caller to say: nothing is clamped here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::envelope::{Complaint, Wait};
use super::wording::fold;

/// Below this, a bare number is seconds from now; above, a moment. (GitHub style)
const LONGEST_SPAN: f64 = 30.0 * 86_400.0;
/// Above this, a moment is written in milliseconds.
const FIRST_MILLIS: f64 = 1e11;

/// One window of a vendor's rate limit: the header that tells that it is used up, and the header
/// that tells when it is fresh again.
struct Window {
    gauge: &'static str,
    empty: Empty,
    reset: &'static str,
}

/// Days from the first of March of the year 0 to 1970, and one because days count from 1.
const DAYS_TO_1970: f64 = 719_469.0;

/// How a gauge shows that nothing is left.
enum Empty {
    /// It counts what remains. A host without it means the window that it names.
    AtZero,
    /// It counts percent used.
    AtHundred,
    /// It says `rejected`.
    Rejected,
}

const fn counts(gauge: &'static str, reset: &'static str) -> Window {
    Window { gauge, empty: Empty::AtZero, reset }
}

const fn percent(gauge: &'static str, reset: &'static str) -> Window {
    Window { gauge, empty: Empty::AtHundred, reset }
}

const fn verdict(gauge: &'static str, reset: &'static str) -> Window {
    Window { gauge, empty: Empty::Rejected, reset }
}

#[rustfmt::skip]
const WINDOWS: &[Window] = &[
    // OpenAI, Azure, Groq: durations or seconds
    counts("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    counts("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    // Cerebras: seconds
    counts("x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day"),
    counts("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"),
    // OpenRouter, GitHub: milliseconds or seconds since 1970, or seconds
    counts("x-ratelimit-remaining", "x-ratelimit-reset"),
    // Anthropic: RFC 3339
    counts("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    counts("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    counts("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    counts("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    counts("anthropic-priority-input-tokens-remaining", "anthropic-priority-input-tokens-reset"),
    counts("anthropic-priority-output-tokens-remaining", "anthropic-priority-output-tokens-reset"),
    counts("anthropic-fast-input-tokens-remaining", "anthropic-fast-input-tokens-reset"),
    counts("anthropic-fast-output-tokens-remaining", "anthropic-fast-output-tokens-reset"),
    // Anthropic's subscriptions
    verdict("anthropic-ratelimit-unified-status", "anthropic-ratelimit-unified-reset"),
    verdict("anthropic-ratelimit-unified-5h-status", "anthropic-ratelimit-unified-5h-reset"),
    verdict("anthropic-ratelimit-unified-7d-status", "anthropic-ratelimit-unified-7d-reset"),
    // Codex: seconds since 1970
    percent("x-codex-primary-used-percent", "x-codex-primary-reset-at"),
    percent("x-codex-secondary-used-percent", "x-codex-secondary-reset-at"),
];

/// What stands before a span of time in a message.
const ANNOUNCEMENTS: &[&str] = &[
    "reset after ",
    "resets after ",
    "reset in ",
    "resets in ",
    "try again in ",
    "try again after ",
    "retry in ",
    "retry after ",
    "retry again in ",
];

/// How long the upstream asks to wait, if it says so: by its headers, else by its body.
pub fn retry_after<'h>(
    headers: impl Fn(&str) -> Option<&'h str>,
    complaint: &Complaint,
    status: Option<u16>,
    now: SystemTime,
) -> Option<Duration> {
    let millis = |value: &str| seconds(value.trim().parse::<f64>().ok()? / 1e3);
    headers("retry-after-ms")
        .and_then(millis)
        .or_else(|| millis(headers("x-amz-retry-after")?))
        .or_else(|| plain_retry_after(headers("retry-after")?.trim(), now))
        .or_else(|| soonest_window(&headers, now).filter(|_| status == Some(429)))
        .or_else(|| stated_wait(complaint, Some(now)))
}

/// How long the body asks to wait. Without a clock, as inside a stream, moments say nothing.
pub(super) fn stated_wait(complaint: &Complaint, now: Option<SystemTime>) -> Option<Duration> {
    let member = complaint.waits.iter().find_map(|wait| stated(wait, now));
    member.or_else(|| announced(&complaint.message))
}

/// Whether the upstream says itself that another try makes sense.
pub fn should_retry<'h>(headers: impl Fn(&str) -> Option<&'h str>) -> Option<bool> {
    let said = headers("x-should-retry")?.trim();
    let is = |word| said.eq_ignore_ascii_case(word);
    is("true").then_some(true).or_else(|| is("false").then_some(false))
}

/// Seconds, whole or not, or a date; some hosts write a duration.
fn plain_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    match value.parse() {
        Ok(number) => seconds(number),
        Err(_) => match httpdate::parse_http_date(value) {
            Ok(date) => until(date, now),
            Err(_) => whole_span(value),
        },
    }
}

/// The reset of the window that frees first, of those that are used up.
fn soonest_window<'h>(
    headers: &impl Fn(&str) -> Option<&'h str>,
    now: SystemTime,
) -> Option<Duration> {
    let used_up = |window: &&Window| match (headers(window.gauge), &window.empty) {
        (None, Empty::AtZero) => true,
        (None, Empty::AtHundred | Empty::Rejected) => false,
        (Some(left), Empty::AtZero) => left.trim().parse() == Ok(0.0),
        (Some(used), Empty::AtHundred) => used.trim().parse().is_ok_and(|used: f64| used >= 100.0),
        (Some(said), Empty::Rejected) => said.trim().eq_ignore_ascii_case("rejected"),
    };
    let reset = |window: &Window| span_or_moment(headers(window.reset)?.trim(), now);
    WINDOWS.iter().filter(used_up).filter_map(reset).min()
}

fn stated(wait: &Wait, now: Option<SystemTime>) -> Option<Duration> {
    match wait {
        Wait::Span(text) => whole_span(text.trim()),
        Wait::Seconds(number) => seconds(*number),
        Wait::Until(moment) => until(epoch(*moment)?, now?),
    }
}

fn announced(message: &str) -> Option<Duration> {
    let said = fold(message);
    let after = |words: &&str| said.split_once(*words).map(|(_, after)| after);
    ANNOUNCEMENTS.iter().filter_map(after).find_map(|after| seconds(span(after)?.0))
}

/// A header that may be a span in any spelling or a moment in any spelling.
fn span_or_moment(value: &str, now: SystemTime) -> Option<Duration> {
    match value.parse() {
        Ok(number) if number < LONGEST_SPAN => seconds(number),
        Ok(number) => until(epoch(number)?, now),
        Err(_) => whole_span(value).or_else(|| until(rfc3339(value)?, now)),
    }
}

/// A span that is the whole text: `6m0s`, `2m59.56s`, `120ms`.
fn whole_span(text: &str) -> Option<Duration> {
    let (number, rest) = span(text)?;
    seconds(number).filter(|_| rest.trim().is_empty())
}

/// Seconds in the span that begins the text, and what follows: `18h31m10s`, `1.5s`, `2 minutes`.
fn span(text: &str) -> Option<(f64, &str)> {
    let (mut total, mut rest) = step(text)?;
    while let Some((more, after)) = step(rest) {
        total += more;
        rest = after;
    }
    Some((total, rest))
}

/// One number with its unit.
fn step(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let (number, rest) = cut(text, |c| c.is_ascii_digit() || c == '.')?;
    let (unit, rest) = cut(rest.trim_start(), char::is_alphabetic)?;
    Some((number.parse::<f64>().ok()? * scale(unit)?, rest))
}

fn cut(text: &str, belongs: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// Seconds in a unit.
fn scale(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => return None,
    })
}

/// A moment such as `2026-11-24T08:57:12.5Z`.
fn rfc3339(text: &str) -> Option<SystemTime> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (time, zone) = cut(rest, |c| !matches!(c, 'Z' | 'z' | '+' | '-'))?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let offset = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0.0,
        ("+", ahead) => minutes(ahead)?,
        ("-", behind) => -minutes(behind)?,
        _ => return None,
    };
    epoch_seconds(
        day_number(year, month, day)? * 86_400.0 + (hour * 60.0 + minute - offset) * 60.0 + second,
    )
}

fn minutes(zone: &str) -> Option<f64> {
    let (hours, minutes) = zone.split_once(':')?;
    Some(hours.parse::<u8>().ok()? as f64 * 60.0 + minutes.parse::<u8>().ok()? as f64)
}

fn numbers(text: &str, between: char) -> Option<[f64; 3]> {
    let mut parts =
        text.splitn(3, between).map(|part| part.parse().ok().filter(|n: &f64| *n >= 0.0));
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// Days since 1970 in the Gregorian calendar; the year is taken to begin in March.
fn day_number(year: f64, month: f64, day: f64) -> Option<f64> {
    let lawful = (1970.0..=9999.0).contains(&year)
        && (1.0..=12.0).contains(&month)
        && (1.0..=31.0).contains(&day);
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leap_days = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = year * 365.0 + leap_days + ((153.0 * month + 2.0) / 5.0).floor() + day;
    lawful.then_some(days - DAYS_TO_1970)
}

/// A moment in seconds or milliseconds since 1970.
fn epoch(number: f64) -> Option<SystemTime> {
    epoch_seconds(if number >= FIRST_MILLIS { number / 1e3 } else { number })
}

fn epoch_seconds(number: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(number).ok()?)
}

fn until(moment: SystemTime, now: SystemTime) -> Option<Duration> {
    moment.duration_since(now).ok().filter(|wait| !wait.is_zero())
}

/// A wait of this many seconds, if it is one.
fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().filter(|wait| !wait.is_zero())
}

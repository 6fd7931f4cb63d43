//! Turns a fault's data into what is written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::{Act, Body, Fault, Leave, Piece, Twist};
use crate::Format;
use crate::good::Good;
use crate::reply::{End, Framing, Head, Reply, Step};
use crate::stream::{Event, Part};

/// More than the largest head that clients read.
const HUGE: usize = 200 << 10;
/// Between two signs of life.
const PING_EVERY: Duration = Duration::from_millis(20);
/// Events of content before a break, where the answer has more.
const SOME: usize = 2;

/// What this fault does to a request whose good answer is `good`.
pub(crate) fn reply(fault: &Fault, format: Format, good: &Good) -> Reply {
    match fault.act {
        Act::Say { status, headers, body } => say(status, headers, body, format, good),
        Act::Raw { bytes, end } => Reply::raw(bytes, end_of(end)),
        Act::HugeHead => {
            let mut reply = good.reply();
            if let Some(head) = &mut reply.head {
                head.headers.push(("x-huge".to_owned(), "h".repeat(HUGE)));
            }
            reply
        }
        Act::Twist(Twist::JsonForStream) => {
            Reply::whole(Head::new(200, "application/json"), good.whole.clone())
        }
        Act::Twist(Twist::HalfJson) => {
            let half = good.whole.slice(..good.whole.len() / 2);
            Reply::whole(good.head(), half)
        }
        Act::Play { pieces, end } => match &good.events {
            Some(events) => {
                Reply::chunked(good.head(), stream(pieces, events, format), end_of(end))
            }
            None => Reply {
                head: Some(good.head()),
                framing: Framing::Sized(good.whole.len()),
                steps: whole(pieces, &good.whole),
                end: end_of(end),
            },
        },
    }
}

fn say(status: u16, headers: &[(&str, &str)], body: Body, format: Format, good: &Good) -> Reply {
    let (content_type, text) = match (body, format) {
        (Body::Json(text), _) => ("application/json", text),
        (Body::Each { chat, .. }, Format::Chat) => ("application/json", chat),
        (Body::Each { messages, .. }, Format::Messages) => ("application/json", messages),
        (Body::Other(content_type, text), _) => (content_type, text),
        // An empty 200 to a stream looks like a stream.
        (Body::Empty, _) if status == 200 && good.events.is_some() => ("text/event-stream", ""),
        (Body::Empty, _) => ("application/json", ""),
    };
    let request_id = match format {
        Format::Chat => ("x-request-id".to_owned(), "req_fault".to_owned()),
        Format::Messages => ("request-id".to_owned(), "req_fault".to_owned()),
    };
    let now = SystemTime::now();
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), filled(value, now)));
    let head = Head::new(status, content_type).with(vec![request_id]).with(headers.collect());
    Reply::whole(head, filled(text, now))
}

fn end_of(leave: Leave) -> End {
    match leave {
        Leave::Clean => End::Clean,
        Leave::Close => End::Close,
        Leave::Reset => End::Reset,
        Leave::Stall => End::Hold,
    }
}

fn whole(pieces: &[Piece], body: &Bytes) -> Vec<Step> {
    let begins = |piece: &Piece| match piece {
        Piece::Content | Piece::AllContent | Piece::HalfEvent | Piece::HalfCharacter => true,
        Piece::Preamble | Piece::Pings(_) | Piece::EndlessPings | Piece::Text { .. } => false,
    };
    let mid_character = pieces.iter().any(|piece| matches!(piece, Piece::HalfCharacter));
    let end = if mid_character { mid_character_at(body) } else { None };
    let end = end.unwrap_or(body.len() / 2);
    if pieces.iter().any(begins) { vec![Step::Write(body.slice(..end))] } else { Vec::new() }
}

/// An offset inside the first character of several bytes.
fn mid_character_at(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte >= 0x80).map(|at| at + 1)
}

fn stream(pieces: &[Piece], events: &[Event], format: Format) -> Vec<Step> {
    let mut left = events.iter().peekable();
    let mut steps = Vec::new();
    for piece in pieces {
        let mut put = |bytes: Bytes| steps.push(Step::Write(bytes));
        match piece {
            Piece::Preamble => {
                while let Some(event) = left.next_if(|event| event.part == Part::Preamble) {
                    put(event.bytes.clone());
                }
            }
            Piece::Content => {
                // Leave one for what may come after.
                for _ in 0..SOME {
                    let next = left.next_if(|event| event.part == Part::Content);
                    next.into_iter().for_each(|event| put(event.bytes.clone()));
                }
            }
            Piece::AllContent => {
                while let Some(event) = left.next_if(|event| event.part == Part::Content) {
                    put(event.bytes.clone());
                }
            }
            Piece::HalfEvent => {
                let next = left.next();
                next.into_iter().for_each(|it| put(it.bytes.slice(..it.bytes.len() / 2)));
            }
            Piece::HalfCharacter => half_character(&mut left, put),
            Piece::Pings(count) => (0..*count).for_each(|_| put(ping(format))),
            Piece::EndlessPings => steps.push(Step::Beat {
                chunks: vec![ping(format)].into(),
                times: u32::MAX,
                pause: PING_EVERY,
            }),
            Piece::Text { chat, messages } => put(Bytes::from_static(match format {
                Format::Chat => chat.as_bytes(),
                Format::Messages => messages.as_bytes(),
            })),
        }
    }
    steps
}

/// Events up to the middle of a character; without one, up to the middle of the last event.
fn half_character<'a>(left: &mut impl Iterator<Item = &'a Event>, mut put: impl FnMut(Bytes)) {
    let mut left = left.peekable();
    while let Some(event) = left.next() {
        let last = left.peek().is_none();
        match mid_character_at(&event.bytes) {
            Some(at) => return put(event.bytes.slice(..at)),
            None if last => put(event.bytes.slice(..event.bytes.len() / 2)),
            None => put(event.bytes.clone()),
        }
    }
}

fn ping(format: Format) -> Bytes {
    Bytes::from_static(match format {
        Format::Chat => b": OPENROUTER PROCESSING\n\n",
        Format::Messages => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
    })
}

/// Fills in times; see [`Act`].
fn filled(text: &str, now: SystemTime) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}').and_then(|(slot, after)| Some((time(slot, now)?, after))) {
            Some((time, after)) => {
                filled.push_str(&time);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}

fn time(slot: &str, now: SystemTime) -> Option<String> {
    let (form, seconds) = slot.split_once('+')?;
    let then = now + Duration::from_secs(seconds.parse().ok()?);
    let since = then.duration_since(UNIX_EPOCH).ok()?;
    match form {
        "date" => Some(httpdate::fmt_http_date(then)),
        "epoch" => Some(since.as_secs().to_string()),
        "epoch-ms" => Some(since.as_millis().to_string()),
        "rfc3339" => Some(rfc3339(since.as_secs())),
        _ => None,
    }
}

/// The UTC time in RFC 3339, by way of the civil calendar.
fn rfc3339(epoch: u64) -> String {
    let (days, second) = (epoch / 86_400, epoch % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

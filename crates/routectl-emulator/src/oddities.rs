//! Odd but lawful shapes of a good answer: a client must not notice any of them.

use std::time::Duration;

use bytes::Bytes;

use crate::Format;
use crate::faults::{Applies, Hosts, Modes};
use crate::good::Good;
use crate::reply::{End, Framing, Reply, Step};
use crate::stream::{Event, Part};

/// A good answer in an odd shape. A request for the model of this name meets it.
#[derive(Debug, Clone, Copy)]
pub struct Oddity {
    /// The model name, `odd-…`.
    pub name: &'static str,
    pub applies: Applies,
    shape: Shape,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Written(Writing),
    Sequence(Sequence),
    Spelled(Spelling),
    Whole(Delivery),
}

/// The good bytes, written in an odd way.
#[derive(Debug, Clone, Copy)]
enum Writing {
    SlowBytes,
    SplitUtf8,
    OneWrite,
    UntilClose,
}

/// The good events, with something more or less around them.
#[derive(Debug, Clone, Copy)]
enum Sequence {
    NoDone,
    AfterDone,
    EmptyChoicesFirst,
    NoLastBlankLine,
    ByteOrderMark,
}

/// Every event in another spelling.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    LineEnds(&'static str),
    Comments,
    MultilineData,
    UsageEverywhere,
    NoSpace,
    IdAndRetryLines,
    Pings,
    UnknownEvents,
}

/// A whole answer, delivered in an odd way.
#[derive(Debug, Clone, Copy)]
enum Delivery {
    Chunked,
    AfterBlankLines,
}

const fn odd(name: &'static str, hosts: Hosts, modes: Modes, shape: Shape) -> Oddity {
    Oddity { name, applies: Applies { hosts, modes }, shape }
}

use Hosts::{Both, Chat, Messages};
use Modes::Streamed;

/// Every oddity (provider-quirks facts, section 4). A reader that follows the standard takes all of
/// them; anthropic-python does not know `message_start` after a byte order mark.
pub const ODDITIES: &[Oddity] = &[
    odd("odd-slow-bytes", Both, Modes::Both, Shape::Written(Writing::SlowBytes)),
    odd("odd-split-utf8", Both, Modes::Both, Shape::Written(Writing::SplitUtf8)),
    odd("odd-crlf", Both, Streamed, Shape::Spelled(Spelling::LineEnds("\r\n"))),
    odd("odd-cr", Both, Streamed, Shape::Spelled(Spelling::LineEnds("\r"))),
    odd("odd-comments", Both, Streamed, Shape::Spelled(Spelling::Comments)),
    odd("odd-multiline-data", Both, Streamed, Shape::Spelled(Spelling::MultilineData)),
    odd("odd-no-done", Chat, Streamed, Shape::Sequence(Sequence::NoDone)),
    odd("odd-after-done", Chat, Streamed, Shape::Sequence(Sequence::AfterDone)),
    odd("odd-usage-everywhere", Chat, Streamed, Shape::Spelled(Spelling::UsageEverywhere)),
    odd("odd-empty-choices-first", Chat, Streamed, Shape::Sequence(Sequence::EmptyChoicesFirst)),
    odd("odd-no-last-blank-line", Both, Streamed, Shape::Sequence(Sequence::NoLastBlankLine)),
    odd("odd-byte-order-mark", Both, Streamed, Shape::Sequence(Sequence::ByteOrderMark)),
    odd("odd-no-space", Both, Streamed, Shape::Spelled(Spelling::NoSpace)),
    odd("odd-id-and-retry-lines", Both, Streamed, Shape::Spelled(Spelling::IdAndRetryLines)),
    odd("odd-pings", Messages, Streamed, Shape::Spelled(Spelling::Pings)),
    odd("odd-unknown-events", Messages, Streamed, Shape::Spelled(Spelling::UnknownEvents)),
    odd("odd-one-write", Both, Streamed, Shape::Written(Writing::OneWrite)),
    odd("odd-until-close", Both, Modes::Both, Shape::Written(Writing::UntilClose)),
    odd("odd-chunked-whole", Both, Modes::Whole, Shape::Whole(Delivery::Chunked)),
    odd("odd-leading-blank-lines", Both, Modes::Whole, Shape::Whole(Delivery::AfterBlankLines)),
];

/// The good answer in this shape.
pub(crate) fn reply(odd: &Oddity, format: Format, good: &Good) -> Reply {
    match &good.events {
        Some(events) => streamed(odd.shape, format, good, events),
        None => whole(odd.shape, good),
    }
}

fn whole(shape: Shape, good: &Good) -> Reply {
    let body = good.whole.clone();
    let steps = match shape {
        Shape::Written(writing) => return written(writing, &body, good),
        Shape::Whole(Delivery::Chunked) => {
            body.chunks(100).map(|part| Step::Write(body.slice_ref(part))).collect()
        }
        Shape::Whole(Delivery::AfterBlankLines) => {
            let blank = Step::Write(Bytes::from_static(b"\n\n"));
            vec![blank.clone(), blank, Step::Write(body)]
        }
        Shape::Sequence(_) | Shape::Spelled(_) => return good.reply(),
    };
    Reply::chunked(good.head(), steps, End::Clean)
}

fn streamed(shape: Shape, format: Format, good: &Good, events: &[Event]) -> Reply {
    let steps = match shape {
        Shape::Written(writing) => return written(writing, &joined(events), good),
        Shape::Whole(_) => return good.reply(),
        Shape::Sequence(sequence) => arranged(sequence, events),
        Shape::Spelled(spelling) => {
            let spell = |event: &Event| {
                let text = String::from_utf8_lossy(&event.bytes);
                Step::Write(spelled(spelling, event.part, format, &text).into())
            };
            events.iter().map(spell).collect()
        }
    };
    Reply::chunked(good.head(), steps, End::Clean)
}

fn written(writing: Writing, body: &Bytes, good: &Good) -> Reply {
    let steps = match writing {
        Writing::SlowBytes => vec![Step::Drip(body.clone())],
        Writing::SplitUtf8 => split_characters(body),
        Writing::OneWrite => vec![Step::Write(body.clone())],
        Writing::UntilClose => return Reply { framing: Framing::UntilClose, ..good.reply() },
    };
    Reply { steps, ..good.reply() }
}

fn arranged(sequence: Sequence, events: &[Event]) -> Vec<Step> {
    let all = joined(events);
    let (first, middle, last) = match sequence {
        Sequence::NoDone => {
            let done = events.last().map_or(0, |event| event.bytes.len());
            ("", all.slice(..all.len() - done), "")
        }
        Sequence::AfterDone => ("", all, "data: {\"cost\":0.25}\n\n"),
        Sequence::EmptyChoicesFirst => (FILTERED, all, ""),
        Sequence::NoLastBlankLine => ("", all.slice(..all.len() - 1), ""),
        Sequence::ByteOrderMark => ("\u{feff}", all, ""),
    };
    let still = |text: &'static str| Bytes::from_static(text.as_bytes());
    [still(first), middle, still(last)].map(Step::Write).to_vec()
}

/// Azure's first chunk: what its filter found in the prompt.
const FILTERED: &str = "data: {\"id\":\"\",\"object\":\"\",\"created\":0,\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}\n\n";

fn joined(events: &[Event]) -> Bytes {
    events.iter().flat_map(|event| event.bytes.iter().copied()).collect::<Vec<u8>>().into()
}

/// Cuts inside every character of several bytes, with the reader let in between.
fn split_characters(bytes: &Bytes) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte & 0xc0 == 0x80) {
        steps.push(Step::Write(bytes.slice(start..at)));
        steps.push(Step::Pause(Duration::from_millis(1)));
        start = at;
    }
    steps.push(Step::Write(bytes.slice(start..)));
    steps
}

/// One event in another spelling.
fn spelled(spelling: Spelling, part: Part, format: Format, text: &str) -> String {
    let is_json = part != Part::Terminator || format == Format::Messages;
    let is_content = part == Part::Content;
    match spelling {
        Spelling::LineEnds(end) => text.replace('\n', end),
        Spelling::Comments => format!(": OPENROUTER PROCESSING\n\n:\n{text}"),
        // A line break between two members of the object is whitespace.
        Spelling::MultilineData if is_json => text.replacen(",\"", ",\ndata: \"", 1),
        Spelling::NoSpace => text.replace("data: ", "data:").replace("event: ", "event:"),
        Spelling::IdAndRetryLines => format!("id: 7\nretry: 3000\n{text}"),
        Spelling::Pings => format!("event: ping\ndata: {{\"type\":\"ping\"}}\n\n{text}"),
        Spelling::UnknownEvents if is_content => {
            format!("event: novelty\ndata: {{\"type\":\"novelty\",\"what\":[1,2]}}\n\n{text}")
        }
        Spelling::UsageEverywhere if is_content => with_usage(text),
        Spelling::MultilineData | Spelling::UnknownEvents | Spelling::UsageEverywhere => {
            text.to_owned()
        }
    }
}

fn with_usage(text: &str) -> String {
    let usage = "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n";
    let bare = text.replace(",\"usage\":null", "");
    match bare.strip_suffix("}\n\n") {
        Some(head) => format!("{head},{usage}"),
        None => bare,
    }
}

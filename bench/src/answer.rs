//! What every router must answer, and the comparison while an answer arrives.

use std::net::SocketAddr;
use std::ops::Range;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use memchr::memmem;

use crate::client::Connection;
use crate::{Format, Trouble};

/// What everyone who is asked the same must answer.
pub struct Expected {
    body: Bytes,
    /// Offset of the first event that has content.
    content_at: usize,
    /// Events that have content; none in a whole answer.
    pub chunks: usize,
    /// The parts that tell the time, where each answer has its own digits.
    times: Vec<Range<usize>>,
}

impl Expected {
    /// What is answered there when nobody stands between.
    pub async fn learn(format: Format, at: SocketAddr, body: Bytes) -> Result<Self, Trouble> {
        let mut connection = Connection::open(format, at).await?;
        let answer = connection.ask(body).await?;
        Ok(Self::of(format, answer.into_body().collect().await?.to_bytes()))
    }

    /// What a router makes of another format's answer: it has to say the same text in as many
    /// chunks, or in one piece.
    pub fn translates(self, format: Format, other: &Self) -> Result<Self, Trouble> {
        let (said, meant) = (text(format, &self.body), text(format.other(), &other.body));
        if said != meant {
            return Err(format!("the translation says “{said}” instead of “{meant}”").into());
        }
        if self.chunks != 0 && self.chunks != other.chunks {
            return Err(format!("{} chunks became {}", other.chunks, self.chunks).into());
        }
        Ok(self)
    }

    fn of(format: Format, body: Bytes) -> Self {
        let (mut chunks, mut content_at, mut at) = (0, 0, 0);
        for event in events(&body) {
            if !text(format, event).is_empty() && !event.starts_with(b"{") {
                if chunks == 0 {
                    content_at = at;
                }
                chunks += 1;
            }
            at += event.len();
        }
        let times = times(&body);
        Self { body, content_at, chunks, times }
    }

    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// Whether these bytes may stand at this offset.
    fn has(&self, at: usize, bytes: &[u8]) -> bool {
        let end = at + bytes.len();
        let Some(own) = self.body.get(at..end) else { return false };
        if own == bytes {
            return true;
        }
        let mut from = at;
        for time in self.times.iter().filter(|time| time.end > at && time.start < end) {
            let start = time.start.max(from);
            if self.body.get(from..start) != bytes.get(from - at..start - at) {
                return false;
            }
            from = time.end.min(end);
            let digits = bytes.get(start - at..from - at).unwrap_or_default();
            if !digits.iter().all(u8::is_ascii_digit) {
                return false;
            }
        }
        self.body.get(from..end) == bytes.get(from - at..)
    }
}

/// The text that an answer says, or part of one. It has no escapes in it.
fn text(format: Format, body: &[u8]) -> String {
    let member = match format {
        Format::Chat => r#""content":""#,
        Format::Messages => r#""text":""#,
    };
    let mut text = Vec::new();
    for start in memmem::find_iter(body, member) {
        let value = body.get(start + member.len()..).unwrap_or_default();
        let end = memchr::memchr(b'"', value).unwrap_or_default();
        text.extend_from_slice(value.get(..end).unwrap_or_default());
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Where `created` stands, in the only form there is: a number.
fn times(body: &[u8]) -> Vec<Range<usize>> {
    const MEMBER: &str = r#""created":"#;
    let starts = memmem::find_iter(body, MEMBER).map(|at| at + MEMBER.len());
    let digits = |start: &usize| {
        body.get(*start..).unwrap_or_default().iter().take_while(|it| it.is_ascii_digit()).count()
    };
    starts.map(|start| start..start + digits(&start)).collect()
}

/// The events of an SSE body, each with the blank line that ends it.
fn events(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let end = memmem::find(rest, b"\n\n").map_or(rest.len(), |at| at + 2);
        let (event, after) = rest.split_at_checked(end)?;
        rest = after;
        (!event.is_empty()).then_some(event)
    })
}

/// An answer on its way, compared with the expected one while it arrives.
pub struct Answer<'a> {
    body: Incoming,
    expected: &'a Expected,
    at: usize,
}

impl<'a> Answer<'a> {
    pub fn new(response: Response<Incoming>, expected: &'a Expected) -> Self {
        Self { body: response.into_body(), expected, at: 0 }
    }

    /// Reads what comes next; false at the end, which must be where the expected answer ends.
    pub async fn more(&mut self) -> Result<bool, Trouble> {
        let Some(frame) = self.body.frame().await else {
            let whole = self.expected.body.len();
            if self.at == whole {
                return Ok(false);
            }
            return Err(format!("the answer ended after {} of {whole} bytes", self.at).into());
        };
        let Ok(data) = frame?.into_data() else { return Ok(true) };
        if !self.expected.has(self.at, &data) {
            return Err(
                format!("the answer differs from the expected one after byte {}", self.at).into()
            );
        }
        self.at += data.len();
        Ok(true)
    }

    pub async fn until_content(&mut self) -> Result<(), Trouble> {
        while self.at <= self.expected.content_at {
            if !self.more().await? {
                return Err("the answer has no content".into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_with_content_are_counted_and_the_first_is_found() {
        let role = "data: {\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}\n\n";
        let word = "data: {\"delta\":{\"content\":\"a\"}}\n\n";
        let body = format!("{role}{word}{word}data: [DONE]\n\n");
        let expected = Expected::of(Format::Chat, Bytes::from(body));
        assert_eq!((expected.chunks, expected.content_at), (2, role.len()));
        let opening = "event: b\ndata: {\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
        let word = "event: d\ndata: {\"delta\":{\"text\":\"a\"}}\n\n";
        let expected = Expected::of(Format::Messages, Bytes::from(format!("{opening}{word}")));
        assert_eq!((expected.chunks, expected.content_at), (1, opening.len()));
    }

    #[test]
    fn a_whole_answer_has_no_chunks() {
        let body = Bytes::from_static(br#"{"message":{"content":"hello"}}"#);
        let expected = Expected::of(Format::Chat, body);
        assert_eq!((expected.chunks, expected.content_at), (0, 0));
    }

    #[test]
    fn only_the_time_may_differ_wherever_the_bytes_are_cut() {
        let body = br#"{"created":1790000000,"a":"x"} {"created":1790000001,"a":"y"}"#;
        let expected = Expected::of(Format::Chat, Bytes::from_static(body));
        let later = br#"{"created":1790000022,"a":"x"} {"created":1790000023,"a":"y"}"#;
        for (from, to) in
            (0..=body.len()).flat_map(|from| (from..=body.len()).map(move |to| (from, to)))
        {
            assert!(expected.has(from, &later[from..to]), "{from}..{to}");
        }
        for at in (0..body.len()).filter(|at| !body[*at].is_ascii_digit()) {
            let mut wrong = *later;
            wrong[at] ^= 1;
            assert!(!expected.has(0, &wrong), "{at}");
        }
        assert!(!expected.has(0, br#"{"created":17x0000022"#));
        assert!(!expected.has(1, &[later.as_slice(), b"more"].concat()[1..]));
    }

    #[test]
    fn a_translation_says_the_same_in_as_many_chunks() {
        let chat = |text: &str| {
            let body = format!("data: {{\"delta\":{{\"content\":\"{text}\"}}}}\n\n");
            Expected::of(Format::Chat, Bytes::from(body))
        };
        let messages = |texts: &[&str]| {
            let events = texts.iter().map(|it| format!("data: {{\"text\":\"{it}\"}}\n\n"));
            Expected::of(Format::Messages, Bytes::from(events.collect::<String>()))
        };
        assert!(chat("ab").translates(Format::Chat, &messages(&["ab"])).is_ok());
        assert!(chat("ab").translates(Format::Chat, &messages(&["a", "b"])).is_err());
        assert!(chat("ab").translates(Format::Chat, &messages(&["abc"])).is_err());
    }
}

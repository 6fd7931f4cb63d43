//! The good answer to a request, and how it can be broken at a byte.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::answer::{Answer, Ask};
use crate::reply::{End, Framing, Head, Reply, Step};
use crate::says::Saying;
use crate::script::{Script, Then, lenience};
use crate::stream::{Event, GoodStream, Part};
use crate::{Format, chat, messages};

/// The good stream of a request, byte for byte as the host would send it.
pub fn good_stream(format: Format, body: &[u8]) -> GoodStream {
    let mut body = object(body).unwrap_or_default();
    body.insert("stream".to_owned(), Value::Bool(true));
    GoodStream::of(&Good::of(format, &body).events.unwrap_or_default())
}

/// The good whole answer to a request, byte for byte as the host would send it.
pub fn good_answer(format: Format, body: &[u8]) -> Bytes {
    let mut body = object(body).unwrap_or_default();
    body.remove("stream");
    Good::of(format, &body).whole
}

/// What a request would get if nothing went wrong.
pub(crate) struct Good {
    headers: Vec<(String, String)>,
    pub whole: Bytes,
    /// The events, if a stream was asked for.
    pub events: Option<Vec<Event>>,
}

impl Good {
    pub(crate) fn of(format: Format, body: &Map<String, Value>) -> Self {
        let (_, name) = lenience(model_of(body));
        let script = Script::of(name);
        if let Some(said) = script.saying().and_then(|saying| said(saying, format, body)) {
            return said;
        }
        let model = script.answers_as(model_of(body));
        let ask = match format {
            Format::Chat => chat::ask(body, model),
            Format::Messages => messages::ask(body, model),
        };
        let answer = Answer::to(&ask);
        Self::spelled(format, body, &ask, &answer)
    }

    /// A scripted answer.
    pub(crate) fn said(whole: String, events: Option<Vec<Event>>) -> Self {
        Self { headers: Vec::new(), whole: whole.into(), events }
    }

    fn spelled(format: Format, body: &Map<String, Value>, ask: &Ask, answer: &Answer) -> Self {
        let (headers, whole, events) = match format {
            Format::Chat => (
                chat::headers(answer),
                chat::whole(body, ask, answer),
                ask.streamed.then(|| chat::stream(body, ask, answer)),
            ),
            Format::Messages => (
                messages::headers(answer),
                messages::whole(body, ask, answer),
                ask.streamed.then(|| messages::stream(body, ask, answer)),
            ),
        };
        Self { headers, whole: whole.to_string().into(), events }
    }

    pub(crate) fn head(&self) -> Head {
        let streamed = self.events.is_some();
        let content_type =
            if streamed { "text/event-stream; charset=utf-8" } else { "application/json" };
        Head::new(200, content_type).with(self.headers.clone())
    }

    /// The good answer, one event per write.
    pub(crate) fn reply(&self) -> Reply {
        let Some(events) = &self.events else {
            return Reply::whole(self.head(), self.whole.clone());
        };
        let steps = events.iter().map(|event| Step::Write(event.bytes.clone()));
        Reply::chunked(self.head(), steps.collect(), End::Clean)
    }

    /// The bytes of the good body.
    fn bytes(&self) -> Bytes {
        match &self.events {
            Some(events) => GoodStream::of(events).bytes,
            None => self.whole.clone(),
        }
    }

    /// The good body up to a byte, and what is done there.
    pub(crate) fn at(&self, place: usize, then: Then) -> Reply {
        let body = self.bytes();
        let kept = body.slice(..place.min(body.len()));
        let (kept, end) = match then {
            Then::Cut => (kept, End::Close),
            Then::End => (kept, End::Clean),
            Then::Stall => (kept, End::Hold),
            Then::Garble => (garbled(&body, place), End::Clean),
        };
        let framing = match self.events {
            Some(_) => Framing::Chunked,
            None if end == End::Clean => Framing::Sized(kept.len()),
            None => Framing::Sized(body.len()),
        };
        Reply { head: Some(self.head()), framing, steps: vec![Step::Write(kept)], end }
    }

    /// The good answer with a pause before its first content.
    pub(crate) fn slow(&self, pause: Duration) -> Reply {
        let mut reply = self.reply();
        let events = self.events.as_deref().unwrap_or_default();
        let preamble = events.iter().take_while(|event| event.part == Part::Preamble).count();
        reply.steps.insert(preamble, Step::Pause(pause));
        reply
    }
}

/// A scripted answer to this request, if this format's host has it.
fn said(saying: &Saying, format: Format, body: &Map<String, Value>) -> Option<Good> {
    let wants = |value: Option<&Value>| value == Some(&Value::Bool(true));
    let usage = body.get("stream_options").and_then(|it| it.get("include_usage"));
    saying.spelled(format, wants(body.get("stream")), wants(usage))
}

/// The body with another byte at `place`.
fn garbled(body: &Bytes, place: usize) -> Bytes {
    let mut bytes = body.to_vec();
    if let Some(byte) = bytes.get_mut(place) {
        *byte = if *byte == b'~' { b'^' } else { b'~' };
    }
    bytes.into()
}

/// The members of a body that is an object.
pub(crate) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// The model that a body asks for.
pub(crate) fn model_of(body: &Map<String, Value>) -> &str {
    body.get("model").and_then(Value::as_str).unwrap_or_default()
}

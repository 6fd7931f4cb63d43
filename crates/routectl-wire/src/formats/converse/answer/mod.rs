//! Converse answers → events: one reader for whole and streamed ones. (facts: Bedrock, sections 2.2
//! and 2.3)

mod blocks;
mod minter;
#[cfg(test)]
mod tests;
mod words;

use routectl_core::{Class, Event, Failure, Head, Opaque, Origin};

use crate::json::{self, Node};
use crate::{Decoder, Frame, Garbled, refusal};
use blocks::Blocks;
pub(super) use minter::Minter;

/// Reads one answer. Ids of answers are not of this wire.
#[derive(Debug)]
pub(super) struct Reader {
    started: bool,
    stopped: bool,
    /// Whether the counters have come.
    counted: bool,
    ended: bool,
    blocks: Blocks,
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Garbled> {
        match frame {
            Frame::Whole(body) => self.whole(body, events),
            Frame::Sse { event, data } => self.event(event.unwrap_or_default(), data, events),
        }
    }

    /// Counters come behind the end, and not always. (facts: Bedrock, section 2.3)
    fn complete(&self) -> bool {
        self.ended || self.stopped
    }
}

impl Reader {
    /// A reader for an answer of a model whose seals are this one's.
    pub(super) fn new(minter: Minter) -> Self {
        Self {
            started: false,
            stopped: false,
            counted: false,
            ended: false,
            blocks: Blocks::new(minter),
        }
    }

    fn event(&mut self, name: &str, data: &[u8], events: &mut Vec<Event>) -> Result<(), Garbled> {
        if self.ended {
            events.push(Event::Opaque(opaque(name, &String::from_utf8_lossy(data))));
            return Ok(());
        }
        match name {
            "messageStart" => {
                tree("messageStart", data)?;
                self.begin(events);
            }
            "contentBlockStart" => {
                let body = tree("contentBlockStart", data)?;
                let index = index(&body)?;
                self.begin(events);
                match body.member("start") {
                    Some(start) => self.blocks.start(index, start, events)?,
                    None => events.push(Event::Alive),
                }
            }
            "contentBlockDelta" => {
                let body = tree("contentBlockDelta", data)?;
                let index = index(&body)?;
                self.begin(events);
                match body.member("delta") {
                    Some(delta) => self.blocks.grow(index, delta, events)?,
                    None => events.push(Event::Alive),
                }
            }
            "contentBlockStop" => {
                let body = tree("contentBlockStop", data)?;
                self.blocks.close(index(&body)?, events);
            }
            "messageStop" => self.stop(&tree("messageStop", data)?, events),
            "metadata" => self.metadata(&tree("metadata", data)?, events),
            name if name.ends_with("Exception") => {
                self.ended = true;
                events.push(Event::Failed(refusal::exception(name, data)));
            }
            other => events.push(Event::Opaque(opaque(other, &String::from_utf8_lossy(data)))),
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], events: &mut Vec<Event>) -> Result<(), Garbled> {
        let answer = tree("an answer", body)?;
        let message = answer.member("output").and_then(|output| output.member("message"));
        let content = message.and_then(|message| message.member("content")).and_then(Node::list);
        let Some(content) = content else {
            if refusal::is_error(body) {
                events.push(Event::Failed(refusal::read_event(body)));
                return Ok(());
            }
            return Err(garbled("an answer", "it has no content"));
        };
        // Nobody has seen anything of it yet.
        if let Some(failure) = stop_word(&answer).as_deref().and_then(malformed) {
            events.push(Event::Failed(failure));
            return Ok(());
        }
        self.begin(events);
        for (index, block) in (0..).zip(content) {
            self.blocks.whole(index, block, events)?;
        }
        self.metadata(&answer, events);
        self.stop(&answer, events);
        Ok(())
    }

    /// An answer starts once, also when its first event is missing or comes again. Its id is for
    /// the client's format to make.
    fn begin(&mut self, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            events.push(Event::Start(Head { id: None, model: None }));
        }
    }

    fn stop(&mut self, told: &Node<'_>, events: &mut Vec<Event>) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        self.blocks.close_all(events);
        if let Some(word) = stop_word(told) {
            if let Some(failure) = malformed(&word).filter(|_| self.blocks.is_empty()) {
                self.ended = true;
                events.push(Event::Failed(failure));
                return;
            }
            events.push(Event::Stop(words::stop_reason(&word, told)));
        }
        self.end_when_counted(events);
    }

    fn metadata(&mut self, told: &Node<'_>, events: &mut Vec<Event>) {
        if let Some(usage) = told.member("usage").filter(|usage| usage.object().is_some()) {
            events.push(Event::Usage(words::usage(usage)));
        }
        if let Some(trace) = told.member("trace").filter(|trace| !trace.is_null()) {
            events.push(Event::Opaque(opaque("trace", trace.raw)));
        }
        self.counted = true;
        self.end_when_counted(events);
    }

    fn end_when_counted(&mut self, events: &mut Vec<Event>) {
        if self.stopped && self.counted && !self.ended {
            self.ended = true;
            events.push(Event::End);
        }
    }
}

/// What the model broke itself. Before its first word another try may do better; behind it, the
/// answer is what there is. (facts: Bedrock, section 2.2)
fn malformed(stop_reason: &str) -> Option<Failure> {
    let broke = matches!(stop_reason, "malformed_model_output" | "malformed_tool_use");
    let message = format!("the upstream broke off: stopReason is {stop_reason:?}");
    broke.then(|| Failure::new(Class::ServerError, Origin::Upstream, message))
}

fn stop_word(told: &Node<'_>) -> Option<String> {
    let word = told.member("stopReason").and_then(Node::text)?;
    Some(word.into_owned()).filter(|word| !word.is_empty())
}

fn tree<'a>(what: &'static str, data: &'a [u8]) -> Result<Node<'a>, Garbled> {
    let text = simdutf8::basic::from_utf8(data)
        .map_err(|error| Garbled { what, why: error.to_string() })?;
    let tree = json::parse(text).map_err(|error| Garbled { what, why: error.to_string() })?;
    match tree.object() {
        Some(_) => Ok(tree),
        None => Err(Garbled { what, why: format!("expected an object, found {}", tree.kind()) }),
    }
}

/// Which block an event is about.
fn index(event: &Node<'_>) -> Result<u32, Garbled> {
    let index = event.member("contentBlockIndex").and_then(|index| index.raw.parse().ok());
    index.ok_or_else(|| garbled("a content block", "it has no contentBlockIndex"))
}

fn garbled(what: &'static str, why: &str) -> Garbled {
    Garbled { what, why: why.to_owned() }
}

fn opaque(name: &str, json: &str) -> Opaque {
    Opaque { name: name.to_owned(), json: json.to_owned() }
}

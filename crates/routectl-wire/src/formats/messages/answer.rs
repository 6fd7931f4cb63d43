//! Messages answers → events: one reader for whole and streamed ones.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use routectl_core::{
    Declined, Delta, Event, Head, Opaque, Opening, Seal, SealKind, StopReason, Usage,
};
use serde_json::value::RawValue;

use super::types;
use crate::formats::{MOST_OPEN, Text, parse};
use crate::provenance::CLAUDE;
use crate::{Decoder, Frame, Garbled, json, refusal};

/// Reads one answer. The upstream's block indices become dense ones.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    stopped: bool,
    ended: bool,
    /// The blocks that are open, by the upstream's index and then by ours: hosts open one index
    /// twice.
    open: BTreeMap<(u32, u32), OpenBlock>,
    blocks: u32,
    /// Tokens last said to be written to a cache for an hour: later counters may tell only the sum
    /// of both lifetimes.
    written_1h: Option<u64>,
}

/// A block that is open.
#[derive(Debug)]
struct OpenBlock {
    /// The input that a call opened with, as long as no other has come.
    seed: Option<String>,
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Garbled> {
        match frame {
            Frame::Whole(body) => self.whole(body, events),
            Frame::Sse { data, event } if self.ended => {
                events.push(Event::Opaque(opaque(event.unwrap_or_default(), data)));
                Ok(())
            }
            Frame::Sse { data, event } => self.event(*event, data, events),
        }
    }

    fn complete(&self) -> bool {
        self.ended
    }
}

impl Reader {
    fn event(
        &mut self,
        name: Option<&str>,
        data: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let kind = match name {
            Some(name) => name.to_owned(),
            None => parse::<types::Named<'_>>("an event", data)?
                .kind
                .map(|kind| kind.owned())
                .unwrap_or_default(),
        };
        match kind.as_str() {
            "message_start" => self.start(parse("message_start", data)?, events),
            "content_block_start" => self.open(&parse("content_block_start", data)?, events)?,
            "content_block_delta" => self.grow(&parse("content_block_delta", data)?, events)?,
            "content_block_stop" => {
                let stop: types::BlockStop = parse("content_block_stop", data)?;
                self.close(stop.index, events);
            }
            "message_delta" => self.message_delta(&parse("message_delta", data)?, events),
            "message_stop" => {
                // Half of the last event is not the end.
                parse::<types::Named<'_>>("message_stop", data)?;
                self.end(events);
            }
            "ping" => events.push(Event::Alive),
            "error" => events.push(Event::Failed(refusal::read_event(data))),
            // Hosts that imitate the format fail in another one.
            "" if refusal::is_error(data) => {
                events.push(Event::Failed(refusal::read_event(data)));
            }
            other => events.push(Event::Opaque(opaque(other, data))),
        }
        Ok(())
    }

    fn whole(&mut self, body: &[u8], events: &mut Vec<Event>) -> Result<(), Garbled> {
        let named: types::Named<'_> = parse("an answer", body)?;
        match named.kind.as_ref().map(|kind| &*kind.0) {
            Some("message") => {}
            Some("error") => {
                events.push(Event::Failed(refusal::read_event(body)));
                return Ok(());
            }
            _ if refusal::is_error(body) => {
                events.push(Event::Failed(refusal::read_event(body)));
                return Ok(());
            }
            _ => return Err(garbled("an answer", "its type is not \"message\"")),
        }
        let mut message: types::Message<'_> = parse("an answer", body)?;
        let Some(content) = message.content.take() else {
            return Err(garbled("an answer", "it has no content"));
        };
        let usage = message.usage.take();
        let stop: types::Stop<'_> = parse("an answer", body)?;
        self.start(types::MessageStart { message }, events);
        for (index, raw) in (0..).zip(content) {
            self.whole_block(index, raw, events)?;
        }
        if let Some(usage) = usage {
            events.push(Event::Usage(self.disjoint(&usage)));
        }
        self.stop(&stop, events);
        self.end(events);
        Ok(())
    }

    fn whole_block(
        &mut self,
        index: u32,
        raw: &RawValue,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        self.open(&types::BlockStart { index, content_block: raw }, events)?;
        self.close(index, events);
        Ok(())
    }

    fn start(&mut self, start: types::MessageStart<'_>, events: &mut Vec<Event>) {
        let message = start.message;
        let owned = |text: Option<Text<'_>>| text.map(|text| text.owned());
        self.begin(Head { id: owned(message.id), model: owned(message.model) }, events);
        if let Some(usage) = message.usage {
            events.push(Event::Usage(self.disjoint(&usage)));
        }
    }

    /// An answer starts once, also when its first event is missing or comes again.
    fn begin(&mut self, head: Head, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            events.push(Event::Start(head));
        }
    }

    fn open(
        &mut self,
        start: &types::BlockStart<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let raw = start.content_block.get();
        let block: types::Block<'_> = parse("a content block", raw.as_bytes())?;
        self.begin(Head { id: None, model: None }, events);
        if self.open.len() >= MOST_OPEN {
            let why = format!("more than {MOST_OPEN} blocks are open at once");
            return Err(garbled("a content block", &why));
        }
        let index = self.blocks;
        self.blocks += 1;
        let called = &*block.kind.0 == "tool_use";
        let seed = block.input.filter(|_| called).map(|input| input.get().to_owned());
        self.open.insert((start.index, index), OpenBlock { seed });
        let text = |text: &Option<Text<'_>>| text.as_ref().map(Text::owned).unwrap_or_default();
        let opened = match &*block.kind.0 {
            "text" => Opening::Text,
            "thinking" => Opening::Reasoning,
            "redacted_thinking" => {
                let seal = sealed(SealKind::Encrypted, text(&block.data));
                Opening::Sealed { seal, id: None }
            }
            "tool_use" => Opening::ToolCall { id: text(&block.id), name: text(&block.name) },
            other => Opening::Opaque(opaque(other, raw.as_bytes())),
        };
        let known = !matches!(opened, Opening::Opaque(_));
        events.push(Event::Open { index, block: opened });
        if known {
            grown_from_the_start(index, &block, events);
        }
        Ok(())
    }

    fn grow(
        &mut self,
        growth: &types::BlockDelta<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        let theirs = growth.index;
        // The latest block of this index.
        let Some((&(_, index), open)) = self.open.range_mut(all_of(theirs)).next_back() else {
            return Ok(());
        };
        let raw = growth.delta.get();
        let delta: types::Delta<'_> = parse("a delta", raw.as_bytes())?;
        let text = |text: &Option<Text<'_>>| text.as_ref().map(Text::owned).unwrap_or_default();
        let delta = match &*delta.kind.0 {
            "text_delta" => Delta::Text(text(&delta.text)),
            "thinking_delta" => Delta::Text(text(&delta.thinking)),
            "signature_delta" => Delta::Seal(sealed(SealKind::Signature, text(&delta.signature))),
            "input_json_delta" => Delta::Arguments(text(&delta.partial_json)),
            other => Delta::Opaque(opaque(other, raw.as_bytes())),
        };
        // An empty delta is a sign of life, not content.
        let empty = match &delta {
            Delta::Text(text) | Delta::Arguments(text) => text.is_empty(),
            Delta::Seal(seal) => seal.blob.is_empty(),
            Delta::Opaque(_) => false,
        };
        if empty {
            events.push(Event::Alive);
            return Ok(());
        }
        if matches!(delta, Delta::Arguments(_)) {
            open.seed = None;
        }
        events.push(Event::Delta { index, delta });
        Ok(())
    }

    fn close(&mut self, theirs: u32, events: &mut Vec<Event>) {
        let Some((&key, _)) = self.open.range(all_of(theirs)).next() else { return };
        let Some(OpenBlock { seed }) = self.open.remove(&key) else { return };
        let (_, index) = key;
        // What a stream sends as deltas stands in the block of a whole answer.
        if let Some(input) = seed.filter(|input| json::compact(input) != "{}") {
            events.push(Event::Delta { index, delta: Delta::Arguments(input) });
        }
        events.push(Event::Close { index });
    }

    fn message_delta(&mut self, delta: &types::MessageDelta<'_>, events: &mut Vec<Event>) {
        if let Some(usage) = &delta.usage {
            events.push(Event::Usage(self.disjoint(usage)));
        }
        if let Some(stop) = &delta.delta {
            self.stop(stop, events);
        }
    }

    fn stop(&mut self, stop: &types::Stop<'_>, events: &mut Vec<Event>) {
        let Some(reason) = &stop.stop_reason else { return };
        if !std::mem::replace(&mut self.stopped, true) {
            events.push(Event::Stop(stop_reason(&reason.0, stop)));
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        if !self.ended {
            self.ended = true;
            events.push(Event::End);
        }
    }

    /// Messages counts are disjoint already; writes are told apart by lifetime where the host does.
    fn disjoint(&mut self, usage: &types::Usage) -> Usage {
        let by_ttl = usage.cache_creation.as_ref();
        let long = by_ttl.and_then(|writes| writes.ephemeral_1h_input_tokens);
        self.written_1h = long.or(self.written_1h);
        let short = usage
            .cache_creation_input_tokens
            .map(|sum| sum.saturating_sub(self.written_1h.unwrap_or(0)));
        Usage {
            input: usage.input_tokens,
            cache_read: usage.cache_read_input_tokens,
            cache_write_5m: by_ttl.and_then(|writes| writes.ephemeral_5m_input_tokens).or(short),
            cache_write_1h: long,
            output: usage.output_tokens,
            reasoning: usage
                .output_tokens_details
                .as_ref()
                .and_then(|details| details.thinking_tokens),
        }
    }
}

/// The keys of all open blocks of one of the upstream's indices.
fn all_of(theirs: u32) -> RangeInclusive<(u32, u32)> {
    (theirs, 0)..=(theirs, u32::MAX)
}

fn garbled(what: &'static str, why: &str) -> Garbled {
    Garbled { what, why: why.to_owned() }
}

fn opaque(name: &str, json: &[u8]) -> Opaque {
    Opaque { name: name.to_owned(), json: String::from_utf8_lossy(json).into_owned() }
}

fn sealed(kind: SealKind, blob: String) -> Seal {
    Seal { family: CLAUDE.to_owned(), kind, blob }
}

/// What a block holds as it opens: nothing in most streams, all of it in a whole answer.
fn grown_from_the_start(index: u32, block: &types::Block<'_>, events: &mut Vec<Event>) {
    let mut grow = |delta| events.push(Event::Delta { index, delta });
    for seed in [&block.text, &block.thinking].into_iter().flatten() {
        if !seed.0.is_empty() {
            grow(Delta::Text(seed.owned()));
        }
    }
    for citation in block.citations.iter().flatten() {
        let json = format!(r#"{{"type":"citations_delta","citation":{}}}"#, citation.get());
        grow(Delta::Opaque(opaque("citations_delta", json.as_bytes())));
    }
    if let Some(seal) = block.signature.as_ref().filter(|seal| !seal.0.is_empty()) {
        grow(Delta::Seal(sealed(SealKind::Signature, seal.owned())));
    }
}

/// (facts: Anthropic Messages, section 10)
fn stop_reason(word: &str, stop: &types::Stop<'_>) -> StopReason {
    match word {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence(stop.stop_sequence.as_ref().map(Text::owned)),
        "tool_use" => StopReason::ToolUse,
        "pause_turn" => StopReason::Pause,
        "refusal" => StopReason::Refusal(declined(stop)),
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

fn declined(stop: &types::Stop<'_>) -> Declined {
    let raw = stop.stop_details.map_or("null", RawValue::get);
    let details = serde_json::from_str::<Option<types::StopDetails<'_>>>(raw).ok().flatten();
    let Some(details) = details else { return Declined::default() };
    let owned = |text: Option<Text<'_>>| text.map(|text| text.owned());
    Declined { category: owned(details.category), explanation: owned(details.explanation) }
}

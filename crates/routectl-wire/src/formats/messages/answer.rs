//! Messages answers → events: one reader for whole and streamed ones.

use std::collections::VecDeque;

use routectl_core::{
    Declined, Delta, Event, Head, Opaque, Opening, Seal, SealKind, StopReason, Usage,
};
use serde_json::value::RawValue;

use super::types;
use crate::formats::{Text, parse};
use crate::{Decoder, Frame, Garbled, refusal};

/// Reads one answer. The upstream's block indices become dense ones.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    stopped: bool,
    ended: bool,
    /// Blocks that are open: the upstream's index and ours.
    open: VecDeque<(u32, u32)>,
    blocks: u32,
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
            "content_block_delta" => self.grow(&parse("content_block_delta", data)?, events),
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
        let stop = message.stop_reason.take();
        let usage = message.usage.take();
        self.start(types::MessageStart { message }, events);
        for (index, raw) in (0..).zip(content) {
            self.whole_block(index, raw, events)?;
        }
        if let Some(usage) = usage {
            events.push(Event::Usage(disjoint(&usage)));
        }
        if let Some(stop) = stop {
            self.stop(&stop.0, events);
        }
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
        let block: types::Block<'_> = parse("a content block", raw.get().as_bytes())?;
        let ours = self.open.back().map_or(0, |(_, ours)| *ours);
        // What a stream sends as deltas stands in the block here.
        if &*block.kind.0 == "tool_use"
            && let Some(input) = block.input
        {
            let delta = Delta::Arguments(input.get().to_owned());
            events.push(Event::Delta { index: ours, delta });
        }
        self.close(index, events);
        Ok(())
    }

    fn start(&mut self, start: types::MessageStart<'_>, events: &mut Vec<Event>) {
        let message = start.message;
        let owned = |text: Option<Text<'_>>| text.map(|text| text.owned());
        self.begin(Head { id: owned(message.id), model: owned(message.model) }, events);
        if let Some(usage) = message.usage {
            events.push(Event::Usage(disjoint(&usage)));
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
        let index = self.blocks;
        self.blocks += 1;
        self.open.push_back((start.index, index));
        let text = |text: &Option<Text<'_>>| text.as_ref().map(Text::owned).unwrap_or_default();
        let opened = match &*block.kind.0 {
            "text" => Opening::Text,
            "thinking" => Opening::Reasoning,
            "tool_use" => Opening::ToolCall { id: text(&block.id), name: text(&block.name) },
            other => Opening::Opaque(opaque(other, raw.as_bytes())),
        };
        events.push(Event::Open { index, block: opened });
        for seed in [text(&block.text), text(&block.thinking)] {
            if !seed.is_empty() {
                events.push(Event::Delta { index, delta: Delta::Text(seed) });
            }
        }
        let seal = text(&block.signature);
        if !seal.is_empty() {
            events.push(Event::Delta { index, delta: Delta::Seal(signature(seal)) });
        }
        Ok(())
    }

    fn grow(&mut self, growth: &types::BlockDelta<'_>, events: &mut Vec<Event>) {
        let Some(index) = self.ours(growth.index) else { return };
        let delta = &growth.delta;
        let text = |text: &Option<Text<'_>>| text.as_ref().map(Text::owned).unwrap_or_default();
        let delta = match &*delta.kind.0 {
            "text_delta" => Delta::Text(text(&delta.text)),
            "thinking_delta" => Delta::Text(text(&delta.thinking)),
            "signature_delta" => Delta::Seal(signature(text(&delta.signature))),
            "input_json_delta" => Delta::Arguments(text(&delta.partial_json)),
            other => Delta::Opaque(Opaque { name: other.to_owned(), json: String::new() }),
        };
        // An empty text or argument delta is a sign of life, not content.
        let empty = match &delta {
            Delta::Text(text) | Delta::Arguments(text) => text.is_empty(),
            Delta::Seal(_) | Delta::Opaque(_) => false,
        };
        events.push(if empty { Event::Alive } else { Event::Delta { index, delta } });
    }

    fn close(&mut self, theirs: u32, events: &mut Vec<Event>) {
        if let Some(position) = self.open.iter().position(|(index, _)| *index == theirs)
            && let Some((_, index)) = self.open.remove(position)
        {
            events.push(Event::Close { index });
        }
    }

    fn ours(&self, theirs: u32) -> Option<u32> {
        self.open.iter().rev().find(|(index, _)| *index == theirs).map(|(_, ours)| *ours)
    }

    fn message_delta(&mut self, delta: &types::MessageDelta<'_>, events: &mut Vec<Event>) {
        if let Some(usage) = &delta.usage {
            events.push(Event::Usage(disjoint(usage)));
        }
        if let Some(reason) = delta.delta.as_ref().and_then(|stop| stop.stop_reason.as_ref()) {
            self.stop(&reason.0, events);
        }
    }

    fn stop(&mut self, reason: &str, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.stopped, true) {
            events.push(Event::Stop(stop_reason(reason)));
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        if !self.ended {
            self.ended = true;
            events.push(Event::End);
        }
    }
}

fn garbled(what: &'static str, why: &str) -> Garbled {
    Garbled { what, why: why.to_owned() }
}

fn opaque(name: &str, json: &[u8]) -> Opaque {
    Opaque { name: name.to_owned(), json: String::from_utf8_lossy(json).into_owned() }
}

/// The family of Claude's seals, as Chat clients see it. (facts: reasoning, section 5)
const CLAUDE: &str = "anthropic-claude-v1";

fn signature(blob: String) -> Seal {
    Seal { family: CLAUDE.to_owned(), kind: SealKind::Signature, blob }
}

/// (facts: Anthropic Messages, section 10)
fn stop_reason(word: &str) -> StopReason {
    match word {
        "end_turn" => StopReason::EndTurn,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence(None),
        "tool_use" => StopReason::ToolUse,
        "pause_turn" => StopReason::Pause,
        "refusal" => StopReason::Refusal(Declined::default()),
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// Messages counts are disjoint already; writes are told apart by lifetime where the host does.
fn disjoint(usage: &types::Usage) -> Usage {
    let by_ttl = usage.cache_creation.as_ref();
    Usage {
        input: usage.input_tokens,
        cache_read: usage.cache_read_input_tokens,
        cache_write_5m: by_ttl
            .and_then(|writes| writes.ephemeral_5m_input_tokens)
            .or(usage.cache_creation_input_tokens),
        cache_write_1h: by_ttl.and_then(|writes| writes.ephemeral_1h_input_tokens),
        output: usage.output_tokens,
        reasoning: usage.output_tokens_details.as_ref().and_then(|details| details.thinking_tokens),
    }
}

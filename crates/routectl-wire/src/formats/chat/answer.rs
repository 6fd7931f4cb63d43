//! Chat answers → events: one reader for whole and streamed ones.

use routectl_core::{
    Class, Delta, Event, Failure, Head, Opaque, Opening, Origin, StopReason, Usage,
};

use super::types::{self, Answer, Choice, ToolCall, text};
use crate::formats::parse;
use crate::{Decoder, Frame, Garbled, refusal};

/// Reads one answer. Choices beyond the first pass as opaque events: the hub has one answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    ended: bool,
    stopped: bool,
    /// The text, reasoning or refusal block that is open.
    prose: Option<(Prose, u32)>,
    calls: Vec<Call>,
    blocks: u32,
}

/// A kind of block that grows by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prose {
    Text,
    Reasoning,
    Refusal,
}

/// An open tool call: hosts key calls by position, by id, or by nothing.
#[derive(Debug)]
struct Call {
    position: Option<u32>,
    id: String,
    block: u32,
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Garbled> {
        match frame {
            Frame::Whole(body) => {
                self.answer(body, true, events)?;
                self.end(events);
                Ok(())
            }
            Frame::Sse { data, .. } if data.trim_ascii() == b"[DONE]" => {
                self.end(events);
                Ok(())
            }
            Frame::Sse { data, .. } if self.ended => {
                events.push(opaque("chunk", data));
                Ok(())
            }
            // DeepSeek and others pad a queue with empty lines.
            Frame::Sse { data, .. } if data.trim_ascii().is_empty() => {
                events.push(Event::Alive);
                Ok(())
            }
            Frame::Sse { data, event } => {
                // `event: error` with a body of any shape.
                if *event == Some("error") {
                    events.push(Event::Failed(refusal::read_event(data)));
                    return Ok(());
                }
                self.answer(data, false, events)
            }
        }
    }

    /// A stream that names its finish is complete even without `[DONE]`.
    fn complete(&self) -> bool {
        self.ended || self.stopped
    }
}

impl Reader {
    fn answer(&mut self, body: &[u8], whole: bool, events: &mut Vec<Event>) -> Result<(), Garbled> {
        let answer: Answer<'_> = parse("a chat answer", body)?;
        if answer.error.is_some() && refusal::is_error(body) {
            events.push(Event::Failed(refusal::read_event(body)));
            return Ok(());
        }
        self.start(&answer, events);
        match &answer.choices {
            Some(choices) => {
                if choices.is_empty() {
                    events.push(Event::Alive);
                }
                for choice in choices {
                    self.choice(choice, events);
                }
            }
            None if whole => {
                let why = "it has neither choices nor an error".to_owned();
                return Err(Garbled { what: "a chat answer", why });
            }
            None if answer.usage.is_none() => events.push(opaque("chunk", body)),
            None => {}
        }
        let usage = answer.usage.or_else(|| answer.x_groq.and_then(|groq| groq.usage));
        if let Some(usage) = usage {
            events.push(Event::Usage(disjoint(&usage)));
        }
        Ok(())
    }

    fn start(&mut self, answer: &Answer<'_>, events: &mut Vec<Event>) {
        if self.started {
            return;
        }
        self.started = true;
        let owned =
            |text: &Option<crate::formats::Text<'_>>| text.as_ref().map(|text| text.owned());
        events.push(Event::Start(Head { id: owned(&answer.id), model: owned(&answer.model) }));
    }

    fn choice(&mut self, choice: &Choice<'_>, events: &mut Vec<Event>) {
        if choice.index.unwrap_or(0) > 0 || self.ended {
            events.push(Event::Opaque(Opaque { name: "choice".into(), json: String::new() }));
            return;
        }
        let before = events.len();
        if let Some(delta) = &choice.delta {
            self.delta(delta, events);
        }
        if let Some(usage) = &choice.usage {
            events.push(Event::Usage(disjoint(usage)));
        }
        match &choice.finish_reason {
            Some(reason) if !reason.0.is_empty() => self.stop(&reason.0, events),
            _ if events.len() == before => events.push(Event::Alive),
            _ => {}
        }
    }

    fn delta(&mut self, delta: &types::Delta<'_>, events: &mut Vec<Event>) {
        // Several hosts send the same thought in both members: one of them is enough.
        let thought = delta.reasoning_content.as_ref().map(|text| text.0.clone());
        let thought = thought.filter(|text| !text.is_empty()).or_else(|| text(delta.reasoning));
        if let Some(thought) = thought {
            self.prose(Prose::Reasoning, &thought, events);
        } else if delta
            .reasoning_details
            .is_some_and(|raw| raw.get() != "[]" && raw.get() != "null")
        {
            events.push(opaque("reasoning_details", raw_bytes(delta.reasoning_details)));
        }
        match text(delta.content) {
            Some(content) => self.prose(Prose::Text, &content, events),
            None if delta.content.is_some_and(|raw| raw.get().starts_with('[')) => {
                events.push(opaque("content", raw_bytes(delta.content)));
            }
            None => {}
        }
        if let Some(refusal) = delta.refusal.as_ref().filter(|refusal| !refusal.0.is_empty()) {
            self.prose(Prose::Refusal, &refusal.0, events);
        }
        if let Some(audio) = delta.audio.filter(|raw| raw.get() != "null") {
            events.push(opaque("audio", audio.get().as_bytes()));
        }
        for call in delta.tool_calls.iter().flatten() {
            self.call(call, events);
        }
        if let Some(function) = &delta.function_call {
            let id = self.calls.first().map_or("function_call", |call| call.id.as_str()).to_owned();
            self.grow(Some(0), &id, function.name.as_ref().map(|name| &*name.0), events);
            self.arguments(arguments(function), events);
        }
    }

    fn prose(&mut self, kind: Prose, growth: &str, events: &mut Vec<Event>) {
        let index = match self.prose {
            Some((open, index)) if open == kind => index,
            _ => {
                self.close_prose(events);
                let index = self.next_block();
                let block = match kind {
                    Prose::Text => Opening::Text,
                    Prose::Reasoning => Opening::Reasoning,
                    Prose::Refusal => Opening::Refusal,
                };
                events.push(Event::Open { index, block });
                self.prose = Some((kind, index));
                index
            }
        };
        events.push(Event::Delta { index, delta: Delta::Text(growth.to_owned()) });
    }

    fn call(&mut self, call: &ToolCall<'_>, events: &mut Vec<Event>) {
        let id = call.id.as_ref().map_or("", |id| &*id.0);
        let function = call.function.as_ref();
        let custom = call.custom.as_ref();
        let name = function
            .and_then(|function| function.name.as_ref())
            .or_else(|| custom.and_then(|custom| custom.name.as_ref()));
        self.grow(call.index, id, name.map(|name| &*name.0), events);
        let growth = function.and_then(arguments).or_else(|| {
            custom.and_then(|custom| custom.input.as_ref()).map(crate::formats::Text::owned)
        });
        self.arguments(growth, events);
    }

    /// Moves the call that a delta belongs to to the end of the list, opening it when it is new: a
    /// new id at a known position is a new call.
    fn grow(
        &mut self,
        position: Option<u32>,
        id: &str,
        name: Option<&str>,
        events: &mut Vec<Event>,
    ) {
        let known = if id.is_empty() {
            match position {
                Some(_) => self.calls.iter().rposition(|call| call.position == position),
                None => self.calls.len().checked_sub(1),
            }
        } else {
            self.calls.iter().position(|call| call.id == id)
        };
        if let Some(known) = known {
            let call = self.calls.remove(known);
            self.calls.push(call);
            return;
        }
        self.close_prose(events);
        let block = self.next_block();
        let id = if id.is_empty() { format!("call_{block}") } else { id.to_owned() };
        let name = name.unwrap_or_default().to_owned();
        events
            .push(Event::Open { index: block, block: Opening::ToolCall { id: id.clone(), name } });
        self.calls.push(Call { position, id, block });
    }

    fn arguments(&self, growth: Option<String>, events: &mut Vec<Event>) {
        if let (Some(growth), Some(call)) = (growth, self.calls.last()) {
            events.push(Event::Delta { index: call.block, delta: Delta::Arguments(growth) });
        }
    }

    fn stop(&mut self, reason: &str, events: &mut Vec<Event>) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        if let Some(class) = broken_off(reason) {
            self.ended = true;
            let message = format!("the upstream broke off: finish_reason is {reason:?}");
            events.push(Event::Failed(Failure::new(class, Origin::Upstream, message)));
            return;
        }
        self.close_prose(events);
        for call in self.calls.drain(..) {
            events.push(Event::Close { index: call.block });
        }
        events.push(Event::Stop(stop_reason(reason)));
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        if !self.ended {
            self.ended = true;
            events.push(Event::End);
        }
    }

    fn close_prose(&mut self, events: &mut Vec<Event>) {
        if let Some((_, index)) = self.prose.take() {
            events.push(Event::Close { index });
        }
    }

    fn next_block(&mut self) -> u32 {
        let index = self.blocks;
        self.blocks += 1;
        index
    }
}

/// Arguments are a string of JSON; an object at some hosts, which then is the whole of them.
fn arguments(function: &types::Function<'_>) -> Option<String> {
    let raw = function.arguments.filter(|raw| raw.get() != "null")?;
    if raw.get().starts_with('"') {
        return text(Some(raw)).map(std::borrow::Cow::into_owned);
    }
    Some(raw.get().to_owned())
}

fn raw_bytes(raw: Option<&serde_json::value::RawValue>) -> &[u8] {
    raw.map_or(b"", |raw| raw.get().as_bytes())
}

fn opaque(name: &str, json: &[u8]) -> Event {
    Event::Opaque(Opaque {
        name: name.to_owned(),
        json: String::from_utf8_lossy(json).into_owned(),
    })
}

/// The words for the end of an answer, official ones first, then those seen at compatible hosts.
fn stop_reason(word: &str) -> StopReason {
    match word {
        "stop" | "eos" | "end_turn" => StopReason::EndTurn,
        "length" | "max_tokens" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "content_filter" | "sensitive" => StopReason::ContentFilter,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        other => StopReason::Other(other.to_owned()),
    }
}

/// Words with which hosts end an answer that failed. (facts: provider quirks, section 4.2)
fn broken_off(word: &str) -> Option<Class> {
    match word {
        "error" | "network_error" => Some(Class::ServerError),
        "insufficient_system_resource" => Some(Class::Overloaded),
        _ => None,
    }
}

/// Chat counts cached tokens inside the prompt; the hub counts each token once.
fn disjoint(usage: &types::Usage) -> Usage {
    let details = usage.prompt_tokens_details.clone().unwrap_or_default();
    let cache_read =
        details.cached_tokens.or(usage.prompt_cache_hit_tokens).or(usage.cached_tokens);
    let cached = cache_read.unwrap_or(0) + details.cache_write_tokens.unwrap_or(0);
    Usage {
        input: usage.prompt_tokens.map(|prompt| prompt.saturating_sub(cached)),
        cache_read,
        cache_write_5m: details.cache_write_tokens,
        cache_write_1h: None,
        output: usage.completion_tokens,
        reasoning: usage
            .completion_tokens_details
            .as_ref()
            .and_then(|details| details.reasoning_tokens),
    }
}

//! Chat answers → events: one reader for whole and streamed ones.

mod blocks;
mod calls;
#[cfg(test)]
mod tests;
mod thoughts;
mod words;

use routectl_core::{Delta, Event, Failure, Head, Opaque, Origin, StopReason};

use super::types::{self, Answer, Choice, text};
use crate::formats::{Text, parse};
use crate::{Decoder, Frame, Garbled, refusal};
use blocks::{Blocks, Prose};
use calls::Calls;
use thoughts::Thoughts;

/// Reads one answer. Choices beyond the first pass as opaque events: the hub has one answer.
#[derive(Debug, Default)]
pub(super) struct Reader {
    started: bool,
    ended: bool,
    stopped: bool,
    blocks: Blocks,
    calls: Calls,
    thoughts: Thoughts,
}

impl Decoder for Reader {
    fn frame(&mut self, frame: &Frame<'_>, events: &mut Vec<Event>) -> Result<(), Garbled> {
        match frame {
            Frame::Whole(body) => {
                self.answer(body, true, events)?;
                self.end(events)
            }
            Frame::Sse { data, .. } if data.trim_ascii() == b"[DONE]" => self.end(events),
            Frame::Sse { data, .. } if self.ended => {
                events.push(Event::Opaque(opaque("chunk", &String::from_utf8_lossy(data))));
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
        let mut outcome = Ok(());
        match &answer.choices {
            Some(choices) => {
                if choices.is_empty() {
                    events.push(Event::Alive);
                }
                for choice in choices {
                    let read = self.choice(choice, whole, events);
                    outcome = outcome.and(read);
                }
            }
            None if whole => {
                let why = "it has neither choices nor an error".to_owned();
                return Err(Garbled { what: "a chat answer", why });
            }
            None if answer.usage.is_none() => {
                events.push(Event::Opaque(opaque("chunk", &String::from_utf8_lossy(body))));
            }
            None => {}
        }
        let usage = answer.usage.or_else(|| answer.x_groq.and_then(|groq| groq.usage));
        if let Some(usage) = usage {
            events.push(Event::Usage(words::disjoint(&usage)));
        }
        outcome
    }

    fn start(&mut self, answer: &Answer<'_>, events: &mut Vec<Event>) {
        // Azure's first chunk holds its filter's findings, and nothing of the answer but `""`.
        let owned = |text: &Option<Text<'_>>| {
            text.as_ref().map(Text::owned).filter(|text| !text.is_empty())
        };
        let says_nothing =
            answer.id.is_some() && owned(&answer.id).is_none() && !answer.has_choices();
        if self.started || says_nothing {
            return;
        }
        self.started = true;
        let id = owned(&answer.id);
        self.calls.answer(id.as_deref().unwrap_or_default());
        events.push(Event::Start(Head { id, model: owned(&answer.model) }));
    }

    fn choice(
        &mut self,
        choice: &Choice<'_>,
        whole: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        if choice.index.unwrap_or(0) > 0 || self.ended {
            events.push(Event::Opaque(Opaque { name: "choice".into(), json: String::new() }));
            return Ok(());
        }
        let before = events.len();
        let said = choice.said(whole).map_or(Ok(()), |delta| self.delta(delta, whole, events));
        if let Some(usage) = &choice.usage {
            events.push(Event::Usage(words::disjoint(usage)));
        }
        let stopped = match &choice.finish_reason {
            Some(reason) if !reason.0.is_empty() => self.stop(&reason.0, events),
            _ => Ok(()),
        };
        if events.len() == before {
            events.push(Event::Alive);
        }
        said.and(stopped)
    }

    fn delta(
        &mut self,
        delta: &types::Delta<'_>,
        whole: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Garbled> {
        self.thoughts.read(delta, &mut self.blocks, events);
        self.content(delta, events);
        if let Some(refusal) = delta.refusal.as_ref().filter(|refusal| !refusal.0.is_empty()) {
            self.blocks.say(Prose::Refusal, &refusal.0, events);
        }
        let others =
            [("annotations", delta.annotations), ("audio", delta.audio), ("images", delta.images)];
        for (name, raw) in others {
            if let Some(raw) = raw.map(|raw| raw.get()).filter(|raw| !matches!(*raw, "null" | "[]"))
            {
                events.push(self.blocks.about_text(opaque(name, raw)));
            }
        }
        for (place, call) in (0..).zip(delta.tool_calls.iter().flatten()) {
            // In a whole answer every entry is a call, and its place in the list is its position.
            let position = if whole { Some(place) } else { call.index };
            self.calls.read(call, position, &mut self.blocks, events)?;
        }
        match &delta.function_call {
            Some(function) => self.calls.read_old(function, &mut self.blocks, events),
            None => Ok(()),
        }
    }

    /// Text, or a list of parts (Mistral). (facts: reasoning, section 2.16)
    fn content(&mut self, delta: &types::Delta<'_>, events: &mut Vec<Event>) {
        let Some(raw) = delta.content else { return };
        if let Some(content) = text(Some(raw)) {
            let (thought, said) = self.thoughts.apart(delta, &content);
            self.blocks.say(Prose::Reasoning(None), thought, events);
            return self.blocks.say(Prose::Text, said, events);
        }
        if !raw.get().starts_with('[') {
            return;
        }
        let Ok(parts) = serde_json::from_str::<Vec<types::Part<'_>>>(raw.get()) else {
            events.push(Event::Opaque(opaque("content", raw.get())));
            return;
        };
        for part in &parts {
            let kind = part.kind.as_ref().map_or("", |kind| &*kind.0);
            match (kind, text(part.text)) {
                ("text", said) => {
                    let said = said.unwrap_or_default();
                    self.blocks.say(Prose::Text, &said, events);
                }
                ("thinking", _) => {
                    let thought = thoughts::of_part(part);
                    self.blocks.say(Prose::Reasoning(None), &thought, events);
                }
                _ => events.push(Event::Opaque(opaque("content", raw.get()))),
            }
        }
    }

    fn stop(&mut self, reason: &str, events: &mut Vec<Event>) -> Result<(), Garbled> {
        if self.stopped {
            return Ok(());
        }
        self.stopped = true;
        if let Some(class) = words::broken_off(reason) {
            self.ended = true;
            let message = format!("the upstream broke off: finish_reason is {reason:?}");
            events.push(Event::Failed(Failure::new(class, Origin::Upstream, message)));
            return Ok(());
        }
        self.blocks.close(events);
        let closed = self.calls.close(events);
        // Several hosts say `stop` although the answer is a call. (facts: provider quirks, 4.2)
        let told = words::stop_reason(reason);
        let calls = closed != Ok(false) && told == StopReason::EndTurn;
        events.push(Event::Stop(if calls { StopReason::ToolUse } else { told }));
        closed.map(drop)
    }

    /// Hosts end an answer without naming its finish, too.
    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Garbled> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        self.blocks.close(events);
        let closed = self.calls.close(events);
        events.push(Event::End);
        closed.map(drop)
    }
}

fn opaque(name: &str, json: &str) -> Opaque {
    Opaque { name: name.to_owned(), json: json.to_owned() }
}

/// Something of a block that only this format knows.
fn odd(index: u32, name: &str, json: &str) -> Event {
    Event::Delta { index, delta: Delta::Opaque(opaque(name, json)) }
}

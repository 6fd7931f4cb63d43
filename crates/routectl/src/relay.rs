//! Room 7, relay: bytes → frames → events → bytes; hold until commit; a failure before commit
//! goes back to the walk.
//!
//! Native lane: the bytes go on as they came, cut at the ends of events so that nothing half said
//! reaches a client, while the decoder reads along. Translated lane: what the decoder reads is
//! told in the client's format.

mod overhearing;
mod rewriting;
mod telling;

use bytes::{Bytes, BytesMut};
use routectl_core::{Class, Delta, Event, Failure, Loss, Opening, Origin, Tags, Usage};
use routectl_providers::Credential;
use routectl_wire::formats::chat::rewrite::Rewrite;
use routectl_wire::framing::eventstream::{Broken, Unframer};
use routectl_wire::framing::sse::{self, Cutter};
use routectl_wire::grammar::Grammar;
use routectl_wire::think_tags::TagReader;
use routectl_wire::{Applied, ClientFormat, Decoder, Format, Frame, refusal};

use crate::scrub;

pub use overhearing::Overhearing;
use rewriting::Rewritten;
pub use telling::Telling;
use telling::Told;

/// Most bytes held back before the first content. A preamble is a few KiB; pings come every few
/// seconds; a host that sends more than this without content is broken.
const MAX_HELD: usize = 1 << 20;

/// One answer on its way to the client.
pub struct Relay {
    /// What the upstream speaks.
    format: &'static dyn Format,
    /// The native lane: what upstream and client both speak.
    native: Option<&'static dyn ClientFormat>,
    /// Where events come in another framing than the client's.
    unframer: Option<Box<Unframer>>,
    cutter: Cutter,
    decoder: Box<dyn Decoder>,
    /// Emptied after every read; kept for its allocation.
    events: Vec<Event>,
    /// Where thinking may stand inside the text of the answer.
    tags: Option<Box<TagReader>>,
    grammar: Grammar,
    /// Complete events from before the first content.
    held: BytesMut,
    phase: Phase,
    usage: Usage,
    /// What error events must not say back.
    credential: Option<Credential>,
    /// The translated lane: where events become the client's answer.
    telling: Option<Box<Telling>>,
    /// The native lane: what the event that ends the answer has yet to tell of.
    applied: Option<Applied>,
    /// The native lane: what says thinking where the client reads it.
    rewrite: Option<Box<Rewrite>>,
    /// Whether content has come, told or not.
    heard_content: bool,
    /// The upstream is AWS, which names accounts in its errors.
    hides_accounts: bool,
    listeners: Listeners,
    /// In the place of listeners, where the client is not told all that they are to hear.
    overhearing: Option<Box<Overhearing>>,
}

/// Hears an answer as it passes by, in the words of the hub.
pub trait Listener: Send {
    /// The next event.
    fn hear(&mut self, event: &Event);
}

/// Everybody who listens to one answer.
pub type Listeners = Vec<Box<dyn Listener>>;

/// How far an answer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// No content yet: another target may still answer.
    Holding,
    /// Content is on its way to the client.
    Committed,
    /// The format's last event has come.
    Ended,
    /// The upstream's own error event is on its way to the client.
    Failed(Failure),
}

impl Relay {
    /// A relay for one streamed answer in the client's own format.
    pub fn new(format: &'static dyn ClientFormat) -> Self {
        Self { native: Some(format), ..Self::of(format, "") }
    }

    fn of(format: &'static dyn Format, upstream: &str) -> Self {
        Self {
            format,
            native: None,
            unframer: None,
            cutter: Cutter::default(),
            decoder: format.decoder_of(upstream),
            events: Vec::new(),
            tags: None,
            grammar: Grammar::default(),
            held: BytesMut::new(),
            phase: Phase::Holding,
            usage: Usage::default(),
            credential: None,
            telling: None,
            applied: None,
            rewrite: None,
            heard_content: false,
            hides_accounts: false,
            listeners: Listeners::new(),
            overhearing: None,
        }
    }

    /// A relay that tells an answer in this format, of the model with this name, to a client of
    /// another one.
    pub fn translated(format: &'static dyn Format, upstream: &str, telling: Telling) -> Self {
        Self { telling: Some(Box::new(telling)), ..Self::of(format, upstream) }
    }

    /// The same for an upstream whose thinking may stand inside the text, between tags.
    #[must_use]
    pub fn reading(self, tags: Option<Tags>) -> Self {
        let reader = if self.is_whole() { TagReader::whole } else { TagReader::streamed };
        Self { tags: tags.map(|tags| Box::new(reader(tags))), ..self }
    }

    /// The same with this between the upstream and the client. What is rewritten is what is read.
    #[must_use]
    pub fn rewriting(self, rewrite: Option<Rewrite>) -> Self {
        Self { rewrite: rewrite.map(Box::new), ..self }
    }

    /// The same for an answer whose events come in AWS's framing.
    #[must_use]
    pub fn unframing(self, is_framed: bool) -> Self {
        Self { unframer: is_framed.then(Box::default), ..self }
    }

    /// The same for an upstream whose errors may name accounts.
    #[must_use]
    pub fn hiding_accounts(self, hides_accounts: bool) -> Self {
        Self { hides_accounts, ..self }
    }

    /// The same with these listeners. They hear what is taken out for the client's sake too.
    #[must_use]
    pub fn heard_by(self, listeners: Listeners) -> Self {
        match self.rewrite.as_ref().filter(|rewrite| rewrite.is_silent()) {
            Some(rewrite) => {
                let overhearing = Overhearing::streamed(self.format, rewrite.tags(), listeners);
                Self { overhearing: Some(Box::new(overhearing)), ..self }
            }
            None => Self { listeners, ..self },
        }
    }

    /// The same, which tells the client of these edits where the answer ends.
    #[must_use]
    pub fn telling_of(self, applied: Applied) -> Self {
        Self { applied: Some(applied).filter(|applied| !applied.is_nothing()), ..self }
    }

    /// Keeps the credential out of the failure that the upstream may still tell.
    pub fn keep(&mut self, credential: Credential) {
        self.credential = Some(credential);
    }

    /// Takes bytes of the upstream; gives what may go on to the client now.
    ///
    /// # Errors
    /// Before commit, any failure of the upstream; the client has seen nothing. After it, only an
    /// event beyond all bounds.
    pub fn push(&mut self, bytes: &Bytes) -> Result<Option<Bytes>, Failure> {
        let Some(unframer) = &mut self.unframer else { return self.read(bytes) };
        let mut events = Vec::new();
        let broken = unframer.push(bytes, &mut events).err();
        let told = if events.is_empty() { None } else { self.read(&events.into())? };
        match broken {
            Some(broken) => self.broken_off(told, &broken),
            None => Ok(told),
        }
    }

    /// A framing that tells of a failure, or cannot be read on.
    fn broken_off(
        &mut self,
        told: Option<Bytes>,
        broken: &Broken,
    ) -> Result<Option<Bytes>, Failure> {
        let failure = match broken {
            Broken::Exception { name, payload } => refusal::exception(name, payload),
            Broken::Corrupt(corrupt) => self::broken(Class::Network, corrupt.to_string()),
            Broken::Garbled(why) => self::broken(Class::ServerError, format!("cannot read {why}")),
        };
        match self.phase {
            Phase::Holding => Err(failure),
            Phase::Ended | Phase::Failed(_) => Ok(told),
            Phase::Committed => {
                let mut told = BytesMut::from(told.unwrap_or_default());
                told.extend_from_slice(&self.said(&failure));
                self.phase = Phase::Failed(failure);
                Ok(Some(told.freeze()))
            }
        }
    }

    /// A failure in the client's words, without the credential.
    fn said(&mut self, failure: &Failure) -> Bytes {
        let said = match (&mut self.telling, self.native) {
            (Some(telling), _) => telling.told_with(failure),
            (None, Some(format)) => format.error_event(failure).into(),
            (None, None) => Bytes::new(),
        };
        self.credential.iter().fold(said, |said, it| scrub::bytes(&said, it))
    }

    /// Takes bytes of a stream of server-sent events.
    fn read(&mut self, bytes: &Bytes) -> Result<Option<Bytes>, Failure> {
        let events = self
            .cutter
            .push(bytes)
            .map_err(|error| broken(Class::ServerError, error.to_string()))?;
        match events {
            Some(events) => {
                let events = self.rewritten(events);
                self.pass(events)
            }
            None => Ok(None),
        }
    }

    /// The upstream's body has ended; gives what is left for the client.
    ///
    /// # Errors
    /// When the answer is not complete: nothing that ends in silence is an answer.
    pub fn finish(&mut self) -> Result<Option<Bytes>, Failure> {
        let rest = match self.cutter.finish() {
            // Hosts forget the blank line behind the last event. Half an event does not parse.
            Some(rest) if self.parses(&rest) => {
                let blank: &[u8] = if rest.ends_with(b"\n") { b"\n" } else { b"\n\n" };
                let rest = self.rewritten([&rest[..], blank].concat().into());
                self.pass(rest)?
            }
            _ => None,
        };
        match &self.phase {
            Phase::Failed(_) | Phase::Ended => Ok(rest),
            Phase::Committed if self.decoder.complete() => {
                let end = self.end();
                Ok(Some(
                    rest.map_or_else(|| end.clone(), |rest| [rest, end.clone()].concat().into()),
                ))
            }
            Phase::Holding if self.heard_content && self.decoder.complete() => {
                let end = self.end();
                Ok(Some(self.released(end)))
            }
            Phase::Holding if !self.heard_content => {
                Err(broken(Class::ServerError, "the upstream's stream ended without any content"))
            }
            Phase::Committed | Phase::Holding => {
                Err(broken(Class::Network, "the upstream's stream ended before its answer did"))
            }
        }
    }

    /// The end of an answer that the upstream ended without its terminator.
    fn end(&mut self) -> Bytes {
        self.phase = Phase::Ended;
        if let Some(telling) = &mut self.telling {
            telling.finish();
            return telling.told();
        }
        self.native.map_or_else(Bytes::new, |format| Bytes::from_static(format.terminator()))
    }

    /// Takes an answer that came in one piece, on the translated lane.
    ///
    /// # Errors
    /// An error inside a 200, or a body that is no answer.
    pub fn whole(&mut self, body: &[u8]) -> Result<Bytes, Failure> {
        self.decoder
            .frame(&Frame::Whole(body), &mut self.events)
            .map_err(|garbled| broken(Class::ServerError, format!("cannot read {garbled}")))?;
        self.take_events()?;
        let told = match &self.phase {
            // Nothing of it has been sent: a body is one piece.
            Phase::Failed(failure) => return Err(failure.clone()),
            Phase::Ended => self.telling.as_mut().map_or_else(Bytes::new, |telling| telling.told()),
            Phase::Holding | Phase::Committed if self.heard_content => self.end(),
            Phase::Holding | Phase::Committed => {
                return Err(broken(Class::ServerError, "the upstream's answer has no content"));
            }
        };
        Ok(self.released(told))
    }

    /// Whether the first content has come.
    pub fn committed(&self) -> bool {
        self.phase != Phase::Holding
    }

    /// Whether content has come, even if none of it is on its way yet.
    pub fn has_content(&self) -> bool {
        self.heard_content
    }

    /// What of the answer the client's format could not say so far.
    pub fn losses(&self) -> &[Loss] {
        let told = self.telling.as_ref().map(|telling| telling.losses());
        told.or_else(|| Some(self.rewrite.as_ref()?.losses())).unwrap_or_default()
    }

    /// Whether the format's last event has come.
    pub fn ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether the client has all of its answer though the upstream goes on: it can be let go.
    pub fn lets_go(&self) -> bool {
        self.telling.as_ref().is_some_and(|telling| telling.is_over())
    }

    /// The failure that the upstream itself told the client in its stream.
    pub fn told_failure(&self) -> Option<&Failure> {
        match &self.phase {
            Phase::Failed(failure) => Some(failure),
            Phase::Holding | Phase::Committed | Phase::Ended => None,
        }
    }

    /// The counters so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    fn rewritten(&mut self, events: Bytes) -> Rewritten {
        if let Some(overhearing) = &mut self.overhearing {
            overhearing.hear(&events);
        }
        match &mut self.rewrite {
            Some(rewrite) => rewriting::rewritten(events, rewrite),
            None => events.into(),
        }
    }

    /// Reads complete events, and holds them or lets them go.
    fn pass(&mut self, rewritten: Rewritten) -> Result<Option<Bytes>, Failure> {
        let Rewritten { events: bytes, thought } = rewritten;
        let mut frames = sse::frames(&bytes);
        loop {
            let start = bytes.len() - frames.left();
            let Some(frame) = frames.next() else { break };
            if thought.is_some_and(|behind| behind <= bytes.len() - frames.left()) {
                self.commit_to_thought();
            }
            if let Err(garbled) = self.decoder.frame(&frame, &mut self.events) {
                let failure = || broken(Class::ServerError, format!("cannot read {garbled}"));
                match self.phase {
                    Phase::Holding => return Err(failure()),
                    // What cannot be read cannot be told, and an answer with a hole is none.
                    Phase::Committed if self.telling.is_some() => {
                        self.phase = Phase::Failed(failure());
                    }
                    Phase::Committed | Phase::Ended | Phase::Failed(_) => {}
                }
            }
            self.take_events()?;
            if let Phase::Failed(failure) = &self.phase {
                // Nothing follows an error, and one that clients cannot read is said in their words.
                let end = bytes.len() - frames.left();
                let failure = failure.clone();
                let reads = |data: &[u8]| {
                    let readable = self.native.is_some_and(|it| it.reads_error(data));
                    readable && !(self.hides_accounts && refusal::names_account(data))
                };
                let told = match frame {
                    Frame::Sse { data, .. } if reads(&data) => {
                        let told = bytes.slice(..end);
                        self.credential.iter().fold(told, |told, it| scrub::bytes(&told, it))
                    }
                    Frame::Sse { .. } | Frame::Whole(_) => {
                        let before =
                            self.native.map_or(&[][..], |_| bytes.get(..start).unwrap_or_default());
                        [before, &self.said(&failure)].concat().into()
                    }
                };
                return Ok(Some(self.released(told)));
            }
        }
        let bytes = match &mut self.telling {
            Some(telling) => telling.told(),
            None => self.with_edits_told(bytes),
        };
        if self.phase != Phase::Holding {
            let released = self.released(bytes);
            return Ok((!released.is_empty()).then_some(released));
        }
        if self.held.len() + bytes.len() > MAX_HELD {
            let what = format!("the upstream sent {} KiB without any content", MAX_HELD >> 10);
            return Err(broken(Class::ServerError, what));
        }
        self.held.extend_from_slice(&bytes);
        Ok(None)
    }

    /// Thinking binds a client to its target, also one that is not told of it.
    fn commit_to_thought(&mut self) {
        self.heard_content = true;
        if self.phase == Phase::Holding {
            self.phase = Phase::Committed;
        }
    }

    /// Nearly always the same bytes.
    fn with_edits_told(&mut self, bytes: Bytes) -> Bytes {
        let Some(told) = self.applied.and_then(|applied| applied.told_among(&bytes)) else {
            return bytes;
        };
        self.applied = None;
        told
    }

    fn take_events(&mut self) -> Result<(), Failure> {
        let mut events = std::mem::take(&mut self.events);
        if let Some(tags) = &mut self.tags {
            let read = std::mem::take(&mut events);
            // What is told in one piece may be held to its end; that it has begun is known now.
            let whole = self.telling.as_ref().is_some_and(|telling| telling.is_whole());
            self.heard_content |=
                whole && read.iter().any(|event| event.commits() && is_told(event));
            read.into_iter().for_each(|event| tags.event(event, &mut events));
        }
        let outcome = events.drain(..).try_for_each(|event| self.take(event));
        self.events = events;
        outcome
    }

    /// Whether the client gets its answer in one piece.
    fn is_whole(&self) -> bool {
        self.telling.as_ref().is_some_and(|telling| telling.is_whole())
    }

    fn take(&mut self, event: Event) -> Result<(), Failure> {
        debug_assert_eq!(self.grammar.take(&event), Ok(()), "decoders keep to the grammar");
        // Behind the end nothing is told, and an answer that is complete does not fail any more.
        if self.telling.is_some() && self.phase == Phase::Ended {
            return Ok(());
        }
        let is_content = event.commits() && (self.telling.is_none() || is_told(&event));
        self.heard_content |= is_content;
        self.listeners.iter_mut().for_each(|listener| listener.hear(&event));
        // An answer that is told in one piece is not on its way before it is complete.
        let whole = self.is_whole();
        let commits = is_content && !whole;
        match &event {
            Event::Failed(failure) if self.phase == Phase::Holding => return Err(failure.clone()),
            Event::Failed(failure) => self.phase = Phase::Failed(failure.clone()),
            Event::Usage(usage) => self.usage = self.usage.overlaid(*usage),
            Event::End if self.phase == Phase::Committed || (whole && self.heard_content) => {
                self.phase = Phase::Ended;
            }
            Event::Start(_)
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Stop(_)
            | Event::End
            | Event::Alive
            | Event::Opaque(_) => {}
        }
        if commits && self.phase == Phase::Holding {
            self.phase = Phase::Committed;
        }
        // A terminator before any content ends nothing, and none ends what has failed.
        let failed = matches!(self.phase, Phase::Failed(_));
        let ends_nothing = event == Event::End && (!self.heard_content || failed);
        let Some(telling) = self.telling.as_mut().filter(|_| !ends_nothing) else { return Ok(()) };
        match telling.event(event) {
            Told::More => {}
            Told::End => self.phase = Phase::Ended,
            Told::Overflow => {
                let what = "the upstream's answer has too much that cannot be told in order";
                let failure = broken(Class::ServerError, what);
                if self.phase == Phase::Holding {
                    return Err(failure);
                }
                self.phase = Phase::Failed(failure);
            }
        }
        Ok(())
    }

    /// What was held, then these bytes.
    fn released(&mut self, bytes: Bytes) -> Bytes {
        if self.held.is_empty() {
            return bytes;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(&bytes);
        held.freeze()
    }

    /// Whether a run of bytes is one whole event, tried on a decoder of its own.
    fn parses(&self, bytes: &[u8]) -> bool {
        let mut decoder = self.format.decoder();
        let mut events = Vec::new();
        let mut frames = sse::frames(bytes).peekable();
        frames.peek().is_some()
            && frames.all(|frame| is_whole(&frame) && decoder.frame(&frame, &mut events).is_ok())
    }
}

/// Whether a client of another format can be told of this event: what it cannot be told does not
/// bind it to this target.
fn is_told(event: &Event) -> bool {
    match event {
        Event::Open { block: Opening::Opaque(_), .. }
        | Event::Delta { delta: Delta::Opaque(_), .. }
        | Event::Close { .. }
        | Event::Opaque(_) => false,
        Event::Start(_)
        | Event::Open { .. }
        | Event::Delta { .. }
        | Event::Usage(_)
        | Event::Stop(_)
        | Event::End
        | Event::Failed(_)
        | Event::Alive => true,
    }
}

/// What a whole answer says, read by the same decoder as a streamed one.
///
/// # Errors
/// An error inside a 200, or a body that is no answer.
pub fn read_whole(
    format: &'static dyn Format,
    body: &[u8],
    mut listeners: Listeners,
) -> Result<Usage, Failure> {
    let mut events = Vec::new();
    format
        .decoder()
        .frame(&Frame::Whole(body), &mut events)
        .map_err(|garbled| broken(Class::ServerError, format!("cannot read {garbled}")))?;
    let mut usage = Usage::default();
    for event in events {
        listeners.iter_mut().for_each(|listener| listener.hear(&event));
        match event {
            Event::Failed(failure) => return Err(failure),
            Event::Usage(counters) => usage = usage.overlaid(counters),
            Event::Start(_)
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Stop(_)
            | Event::End
            | Event::Alive
            | Event::Opaque(_) => {}
        }
    }
    Ok(usage)
}

/// Whether the payload of a stream's last event is all there; not every event is read further.
fn is_whole(frame: &Frame<'_>) -> bool {
    match frame {
        Frame::Sse { data, .. } => {
            data.trim_ascii() == b"[DONE]"
                || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
        }
        Frame::Whole(_) => true,
    }
}

fn broken(class: Class, message: impl Into<String>) -> Failure {
    Failure::new(class, Origin::Upstream, message)
}

#[cfg(test)]
mod tests;

//! Answers in Chat on their way to a Chat client, where the host tells thinking otherwise than the
//! client is to hear it: inside the text, between tags, in pieces only, or in a member of another
//! name. Nothing else of a chunk is touched, and most chunks not at all. (decisions: 23)

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use memchr::memmem;
use routectl_core::{Dialect, Loss, Tags};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::courses::{Courses, words};
use super::types::{Detail, Part, text};
use crate::document::quote;
use crate::json::{List, Object};
use crate::think_tags::{Splitter, Voice};
use crate::{Document, Edit, ReasoningFields};

/// Most choices of one answer that are read. Clients ask for a handful.
const MOST_CHOICES: usize = 128;

/// The name of the edits.
pub const NAME: &str = "reasoning_fields";

/// Rewrites one answer.
#[derive(Debug)]
pub struct Rewrite {
    tags: Option<Tags>,
    /// Where thinking is told. Without any it is left out.
    fields: ReasoningFields,
    /// Thinking that the host tells in other members is told in these too.
    renames: bool,
    /// The client wants to see it.
    shown: bool,
    /// Thinking has come from between tags, told or not.
    has_thought: bool,
    voices: BTreeMap<u32, Splitter>,
    /// How the words of details come, by choice.
    courses: BTreeMap<u32, Courses>,
    /// The last chunk of which something is held back.
    held: Option<Bytes>,
    losses: Vec<Loss>,
}

/// What of a choice is looked at.
#[derive(Debug, Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    delta: Option<Said<'a>>,
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
}

/// A text told apart.
#[derive(Debug, Default)]
struct Apart {
    thinking: String,
    said: String,
}

impl Apart {
    fn take(&mut self, voice: Voice, text: &str) {
        match voice {
            Voice::Thinking => self.thinking.push_str(text),
            Voice::Text => self.said.push_str(text),
        }
    }
}

impl Rewrite {
    /// What rewrites answers of a host with this dialect to this request, if anything has to be:
    /// thinking is told in the members that the operator asks for.
    pub fn needed(
        dialect: &Dialect,
        asked_for: Option<ReasoningFields>,
        request: &Document,
    ) -> Option<Self> {
        let tags = dialect.readout.tags;
        let renames = asked_for.is_some_and(ReasoningFields::has_texts) && !dialect.hands_off;
        // Other hosts keep it to themselves when they are told to.
        let may_silence = dialect.control.hide.is_none() && !dialect.hands_off;
        if tags.is_none() && !renames && !may_silence {
            return None;
        }
        let shown = !hides(request);
        if shown && tags.is_none() && !renames {
            return None;
        }
        Some(Self {
            tags,
            fields: if shown { asked_for.unwrap_or_default() } else { ReasoningFields::NONE },
            renames: renames && shown,
            shown,
            has_thought: false,
            voices: BTreeMap::new(),
            courses: BTreeMap::new(),
            held: None,
            losses: Vec::new(),
        })
    }

    /// What stands in the place of a chunk of a stream; none where it stays as it is.
    pub fn chunk(&mut self, chunk: &Bytes) -> Option<Bytes> {
        self.body(chunk, "delta")
    }

    /// What stands in the place of an answer in one piece.
    pub fn whole(&mut self, answer: &Bytes) -> Option<Bytes> {
        self.body(answer, "message")
    }

    /// What a stream has not said when its terminator comes, as a chunk of its own.
    pub fn rest(&mut self) -> Option<Bytes> {
        let chunk = Document::parse(self.held.take()?).ok()?;
        let mut raw = Vec::new();
        {
            let mut choices = List::new(&mut raw);
            for (index, splitter) in self.voices.iter_mut().filter(|(_, it)| it.holds()) {
                let mut apart = Apart::default();
                splitter.flush(&mut |voice, text| apart.take(voice, text));
                let mut choice = choices.object();
                choice.count("index", (*index).into());
                told(&apart, self.fields, choice.object("delta"));
                choice.null("finish_reason");
            }
        }
        let edits = [Edit::set(NAME, "choices", raw), Edit::remove(NAME, "usage")];
        Some(chunk.spliced(&edits).joined())
    }

    /// Whether thinking has come from between tags, though the client may not hear of it.
    pub fn has_thought(&self) -> bool {
        self.has_thought
    }

    /// Whether all thinking is taken out, since the client asked for that.
    pub fn is_silent(&self) -> bool {
        !self.shown
    }

    /// Between which tags the host thinks.
    pub fn tags(&self) -> Option<Tags> {
        self.tags
    }

    /// What the client does not hear though it did not ask for that.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    fn body(&mut self, body: &Bytes, member: &'static str) -> Option<Bytes> {
        if self.tags.is_none() && memmem::find(body, b"\"reasoning").is_none() {
            return None;
        }
        let document = Document::parse(body.clone()).ok()?;
        let mut edits = Vec::new();
        for (place, raw) in document.elements("choices").enumerate() {
            let Ok(choice) = serde_json::from_slice::<Choice<'_>>(raw) else { continue };
            for edit in self.choice(&choice, member) {
                let Edit { below, .. } = &edit;
                debug_assert!(below.is_empty(), "named by its member alone");
                edits.push(moved(edit, place, member));
            }
        }
        // A chunk without a choice, one of counters, gives nothing back and takes nothing.
        let holds = self.voices.values().any(Splitter::holds);
        self.held = holds.then(|| body.clone());
        (!edits.is_empty()).then(|| document.spliced(&edits).joined())
    }

    /// The edits of what a choice says.
    fn choice(&mut self, choice: &Choice<'_>, member: &str) -> Vec<Edit> {
        let whole = member == "message";
        let said = if whole { &choice.message } else { &choice.delta };
        let Some(said) = said else { return Vec::new() };
        let content = text(said.content);
        let ends = whole || is_said(choice.finish_reason) || is_said(said.tool_calls);
        let mut edits = if self.shown { Vec::new() } else { silenced(said, whole) };
        self.has_thought |= !edits.is_empty();
        let index = choice.index.unwrap_or(0);
        let apart = self.apart(index, (content.as_deref(), ends), whole);
        let own = [said.reasoning_content, said.reasoning, said.reasoning_text];
        let own = own.into_iter().find_map(text);
        let mut is_new = self.renames || own.is_none();
        let mut thought = match own {
            Some(own) => own.into_owned(),
            None => self.listed(index, said.reasoning_details),
        };
        if let Some(apart) = apart {
            if !apart.thinking.is_empty() && self.shown && !self.fields.has_texts() {
                self.lost();
            }
            is_new |= !apart.thinking.is_empty();
            self.has_thought |= !apart.thinking.is_empty();
            thought.push_str(&apart.thinking);
            edits.push(match apart.said.is_empty() && !apart.thinking.is_empty() && !whole {
                true => Edit::remove(NAME, "content"),
                false => Edit::set(NAME, "content", quote(&apart.said)),
            });
        }
        if is_new && !thought.is_empty() {
            let fields = [
                (self.fields.reasoning, "reasoning", said.reasoning),
                (self.fields.reasoning_content, "reasoning_content", said.reasoning_content),
            ];
            for (wanted, field, told) in fields {
                if wanted && text(told).as_deref() != Some(&*thought) {
                    edits.push(Edit::set(NAME, field, quote(&thought)));
                }
            }
        }
        edits
    }

    /// What of the words in details has not come before. Clients that know only text would see none of
    /// them.
    fn listed(&mut self, index: u32, details: Option<&RawValue>) -> String {
        let raw = details.map_or("[]", RawValue::get);
        let details: Vec<Detail<'_>> = serde_json::from_str(raw).unwrap_or_default();
        if details.is_empty() || self.courses.len() >= MOST_CHOICES {
            return String::new();
        }
        let courses = self.courses.entry(index).or_default();
        let told = details.iter().filter_map(|detail| Some((detail.index, words(detail)?)));
        told.map(|(index, words)| courses.news(index, &words).to_owned()).collect()
    }

    /// The text told apart; none where all of it is what it was.
    fn apart(
        &mut self,
        index: u32,
        (content, ends): (Option<&str>, bool),
        whole: bool,
    ) -> Option<Apart> {
        let tags = self.tags?;
        if !self.voices.contains_key(&index) && self.voices.len() >= MOST_CHOICES {
            return None;
        }
        let fresh = || if whole { Splitter::whole(tags) } else { Splitter::streamed(tags) };
        let splitter = self.voices.entry(index).or_insert_with(fresh);
        if splitter.is_over() {
            return None;
        }
        let mut apart = Apart::default();
        let mut hear = |voice, text: &str| apart.take(voice, text);
        splitter.push(content.unwrap_or_default(), &mut hear);
        if ends {
            splitter.flush(&mut hear);
        }
        let same = apart.thinking.is_empty() && apart.said == content.unwrap_or_default();
        (!same).then_some(apart)
    }

    fn lost(&mut self) {
        if self.losses.is_empty() {
            self.losses.push(Loss::dropped("answer.reasoning", ReasoningFields::NARROWED));
        }
    }
}

/// Whether a request asks not to be told of thinking, in the newer word or else in the older one.
fn hides(request: &Document) -> bool {
    let exclude = |reasoning: &[u8]| {
        let reasoning = Document::parse(Bytes::copy_from_slice(reasoning)).ok()?;
        Some(reasoning.get("exclude")? == b"true")
    };
    let excluded = request.get("reasoning").and_then(exclude);
    excluded.unwrap_or_else(|| request.get("include_reasoning") == Some(b"false"))
}

/// What takes the thinking out that a host tells apart from its text. Seals stay: the next turn needs
/// them.
fn silenced(said: &Said<'_>, whole: bool) -> Vec<Edit> {
    let texts = [
        ("reasoning", said.reasoning),
        ("reasoning_content", said.reasoning_content),
        ("reasoning_text", said.reasoning_text),
    ];
    let texts = texts.into_iter().filter(|(_, raw)| is_said(*raw));
    let mut edits: Vec<Edit> = texts.map(|(name, _)| Edit::remove(NAME, name)).collect();
    let is_sealed = |it: &Detail<'_>| it.signature.is_some() || it.data.is_some();
    edits.extend(match thinned(said.reasoning_details, is_sealed) {
        Some(kept) if kept == b"[]" => Some(Edit::remove(NAME, "reasoning_details")),
        kept => kept.map(|kept| Edit::set(NAME, "reasoning_details", kept)),
    });
    let says = |it: &Part<'_>| it.kind.as_ref().is_none_or(|kind| kind.0 != "thinking");
    edits.extend(match thinned(said.content, says) {
        Some(kept) if kept == b"[]" && whole => Some(Edit::set(NAME, "content", "\"\"")),
        Some(kept) if kept == b"[]" => Some(Edit::remove(NAME, "content")),
        kept => kept.map(|kept| Edit::set(NAME, "content", kept)),
    });
    edits
}

/// A list without what does not stay; none where all of it stays, or is not understood.
fn thinned<'a, T: Deserialize<'a>>(
    list: Option<&'a RawValue>,
    stays: impl Fn(&T) -> bool,
) -> Option<Vec<u8>> {
    let list = list.filter(|raw| raw.get().starts_with('['))?;
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    let texts = list.iter().map(|raw| raw.get());
    let kept = texts.filter(|raw| serde_json::from_str(raw).map_or(true, |it| stays(&it)));
    let kept: Vec<&str> = kept.collect();
    (kept.len() < list.len()).then(|| format!("[{}]", kept.join(",")).into_bytes())
}

fn is_said(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| !matches!(raw.get(), "null" | "[]" | "\"\""))
}

/// An edit of a member, in what the choice at this place says.
fn moved(edit: Edit, place: usize, said: &'static str) -> Edit {
    let member = crate::Step::Member(edit.member);
    Edit { member: Cow::Borrowed("choices"), ..edit }.at(place).at(said).at(member)
}

fn told(apart: &Apart, fields: ReasoningFields, mut delta: Object<'_>) {
    if !apart.said.is_empty() {
        delta.text("content", &apart.said);
    }
    let members =
        [(fields.reasoning, "reasoning"), (fields.reasoning_content, "reasoning_content")];
    for (_, member) in members.into_iter().filter(|(wanted, _)| *wanted) {
        if !apart.thinking.is_empty() {
            delta.text(member, &apart.thinking);
        }
    }
}

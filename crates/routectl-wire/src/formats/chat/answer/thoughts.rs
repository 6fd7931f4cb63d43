//! Thinking, in the many members that hosts tell it in. The same thought often stands in several
//! of them and is read once; seals come late and alone. (facts: reasoning, sections 2.5, 6 and 9)

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use routectl_core::{Delta, Event, Opening, Seal, SealKind};
use serde_json::value::RawValue;

use super::super::courses::{Courses, words};
use super::super::types::{self, text};
use super::blocks::{Blocks, Prose};
use crate::formats::Text;
use crate::json;
use crate::provenance::{CLAUDE, COPILOT};

/// What has to be remembered of the thinking so far.
#[derive(Debug, Default)]
pub(super) struct Thoughts {
    /// Format tags by the `index` of their detail: a late signature may come without one.
    families: BTreeMap<Option<u32>, String>,
    /// Hashes of the seals so far: hosts repeat them.
    seals: HashSet<u64>,
    courses: Courses,
    /// Whether the text is marked as thinking.
    marked: bool,
}

/// Gemini's tags.
const OPENING: &str = "<thought>";
const CLOSING: &str = "</thought>";

/// Most seals and tags that are remembered. An answer has a handful; one with more is told, its
/// repetitions among it.
const MOST_REMEMBERED: usize = 4_096;

impl Thoughts {
    /// Reads what a delta or a message says of thinking.
    pub(super) fn read(
        &mut self,
        delta: &types::Delta<'_>,
        blocks: &mut Blocks,
        events: &mut Vec<Event>,
    ) {
        self.said(delta, blocks, events);
        // Copilot's, with any delta. (facts: reasoning, section 2.21)
        if let Some(blob) = text(delta.reasoning_opaque)
            && let Some(seal) = self.unheard(COPILOT, SealKind::Signature, blob.into_owned())
        {
            sign(seal, None, blocks, events);
        }
    }

    fn said(&mut self, delta: &types::Delta<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
        let listed = delta.reasoning_details.filter(|raw| raw.get().starts_with('['));
        let Some(listed) = listed else { return plain(delta, blocks, events) };
        let details = serde_json::from_str::<Vec<types::Detail<'_>>>(listed.get());
        let Ok(details) = details else {
            plain(delta, blocks, events);
            events.push(Event::Opaque(super::opaque("reasoning_details", listed.get())));
            return;
        };
        if !details.iter().any(|detail| words(detail).is_some()) {
            plain(delta, blocks, events);
        }
        for detail in &details {
            self.detail(detail, blocks, events);
        }
    }

    fn detail(&mut self, detail: &types::Detail<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
        if let Some(format) = &detail.format
            && self.families.len() < MOST_REMEMBERED
        {
            self.families.insert(detail.index, format.owned());
        }
        if let Some(words) = words(detail) {
            blocks.say(
                Prose::Reasoning(detail.index),
                self.courses.news(detail.index, &words),
                events,
            );
        }
        if let Some(seal) = self.seal(detail, SealKind::Signature, detail.signature.as_ref()) {
            sign(seal, detail.index, blocks, events);
        }
        if let Some(seal) = self.seal(detail, SealKind::Encrypted, detail.data.as_ref()) {
            let id = filled(detail.id.as_ref());
            let index = blocks.begin(Opening::Sealed { seal, id }, events);
            events.push(Event::Close { index });
        }
    }

    /// A delta's text as thinking and as what it says. Gemini marks text that is thinking, and leaves
    /// its tags there, the closing one often before the first text that is not. (facts: reasoning,
    /// section 2.18)
    pub(super) fn apart<'t>(
        &mut self,
        delta: &types::Delta<'_>,
        text: &'t str,
    ) -> (&'t str, &'t str) {
        let marked = delta.extra_content.is_some_and(|extra| is_marked(extra.get()));
        match (std::mem::replace(&mut self.marked, marked), marked) {
            (false, false) => ("", text),
            (true, false) => ("", text.strip_prefix(CLOSING).unwrap_or(text)),
            (_, true) => {
                let text = text.strip_prefix(OPENING).unwrap_or(text);
                text.split_once(CLOSING).unwrap_or((text, ""))
            }
        }
    }

    /// A detail's seal that has not come before.
    fn seal(
        &mut self,
        detail: &types::Detail<'_>,
        kind: SealKind,
        blob: Option<&Text<'_>>,
    ) -> Option<Seal> {
        let blob = filled(blob)?;
        // Without a tag it is Claude's. (facts: reasoning, section 2.5)
        let family = self.families.get(&detail.index).map_or(CLAUDE, String::as_str).to_owned();
        self.unheard(&family, kind, blob)
    }

    /// A seal that has not come before.
    fn unheard(&mut self, family: &str, kind: SealKind, blob: String) -> Option<Seal> {
        let hash = hashed(&blob);
        if self.seals.contains(&hash) {
            return None;
        }
        if self.seals.len() < MOST_REMEMBERED {
            self.seals.insert(hash);
        }
        Some(Seal { family: family.to_owned(), kind, blob })
    }
}

/// Whether what Gemini says beside a text marks it as thinking.
fn is_marked(extra: &str) -> bool {
    let google = json::parse(extra).ok();
    let thought = google.as_ref().and_then(|extra| extra.member("google")?.member("thought"));
    thought.is_some_and(|thought| thought.raw == "true")
}

fn hashed(blob: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    blob.hash(&mut hasher);
    hasher.finish()
}

/// The plain members: the first that says something.
fn plain(delta: &types::Delta<'_>, blocks: &mut Blocks, events: &mut Vec<Event>) {
    let content = delta.reasoning_content.as_ref().map(|text| text.0.clone());
    let thought = content
        .filter(|text| !text.is_empty())
        .or_else(|| text(delta.reasoning))
        .or_else(|| text(delta.reasoning_text));
    if let Some(thought) = thought {
        blocks.say(Prose::Reasoning(None), &thought, events);
    }
}

/// A signature ends the block it belongs to. One that comes after that block is a block of its
/// own, so that it is neither lost nor holds the text behind it up.
fn sign(seal: Seal, detail: Option<u32>, blocks: &mut Blocks, events: &mut Vec<Event>) {
    if let Some(index) = blocks.current(Prose::Reasoning(detail)) {
        events.push(Event::Delta { index, delta: Delta::Seal(seal) });
        return blocks.close(events);
    }
    let index = blocks.begin(Opening::Reasoning, events);
    events.push(Event::Delta { index, delta: Delta::Seal(seal) });
    events.push(Event::Close { index });
}

fn filled(text: Option<&Text<'_>>) -> Option<String> {
    text.filter(|text| !text.0.is_empty()).map(Text::owned)
}

/// The thought in a content part: a list of text parts, or text.
pub(super) fn of_part(part: &types::Part<'_>) -> String {
    let Some(raw) = part.thinking else { return String::new() };
    if let Some(thought) = text(Some(raw)) {
        return thought.into_owned();
    }
    let parts = serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default();
    let inner = |raw: &RawValue| {
        let part = serde_json::from_str::<types::Part<'_>>(raw.get()).ok()?;
        text(part.text).map(std::borrow::Cow::into_owned)
    };
    parts.into_iter().filter_map(inner).collect()
}

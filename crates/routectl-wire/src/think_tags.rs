//! Thinking that stands inside the text of an answer, between tags: told apart from the text as it
//! arrives, wherever it is cut. (facts: reasoning, sections 2.23 and 9)
//!
//! The newlines that templates write around tags belong to the tags: one behind an opening tag, one
//! before a closing tag and two behind it.

mod lines;
mod reader;
#[cfg(test)]
mod tests;

use std::slice;

use routectl_core::{Opener, TagPair, Tags};

use lines::Lines;
pub use reader::TagReader;

/// How tags begin.
const FIRST: [char; 3] = ['<', '[', '◁'];

/// Most blanks before the first tag, in bytes. Behind more of them it is text.
const MOST_BLANKS: usize = 1_024;

/// Most newlines behind a closing tag that belong to it.
const NEWLINES_BEHIND: u8 = 2;

/// Which of the two a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Thinking,
    Text,
}

/// Who hears the pieces.
type Say<'s> = &'s mut dyn FnMut(Voice, &str);

/// Tells thinking and text apart. Holds back no more than what may be a tag.
#[derive(Debug)]
pub struct Splitter {
    tags: Tags,
    /// The answer is told in one piece: what was thought is known at its end still.
    whole: bool,
    state: State,
    /// What may be the beginning of a tag, or belong to one.
    held: String,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing but blanks so far.
    Start,
    /// Text, unless a closing tag comes: all of it is held.
    Undecided,
    /// Behind an opening tag.
    Opened(&'static [TagPair]),
    /// Thinking, up to the closing tag of one of these.
    Thinking(&'static [TagPair]),
    /// Behind a closing tag and so many newlines.
    Closed(u8),
    /// Text, between whose lines thinking may begin again.
    Text(Lines),
    /// Text to the end.
    Rest,
}

/// How far a step came.
enum Step {
    /// Behind so many bytes, with more to do.
    On(usize),
    /// Behind so many bytes; the rest has to wait for what follows.
    Wait(usize),
}

/// What was looked for, in a text.
enum Found<T> {
    At(usize, T),
    /// It may begin here and go on in what follows.
    Perhaps(usize),
    No,
}

impl Splitter {
    /// Reads a text that is told as it comes.
    pub fn streamed(tags: Tags) -> Self {
        Self { tags, whole: false, state: State::Start, held: String::new() }
    }

    /// Reads a text that is told in one piece: a closing tag may tell there what stands before it.
    pub fn whole(tags: Tags) -> Self {
        Self { whole: true, ..Self::streamed(tags) }
    }

    /// Takes the next piece of the text.
    pub fn push(&mut self, piece: &str, say: Say<'_>) {
        match self.state {
            State::Rest => return tell(say, Voice::Text, piece),
            State::Undecided => return self.held.push_str(piece),
            State::Start
            | State::Opened(_)
            | State::Thinking(_)
            | State::Closed(_)
            | State::Text(_) => {}
        }
        if self.held.is_empty() {
            return self.walk(piece, say);
        }
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        self.walk(&text, say);
    }

    /// The text ends here, or something else stands behind it: gives what was held.
    pub fn flush(&mut self, say: Say<'_>) {
        let held = std::mem::take(&mut self.held);
        match &mut self.state {
            State::Start if held.trim().is_empty() => tell(say, Voice::Text, &held),
            State::Start if self.tags.opened_by == Opener::Prompt => {
                self.state = State::Thinking(self.tags.pairs);
                tell(say, Voice::Thinking, &held);
            }
            State::Start => {
                self.state = State::Rest;
                tell(say, Voice::Text, &held);
            }
            State::Undecided => self.decide(&held, say),
            State::Thinking(_) => tell(say, Voice::Thinking, &held),
            State::Text(lines) => {
                held.bytes().for_each(|byte| lines.take(byte));
                tell(say, Voice::Text, &held);
            }
            State::Opened(_) | State::Closed(_) | State::Rest => {}
        }
    }

    /// Whether nothing that follows can be thinking, and nothing is held.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Rest)
    }

    /// Whether something is held back.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    fn walk(&mut self, text: &str, say: Say<'_>) {
        let mut rest = text;
        while !rest.is_empty() {
            let (by, waits) = match self.step(rest, say) {
                Step::On(by) => (by, false),
                Step::Wait(by) => (by, true),
            };
            rest = rest.get(by..).unwrap_or_default();
            if waits {
                rest.clone_into(&mut self.held);
                return;
            }
        }
    }

    fn step(&mut self, rest: &str, say: Say<'_>) -> Step {
        match &mut self.state {
            State::Start => self.begin(rest),
            State::Undecided => Step::Wait(0),
            State::Opened(pairs) => {
                self.state = State::Thinking(pairs);
                Step::On(usize::from(rest.starts_with('\n')))
            }
            State::Thinking(pairs) => {
                let (end, step) = thinking(rest, pairs);
                tell(say, Voice::Thinking, rest.get(..end).unwrap_or_default());
                if let Step::On(_) = step {
                    self.state = State::Closed(0);
                }
                step
            }
            State::Closed(newlines) if *newlines < NEWLINES_BEHIND && rest.starts_with('\n') => {
                *newlines += 1;
                Step::On(1)
            }
            State::Closed(_) => {
                self.state =
                    if self.tags.again { State::Text(Lines::default()) } else { State::Rest };
                Step::On(0)
            }
            State::Text(lines) => match opening_line(rest, self.tags.pairs, lines) {
                Found::At(at, pair) => {
                    tell(say, Voice::Text, rest.get(..at).unwrap_or_default());
                    self.state = State::Opened(slice::from_ref(pair));
                    Step::On(at + pair.open.len())
                }
                Found::Perhaps(at) => {
                    tell(say, Voice::Text, rest.get(..at).unwrap_or_default());
                    Step::Wait(at)
                }
                Found::No => {
                    tell(say, Voice::Text, rest);
                    Step::On(rest.len())
                }
            },
            State::Rest => {
                tell(say, Voice::Text, rest);
                Step::On(rest.len())
            }
        }
    }

    /// The first words decide.
    fn begin(&mut self, rest: &str) -> Step {
        let body = rest.trim_start();
        let blanks = rest.len() - body.len();
        let opener = if blanks > MOST_BLANKS { Found::No } else { opening(body, self.tags.pairs) };
        match opener {
            Found::At(_, pair) => {
                self.state = State::Opened(slice::from_ref(pair));
                return Step::On(blanks + pair.open.len());
            }
            Found::Perhaps(_) => return Step::Wait(0),
            Found::No => {
                self.state = match self.tags.opened_by {
                    Opener::Prompt => State::Opened(self.tags.pairs),
                    Opener::Either if self.whole => State::Undecided,
                    Opener::Either | Opener::Answer => State::Rest,
                }
            }
        }
        Step::On(0)
    }

    /// All of a text is there: what stands before a closing tag is thinking if nothing in the text
    /// opens it, since the prompt did.
    fn decide(&mut self, text: &str, say: Say<'_>) {
        let Some((end, pair)) = closing_unopened(text, self.tags.pairs) else {
            self.state = State::Rest;
            return tell(say, Voice::Text, text);
        };
        let thought = text.get(..end).unwrap_or_default();
        let thought = thought.strip_prefix('\n').unwrap_or(thought);
        tell(say, Voice::Thinking, thought.strip_suffix('\n').unwrap_or(thought));
        self.state = State::Closed(0);
        self.walk(text.get(end + pair.close.len()..).unwrap_or_default(), say);
        self.flush(say);
    }
}

fn tell(say: Say<'_>, voice: Voice, text: &str) {
    if !text.is_empty() {
        say(voice, text);
    }
}

/// The opening tag that a text begins with, or may come to begin with.
fn opening(text: &str, pairs: &'static [TagPair]) -> Found<&'static TagPair> {
    if let Some(pair) = pairs.iter().find(|pair| text.starts_with(pair.open)) {
        return Found::At(0, pair);
    }
    match pairs.iter().any(|pair| pair.open.starts_with(text)) {
        true => Found::Perhaps(0),
        false => Found::No,
    }
}

/// The first closing tag of these.
fn closing(text: &str, pairs: &'static [TagPair]) -> Found<&'static TagPair> {
    for (at, _) in text.match_indices(FIRST) {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(pair) = pairs.iter().find(|pair| rest.starts_with(pair.close)) {
            return Found::At(at, pair);
        }
        if pairs.iter().any(|pair| pair.close.starts_with(rest)) {
            return Found::Perhaps(at);
        }
    }
    Found::No
}

/// How much of a text is thinking, and where it goes on.
fn thinking(text: &str, pairs: &'static [TagPair]) -> (usize, Step) {
    let found = closing(text, pairs);
    let end = match &found {
        Found::At(at, _) | Found::Perhaps(at) => *at,
        Found::No => text.len(),
    };
    let said = text.get(..end).unwrap_or_default();
    let said = said.strip_suffix('\n').unwrap_or(said).len();
    match found {
        Found::At(at, pair) => (said, Step::On(at + pair.close.len())),
        Found::Perhaps(_) | Found::No => (said, Step::Wait(said)),
    }
}

/// The first opening tag at the beginning of a line that is no code.
fn opening_line(
    text: &str,
    pairs: &'static [TagPair],
    lines: &mut Lines,
) -> Found<&'static TagPair> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if lines.may_open() {
            match opening(rest, pairs) {
                Found::At(_, pair) => return Found::At(at, pair),
                Found::Perhaps(_) => return Found::Perhaps(at),
                Found::No => {}
            }
        }
        at += lines.advance(rest);
    }
    Found::No
}

/// The first closing tag whose opening tag does not stand before it, and that is not part of some
/// code.
fn closing_unopened(text: &str, pairs: &'static [TagPair]) -> Option<(usize, &'static TagPair)> {
    let mut lines = Lines::default();
    let mut read = 0;
    for (at, _) in text.match_indices(FIRST) {
        let rest = text.get(at..)?;
        let Some(pair) = pairs.iter().find(|pair| rest.starts_with(pair.close)) else { continue };
        text.get(read..at)?.bytes().for_each(|byte| lines.take(byte));
        read = at;
        let before = text.get(..at)?;
        if !lines.is_code() && !before.ends_with('`') && !before.contains(pair.open) {
            return Some((at, pair));
        }
    }
    None
}

//! The text in `{"input":"…"}`, read while it arrives in pieces: tools that take text have it as
//! their only argument on the way out. (facts: translation, sections 4.1 and 9.1)

use crate::json;

/// How far the argument has come.
#[derive(Debug)]
pub(super) enum Argument {
    /// Its text has not begun. Whatever does not begin as expected is read when it is complete.
    Before(String),
    /// Within its text: half an escape is held back.
    Within(String),
    Behind,
}

impl Default for Argument {
    fn default() -> Self {
        Self::Before(String::new())
    }
}

impl Argument {
    /// Takes the next piece and gives the text in it.
    pub(super) fn take(&mut self, piece: &str) -> String {
        match self {
            Self::Before(raw) => {
                raw.push_str(piece);
                let Some(start) = start(raw) else { return String::new() };
                let rest = raw.split_off(start);
                *self = Self::Within(String::new());
                self.take(&rest)
            }
            Self::Within(held) => {
                held.push_str(piece);
                let (length, ended) = whole(held);
                let text = json::unescape(held.get(..length).unwrap_or_default()).into_owned();
                match ended {
                    true => *self = Self::Behind,
                    false => drop(held.drain(..length)),
                }
                text
            }
            Self::Behind => String::new(),
        }
    }

    /// What is left when nothing follows: the limit may have cut the text, or the model may have
    /// written something else.
    pub(super) fn release(&mut self) -> String {
        match std::mem::replace(self, Self::Behind) {
            Self::Before(raw) => other(&raw),
            Self::Within(held) => json::unescape(&held).into_owned(),
            Self::Behind => String::new(),
        }
    }
}

/// Where the text begins, if the argument begins with it.
fn start(raw: &str) -> Option<usize> {
    let mut rest = raw;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start().strip_prefix(token)?;
    }
    Some(raw.len() - rest.len())
}

/// How much of a string's inside is whole, and whether it ends there.
fn whole(inside: &str) -> (usize, bool) {
    let bytes = inside.as_bytes();
    let mut at = 0;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += offset;
        if bytes.get(at) == Some(&b'"') {
            return (at, true);
        }
        match escape(bytes.get(at..).unwrap_or_default()) {
            Some(length) => at += length,
            None => return (at, false),
        }
    }
    (bytes.len(), false)
}

/// How long the escape is that begins here; `None` while that is not known. Two escapes may spell
/// one character.
fn escape(bytes: &[u8]) -> Option<usize> {
    if *bytes.get(1)? != b'u' {
        return Some(2);
    }
    let digits = bytes.get(2..6)?;
    let high = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a' | b'A' | b'b' | b'B', ..]);
    match (high, bytes.get(6), bytes.get(7)) {
        (true, None, _) | (true, Some(b'\\'), None) => None,
        (true, Some(b'\\'), Some(b'u')) => bytes.get(8..12).map(|_| 12),
        _ => Some(6),
    }
}

/// The text of an argument that does not begin with it.
fn other(raw: &str) -> String {
    let Ok(node) = json::parse(raw) else { return raw.trim().to_owned() };
    match (node.member("input"), node.object()) {
        (Some(input), _) => input.text().map_or_else(|| input.raw.to_owned(), Into::into),
        (None, Some([])) => String::new(),
        (None, _) => raw.trim().to_owned(),
    }
}

//! Finding the top-level members of a JSON object in one pass. Strings are skipped with SIMD
//! searches, so a large prompt costs little more than reading it once.

use smallvec::SmallVec;

use super::{Member, Span};
use crate::eights::string_end;

/// Deepest nesting we follow. Real agent requests stay below 40; parsers of upstreams give up at
/// 128 (serde) to 1,000 (Python).
const MAX_DEPTH: usize = 256;

/// Why a body is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    #[error("the body is empty; a JSON object is needed")]
    Empty,
    #[error("the body is not valid UTF-8 at byte {at}")]
    NotUtf8 { at: usize },
    #[error("the body is not a JSON object: it starts with {found}")]
    NotAnObject { found: String },
    #[error("the body is not valid JSON at byte {at}: expected {expected}")]
    Malformed { at: usize, expected: &'static str },
    #[error("the body is nested deeper than {MAX_DEPTH} levels at byte {at}")]
    TooDeep { at: usize },
    #[error("the JSON object ends at byte {at}, but more follows")]
    Trailing { at: usize },
    #[error("the body is larger than 4 GiB")]
    TooLarge,
}

/// The spans of the top-level members of a JSON object.
pub(super) fn members(bytes: &[u8]) -> Result<SmallVec<[Member; 16]>, BadBody> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(BadBody::TooLarge);
    }
    if let Err(error) = simdutf8::compat::from_utf8(bytes) {
        return Err(BadBody::NotUtf8 { at: error.valid_up_to() });
    }
    let mut scan = Scan { bytes, at: 0 };
    scan.object_start()?;
    let members = scan.members()?;
    scan.space();
    match scan.peek() {
        None => Ok(members),
        Some(_) => Err(BadBody::Trailing { at: scan.at }),
    }
}

/// The members of the object that starts here.
pub(super) fn object_at(bytes: &[u8], at: usize) -> Option<SmallVec<[Member; 16]>> {
    let mut scan = Scan { bytes, at };
    scan.object_start().ok()?;
    scan.members().ok()
}

/// The elements of the list that starts here.
pub(super) fn list_at(bytes: &[u8], at: usize) -> Option<Vec<Span>> {
    let mut scan = Scan { bytes, at };
    if scan.peek() != Some(b'[') {
        return None;
    }
    scan.at += 1;
    scan.elements().ok()
}

/// Where the value ends that starts here.
pub(super) fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut scan = Scan { bytes, at };
    scan.value().ok()?;
    Some(scan.at)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn malformed<T>(&self, expected: &'static str) -> Result<T, BadBody> {
        Err(BadBody::Malformed { at: self.at, expected })
    }

    fn object_start(&mut self) -> Result<(), BadBody> {
        self.space();
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                Ok(())
            }
            Some(other) => Err(BadBody::NotAnObject { found: kind_of(other).to_owned() }),
            None => Err(BadBody::Empty),
        }
    }

    fn members(&mut self) -> Result<SmallVec<[Member; 16]>, BadBody> {
        let mut members = SmallVec::new();
        self.entries((b'}', "',' or '}' after a member"), |scan| {
            members.push(scan.member()?);
            Ok(())
        })?;
        Ok(members)
    }

    fn elements(&mut self) -> Result<Vec<Span>, BadBody> {
        let mut elements = Vec::new();
        self.entries((b']', "',' or ']' after an element"), |scan| {
            elements.push(scan.span(Self::value)?);
            Ok(())
        })?;
        Ok(elements)
    }

    /// What stands between two brackets, with commas between.
    fn entries(
        &mut self,
        (close, expected): (u8, &'static str),
        mut entry: impl FnMut(&mut Self) -> Result<(), BadBody>,
    ) -> Result<(), BadBody> {
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            entry(self)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.malformed(expected),
            }
            self.space();
        }
    }

    fn member(&mut self) -> Result<Member, BadBody> {
        if self.peek() != Some(b'"') {
            return self.malformed("a member name in double quotes");
        }
        let key = self.span(Self::string)?;
        self.space();
        if self.peek() != Some(b':') {
            return self.malformed("':' after a member name");
        }
        self.at += 1;
        self.space();
        let value = self.span(Self::value)?;
        Ok(Member { key, value })
    }

    /// Where `read` starts and ends. The caller has checked that offsets fit.
    fn span(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), BadBody>,
    ) -> Result<Span, BadBody> {
        let start = self.at;
        read(self)?;
        let fits = |offset: usize| u32::try_from(offset).map_err(|_| BadBody::TooLarge);
        Ok((fits(start)?, fits(self.at)?))
    }

    fn value(&mut self) -> Result<(), BadBody> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') => self.nested(),
            _ => self.scalar(),
        }
    }

    /// Skips a string; `at` stands on its opening quote.
    fn string(&mut self) -> Result<(), BadBody> {
        match string_end(self.bytes, self.at + 1) {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => self.malformed("the end of the string that starts here"),
        }
    }

    /// Skips an object or array: brackets must pair, strings must close.
    fn nested(&mut self) -> Result<(), BadBody> {
        let start = self.at;
        let mut open = Brackets::default();
        while let Some(offset) = next_structure(self.bytes.get(self.at..).unwrap_or_default()) {
            self.at += offset;
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(byte @ (b'{' | b'[')) if !open.push(byte) => {
                    return Err(BadBody::TooDeep { at: self.at });
                }
                Some(byte @ (b'}' | b']')) => {
                    if !open.pop(byte) {
                        return self.malformed("the bracket that closes the innermost value");
                    }
                    if open.depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                Some(_) | None => {}
            }
            self.at += 1;
        }
        self.at = start;
        self.malformed("the end of the value that starts here")
    }

    /// Skips a number, `true`, `false` or `null`. Numbers keep any spelling.
    fn scalar(&mut self) -> Result<(), BadBody> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| {
                !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.')
            })
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let numeric = matches!(word.first(), Some(b'-' | b'0'..=b'9'))
            && word
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        if numeric || matches!(word, b"true" | b"false" | b"null") {
            self.at += length;
            return Ok(());
        }
        self.malformed("a value")
    }
}

/// The offset of the first quote or bracket.
fn next_structure(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))
}

/// Which brackets are open: one bit each, so that depth costs no allocation.
#[derive(Default)]
struct Brackets {
    depth: usize,
    /// Set where the bracket is a brace.
    braces: [u64; MAX_DEPTH / 64],
}

impl Brackets {
    /// Opens a bracket; false when that is too deep.
    fn push(&mut self, bracket: u8) -> bool {
        let Some(word) = self.braces.get_mut(self.depth / 64) else { return false };
        let bit = 1 << (self.depth % 64);
        *word = if bracket == b'{' { *word | bit } else { *word & !bit };
        self.depth += 1;
        true
    }

    /// Closes the innermost bracket; false when it is of the other kind.
    fn pop(&mut self, bracket: u8) -> bool {
        let Some(depth) = self.depth.checked_sub(1) else { return false };
        self.depth = depth;
        let brace = self.braces.get(depth / 64).is_some_and(|word| word & (1 << (depth % 64)) != 0);
        brace == (bracket == b'}')
    }
}

fn kind_of(byte: u8) -> &'static str {
    match byte {
        b'[' => "an array",
        b'"' => "a string",
        b'-' | b'0'..=b'9' => "a number",
        b't' | b'f' => "a boolean",
        b'n' => "null",
        b'<' => "'<', as HTML does",
        _ => "something that is not JSON",
    }
}

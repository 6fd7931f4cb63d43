//! A JSON body as bytes with the spans of its top-level members: read a member, replace or
//! remove it or something below it, and leave every other byte as the client wrote it.

mod cuts;
mod elements;
mod scan;
mod splice;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use smallvec::SmallVec;

pub use elements::Elements;
pub use scan::BadBody;
pub use splice::{Change, Edit, Spliced, Step, merge_edits};

/// A JSON object, kept as its bytes.
#[derive(Debug, Clone)]
pub struct Document {
    bytes: Bytes,
    members: SmallVec<[Member; 16]>,
}

/// From the first byte of something to past its last. Offsets fit 32 bits: `Document::parse`
/// refuses more.
type Span = (u32, u32);

/// Where one member stands.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// With both quotes.
    key: Span,
    value: Span,
}

impl Document {
    /// Finds the top-level members of a JSON object. Nested values are checked for balance,
    /// depth and closed strings only: what else is odd in them is for the upstream to judge.
    ///
    /// # Errors
    /// Not UTF-8, not an object, malformed at the top level, too deep, or followed by garbage.
    pub fn parse(bytes: Bytes) -> Result<Self, BadBody> {
        let members = scan::members(&bytes)?;
        Ok(Self { bytes, members })
    }

    /// The whole body.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The raw value of a member; of the last one where it is doubled, as most parsers do.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.named(name).last().map(|member| self.value(*member))
    }

    /// The same, sharing this body's bytes.
    pub fn shared(&self, name: &str) -> Option<Bytes> {
        let (start, end) = self.named(name).last()?.value;
        Some(self.bytes.slice(start as usize..end as usize))
    }

    /// The raw elements of a member that is a list; `None` when it is missing or something else.
    pub fn list(&self, name: &str) -> Option<Vec<Bytes>> {
        let member = self.named(name).last()?;
        let spans = scan::list_at(&self.bytes, member.value.0 as usize)?;
        let element = |(start, end)| self.bytes.slice(start as usize..end as usize);
        Some(spans.into_iter().map(element).collect())
    }

    /// The elements of a member that is a list, from either end. Each is found when it is asked
    /// for.
    pub fn elements(&self, name: &str) -> Elements<'_> {
        Elements::of(self.get(name).unwrap_or_default())
    }

    /// How often a member occurs.
    pub fn count(&self, name: &str) -> usize {
        self.named(name).count()
    }

    /// A member's value as text. `None` when it is missing or not a string.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        unquote(self.get(name)?)
    }

    /// A member's value as a whole number. `None` when it is missing or something else.
    pub fn number(&self, name: &str) -> Option<u64> {
        std::str::from_utf8(self.get(name)?).ok()?.parse().ok()
    }

    /// Whether a member is the literal `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(b"true")
    }

    /// The names of all members, in order.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.members.iter().filter_map(|member| unquote(self.key(*member)))
    }

    /// This body with the edits made and every other byte as it was. Edits of members that are
    /// not there and need no change cost nothing.
    pub fn spliced(&self, edits: &[Edit]) -> Spliced {
        splice::splice(self, edits)
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Member> {
        self.members.iter().filter(move |member| key_is(self.key(**member), name))
    }

    fn key(&self, member: Member) -> &[u8] {
        self.slice(member.key)
    }

    fn value(&self, member: Member) -> &[u8] {
        self.slice(member.value)
    }

    fn slice(&self, (start, end): Span) -> &[u8] {
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Whether a quoted key spells `name`, escapes resolved: `"mod\u0065l"` is `model` too.
fn key_is(quoted: &[u8], name: &str) -> bool {
    let Some(inner) = quoted.get(1..quoted.len().saturating_sub(1)) else { return false };
    if memchr::memchr(b'\\', inner).is_none() {
        return inner == name.as_bytes();
    }
    unquote(quoted).is_some_and(|text| text == name)
}

/// The text of a JSON string literal, borrowed where it has no escapes.
pub fn unquote(quoted: &[u8]) -> Option<Cow<'_, str>> {
    unquote_text(std::str::from_utf8(quoted).ok()?)
}

/// The same for a literal that is known to be text.
pub fn unquote_text(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(quoted).ok().map(Cow::Owned)
}

/// A text as a JSON string literal.
pub fn quote(text: &str) -> Bytes {
    Bytes::from(serde_json::to_vec(text).unwrap_or_default())
}

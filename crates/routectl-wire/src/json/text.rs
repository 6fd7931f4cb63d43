//! Strings and spacing of JSON texts.

use std::borrow::Cow;

use crate::eights::{copy_to_backslash, string_end};

/// The text of a string's inside. Escapes that spell half a surrogate pair, or nothing, become
/// U+FFFD: no upstream takes them. (facts: translation, section 3)
pub(crate) fn unescape(inner: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Cow::Borrowed(inner);
    };
    let mut text = Vec::with_capacity(inner.len());
    text.extend_from_slice(inner.as_bytes().get(..first).unwrap_or_default());
    let mut at = first;
    while at < inner.len() {
        at += 1 + unescape_one(inner, at + 1, &mut text);
        at += copy_to_backslash(inner.as_bytes().get(at..).unwrap_or_default(), &mut text);
    }
    // What is cut at backslashes stays text.
    Cow::Owned(String::from_utf8(text).unwrap_or_default())
}

/// Appends what the escape spells whose backslash stands before `at`; gives its length.
fn unescape_one(inner: &str, at: usize, text: &mut Vec<u8>) -> usize {
    if let Some(byte) = inner.as_bytes().get(at).and_then(|letter| plain(*letter)) {
        text.push(byte);
        return 1;
    }
    let (character, length) = escaped(inner.get(at..).unwrap_or_default());
    text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    length
}

/// The byte that a short escape spells.
fn plain(letter: u8) -> Option<u8> {
    Some(match letter {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 0x08,
        b'f' => 0x0C,
        b'"' | b'\\' | b'/' => letter,
        _ => return None,
    })
}

/// The character that an escape spells, and how many bytes behind the backslash it takes.
fn escaped(escape: &str) -> (char, usize) {
    if let Some(byte) = escape.bytes().next().and_then(plain) {
        return (char::from(byte), 1);
    }
    if escape.starts_with('u') {
        return unicode(escape);
    }
    // Not an escape at all: what stands there stays.
    let odd = escape.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
    (odd, odd.len_utf8())
}

fn unicode(escape: &str) -> (char, usize) {
    let lost = char::REPLACEMENT_CHARACTER;
    let Some(high) = unit(escape) else { return (lost, escape.len().min(1)) };
    if let Some(character) = char::from_u32(high) {
        return (character, 5);
    }
    let low = escape.get(5..).and_then(|rest| rest.strip_prefix('\\')).and_then(unit);
    match low {
        Some(low) if (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low) => {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (char::from_u32(code).unwrap_or(lost), 11)
        }
        _ => (lost, 5),
    }
}

/// The UTF-16 unit of `uXXXX`.
fn unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

/// A JSON text without the spaces between its tokens: key order, numbers and escapes stay.
pub(crate) fn compact(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut kept = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1).unwrap_or(bytes.len()),
            b' ' | b'\t' | b'\n' | b'\r' => {
                kept.extend_from_slice(bytes.get(from..at).unwrap_or_default());
                at += 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    Cow::Owned(String::from_utf8(kept).unwrap_or_else(|_| json.to_owned()))
}

/// A JSON text in which no escape spells half a surrogate pair: such ones become U+FFFD, and every
/// other byte stays.
pub(crate) fn paired(json: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'\\', json.as_bytes().get(at..).unwrap_or_default()) {
        let escape = json.get(at + offset + 1..).unwrap_or_default();
        let (character, length) = escaped(escape);
        let start = at + offset;
        at = start + 1 + length;
        let spelled = escape.get(1..5).is_some_and(|digits| digits.eq_ignore_ascii_case("fffd"));
        if character == char::REPLACEMENT_CHARACTER && escape.starts_with('u') && !spelled {
            kept.push_str(json.get(from..start).unwrap_or_default());
            kept.push(character);
            from = at;
        }
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    kept.push_str(json.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

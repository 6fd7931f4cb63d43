//! Searches through text, eight bytes at a time. What is searched for stands close together in
//! code and prose, where starting a search for long runs costs more than a few words.

/// The offset of the first quote.
pub(crate) fn quote_in(bytes: &[u8]) -> Option<usize> {
    /// Behind so many bytes a run counts as long.
    const NEAR: usize = 64;
    let near = bytes.get(..NEAR).unwrap_or(bytes);
    let (words, _) = near.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        if let Some(offset) = first(equal(u64::from_le_bytes(*word), b'"')) {
            return Some(at + offset);
        }
        at += 8;
    }
    memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()).map(|offset| at + offset)
}

/// The offset behind the closing quote of the string whose text starts at `start`. Only quotes are
/// searched for: line breaks are the commonest escape, and none of them is a reason to stop.
pub(crate) fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += quote_in(bytes.get(at..)?)?;
        let text = bytes.get(start..at)?;
        let escapes = text.iter().rev().take_while(|byte| **byte == b'\\').count();
        at += 1;
        if escapes % 2 == 0 {
            return Some(at);
        }
    }
}

/// Appends the text up to the first backslash; gives its length.
pub(crate) fn copy_to_backslash(text: &[u8], out: &mut Vec<u8>) -> usize {
    copy_while(text, out, |word| equal(word, b'\\'))
}

/// Appends the text up to the first byte that a JSON string has to escape; gives its length.
pub(crate) fn copy_to_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    copy_while(text, out, |word| equal(word, b'"') | equal(word, b'\\') | below(word, b' '))
}

/// Appends the text up to the first byte whose high bit `hits` sets; gives its length.
fn copy_while(text: &[u8], out: &mut Vec<u8>, hits: impl Fn(u64) -> u64) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let mut copied = 0;
    for word in words {
        // Eight bytes are one move; to take some back is cheaper than to move fewer.
        out.extend_from_slice(word);
        if let Some(offset) = first(hits(u64::from_le_bytes(*word))) {
            out.truncate(out.len() - (8 - offset));
            return copied + offset;
        }
        copied += 8;
    }
    for byte in rest {
        if hits(u64::from(*byte) | FILL) & 0x80 != 0 {
            return copied;
        }
        out.push(*byte);
        copied += 1;
    }
    copied
}

/// Seven bytes that nobody searches for, in front of one that somebody may.
const FILL: u64 = eight(b'x') & !0xFF;

/// Eight copies of a byte.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every byte that equals this one; exact up to the first, which is all we ask.
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ eight(byte), 1)
}

/// The high bit of every byte that is less than this one; exact up to the first.
const fn below(word: u64, byte: u8) -> u64 {
    word.wrapping_sub(eight(byte)) & !word & eight(0x80)
}

/// The offset of the first byte whose high bit is set.
const fn first(hits: u64) -> Option<usize> {
    if hits == 0 { None } else { Some((hits.trailing_zeros() / 8) as usize) }
}

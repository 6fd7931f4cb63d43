//! Text, eight bytes at a time. Quotes and escapes stand close together in code, where starting a
//! search for long runs costs more than a few words.

/// So many bytes are looked at eight by eight before the search for long runs sets in.
const NEAR: usize = 64;

/// The offset of the first quote.
pub(crate) fn quote_in(bytes: &[u8]) -> Option<usize> {
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
    let near = text.get(..NEAR).unwrap_or(text);
    let mut at = 0;
    for word in near.as_chunks::<8>().0 {
        // Eight bytes are one move; to take some back is cheaper than to move fewer.
        out.extend_from_slice(word);
        if let Some(offset) = first(equal(u64::from_le_bytes(*word), b'\\')) {
            out.truncate(out.len() - (8 - offset));
            return at + offset;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    let length = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
    out.extend_from_slice(rest.get(..length).unwrap_or_default());
    at + length
}

/// How many bytes of a text are not ASCII, and how many characters they are.
pub(crate) fn wide(text: &[u8]) -> (usize, usize) {
    let (words, rest) = text.as_chunks::<8>();
    let (mut bytes, mut characters) = (0, 0);
    for word in words.iter().map(|word| u64::from_le_bytes(*word)) {
        bytes += (word & eight(0x80)).count_ones() as usize;
        // Only a first byte begins with two ones.
        characters += (word & (word << 1) & eight(0x80)).count_ones() as usize;
    }
    for byte in rest {
        bytes += usize::from(!byte.is_ascii());
        characters += usize::from(*byte >= 0xC0);
    }
    (bytes, characters)
}

/// Eight copies of a byte.
const fn eight(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every byte that equals this one; exact up to the first, which is all we ask.
const fn equal(word: u64, byte: u8) -> u64 {
    let word = word ^ eight(byte);
    word.wrapping_sub(eight(1)) & !word & eight(0x80)
}

/// The offset of the first byte whose high bit is set.
const fn first(hits: u64) -> Option<usize> {
    if hits == 0 { None } else { Some((hits.trailing_zeros() / 8) as usize) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::wide;

    proptest! {
        #[test]
        fn wide_characters_are_those_that_are_not_ascii(text in "[a-zé日🤔]{0,40}") {
            let wider = text.chars().filter(|it| !it.is_ascii());
            let bytes = wider.clone().map(char::len_utf8).sum();
            prop_assert_eq!(wide(text.as_bytes()), (bytes, wider.count()));
        }
    }
}

//! Ids and seals: deterministic, and recognised when they come back.

use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Marks what we minted, before the check bytes.
const TAG: &[u8; 4] = b"\x12\xa8\x01\x0a";
/// Known to nobody but the emulator; keeps a test from forging a seal by accident.
const KEY: &str = "routectl-emulator seal";

/// A digest of parts (FNV-1a, 128 bits): stable over versions and platforms, not secret.
pub(crate) fn digest(parts: &[&str]) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    // Every part ends with a byte that UTF-8 lacks, so that parts cannot run into each other.
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// An id in the vendors' manner: a prefix and twenty letters.
pub(crate) fn id(prefix: &str, key: u128) -> String {
    let mut id = String::from(prefix);
    let mut rest = key;
    for _ in 0..20 {
        let digit = u8::try_from(rest % 36).unwrap_or(0);
        id.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        rest /= 36;
    }
    id
}

/// What a seal protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealed<'a> {
    /// Visible thinking: the text must come back unchanged.
    Thinking(&'a str),
    /// Thinking that was left out: whatever text comes back is not looked at.
    Hidden,
    /// A redacted block: the data is all there is.
    Redacted,
}

/// The seal of a block of `model`.
pub(crate) fn seal(model: &str, sealed: Sealed<'_>) -> String {
    let (kind, text) = match sealed {
        Sealed::Thinking(text) => (b'T', digest(&[text])),
        Sealed::Hidden => (b'H', 0),
        Sealed::Redacted => (b'R', 0),
    };
    let mut bytes = TAG.to_vec();
    bytes.push(kind);
    bytes.extend(digest(&[model]).to_be_bytes());
    bytes.extend(text.to_be_bytes());
    let check = check(&bytes);
    bytes.extend(check);
    encode(&bytes)
}

/// Whether we minted `seal` for this block. The model is not looked at: a seal of another model
/// is dropped by the vendor without an error.
pub(crate) fn is_ours(seal: &str, sealed: Sealed<'_>) -> bool {
    let Some(bytes) = decode(seal) else { return false };
    let Some((signed, mac)) = bytes.split_at_checked(TAG.len() + 1 + 32) else { return false };
    let kind = signed.get(TAG.len()).copied();
    let text = signed.get(TAG.len() + 17..).unwrap_or_default();
    let fits = match sealed {
        Sealed::Thinking(words) => {
            kind == Some(b'H') || kind == Some(b'T') && *text == digest(&[words]).to_be_bytes()
        }
        Sealed::Hidden => kind == Some(b'H'),
        Sealed::Redacted => kind == Some(b'R'),
    };
    fits && *mac == check(signed)
}

fn check(bytes: &[u8]) -> [u8; 16] {
    let mut hex = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    digest(&[KEY, &hex]).to_be_bytes()
}

/// Base64 with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for place in 0..4 {
            let six = (bits >> (18 - 6 * place)) as usize & 63;
            text.push(if place <= three.len() {
                char::from(*ALPHABET.get(six).unwrap_or(&b'A'))
            } else {
                '='
            });
        }
    }
    text
}

/// The bytes of padded base64, or `None` if it is none.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let stripped = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - stripped.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for four in stripped.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for letter in four {
            bits = bits << 6 | six_bits(*letter)?;
        }
        let whole = bits << (6 * (4 - four.len()));
        let kept = whole.to_be_bytes();
        bytes.extend(kept.get(1..four.len())?);
    }
    Some(bytes)
}

fn six_bits(letter: u8) -> Option<u32> {
    match letter {
        b'A'..=b'Z' => Some(u32::from(letter - b'A')),
        b'a'..=b'z' => Some(u32::from(letter - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(letter - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

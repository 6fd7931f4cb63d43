//! How many tokens a request will be, without a tokenizer: an honest guess, slightly high.
//!
//! Text of the families in use runs at 3.5 to 4.5 bytes a token in English and code, and at about
//! one token a character in most other scripts. Media are not text: they count by the piece.

use crate::eights;

/// ASCII bytes a token, in tenths. Low, so that the guess errs upwards.
const ASCII_TENTHS_PER_TOKEN: u64 = 34;

/// What one image or document page costs at most with the common vendors.
pub(crate) const TOKENS_PER_MEDIUM: u64 = 1_600;

/// A string this long without a blank is base64, not prose.
const BASE64_FROM: usize = 1_024;

/// Estimates the tokens of raw JSON values: prompt, tools, system text.
pub(crate) fn tokens<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut total = Tally::default();
    for value in values {
        total.json(value);
    }
    total.tokens()
}

/// Text and media, counted piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ascii: u64,
    wide: u64,
    media: u64,
}

impl Tally {
    pub(crate) fn tokens(&self) -> u64 {
        (self.ascii * 10).div_ceil(ASCII_TENTHS_PER_TOKEN)
            + self.wide
            + self.media * TOKENS_PER_MEDIUM
    }

    /// Counts strings as text or medium, and structure as a third of a token a string.
    fn json(&mut self, json: &[u8]) {
        let mut at = 0;
        while let Some(open) = eights::quote_in(json.get(at..).unwrap_or_default()) {
            let start = at + open + 1;
            at = eights::string_end(json, start).unwrap_or(json.len() + 1);
            self.string(json.get(start..at - 1).unwrap_or_default());
            self.ascii += 1;
        }
    }

    fn string(&mut self, text: &[u8]) {
        if text.len() >= BASE64_FROM && is_base64(text) {
            self.media += 1;
            return;
        }
        self.text(text);
    }

    pub(crate) fn text(&mut self, text: &[u8]) {
        let (wide, starts) = eights::wide(text);
        self.ascii += (text.len() - wide) as u64;
        self.wide += starts as u64;
    }
}

fn is_base64(text: &[u8]) -> bool {
    let head = text.get(..BASE64_FROM).unwrap_or(text);
    head.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b':' | b';' | b',' | b'\\')
    })
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn english_prose_is_counted_slightly_high() {
        let text = r#""The quick brown fox jumps over the lazy dog near the river bank.""#;
        let count = tokens([text.as_bytes()]);
        assert!((14..=24).contains(&count), "{count}: the common tokenizers say 14 or 15");
    }

    #[test]
    fn other_scripts_count_by_the_character() {
        assert!(tokens(["\"日本語のテキスト\"".as_bytes()]) >= 8);
    }

    #[test]
    fn an_image_counts_as_one_medium_and_not_as_text() {
        let image = format!("{{\"data\":\"{}\"}}", "iVBORw0KGgo".repeat(100_000));
        assert!(tokens([image.as_bytes()]) < 2_000);
    }
}

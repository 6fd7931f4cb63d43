//! The numbers in a sentence, and the words that stand beside them.

/// Fewest digits of a number of tokens: shorter ones count messages or name models.
const DIGITS: usize = 3;

/// A number of tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure<'a> {
    pub(crate) number: u64,
    /// What stands between it and the figure before it.
    pub(crate) before: &'a str,
    /// The rest of the sentence behind it.
    pub(crate) after: &'a str,
}

impl<'a> Figure<'a> {
    /// The words behind it, up to the end of their clause.
    pub(super) fn named(&self) -> &'a str {
        let ends = |it: char| it.is_ascii_digit() || matches!(it, ',' | '.' | ';' | ')' | '\n');
        self.after.split(ends).next().unwrap_or_default()
    }
}

/// The figures of a sentence, in order. Commas inside a number are the vendor's spelling.
pub(crate) fn figures(said: &str) -> Vec<Figure<'_>> {
    let mut found = Vec::new();
    let mut taken = 0;
    let mut at = 0;
    while let Some(rest) = said.get(at..)
        && let Some(start) = rest.find(|it: char| it.is_ascii_digit())
    {
        let (words, from) = rest.split_at(start);
        let length = from.find(|it: char| !it.is_ascii_digit() && it != ',').unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        let digits = digits.trim_end_matches(',').replace(',', "");
        let before = said.get(taken..at + start).unwrap_or_default();
        at += start + length;
        let in_a_name = words.ends_with(|it: char| it.is_alphanumeric() || "-._".contains(it))
            || after.starts_with(|it: char| it.is_alphabetic());
        match digits.parse() {
            Ok(number) if digits.len() >= DIGITS && !in_a_name => {
                taken = at;
                found.push(Figure { number, before, after });
            }
            Ok(_) | Err(_) => {}
        }
    }
    found
}

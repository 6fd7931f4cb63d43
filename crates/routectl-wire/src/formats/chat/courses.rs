//! How the words of a thought come in its details: piece by piece, or each time all of them so far.
//! (facts: reasoning, sections 2.15 and 9)

use std::collections::BTreeMap;

use super::types::Detail;

/// Most details that are told apart. An answer has a handful; of one with more, all is told.
const MOST_DETAILS: usize = 4_096;

/// How the words of details come, by their `index`.
#[derive(Debug, Default)]
pub(super) struct Courses {
    known: BTreeMap<Option<u32>, Course>,
}

impl Courses {
    /// What of a detail's words has not come before.
    pub(super) fn news<'a>(&mut self, index: Option<u32>, words: &'a str) -> &'a str {
        if let Some(course) = self.known.get_mut(&index) {
            return course.news(words);
        }
        if self.known.len() < MOST_DETAILS {
            self.known.insert(index, Course::Begun(words.to_owned()));
        }
        words
    }
}

/// The readable words of a detail.
pub(super) fn words(detail: &Detail<'_>) -> Option<String> {
    let filled = [&detail.text, &detail.summary].into_iter().flatten().find(|it| !it.0.is_empty());
    filled.map(crate::formats::Text::owned)
}

/// How the words of a detail come.
#[derive(Debug)]
enum Course {
    /// So far there are only these.
    Begun(String),
    /// Each time all of them so far, which are these (MiniMax). (facts: reasoning, section 2.15)
    Repeated(String),
    /// Each time only new ones.
    Continued,
}

impl Course {
    /// What of these words has not been said.
    fn news<'a>(&mut self, words: &'a str) -> &'a str {
        let (said, repeats) = match self {
            Self::Begun(said) => (said.as_str(), false),
            Self::Repeated(said) => (said.as_str(), true),
            Self::Continued => return words,
        };
        match words.strip_prefix(said) {
            Some(tail) if repeats || is_repeated(said, tail) => {
                *self = Self::Repeated(words.to_owned());
                tail
            }
            Some(_) | None => {
                *self = Self::Continued;
                words
            }
        }
    }
}

/// Whether words that go on with a tail repeat what was said, and do not happen to begin like it.
/// A word may be said twice, and another may begin with it.
fn is_repeated(said: &str, tail: &str) -> bool {
    let begins_a_word = tail.starts_with(|it: char| !it.is_alphanumeric());
    let least = if begins_a_word { 3 } else { 16 };
    !tail.is_empty() && said.trim().chars().count() >= least
}

//! What is wrong with a config file, or worth a word: each with its place.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong, or worth a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as it was named to us.
    pub file: String,
    /// Where in the file; `None` when it is about the file itself.
    pub place: Option<Place>,
    /// Which key, e.g. `models.fast.provider`; empty when it is about no key.
    pub path: String,
    /// What is wrong, and the way out.
    pub message: String,
}

/// A place in a text: line and column, in characters, from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if self.path.is_empty() {
            write!(f, ": {}", self.message)
        } else {
            write!(f, ": {}: {}", self.path, self.message)
        }
    }
}

/// Everything that is wrong with a file, in its order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// One thing about the file itself.
    pub(super) fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self(vec![Diagnostic {
            file: file.to_owned(),
            place: None,
            path: String::new(),
            message: message.into(),
        }])
    }
}

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

/// What a finding says of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The file cannot be used.
    Error,
    /// Something is not there. An error only if all of the file could be read: a slip of the pen
    /// hides keys and tables.
    Absence,
    /// Worth a word.
    Notice,
}

/// What the passes over a file have found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Weight, usize, String, String)>);

impl Findings {
    pub(super) fn error(&mut self, at: usize, path: &Path, message: impl Into<String>) {
        self.add(Weight::Error, at, path, message);
    }

    pub(super) fn absence(&mut self, at: usize, path: &Path, message: impl Into<String>) {
        self.add(Weight::Absence, at, path, message);
    }

    pub(super) fn notice(&mut self, at: usize, path: &Path, message: impl Into<String>) {
        self.add(Weight::Notice, at, path, message);
    }

    fn add(&mut self, weight: Weight, at: usize, path: &Path, message: impl Into<String>) {
        self.0.push((weight, at, path.to_string(), message.into()));
    }

    /// Whether something was said of what stands here.
    pub(super) fn speaks_of(&self, at: usize) -> bool {
        self.0.iter().any(|(_, place, _, _)| *place == at)
    }

    /// Leaves out what follows from these unreadable stretches, and what only seems to be absent
    /// because of them.
    pub(super) fn without_echoes(&mut self, unreadable: &[Range<usize>]) {
        if unreadable.is_empty() {
            return;
        }
        self.0.retain(|(weight, at, _, _)| {
            *weight != Weight::Absence && !unreadable.iter().any(|range| range.contains(at))
        });
    }

    /// Errors and notices, each in the order of the file.
    pub(super) fn sorted(mut self, source: &Source<'_>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.0.sort_by_key(|(_, at, _, _)| *at);
        self.0.dedup();
        let (mut errors, mut notices) = (Vec::new(), Vec::new());
        for (weight, at, path, message) in self.0 {
            let (file, place) = (source.file.to_owned(), Some(source.place(at)));
            let diagnostic = Diagnostic { file, place, path, message };
            match weight {
                Weight::Error | Weight::Absence => errors.push(diagnostic),
                Weight::Notice => notices.push(diagnostic),
            }
        }
        (errors, notices)
    }
}

/// The text of a file and its name.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(after_breaks.map(|(at, _)| at + 1)).collect();
        Self { file, text, lines }
    }

    /// The line and column of a byte.
    pub(super) fn place(&self, at: usize) -> Place {
        let at = self.text.floor_char_boundary(at);
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied();
        let before = self.text.get(start.unwrap_or(0)..at).unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        Place { line, column }
    }

    /// The bytes of the line that holds this byte, its line break included.
    pub(super) fn line(&self, at: usize) -> Range<usize> {
        let next = self.lines.partition_point(|start| *start <= at);
        let start = next.checked_sub(1).and_then(|index| self.lines.get(index)).copied();
        let end = self.lines.get(next).copied().unwrap_or(self.text.len() + 1);
        start.unwrap_or(0)..end
    }
}

/// The way to a key, e.g. `models.fast.effort_levels[1]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Path(String);

impl Path {
    /// A table of the file's first level, or a key in one.
    pub(super) fn of(keys: &[&str]) -> Self {
        keys.iter().fold(Self::default(), |path, key| path.key(key))
    }

    pub(super) fn key(&self, key: &str) -> Self {
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let mut path = self.0.clone();
        if !path.is_empty() {
            path.push('.');
        }
        if !key.is_empty() && key.bytes().all(bare) {
            path.push_str(key);
        } else {
            path.push_str(&format!("{key:?}"));
        }
        Self(path)
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

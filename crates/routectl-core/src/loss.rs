//! What a translation could not say. The native lane has none; the translated lane lists each.

/// One thing the target did not get with its full meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it stood in the client's request, e.g. `tools[2].strict`.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, in a few words.
    pub reason: &'static str,
}

impl Loss {
    /// A member that the target cannot express at all.
    pub fn dropped(path: impl Into<String>, reason: &'static str) -> Self {
        Self { path: path.into(), fate: Fate::Dropped, reason }
    }
}

/// What became of a member that could not pass as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Left out.
    Dropped,
    /// Said with less meaning.
    Degraded,
    /// Brought into the target's range.
    Clamped,
    /// Done by routectl in the target's place.
    Emulated,
}

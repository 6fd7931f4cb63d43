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

    /// A member that is said with less meaning.
    pub fn degraded(path: impl Into<String>, reason: &'static str) -> Self {
        Self { path: path.into(), fate: Fate::Degraded, reason }
    }

    /// A value that is brought into the target's range.
    pub fn clamped(path: impl Into<String>, reason: &'static str) -> Self {
        Self { path: path.into(), fate: Fate::Clamped, reason }
    }

    /// What routectl does in the target's place.
    pub fn emulated(path: impl Into<String>, reason: &'static str) -> Self {
        Self { path: path.into(), fate: Fate::Emulated, reason }
    }

    /// What cannot be said in any way: the request is refused.
    pub fn refused(path: impl Into<String>, reason: &'static str) -> Self {
        Self { path: path.into(), fate: Fate::Refused, reason }
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
    /// Not sayable, and the answer would not be what was meant without it.
    Refused,
}

impl Fate {
    /// The word in headers, logs and docs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Degraded => "degraded",
            Self::Clamped => "clamped",
            Self::Emulated => "emulated",
            Self::Refused => "refused",
        }
    }
}

//! Who sealed the thinking of an answer. On this wire only Claude seals; what other vendors'
//! models think is not signed. (facts: Bedrock, section 2.4)

use routectl_core::{Seal, SealKind};

use crate::claude::is_claude;
use crate::provenance::{CLAUDE, looks_like_claudes};

/// Whose seals an answer can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Minter {
    /// Claude's: every seal is.
    Claude,
    /// Nobody's that is known. The ARN of an application's inference profile does not say which
    /// model it is, so a seal with Claude's looks is Claude's still.
    Unknown,
}

impl Minter {
    /// Whose seals this model's answers hold, by the upstream's name for it.
    pub(in super::super) fn of(upstream: &str) -> Self {
        if is_claude(upstream) { Self::Claude } else { Self::Unknown }
    }

    /// A seal of this minter's; `None` where nobody is known to have made it.
    pub(super) fn seal(self, kind: SealKind, blob: &str) -> Option<Seal> {
        let known = match self {
            Self::Claude => true,
            Self::Unknown => looks_like_claudes(blob),
        };
        known.then(|| Seal { family: CLAUDE.to_owned(), kind, blob: blob.to_owned() })
    }
}

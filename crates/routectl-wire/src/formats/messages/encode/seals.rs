//! How thinking is sealed for a Messages client, which demands a signature of every thought and
//! sends it back. Claude's own seals pass as they are; others ride in an envelope of ours, which
//! no upstream ever gets. (decisions: 2)

use std::borrow::Cow;
use std::fmt::Write as _;

use routectl_core::Seal;
use sha2::{Digest as _, Sha256};

/// The family of Claude's seals.
const CLAUDE: &str = "anthropic-claude-v1";

/// Bytes of a text's hash that its signature tells.
const DIGEST: usize = 8;

/// The signature of readable thinking.
pub(super) fn signature<'a>(seal: Option<&'a Seal>, text: Sha256) -> Cow<'a, str> {
    match seal {
        Some(seal) => blob(seal, None),
        None => {
            let mut signature = "rctl1.text.chat.".to_owned();
            for byte in text.finalize().iter().take(DIGEST) {
                // Writing to a string cannot fail.
                let _ = write!(signature, "{byte:02x}");
            }
            signature.into()
        }
    }
}

/// A seal as a client keeps it.
pub(super) fn blob<'a>(seal: &'a Seal, id: Option<&str>) -> Cow<'a, str> {
    if seal.family == CLAUDE {
        return Cow::Borrowed(&seal.blob);
    }
    let id = id.map_or_else(|| "-".to_owned(), field);
    Cow::Owned(format!("rctl1.{}.{id}.{}", field(&seal.family), seal.blob))
}

/// A field of the envelope: dots part the fields.
fn field(text: &str) -> String {
    text.replace('%', "%25").replace('.', "%2E")
}

//! Who minted sealed thinking, as it goes to a Messages client and comes back: Claude, whose seals
//! pass as they are, or another model, whose thinking goes in an envelope of ours. An envelope is
//! a hint about its origin and never an authorisation.
//!
//! Such clients demand a signature of every thought. Text that nobody signed has
//! `rctl1.text.<format>.<digest>`; a seal of another family is `rctl1.<family>.<id>.<blob>`, in
//! the place where a seal of Claude's would be. Neither ever reaches an upstream. (decisions: 2)

use std::borrow::Cow;
use std::fmt::Write as _;

use routectl_core::{Reasoning, Seal, SealKind};
use sha2::{Digest as _, Sha256};

/// The family of all seals that Claude minted, wherever it runs.
pub(crate) const CLAUDE: &str = "anthropic-claude-v1";

/// The family of the signatures that Gemini gives to calls of tools.
pub(crate) const GEMINI: &str = "google-gemini-v1";

/// The same, in the spellings that hosts have for it. (facts: reasoning, section 5)
pub(crate) const GEMINIS: &[&str] = &[GEMINI, "gemini-v1"];

/// The family of Copilot's seals, whoever thought behind them.
pub(crate) const COPILOT: &str = "github-copilot-v1";

/// The family of seals that nobody is known to have minted: they go to nobody.
pub(crate) const UNKNOWN: &str = "unknown";

/// How an envelope of ours begins. No upstream gets one.
pub(crate) const ENVELOPE: &str = "rctl1.";

/// The second field of the signature of a text that nobody signed.
const TEXT: &str = "text";

/// The third field of an envelope whose seal has no id.
const NONE: &str = "-";

/// Bytes of a text's hash that its signature tells.
const DIGEST: usize = 8;

/// Whether a seal has the shape of those that Claude mints: base64 that begins with the tag of a
/// message. A hint, for models that are known to be another vendor's. (facts: reasoning, section
/// 3.4)
pub(crate) fn looks_like_claudes(seal: &str) -> bool {
    const SHORTEST: usize = 40;
    let mut letters = seal.bytes();
    seal.len() >= SHORTEST
        && letters.next() == Some(b'E')
        && letters.next().is_some_and(|letter| (b'g'..=b'v').contains(&letter))
}

/// A `thinking` block.
pub(crate) fn signed(text: String, signature: &str) -> Reasoning {
    let Some(inside) = signature.strip_prefix(ENVELOPE) else {
        let seal = (!signature.is_empty()).then(|| seal(CLAUDE, SealKind::Signature, signature));
        return Reasoning { text, seal, id: None };
    };
    let ours = of_text(inside).is_some_and(|rest| rest.contains('.'));
    if ours {
        return Reasoning { text, seal: None, id: None };
    }
    Reasoning { text, ..opened(signature, SealKind::Signature) }
}

/// Whether a `thinking` block only keeps the place of a thought whose words its client did not want.
pub(crate) fn is_place_only(text: &str, signature: &str) -> bool {
    let inside = signature.strip_prefix(ENVELOPE);
    text.is_empty() && inside.and_then(of_text).is_some()
}

/// What follows the second field, if it says that nobody signed the text.
fn of_text(inside: &str) -> Option<&str> {
    inside.strip_prefix(TEXT)?.strip_prefix('.')
}

/// A `redacted_thinking` block.
pub(crate) fn redacted(data: &str) -> Reasoning {
    if data.starts_with(ENVELOPE) {
        return opened(data, SealKind::Encrypted);
    }
    sealed(seal(CLAUDE, SealKind::Encrypted, data), None)
}

/// The signature of readable thinking: its seal, or one of ours over the text.
pub(crate) fn signature<'a>(seal: Option<&'a Seal>, text: Sha256) -> Cow<'a, str> {
    if let Some(seal) = seal {
        return enveloped(seal, None);
    }
    let mut signature = format!("{ENVELOPE}{TEXT}.chat.");
    for byte in text.finalize().iter().take(DIGEST) {
        // Writing to a string cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    signature.into()
}

/// A seal as a Messages client keeps it.
pub(crate) fn enveloped<'a>(seal: &'a Seal, id: Option<&str>) -> Cow<'a, str> {
    // One that looks like an envelope would come back as what it holds.
    if seal.family == CLAUDE && !seal.blob.starts_with(ENVELOPE) {
        return Cow::Borrowed(&seal.blob);
    }
    let id = id.map_or_else(|| NONE.to_owned(), field);
    Cow::Owned(format!("{ENVELOPE}{}.{id}.{}", field(&seal.family), seal.blob))
}

/// What an envelope holds. One that is not of our making is kept closed.
fn opened(envelope: &str, kind: SealKind) -> Reasoning {
    let mut fields = envelope.split('.').skip(1);
    let heads = fields.next().zip(fields.next());
    let blob = envelope.splitn(4, '.').nth(3).unwrap_or_default();
    match heads {
        Some((family, id)) if !family.is_empty() && !blob.is_empty() => {
            let id = (!matches!(id, "" | NONE)).then(|| text(id));
            sealed(seal(&text(family), kind, blob), id)
        }
        _ => sealed(seal(UNKNOWN, kind, envelope), None),
    }
}

/// A text as a field: dots part the fields, and some words mean something there.
fn field(text: &str) -> String {
    match text {
        NONE => "%2D".to_owned(),
        TEXT => "%74ext".to_owned(),
        text => text.replace('%', "%25").replace('.', "%2E"),
    }
}

/// The text of a field.
fn text(field: &str) -> String {
    match field {
        "%2D" => NONE.to_owned(),
        "%74ext" => TEXT.to_owned(),
        field => field.replace("%2E", ".").replace("%25", "%"),
    }
}

fn sealed(seal: Seal, id: Option<String>) -> Reasoning {
    Reasoning { text: String::new(), seal: Some(seal), id }
}

fn seal(family: &str, kind: SealKind, blob: &str) -> Seal {
    Seal { family: family.to_owned(), kind, blob: blob.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(reasoning: &Reasoning) -> String {
        let seal = reasoning.seal.as_ref().map(|seal| format!("{}:{}", seal.family, seal.blob));
        let id = reasoning.id.as_deref().unwrap_or("none");
        format!("{} {id}", seal.as_deref().unwrap_or("unsealed"))
    }

    #[test]
    fn a_signature_says_who_thought() {
        for (signature, expected) in [
            ("EqQB/x==", "anthropic-claude-v1:EqQB/x== none"),
            ("rctl1.text.chat.00ff", "unsealed none"),
            ("", "unsealed none"),
            ("rctl1.text.chat", "unknown:rctl1.text.chat none"),
            ("rctl1.google-gemini-v1.-.a.b", "google-gemini-v1:a.b none"),
            ("rctl1.", "unknown:rctl1. none"),
        ] {
            let reasoning = signed("hm".to_owned(), signature);
            assert_eq!(told(&reasoning), expected, "{signature}");
            assert_eq!(reasoning.text, "hm");
        }
    }

    #[test]
    fn redacted_data_says_who_thought() {
        for (data, expected) in [
            ("EmwKAhgB", "anthropic-claude-v1:EmwKAhgB none"),
            ("rctl1.openai-responses-v1.rs_1.gAAA.b", "openai-responses-v1:gAAA.b rs_1"),
            ("rctl1.google-gemini-v1.-.AXjn", "google-gemini-v1:AXjn none"),
            ("rctl1.google-gemini-v1.-.", "unknown:rctl1.google-gemini-v1.-. none"),
            ("rctl1..x.y", "unknown:rctl1..x.y none"),
            ("rctl1.x", "unknown:rctl1.x none"),
        ] {
            assert_eq!(told(&redacted(data)), expected, "{data}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_comes_back_byte_for_byte(
            family in prop_oneof![
                Just(CLAUDE.to_owned()),
                Just("text".to_owned()),
                Just("-".to_owned()),
                "[.%2Eat-]{1,6}",
                "\\PC{1,12}",
            ],
            id in proptest::option::of(prop_oneof!["[.%2D-]{1,4}", "\\PC{1,12}"]),
            blob in prop_oneof!["\\PC{1,40}", "rctl1\\.[.%a-]{0,8}", "[A-Za-z0-9+/=._%-]{1,40}"],
            signs in any::<bool>(),
        ) {
            let kind = if signs { SealKind::Signature } else { SealKind::Encrypted };
            // Claude's own thinking has no ids.
            let id = id.filter(|_| family != CLAUDE);
            let seal = seal(&family, kind, &blob);
            let kept = enveloped(&seal, id.as_deref());
            let back = if signs { signed("hm".to_owned(), &kept) } else { redacted(&kept) };
            prop_assert_eq!(back.seal, Some(seal));
            prop_assert_eq!(back.id, id);
        }
    }

    #[test]
    fn what_goes_to_a_client_comes_back_as_it_was() {
        for family in [CLAUDE, "openai-responses-v1", "x.y%2E"] {
            for (id, kind) in [
                (None, SealKind::Signature),
                (None, SealKind::Encrypted),
                (Some("functions.f:0"), SealKind::Encrypted),
                (Some("50%.2E"), SealKind::Encrypted),
            ] {
                let id = id.filter(|_| family != CLAUDE);
                let seal = seal(family, kind, "gA.A%2E=");
                let kept = enveloped(&seal, id);
                let back = match kind {
                    SealKind::Signature => signed(String::new(), &kept),
                    SealKind::Encrypted => redacted(&kept),
                };
                assert_eq!(back.seal.as_ref(), Some(&seal), "{kept}");
                assert_eq!(back.id.as_deref(), id, "{kept}");
            }
        }
        let ours = signature(None, Sha256::new_with_prefix("hm"));
        assert_eq!(
            signed("hm".into(), &ours),
            Reasoning { text: "hm".into(), seal: None, id: None }
        );
    }
}

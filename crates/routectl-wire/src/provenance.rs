//! Who minted sealed thinking, as it comes back from a Messages client: Claude, or another model
//! whose thinking went out in an envelope of ours. An envelope is a hint about its origin and
//! never an authorisation.
//!
//! Two forms: visible text of another model rides in a `thinking` block under the signature
//! `rctl1.text.<format>.<digest>`; sealed thinking rides in `redacted_thinking.data` as
//! `rctl1.<family>.<id>.<blob>`. Neither ever reaches an upstream.

use routectl_core::{Reasoning, Seal, SealKind};

/// The family of all seals that Claude minted, wherever it runs.
pub const CLAUDE: &str = "anthropic-claude-v1";

/// The family of seals that nobody is known to have minted: they go to nobody.
pub const UNKNOWN: &str = "unknown";

/// How an envelope of ours begins. No upstream gets one.
pub(crate) const ENVELOPE: &str = "rctl1.";

/// A `thinking` block.
pub fn signed(text: String, signature: &str) -> Reasoning {
    let Some(inside) = signature.strip_prefix(ENVELOPE) else {
        let seal = (!signature.is_empty()).then(|| seal(CLAUDE, SealKind::Signature, signature));
        return Reasoning { text, seal, id: None };
    };
    let ours = inside.strip_prefix("text.").is_some_and(|rest| rest.contains('.'));
    let seal = (!ours).then(|| seal(UNKNOWN, SealKind::Signature, signature));
    Reasoning { text, seal, id: None }
}

/// A `redacted_thinking` block.
pub fn redacted(data: &str) -> Reasoning {
    let Some(inside) = data.strip_prefix(ENVELOPE) else {
        return sealed(seal(CLAUDE, SealKind::Encrypted, data), None);
    };
    let mut fields = inside.splitn(3, '.');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(family), Some(id), Some(blob)) if !family.is_empty() && !blob.is_empty() => {
            let id = (!matches!(id, "" | "-")).then(|| id.to_owned());
            sealed(seal(family, SealKind::Encrypted, blob), id)
        }
        _ => sealed(seal(UNKNOWN, SealKind::Encrypted, data), None),
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
            ("rctl1.new.chat.x", "unknown:rctl1.new.chat.x none"),
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
}

//! Claude Code's word about itself: its first system block. Claude's own hosts take it out, and
//! only as it came; elsewhere it is noise that differs between conversations, so that none shares
//! another's cached prompt. A model that is served in Claude's own format may be Claude by another
//! name: there only one that is known to be another vendor's does without. (facts: field reports,
//! section B.3; clients, section 1; decisions: 4)

use routectl_core::{Abilities, Attribution, Block, Content, Loss, Place, Request};

use crate::claude::{Maker, maker};
use crate::{Document, Edit, Fit, document};

/// How that block begins.
const BEGINNING: &str = "x-anthropic-billing-header";

/// The name of these edits in the trace.
const NAME: &str = "client_attribution";

/// Whether a system block is that word.
pub(crate) fn is_attribution(block: &Block) -> bool {
    block.as_text().is_some_and(|text| text.starts_with(BEGINNING))
}

/// What becomes of a first system block.
enum Becomes {
    Itself,
    Nothing(Loss),
    This(String, Loss),
}

/// What becomes of the first system block with this text, towards a model that is no Claude.
fn settle(text: &str, place: Place, abilities: &Abilities) -> Becomes {
    if !text.starts_with(BEGINNING) {
        return Becomes::Itself;
    }
    match abilities.attribution {
        Attribution::Kept => Becomes::Itself,
        Attribution::Dropped => {
            let reason = "only Claude's hosts know the client's attribution, and elsewhere it \
                          keeps prompts from being cached";
            Becomes::Nothing(Loss::dropped(place.to_string(), reason))
        }
        Attribution::Frozen => {
            let reason = "what differs between conversations keeps prompts from being cached";
            Becomes::This(frozen(text), Loss::degraded(place.path("text"), reason))
        }
    }
}

/// Takes the block out of a request of another format, or freezes it.
pub(crate) fn fit_request(request: &mut Request, abilities: &Abilities, losses: &mut Vec<Loss>) {
    let Some(Block { content: Content::Text(text), place, .. }) = request.system.first_mut() else {
        return;
    };
    if maker(&abilities.upstream) == Maker::Claude {
        return;
    }
    match settle(text, *place, abilities) {
        Becomes::Itself => {}
        Becomes::Nothing(loss) => {
            request.system.remove(0);
            losses.push(loss);
        }
        Becomes::This(frozen, loss) => {
            *text = frozen;
            losses.push(loss);
        }
    }
}

/// Takes the block out of a request that stays in its format, or freezes it.
pub(crate) fn fit(body: &Document, abilities: &Abilities, fit: &mut Fit) {
    if maker(&abilities.upstream) != Maker::Another {
        return;
    }
    let mut blocks = body.elements("system");
    let Some(first) = blocks.next() else { return };
    let Ok(block) = Document::parse(first.to_vec().into()) else { return };
    let Some(text) = block.text("text") else { return };
    match settle(&text, Place::BODY.member("system").index(0), abilities) {
        Becomes::Itself => {}
        Becomes::Nothing(loss) => {
            let edit = Edit::remove(NAME, "system");
            fit.edits.push(if blocks.next().is_some() { edit.at(0) } else { edit });
            fit.losses.push(loss);
        }
        Becomes::This(text, loss) => {
            let edit = Edit::set(NAME, "system", document::quote(&text));
            fit.edits.push(edit.at(0).at("text"));
            fit.losses.push(loss);
        }
    }
}

/// The version without its last part, which is made of the first message, and where the client
/// runs. A nonce and whether this is a subagent differ between conversations.
fn frozen(text: &str) -> String {
    let said = text.split_once(':').map_or("", |(_, said)| said);
    let mut frozen = format!("{BEGINNING}:");
    for (name, value) in said.split(';').filter_map(|part| part.trim().split_once('=')) {
        let value = match name {
            "cc_entrypoint" => value.to_owned(),
            "cc_version" => value.split('.').take(3).collect::<Vec<_>>().join("."),
            _ => continue,
        };
        frozen.extend([" ", name, "=", &value, ";"]);
    }
    frozen
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const FIRST: &str =
        "x-anthropic-billing-header: cc_version=2.1.330.a1b; cc_entrypoint=cli; cch=0f3;";
    const SECOND: &str = "x-anthropic-billing-header: cc_version=2.1.330.440; cc_entrypoint=cli; cc_is_subagent=true;";

    /// What a host gets of a body that begins with this system text, and what was lost.
    fn sent(system: &str, upstream: &str, attribution: Attribution) -> (String, Vec<String>) {
        let body = format!(r#"{{"system": {system} ,"messages":[ ] }}"#);
        let body = Document::parse(Bytes::from(body)).unwrap();
        let abilities =
            Abilities { upstream: upstream.to_owned(), attribution, ..Abilities::default() };
        let mut fitted = Fit::default();
        fit(&body, &abilities, &mut fitted);
        let sent = body.spliced(&fitted.edits).joined().to_vec();
        let losses = fitted.losses.iter().map(|loss| format!("{}={}", loss.path, loss.fate.name()));
        (String::from_utf8(sent).unwrap(), losses.collect())
    }

    fn block(text: &str) -> String {
        format!(r#"{{"type":"text", "text":"{text}"}}"#)
    }

    #[test]
    fn only_the_first_block_changes_and_only_for_a_model_of_another_vendor() {
        use Attribution::{Dropped, Frozen, Kept};
        let (words, told) = (block("You are of help."), block(FIRST));
        let both = format!("[ {told}, {words}]");
        let whole = |system: &str| format!(r#"{{"system": {system} ,"messages":[ ] }}"#);
        let frozen = block("x-anthropic-billing-header: cc_version=2.1.330; cc_entrypoint=cli;");
        let stays = |system: &str| (whole(system), vec![]);
        for (system, upstream, attribution, expected) in [
            (&both, "claude-opus-5", Dropped, stays(&both)),
            (&both, "eu.anthropic.Claude-x", Frozen, stays(&both)),
            (&both, "glm-5", Kept, stays(&both)),
            // It may be Claude by another name.
            (&both, "our-best-model", Dropped, stays(&both)),
            (&both, "our-best-model", Frozen, stays(&both)),
            (
                &both,
                "glm-5",
                Dropped,
                (whole(&format!("[ {words}]")), vec!["system[0]=dropped".to_owned()]),
            ),
            (
                &both,
                "glm-5",
                Frozen,
                (
                    whole(&format!("[ {frozen}, {words}]")),
                    vec!["system[0].text=degraded".to_owned()],
                ),
            ),
            (
                &format!("[{told}]"),
                "glm-5",
                Dropped,
                (r#"{"messages":[ ] }"#.to_owned(), vec!["system[0]=dropped".to_owned()]),
            ),
            (&format!("[{words},{told}]"), "glm-5", Dropped, stays(&format!("[{words},{told}]"))),
            (&"\"text\"".to_owned(), "glm-5", Dropped, stays("\"text\"")),
            (&"[5]".to_owned(), "glm-5", Dropped, stays("[5]")),
        ] {
            assert_eq!(sent(system, upstream, attribution), expected, "{system} to {upstream}");
        }
    }

    #[test]
    fn a_frozen_attribution_is_the_same_in_all_conversations() {
        assert_eq!(frozen(FIRST), frozen(SECOND));
        assert_eq!(frozen(BEGINNING), "x-anthropic-billing-header:");
    }
}

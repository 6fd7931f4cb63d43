//! Thinking in the history of a request that stays in its format and that its host refuses. Envelopes
//! of ours: thinking of another vendor's model, which the client got through a translation; no host
//! of this format knows such a signature, and Claude refuses the whole request for it. (decisions: 2)
//! And seals that this very host was heard to refuse. Such blocks are taken out.

use memchr::memmem;
use routectl_core::{Loss, Place, Seals};

use crate::json::{self, Node};
use crate::provenance::ENVELOPE;
use crate::repair::{REASON, is_refused};
use crate::{Document, Edit, Fit};

/// The name of these edits in the trace.
const NAME: &str = "foreign_thinking";

/// Takes the envelopes and the refused seals out, and with them a turn that held nothing else. Says
/// what is left of the last answer.
pub(super) fn taken_out(body: &Document, seals: &Seals) -> (Fit, Left) {
    let (mut fit, mut left) = (Fit::default(), Left::Other);
    let messages = body.get("messages").unwrap_or_default();
    let holds = |quoted: &str| memmem::find(messages, quoted.as_bytes()).is_some();
    let foreign = holds(&format!("\"{ENVELOPE}"));
    if !foreign && (*seals == Seals::None || !holds("thinking\"")) {
        return (fit, left);
    }
    for (index, message) in body.elements("messages").enumerate() {
        let Some(node) = std::str::from_utf8(message).ok().and_then(|it| json::parse(it).ok())
        else {
            continue;
        };
        if node.member("role").and_then(Node::text).as_deref() == Some("assistant") {
            left = take_out(&node, (index, seals), &mut fit);
        }
    }
    (fit, left)
}

/// What is left of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Calls that a budget of thinking would want a thought before; there was one, and it is gone.
    CallsUnthinking,
    Other,
}

fn take_out(message: &Node<'_>, (index, seals): (usize, &Seals), fit: &mut Fit) -> Left {
    let blocks = message.member("content").and_then(Node::list).unwrap_or_default();
    let goes = |block: &Node<'_>| why(block, seals).is_some();
    let mut kept = blocks.iter().enumerate().filter(|(_, block)| !goes(block)).peekable();
    let first = kept.peek().and_then(|(_, block)| kind(block));
    let calls = kept.any(|(_, block)| kind(block).as_deref() == Some("tool_use"));
    let gone = blocks.iter().enumerate();
    let mut gone = gone.filter_map(|(at, block)| Some((at, why(block, seals)?))).peekable();
    let any_gone = gone.peek().is_some();
    let place = Place::BODY.member("messages").index(index);
    for (at, reason) in gone {
        let loss = place.member("content").index(at).to_string();
        fit.losses.push(Loss::dropped(loss, reason));
        if first.is_some() {
            fit.edits.push(Edit::remove(NAME, "messages").at(index).at("content").at(at));
        }
    }
    if any_gone && first.is_none() {
        fit.edits.push(Edit::remove(NAME, "messages").at(index));
    }
    let thinks = first.is_some_and(|kind| matches!(&*kind, "thinking" | "redacted_thinking"));
    if any_gone && calls && !thinks { Left::CallsUnthinking } else { Left::Other }
}

/// Why a block cannot stay: it is thinking in an envelope of ours, or its seal was refused.
fn why(block: &Node<'_>, seals: &Seals) -> Option<&'static str> {
    let member = match kind(block).as_deref() {
        Some("thinking") => "signature",
        Some("redacted_thinking") => "data",
        _ => return None,
    };
    let seal = block.member(member).and_then(Node::text).unwrap_or_default();
    if seal.starts_with(ENVELOPE) {
        return Some("thinking of another vendor's model");
    }
    is_refused(seals, &seal).then_some(REASON)
}

fn kind<'a>(block: &Node<'a>) -> Option<std::borrow::Cow<'a, str>> {
    block.member("type").and_then(Node::text)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use routectl_core::Abilities;

    use crate::{Document, MESSAGES};

    const OURS: &str = r#"{"type":"thinking","thinking":"hm","signature":"rctl1.text.chat.0a"}"#;
    const SEALED: &str = r#"{"type":"redacted_thinking","data":"rctl1.xai.-.blob"}"#;
    const CLAUDES: &str = r#"{"type":"thinking","thinking":"","signature":"EoAB"}"#;
    const CALL: &str = r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#;

    fn fitted(answer: &str, thinking: &str) -> (String, Vec<String>) {
        let body = format!(
            r#"{{"thinking":{thinking},"messages":[{{"role":"user","content":"rctl1."}}, {{"role":"assistant","content":[{answer}]}},{{"role":"user","content":"x"}}]}}"#
        );
        let body = Document::parse(Bytes::from(body)).unwrap();
        let fit = MESSAGES.fit(&body, &Abilities::default());
        let losses = fit.losses.iter().map(|loss| loss.path.clone()).collect();
        let bytes = body.spliced(&fit.edits).joined();
        (String::from_utf8(bytes.to_vec()).unwrap(), losses)
    }

    #[test]
    fn no_envelope_reaches_a_host_and_every_other_byte_stays() {
        const ADAPTIVE: &str = r#"{"type":"adaptive"}"#;
        for (answer, left, lost) in [
            (format!("{OURS},{CALL}"), CALL.to_owned(), 1),
            (format!("{CLAUDES}, {SEALED} ,{CALL}"), format!("{CLAUDES}, {CALL}"), 1),
            (format!("{OURS},{SEALED},{CALL}"), CALL.to_owned(), 2),
            (format!("{CLAUDES},{CALL}"), format!("{CLAUDES},{CALL}"), 0),
        ] {
            let (sent, losses) = fitted(&answer, ADAPTIVE);
            let expected = format!(
                r#"{{"thinking":{ADAPTIVE},"messages":[{{"role":"user","content":"rctl1."}}, {{"role":"assistant","content":[{left}]}},{{"role":"user","content":"x"}}]}}"#
            );
            assert_eq!((sent, losses.len()), (expected, lost), "{answer}");
        }
    }

    #[test]
    fn a_turn_that_held_nothing_else_goes_as_a_whole() {
        let (sent, losses) = fitted(OURS, r#"{"type":"adaptive"}"#);
        assert!(!sent.contains("assistant"), "{sent}");
        assert_eq!(losses, ["messages[1].content[0]"]);
    }

    #[test]
    fn a_budget_is_given_up_where_the_thought_before_a_call_is_gone() {
        const BUDGET: &str = r#"{"type":"enabled","budget_tokens":2000}"#;
        let (sent, losses) = fitted(&format!("{OURS},{CALL}"), BUDGET);
        assert!(sent.starts_with(r#"{"thinking":{"type":"disabled"}"#), "{sent}");
        assert_eq!(losses, ["messages[1].content[0]", "thinking"]);
        for answer in [
            format!("{SEALED},{CLAUDES},{CALL}"),
            format!("{OURS},{{\"type\":\"text\",\"text\":\"x\"}}"),
        ] {
            let (sent, _) = fitted(&answer, BUDGET);
            assert!(sent.contains(BUDGET), "{sent}");
        }
    }
}

//! Thinking in the history of a request that stays in its format and that is not for its host. It
//! came in an envelope of ours, through a translation; or from a host that imitates Claude and signs
//! nothing, or for itself, for which Claude refuses the whole request; or Claude sealed it, and another vendor's
//! model is asked; or this very host was heard to refuse its seal. Such blocks are taken out.
//! (decisions: 2 and 3; guarantees: G6)

use memchr::memmem;
use routectl_core::{Loss, Place, Refused, Seals};

use super::write::Target;
use crate::claude::{Maker, maker};
use crate::json::{self, Node};
use crate::provenance::{ENVELOPE, looks_like_claudes};
use crate::repair::{FOREIGN, why_left};
use crate::{Document, Edit, Fit};

/// The name of these edits in the trace.
const NAME: &str = "foreign_thinking";

/// Who reads the history.
#[derive(Clone, Copy)]
struct Reader<'a> {
    who: Maker,
    /// What its host was heard to refuse, or would.
    refused: &'a Refused,
}

impl<'a> Reader<'a> {
    fn of(target: Target<'a>) -> Self {
        let abilities = target.abilities;
        Self { who: maker(&abilities.upstream), refused: &abilities.refused }
    }

    /// Why a block cannot stay.
    fn refuses(&self, block: &Node<'_>) -> Option<&'static str> {
        let member = match kind(block).as_deref() {
            Some("thinking") => "signature",
            Some("redacted_thinking") => "data",
            _ => return None,
        };
        let said = block.member(member).and_then(Node::text);
        let seal = said.as_deref().unwrap_or_default();
        let foreign = match self.who {
            _ if seal.starts_with(ENVELOPE) => true,
            Maker::Claude => said.is_some() && seal.is_empty(),
            Maker::Another => looks_like_claudes(seal),
            Maker::Unknown => false,
        };
        match foreign {
            true => Some(FOREIGN),
            false => why_left(self.refused, seal),
        }
    }

    /// Whether there may be anything to take out; found without reading the messages.
    fn may_refuse(&self, messages: &[u8]) -> bool {
        let holds = |text: &str| memmem::find(messages, text.as_bytes()).is_some();
        let says = |name, value: &[u8]| says(messages, name, value);
        let foreign = match self.who {
            _ if holds(&format!("\"{ENVELOPE}")) => true,
            Maker::Claude => says("\"signature\"", b"\"\""),
            Maker::Another => ["\"signature\"", "\"data\""].into_iter().any(|it| says(it, b"\"E")),
            Maker::Unknown => false,
        };
        let Refused { seals, imitations, .. } = self.refused;
        let left = *seals != Seals::None || *imitations != Seals::None;
        foreign || (left && holds("thinking\""))
    }
}

/// Whether a member of this name has a value that begins like this.
fn says(messages: &[u8], name: &str, value: &[u8]) -> bool {
    memmem::find_iter(messages, name.as_bytes()).any(|at| {
        let behind = messages.get(at + name.len()..).unwrap_or_default().trim_ascii_start();
        behind.strip_prefix(b":").is_some_and(|it| it.trim_ascii_start().starts_with(value))
    })
}

/// Takes the thinking out that is not for this target, and with it a turn that held nothing else.
/// Says what is left of the last answer.
pub(super) fn taken_out(body: &Document, target: Target<'_>) -> (Fit, Left) {
    let (mut fit, mut left) = (Fit::default(), Left::Other);
    let reader = Reader::of(target);
    if !reader.may_refuse(body.get("messages").unwrap_or_default()) {
        return (fit, left);
    }
    for (index, message) in body.elements("messages").enumerate() {
        let Some(node) = std::str::from_utf8(message).ok().and_then(|it| json::parse(it).ok())
        else {
            continue;
        };
        if node.member("role").and_then(Node::text).as_deref() == Some("assistant") {
            left = take_out(&node, (index, reader), &mut fit);
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

fn take_out(message: &Node<'_>, (index, reader): (usize, Reader<'_>), fit: &mut Fit) -> Left {
    let blocks = message.member("content").and_then(Node::list).unwrap_or_default();
    let goes = |block: &Node<'_>| reader.refuses(block).is_some();
    let mut kept = blocks.iter().enumerate().filter(|(_, block)| !goes(block)).peekable();
    let first = kept.peek().and_then(|(_, block)| kind(block));
    let calls = kept.any(|(_, block)| kind(block).as_deref() == Some("tool_use"));
    let gone = blocks.iter().enumerate();
    let mut gone = gone.filter_map(|(at, block)| Some((at, reader.refuses(block)?))).peekable();
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

    /// What Claude sealed, in the shape that real seals have.
    const LONG: &str = r#"{"type":"thinking","thinking":"","signature":"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk="}"#;
    const REDACTED: &str = r#"{"type":"redacted_thinking","data":"EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIwxtE3"}"#;
    const UNSIGNED: &str = r#"{"type":"thinking","thinking":"hm","signature": ""}"#;
    /// Of a host that imitates Claude.
    const IMITATED: &str =
        r#"{"type":"thinking","thinking":"hm","signature":"d41d8cd98f00b204e9800998ecf8427e"}"#;

    fn fitted(answer: &str, thinking: &str) -> (String, Vec<String>) {
        fitted_for("", answer, thinking)
    }

    fn fitted_for(upstream: &str, answer: &str, thinking: &str) -> (String, Vec<String>) {
        let body = format!(
            r#"{{"thinking":{thinking},"messages":[{{"role":"user","content":"rctl1."}}, {{"role":"assistant","content":[{answer}]}},{{"role":"user","content":"x"}}]}}"#
        );
        let body = Document::parse(Bytes::from(body)).unwrap();
        let abilities = Abilities { upstream: upstream.to_owned(), ..Abilities::default() };
        let fit = MESSAGES.fit(&body, &abilities);
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
    fn claude_gets_no_unsigned_thinking_and_others_get_none_of_claudes() {
        for (upstream, block, stays) in [
            ("claude-opus-4-6", UNSIGNED, false),
            ("claude-opus-4-6", LONG, true),
            ("claude-opus-4-6", REDACTED, true),
            ("claude-opus-4-6", IMITATED, true),
            ("kimi-k2.6", UNSIGNED, true),
            ("kimi-k2.6", IMITATED, true),
            ("kimi-k2.6", LONG, false),
            ("MiniMax-M2", REDACTED, false),
            ("my-own-sonnet", LONG, true),
            ("my-own-sonnet", UNSIGNED, true),
        ] {
            let answer = format!("{block},{CALL}");
            let (sent, losses) = fitted_for(upstream, &answer, r#"{"type":"adaptive"}"#);
            assert_eq!(sent.contains(block), stays, "{upstream}: {sent}");
            assert_eq!(losses.len(), usize::from(!stays), "{upstream}: {losses:?}");
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

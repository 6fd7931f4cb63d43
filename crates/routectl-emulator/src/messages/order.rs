//! Thinking between calls: where it stood, and that it has to stand there again. What is thought
//! behind a call is signed for that place, and the call after it says so by its id. (facts:
//! reasoning, section 3.3)

use serde_json::Value;

use super::history::{blocks_of, is, role_of};
use super::no;
use crate::answer::mint::{Sealed, seal};
use crate::refusal::Refusal;

/// What is thought between two calls.
pub(super) const BETWEEN: &str = "One is found. Now the other – 🤔 – one.";

/// How the ids of calls begin that have a thought of their own before them.
pub(super) const AFTER_THOUGHT: &str = "toolu_02";

/// Who signs what is thought behind this call.
pub(super) fn signer(call: &str) -> String {
    format!("after {call}")
}

/// Refuses a latest answer whose thinking is not all there any more, or elsewhere.
pub(super) fn check(messages: &[Value]) -> Result<(), Refusal> {
    let Some(place) = messages.iter().rposition(|it| role_of(it) == "assistant") else {
        return Ok(());
    };
    let blocks = messages.get(place).map(blocks_of).unwrap_or_default();
    if !blocks.iter().any(thinks) {
        return Ok(());
    }
    let (mut call, mut thought) = ("", false);
    for (at, block) in blocks.iter().enumerate() {
        let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits = match thinks(block) {
            true => call.is_empty() || is_behind(call, text("thinking"), text("signature")),
            false => thought || !text("id").starts_with(AFTER_THOUGHT),
        };
        if !fits {
            let text = "`thinking` or `redacted_thinking` blocks in the latest assistant message \
                        cannot be modified. These blocks must remain as they were in the original \
                        response.";
            return no(&format!("messages.{place}.content.{at}"), text);
        }
        thought = thinks(block);
        if is(block, "tool_use") {
            call = text("id");
        }
    }
    Ok(())
}

fn thinks(block: &Value) -> bool {
    is(block, "thinking") || is(block, "redacted_thinking")
}

/// Whether a thought stood behind this call.
fn is_behind(call: &str, thought: &str, signature: &str) -> bool {
    let seals = [Sealed::Thinking(thought), Sealed::Hidden];
    seals.into_iter().any(|sealed| seal(&signer(call), sealed) == signature)
}

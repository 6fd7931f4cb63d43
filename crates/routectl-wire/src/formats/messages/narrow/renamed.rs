//! A member by its newer name, which needs no beta. (facts: Bedrock, section 1.4: the field works
//! without)

use super::{Member, Narrowing};
use crate::json::{self, Node};
use crate::{Document, Edit, Fit};

/// The older name of `output_config.format`.
const OLD: &str = "output_format";
const CONFIG: &str = "output_config";
const FORMAT: &str = "format";

/// Whether what this member says can be said by another name.
pub(super) fn said(member: Member<'_>, body: &Document, narrowing: &Narrowing<'_>) -> bool {
    let newer = format!("{CONFIG}.{FORMAT}");
    let allowed = narrowing.allowed;
    let may_go = allowed.is_empty() || allowed.iter().any(|it| *it == CONFIG || *it == newer);
    let is_refused = narrowing.learned.iter().any(|it| **it == *CONFIG || **it == *newer);
    let is_free = config(body).is_none_or(|node| {
        node.object().is_some() && node.member(FORMAT).is_none_or(|format| format.is_null())
    });
    member.name == OLD && may_go && !is_refused && is_free
}

/// Says it.
pub(super) fn say(member: Member<'_>, body: &Document, fit: &mut Fit) {
    fit.edits.push(Edit::remove(OLD, OLD));
    fit.edits.push(match config(body) {
        Some(_) => Edit::set(OLD, CONFIG, member.raw.to_vec()).at(FORMAT),
        None => {
            let value = [br#"{"format":"#, member.raw, b"}"].concat();
            Edit::set(OLD, CONFIG, value)
        }
    });
}

fn config(body: &Document) -> Option<Node<'_>> {
    json::parse(std::str::from_utf8(body.get(CONFIG)?).ok()?).ok()
}

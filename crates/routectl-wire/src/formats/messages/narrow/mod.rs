//! What a host that speaks Messages refuses of it although the vendor's own API takes it, as named
//! edits and losses. Such hosts are strict at every depth, and one member too many fails the whole
//! request. (facts: Bedrock, section 1.3)
//!
//! Members are named by patterns: `tools.*.defer_loading` is that member of every tool, and
//! `thinking.display=updates` is a member with this text only.

mod betas;
mod mark;
mod media;
mod pairs;
mod patterns;
mod renamed;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem;
use routectl_core::Loss;
use smallvec::SmallVec;

use crate::json::{self, Node};
use crate::{Document, Edit, Fit, Step};

pub use betas::{Asking, Betas, betas, sendable};
pub use patterns::pattern;

/// Where Converse takes what only its models know.
pub const MODEL_FIELDS: &str = "additionalModelRequestFields";

/// What Bedrock takes of no request. (facts: Bedrock, section 1.3; Anthropic Messages, section 15)
pub const BEDROCK_REFUSES: &[&str] = &[
    "container",
    "context_hint",
    "diagnostics",
    "fallbacks",
    "inference_geo",
    "mcp_servers",
    "service_tier",
    "speed",
    "thread",
    "cache_control.scope",
    "tools.*.cache_control.scope",
    "system.*.cache_control.scope",
    "messages.*.content.*.cache_control.scope",
    "messages.*.content.*.content.*.cache_control.scope",
];

/// What one target takes of Messages.
#[derive(Debug, Clone, Default)]
pub struct Narrowing<'a> {
    /// The member in which the request stands; `None` where it is the body itself.
    pub within: Option<&'static str>,
    /// Members that the host never takes, as patterns.
    pub refused: &'static [&'static str],
    /// Members that it was heard to refuse, as patterns.
    pub learned: &'a [Arc<str>],
    /// Members that may go, as dotted paths; empty lets all go.
    pub allowed: &'a [String],
    /// The betas that go: a member that one of them would unlock leaves when none of them is here.
    pub betas: &'a [&'a str],
    /// Images and documents have to be in the request itself.
    pub inline_media: bool,
    /// Marks of the cache stand at blocks: a mark of the whole request moves to its last block.
    pub marks_blocks: bool,
}

/// Members that are the provider's own affair, whatever may go.
const OURS: &[&str] = &["model", "stream"];

/// The names of these edits in the trace.
const ALLOWED: &str = "allowed_body_fields";
const REFUSED: &str = "refused_member";
const PAIR: &str = "beta_pair";

const NOT_ALLOWED: &str = "is not among allowed_body_fields";
const NEVER_TAKEN: &str = "this host does not take it";
const REFUSED_BEFORE: &str = "this target has refused it before";

/// Members that have to go, and why.
#[derive(Clone, Copy)]
struct Rule<'a> {
    pattern: &'a str,
    edit: &'static str,
    reason: &'static str,
}

/// The edits and losses with which a request fits.
pub fn narrow(body: &Document, narrowing: &Narrowing<'_>) -> Fit {
    let Some(within) = narrowing.within else { return narrowed(body, narrowing) };
    let inner = body.get(within).map(Bytes::copy_from_slice);
    let Some(Ok(inner)) = inner.map(Document::parse) else { return Fit::default() };
    let mut fit = narrowed(&inner, narrowing);
    let all = inner.names().filter(|name| !fit.edits.iter().any(|edit| removes(edit, name)));
    if all.count() == 0 && !fit.edits.is_empty() {
        fit.edits = vec![Edit::remove(REFUSED, within)];
        return fit;
    }
    for edit in &mut fit.edits {
        let member = std::mem::replace(&mut edit.member, Cow::Borrowed(within));
        edit.below.insert(0, Step::Member(member));
    }
    fit
}

fn removes(edit: &Edit, name: &str) -> bool {
    edit.member == name && edit.below.is_empty() && edit.change == crate::Change::Remove
}

fn narrowed(body: &Document, narrowing: &Narrowing<'_>) -> Fit {
    let mut fit = Fit::default();
    let rules = rules(narrowing);
    let mut names: SmallVec<[Cow<'_, str>; 16]> = SmallVec::new();
    for name in body.names() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names.iter().filter(|name| !OURS.contains(&&***name)) {
        let member = Member { name, raw: body.get(name).unwrap_or_default() };
        let gone = rules.iter().find(|rule| rule.pattern == *name);
        if gone.is_some_and(|rule| rule.edit == PAIR) && renamed::said(member, body, narrowing) {
            renamed::say(member, body, &mut fit);
        } else if let Some(rule) = gone {
            fit.edits.push(Edit::remove(rule.edit, name.to_string()));
            fit.losses.push(Loss::dropped(name.to_string(), rule.reason));
        } else if allow(member, narrowing.allowed, &mut fit) {
            take_out(member, &rules, &mut fit);
        }
    }
    let defers = !narrowing.learned.iter().any(|it| **it == *pairs::DEFERRED);
    if !defers || !pairs::searches_tools(narrowing.betas) {
        media::references(body, &mut fit);
    }
    if narrowing.marks_blocks {
        mark::moved(body, &mut fit);
    }
    if narrowing.inline_media {
        media::inline_only(body, &mut fit);
    }
    fit
}

/// A member of the request, as it came.
#[derive(Clone, Copy)]
struct Member<'a> {
    name: &'a str,
    raw: &'a [u8],
}

impl<'a> Member<'a> {
    fn says(&self, word: &str) -> bool {
        says(self.raw, word)
    }

    fn read(&self) -> Option<Node<'a>> {
        json::parse(std::str::from_utf8(self.raw).ok()?).ok()
    }
}

/// Whether this text stands somewhere in a value, as a name or as a text. Costs a search.
fn says(raw: &[u8], word: &str) -> bool {
    let mut found = memmem::find_iter(raw, word);
    found.any(|at| {
        let quote = |at: Option<usize>| at.and_then(|at| raw.get(at)) == Some(&b'"');
        quote(at.checked_sub(1)) && quote(Some(at + word.len()))
    })
}

fn rules<'a>(narrowing: &Narrowing<'a>) -> Vec<Rule<'a>> {
    let never = narrowing.refused.iter().map(|pattern| Rule {
        pattern,
        edit: REFUSED,
        reason: NEVER_TAKEN,
    });
    let learned = narrowing.learned.iter().map(|pattern| Rule {
        pattern,
        edit: "learned_member",
        reason: REFUSED_BEFORE,
    });
    let alone = pairs::alone(narrowing.betas).map(|pattern| Rule {
        pattern,
        edit: PAIR,
        reason: "its beta does not go to this target",
    });
    never.chain(learned).chain(alone).collect()
}

/// Takes out what may not go of a member, and says whether any of it may.
fn allow(member: Member<'_>, allowed: &[String], fit: &mut Fit) -> bool {
    if allowed.is_empty() || allowed.iter().any(|path| path == member.name) {
        return true;
    }
    let below = |path: &'_ str, name: &str| -> bool {
        path.strip_prefix(member.name)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| rest == name || rest.split('.').next() == Some(name))
    };
    let node = member.read();
    let members = node.as_ref().and_then(Node::object).unwrap_or_default();
    let may_go = |name: &str| allowed.iter().any(|path| below(path, name));
    let (go, stay): (Vec<_>, Vec<_>) =
        members.iter().map(|(name, _)| name).partition(|name| may_go(name));
    if go.is_empty() {
        fit.edits.push(Edit::remove(ALLOWED, member.name.to_owned()));
        fit.losses.push(Loss::dropped(member.name, NOT_ALLOWED));
        return false;
    }
    for name in stay {
        let mut edit = Edit::remove(ALLOWED, member.name.to_owned());
        edit.below.push(Step::Member(Cow::Owned(name.to_string())));
        fit.edits.push(edit);
        fit.losses.push(Loss::dropped(format!("{}.{name}", member.name), NOT_ALLOWED));
    }
    true
}

/// Takes out what the rules name below a member. It is read only where what they name is there.
fn take_out(member: Member<'_>, rules: &[Rule<'_>], fit: &mut Fit) {
    let mut read = None;
    for rule in rules {
        let Some(below) = patterns::below(rule.pattern, member.name) else { continue };
        if !member.says(patterns::leaf(below)) {
            continue;
        }
        let Some(node) = read.get_or_insert_with(|| member.read()) else { return };
        for steps in patterns::found(node, below) {
            let mut edit = Edit::remove(rule.edit, member.name.to_owned());
            let path = spelled(member.name, &steps);
            edit.below.extend(steps);
            if fit
                .edits
                .iter()
                .any(|known| known.member == edit.member && known.below == edit.below)
            {
                continue;
            }
            fit.edits.push(edit);
            fit.losses.push(Loss::dropped(path, rule.reason));
        }
    }
}

/// The path of a loss: `tools[2].defer_loading`.
fn spelled(member: &str, steps: &[Step]) -> String {
    steps.iter().fold(member.to_owned(), |path, step| match step {
        Step::Member(name) => format!("{path}.{name}"),
        Step::Index(index) => format!("{path}[{index}]"),
    })
}

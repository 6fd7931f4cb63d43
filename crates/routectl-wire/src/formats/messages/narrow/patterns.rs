//! Patterns that name members wherever they stand, and how the path in a refusal becomes one.

use std::borrow::Cow;

use super::MODEL_FIELDS;
use crate::json::{self, Node};
use crate::{Document, Step};

/// Longest pattern that is made of a path.
const LONGEST: usize = 200;

/// Members without which a request is not what it was: an upstream that calls one of them extra
/// means something else.
const ESSENTIAL: &[&str] = &[
    "anthropic_version",
    "content",
    "data",
    "id",
    "input",
    "input_schema",
    "max_tokens",
    "messages",
    "model",
    "name",
    "role",
    "signature",
    "source",
    "system",
    "text",
    "thinking",
    "tool_use_id",
    "tools",
    "type",
];

/// What of a pattern leads on below this member.
pub(super) fn below<'p>(pattern: &'p str, member: &str) -> Option<&'p str> {
    pattern.strip_prefix(member)?.strip_prefix('.')
}

/// The name with which a pattern ends.
pub(super) fn leaf(pattern: &str) -> &str {
    let last = pattern.rsplit('.').next().unwrap_or(pattern);
    last.split('=').next().unwrap_or(last)
}

/// The ways from a value to what a pattern names in it. What would leave nothing behind in an
/// object takes that object with it, unless it is an element of a list.
pub(super) fn found(node: &Node<'_>, pattern: &str) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    walk(node, pattern, &mut Vec::new(), &mut found);
    found
}

fn walk(node: &Node<'_>, pattern: &str, way: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let (step, rest) = match pattern.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (pattern, None),
    };
    match rest {
        Some(rest) if step == "*" => {
            for (index, element) in node.list().unwrap_or_default().iter().enumerate() {
                way.push(Step::Index(index));
                walk(element, rest, way, found);
                way.pop();
            }
        }
        Some(rest) => {
            let Some(member) = node.member(step) else { return };
            way.push(Step::Member(Cow::Owned(step.to_owned())));
            walk(member, rest, way, found);
            way.pop();
        }
        None => found.extend(ends(node, step, way)),
    }
}

/// The way to what a pattern ends with, if this object has it.
fn ends(object: &Node<'_>, step: &str, way: &[Step]) -> Option<Vec<Step>> {
    let (name, text) = match step.split_once('=') {
        Some((name, text)) => (name, Some(text)),
        None => (step, None),
    };
    let member = object.member(name)?;
    if text.is_some() && member.text().as_deref() != text {
        return None;
    }
    let mut way = way.to_vec();
    let is_element = matches!(way.last(), Some(Step::Index(_)));
    if is_element || object.object().is_some_and(|members| members.len() > 1) {
        way.push(Step::Member(Cow::Owned(name.to_owned())));
    }
    Some(way)
}

/// The pattern of what a refusal names by its path. Such paths hold the places in lists and the
/// names of unions beside those of members: `tools.3.custom.defer_loading`,
/// `messages.0.content.1.text.cache_control.ephemeral.scope`. What they lead to is looked up in the
/// body that was sent; `None` where nothing is there, or something that no request can do without.
pub fn pattern(body: &Document, path: &str) -> Option<String> {
    let (top, rest) = match path.split_once('.') {
        Some((top, rest)) => (top, Some(rest)),
        None => (path, None),
    };
    let member = |name: &str| json::parse(std::str::from_utf8(body.get(name)?).ok()?).ok();
    let fields = member(MODEL_FIELDS);
    let inner = fields.as_ref().and_then(|fields| fields.member(top));
    let outer = if inner.is_some() { None } else { member(top) };
    let node = inner.or(outer.as_ref())?;
    let mut names = vec![top];
    if rest.is_some_and(|rest| !resolve(node, &rest.split('.').collect::<Vec<_>>(), &mut names)) {
        return None;
    }
    let last = names.last().copied().unwrap_or_default();
    let pattern = names.join(".");
    let stays = ESSENTIAL.contains(&last) || last == "*" || pattern.contains('=');
    (!stays && pattern.len() <= LONGEST).then_some(pattern)
}

/// Follows a path, with the name of a union passed by where no member is called so.
fn resolve<'p>(node: &Node<'_>, path: &[&'p str], names: &mut Vec<&'p str>) -> bool {
    let Some((step, rest)) = path.split_first() else { return true };
    let known = names.len();
    let places = node.list().unwrap_or_default();
    let element = step.parse::<usize>().ok().and_then(|index| places.get(index));
    let next = element.map(|element| (element, "*"));
    if let Some((next, name)) = next.or_else(|| Some((node.member(step)?, *step))) {
        names.push(name);
        if resolve(next, rest, names) {
            return true;
        }
        names.truncate(known);
    }
    let Some((behind, rest)) = rest.split_first() else { return false };
    let Some(next) = node.member(behind) else { return false };
    names.push(behind);
    let resolved = resolve(next, rest, names);
    if !resolved {
        names.truncate(known);
    }
    resolved
}

//! Which betas go to a target: its host checks each, and one that it does not know fails the whole
//! request. (facts: Bedrock, section 1.4)

use std::sync::Arc;

use bytes::Bytes;
use routectl_core::Loss;

use super::pairs::{PAIRS, Pair};
use super::patterns;
use crate::Document;

/// What a host calls a beta that clients know by another name.
const CALLED: &[(&str, &str)] = &[("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19")];

/// What is asked for, and what may go.
#[derive(Debug, Clone, Default)]
pub struct Asking<'a> {
    /// The operator's, which always go.
    pub floor: Vec<&'a str>,
    /// Values of the client's headers: lists with commas.
    pub client: Vec<&'a str>,
    /// Values of the operator's extra headers, which go too.
    pub extras: Vec<&'a str>,
    /// What may go of the client's; empty lets all go.
    pub allowed: &'a [String],
    /// What the target was heard to refuse.
    pub refused: &'a [Arc<str>],
    /// Members that the host never takes, as patterns: a beta that unlocks nothing else stays here.
    pub never: &'static [&'static str],
}

/// The betas of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Betas<'a> {
    /// Those that go, in order and without doubles.
    pub go: Vec<&'a str>,
    /// Those of the client that do not, by the names the client gave them.
    pub left: Vec<&'a str>,
}

impl Betas<'_> {
    /// What the target does not hear of.
    pub fn losses(&self) -> impl Iterator<Item = Loss> {
        let lost = |beta: &&str| {
            Loss::dropped(format!("anthropic-beta: {beta}"), "this beta does not go to this target")
        };
        self.left.iter().map(lost)
    }
}

/// The betas that go with a body: the operator's, then the client's that may, then those that
/// members of the body need at this host.
pub fn betas<'a>(asking: &Asking<'a>, body: &Document) -> Betas<'a> {
    let mut betas = Betas::default();
    let operators = names(&asking.floor).chain(names(&asking.extras));
    operators.for_each(|beta| put(&mut betas.go, beta));
    let floor = betas.go.len();
    for named in names(&asking.client) {
        let beta = called(named);
        if betas.go.iter().take(floor).any(|known| *known == beta) {
            continue;
        }
        if asking.may_go(named, beta) {
            put(&mut betas.go, beta);
        } else {
            put(&mut betas.left, named);
        }
    }
    for pair in PAIRS {
        let Some(joining) = pair.joins.filter(|beta| asking.may_go(beta, beta)) else { continue };
        let is_there = betas.go.iter().any(|beta| pair.has(beta));
        if !is_there && pair.members.iter().any(|member| stands(body, member)) {
            put(&mut betas.go, joining);
        }
    }
    betas
}

/// All that may have gone with a body beside the operator's: the client's by their names at the
/// host, and those that members bring along.
pub fn sendable<'a>(client: &[&'a str], sent: &Document) -> Vec<&'a str> {
    let mut sendable = Vec::new();
    let inner = sent.get(super::MODEL_FIELDS).map(Bytes::copy_from_slice);
    let inner = inner.and_then(|fields| Document::parse(fields).ok());
    let body = inner.as_ref().unwrap_or(sent);
    let brought = |pair: &&Pair| pair.members.iter().any(|member| stands(body, member));
    let joining = PAIRS.iter().filter(brought).filter_map(|pair| pair.joins);
    names(client).map(called).chain(joining).for_each(|beta| put(&mut sendable, beta));
    sendable
}

/// The names in the values of headers.
pub(super) fn names<'a>(values: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let names = values.iter().flat_map(|list| list.split(',')).map(str::trim);
    names.filter(|name| !name.is_empty())
}

fn called(beta: &str) -> &str {
    CALLED.iter().find(|(name, _)| *name == beta).map_or(beta, |(_, here)| here)
}

fn put<'a>(names: &mut Vec<&'a str>, name: &'a str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Whether a body may hold what a pattern names.
fn stands(body: &Document, pattern: &str) -> bool {
    let member = pattern.split('.').next().unwrap_or(pattern);
    body.get(member).is_some_and(|raw| super::says(raw, patterns::leaf(pattern)))
}

impl Asking<'_> {
    fn may_go(&self, named: &str, beta: &str) -> bool {
        let listed = |allowed: &String| allowed == named || allowed == beta;
        let allowed = self.allowed.is_empty() || self.allowed.iter().any(listed);
        allowed && !self.refused.iter().any(|refused| **refused == *beta) && self.unlocks(beta)
    }

    /// Whether there is something that the host takes and this beta unlocks, as far as it is known
    /// what it unlocks.
    fn unlocks(&self, beta: &str) -> bool {
        let mut pairs = PAIRS.iter().filter(|pair| pair.has(beta)).peekable();
        let taken = |member: &&str| !self.never.contains(member);
        pairs.peek().is_none() || pairs.any(|pair| pair.members.iter().any(taken))
    }
}

//! What a strict host refuses by name: betas, and members by their paths. It is remembered as names
//! and patterns, so that the next request is written without them. (facts: Bedrock, sections 1.3
//! and 1.4)

use std::sync::Arc;

use routectl_core::{Abilities, Class, Failure, Origin};

use crate::{Document, narrow};

/// Most names that are read from one refusal.
pub(super) const MOST: usize = 32;

/// Longest name or path that is believed to be one.
const LONGEST: usize = 256;

/// What a refusal names, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// These betas.
    Betas(Vec<String>),
    /// Some beta; it is not said which.
    SomeBeta,
    /// What stands at these paths.
    Members(Vec<String>),
}

/// What is left out from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    pub betas: Vec<Arc<str>>,
    /// Members, as patterns.
    pub members: Vec<Arc<str>>,
}

/// What a refusal complains of by name. Only one that blames the request does.
pub fn complaint(failure: &Failure) -> Option<Complaint> {
    let blames = matches!(failure.class, Class::BadRequest | Class::FeatureUnsupported);
    if !blames || failure.origin != Origin::Upstream {
        return None;
    }
    let said = failure.words.message.as_str();
    // Of the same length, so that places in one are places in the other.
    let low = said.to_ascii_lowercase();
    if let Some(at) = low.find("unexpected value(s)")
        && let Some(length) = low.get(at..).and_then(|rest| rest.find("for the `anthropic-beta`"))
    {
        let names = said.get(at..at + length).unwrap_or_default().split('`').skip(1).step_by(2);
        let names: Vec<_> = names.filter(|name| is_name(name)).take(MOST).collect();
        return Some(Complaint::Betas(names.into_iter().map(str::to_owned).collect()));
    }
    if low.contains("invalid beta flag") {
        return Some(Complaint::SomeBeta);
    }
    let extra = low.match_indices(": extra inputs are not permitted").take(MOST);
    let paths: Vec<_> = extra.filter_map(|(end, _)| path(said.get(..end)?)).collect();
    (!paths.is_empty()).then_some(Complaint::Members(paths))
}

/// The path with which a text ends.
fn path(before: &str) -> Option<String> {
    let path = before.rsplit(|c: char| c.is_whitespace() || "\"'`,;(".contains(c)).next()?;
    is_name(path).then(|| path.to_owned())
}

fn is_name(text: &str) -> bool {
    let named = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(named)
}

impl Named {
    /// What is to be left out after a complaint about a body, which went with these values of the
    /// client's beta headers.
    pub fn of(complaint: &Complaint, sent: &Document, client: &[&str]) -> Self {
        let shared = |name: String| Arc::from(name.as_str());
        match complaint {
            Complaint::Betas(names) => {
                // The operator's go again whatever is said of them: nothing is mended by that.
                let sendable = narrow::sendable(client, sent);
                let names = names.iter().filter(|name| sendable.contains(&name.as_str()));
                Self { betas: names.cloned().map(shared).collect(), members: Vec::new() }
            }
            Complaint::SomeBeta => {
                let betas = narrow::sendable(client, sent).into_iter().filter(|name| is_name(name));
                Self { betas: betas.take(MOST).map(Arc::from).collect(), members: Vec::new() }
            }
            Complaint::Members(paths) => {
                let patterns = paths.iter().filter_map(|path| narrow::pattern(sent, path));
                Self { betas: Vec::new(), members: patterns.map(shared).collect() }
            }
        }
    }

    /// Believes of a target that it refuses this.
    pub fn apply(&self, abilities: &mut Abilities) {
        put(&mut abilities.refused.betas, &self.betas);
        put(&mut abilities.refused.members, &self.members);
    }
}

fn put(known: &mut Vec<Arc<str>>, heard: &[Arc<str>]) {
    for name in heard {
        if !known.contains(name) {
            known.push(Arc::clone(name));
        }
    }
}

//! What a request needs changed for a target that speaks its own format.

use std::sync::Arc;

use routectl_core::Loss;
use smallvec::SmallVec;

use crate::{Applied, Change, Document, Edit};

/// Changes of a body for one target, beside what its provider changes in all requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fit {
    pub edits: Vec<Edit>,
    /// What the target does not get with its full meaning.
    pub losses: Vec<Loss>,
    /// What was done in the host's place, which the client is told of in the answer.
    pub applied: Applied,
    /// Betas that the target was heard to refuse: its provider leaves them out.
    pub refused_betas: Vec<Arc<str>>,
}

impl Fit {
    /// Adds what the body that comes of this fit needs changed in its turn. Where both change the
    /// same member, the outcome is one edit of it: edits speak of the body as it came.
    pub fn follow(&mut self, body: &Document, next: impl FnOnce(&Document) -> Self) {
        let fitted = match self.edits.as_slice() {
            [] => None,
            // What is spliced is JSON as it was before.
            edits => Document::parse(body.spliced(edits).joined()).ok(),
        };
        let next = next(fitted.as_ref().unwrap_or(body));
        self.losses.extend(next.losses);
        let Some(fitted) = fitted.filter(|_| !next.edits.is_empty()) else {
            return self.edits.extend(next.edits);
        };
        let outcome = Document::parse(fitted.spliced(&next.edits).joined()).ok();
        let is_known = |edit: &Edit| self.edits.iter().any(|known| known.member == edit.member);
        let (both, alone): (Vec<_>, Vec<_>) = next.edits.into_iter().partition(is_known);
        for edit in both {
            let after = outcome.as_ref().and_then(|outcome| outcome.shared(&edit.member));
            self.settle(edit, after.map_or(Change::Remove, Change::Set));
        }
        self.edits.extend(alone);
    }

    /// Puts one change of a whole member in the place of the first edit of it, and of all others.
    fn settle(&mut self, edit: Edit, change: Change) {
        let mut settled = Some(Edit { below: SmallVec::new(), change, ..edit });
        let is_its = |known: &Edit| settled.as_ref().is_some_and(|it| it.member == known.member);
        let its: Vec<bool> = self.edits.iter().map(is_its).collect();
        let edits = std::mem::take(&mut self.edits);
        for (known, is_its) in edits.into_iter().zip(its) {
            self.edits.extend(if is_its { settled.take() } else { Some(known) });
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value;

    use super::*;

    fn edit(edit: Edit, way: &[&'static str]) -> Edit {
        way.iter().fold(edit, |edit, step| match step.parse::<usize>() {
            Ok(index) => edit.at(index),
            Err(_) => edit.at(*step),
        })
    }

    /// Every pair of these, one after the other.
    fn changes() -> Vec<Edit> {
        vec![
            Edit::remove("a", "gone"),
            Edit::remove("b", "list"),
            edit(Edit::remove("c", "list"), &["0"]),
            edit(Edit::remove("d", "list"), &["1", "x"]),
            edit(Edit::set("e", "list", "7"), &["1", "x"]),
            Edit::set("f", "list", "[1]"),
            Edit::set("g", "new", "true"),
            edit(Edit::before("h", "list", "0"), &["1"]),
            edit(Edit::remove("i", "map"), &["k"]),
            Edit::set("j", "map", "{}"),
        ]
    }

    #[test]
    fn one_fit_behind_another_is_what_both_come_to() {
        const BODY: &str =
            r#"{"list": [ {"y":1} ,{"x":2, "z":[]}], "map":{"k" : 1,"l":2}, "n":1.0}"#;
        let body = Document::parse(Bytes::from_static(BODY.as_bytes())).unwrap();
        for first in changes() {
            for second in changes() {
                let other = Edit::set("n", "n", "2");
                let fitted = body.spliced(std::slice::from_ref(&first)).joined();
                let fitted = Document::parse(fitted).unwrap();
                let both = [second.clone(), other.clone()];
                let expected = fitted.spliced(&both).joined();
                let mut fit = Fit { edits: vec![first.clone()], ..Fit::default() };
                fit.follow(&body, |met| {
                    assert_eq!(met.bytes(), fitted.bytes());
                    Fit { edits: both.to_vec(), ..Fit::default() }
                });
                let sent = body.spliced(&fit.edits).joined();
                // What was taken out and comes back keeps its place, and does not become the last.
                let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
                assert_eq!(value(&sent), value(&expected), "{first:?} {second:?}");
                if first.change != Change::Remove || second.member != first.member {
                    assert_eq!(sent, expected, "{first:?} {second:?}");
                }
                let of_list = fit.edits.iter().filter(|it| it.member == "list").count();
                assert!(of_list <= 1 || first.member == "list", "{:?}", fit.edits);
            }
        }
    }

    #[test]
    fn where_nothing_follows_the_first_fit_stays() {
        let body = Document::parse(Bytes::from_static(b"{\"a\":1}")).unwrap();
        let mut fit = Fit { edits: vec![Edit::set("a", "a", "2")], ..Fit::default() };
        let before = fit.clone();
        fit.follow(&body, |_| Fit::default());
        assert_eq!(fit, before);
    }
}

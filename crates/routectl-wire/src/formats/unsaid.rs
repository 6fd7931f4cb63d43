//! What of an answer its client's format cannot say: each kind of it once, and not without end.

use routectl_core::Loss;

/// Most losses of one answer that are told. A host that sends more kinds of things is broken.
const MOST: usize = 32;

/// Longest name of a thing, in characters.
const LONGEST: usize = 64;

/// The losses of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Unsaid(Vec<Loss>);

impl Unsaid {
    /// Something that the format has no place for.
    pub(super) fn no_place(&mut self, what: &str) {
        let name: String = what.chars().take(LONGEST).collect();
        self.note(Loss::dropped(format!("answer.{name}"), "the answer has no place for it"));
    }

    pub(super) fn note(&mut self, loss: Loss) {
        if self.0.len() < MOST && !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    pub(super) fn losses(&self) -> &[Loss] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Unsaid;

    #[test]
    fn a_kind_is_told_once_and_a_flood_of_kinds_is_bounded() {
        let mut unsaid = Unsaid::default();
        for _ in 0..3 {
            unsaid.no_place("novelty");
        }
        assert_eq!(unsaid.losses().len(), 1);
        for kind in 0..1_000 {
            unsaid.no_place(&format!("{kind}{}", "é".repeat(1_000)));
        }
        assert!(unsaid.losses().len() <= 32);
        assert!(unsaid.losses().iter().all(|loss| loss.path.chars().count() <= 71));
    }
}

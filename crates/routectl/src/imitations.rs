//! What other vendors' models signed that answer in Claude's format. It looks like Claude's own, and
//! Claude refuses a request that holds it. Known by digests, bounded, in memory only; a model that
//! may be Claude under a name of its own is believed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use routectl_core::{Delta, Event, Opening, Seal, Seals};
use routectl_wire::repair::digest;

use crate::relay::Listener;

/// How many signatures. What is forgotten Claude refuses once, and is asked again without.
const MOST: usize = 4 << 10;

/// What was signed, for all workers.
#[derive(Debug, Default)]
pub struct Imitations {
    digests: Mutex<Arc<BTreeSet<u64>>>,
    /// Whether there is anything to look up.
    any: AtomicBool,
}

/// Hears one answer of such a model.
#[derive(Clone)]
pub struct Notary(Arc<Imitations>);

impl Imitations {
    /// Who hears an answer.
    pub fn notary(self: &Arc<Self>) -> Notary {
        Notary(Arc::clone(self))
    }

    /// All that was signed, if anything was.
    pub fn known(&self) -> Option<Seals> {
        self.any.load(Ordering::Acquire).then(|| Seals::These(Arc::clone(&self.lock())))
    }

    fn note(&self, seal: &Seal) {
        // Nothing is signed by it, and Claude gets nothing unsigned anyway.
        if seal.blob.is_empty() {
            return;
        }
        let mut digests = self.lock();
        let digests = Arc::make_mut(&mut digests);
        if digests.len() >= MOST {
            digests.clear();
        }
        digests.insert(digest(&seal.blob));
        self.any.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Arc<BTreeSet<u64>>> {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Notary {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Open { block: Opening::Sealed { seal, .. }, .. }
            | Event::Delta { delta: Delta::Seal(seal), .. } => self.0.note(seal),
            Event::Open { .. }
            | Event::Delta { .. }
            | Event::Close { .. }
            | Event::Start(_)
            | Event::Usage(_)
            | Event::Stop(_)
            | Event::Failed(_)
            | Event::Alive
            | Event::Opaque(_)
            | Event::End => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use routectl_core::SealKind;

    use super::*;

    #[test]
    fn signatures_are_known_again_and_never_more_than_so_many() {
        let imitations = Arc::new(Imitations::default());
        let mut notary = imitations.notary();
        assert_eq!(imitations.known(), None);
        for turn in 0..2 * MOST {
            let blob = format!("made up {turn}");
            let seal = Seal { family: "x".to_owned(), kind: SealKind::Signature, blob };
            let known = digest(&seal.blob);
            notary.hear(&Event::Delta { index: 0, delta: Delta::Seal(seal) });
            let Some(Seals::These(digests)) = imitations.known() else { panic!("none is known") };
            assert!(digests.contains(&known) && digests.len() <= MOST);
        }
    }
}

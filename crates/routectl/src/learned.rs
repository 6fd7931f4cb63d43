//! What targets were heard to refuse, so that the next request to one of them is as it wants it the
//! first time. Bounded, and forgotten after two days: hosts change. (facts: provider quirks,
//! section 5)

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use routectl_core::{Abilities, Seals};
use routectl_wire::repair::Mend;

use crate::bounded::Bounded;
use crate::target::Target;

/// How many targets are remembered.
const MOST_TARGETS: usize = 1 << 10;

/// How many mends of one target.
const MOST_MENDS: usize = 16;

/// How many refused seals of one target. A long conversation has some hundred.
const MOST_SEALS: usize = 4 << 10;

/// For how long.
const AGE: Duration = Duration::from_secs(48 * 60 * 60);

/// What is known of all targets, for all workers.
#[derive(Debug)]
pub struct Learned {
    lessons: Mutex<Bounded<Arc<str>, Lessons>>,
    /// Whether there is anything to look up.
    any: AtomicBool,
}

/// What is known of one target.
#[derive(Debug, Clone, Default)]
struct Lessons {
    /// In the order in which they were learned: later ones build on earlier ones.
    mends: Vec<(Mend, Instant)>,
    seals: Arc<BTreeSet<u64>>,
}

impl Default for Learned {
    fn default() -> Self {
        Self { lessons: Mutex::new(Bounded::new(MOST_TARGETS, AGE)), any: AtomicBool::new(false) }
    }
}

impl Learned {
    /// What a target takes, as far as that is not what its configuration says.
    pub fn abilities(&self, target: &Target, now: Instant) -> Option<Abilities> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let lessons = self.lock().get(&target.key, now)?.clone();
        let mut abilities = target.abilities.clone();
        for (mend, _) in lessons.mends.iter().filter(|(_, at)| is_young(*at, now)) {
            mend.apply(&mut abilities);
        }
        if !lessons.seals.is_empty() {
            abilities.refused.seals = Seals::These(lessons.seals);
        }
        Some(abilities)
    }

    /// Remembers what helped, and which seals were refused.
    pub fn learn(&self, target: &Target, mend: Mend, seals: &[u64], now: Instant) {
        let mut all = self.lock();
        let mut lessons = all.get(&target.key, now).cloned().unwrap_or_default();
        lessons.mends.retain(|(_, at)| is_young(*at, now));
        if mend == Mend::LeaveSeals {
            // Other seals are not refused for that.
            let known = Arc::make_mut(&mut lessons.seals);
            if known.len() + seals.len() > MOST_SEALS {
                known.clear();
            }
            known.extend(seals.iter().take(MOST_SEALS));
        } else if mend.lasts() {
            lessons.mends.push((mend, now));
        } else {
            return;
        }
        let spare = lessons.mends.len().saturating_sub(MOST_MENDS);
        lessons.mends.drain(..spare);
        all.put(Arc::clone(&target.key), lessons, now);
        self.any.store(true, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bounded<Arc<str>, Lessons>> {
        self.lessons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_young(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < AGE
}

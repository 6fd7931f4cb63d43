//! What targets were heard to refuse, so that the next request to one of them is as it wants it the
//! first time. Bounded, and forgotten after two days: hosts change. (facts: provider quirks,
//! section 5)

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use routectl_core::{Abilities, Seals};
use routectl_wire::MESSAGES;
use routectl_wire::claude::{is_claude, is_of_another_vendor};
use routectl_wire::repair::Mend;

use crate::bounded::Bounded;
use crate::imitations::{Imitations, Notary};
use crate::target::{Target, Upstream};

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
    imitations: Arc<Imitations>,
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
        let lessons = Mutex::new(Bounded::new(MOST_TARGETS, AGE));
        Self { lessons, any: AtomicBool::new(false), imitations: Arc::default() }
    }
}

impl Learned {
    /// What a target takes, as far as that is not what its configuration says.
    pub fn abilities(&self, target: &Target, now: Instant) -> Option<Abilities> {
        let mut known = self.known(&target.key, &target.abilities, now);
        if is_claude(&target.abilities.upstream)
            && let Some(imitations) = self.imitations.known()
        {
            let abilities = known.get_or_insert_with(|| target.abilities.clone());
            abilities.refused.imitations = imitations;
        }
        known
    }

    /// Who takes note of what this target signs, if it is known to be no Claude.
    pub fn notary(&self, target: &Target) -> Option<Notary> {
        let Upstream::Served { provider, .. } = &target.upstream else { return None };
        let imitates = provider.format().name() == MESSAGES.name()
            && is_of_another_vendor(&target.abilities.upstream);
        imitates.then(|| self.imitations.notary())
    }

    /// Remembers what helped, with what the target was then believed to take, and which seals were
    /// refused.
    pub fn learn(&self, target: &Target, helped: (Mend, &Abilities), seals: &[u64], now: Instant) {
        let (mend, believed) = helped;
        let known = self.abilities(target, now);
        let echo = known.as_ref().unwrap_or(&target.abilities).quirks.dialect.echo;
        // Of two requests that were mended side by side the second one teaches nothing new.
        if mend != Mend::EchoBlank || echo != believed.quirks.dialect.echo {
            self.keep(&target.key, mend, seals, now);
        }
    }

    fn known(&self, key: &Arc<str>, configured: &Abilities, now: Instant) -> Option<Abilities> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let lessons = self.lock().get(key, now)?.clone();
        let mut abilities = configured.clone();
        for (mend, _) in lessons.mends.iter().filter(|(_, at)| is_young(*at, now)) {
            mend.apply(&mut abilities);
        }
        if !lessons.seals.is_empty() {
            abilities.refused.seals = Seals::These(lessons.seals);
        }
        Some(abilities)
    }

    fn keep(&self, key: &Arc<str>, mend: Mend, seals: &[u64], now: Instant) {
        let mut all = self.lock();
        let mut lessons = all.get(key, now).cloned().unwrap_or_default();
        lessons.mends.retain(|(_, at)| is_young(*at, now));
        if mend == Mend::LeaveSeals {
            // Other seals are not refused for that.
            let known = Arc::make_mut(&mut lessons.seals);
            if known.len() + seals.len() > MOST_SEALS {
                known.clear();
            }
            known.extend(seals.iter().take(MOST_SEALS));
        } else if mend.lasts() {
            let is_known = lessons.mends.iter().any(|(known, _)| *known == mend);
            // An empty text that did not do may be learned to be words.
            if !is_known || mend == Mend::EchoBlank {
                lessons.mends.push((mend, now));
            }
        } else {
            return;
        }
        let spare = lessons.mends.len().saturating_sub(MOST_MENDS);
        lessons.mends.drain(..spare);
        all.put(Arc::clone(key), lessons, now);
        self.any.store(true, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bounded<Arc<str>, Lessons>> {
        self.lessons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_young(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < AGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Arc<str> {
        name.into()
    }

    #[test]
    fn what_helped_is_known_of_that_target_for_two_days() {
        let (learned, now) = (Learned::default(), Instant::now());
        let configured = Abilities::default();
        let budget = |name: &str, at| {
            let known = learned.known(&key(name), &configured, at);
            known.is_some_and(|known| known.refused.budget)
        };
        assert!(!budget("a", now));
        learned.keep(&key("a"), Mend::NoBudget, &[], now);
        assert!(budget("a", now) && !budget("b", now));
        // What is learned later does not keep it for longer.
        let later = now + AGE - Duration::from_secs(1);
        learned.keep(&key("a"), Mend::NoEffort, &[], later);
        assert!(budget("a", later));
        let end = now + AGE;
        assert!(!budget("a", end));
        assert!(learned.known(&key("a"), &configured, end).unwrap().refused.effort);
        assert_eq!(learned.known(&key("a"), &configured, later + AGE), None);
    }

    #[test]
    fn what_holds_for_one_request_is_not_kept() {
        let (learned, now) = (Learned::default(), Instant::now());
        for mend in [Mend::NoThinking, Mend::LeaveThisTime("reasoning_effort")] {
            learned.keep(&key("a"), mend, &[], now);
        }
        assert_eq!(learned.known(&key("a"), &Abilities::default(), now), None);
    }

    #[test]
    fn of_refused_seals_so_many_are_kept() {
        let (learned, now) = (Learned::default(), Instant::now());
        for turn in 0..20 {
            let fresh: Vec<u64> = (turn * 1_000..(turn + 1) * 1_000).collect();
            learned.keep(&key("a"), Mend::LeaveSeals, &fresh, now);
            let known = learned.known(&key("a"), &Abilities::default(), now).unwrap();
            let Seals::These(seals) = known.refused.seals else { panic!("nothing is refused") };
            assert!(fresh.iter().all(|seal| seals.contains(seal)), "{turn}");
            assert!(seals.len() <= MOST_SEALS, "{turn}");
        }
        let names = "a b c d e f g h i j k l m n o p q r s t u v";
        for name in names.split(' ') {
            learned.keep(&key("a"), Mend::Leave(name), &[], now);
            learned.keep(&key("a"), Mend::Leave(name), &[], now);
        }
        let lessons = learned.lock().get(&key("a"), now).cloned().unwrap();
        assert_eq!(lessons.mends.len(), MOST_MENDS);
        assert_eq!(lessons.mends.last().unwrap().0, Mend::Leave("v"));
    }
}

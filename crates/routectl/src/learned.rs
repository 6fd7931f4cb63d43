//! What targets were heard to refuse, so that the next request to one of them is as it wants it the
//! first time. Bounded, and forgotten after two days: hosts change. (facts: provider quirks,
//! section 5)

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use routectl_core::{Abilities, Seals};
use routectl_wire::MESSAGES;
use routectl_wire::claude::{Maker, is_claude, maker};
use routectl_wire::repair::{Mend, Named};

use crate::bounded::Bounded;
use crate::imitations::{Imitations, Notary};
use crate::target::{Target, Upstream};

/// How many targets are remembered.
const MOST_TARGETS: usize = 1 << 10;

/// How many mends of one target.
const MOST_MENDS: usize = 16;

/// How many betas of one target, and how many members.
const MOST_NAMES: usize = 64;

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
    /// Refused betas.
    betas: Vec<(Arc<str>, Instant)>,
    /// Refused members, as patterns.
    members: Vec<(Arc<str>, Instant)>,
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
            && maker(&target.abilities.upstream) == Maker::Another;
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

    /// Remembers which betas and members were refused by name.
    pub fn learn_names(&self, target: &Target, named: &Named, now: Instant) {
        self.keep_names(&target.key, named, now);
    }

    fn keep_names(&self, key: &Arc<str>, named: &Named, now: Instant) {
        let mut all = self.lock();
        let mut lessons = all.get(key, now).cloned().unwrap_or_default();
        note(&mut lessons.betas, &named.betas, now);
        note(&mut lessons.members, &named.members, now);
        all.put(Arc::clone(key), lessons, now);
        self.any.store(true, Ordering::Release);
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
        let young = |names: &[(Arc<str>, Instant)]| {
            let names = names.iter().filter(|(_, at)| is_young(*at, now));
            names.map(|(name, _)| Arc::clone(name)).collect()
        };
        let named = Named { betas: young(&lessons.betas), members: young(&lessons.members) };
        named.apply(&mut abilities);
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

/// Notes names that are not known yet; the oldest make room.
fn note(known: &mut Vec<(Arc<str>, Instant)>, heard: &[Arc<str>], now: Instant) {
    known.retain(|(_, at)| is_young(*at, now));
    for name in heard {
        if !known.iter().any(|(known, _)| known == name) {
            known.push((Arc::clone(name), now));
        }
    }
    let spare = known.len().saturating_sub(MOST_NAMES);
    known.drain(..spare);
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
    fn refused_names_are_kept_each_for_its_time_and_so_many_of_them() {
        let (learned, now) = (Learned::default(), Instant::now());
        let named = |beta: &str, member: &str| Named {
            betas: vec![beta.into()],
            members: vec![member.into()],
        };
        let known = |at| learned.known(&key("a"), &Abilities::default(), at).unwrap().refused;
        learned.keep_names(&key("a"), &named("b1", "tools.*.x"), now);
        let later = now + AGE - Duration::from_secs(1);
        learned.keep_names(&key("a"), &named("b2", "tools.*.x"), later);
        let refused = known(later);
        assert_eq!(refused.betas, ["b1".into(), "b2".into()]);
        assert_eq!(refused.members, ["tools.*.x".into()]);
        assert_eq!(known(now + AGE).betas, ["b2".into()]);
        for number in 0..200 {
            learned.keep_names(&key("a"), &named(&format!("n{number}"), "m"), later);
        }
        let refused = known(later);
        assert_eq!(refused.betas.len(), MOST_NAMES);
        assert_eq!(refused.betas.last().unwrap(), &"n199".into());
        assert_eq!(learned.known(&key("b"), &Abilities::default(), later), None);
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

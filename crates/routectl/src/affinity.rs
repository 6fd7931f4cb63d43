//! Loop affinity: who called the tools gets their results. Inside a loop of tools another target
//! would lack the thinking that led to the calls and would read the whole prompt anew; between
//! loops nothing speaks against the order of the chain.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use routectl_core::{Event, Opening};
use routectl_policy::{Chain, Terms};
use tokio::time::Instant;

use crate::bounded::Bounded;
use crate::call_id::is_unique;
use crate::config::Config;
use crate::inbound::Inbound;
use crate::relay::Listener;
use crate::snapshot::Snapshot;

/// How many calls are remembered. An agent makes a few hundred an hour.
const MOST: usize = 16 << 10;

/// For how long: a person may let a call wait for permission overnight.
const AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Which target called which tools, for all workers.
#[derive(Debug)]
pub struct Affinity {
    /// Nicknames of models, since an index would not survive a reload.
    callers: Mutex<Bounded<u64, Arc<str>>>,
    /// Ids come from outside: nobody can choose them so that they collide.
    hasher: RandomState,
}

/// Where a request stands in a loop of tools.
#[derive(Debug, Clone)]
pub struct Loop {
    /// The name whose chain serves it.
    asked: Arc<str>,
    /// A digest of what tells its conversation from others, for ids that do not.
    conversation: u64,
    /// The ids of the calls whose results it brings, the latest first.
    results: Vec<String>,
}

/// Hears which tools one target calls.
#[derive(Clone)]
pub struct Follower {
    affinity: Arc<Affinity>,
    target: Arc<str>,
    in_loop: Loop,
}

impl Default for Affinity {
    fn default() -> Self {
        Self { callers: Mutex::new(Bounded::new(MOST, AGE)), hasher: RandomState::new() }
    }
}

impl Affinity {
    /// Where a request stands, if it could be served by several targets and its operator wants
    /// loops to stay where they are.
    pub fn place(
        &self,
        inbound: &Inbound,
        chain: &Chain,
        terms: Terms,
        config: &Config,
    ) -> Option<Loop> {
        if chain.targets.len() < 2 || !terms.fallbacks || !config.server.loop_affinity {
            return None;
        }
        let asked = chain.alias.clone().unwrap_or_else(|| inbound.model.as_str().into());
        let conversation = inbound.conversation_digest(&self.hasher);
        Some(Loop { asked, conversation, results: inbound.format.results(&inbound.document) })
    }

    /// The chain of a request, begun with the target that called the tools whose results it
    /// brings.
    pub fn lead(&self, chain: &Chain, in_loop: &Loop, snapshot: &Snapshot) -> Chain {
        let Some(caller) = self.caller(in_loop) else { return chain.clone() };
        let is_caller = |model: &str| *model == *caller;
        let leader = chain.targets.iter().find(|id| {
            snapshot.target(**id).is_some_and(|target| is_caller(&target.model.nickname))
        });
        leader.map_or_else(|| chain.clone(), |leader| chain.led_by(*leader))
    }

    /// Who hears what a target calls in answer to a request.
    pub fn follower(self: &Arc<Self>, in_loop: &Loop, target: &str) -> Follower {
        Follower { affinity: Arc::clone(self), target: target.into(), in_loop: in_loop.clone() }
    }

    fn caller(&self, in_loop: &Loop) -> Option<Arc<str>> {
        if in_loop.results.is_empty() {
            return None;
        }
        let now = Instant::now().into_std();
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let caller = |id: &String| callers.get(&self.key(in_loop, id), now).cloned();
        in_loop.results.iter().find_map(caller)
    }

    fn called(&self, in_loop: &Loop, id: &str, target: &Arc<str>) {
        let now = Instant::now().into_std();
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        callers.put(self.key(in_loop, id), Arc::clone(target), now);
    }

    fn key(&self, in_loop: &Loop, id: &str) -> u64 {
        let conversation = if is_unique(id) { 0 } else { in_loop.conversation };
        self.hasher.hash_one((&*in_loop.asked, conversation, id))
    }
}

impl Listener for Follower {
    fn hear(&mut self, event: &Event) {
        let Event::Open { block, .. } = event else { return };
        match block {
            Opening::ToolCall { id, .. } | Opening::TextCall { id, .. } => {
                self.affinity.called(&self.in_loop, id, &self.target);
            }
            Opening::Text
            | Opening::Reasoning
            | Opening::Refusal
            | Opening::Sealed { .. }
            | Opening::Opaque(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_loop(conversation: u64, results: &[&str]) -> Loop {
        let results = results.iter().map(|id| (*id).to_owned()).collect();
        Loop { asked: "all".into(), conversation, results }
    }

    #[test]
    fn results_find_who_called() {
        let affinity = Affinity::default();
        let first = in_loop(1, &[]);
        affinity.called(&first, "toolu_01abcdefghij", &"slow".into());
        affinity.called(&first, "call_0", &"fast".into());
        for (conversation, results, caller) in [
            (1, &["toolu_01abcdefghij"][..], Some("slow")),
            // An id that is nobody else's says enough, however a client cuts its history.
            (2, &["toolu_01abcdefghij"], Some("slow")),
            (1, &["call_0"], Some("fast")),
            (2, &["call_0"], None),
            (1, &["toolu_never_seen", "call_0"], Some("fast")),
            (1, &[], None),
        ] {
            let found = affinity.caller(&in_loop(conversation, results));
            assert_eq!(found.as_deref(), caller, "{conversation} {results:?}");
        }
    }
}

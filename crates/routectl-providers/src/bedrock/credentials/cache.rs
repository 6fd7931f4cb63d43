//! Keys that somebody has to be asked for, kept while they are good. One asks at a time, whoever
//! needs them waits for the same answer, and a new value is there before the old one ends.
//!
//! AWS's own chain keeps nothing: each question runs the process or the role's request again.
//! (facts: Bedrock, section 4)

#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use super::keys::{Keys, Mark};
use super::{Now, Trouble};

/// How long before their end keys are asked for anew. Shorter for keys that last shorter.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// Keys that end within this time may end on the way.
const ON_THE_WAY: Duration = Duration::from_secs(10);

/// How long the answer that there are no keys is believed. Somebody who logs in waits no longer, and
/// a burst of requests starts one process.
const NO_FOR: Duration = Duration::from_secs(5);

/// The same for a new value that was asked for while the old one is good, whatever the answer.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// How long a value that AWS refused is not asked to be replaced again.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// Longest time for one answer: a role on a role over a slow line takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// What comes of asking.
pub(super) type Asked = Pin<Box<dyn Future<Output = Result<Keys, Trouble>> + Send>>;

/// Somebody who can be asked for keys.
pub(super) trait Ask: Send + Sync + 'static {
    /// Asks, and reads all files anew if told to.
    fn ask(&self, anew: bool) -> Asked;

    /// Whether what it was made of changed since it was asked last.
    fn has_changed(&self, now: Instant) -> bool;

    /// The reason when keys are no longer good as they come.
    fn ended(&self, ended: SystemTime) -> Trouble;

    /// The reason when there is no answer in time.
    fn too_slow(&self, limit: Duration) -> Trouble;
}

/// Keys, and who is asked for them.
#[derive(Debug)]
pub(super) struct Cache<A> {
    source: A,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    flight: Option<Flight>,
    /// That there are none, and until when that is believed.
    none: Option<(Instant, Arc<Trouble>)>,
    /// When a new value may be asked for while the old one is good.
    rest_until: Option<Instant>,
    /// What AWS refused, and until when nobody is asked for another.
    refused: Option<(Mark, Instant)>,
}

#[derive(Debug)]
struct Held {
    keys: Keys,
    /// When to ask for the next.
    due: Option<SystemTime>,
}

type Answer = Result<Keys, Arc<Trouble>>;

/// The answer that is being waited for.
type Flight = watch::Receiver<Option<Answer>>;

impl<A: Ask> Cache<A> {
    pub(super) fn new(source: A) -> Self {
        Self { source, state: Mutex::default() }
    }

    pub(super) fn source(&self) -> &A {
        &self.source
    }

    /// The keys there are, or why there are none, unless somebody has to be asked first. Asks for the
    /// next in the background when that is due.
    pub(super) fn ready(self: &Arc<Self>, now: Now) -> Option<Answer> {
        let changed = self.source.has_changed(now.steady);
        let mut state = self.state();
        if changed {
            state.forget();
        }
        if let Some(held) = state.held.as_ref().filter(|held| held.is_good(now.wall)) {
            let keys = held.keys.clone();
            if held.due.is_some_and(|due| due <= now.wall) && state.may_ask(now.steady) {
                self.start(&mut state, false, now);
            }
            return Some(Ok(keys));
        }
        if let Some((until, trouble)) = &state.none
            && now.steady < *until
        {
            return Some(Err(Arc::clone(trouble)));
        }
        None
    }

    /// The keys that come of asking, or of the question somebody else asked already.
    pub(super) async fn asked(self: &Arc<Self>, now: Now) -> Answer {
        let flight = {
            let mut state = self.state();
            // Somebody may have answered since `ready`.
            if let Some(held) = state.held.as_ref().filter(|held| held.is_good(now.wall)) {
                return Ok(held.keys.clone());
            }
            match state.in_flight() {
                Some(flight) => flight,
                None => self.start(&mut state, false, now),
            }
        };
        landed(flight).await
    }

    /// Other keys than those that AWS refused.
    pub(super) async fn renew(self: &Arc<Self>, refused: Mark, now: Now) -> Option<Keys> {
        let flight = {
            let mut state = self.state();
            if let Some(held) = state.held.as_ref()
                && held.keys.mark() != refused
                && held.is_good(now.wall)
            {
                return Some(held.keys.clone());
            }
            match (state.in_flight(), state.refused) {
                (Some(flight), _) => flight,
                (None, Some((mark, until))) if mark == refused && now.steady < until => {
                    return None;
                }
                (None, _) => {
                    state.refused = Some((refused, now.steady + REFUSED_FOR));
                    self.start(&mut state, true, now)
                }
            }
        };
        landed(flight).await.ok()
    }

    /// Asks in a task of its own: a client that leaves must not end what others wait for.
    #[expect(
        clippy::disallowed_methods,
        reason = "it only fills this cache, within LIMIT: nobody has to wait for it at shutdown"
    )]
    fn start(self: &Arc<Self>, state: &mut State, anew: bool, now: Now) -> Flight {
        let (tell, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let cache = Arc::clone(self);
        tokio::spawn(async move {
            let began = tokio::time::Instant::now();
            let asked = tokio::time::timeout(LIMIT, cache.source.ask(anew)).await;
            let took = began.elapsed();
            let now = Now { steady: now.steady + took, wall: now.wall + took };
            let answer = asked.unwrap_or_else(|_| Err(cache.source.too_slow(LIMIT)));
            tell.send_replace(Some(cache.land(answer, now)));
        });
        flight
    }

    fn land(&self, answer: Result<Keys, Trouble>, now: Now) -> Answer {
        let answer = answer.and_then(|keys| match keys.expiry() {
            Some(end) if end <= now.wall => Err(self.source.ended(end)),
            Some(_) | None => Ok(keys),
        });
        let answer = answer.map_err(Arc::new);
        let mut state = self.state();
        state.flight = None;
        state.rest_until = Some(now.steady + AGAIN_AFTER);
        match &answer {
            Ok(keys) => {
                state.none = None;
                state.held = Some(Held::new(keys.clone(), now.wall));
            }
            Err(trouble) => {
                if state.held.as_ref().is_some_and(|held| held.is_good(now.wall)) {
                    tracing::warn!("no new AWS keys yet, the old ones are used on: {trouble}");
                }
                state.none = Some((now.steady + NO_FOR, Arc::clone(trouble)));
            }
        }
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self) {
        self.held = None;
        self.none = None;
        self.refused = None;
    }

    fn may_ask(&self, now: Instant) -> bool {
        self.in_flight().is_none() && self.rest_until.is_none_or(|until| until <= now)
    }

    /// The question that is being asked. One whose thread ended with its runtime is asked no more.
    fn in_flight(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| flight.has_changed().is_ok())
    }
}

impl Held {
    fn new(keys: Keys, now: SystemTime) -> Self {
        let due = keys.expiry().map(|end| {
            let lasts = end.duration_since(now).unwrap_or_default();
            end.checked_sub(AHEAD.min(lasts / 2)).unwrap_or(end)
        });
        Self { keys, due }
    }

    fn is_good(&self, now: SystemTime) -> bool {
        self.keys.expiry().is_none_or(|end| now + ON_THE_WAY < end)
    }
}

async fn landed(mut flight: Flight) -> Answer {
    let answer = flight.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
    answer.unwrap_or_else(|| Err(Arc::new(Trouble::Interrupted)))
}

//! Keeps traffic off a target that fails, and lets it back.
//!
//! Two things keep a target closed: failures in a row, after whose cooldown one real request
//! probes while all others go elsewhere; and a parking time, said by the upstream or guessed by
//! us, after which it is simply open again.

use std::time::{Duration, Instant};

use crate::gate::{Ask, Parked, Reason};
use crate::later;

/// After this time a probe counts as forgotten and the next request may probe. Longer than the
/// longest clock of an attempt by default, the ten minutes until first content.
const PROBE_LIMIT: Duration = Duration::from_secs(15 * 60);

/// When to ask again while another request probes. Nobody knows how long that takes; it is the
/// least that a `retry-after` can say.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// When a breaker opens, and for how long: `circuit_failures` and `circuit_cooldown_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooldown {
    /// Failures in a row that open it; zero counts as one.
    pub failures: u32,
    /// How long it stays open before one request may probe.
    pub pause: Duration,
}

/// The breaker of one target or one provider account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// `None`: failures never open it; parking still works.
    rule: Option<Cooldown>,
    state: State,
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { since: Instant },
}

/// A parking time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rest {
    since: Instant,
    until: Instant,
    /// Whether the upstream said so; else it is our guess.
    told: bool,
}

/// The right to one attempt. It goes back in exactly one of [`Breaker::succeed`],
/// [`Breaker::fail`] and [`Breaker::release`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a pass that is not given back holds the probe"]
pub struct Pass {
    at: Instant,
    probe: bool,
}

impl Pass {
    /// Whether this attempt is the one that tells if the target is back.
    pub fn is_probe(&self) -> bool {
        self.probe
    }
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rule: Option<Cooldown>) -> Self {
        Self { rule, state: State::Closed { failures: 0 }, rest: None }
    }

    /// Lets a request through, or says until when not.
    pub fn admit(&mut self, ask: Ask, now: Instant) -> Result<Pass, Parked> {
        match self.parked(ask, now) {
            Some(parked) => Err(parked),
            None => Ok(self.enter(now)),
        }
    }

    /// Why a request that asks in this way would not be let through now.
    pub fn parked(&self, ask: Ask, now: Instant) -> Option<Parked> {
        if let State::Probing { since } = self.state
            && now < since + PROBE_LIMIT
        {
            return Some(Parked { until: now + PROBE_WAIT, reason: Reason::Probed });
        }
        match ask {
            Ask::Insist => None,
            Ask::Admit => Parked::both(self.open_until(now), self.resting(now)),
        }
    }

    fn open_until(&self, now: Instant) -> Option<Parked> {
        match self.state {
            State::Open { until } if now < until => Some(Parked { until, reason: Reason::Doubted }),
            State::Open { .. } | State::Closed { .. } | State::Probing { .. } => None,
        }
    }

    fn resting(&self, now: Instant) -> Option<Parked> {
        let rest = self.rest.filter(|rest| now < rest.until)?;
        let reason = if rest.told { Reason::Asked } else { Reason::Doubted };
        Some(Parked { until: rest.until, reason })
    }

    /// Takes a pass without asking. For callers that asked [`Breaker::parked`] of several
    /// breakers first.
    pub(crate) fn enter(&mut self, now: Instant) -> Pass {
        match self.state {
            State::Closed { .. } => Pass { at: now, probe: false },
            State::Open { .. } | State::Probing { .. } => {
                self.state = State::Probing { since: now };
                Pass { at: now, probe: true }
            }
        }
    }

    /// The target answered: its first content came. Ends a parking time that began before this
    /// attempt did.
    #[expect(clippy::needless_pass_by_value, reason = "a pass is used up")]
    pub fn succeed(&mut self, pass: Pass) {
        if self.is_about_now(&pass) {
            self.state = State::Closed { failures: 0 };
        }
        self.rest = self.rest.filter(|rest| rest.since > pass.at);
    }

    /// The target failed in a way that speaks against it.
    pub fn fail(&mut self, pass: Pass, now: Instant) {
        let Some(rule) = self.rule.filter(|_| self.is_about_now(&pass)) else {
            return self.release(pass);
        };
        let failures = match self.state {
            State::Closed { failures } => failures.saturating_add(1),
            State::Open { .. } | State::Probing { .. } => rule.failures,
        };
        self.state = if failures >= rule.failures {
            State::Open { until: later(now, rule.pause) }
        } else {
            State::Closed { failures }
        };
    }

    /// The attempt ended without telling anything about the target: the client left, or the
    /// request was at fault. If it was the probe, the next request probes.
    #[expect(clippy::needless_pass_by_value, reason = "a pass is used up")]
    pub fn release(&mut self, pass: Pass) {
        if let State::Probing { since } = self.state
            && pass.probe
            && pass.at == since
        {
            self.state = State::Open { until: since };
        }
    }

    /// Keeps requests away until a time; `told` when it is the upstream's own word. The later of
    /// two times holds.
    pub fn park(&mut self, until: Instant, told: bool, now: Instant) {
        match &mut self.rest {
            Some(rest) if rest.until >= until => rest.since = now,
            Some(_) | None => self.rest = Some(Rest { since: now, until, told }),
        }
    }

    /// Whether the attempt speaks about the present state. While the breaker is open or probing,
    /// only the probe does: the others began before it opened.
    fn is_about_now(&self, pass: &Pass) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { .. } => false,
            State::Probing { since } => pass.probe && pass.at == since,
        }
    }
}

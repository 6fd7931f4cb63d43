//! What a failure means: whether to retry, fall back or stop, whom it speaks against, and who
//! rests for how long. One table, a `match` over the class.

use std::collections::BTreeMap;
use std::time::Duration;

use routectl_core::{Class, Failure, Origin};

/// The longest wait an upstream may ask for that a request waits out in place. For more, the
/// target is parked and the next one tried.
pub(crate) const INLINE_WAIT: Duration = Duration::from_secs(5);

/// How long an account without credit rests when the upstream does not say. Credit does not come
/// back soon; but whoever tops up should not wait for the rest of the hour.
const QUOTA_REST: Duration = Duration::from_secs(10 * 60);

/// How long a model that its upstream does not know rests.
const MISSING_REST: Duration = Duration::from_secs(5 * 60);

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same target may do better in a moment.
    Retry,
    /// The same target may take the request that has been mended, at once.
    Mend,
    /// Another target may do better.
    Fallback,
    /// The client gets this failure.
    Stop,
}

/// Whom something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Only the request itself.
    Nothing,
    /// The model on its provider, not its siblings.
    Model,
    /// The whole provider account.
    Provider,
}

/// A rest for a target or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Park {
    /// Who rests.
    pub scope: Scope,
    /// For how long.
    pub time: Duration,
    /// Whether the upstream asked for it; else it is our guess, and a last resort may pass.
    pub told: bool,
}

/// What a failure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What kind of failure it was.
    pub class: Class,
    /// What to do next.
    pub verdict: Verdict,
    /// Whose breaker counts it.
    pub counts: Scope,
    /// Who rests.
    pub park: Option<Park>,
    /// How long the upstream asks to wait, clamped to `max_honored_retry_after_ms`.
    pub retry_after: Option<Duration>,
    /// Only a target with a larger known window than this one's can do better.
    pub needs_larger_window: bool,
}

/// `[retry]`, as far as it is about what to do next. `Default` is the contract's defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Attempts per target.
    pub max_attempts: u32,
    /// Attempts per target when it is rate-limited, else `max_attempts`.
    pub retry_on_429: Option<u32>,
    /// Attempts per target when it broke or is overloaded, else `max_attempts`.
    pub retry_on_5xx: Option<u32>,
    /// Attempts per target when the network failed or a clock ran out, else `max_attempts`.
    pub retry_on_network: Option<u32>,
    /// The wait before the first retry.
    pub initial_backoff: Duration,
    /// By how much each further wait grows.
    pub backoff_multiplier: f64,
    /// Up to this much is added to every wait.
    pub jitter: Duration,
    /// Which status codes may be tried elsewhere.
    pub falls_back: Statuses,
    /// One deadline over all attempts.
    pub deadline: Option<Duration>,
    /// One attempt budget over the whole chain.
    pub max_total_attempts: u32,
    /// Clamp on any wait an upstream asks for.
    pub max_honored_retry_after: Duration,
    /// A request for at most so many tokens is a probe; zero means none is.
    pub probe_max_tokens: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            max_attempts: 2,
            retry_on_429: None,
            retry_on_5xx: None,
            retry_on_network: None,
            initial_backoff: Duration::from_millis(250),
            backoff_multiplier: 2.0,
            jitter: Duration::from_millis(50),
            falls_back: Statuses::All,
            deadline: None,
            max_total_attempts: 8,
            max_honored_retry_after: Duration::from_secs(60 * 60),
            probe_max_tokens: 1,
        }
    }
}

/// A set of status codes: none set, `retry_allowlist` or `retry_denylist`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statuses {
    /// Every 4xx and 5xx.
    All,
    /// These only.
    Only(Vec<u16>),
    /// Every 4xx and 5xx but these.
    AllBut(Vec<u16>),
}

/// What one request asks of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// It only asks whether the model would answer: it gets a 429 or 529 back at once.
    pub probe: bool,
    /// Other targets than the first may be tried; off with `x-routectl-disable-fallbacks`.
    pub fallbacks: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { probe: false, fallbacks: true }
    }
}

impl Rules {
    /// Whether a request with this `max_tokens` is a probe.
    pub fn is_probe(&self, max_tokens: Option<u64>) -> bool {
        max_tokens
            .is_some_and(|tokens| self.probe_max_tokens > 0 && tokens <= self.probe_max_tokens)
    }

    /// How often one target may be tried when its last failure was of this class; at least once.
    pub(crate) fn attempts(&self, class: Class) -> u32 {
        let own = match class {
            Class::RateLimited => self.retry_on_429,
            Class::ServerError | Class::Overloaded => self.retry_on_5xx,
            Class::Network | Class::Timeout => self.retry_on_network,
            Class::Quota
            | Class::Auth
            | Class::BadRequest
            | Class::ContentPolicy
            | Class::ContextWindow
            | Class::ModelMissing
            | Class::FeatureUnsupported
            | Class::ClientGone => None,
        };
        own.unwrap_or(self.max_attempts).max(1)
    }
}

impl Statuses {
    fn hold(&self, status: u16) -> bool {
        match self {
            Self::All => true,
            Self::Only(listed) => listed.contains(&status),
            Self::AllBut(listed) => !listed.contains(&status),
        }
    }

    /// Whether the operator wrote down that this status falls back.
    fn name(&self, status: u16) -> bool {
        match self {
            Self::Only(listed) => listed.contains(&status),
            Self::All | Self::AllBut(_) => false,
        }
    }
}

/// Applies a provider's `class_overrides`: the status decides, whatever the words said.
pub fn reclass(failure: &mut Failure, overrides: &BTreeMap<u16, Class>) {
    if let Some(class) = failure.status.and_then(|status| overrides.get(&status)) {
        failure.class = *class;
    }
}

/// Judges a failure. A status that may not fall back is not retried either: the client gets it
/// as it is.
pub fn verdict(failure: &Failure, rules: &Rules, terms: Terms) -> Judgement {
    let asked = failure.retry_after.filter(|wait| !wait.is_zero());
    let retry_after = asked.map(|wait| wait.min(rules.max_honored_retry_after));
    let long = retry_after.filter(|&wait| wait > INLINE_WAIT);
    let (verdict, counts, park) = table(failure.class, retry_after, long);
    let park = park.map(|park| Park { time: park.time.min(rules.max_honored_retry_after), ..park });
    let stops = is_the_clients(failure)
        || !may_leave(failure, &rules.falls_back)
        || (terms.probe && is_busy(failure));
    Judgement {
        class: failure.class,
        verdict: if stops { Verdict::Stop } else { verdict },
        counts: if is_the_clients(failure) { Scope::Nothing } else { counts },
        park: if is_the_clients(failure) { None } else { park },
        retry_after,
        needs_larger_window: failure.class == Class::ContextWindow,
    }
}

/// What each class means by itself. Content policy is in it as a fallback; [`may_leave`] lets it
/// through only where the operator says so.
fn table(
    class: Class,
    retry_after: Option<Duration>,
    long: Option<Duration>,
) -> (Verdict, Scope, Option<Park>) {
    let asked = |scope| long.map(|time| Park { scope, time, told: true });
    let again = if long.is_some() { Verdict::Fallback } else { Verdict::Retry };
    match class {
        Class::RateLimited | Class::Overloaded | Class::ServerError => {
            (again, Scope::Model, asked(Scope::Model))
        }
        Class::Timeout => (again, Scope::Model, None),
        Class::Network => (again, Scope::Provider, None),
        Class::Quota => {
            let (time, told) = retry_after.map_or((QUOTA_REST, false), |wait| (wait, true));
            let park = Park { scope: Scope::Provider, time, told };
            (Verdict::Fallback, Scope::Provider, Some(park))
        }
        Class::Auth => (Verdict::Fallback, Scope::Provider, None),
        Class::ModelMissing => {
            let park = Park { scope: Scope::Model, time: MISSING_REST, told: false };
            (Verdict::Fallback, Scope::Nothing, Some(park))
        }
        Class::BadRequest
        | Class::ContentPolicy
        | Class::ContextWindow
        | Class::FeatureUnsupported => (Verdict::Fallback, Scope::Nothing, None),
        Class::ClientGone => (Verdict::Stop, Scope::Nothing, None),
    }
}

/// Whether the failure says nothing about the target: the client left, or its request never was
/// fit to be sent.
fn is_the_clients(failure: &Failure) -> bool {
    failure.origin == Origin::Client || failure.class == Class::ClientGone
}

/// Whether the lists let this failure go to another target. They speak of refusals by status, so
/// a broken network and an error inside a 200 always may. What a vendor's policy declines is
/// shown to the client, not taken elsewhere behind its back, unless `retry_allowlist` names it.
fn may_leave(failure: &Failure, lists: &Statuses) -> bool {
    let refused = failure.status.filter(|status| (400..600).contains(status));
    if failure.class == Class::ContentPolicy {
        return refused.is_some_and(|status| lists.name(status));
    }
    refused.is_none_or(|status| lists.hold(status))
}

/// Whether the upstream said 429 or 529, by status or, inside a 200, by class.
fn is_busy(failure: &Failure) -> bool {
    match failure.status {
        Some(status @ 400..600) => matches!(status, 429 | 529),
        Some(_) | None => {
            matches!(failure.class, Class::RateLimited | Class::Quota | Class::Overloaded)
        }
    }
}

//! The gates of one provider account: its own breaker, one breaker per model, and the bucket.
//!
//! A failing model must not park its siblings, so each has a breaker; network, key and quota
//! failures are the account's; the rate limit is over all models of the account.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Instant;

use crate::breaker::{Breaker, Cooldown, Pass};
use crate::bucket::Bucket;
use crate::later;
use crate::verdict::{Judgement, Scope};

/// How a request asks to be let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Only if nothing speaks against it.
    Admit,
    /// As a last resort: past an open breaker and a parking time, never past a running probe or
    /// the rate limit.
    Insist,
}

/// Closed for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parked {
    /// When it makes sense to ask again.
    pub until: Instant,
    /// What keeps it closed.
    pub reason: Reason,
}

/// What keeps a target closed, from the softest to the hardest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Our own judgement: an open breaker, or a parking time nobody told us.
    Doubted,
    /// The upstream asked to wait until then.
    Asked,
    /// Another request is probing it.
    Probed,
    /// The operator's rate limit.
    Limited,
}

impl Parked {
    /// Two things that both have to pass: the later time and the harder reason.
    pub(crate) fn both(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        let (Some(left), Some(right)) = (left, right) else { return left.or(right) };
        Some(Self { until: left.until.max(right.until), reason: left.reason.max(right.reason) })
    }
}

/// The right to one attempt at a model of an account. It goes back in exactly one of
/// [`Account::succeed`], [`Account::fail`] and [`Account::release`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a ticket that is not given back holds the probe"]
pub struct Ticket {
    account: Pass,
    model: Pass,
}

impl Ticket {
    /// Whether others wait for what this attempt tells.
    pub fn is_probe(&self) -> bool {
        self.account.is_probe() || self.model.is_probe()
    }
}

/// The gates of one provider account. Outlives the config snapshots in which the provider stays
/// the same.
#[derive(Debug, Clone)]
pub struct Account {
    rule: Option<Cooldown>,
    breaker: Breaker,
    bucket: Option<Bucket>,
    /// By nickname, since an index would not survive a reload.
    models: HashMap<String, Breaker>,
}

impl Account {
    /// All gates open. Without a rule no failure opens a breaker, without a limit there is no
    /// bucket; parking times work in any case.
    pub fn new(rule: Option<Cooldown>, calls_per_minute: Option<NonZeroU32>) -> Self {
        let bucket = calls_per_minute.map(Bucket::per_minute);
        Self { rule, breaker: Breaker::new(rule), bucket, models: HashMap::new() }
    }

    /// Lets one attempt at a model through all gates or through none.
    pub fn admit(&mut self, model: &str, ask: Ask, now: Instant) -> Result<Ticket, Parked> {
        if let Some(parked) = self.parked(model, ask, now) {
            return Err(parked);
        }
        if let Some(Err(until)) = self.bucket.as_mut().map(|bucket| bucket.take(now)) {
            return Err(Parked { until, reason: Reason::Limited });
        }
        let account = self.breaker.enter(now);
        Ok(Ticket { account, model: self.model(model).enter(now) })
    }

    /// Why an attempt would not be let through now.
    pub fn parked(&self, model: &str, ask: Ask, now: Instant) -> Option<Parked> {
        let model = self.models.get(model).and_then(|breaker| breaker.parked(ask, now));
        let limited = self.bucket.as_ref().and_then(|bucket| bucket.frees_at(now));
        let limited = limited.map(|until| Parked { until, reason: Reason::Limited });
        Parked::both(Parked::both(self.breaker.parked(ask, now), model), limited)
    }

    /// The model answered.
    pub fn succeed(&mut self, model: &str, ticket: Ticket) {
        self.breaker.succeed(ticket.account);
        self.model(model).succeed(ticket.model);
    }

    /// The attempt failed; the judgement says whom that speaks against and who is parked.
    pub fn fail(&mut self, model: &str, ticket: Ticket, judgement: &Judgement, now: Instant) {
        match judgement.counts {
            Scope::Nothing => self.release(model, ticket),
            Scope::Model => {
                self.breaker.release(ticket.account);
                self.model(model).fail(ticket.model, now);
            }
            Scope::Provider => {
                self.breaker.fail(ticket.account, now);
                self.model(model).release(ticket.model);
            }
        }
        let Some(park) = judgement.park else { return };
        let until = later(now, park.time);
        match park.scope {
            Scope::Nothing => {}
            Scope::Model => self.model(model).park(until, park.told, now),
            Scope::Provider => self.breaker.park(until, park.told, now),
        }
    }

    /// The attempt ended without telling anything: the client left.
    pub fn release(&mut self, model: &str, ticket: Ticket) {
        self.breaker.release(ticket.account);
        self.model(model).release(ticket.model);
    }

    fn model(&mut self, name: &str) -> &mut Breaker {
        let rule = self.rule;
        self.models.entry(name.to_owned()).or_insert_with(|| Breaker::new(rule))
    }
}

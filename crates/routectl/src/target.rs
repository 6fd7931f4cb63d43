//! A model on a provider in a chain, with everything one attempt at it needs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderValue;
use routectl_core::{Abilities, Class, Failure, Loss, Needs, Origin};
use routectl_policy::{Account, Ask, Judgement, Parked, Rules, Terms, Ticket};
use routectl_providers::{CredentialSource, Model, Provider};
use routectl_wire::claude::{self, Maker};
use routectl_wire::dialects::echo;
use routectl_wire::formats::messages::CONTINUED_THREAD;
use routectl_wire::{BadRequest, CONVERSE, ClientFormat, MESSAGES, ReasoningFields};

use crate::thoughts::Thoughts;

/// One entry of `[models]`, bound to its provider.
pub struct Target {
    pub model: Model,
    /// What a translated request may hold.
    pub abilities: Abilities,
    /// In which members Chat clients are told of thinking, where the operator says so.
    pub reasoning_fields: Option<ReasoningFields>,
    pub upstream: Upstream,
    /// Where conversations are edited here: what its models thought before they called tools.
    pub thoughts: Option<Arc<Thoughts>>,
    pub gates: Gates,
    pub clocks: Clocks,
    /// Feature keys that make a request pass this target over.
    pub unsupported: Vec<String>,
    /// Tokens that prompt and answer share, when configured.
    pub context_window: Option<u64>,
    /// Classes that the operator gives to statuses.
    pub class_overrides: BTreeMap<u16, Class>,
    /// The nickname and the provider's name, as they stand in answers.
    pub names: Names,
    /// What it is remembered by: the same as long as the same model is asked at the same address.
    pub key: Arc<str>,
}

/// How a target is reached.
pub enum Upstream {
    /// A provider of a kind that is served.
    Served { provider: Arc<dyn Provider>, credential: Arc<CredentialSource> },
    /// A kind that configuration knows and this version does not serve.
    NotYet { kind: &'static str },
}

/// Names as header values.
#[derive(Debug, Clone)]
pub struct Names {
    pub model: HeaderValue,
    pub provider: HeaderValue,
}

/// The clocks of one attempt. Connecting has its own, in the transport.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// A whole attempt that is not streamed.
    pub whole: Option<Duration>,
    /// Until the first content.
    pub first_content: Duration,
    /// Between bytes after it.
    pub idle: Duration,
}

/// Why a request passes a target over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// This version does not serve its kind.
    NotServed { kind: &'static str },
    /// It speaks another format, and the request cannot be read.
    Unreadable(BadRequest),
    /// It cannot be told parts of the request.
    CannotSay { losses: Vec<Loss> },
    /// Something of the request would be lost, and under `strict_translation` nothing may be.
    WouldLose { losses: Vec<Loss> },
    /// The translation is not JSON: a defect of ours.
    Miswritten { why: String },
    /// It lacks features that the request asks for.
    Lacks { features: Vec<String> },
    /// The request does not fit its window.
    TooSmall { window: u64, needs: u64 },
    /// A target with as large a window has refused the request as too long.
    NoLarger,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotServed { kind } => write!(f, "kind {kind} is not served yet"),
            Self::Unreadable(bad) => write!(f, "{bad}"),
            Self::CannotSay { losses } => write!(f, "cannot be told {}", listed(losses, reason)),
            Self::WouldLose { losses } => {
                write!(f, "would not get all of it (strict_translation): {}", listed(losses, fate))
            }
            Self::Miswritten { why } => write!(f, "cannot be written to: {why}"),
            Self::Lacks { features } => write!(f, "does not support {}", features.join(", ")),
            Self::TooSmall { window, needs } => {
                write!(f, "holds {window} tokens, the request needs about {needs}")
            }
            Self::NoLarger => f.write_str("has no larger window"),
        }
    }
}

/// The most losses that an error names.
const MOST_LISTED: usize = 100;

fn reason(loss: &Loss) -> String {
    format!("{}: {}", loss.path, loss.reason)
}

fn fate(loss: &Loss) -> String {
    format!("{} {}: {}", loss.path, loss.fate.name(), loss.reason)
}

fn listed(losses: &[Loss], told: fn(&Loss) -> String) -> String {
    let text = losses.iter().take(MOST_LISTED).map(told).collect::<Vec<_>>().join("; ");
    match losses.len().checked_sub(MOST_LISTED) {
        None | Some(0) => text,
        Some(more) => format!("{text}; and {more} more"),
    }
}

impl Unfit {
    /// What the client is told when the request itself is the reason: a 400 that names the path.
    pub fn of_request(&self, nickname: &str) -> Option<Failure> {
        let (path, code, message) = match self {
            Self::Unreadable(bad) => (Some(bad.path.clone()), None, bad.to_string()),
            Self::CannotSay { losses } | Self::WouldLose { losses } => {
                let path = losses.first().map(|loss| loss.path.clone());
                // A client that continues a thread sends all of it when it is told with this code.
                let thread = losses.iter().any(|loss| loss.reason == CONTINUED_THREAD);
                let code = if thread { UNSUPPORTED_THREAD } else { UNSUPPORTED };
                (path, Some(code), format!("{nickname} {self}"))
            }
            Self::NotServed { .. }
            | Self::Miswritten { .. }
            | Self::Lacks { .. }
            | Self::TooSmall { .. }
            | Self::NoLarger => return None,
        };
        let mut failure = Failure::new(Class::BadRequest, Origin::Client, message);
        failure.status = Some(400);
        failure.words.param = path.filter(|path| !path.is_empty());
        failure.words.code = code.map(str::to_owned);
        Some(failure)
    }
}

/// The code of errors about what a target's format cannot say. (facts: translation, section 10.4)
const UNSUPPORTED: &str = "router_unsupported_parameter";

/// The vendor's code for a thread that cannot be continued. (facts: Anthropic Messages, section 16)
const UNSUPPORTED_THREAD: &str = "thread_unsupported_request";

impl Target {
    /// Whether what a request holds has to be read to tell if it fits.
    pub fn has_limits(&self) -> bool {
        self.context_window.is_some() || !self.unsupported.is_empty()
    }

    /// Whether it has a use for earlier thinking that a client of this format leaves out. Clients of
    /// Messages know what they have to send back to a host of their own.
    pub fn hears_thinking(&self, client: &dyn ClientFormat) -> bool {
        let Upstream::Served { provider, .. } = &self.upstream else { return false };
        let native = provider.format().name() == client.name();
        if provider.format().name() == MESSAGES.name() {
            return !native;
        }
        if provider.format().name() == CONVERSE.name() {
            return claude::maker(&self.abilities.upstream) != Maker::Another;
        }
        let dialect = &self.abilities.quirks.dialect;
        let is_left_alone = native && dialect.hands_off;
        !is_left_alone && echo::is_welcome(&dialect.echo, self.abilities.history)
    }

    /// Why this target cannot serve a request that holds this.
    pub fn too_small_for(&self, needs: &Needs) -> Option<Unfit> {
        let lacks = |feature: &&String| self.unsupported.contains(feature);
        let features: Vec<String> = needs.features.iter().filter(lacks).cloned().collect();
        if !features.is_empty() {
            return Some(Unfit::Lacks { features });
        }
        let window = self.context_window.filter(|window| needs.input_tokens > *window)?;
        Some(Unfit::TooSmall { window, needs: needs.input_tokens })
    }
}

/// The gates of a target's account, shared by all models of the provider and by all snapshots in
/// which the provider stays the same.
#[derive(Clone)]
pub struct Gates {
    account: Arc<Mutex<Account>>,
    model: Arc<str>,
}

impl Gates {
    /// The gates of a model on an account.
    pub fn new(account: Arc<Mutex<Account>>, model: &str) -> Self {
        Self { account, model: model.into() }
    }

    /// Lets one attempt through, or says why not.
    ///
    /// # Errors
    /// When a gate is closed: until when.
    pub fn admit(&self, ask: Ask, now: Instant) -> Result<Permit, Parked> {
        let ticket = self.lock().admit(&self.model, ask, now)?;
        Ok(Permit { gates: self.clone(), ticket: Some(ticket) })
    }

    /// When an attempt would be let through, if not now.
    pub fn parked(&self, ask: Ask, now: Instant) -> Option<Parked> {
        self.lock().parked(&self.model, ask, now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Account> {
        // Gate state is consistent between any two calls, so a panic elsewhere does not spoil it.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one attempt. Given back on every path: dropped, it says nothing about the target.
pub struct Permit {
    gates: Gates,
    ticket: Option<Ticket>,
}

impl Permit {
    /// Whether others wait for what this attempt tells.
    pub fn is_probe(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::is_probe)
    }

    /// The target answered.
    pub fn succeed(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.gates.lock().succeed(&self.gates.model, ticket);
        }
    }

    /// The attempt failed.
    pub fn fail(mut self, judgement: &Judgement, now: Instant) {
        if let Some(ticket) = self.ticket.take() {
            self.gates.lock().fail(&self.gates.model, ticket, judgement, now);
        }
    }
}

/// An answer that has begun and whose end decides what the gates hear: a host that breaks every
/// answer in the middle is failing too.
pub struct Settling {
    permit: Option<Permit>,
    rules: Arc<Rules>,
}

impl Settling {
    /// The first content has come. Where others wait for word of the target they get it now, and a
    /// last resort ends the rest that it passed by; else the end of the answer tells.
    pub fn new(permit: Permit, last_resort: bool, rules: Arc<Rules>) -> Self {
        if last_resort || permit.is_probe() {
            permit.succeed();
            return Self { permit: None, rules };
        }
        Self { permit: Some(permit), rules }
    }

    /// The answer is complete.
    pub fn succeed(mut self) {
        self.settle_well();
    }

    /// The same, for an answer that is still looked at.
    pub fn settle_well(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.succeed();
        }
    }

    /// The answer broke.
    pub fn fail(&mut self, failure: &Failure, now: Instant) {
        if let Some(permit) = self.permit.take() {
            let judgement = routectl_policy::verdict(failure, &self.rules, Terms::default());
            permit.fail(&judgement, now);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.gates.lock().release(&self.gates.model, ticket);
        }
    }
}

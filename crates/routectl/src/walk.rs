//! Room 4's driver: asks the policy for the next step and does it, until a target answers or the
//! client gets a failure.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use routectl_core::{Class, Failure, Needs, Origin};
use routectl_policy::{
    Ask, Chain, Gate, Judgement, Parked, Reason, Scope, Step, TargetId, Terms, Verdict, Walk, Why,
};
use tokio::time::Instant;

use crate::affinity::Loop;
use crate::answer::{Answer, Around, Begun, Stream};
use crate::attempt::{Attempt, Opened};
use crate::inbound::Inbound;
use crate::memory::Recall;
use crate::mending::{Mending, Sequel, is_mendable};
use crate::prepare::{self, Lane};
use crate::record::{Fate, Record};
use crate::rescue::Rescue;
use crate::server::Worker;
use crate::snapshot::Snapshot;
use crate::target::{Permit, Settling, Target, Unfit};

/// Who served: a model's nickname.
pub const MODEL: HeaderName = HeaderName::from_static("x-routectl-model");
/// Who served: a provider's name.
pub const PROVIDER: HeaderName = HeaderName::from_static("x-routectl-provider");
/// Every attempt: target, class, milliseconds.
pub const ATTEMPTS: HeaderName = HeaderName::from_static("x-routectl-attempts");
/// What translation dropped, degraded or clamped.
pub const LOSS: HeaderName = HeaderName::from_static("x-routectl-loss");
/// Which lane the answer came through.
pub const LANE: HeaderName = HeaderName::from_static("x-routectl-lane");

/// One request and its chain.
pub struct Driver {
    worker: Arc<Worker>,
    snapshot: Arc<Snapshot>,
    inbound: Inbound,
    record: Record,
    walk: Walk,
    targets: Arc<[TargetId]>,
    /// What the request asks for; read only if some target has limits.
    needs: Option<Needs>,
    /// The largest window that refused the request as too long.
    refused_window: Option<Window>,
    /// The mended request that is on its way.
    mending: Option<Mending>,
    /// The most useful failure so far.
    worst: Option<Rescue>,
    /// Why targets were passed over.
    unfit: Vec<(TargetId, Unfit)>,
    /// The lane to the target that was last found fit.
    lane: Option<(TargetId, Lane)>,
    /// Where it stands in a loop of tools; known where it matters.
    in_loop: Option<Loop>,
}

/// An attempt that failed, with what it was allowed and when it began.
struct Trial {
    permit: Permit,
    begun: Instant,
    /// How its request had been mended.
    mend: Option<&'static str>,
    /// The way on which the same target is asked once more.
    mended: Option<Lane>,
}

/// How much a target holds, as far as configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Window(Option<u64>);

/// What the walk ended with.
pub enum Outcome {
    Answered { status: StatusCode, headers: HeaderMap, answer: Answer },
    Refused { rescue: Box<Rescue>, headers: HeaderMap, record: Box<Record> },
}

impl Driver {
    /// A walk that has not begun.
    pub fn new(
        worker: Arc<Worker>,
        snapshot: Arc<Snapshot>,
        chain: &Chain,
        terms: Terms,
        mut inbound: Inbound,
        record: Record,
    ) -> Box<Self> {
        let affinity = worker.app.affinity();
        let in_loop = affinity.place(&inbound, chain, terms, &snapshot.config);
        let led = in_loop.as_ref().map(|in_loop| affinity.lead(chain, in_loop, &snapshot));
        let targets = Arc::clone(&led.as_ref().unwrap_or(chain).targets);
        let target = |id: &TargetId| snapshot.target(*id);
        if targets.iter().filter_map(target).any(|target| target.hears_thinking(inbound.format)) {
            let limits = &snapshot.config.server.reasoning_cache;
            inbound.recall = worker.app.memory().recall(&inbound, limits);
        }
        let rules = Arc::clone(&snapshot.rules);
        let walk = Walk::new(Arc::clone(&targets), rules, terms, record.started().into_std());
        let needs = None;
        let (refused_window, worst, unfit, lane) = (None, None, Vec::new(), None);
        Box::new(Self {
            worker,
            snapshot,
            inbound,
            record,
            walk,
            targets,
            needs,
            refused_window,
            mending: None,
            worst,
            unfit,
            lane,
            in_loop,
        })
    }

    /// Walks the chain to its end.
    pub async fn run(mut self: Box<Self>) -> Outcome {
        let mut last = None;
        loop {
            let (step, permit) = self.step(last.as_ref());
            let (target, permit, last_resort) = match (step, permit) {
                (Step::Try { target, after, last_resort }, Some(permit)) => {
                    // Even a sleep of nothing waits for the clock's next tick.
                    if !after.is_zero() {
                        tokio::time::sleep(after).await;
                    }
                    (target, permit, last_resort)
                }
                (Step::Try { .. }, None) => return self.give_up(Why::Exhausted),
                (Step::GiveUp(why), _) => return self.give_up(why),
            };
            let id = target;
            let lane = self.lane.take().filter(|(prepared, _)| *prepared == id);
            let (Some(target), Some((_, lane))) = (self.target(id), lane) else {
                return self.give_up(Why::Exhausted);
            };
            let begun = Instant::now();
            let mend = self.mending.as_ref().filter(|it| it.target == id).map(Mending::name);
            match self.attempt(&target, &lane).await {
                Ok(opened) => {
                    self.remember(id, &target);
                    self.record.tried(&target.model.nickname, None, begun.elapsed());
                    self.record.mended(mend);
                    let settling =
                        Settling::new(permit, last_resort, Arc::clone(&self.snapshot.rules));
                    return self.answer(&target, &lane, opened, settling);
                }
                Err(rescue) => {
                    let mended = self.mend(id, (&target, &lane), &rescue.failure);
                    let trial = Trial { permit, begun, mend, mended };
                    last = Some(self.failed((id, &target), *rescue, trial, lane));
                }
            }
        }
    }

    /// The policy's next step, with the permit for it.
    fn step(&mut self, last: Option<&Judgement>) -> (Step, Option<Permit>) {
        let now = Instant::now().into_std();
        let mut permit = None;
        let mut walk = self.walk.clone();
        let admits = |id: TargetId, ask: Ask| {
            let Some(target) = self.target(id) else { return Gate::Closed };
            if let Some(unfit) = self.unfit(&target) {
                return self.pass_over(id, &target, unfit);
            }
            // A translation costs milliseconds, and a target that rests is not tried.
            let resting = target.gates.parked(ask, now);
            if resting.is_none()
                && let Err(unfit) = self.prepare(id, &target)
            {
                return self.pass_over(id, &target, unfit);
            }
            // Whoever rested when it was looked at stays so: its lane is not there.
            match resting.map_or_else(|| target.gates.admit(ask, now), Err) {
                Ok(granted) => {
                    permit = Some(granted);
                    Gate::Open
                }
                Err(parked) => {
                    self.record.passed_over(&target.model.nickname, Fate::Parked);
                    Gate::Parked(parked)
                }
            }
        };
        let step = walk.next(last, admits, now, fastrand::f64());
        self.walk = walk;
        (step, permit)
    }

    fn target(&self, id: TargetId) -> Option<Arc<Target>> {
        self.snapshot.targets.get(id.0 as usize).cloned()
    }

    /// What a target cannot do, as far as it shows without the request in its words.
    fn unfit(&mut self, target: &Target) -> Option<Unfit> {
        prepare::unfit(&self.inbound, target, &mut self.needs).or_else(|| {
            let refused = self.refused_window;
            let no_larger = refused.is_some_and(|it| Window(target.context_window) <= it);
            no_larger.then_some(Unfit::NoLarger)
        })
    }

    /// Has the lane to this target ready.
    fn prepare(&mut self, id: TargetId, target: &Target) -> Result<(), Unfit> {
        if self.lane.as_ref().is_none_or(|(prepared, _)| *prepared != id) {
            let strict = self.snapshot.config.server.strict_translation;
            let now = Instant::now().into_std();
            // A mend loses something, and under `strict_translation` nothing may be lost.
            let learned = self.worker.app.learned();
            let learned = (!strict).then(|| learned.abilities(target, now)).flatten();
            let abilities = learned.as_ref().unwrap_or(&target.abilities);
            self.lane = Some((id, Lane::new(&self.inbound, target, abilities, strict)?));
        }
        Ok(())
    }

    fn pass_over(&mut self, id: TargetId, target: &Target, unfit: Unfit) -> Gate {
        self.record.passed_over(&target.model.nickname, Fate::Unfit);
        self.unfit.push((id, unfit));
        Gate::Closed
    }

    async fn attempt(&self, target: &Target, lane: &Lane) -> Result<Opened, Box<Rescue>> {
        let inbound = &self.inbound;
        let transport = &self.worker.transport;
        let log = &self.snapshot.config.log;
        let affinity = self.worker.app.affinity();
        let follower =
            self.in_loop.as_ref().map(|it| affinity.follower(it, &target.model.nickname));
        let keeper = inbound.recall.as_ref().map(Recall::keeper);
        let notary = self.worker.app.learned().notary(target);
        let attempt = Attempt { target, lane, inbound, transport, log, follower, keeper, notary };
        let opening = attempt.open();
        let Some(deadline) = self.walk.deadline() else { return opening.await };
        let deadline = Instant::from_std(deadline);
        tokio::time::timeout_at(deadline, opening).await.unwrap_or_else(|_| {
            Err(Failure::new(Class::Timeout, Origin::Router, "the deadline has passed").into())
        })
    }

    /// The lane to a target that refused something which can be said otherwise. What the refusal
    /// tells of an earlier mend is heard.
    fn mend(
        &mut self,
        id: TargetId,
        (target, lane): (&Target, &Lane),
        failure: &Failure,
    ) -> Option<Lane> {
        let learned = self.worker.app.learned();
        match self.mending.take_if(|it| it.target != id || it.sequel(failure) != Sequel::Open) {
            Some(it) if it.target == id && it.sequel(failure) == Sequel::Helped => {
                it.remember(target, learned);
            }
            Some(_) | None => {}
        }
        if !self.walk.may_mend() {
            return None;
        }
        let strict = self.snapshot.config.server.strict_translation;
        let refused = (&self.inbound, id, target, lane);
        let (mending, lane) = Mending::of(refused, failure, learned, strict)?;
        tracing::warn!(
            id = ?self.record.id.0, target = target.model.nickname,
            mend = mending.name(), "refused; sent again with less: {failure}"
        );
        self.mending = Some(mending);
        Some(lane)
    }

    /// The target has answered; if a mend went before, it helped.
    fn remember(&mut self, id: TargetId, target: &Target) {
        if let Some(mending) = self.mending.take().filter(|it| it.target == id) {
            mending.remember(target, self.worker.app.learned());
        }
    }

    /// Settles a failed attempt: who it speaks against, and whether it is what the client hears.
    fn failed(
        &mut self,
        (id, target): (TargetId, &Target),
        rescue: Rescue,
        trial: Trial,
        lane: Lane,
    ) -> Judgement {
        let Trial { permit, begun, mend, mended } = trial;
        let now = Instant::now().into_std();
        let mut judgement = self.walk.judge(&rescue.failure);
        if self.walk.deadline().is_some_and(|deadline| now >= deadline) {
            // The client's time was up, which says nothing about a target that had but a part of it.
            judgement.counts = Scope::Nothing;
        }
        if rescue.final_here && judgement.verdict == Verdict::Retry {
            judgement.verdict = Verdict::Fallback;
        }
        // Where the operator lets nobody else be asked, nothing is asked twice either.
        if mended.is_some() && judgement.verdict != Verdict::Stop {
            judgement.verdict = Verdict::Mend;
            (judgement.counts, judgement.park) = (Scope::Nothing, None);
        }
        self.lane = Some((id, mended.unwrap_or(lane)));
        permit.fail(&judgement, now);
        self.record.tried(&target.model.nickname, Some(rescue.failure.class), begun.elapsed());
        self.record.mended(mend);
        tracing::debug!(
            id = ?self.record.id.0, target = target.model.nickname,
            verdict = ?judgement.verdict, "{}", rescue.failure
        );
        if judgement.needs_larger_window {
            let window = Window(target.context_window);
            self.refused_window = self.refused_window.max(Some(window));
        }
        let stops = judgement.verdict == Verdict::Stop;
        // What is refused after a mend is refused of our own words: the client hears of its own.
        let of_its_own =
            !self.walk.may_mend() && self.worst.is_some() && is_mendable(target, &rescue.failure);
        if of_its_own {
            return judgement;
        }
        if stops
            || self.worst.as_ref().is_none_or(|worst| worst.usefulness() <= rescue.usefulness())
        {
            self.worst = Some(rescue);
        }
        judgement
    }

    fn answer(
        mut self: Box<Self>,
        target: &Target,
        lane: &Lane,
        opened: Opened,
        settling: Settling,
    ) -> Outcome {
        self.record.lost(lane.losses());
        let (status, mut headers, answer) = match opened {
            Opened::Whole { status, headers, body, usage, losses } => {
                self.record.lost(&losses);
                settling.succeed();
                self.record.answered(status.as_u16(), usage);
                (status, headers, Answer::whole(body))
            }
            Opened::Streamed { status, mut headers, first, rest, relay } => {
                headers.insert("cache-control", HeaderValue::from_static("no-cache"));
                self.name(target, lane, &mut headers);
                let (format, idle) = (self.inbound.format, target.clocks.idle);
                let begun = Begun { format, first, rest, relay };
                let around = Around {
                    backlog: self.inbound.backlog.clone(),
                    watcher: self.worker.watcher.clone(),
                };
                let stream = Stream::new(begun, idle, self.record, settling, around);
                let answer = Answer::Stream(Box::new(stream));
                return Outcome::Answered { status, headers, answer };
            }
        };
        self.name(target, lane, &mut headers);
        Outcome::Answered { status, headers, answer }
    }

    /// Says in the headers who served and how it went.
    fn name(&self, target: &Target, lane: &Lane, headers: &mut HeaderMap) {
        headers.insert(MODEL, target.names.model.clone());
        headers.insert(PROVIDER, target.names.provider.clone());
        headers.insert(ATTEMPTS, self.record.trace());
        headers.insert(LANE, HeaderValue::from_static(lane.name()));
        if let Some(losses) = self.record.losses() {
            headers.insert(LOSS, losses);
        }
    }

    fn give_up(mut self: Box<Self>, why: Why) -> Outcome {
        let rescue = match self.worst.take() {
            Some(worst) => self.said(worst),
            None => self.never_tried(why).into(),
        };
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(ATTEMPTS, self.record.trace());
        Outcome::Refused { rescue: Box::new(rescue), headers, record: Box::new(self.record) }
    }

    /// The failure the client hears, with what the router knows of when to come back.
    fn said(&self, mut worst: Rescue) -> Rescue {
        let busy = matches!(worst.status().as_u16(), 429 | 503 | 529);
        let failure = &mut worst.failure;
        if busy && failure.retry_after.is_none() {
            failure.retry_after = self.soonest();
        }
        let tried = self.record.attempts();
        // Clients mend their request by the words of a refusal. (decisions: 20)
        let is_about_it = matches!(failure.class, Class::BadRequest | Class::ContextWindow);
        if worst.verbatim.is_none() && tried > 1 && !is_about_it {
            let words = &mut failure.words.message;
            *words = format!("{tried} attempts failed; the last one: {words}");
        }
        worst
    }

    /// When the first parked target of the chain frees.
    fn soonest(&self) -> Option<std::time::Duration> {
        let now = Instant::now().into_std();
        let parked = |id: &TargetId| {
            self.target(*id).and_then(|target| target.gates.parked(Ask::Admit, now))
        };
        let soonest = self.targets.iter().filter_map(parked).map(|parked| parked.until).min();
        soonest.map(|until| until.saturating_duration_since(now))
    }

    fn never_tried(&self, why: Why) -> Failure {
        match why {
            Why::AllParked(parked) => self.all_parked(parked),
            Why::OutOfTime => {
                Failure::new(Class::Timeout, Origin::Router, "the deadline has passed")
            }
            Why::Exhausted | Why::OutOfAttempts | Why::Stopped => self.none_fits(),
        }
    }

    fn all_parked(&self, parked: Parked) -> Failure {
        let (class, why) = match parked.reason {
            Reason::Limited => (Class::RateLimited, "over its rpm_limit"),
            Reason::Asked => (Class::RateLimited, "resting, as its upstream asked"),
            Reason::Doubted | Reason::Probed => (Class::Overloaded, "resting after failures"),
        };
        let asked = self.record.asked();
        let message = format!("every target of {asked} is parked; the first to be free is {why}");
        let mut failure = Failure::new(class, Origin::Router, message);
        failure.retry_after =
            Some(parked.until.saturating_duration_since(Instant::now().into_std()));
        failure
    }

    fn none_fits(&self) -> Failure {
        let named = self.unfit.iter().filter_map(|(id, unfit)| {
            self.target(*id).map(|target| (target.model.nickname.clone(), unfit))
        });
        none_fits(self.record.asked(), &named.collect::<Vec<_>>())
    }
}

/// No target can do what is asked: says of each why. A request that is too long is said in the
/// words on which clients shorten it.
pub fn none_fits(asked: &str, unfit: &[(String, &Unfit)]) -> Failure {
    let largest = unfit.iter().filter_map(|(_, unfit)| match unfit {
        Unfit::TooSmall { window, needs } => Some((*window, *needs)),
        Unfit::NotServed { .. }
        | Unfit::Unreadable(_)
        | Unfit::CannotSay { .. }
        | Unfit::WouldLose { .. }
        | Unfit::Miswritten { .. }
        | Unfit::Lacks { .. }
        | Unfit::NoLarger => None,
    });
    if let Some((window, needs)) = largest.max() {
        let message = format!("prompt is too long: {needs} tokens > {window} maximum");
        return Failure::new(Class::ContextWindow, Origin::Router, message);
    }
    if let Some(failure) = unfit.iter().find_map(|(nickname, unfit)| unfit.of_request(nickname)) {
        return failure;
    }
    let reasons = unfit.iter().map(|(nickname, unfit)| format!("{nickname} {unfit}"));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    let message = format!("no target of {asked} can serve this: {reasons}");
    Failure::new(Class::FeatureUnsupported, Origin::Router, message)
}
impl Outcome {
    /// The response to the client.
    pub fn response(self, format: &dyn routectl_wire::ClientFormat) -> Response<Answer> {
        match self {
            Self::Answered { status, headers, answer } => {
                let mut response = Response::new(answer);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                response
            }
            Self::Refused { rescue, headers, mut record } => {
                record.refused(rescue.status().as_u16(), rescue.failure.class);
                let mut response = rescue.response(format);
                response.headers_mut().extend(headers);
                response
            }
        }
    }
}

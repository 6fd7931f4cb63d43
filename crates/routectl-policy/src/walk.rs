//! A request's way along its chain: verdict, gates, clock → try, wait, give up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use routectl_core::Failure;

use crate::chain::TargetId;
use crate::gate::{Ask, Parked, Reason};
use crate::verdict::{INLINE_WAIT, Judgement, Rules, Terms, Verdict, verdict};

/// No wait between two attempts grows beyond this, or beyond the first wait if that is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// What a gate says of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may be tried; the right to do so has been taken and is used by the step that follows.
    Open,
    /// Not now.
    Parked(Parked),
    /// Not by this request: it cannot do what is asked.
    Closed,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Wait, then try. A last resort is a try at a target that is parked.
    Try { target: TargetId, after: Duration, last_resort: bool },
    /// The client gets a failure.
    GiveUp(Why),
}

/// Why a walk is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The last verdict was to stop.
    Stopped,
    /// No target is left that was not tried or passed over.
    Exhausted,
    /// The attempt budget is spent.
    OutOfAttempts,
    /// The deadline is reached.
    OutOfTime,
    /// Nothing was tried: all targets are parked, this one until the soonest time.
    AllParked(Parked),
}

/// One request's way along its chain. It holds the one attempt budget and the one deadline.
#[derive(Debug, Clone)]
pub struct Walk {
    rules: Arc<Rules>,
    terms: Terms,
    targets: Arc<[TargetId]>,
    deadline: Option<Instant>,
    /// Where the next untried target stands.
    ahead: usize,
    /// The target tried last, and how often.
    here: Option<(TargetId, u32)>,
    /// Targets whose refusal has been mended: there is no second time.
    mended: Vec<TargetId>,
    /// Targets passed over because they were parked, in order.
    passed: Vec<TargetId>,
    attempts: u32,
    over: Option<Why>,
}

impl Walk {
    /// A walk that has not taken a step.
    pub fn new(
        targets: Arc<[TargetId]>,
        rules: Arc<Rules>,
        terms: Terms,
        started: Instant,
    ) -> Self {
        let deadline = rules.deadline.and_then(|time| started.checked_add(time));
        Self {
            rules,
            terms,
            targets,
            deadline,
            ahead: 0,
            here: None,
            mended: Vec::new(),
            passed: Vec::new(),
            attempts: 0,
            over: None,
        }
    }

    /// When the whole request has to be done.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How many attempts were handed out.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Judges a failure by this request's rules and terms.
    pub fn judge(&self, failure: &Failure) -> Judgement {
        verdict(failure, &self.rules, self.terms)
    }

    /// Whether a refusal of the target that was tried last may still be mended.
    pub fn may_mend(&self) -> bool {
        self.here.is_some_and(|(target, _)| !self.mended.contains(&target))
    }

    /// The next step, after the judgement of the last one. `admits` is asked for a target at most
    /// as often as needed; when it says [`Gate::Open`], the step is a try at that very target.
    /// Once given up, always given up.
    ///
    /// `random` is in [0, 1) and spreads the waits.
    pub fn next(
        &mut self,
        last: Option<&Judgement>,
        mut admits: impl FnMut(TargetId, Ask) -> Gate,
        now: Instant,
        random: f64,
    ) -> Step {
        let step = match self.barred(last, now) {
            Some(why) => Step::GiveUp(why),
            None => last
                .and_then(|last| self.again(last, &mut admits, now, random))
                .or_else(|| self.onward(&mut admits))
                .unwrap_or_else(|| self.last_resort(&mut admits, now)),
        };
        match step {
            Step::Try { .. } => self.attempts += 1,
            Step::GiveUp(why) => self.over = Some(why),
        }
        step
    }

    /// Why nothing at all may be tried any more.
    fn barred(&self, last: Option<&Judgement>, now: Instant) -> Option<Why> {
        if self.over.is_some() {
            return self.over;
        }
        if last.is_some_and(|last| last.verdict == Verdict::Stop) {
            return Some(Why::Stopped);
        }
        if self.attempts >= self.rules.max_total_attempts {
            return Some(Why::OutOfAttempts);
        }
        (!self.in_time(now, Duration::ZERO)).then_some(Why::OutOfTime)
    }

    /// Whether an attempt after this wait would begin before the deadline.
    fn in_time(&self, now: Instant, wait: Duration) -> bool {
        let Some(deadline) = self.deadline else { return true };
        now.checked_add(wait).is_some_and(|begin| begin < deadline)
    }

    /// The same target once more.
    fn again(
        &mut self,
        last: &Judgement,
        admits: &mut impl FnMut(TargetId, Ask) -> Gate,
        now: Instant,
        random: f64,
    ) -> Option<Step> {
        let (target, tries) = self.here?;
        let (after, tries) = match last.verdict {
            Verdict::Retry if tries < self.rules.attempts(last.class) => {
                (self.wait(last.retry_after, tries, random), tries + 1)
            }
            // At once, and it counts as the same try.
            Verdict::Mend if self.may_mend() => {
                self.mended.push(target);
                (Duration::ZERO, tries)
            }
            Verdict::Retry | Verdict::Mend | Verdict::Fallback | Verdict::Stop => return None,
        };
        if !self.in_time(now, after) || admits(target, Ask::Admit) != Gate::Open {
            return None;
        }
        self.here = Some((target, tries));
        Some(Step::Try { target, after, last_resort: false })
    }

    /// What the upstream asks for, else backoff; and jitter on both.
    fn wait(&self, asked: Option<Duration>, tries: u32, random: f64) -> Duration {
        let longest = self.rules.initial_backoff.max(LONGEST_BACKOFF);
        let exponent = i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = self.rules.backoff_multiplier.powi(exponent);
        let backoff = || scale(self.rules.initial_backoff, factor).unwrap_or(longest).min(longest);
        let jitter = scale(self.rules.jitter, random.clamp(0.0, 1.0)).unwrap_or_default();
        asked.unwrap_or_else(backoff).saturating_add(jitter)
    }

    /// The next target that is open.
    fn onward(&mut self, admits: &mut impl FnMut(TargetId, Ask) -> Gate) -> Option<Step> {
        let end = if self.terms.fallbacks { self.targets.len() } else { 1 };
        while let Some(&target) = self.targets.get(self.ahead).filter(|_| self.ahead < end) {
            self.ahead += 1;
            match admits(target, Ask::Admit) {
                Gate::Open => return Some(self.go(target, Duration::ZERO, false)),
                Gate::Parked(_) => self.passed.push(target),
                Gate::Closed => {}
            }
        }
        None
    }

    /// The chain is at its end. A target that was parked may be open by now; else the one that
    /// frees first gets one last try, if it is parked on our own judgement, or frees so soon that
    /// waiting beats sending the client away. After that try none is passed over any more, so
    /// there is no second.
    fn last_resort(
        &mut self,
        admits: &mut impl FnMut(TargetId, Ask) -> Gate,
        now: Instant,
    ) -> Step {
        let mut parked = Vec::new();
        let mut passed = std::mem::take(&mut self.passed).into_iter();
        while let Some(target) = passed.next() {
            match admits(target, Ask::Admit) {
                Gate::Open => {
                    self.passed =
                        parked.into_iter().map(|(target, _)| target).chain(passed).collect();
                    return self.go(target, Duration::ZERO, false);
                }
                Gate::Parked(until) => parked.push((target, until)),
                Gate::Closed => {}
            }
        }
        parked.sort_by_key(|(_, parked)| parked.until);
        for &(target, gate) in &parked {
            let Some(after) = self.last_resort_after(gate, now) else { continue };
            if admits(target, Ask::Insist) == Gate::Open {
                return self.go(target, after, true);
            }
        }
        match parked.first() {
            Some(&(_, soonest)) if self.attempts == 0 => Step::GiveUp(Why::AllParked(soonest)),
            Some(_) | None => Step::GiveUp(Why::Exhausted),
        }
    }

    /// After which wait a parked target may be tried against its gate, if at all.
    fn last_resort_after(&self, parked: Parked, now: Instant) -> Option<Duration> {
        let after = match parked.reason {
            Reason::Doubted => Duration::ZERO,
            Reason::Asked => parked.until.saturating_duration_since(now),
            Reason::Probed | Reason::Limited => return None,
        };
        (after <= INLINE_WAIT && self.in_time(now, after)).then_some(after)
    }

    fn go(&mut self, target: TargetId, after: Duration, last_resort: bool) -> Step {
        self.here = Some((target, 1));
        Step::Try { target, after, last_resort }
    }
}

/// A time by a factor; `None` when that is no time.
fn scale(time: Duration, factor: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).ok()
}

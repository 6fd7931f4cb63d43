//! Walks along scripted upstreams and hostile gates.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use routectl_core::Class;

use super::{failure, millis, secs};
use crate::{
    Ask, Gate, Judgement, Parked, Reason, Rules, Statuses, Step, TargetId, Terms, Verdict, Walk,
    Why,
};

const NAMES: [&str; 3] = ["first", "second", "third"];

/// A chain of three and what stands before it.
struct Scene {
    rules: Rules,
    terms: Terms,
    /// By target: `open`, `closed`, or what keeps it parked and for how many seconds: `asked/3`.
    gates: [&'static str; 3],
    /// How long each attempt takes.
    takes: Duration,
}

impl Default for Scene {
    fn default() -> Self {
        let rules = Rules { jitter: Duration::ZERO, ..Rules::default() };
        let terms = Terms::default();
        Self { rules, terms, gates: ["open"; 3], takes: Duration::ZERO }
    }
}

impl Scene {
    fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut scene = Self::default();
        change(&mut scene);
        scene
    }

    /// Goes along the chain while each attempt fails as the script says; a script that is done
    /// serves. Gives the attempts, with the waits before them, and why it gave up.
    fn walk(&self, script: &str) -> String {
        let start = Instant::now();
        let mut now = start;
        let targets: Arc<[TargetId]> = [0, 1, 2].map(TargetId).into();
        let mut walk = Walk::new(targets, Arc::new(self.rules.clone()), self.terms, start);
        let mut told = Vec::new();
        let mut last: Option<Judgement> = None;
        let mut script = script.split_whitespace();
        loop {
            let gate = |target, ask| self.gate(target, ask, start, now);
            match walk.next(last.as_ref(), gate, now, 0.5) {
                Step::Try { target, after, last_resort } => {
                    told.push(attempt(target, after, last_resort));
                    now += after + self.takes;
                }
                Step::GiveUp(why) => {
                    told.push(give_up(why, start));
                    return told.join(" ");
                }
            }
            let Some(words) = script.next() else { return told.join(" ") };
            last = Some(match words.strip_prefix("mended:") {
                Some(words) => Judgement { verdict: Verdict::Mend, ..walk.judge(&failure(words)) },
                None => walk.judge(&failure(words)),
            });
        }
    }

    fn gate(&self, target: TargetId, ask: Ask, start: Instant, now: Instant) -> Gate {
        let gate = self.gates[target.0 as usize];
        if gate == "open" {
            return Gate::Open;
        }
        let Some((reason, time)) = gate.split_once('/') else { return Gate::Closed };
        let until = start + secs(time.parse().unwrap());
        let reason = match reason {
            "doubted" => Reason::Doubted,
            "asked" => Reason::Asked,
            "probed" => Reason::Probed,
            _ => Reason::Limited,
        };
        if until <= now || ask == Ask::Insist {
            return Gate::Open;
        }
        Gate::Parked(Parked { until, reason })
    }
}

fn attempt(target: TargetId, after: Duration, last_resort: bool) -> String {
    let wait = if after.is_zero() { String::new() } else { format!("+{}", after.as_millis()) };
    let mark = if last_resort { "!" } else { "" };
    format!("{}{wait}{mark}", NAMES[target.0 as usize])
}

fn give_up(why: Why, start: Instant) -> String {
    match why {
        Why::Stopped => "(stopped)".to_owned(),
        Why::Exhausted => "(exhausted)".to_owned(),
        Why::OutOfAttempts => "(out of attempts)".to_owned(),
        Why::OutOfTime => "(out of time)".to_owned(),
        Why::AllParked(parked) => {
            format!("({:?} for {}s)", parked.reason, (parked.until - start).as_secs())
        }
    }
}

#[test]
fn retries_then_falls_back() {
    let check = |script: &str, expected: &str| {
        assert_eq!(Scene::default().walk(script), expected, "{script}");
    };
    check("", "first");
    check("overloaded", "first first+250");
    check("overloaded overloaded", "first first+250 second");
    check("overloaded network", "first first+250 second");
    check("rate-limited/3", "first first+3000");
    check("rate-limited/30", "first second");
    check("rate-limited/0", "first first+250");
    check("quota auth", "first second third");
    check("bad-request@400 model-missing@404", "first second third");
    check("content-policy", "first (stopped)");
    check("client-gone", "first (stopped)");
    check("auth auth auth", "first second third (exhausted)");
    let all = "timeout timeout timeout timeout timeout timeout";
    let everyone = "first first+250 second second+250 third third+250 (exhausted)";
    check(all, everyone);
}

#[test]
fn each_class_has_its_own_number_of_attempts() {
    let check = |change: fn(&mut Rules), script: &str, expected: &str| {
        let scene = Scene::with(|scene| change(&mut scene.rules));
        assert_eq!(scene.walk(script), expected, "{script}");
    };
    check(|rules| rules.retry_on_429 = Some(1), "rate-limited", "first second");
    check(|rules| rules.retry_on_429 = Some(0), "rate-limited", "first second");
    check(|rules| rules.retry_on_429 = Some(1), "overloaded", "first first+250");
    let three = "first first+250 first+500";
    check(|rules| rules.retry_on_5xx = Some(3), "overloaded server-error", three);
    check(|rules| rules.retry_on_network = Some(3), "network timeout", three);
    check(|rules| rules.retry_on_network = Some(3), "network overloaded", "first first+250 second");
    check(|rules| rules.max_attempts = 1, "network", "first second");
}

#[test]
fn a_mended_request_goes_to_the_same_target_at_once_and_once() {
    let check = |change: fn(&mut Scene), script: &str, expected: &str| {
        assert_eq!(Scene::with(change).walk(script), expected, "{script}");
    };
    let any = |_: &mut Scene| {};
    check(any, "mended:bad-request", "first first");
    check(any, "mended:bad-request bad-request", "first first second");
    check(any, "mended:bad-request mended:bad-request", "first first second");
    check(any, "mended:bad-request overloaded", "first first first+250");
    check(any, "overloaded mended:bad-request", "first first+250 first");
    check(any, "mended:bad-request auth mended:bad-request", "first first second second");
    check(|it| it.rules.max_attempts = 1, "mended:bad-request", "first first");
    let spent = "first (out of attempts)";
    check(|it| it.rules.max_total_attempts = 1, "mended:bad-request", spent);
    let late = |it: &mut Scene| {
        (it.rules.deadline, it.takes) = (Some(secs(1)), secs(2));
    };
    check(late, "mended:bad-request", "first (out of time)");
}

#[test]
fn waits_grow_and_spread_but_stay_bounded() {
    let check = |change: fn(&mut Rules), expected: &str| {
        let scene = Scene::with(|scene| {
            scene.rules.max_attempts = 4;
            change(&mut scene.rules);
        });
        assert_eq!(scene.walk("timeout timeout timeout"), expected);
    };
    check(|_| {}, "first first+250 first+500 first+1000");
    // The dice say one half.
    check(|rules| rules.jitter = millis(50), "first first+275 first+525 first+1025");
    check(|rules| rules.backoff_multiplier = 1000.0, "first first+250 first+60000 first+60000");
    check(
        |rules| rules.backoff_multiplier = f64::INFINITY,
        "first first+250 first+60000 first+60000",
    );
    check(|rules| rules.backoff_multiplier = f64::NAN, "first first+250 first+60000 first+60000");
    check(|rules| rules.initial_backoff = secs(90), "first first+90000 first+90000 first+90000");
}

#[test]
fn a_wait_beyond_the_deadline_is_not_slept() {
    let check = |deadline: u64, takes: u64, script: &str, expected: &str| {
        let scene = Scene::with(|scene| {
            scene.rules.deadline = Some(millis(deadline));
            scene.takes = millis(takes);
        });
        assert_eq!(scene.walk(script), expected, "{script}");
    };
    check(
        1000,
        0,
        "rate-limited/3 rate-limited/3 rate-limited/3",
        "first second third (exhausted)",
    );
    check(250, 0, "overloaded", "first second");
    check(251, 0, "overloaded", "first first+250");
    check(1000, 600, "auth auth", "first second (out of time)");
    check(0, 0, "", "(out of time)");
}

#[test]
fn one_budget_holds_for_the_whole_chain() {
    let check = |budget: u32, expected: &str| {
        let scene = Scene::with(|scene| scene.rules.max_total_attempts = budget);
        assert_eq!(scene.walk("network network network network"), expected);
    };
    check(3, "first first+250 second (out of attempts)");
    check(1, "first (out of attempts)");
    check(0, "(out of attempts)");
}

#[test]
fn without_fallbacks_only_the_first_target_is_tried() {
    let check = |gates: [&'static str; 3], script: &str, expected: &str| {
        let scene = Scene::with(|scene| {
            scene.terms.fallbacks = false;
            scene.gates = gates;
        });
        assert_eq!(scene.walk(script), expected, "{script}");
    };
    check(["open"; 3], "auth", "first (exhausted)");
    check(["open"; 3], "overloaded overloaded", "first first+250 (exhausted)");
    check(["limited/9", "open", "open"], "", "(Limited for 9s)");
    check(["closed", "open", "open"], "", "(exhausted)");
}

#[test]
fn a_status_that_may_not_fall_back_is_shown() {
    let scene = Scene::with(|scene| scene.rules.falls_back = Statuses::Only(vec![429]));
    assert_eq!(scene.walk("server-error@500"), "first (stopped)");
    assert_eq!(scene.walk("rate-limited@429 rate-limited@429"), "first first+250 second");
}

#[test]
fn gates_are_gone_around() {
    let check = |gates: [&'static str; 3], script: &str, expected: &str| {
        let scene = Scene::with(|scene| scene.gates = gates);
        assert_eq!(scene.walk(script), expected, "{gates:?} {script}");
    };
    check(["doubted/30", "open", "open"], "", "second");
    check(["closed", "asked/30", "open"], "", "third");
    check(["closed", "closed", "closed"], "", "(exhausted)");
    check(["closed", "open", "closed"], "auth", "second (exhausted)");
}

#[test]
fn when_all_are_parked_the_one_that_frees_first_gets_one_last_try() {
    let check = |gates: [&'static str; 3], script: &str, expected: &str| {
        let scene = Scene::with(|scene| scene.gates = gates);
        assert_eq!(scene.walk(script), expected, "{gates:?} {script}");
    };
    check(["doubted/30", "doubted/20", "doubted/25"], "", "second!");
    check(["doubted/30", "doubted/20", "doubted/25"], "auth", "second! (exhausted)");
    check(["doubted/30", "doubted/20", "doubted/25"], "network", "second! (exhausted)");
    check(["doubted/30", "closed", "closed"], "", "first!");
    // What the upstream said is believed: waited for when it is short, passed on when it is long.
    check(["asked/30", "asked/4", "closed"], "", "second+4000!");
    check(["asked/30", "asked/6", "closed"], "", "(Asked for 6s)");
    check(["asked/6", "doubted/30", "closed"], "", "second!");
    // Never past a rate limit or a running probe.
    check(["limited/1", "probed/1", "closed"], "", "(Limited for 1s)");
    check(["limited/1", "probed/1", "doubted/9"], "", "third!");
    // A last try is also there after real failures.
    check(["open", "doubted/30", "closed"], "auth", "first second!");
    check(["open", "asked/30", "closed"], "auth", "first (exhausted)");
}

#[test]
fn a_target_that_freed_meanwhile_is_tried_as_usual() {
    let scene = Scene::with(|scene| {
        scene.gates = ["limited/1", "doubted/2", "open"];
        scene.takes = secs(3);
    });
    assert_eq!(scene.walk("auth auth auth"), "third first second (exhausted)");
}

#[test]
fn a_last_try_that_would_pass_the_deadline_is_not_waited_for() {
    let scene = Scene::with(|scene| {
        scene.gates = ["asked/4", "asked/5", "closed"];
        scene.rules.deadline = Some(secs(3));
    });
    assert_eq!(scene.walk(""), "(Asked for 4s)");
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let numbers = (0_u32..4, 0_u32..4, 0_u32..4, 0_u32..4, 0_u32..10);
    let times = (0_u64..2000, 0_u64..500, prop::option::of(0_u64..20_000));
    let lists = prop_oneof![
        Just(Statuses::All),
        Just(Statuses::Only(vec![429, 500])),
        Just(Statuses::AllBut(vec![500])),
    ];
    (numbers, times, any::<f64>(), lists).prop_map(|(numbers, times, backoff_multiplier, lists)| {
        Rules {
            max_attempts: numbers.0,
            retry_on_429: Some(numbers.1),
            retry_on_5xx: Some(numbers.2),
            retry_on_network: Some(numbers.3),
            max_total_attempts: numbers.4,
            initial_backoff: millis(times.0),
            jitter: millis(times.1),
            deadline: times.2.map(millis),
            backoff_multiplier,
            falls_back: lists,
            ..Rules::default()
        }
    })
}

fn any_gate(start: Instant) -> impl Strategy<Value = Gate> {
    let reason = prop_oneof![
        Just(Reason::Doubted),
        Just(Reason::Asked),
        Just(Reason::Probed),
        Just(Reason::Limited),
    ];
    let parked = (reason, 0_u64..20_000).prop_map(move |(reason, time)| {
        Gate::Parked(Parked { until: start + millis(time), reason })
    });
    prop_oneof![3 => Just(Gate::Open), 2 => parked, 1 => Just(Gate::Closed)]
}

/// How one attempt went: class, status, what the upstream asks for, how long it took, the dice,
/// whether it can be mended.
type Turn = (usize, Option<u16>, Option<u64>, u64, f64, bool);

fn any_turn() -> impl Strategy<Value = Turn> {
    let status =
        prop::option::of(prop_oneof![Just(200), Just(400), Just(429), Just(500), Just(529)]);
    (
        0..Class::ALL.len(),
        status,
        prop::option::of(0_u64..20_000),
        0_u64..3000,
        0.0..1.0,
        any::<bool>(),
    )
}

fn judged(walk: &Walk, turn: &Turn) -> Judgement {
    let mut failure = failure(Class::ALL[turn.0].name());
    failure.status = turn.1;
    failure.retry_after = turn.2.map(millis);
    let judgement = walk.judge(&failure);
    if turn.5 && judgement.verdict != Verdict::Stop {
        return Judgement { verdict: Verdict::Mend, ..judgement };
    }
    judgement
}

proptest! {
    /// Whatever upstreams and gates do: the budget and the deadline hold, nothing follows a stop,
    /// an opened gate is used, waits are bounded, and the walk comes to its end.
    #[test]
    fn a_walk_keeps_its_laws(
        rules in any_rules(),
        fallbacks in any::<bool>(),
        length in 0_u32..6,
        turns in prop::collection::vec(any_turn(), 40),
        gates in prop::collection::vec(any_gate(Instant::now()), 97),
    ) {
        let start = Instant::now();
        let targets: Arc<[TargetId]> = (0..length).map(TargetId).collect();
        let terms = Terms { fallbacks, ..Terms::default() };
        let mut walk = Walk::new(Arc::clone(&targets), Arc::new(rules.clone()), terms, start);
        let deadline = rules.deadline.map(|time| start + time);
        let mut now = start;
        let mut last: Option<Judgement> = None;
        let mut asked = gates.iter().cycle();
        let (mut attempts, mut last_resorts) = (0, 0);
        let mut previous = None;
        let mut mended = HashSet::new();
        for turn in &turns {
            let opened = RefCell::new(Vec::new());
            let gate = |target, ask| {
                let gate = *asked.next().unwrap();
                if gate == Gate::Open { opened.borrow_mut().push((target, ask)); }
                gate
            };
            let step = walk.next(last.as_ref(), gate, now, turn.4);
            let opened = opened.into_inner();
            let (target, after) = match step {
                Step::GiveUp(_) => {
                    prop_assert!(opened.is_empty(), "a gate was opened for nothing");
                    let later = walk.next(None, |_, _| Gate::Open, now + secs(999), 0.0);
                    prop_assert_eq!(later, step, "given up is given up");
                    return Ok(());
                }
                Step::Try { target, after, last_resort } => {
                    let ask = if last_resort { Ask::Insist } else { Ask::Admit };
                    prop_assert_eq!(opened, vec![(target, ask)]);
                    last_resorts += u32::from(last_resort);
                    (target, after)
                }
            };
            attempts += 1;
            prop_assert!(last_resorts <= 1);
            prop_assert!(attempts <= rules.max_total_attempts);
            prop_assert_eq!(walk.attempts(), attempts);
            prop_assert!(after <= secs(61), "{:?}", after);
            prop_assert!(deadline.is_none_or(|deadline| now + after < deadline));
            prop_assert!(fallbacks || target == targets[0]);
            if let Some(last) = &last {
                prop_assert!(last.verdict != Verdict::Stop);
                let again = matches!(last.verdict, Verdict::Retry | Verdict::Mend);
                prop_assert!(again || previous != Some(target));
                if last.verdict == Verdict::Mend && previous == Some(target) {
                    prop_assert!(mended.insert(target), "mended twice");
                }
            }
            previous = Some(target);
            now += after + millis(turn.3);
            last = Some(judged(&walk, turn));
        }
        prop_assert!(false, "a walk that does not end");
    }
}

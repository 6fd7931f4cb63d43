//! Breakers, buckets, and the gates of an account that they make up.

use std::num::NonZeroU32;
use std::time::Instant;

use proptest::prelude::*;

use super::{failure, millis, secs};
use crate::{
    Account, Ask, Breaker, Bucket, Cooldown, Parked, Pass, Reason, Rules, Terms, Ticket, verdict,
};

const RULE: Cooldown = Cooldown { failures: 3, pause: std::time::Duration::from_secs(30) };

/// Plays a script of steps on one breaker and tells what each request heard. Each letter is a
/// request that is admitted at once: `s` succeeds, `f` fails, `r` tells nothing, `i` insists and
/// fails, `I` insists and succeeds; `[` begins a request that stays and `s] f] r]` end it. `+7`
/// lets seven seconds pass, `p7` parks for seven on the upstream's word, `g7` on our guess.
fn play(rule: Option<Cooldown>, script: &str) -> String {
    let mut now = Instant::now();
    let start = now;
    let mut breaker = Breaker::new(rule);
    let mut held: Vec<Pass> = Vec::new();
    let mut told = Vec::new();
    for step in script.split_whitespace() {
        let (kind, rest) = step.split_at(1);
        let time = || secs(rest.parse().unwrap());
        let ask = if matches!(kind, "i" | "I") { Ask::Insist } else { Ask::Admit };
        let pass = match (kind, rest) {
            ("+", _) => {
                now += time();
                continue;
            }
            ("p" | "g", _) => {
                breaker.park(now + time(), kind == "p", now);
                continue;
            }
            (_, "]") => Ok(held.remove(0)),
            _ => breaker.admit(ask, now),
        };
        match (kind, pass) {
            ("[", Ok(pass)) => held.push(pass),
            ("s" | "I", Ok(pass)) => breaker.succeed(pass),
            ("f" | "i", Ok(pass)) => breaker.fail(pass, now),
            (_, Ok(pass)) => breaker.release(pass),
            (_, Err(Parked { until, reason })) => {
                told.push(format!("{reason:?}@{}", (until - start).as_secs()));
                continue;
            }
        }
        told.push("ok".to_owned());
    }
    told.join(" ")
}

#[test]
fn failures_in_a_row_open_it_and_one_request_probes() {
    let check =
        |script: &str, expected: &str| assert_eq!(play(Some(RULE), script), expected, "{script}");
    check("f f s f f s", "ok ok ok ok ok ok");
    check("f f f s", "ok ok ok Doubted@30");
    check("f f r f s", "ok ok ok ok Doubted@30");
    // After the pause one probes, the others hear to ask again in a second.
    check("f f f +30 [ s +5 s", "ok ok ok ok Probed@31 Probed@36");
    check("f f f +30 [ s] s s", "ok ok ok ok ok ok ok");
    check("f f f +30 [ f] s +29 s +1 s", "ok ok ok ok ok Doubted@60 Doubted@60 ok");
    // A probe that tells nothing hands over to the next request at once.
    check("f f f +30 [ r] [ s", "ok ok ok ok ok ok Probed@31");
    // A closed breaker counts anew after a probe that succeeded.
    check("f f f +30 s f f s", "ok ok ok ok ok ok ok");
}

#[test]
fn only_the_probe_speaks_while_it_is_open() {
    let check =
        |script: &str, expected: &str| assert_eq!(play(Some(RULE), script), expected, "{script}");
    check("[ f f f s] s", "ok ok ok ok ok Doubted@30");
    check("[ f f f +30 [ s] s", "ok ok ok ok ok ok Probed@31");
    check("[ f f f +30 [ r] s", "ok ok ok ok ok ok Probed@31");
    check("[ f f f +30 [ f] s", "ok ok ok ok ok ok Probed@31");
}

#[test]
fn a_forgotten_probe_frees_by_itself() {
    let check =
        |script: &str, expected: &str| assert_eq!(play(Some(RULE), script), expected, "{script}");
    check("f f f +30 [ +899 s +1 s s", "ok ok ok ok Probed@930 ok ok");
    // And when it comes back after all, it does not take the new probe's place.
    check("f f f +30 [ +900 [ r] s", "ok ok ok ok ok ok Probed@931");
    check("f f f +30 [ +900 [ f] s", "ok ok ok ok ok ok Probed@931");
    check("f f f +30 [ +900 [ s] s", "ok ok ok ok ok ok Probed@931");
}

#[test]
fn a_request_that_began_in_the_same_instant_is_not_the_probe() {
    let rule = Cooldown { failures: 1, pause: secs(0) };
    assert_eq!(play(Some(rule), "[ f [ r] s"), "ok ok ok ok Probed@1");
    assert_eq!(play(Some(rule), "[ f [ s] s"), "ok ok ok ok Probed@1");
}

#[test]
fn a_last_resort_passes_an_open_breaker_as_its_probe() {
    let check =
        |script: &str, expected: &str| assert_eq!(play(Some(RULE), script), expected, "{script}");
    check("f f f I s", "ok ok ok ok ok");
    check("f f f +10 i s", "ok ok ok ok Doubted@40");
    check("f f f +30 [ i", "ok ok ok ok Probed@31");
}

#[test]
fn parking_works_without_a_breaker_and_ends_on_time() {
    let check = |script: &str, expected: &str| assert_eq!(play(None, script), expected, "{script}");
    check("f f f f f f s", "ok ok ok ok ok ok ok");
    check("p7 s +6 s +1 s s", "Asked@7 Asked@7 ok ok");
    check("g7 s +7 s", "Doubted@7 ok");
    // All who waited go together: a parking time ends without a probe.
    check("p7 +7 [ [ s", "ok ok ok");
    check("p9 p7 s", "Asked@9");
    check("p7 p9 s", "Asked@9");
    // Who gets through against it ends it; who began before it does not.
    check("p60 I s", "ok ok");
    check("p60 i s", "ok Asked@60");
    check("[ +1 p60 s] s", "ok ok Asked@61");
}

#[test]
fn failures_before_and_parking_add_up() {
    let check =
        |script: &str, expected: &str| assert_eq!(play(Some(RULE), script), expected, "{script}");
    check("f f f p60 s", "ok ok ok Asked@60");
    check("f f f p10 s +10 s", "ok ok ok Asked@30 Doubted@30");
}

#[test]
fn a_bucket_lets_through_a_minutes_worth_and_then_evenly() {
    let start = Instant::now();
    let mut bucket = Bucket::per_minute(NonZeroU32::new(3).unwrap());
    let mut check = |at: u64, expected: Result<(), u64>| {
        let answer = bucket.take(start + secs(at)).map_err(|free| (free - start).as_secs());
        assert_eq!(answer, expected, "at {at}");
    };
    check(0, Ok(()));
    check(0, Ok(()));
    check(0, Ok(()));
    check(0, Err(20));
    check(19, Err(20));
    check(20, Ok(()));
    check(20, Err(40));
    check(60, Ok(()));
    check(60, Ok(()));
    check(60, Err(80));
}

/// An account with a breaker and a bucket, and two models.
struct Scene {
    account: Account,
    now: Instant,
}

impl Scene {
    fn new(rule: Option<Cooldown>, rpm: Option<u32>) -> Self {
        let rpm = rpm.and_then(NonZeroU32::new);
        Self { account: Account::new(rule, rpm), now: Instant::now() }
    }

    fn fail(&mut self, model: &str, words: &str) {
        let ticket = self.account.admit(model, Ask::Admit, self.now).unwrap();
        let judgement = verdict(&failure(words), &Rules::default(), Terms::default());
        self.account.fail(model, ticket, &judgement, self.now);
    }

    fn hears(&self, model: &str) -> Option<(Reason, u64)> {
        let parked = self.account.parked(model, Ask::Admit, self.now)?;
        Some((parked.reason, (parked.until - self.now).as_secs()))
    }
}

#[test]
fn a_failing_model_does_not_park_its_siblings_but_a_dead_account_does() {
    let check =
        |words: &str, times: usize, own: Option<(Reason, u64)>, sibling: Option<(Reason, u64)>| {
            let mut scene = Scene::new(Some(RULE), None);
            for _ in 0..times {
                scene.fail("opus", words);
            }
            assert_eq!(scene.hears("opus"), own, "{words}");
            assert_eq!(scene.hears("haiku"), sibling, "{words}");
        };
    let doubted = Some((Reason::Doubted, 30));
    check("server-error", 2, None, None);
    check("server-error", 3, doubted, None);
    check("timeout", 3, doubted, None);
    check("network", 3, doubted, doubted);
    check("auth", 3, doubted, doubted);
    check("bad-request", 9, None, None);
    check("context-window", 9, None, None);
    check("rate-limited/60", 1, Some((Reason::Asked, 60)), None);
    check("quota/60", 1, Some((Reason::Asked, 60)), Some((Reason::Asked, 60)));
    check("quota", 1, Some((Reason::Doubted, 600)), Some((Reason::Doubted, 600)));
    check("model-missing", 1, Some((Reason::Doubted, 300)), None);
}

#[test]
fn a_probe_frees_its_model_whomever_its_failure_speaks_against() {
    for words in ["network", "bad-request", "model-missing"] {
        let mut scene = Scene::new(Some(RULE), None);
        for _ in 0..3 {
            scene.fail("opus", "server-error");
        }
        scene.now += secs(30);
        scene.fail("opus", words);
        assert_ne!(scene.hears("opus").map(|(reason, _)| reason), Some(Reason::Probed), "{words}");
    }
}

#[test]
fn the_rate_limit_is_over_all_models_and_no_last_resort_passes_it() {
    let mut scene = Scene::new(None, Some(2));
    let _first = scene.account.admit("opus", Ask::Admit, scene.now).unwrap();
    let _second = scene.account.admit("haiku", Ask::Insist, scene.now).unwrap();
    for ask in [Ask::Admit, Ask::Insist] {
        let parked = scene.account.admit("opus", ask, scene.now).unwrap_err();
        assert_eq!(parked, Parked { until: scene.now + secs(30), reason: Reason::Limited });
    }
}

#[test]
fn a_request_that_one_gate_refuses_takes_nothing_from_the_others() {
    let mut scene = Scene::new(Some(RULE), Some(6));
    for _ in 0..3 {
        scene.fail("opus", "server-error");
    }
    for _ in 0..9 {
        scene.account.admit("opus", Ask::Admit, scene.now).unwrap_err();
    }
    // Three of six tokens are left, and then no probe may be held back by the empty bucket.
    for _ in 0..3 {
        scene.fail("haiku", "bad-request");
    }
    assert_eq!(scene.hears("haiku"), Some((Reason::Limited, 10)));
    scene.account.admit("opus", Ask::Insist, scene.now).unwrap_err();
    scene.now += secs(30);
    let probe = scene.account.admit("opus", Ask::Admit, scene.now);
    assert!(probe.is_ok(), "{probe:?}");
    assert_eq!(scene.hears("opus").map(|(reason, _)| reason), Some(Reason::Probed));
}

#[derive(Debug, Clone)]
enum Op {
    Admit { model: usize, ask: Ask },
    Succeed(usize),
    Fail(usize, &'static str),
    Release(usize),
    Forget(usize),
    Pass(u64),
}

fn any_op() -> impl Strategy<Value = Op> {
    let words = prop_oneof![
        Just("server-error"),
        Just("network"),
        Just("bad-request"),
        Just("rate-limited/3600"),
        Just("quota"),
        Just("model-missing"),
        Just("client-gone"),
    ];
    let ask = prop_oneof![4 => Just(Ask::Admit), 1 => Just(Ask::Insist)];
    prop_oneof![
        6 => (0_usize..2, ask).prop_map(|(model, ask)| Op::Admit { model, ask }),
        1 => (0_usize..8).prop_map(Op::Succeed),
        4 => (0_usize..8, words).prop_map(|(held, words)| Op::Fail(held, words)),
        1 => (0_usize..8).prop_map(Op::Release),
        1 => (0_usize..8).prop_map(Op::Forget),
        3 => (0_u64..40_000).prop_map(Op::Pass),
    ]
}

const MODELS: [&str; 2] = ["opus", "haiku"];

fn take(held: &mut Vec<(usize, Ticket)>, index: usize) -> Option<(usize, Ticket)> {
    (!held.is_empty()).then(|| held.remove(index % held.len()))
}

proptest! {
    /// Under any sequence of requests, ends, forgotten ends and waits: enough time later the
    /// account admits again, for each of its models.
    #[test]
    fn a_breaker_is_never_stuck(
        failures in prop::option::of(0_u32..4),
        ops in prop::collection::vec(any_op(), 0..60),
    ) {
        let rule = failures.map(|failures| Cooldown { failures, pause: secs(30) });
        let mut scene = Scene::new(rule, NonZeroU32::new(600).map(NonZeroU32::get));
        let mut held: Vec<(usize, Ticket)> = Vec::new();
        for op in ops {
            let Scene { account, now } = &mut scene;
            match op {
                Op::Admit { model, ask } => {
                    if let Ok(ticket) = account.admit(MODELS[model], ask, *now) {
                        held.push((model, ticket));
                    }
                }
                Op::Succeed(index) => if let Some((model, ticket)) = take(&mut held, index) {
                    account.succeed(MODELS[model], ticket);
                },
                Op::Fail(index, words) => if let Some((model, ticket)) = take(&mut held, index) {
                    let judgement = verdict(&failure(words), &Rules::default(), Terms::default());
                    account.fail(MODELS[model], ticket, &judgement, *now);
                },
                Op::Release(index) => if let Some((model, ticket)) = take(&mut held, index) {
                    account.release(MODELS[model], ticket);
                },
                Op::Forget(index) => drop(take(&mut held, index)),
                Op::Pass(time) => *now += millis(time),
            }
        }
        // No parking time is longer than the hour that is honoured; a probe is forgotten sooner.
        scene.now += secs(3600);
        for model in MODELS {
            let ticket = scene.account.admit(model, Ask::Admit, scene.now);
            prop_assert!(ticket.is_ok(), "{model}: {ticket:?}");
            scene.account.succeed(model, ticket.unwrap());
        }
    }

    /// Between the opening of a breaker and its closing at most one request is under way that
    /// began after the opening.
    #[test]
    fn at_most_one_probes(ops in prop::collection::vec(0_u8..6, 0..80)) {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(Some(Cooldown { failures: 1, pause: secs(30) }));
        let first = breaker.admit(Ask::Admit, now).unwrap();
        breaker.fail(first, now);
        let mut probe: Option<Pass> = None;
        for op in ops {
            match (op, probe.take()) {
                (0, Some(pass)) => breaker.fail(pass, now),
                (1, Some(pass)) => breaker.release(pass),
                (2, held) => { now += secs(7); probe = held; }
                (op, held) => {
                    let ask = if op == 3 { Ask::Insist } else { Ask::Admit };
                    let admitted = breaker.admit(ask, now);
                    prop_assert!(held.is_none() || admitted.is_err(), "two probes");
                    probe = held.or_else(|| admitted.ok());
                }
            }
        }
    }

    /// Over any span of time a bucket lets through at most a minute's worth and what flowed in;
    /// when it says no, there is a token at the time it names and not before.
    #[test]
    fn a_bucket_never_exceeds_its_rate(
        rpm in 1_u32..200,
        waits in prop::collection::vec(prop_oneof![30 => 0_u64..200, 1 => 0_u64..90_000], 1..400),
    ) {
        let mut now = Instant::now();
        let mut bucket = Bucket::per_minute(NonZeroU32::new(rpm).unwrap());
        let mut taken: Vec<Instant> = Vec::new();
        for wait in waits {
            now += millis(wait);
            match bucket.take(now) {
                Ok(()) => taken.push(now),
                Err(at) => {
                    prop_assert!(at > now);
                    prop_assert!(bucket.clone().take(at - std::time::Duration::from_nanos(1)).is_err());
                    prop_assert!(bucket.clone().take(at).is_ok());
                }
            }
        }
        for (index, from) in taken.iter().enumerate() {
            let span = taken[taken.len() - 1] - *from;
            let most = f64::from(rpm) * (1.0 + span.as_secs_f64() / 60.0);
            let count = u32::try_from(taken.len() - index).unwrap();
            prop_assert!(f64::from(count) <= most + 0.001, "{count} in {span:?}");
        }
    }
}

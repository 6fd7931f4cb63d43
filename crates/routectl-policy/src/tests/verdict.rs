//! Failures to judgements.

use std::collections::BTreeMap;

use routectl_core::{Class, Origin};

use super::{failure, secs};
use crate::{Judgement, Rules, Scope, Statuses, Terms, Verdict, reclass, verdict};

fn words(judgement: &Judgement) -> String {
    let verdict = match judgement.verdict {
        Verdict::Retry => "retry",
        Verdict::Mend => "mend",
        Verdict::Fallback => "fallback",
        Verdict::Stop => "stop",
    };
    let scope = |scope| match scope {
        Scope::Nothing => "nothing",
        Scope::Model => "model",
        Scope::Provider => "provider",
    };
    let mut words = format!("{verdict}, counts {}", scope(judgement.counts));
    if let Some(park) = judgement.park {
        let who = if park.told { "told" } else { "guess" };
        words += &format!(", parks {} {}s {who}", scope(park.scope), park.time.as_secs());
    }
    if judgement.needs_larger_window {
        words += ", larger window";
    }
    words
}

#[test]
fn each_class_has_its_meaning() {
    let check = |script: &str, expected: &str| {
        let judgement = verdict(&failure(script), &Rules::default(), Terms::default());
        assert_eq!(words(&judgement), expected, "{script}");
    };
    check("rate-limited@429", "retry, counts model");
    check("rate-limited/5@429", "retry, counts model");
    check("rate-limited/6@429", "fallback, counts model, parks model 6s told");
    check("rate-limited/0@429", "retry, counts model");
    check("rate-limited/86400@429", "fallback, counts model, parks model 3600s told");
    check("quota@402", "fallback, counts provider, parks provider 600s guess");
    check("quota/3@429", "fallback, counts provider, parks provider 3s told");
    check("quota/999999@429", "fallback, counts provider, parks provider 3600s told");
    check("auth@401", "fallback, counts provider");
    check("bad-request@400", "fallback, counts nothing");
    check("content-policy@400", "stop, counts nothing");
    check("context-window@400", "fallback, counts nothing, larger window");
    check("model-missing@404", "fallback, counts nothing, parks model 300s guess");
    check("feature-unsupported@400", "fallback, counts nothing");
    check("server-error@500", "retry, counts model");
    check("server-error/60@503", "fallback, counts model, parks model 60s told");
    check("overloaded@529", "retry, counts model");
    check("overloaded/60@529", "fallback, counts model, parks model 60s told");
    check("timeout", "retry, counts model");
    check("network", "retry, counts provider");
    check("client-gone", "stop, counts nothing");
}

#[test]
fn no_rest_is_longer_than_the_operator_allows() {
    let rules = Rules { max_honored_retry_after: secs(20), ..Rules::default() };
    for script in ["quota", "quota/999", "model-missing", "rate-limited/999", "overloaded/999"] {
        let judgement = verdict(&failure(script), &rules, Terms::default());
        assert_eq!(judgement.park.map(|park| park.time), Some(secs(20)), "{script}");
    }
}

#[test]
fn the_lists_decide_which_statuses_leave() {
    let only = Statuses::Only(vec![429, 503]);
    let all_but = Statuses::AllBut(vec![400, 500]);
    let check = |lists: &Statuses, script: &str, expected: Verdict| {
        let rules = Rules { falls_back: lists.clone(), ..Rules::default() };
        assert_eq!(
            verdict(&failure(script), &rules, Terms::default()).verdict,
            expected,
            "{script}"
        );
    };
    check(&only, "rate-limited@429", Verdict::Retry);
    check(&only, "server-error@503", Verdict::Retry);
    check(&only, "server-error@500", Verdict::Stop);
    check(&only, "auth@401", Verdict::Stop);
    check(&all_but, "bad-request@400", Verdict::Stop);
    check(&all_but, "server-error@500", Verdict::Stop);
    check(&all_but, "server-error@502", Verdict::Retry);
    check(&all_but, "auth@401", Verdict::Fallback);
    // The lists are of status codes: a broken wire has none, and an error inside a 200 is no 200.
    check(&only, "network", Verdict::Retry);
    check(&only, "overloaded@200", Verdict::Retry);
    // A vendor's refusal of the content goes elsewhere only when the operator wrote that down.
    let policy = Statuses::Only(vec![400]);
    check(&policy, "content-policy@400", Verdict::Fallback);
    check(&all_but, "content-policy@403", Verdict::Stop);
    check(&policy, "content-policy@200", Verdict::Stop);
}

#[test]
fn a_probe_hears_429_and_529_at_once() {
    let check = |script: &str, expected: Verdict| {
        let terms = Terms { probe: true, ..Terms::default() };
        let judgement = verdict(&failure(script), &Rules::default(), terms);
        assert_eq!(judgement.verdict, expected, "{script}");
    };
    check("rate-limited@429", Verdict::Stop);
    check("quota@429", Verdict::Stop);
    check("overloaded@529", Verdict::Stop);
    check("overloaded@200", Verdict::Stop);
    check("overloaded@503", Verdict::Retry);
    check("server-error@500", Verdict::Retry);
    check("quota@402", Verdict::Fallback);
}

#[test]
fn a_probe_is_a_request_for_next_to_nothing() {
    let check = |limit: u64, max_tokens: Option<u64>, expected: bool| {
        let rules = Rules { probe_max_tokens: limit, ..Rules::default() };
        assert_eq!(rules.is_probe(max_tokens), expected, "{limit} {max_tokens:?}");
    };
    check(1, Some(1), true);
    check(1, Some(0), true);
    check(1, Some(2), false);
    check(1, None, false);
    check(16, Some(16), true);
    check(0, Some(0), false);
}

#[test]
fn what_the_client_did_wrong_speaks_against_no_target() {
    for class in Class::ALL {
        let mut failure = failure(class.name());
        failure.origin = Origin::Client;
        failure.retry_after = Some(secs(60));
        let judgement = verdict(&failure, &Rules::default(), Terms::default());
        assert_eq!(judgement.verdict, Verdict::Stop, "{class}");
        assert_eq!((judgement.counts, judgement.park), (Scope::Nothing, None), "{class}");
    }
}

#[test]
fn an_override_decides_by_status_alone() {
    let overrides = BTreeMap::from([(418, Class::Overloaded)]);
    let check = |script: &str, expected: Class| {
        let mut failure = failure(script);
        reclass(&mut failure, &overrides);
        assert_eq!(failure.class, expected, "{script}");
    };
    check("bad-request@418", Class::Overloaded);
    check("bad-request@400", Class::BadRequest);
    check("network", Class::Network);
}

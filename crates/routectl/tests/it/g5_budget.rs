//! G5: never more attempts than the budget, never past the deadline, never a retry after content,
//! never a breaker that sticks; and who is passed over, and what the client then hears.

use std::time::Duration;

use bytes::Bytes;

use crate::harness::*;

/// No waits worth speaking of.
const BRISK: &str = "initial_backoff_ms = 1\njitter_ms = 0";

/// `[retry]` with these keys.
fn retry(keys: &str) -> Plan {
    let brisk = if keys.contains("initial_backoff_ms") { "" } else { BRISK };
    Plan::new(&format!("[retry]\n{brisk}\n{keys}"))
}

fn hops(expected: &str) -> Vec<(String, String)> {
    let hop = |hop: &str| hop.split_once(' ').map(|(to, fate)| (to.to_owned(), fate.to_owned()));
    expected.split(", ").filter(|hop| !hop.is_empty()).map(|it| hop(it).unwrap()).collect()
}

/// One chain under `[retry]` with these keys, and how a request for it goes.
async fn walks(keys: &str, chain: &[&str], status: u16, expected: &str) {
    for format in FORMATS {
        for streamed in [true, false] {
            let targets: Vec<String> = (0..chain.len()).map(|place| format!("t{place}")).collect();
            let mut plan = retry(keys);
            for (target, upstream) in targets.iter().zip(chain) {
                plan = plan.target(target, format, upstream);
            }
            let names: Vec<&str> = targets.iter().map(String::as_str).collect();
            let house = House::open(plan.alias("all", &names)).await;
            let answer = house.ask(post(format, body(format, "all", streamed))).await;
            let case = format!("{keys} {chain:?} {format:?} {streamed}: {}", answer.text());
            assert_eq!(answer.status, status, "{case}");
            assert_eq!(answer.hops(), hops(expected), "{case}");
            let tried = answer
                .fates()
                .iter()
                .filter(|fate| !["parked", "unfit"].contains(&&***fate))
                .count();
            assert_eq!(
                house.hosts.requests().len(),
                tried,
                "every attempt is in the trace: {case}"
            );
        }
    }
}

#[tokio::test]
async fn g5_one_budget_of_attempts_holds_over_the_whole_chain() {
    let broken = ["fault-server-error"; 4];
    let five =
        "t0 server-error, t0 server-error, t0 server-error, t1 server-error, t1 server-error";
    walks("max_attempts = 3\nmax_total_attempts = 5", &broken, 500, five).await;
    walks("max_attempts = 3\nmax_total_attempts = 1", &broken, 500, "t0 server-error").await;
}

#[tokio::test]
async fn g5_a_target_is_tried_as_often_as_its_class_allows() {
    for (keys, chain, status, expected) in [
        ("max_attempts = 2", ["once-overloaded", "mock-1"], 200, "t0 overloaded, t0 ok"),
        ("max_attempts = 1", ["once-overloaded", "mock-1"], 200, "t0 overloaded, t1 ok"),
        (
            "max_attempts = 1\nretry_on_5xx = 3",
            ["times-2-server-error", "mock-1"],
            200,
            "t0 server-error, t0 server-error, t0 ok",
        ),
        (
            "max_attempts = 1\nretry_on_429 = 2",
            ["once-rate-limit", "mock-1"],
            200,
            "t0 rate-limited, t0 ok",
        ),
        (
            "max_attempts = 1\nretry_on_network = 2",
            ["once-cut-before-content", "mock-1"],
            200,
            "t0 network, t0 ok",
        ),
        // What does not pass by itself is not tried again.
        ("max_attempts = 5", ["fault-auth", "mock-1"], 200, "t0 auth, t1 ok"),
        ("max_attempts = 5", ["fault-bad-request", "mock-1"], 200, "t0 bad-request, t1 ok"),
        ("max_attempts = 5", ["fault-quota-payment", "mock-1"], 200, "t0 quota, t1 ok"),
    ] {
        walks(keys, &chain, status, expected).await;
    }
}

#[tokio::test]
async fn g5_nothing_is_tried_past_the_deadline() {
    walks("deadline_ms = 300", &["silent", "mock-1"], 504, "t0 timeout").await;
    walks("deadline_ms = 300", &["deaf", "deaf"], 504, "t0 timeout").await;
}

#[tokio::test]
async fn g5_a_wait_that_would_pass_the_deadline_is_not_begun() {
    let keys = "deadline_ms = 20000\ninitial_backoff_ms = 3600000\nmax_attempts = 9";
    walks(keys, &["fault-overloaded", "mock-1"], 200, "t0 overloaded, t1 ok").await;
    // An upstream's own wait of hours is no other.
    walks(keys, &["fault-rate-limit-hours", "mock-1"], 200, "t0 rate-limited, t1 ok").await;
}

#[tokio::test]
async fn g5_after_content_nothing_is_tried_again() {
    for format in FORMATS {
        let plan = retry("max_attempts = 3")
            .target("cut", format, "fault-cut-after-content")
            .target("good", format, "mock-1")
            .alias("all", &["cut", "good"]);
        let house = House::open(plan).await;
        let answer = house.ask(post(format, body(format, "all", true))).await;
        assert!(before_error(format, &answer.body).is_some(), "{}", answer.text());
        house.hosts.ended(1).await;
        assert_eq!(house.hosts.requests().len(), 1);
    }
}

#[tokio::test]
async fn g5_the_lists_say_which_statuses_fall_back() {
    for (keys, upstream, status, expected) in [
        ("retry_denylist = [400]", "fault-bad-request", 400, "t0 bad-request"),
        ("retry_denylist = [400]", "fault-auth", 200, "t0 auth, t1 ok"),
        ("retry_allowlist = [429]", "fault-server-error", 500, "t0 server-error"),
        (
            "max_attempts = 1\nretry_allowlist = [429]",
            "fault-rate-limit",
            200,
            "t0 rate-limited, t1 ok",
        ),
        // They speak of refusals: a broken connection always falls back.
        (
            "max_attempts = 1\nretry_allowlist = [429]",
            "fault-close-before-head",
            200,
            "t0 network, t1 ok",
        ),
    ] {
        walks(keys, &[upstream, "mock-1"], status, expected).await;
    }
}

#[tokio::test]
async fn g5_a_probe_hears_at_once_that_a_target_is_busy() {
    for format in FORMATS {
        let house = |keys: &str| {
            let plan = retry(keys)
                .target("busy", format, "fault-overloaded")
                .target("limited", format, "fault-rate-limit")
                .target("broken", format, "fault-server-error-empty")
                .target("good", format, "mock-1");
            let chains =
                ["busy", "limited", "broken"].map(|it| (format!("{it}-1"), vec![it, "good"]));
            House::open(plan.aliases(chains))
        };
        let probe =
            |model: &str, words: u32| post(format, body_saying(format, model, false, "?", words));
        let usual = house("max_attempts = 1").await;
        for (model, words, status) in [
            ("busy-1", 1, 529),
            ("limited-1", 1, 429),
            ("broken-1", 1, 200),
            ("busy-1", 2, 200),
            ("limited-1", 2, 200),
        ] {
            let answer = usual.ask(probe(model, words)).await;
            assert_eq!(answer.status, status, "{model} {words} {}", answer.text());
        }
        let off = house("max_attempts = 1\nprobe_max_tokens = 0").await;
        assert_eq!(off.ask(probe("busy-1", 1)).await.status, 200);
        let wide = house("max_attempts = 1\nprobe_max_tokens = 8").await;
        assert_eq!(wide.ask(probe("busy-1", 8)).await.status, 529);
    }
}

#[tokio::test]
async fn g5_a_client_may_ask_for_no_fallback() {
    for (server, header, status) in [
        ("", None, 200),
        ("", Some("1"), 500),
        ("", Some("0"), 200),
        ("allow_disable_fallbacks = false", Some("1"), 200),
    ] {
        let plan = Plan::new(&format!("[server]\n{server}\n[retry]\nmax_attempts = 1"))
            .target("broken", Chat, "fault-server-error")
            .target("good", Chat, "mock-1")
            .alias("all", &["broken", "good"]);
        let house = House::open(plan).await;
        let mut request = post(Chat, body(Chat, "all", false));
        if let Some(value) = header {
            request = with_header(request, "x-routectl-disable-fallbacks", value);
        }
        assert_eq!(house.ask(request).await.status, status, "{server} {header:?}");
    }
}

#[tokio::test]
async fn g5_the_operator_says_what_a_status_means() {
    let keys = "class_overrides = { 400 = \"overloaded\" }";
    let plan = retry("max_attempts = 2").target_with("odd", Chat, "fault-bad-request", keys);
    let house = House::open(plan).await;
    let answer = house.ask(post(Chat, body(Chat, "odd", false))).await;
    assert_eq!(answer.hops(), hops("odd overloaded, odd overloaded"));
    assert_eq!(answer.status, 400, "the client still hears the upstream's own no");
}

#[tokio::test]
async fn g5_with_every_target_failed_the_most_useful_failure_is_told() {
    for (chain, status) in [
        (["fault-server-error", "fault-rate-limit", "fault-auth"], 429),
        (["fault-auth", "fault-server-error", "fault-bad-request"], 400),
        (["fault-model-missing", "fault-auth", "fault-server-error-html"], 401),
        (["fault-close-before-head", "fault-server-error", "fault-garbage"], 500),
    ] {
        for format in FORMATS {
            let mut plan = retry("max_attempts = 1");
            for upstream in chain {
                plan = plan.target(upstream, format, upstream);
            }
            let house = House::open(plan.alias("all", &chain)).await;
            let answer = house.ask(post(format, body(format, "all", true))).await;
            assert_eq!(answer.status, status, "{chain:?} {}", answer.text());
            assert_eq!(answer.hops().len(), 3);
        }
    }
}

#[tokio::test]
async fn g5_over_the_rate_limit_the_next_target_is_tried_and_then_the_client_told_when() {
    for format in FORMATS {
        let plan = retry("max_attempts = 1")
            .target_with("scarce", format, "mock-1", "rpm_limit = 1")
            .target("good", format, "mock-1")
            .aliases([("both".to_owned(), vec!["scarce", "good"])]);
        let house = House::open(plan).await;
        let ask = |model: &str| house.ask(post(format, body(format, model, false)));
        assert_eq!(ask("both").await.hops(), hops("scarce ok"));
        assert_eq!(ask("both").await.hops(), hops("scarce parked, good ok"));
        let told = ask("scarce").await;
        assert_eq!(told.status, 429, "{}", told.text());
        let wait: u64 = told.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(is_error(format, &told.body), "{}", told.text());
        assert!(told.message().contains("rpm_limit"), "{}", told.text());
    }
}

#[tokio::test]
async fn g5_a_breaker_opens_probes_and_closes_again() {
    let keys = "circuit_failures = 2\ncircuit_cooldown_ms = 1500";
    let plan = retry("max_attempts = 1")
        .target_with("shaky", Chat, "times-2-server-error", keys)
        .target("good", Chat, "mock-1")
        .alias("all", &["shaky", "good"]);
    let house = House::open(plan).await;
    let ask = || house.ask(post(Chat, body(Chat, "all", false)));
    for expected in
        ["shaky server-error, good ok", "shaky server-error, good ok", "shaky parked, good ok"]
    {
        assert_eq!(ask().await.hops(), hops(expected));
    }
    let closed = async {
        while ask().await.hops() != hops("shaky ok") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("a probe after the cooldown");
    assert_eq!(ask().await.hops(), hops("shaky ok"), "and then it is closed");
}

#[tokio::test]
async fn g5_one_request_probes_while_the_others_go_elsewhere() {
    let keys =
        "circuit_failures = 1\ncircuit_cooldown_ms = 400\nstream_first_byte_timeout_ms = 1200";
    let plan = retry("max_attempts = 1")
        .target_with("mute", Chat, "silent", keys)
        .target("good", Chat, "mock-1")
        .alias("all", &["mute", "good"]);
    let house = House::open(plan).await;
    let request = || post(Chat, body(Chat, "all", true));
    assert_eq!(house.ask(request()).await.hops(), hops("mute timeout, good ok"));
    tokio::time::sleep(Duration::from_millis(450)).await;
    let answers = ask_all(house.address(), (0..8).map(|number| (number, request()))).await;
    let probed = |it: &&(i32, Answer)| it.1.hops() == hops("mute timeout, good ok");
    let passed = |it: &&(i32, Answer)| it.1.hops() == hops("mute parked, good ok");
    assert_eq!(answers.iter().filter(probed).count(), 1, "one probes");
    assert_eq!(answers.iter().filter(passed).count(), 7, "the others go elsewhere");
}

#[tokio::test]
async fn g5_a_client_that_leaves_during_the_probe_does_not_hold_the_breaker() {
    let keys =
        "circuit_failures = 1\ncircuit_cooldown_ms = 200\nstream_first_byte_timeout_ms = 1000";
    let plan = retry("max_attempts = 1")
        .target_with("mute", Chat, "silent", keys)
        .target("good", Chat, "mock-1")
        .alias("all", &["mute", "good"]);
    let house = House::open(plan).await;
    let request = || post(Chat, body(Chat, "all", true));
    assert_eq!(house.ask(request()).await.hops(), hops("mute timeout, good ok"));
    tokio::time::sleep(Duration::from_millis(250)).await;
    house.hosts.forget();
    let mut leaver = Client::connect(house.address()).await;
    let sending = leaver.send(request());
    assert!(tokio::time::timeout(Duration::from_millis(150), sending).await.is_err());
    drop(leaver);
    tokio::time::timeout(PATIENCE, house.hosts.ended(1)).await.expect("the upstream is let go");
    // The cooldown is over and the right to probe is free: the very next request probes.
    assert_eq!(house.ask(request()).await.hops(), hops("mute timeout, good ok"));
}

#[tokio::test]
async fn g5_when_all_are_parked_the_first_to_be_free_gets_a_last_try() {
    let keys = "circuit_failures = 1\ncircuit_cooldown_ms = 3600000";
    let plan = retry("max_attempts = 1")
        .target_with("first", Chat, "once-server-error", keys)
        .target_with("second", Chat, "once-overloaded", keys)
        .alias("all", &["first", "second"]);
    let house = House::open(plan).await;
    let ask = || house.ask(post(Chat, body(Chat, "all", false)));
    assert_eq!(ask().await.hops(), hops("first server-error, second overloaded"));
    let answer = ask().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.hops(), hops("first parked, second parked, first ok"));
}

#[tokio::test]
async fn g5_a_target_that_asked_for_hours_is_left_alone_and_the_client_told() {
    for format in FORMATS {
        let plan = retry("max_attempts = 4\nmax_honored_retry_after_ms = 1800000");
        let house = House::open(plan.target("tired", format, "fault-rate-limit-hours")).await;
        let ask = || house.ask(post(format, body(format, "tired", true)));
        assert_eq!(ask().await.hops(), hops("tired rate-limited"), "hours are not waited out");
        let answer = ask().await;
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert_eq!(answer.hops(), hops("tired parked"));
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=1800).contains(&wait), "clamped: {wait}");
        assert_eq!(house.hosts.requests().len(), 1);
    }
}

#[tokio::test]
async fn g5_a_failing_model_does_not_park_its_siblings_and_a_bad_key_does() {
    for (upstream, sibling) in [
        ("fault-server-error", "sibling ok"),
        ("fault-auth", "sibling parked, good ok"),
        ("fault-quota-payment", "sibling parked, good ok"),
    ] {
        let plan = retry("max_attempts = 1")
            .target_with(
                "bad",
                Chat,
                upstream,
                "circuit_failures = 1\ncircuit_cooldown_ms = 3600000",
            )
            .target("good", Chat, "mock-1");
        let plan = Plan::new(&format!(
            "{}\n[models.sibling]\nprovider = \"p-bad\"\nupstream = \"mock-1\"",
            String::from(plan)
        ));
        let house = House::open(plan.alias("all", &["sibling", "good"])).await;
        house.ask(post(Chat, body(Chat, "bad", false))).await;
        let answer = house.ask(post(Chat, body(Chat, "all", false))).await;
        assert_eq!(answer.hops(), hops(sibling), "{upstream}");
    }
}

/// A request that asks for something that not every target can do.
fn asking(format: Format, feature: &str) -> Bytes {
    let members = match (format, feature) {
        (Chat, "images") => {
            r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]"#
        }
        (Chat, "json_schema") => {
            r#""response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}},"messages":[]"#
        }
        (Messages, "images") => {
            r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]"#
        }
        (Messages, "web_search") => {
            r#""tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[]"#
        }
        other => panic!("no request for {other:?}"),
    };
    format!("{{\"model\":\"all\",\"max_tokens\":9,{members}}}").into()
}

#[tokio::test]
async fn g5_a_target_that_lacks_a_feature_is_passed_over_and_named() {
    for (format, feature) in
        [(Chat, "images"), (Chat, "json_schema"), (Messages, "images"), (Messages, "web_search")]
    {
        let lacking = format!("unsupported_features = [\"{feature}\"]");
        let lenient = "lenient-1";
        let plan = |all: &[&str]| {
            retry("max_attempts = 1")
                .target_with("plain", format, lenient, &lacking)
                .target_of("poor", format, lenient, "", &lacking)
                .target("able", format, lenient)
                .alias("all", all)
        };
        let house = House::open(plan(&["plain", "able"])).await;
        let answer = house.ask(post(format, asking(format, feature))).await;
        assert_eq!(answer.hops()[0], ("plain".to_owned(), "unfit".to_owned()), "{feature}");
        assert_eq!(answer.hops()[1].0, "able");
        let house = House::open(plan(&["plain", "poor"])).await;
        let answer = house.ask(post(format, asking(format, feature))).await;
        assert_eq!(answer.status, 501, "{}", answer.text());
        assert!(is_error(format, &answer.body));
        for word in ["plain", "poor", feature] {
            assert!(answer.message().contains(word), "{word}: {}", answer.text());
        }
        assert!(house.hosts.requests().is_empty());
    }
}

#[tokio::test]
async fn g5_a_request_that_fits_nowhere_is_told_so_in_the_words_clients_act_on() {
    for format in FORMATS {
        let small = |plan: Plan, name: &str, window: u64| {
            plan.target_of(name, format, "mock-1", "", &format!("context_window = {window}"))
        };
        let plan = small(small(retry(""), "tiny", 20), "small", 40);
        let plan = small(plan, "large", 100_000);
        let house = House::open(plan.aliases([
            ("grows".to_owned(), vec!["tiny", "small", "large"]),
            ("stays".to_owned(), vec!["tiny", "small"]),
        ]))
        .await;
        let ask = |model: &str, text: &str| {
            house.ask(post(format, body_saying(format, model, false, text, 9)))
        };
        let long = "many words, ".repeat(100);
        let answer = ask("grows", &long).await;
        assert_eq!(answer.hops(), hops("tiny unfit, small unfit, large ok"), "{}", answer.text());
        let answer = ask("stays", &long).await;
        assert_eq!(answer.status, 400);
        assert!(is_error(format, &answer.body));
        let words = answer.message();
        let (tokens, most) = words
            .strip_prefix("prompt is too long: ")
            .and_then(|rest| rest.strip_suffix(" maximum"))
            .and_then(|rest| rest.split_once(" tokens > "))
            .unwrap_or_else(|| panic!("{words}"));
        assert!(tokens.parse::<u64>().unwrap() > 40);
        assert_eq!(most, "40", "the largest there is");
        let answer = ask("stays", "few").await;
        assert_eq!(answer.status, 200, "what fits is served: {}", answer.text());
    }
}

#[tokio::test]
async fn g5_what_was_too_long_for_one_target_goes_only_to_a_larger_one() {
    for format in FORMATS {
        let sized = |plan: Plan, name: &str, upstream: &str, window: u64| {
            plan.target_of(name, format, upstream, "", &format!("context_window = {window}"))
        };
        let plan = sized(retry("max_attempts = 1"), "full", "fault-context-window", 1_000);
        let plan = sized(sized(plan, "same", "mock-1", 1_000), "larger", "mock-1", 2_000);
        let house = House::open(plan.alias("all", &["full", "same", "larger"])).await;
        let answer = house.ask(post(format, body(format, "all", false))).await;
        assert_eq!(answer.hops(), hops("full context-window, same unfit, larger ok"));
    }
}

#[tokio::test]
async fn g5_a_host_that_breaks_its_answers_in_the_middle_opens_its_breaker_too() {
    let keys = "circuit_failures = 2\ncircuit_cooldown_ms = 60000";
    let plan = retry("max_attempts = 1")
        .target_with("shaky", Chat, "fault-end-after-content", keys)
        .target("good", Chat, "mock-1")
        .alias("all", &["shaky", "good"]);
    let house = House::open(plan).await;
    let ask = || house.ask(post(Chat, body(Chat, "all", true)));
    for expected in ["shaky ok", "shaky ok", "shaky parked, good ok"] {
        assert_eq!(ask().await.hops(), hops(expected));
    }
}

#[tokio::test]
async fn g5_an_answer_in_one_piece_is_not_held_to_the_clocks_of_streams() {
    let plan =
        retry("max_attempts = 1\nstream_first_byte_timeout_ms = 50\nstream_idle_timeout_ms = 50")
            .target("slow", Chat, "slow-400")
            .target_of("hurried", Chat, "slow-400", "", "request_timeout_ms = 50");
    let house = House::open(plan).await;
    assert_eq!(house.ask(post(Chat, body(Chat, "slow", false))).await.status, 200);
    assert_eq!(house.ask(post(Chat, body(Chat, "slow", true))).await.status, 504);
    assert_eq!(house.ask(post(Chat, body(Chat, "hurried", false))).await.status, 504);
}

#[tokio::test]
async fn g5_the_clients_deadline_does_not_speak_against_a_target() {
    let keys = "circuit_failures = 1\ncircuit_cooldown_ms = 60000";
    let plan = retry("max_attempts = 1\ndeadline_ms = 300")
        .target_with("late", Chat, "slow-2000", keys)
        .alias("all", &["late"]);
    let house = House::open(plan).await;
    for _ in 0..2 {
        let answer = house.ask(post(Chat, body(Chat, "all", false))).await;
        assert_eq!(answer.hops(), hops("late timeout"), "and is not parked after it");
    }
}

//! G4: before the first content, any failure of one target is invisible to the client while
//! another target can serve; every fault that the emulator knows, streamed and whole.

use bytes::Bytes;
use http::Request;
use routectl_emulator::{Emulator, FAULTS, Fault, ODDITIES, Phase, good_answer};
use serde_json::Value;

use crate::harness::*;

const MODES: [bool; 2] = [true, false];

/// Clocks of targets that may stall.
const IMPATIENT: &str =
    "request_timeout_ms = 2500\nstream_first_byte_timeout_ms = 1500\nstream_idle_timeout_ms = 1000";

/// What a vendor's policy declines is shown to the client, not taken elsewhere behind its back.
const SHOWN: &str = "content-policy";

#[derive(Debug, Clone, Copy)]
struct Case {
    fault: &'static Fault,
    format: Format,
    streamed: bool,
}

impl Case {
    fn target(&self) -> String {
        let mode = if self.streamed { "streamed" } else { "whole" };
        format!("{:?}-{mode}-{}", self.format, self.fault.name)
    }

    fn request(&self, alias: &str) -> Request<Bytes> {
        post(self.format, body(self.format, alias, self.streamed))
    }

    /// Whether the client has seen content before it strikes.
    fn seen(&self) -> bool {
        self.streamed && self.fault.phase == Phase::AfterContent
    }

    /// Some hosts never name a finish: `[DONE]` is their own word that they are done, and the
    /// client gets it as it is.
    fn is_done(&self) -> bool {
        self.fault.name == "done-after-content"
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in FAULTS {
        for format in FORMATS {
            let modes = MODES.into_iter().filter(|streamed| fault.applies.to(format, *streamed));
            cases.extend(modes.map(|streamed| Case { fault, format, streamed }));
        }
    }
    assert!(cases.len() > 200, "only {} cases", cases.len());
    cases
}

/// A router with every fault, alone under its own name and under `rescued-…` before a good target.
async fn house(cases: &[Case]) -> House {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        // Larger than the window of any target that says a request is too long.
        let model = "context_window = 1000000";
        plan = plan.target_of(&format!("{format:?}-good"), format, "mock-1", "", model);
    }
    let targets: Vec<(String, Case)> = cases.iter().map(|it| (it.target(), *it)).collect();
    for (name, case) in &targets {
        let upstream = format!("fault-{}", case.fault.name);
        plan = plan.target_with(name, case.format, &upstream, IMPATIENT);
    }
    let goods = FORMATS.map(|format| (format, format!("{format:?}-good")));
    let good = |format| goods.iter().find(|(known, _)| *known == format).unwrap().1.as_str();
    let rescued = targets
        .iter()
        .map(|(name, case)| (format!("rescued-{name}"), vec![name.as_str(), good(case.format)]));
    House::open(plan.aliases(rescued)).await
}

/// Judges what a client sees, case by case, and tells all that is wrong.
async fn check(
    alias: impl Fn(&Case) -> String,
    judge: impl Fn(&Case, &Answer) -> Result<(), String>,
) {
    let cases = cases();
    let house = house(&cases).await;
    let asked = cases.into_iter().map(|case| (case, case.request(&alias(&case))));
    let mut wrong = Vec::new();
    for (case, answer) in ask_all(house.address(), asked).await {
        if let Err(why) = judge(&case, &answer) {
            let Case { fault, format, streamed } = case;
            wrong.push(format!(
                "{} {format:?} streamed {streamed}: {why}; it saw {} {:?} by {:?}: {}",
                fault.name,
                answer.status,
                answer.end,
                answer.header("x-routectl-attempts"),
                answer.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn must(met: bool, what: &str) -> Result<(), String> {
    if met { Ok(()) } else { Err(what.to_owned()) }
}

/// After content there is no other target: the client is told, and the stream is cut.
fn judge_told(case: &Case, answer: &Answer) -> Result<(), String> {
    must(answer.status == 200, "the answer had begun")?;
    if case.is_done() {
        return must(answer.body.ends_with(b"data: [DONE]\n\n"), "the upstream's own end");
    }
    must(answer.end == End::BrokenOff, "a broken answer has no clean end")?;
    let said = before_error(case.format, &answer.body).ok_or("its last event tells it")?;
    let good = good(case.format, &body(case.format, "mock-1", true));
    let first = &good.bytes[..good.commit];
    must(said.starts_with(first), "what came before is there")?;
    let errors = events(&answer.body).iter().filter(|it| is_error_event(case.format, it)).count();
    must(errors == 1, "it is told once")
}

#[tokio::test]
async fn g4_a_fault_before_content_is_invisible_while_another_target_can_serve() {
    check(
        |case| format!("rescued-{}", case.target()),
        |case, answer| {
            if case.seen() {
                return judge_told(case, answer);
            }
            let fate = answer.fates();
            must(
                fate.first().is_some_and(|it| it == case.fault.class),
                "its class is in the trace",
            )?;
            if case.fault.class == SHOWN {
                return must(fate.len() == 1 && answer.status >= 400, "it is shown");
            }
            let asked = body(case.format, "mock-1", case.streamed);
            let bytes = if case.streamed {
                good(case.format, &asked).bytes
            } else {
                good_answer(case.format, &asked)
            };
            must(answer.status == 200 && answer.end == End::Whole, "an answer")?;
            must(answer.body == bytes, "the good target's bytes")?;
            must(fate.len() == 2 && fate[1] == "ok", "two hops")?;
            let name = format!("{:?}-good", case.format);
            must(answer.header("x-routectl-model") == name, "it says who served")?;
            must(answer.header("x-routectl-provider") == format!("p-{name}"), "on which provider")
        },
    )
    .await;
}

#[tokio::test]
async fn g4_a_fault_without_another_target_is_an_error_that_the_client_can_read() {
    let hosts = Emulator::start().await.unwrap();
    let mut direct = Vec::new();
    for case in cases() {
        // A host that says no at all: its words are the ones to compare with.
        let says_no = case.fault.phase == Phase::BeforeHead
            && !["network", "timeout"].contains(&case.fault.class);
        if says_no || case.fault.name.starts_with("timeout-") {
            let request = case.request(&format!("fault-{}", case.fault.name));
            let answer = ask(host_address(&hosts, case.format), request).await;
            direct.push((case.target(), answer));
        }
    }
    check(Case::target, |case, answer| {
        if case.seen() {
            return judge_told(case, answer);
        }
        must(answer.status >= 400, "an error status")?;
        must(answer.end == End::Whole, "all of it")?;
        must(answer.fates() == [case.fault.class], "one hop of its class")?;
        let name = case.target();
        let direct = direct.iter().find(|(known, _)| *known == name).map(|(_, direct)| direct);
        let verbatim = direct.filter(|it| serde_json::from_slice::<Value>(&it.body).is_ok());
        match verbatim {
            Some(direct) => {
                must(answer.status == direct.status, "the upstream's status")?;
                must(answer.body == direct.body, "the upstream's own words")?;
                let kinds = [answer, direct].map(|it| it.header("content-type"));
                must(kinds[0] == kinds[1], "the upstream's content type")?;
            }
            None => {
                must(is_error(case.format, &answer.body), "an error in the client's format")?;
                must(answer.header("content-type") == "application/json", "JSON")?;
            }
        }
        // The upstream's own word on it stays; where it says nothing usable, there is ours.
        let wait = answer.header("retry-after");
        let own = verbatim.map_or("", |direct| direct.header("retry-after"));
        let ours = || wait.parse().is_ok_and(|seconds: u64| seconds >= 1);
        let says = own.ends_with("GMT") || own.parse().is_ok_and(|seconds: f64| seconds > 0.0);
        // A date is another one by now.
        let told = if says { wait == own || own.ends_with("GMT") } else { ours() };
        must(answer.status != 429 || told, "a 429 says when to come back")
    })
    .await;
}

#[tokio::test]
async fn g4_odd_but_lawful_answers_pass_as_they_are() {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        for odd in ODDITIES {
            plan = plan.target(&format!("{format:?}-{}", odd.name), format, odd.name);
        }
    }
    let house = House::open(plan).await;
    for format in FORMATS {
        for (odd, streamed) in ODDITIES.iter().flat_map(|odd| MODES.map(|streamed| (odd, streamed)))
        {
            if !odd.applies.to(format, streamed) {
                continue;
            }
            let direct = ask(
                host_address(&house.hosts, format),
                post(format, body(format, odd.name, streamed)),
            );
            let direct = direct.await;
            let name = format!("{format:?}-{}", odd.name);
            let routed = house.ask(post(format, body(format, &name, streamed))).await;
            assert_eq!((direct.status, routed.status), (200, 200), "{name} {}", routed.text());
            assert_eq!(routed.end, End::Whole, "{name}");
            // A terminator or the last blank line may be ours.
            let added = routed.body.strip_prefix(&direct.body[..]);
            let lawful: [&[u8]; 3] = [b"", b"\n", b"data: [DONE]\n\n"];
            assert!(
                added.is_some_and(|added| lawful.contains(&added)),
                "{name} streamed {streamed}:\n{}\n---\n{}",
                direct.text(),
                routed.text()
            );
            assert_eq!(routed.header("content-type"), direct.header("content-type"), "{name}");
        }
    }
}

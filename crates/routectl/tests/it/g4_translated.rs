//! G4 on the translated lane: before the first content, any failure of a host of the other format is
//! invisible while another target can serve; and the last one's refusal comes in the client's own
//! words.

use bytes::Bytes;
use http::Request;
use routectl_emulator::{Emulator, FAULTS, Fault, Phase, good_answer};
use serde_json::Value;

use crate::abroad::{curious, meant, meant_at_any_cost, other, request, understood};
use crate::harness::*;
use crate::meaning;

const MODES: [bool; 2] = [true, false];

/// Clocks of targets that may stall.
const IMPATIENT: &str =
    "request_timeout_ms = 2500\nstream_first_byte_timeout_ms = 1500\nstream_idle_timeout_ms = 1000";

/// What a vendor's policy declines is shown to the client, not taken elsewhere behind its back.
const SHOWN: &str = "content-policy";

/// An answer in one piece is told as a stream: here it is no fault. (decision 5)
const NO_FAULT: &str = "json-for-stream";

/// A host that says it is done without a reason has answered: some never give one.
const IS_DONE: &str = "done-after-content";

const TEXT: &str = "Hé";

#[derive(Debug, Clone, Copy)]
struct Case {
    fault: &'static Fault,
    host: Format,
    /// What the client asks for; the host is always asked for a stream.
    streamed: bool,
}

impl Case {
    fn client(&self) -> Format {
        other(self.host)
    }

    fn target(&self) -> String {
        let mode = if self.streamed { "streamed" } else { "whole" };
        format!("{:?}-{mode}-{}", self.host, self.fault.name)
    }

    fn request(&self, alias: &str) -> Request<Bytes> {
        post(self.client(), curious(self.client(), alias, self.streamed, TEXT))
    }

    /// Whether the client has seen content before it strikes.
    fn seen(&self) -> bool {
        self.streamed && self.fault.phase == Phase::AfterContent && self.fault.name != IS_DONE
    }

    /// Whether it is none.
    fn answers(&self) -> bool {
        [NO_FAULT, IS_DONE].contains(&self.fault.name)
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in FAULTS {
        for host in FORMATS.into_iter().filter(|host| fault.applies.to(*host, true)) {
            cases.extend(MODES.map(|streamed| Case { fault, host, streamed }));
        }
    }
    assert!(cases.len() > 250, "only {} cases", cases.len());
    cases
}

/// A router with every fault, alone under its own name, and before a good target of either format.
async fn house() -> House {
    let mut plan = Plan::brisk();
    for format in FORMATS {
        // Larger than the window of any target that says a request is too long.
        let model = "context_window = 1000000";
        plan = plan.target_of(&format!("{format:?}-good"), format, "mock-1", "", model);
    }
    let mut chains = Vec::new();
    for case in cases() {
        let upstream = format!("fault-{}", case.fault.name);
        // Whoever does not stall may be slow: the machine has other things to do.
        let clocks = if case.fault.class == "timeout" { IMPATIENT } else { "" };
        plan = plan.target_with(&case.target(), case.host, &upstream, clocks);
        for format in FORMATS {
            let chain = [case.target(), format!("{format:?}-good")];
            chains.push((rescued(&case, format), chain));
        }
    }
    let chains = chains
        .iter()
        .map(|(alias, chain)| (alias.clone(), chain.iter().map(String::as_str).collect()));
    House::open(plan.aliases(chains)).await
}

fn rescued(case: &Case, by: Format) -> String {
    format!("{}-rescued-by-{by:?}", case.target())
}

/// Judges what a client sees, case by case, and tells all that is wrong.
async fn check(
    alias: impl Fn(&Case) -> String,
    judge: impl Fn(&Case, &Answer) -> Result<(), String>,
) {
    let house = house().await;
    let asked = cases().into_iter().map(|case| (case, case.request(&alias(&case))));
    let mut wrong = Vec::new();
    for (case, answer) in ask_all(house.address(), asked).await {
        if let Err(why) = judge(&case, &answer) {
            wrong.push(format!(
                "{} at {:?} streamed {}: {why}; it saw {} {:?} by {:?}: {}",
                case.fault.name,
                case.host,
                case.streamed,
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

/// After content there is no other target: the client is told in its own words, and the stream is
/// cut.
fn judge_told(case: &Case, answer: &Answer) -> Result<(), String> {
    must(answer.status == 200, "the answer had begun")?;
    must(answer.end == End::BrokenOff, "a broken answer has no clean end")?;
    let said = before_error(case.client(), &answer.body).ok_or("its last event tells it")?;
    let (said, ended) = meaning::of_stream(case.client(), said)?;
    let upstream = request(case.host, "mock-1", true, TEXT);
    must(!ended && said.begins(&meant(case.host, &upstream, "")), "the beginning of the answer")?;
    must(!said.text.is_empty(), "what came before is there")?;
    let errors = events(&answer.body).iter().filter(|it| is_error_event(case.client(), it)).count();
    must(errors == 1, "it is told once")
}

/// The answer of a target that had a fault that is none.
fn judge_answer(case: &Case, alias: &str, answer: &Answer) -> Result<(), String> {
    let got = meaning::of(case.client(), case.streamed, &answer.body)?;
    must(answer.status == 200 && answer.end == End::Whole, "an answer")?;
    let upstream = request(case.host, "mock-1", true, TEXT);
    must(got.begins(&meant(case.host, &upstream, alias)), "what the host said")
}

async fn rescue(by: impl Fn(&Case) -> Format) {
    let alias = |case: &Case| rescued(case, by(case));
    check(alias, |case, answer| {
        if case.seen() {
            return judge_told(case, answer);
        }
        if case.answers() {
            return judge_answer(case, &alias(case), answer);
        }
        let fates = answer.fates();
        let class = case.fault.class;
        must(fates.first().is_some_and(|it| it == class), "its class is in the trace")?;
        if class == SHOWN {
            return must(fates.len() == 1 && answer.status >= 400, "it is shown");
        }
        must(answer.status == 200 && answer.end == End::Whole, "an answer")?;
        must(fates.len() == 2 && fates[1] == "ok", "two hops")?;
        let format = by(case);
        must(answer.header("x-routectl-model") == format!("{format:?}-good"), "who served")?;
        let lane = if format == case.host { "translated" } else { "native" };
        must(answer.header("x-routectl-lane") == lane, "the lane that served")?;
        let got = meaning::of(case.client(), case.streamed, &answer.body)?;
        let upstream = request(format, "mock-1", true, TEXT);
        if format == case.host {
            let meant = meant(format, &upstream, &alias(case));
            return understood(case.host, &got, &meant_at_any_cost(meant, &got));
        }
        let asked = curious(format, "mock-1", true, TEXT);
        let good = meaning::of_whole(format, &good_answer(format, &asked))?;
        must(got.words() == good.words(), "the good target's words")
    })
    .await;
}

#[tokio::test]
async fn g4_a_fault_before_a_translated_answer_is_invisible_while_another_host_can_serve() {
    rescue(|case| case.host).await;
}

#[tokio::test]
async fn g4_a_fault_before_a_translated_answer_is_invisible_while_a_native_target_can_serve() {
    rescue(|case| case.client()).await;
}

/// What a client of this format is to get for a refusal: the statuses it may have, the error's type
/// and code. (facts: translation, section 10)
fn words(
    client: Format,
    class: &str,
    said: Option<u16>,
) -> (&'static [u16], &'static str, &'static str) {
    match (client, class, said) {
        (_, "auth", Some(403)) if client == Messages => (&[403], "permission_error", ""),
        (Messages, "rate-limited", _) => (&[429], "rate_limit_error", ""),
        (Messages, "quota", _) => (&[402], "billing_error", ""),
        // The key is the router's, and no fault of the client.
        (Messages, "auth", _) => (&[500], "api_error", ""),
        (Messages, "bad-request", Some(413)) => (&[413], "request_too_large", ""),
        (Messages, "bad-request" | "content-policy" | "context-window", _) => {
            (&[400], "invalid_request_error", "")
        }
        (Messages, "model-missing", _) | (Messages, "feature-unsupported", Some(404)) => {
            (&[404], "not_found_error", "")
        }
        (Messages, "feature-unsupported", _) => (&[400, 501], "invalid_request_error", ""),
        (Messages, "overloaded", _) => (&[529], "overloaded_error", ""),
        (Messages, "timeout", _) => (&[504], "timeout_error", ""),
        (Messages, _, _) => (&[500, 502, 503], "api_error", ""),
        (Chat, "rate-limited", _) => (&[429], "", "rate_limit_exceeded"),
        (Chat, "quota", _) => (&[429], "insufficient_quota", "insufficient_quota"),
        (Chat, "auth", Some(403)) => (&[403], "", ""),
        (Chat, "auth", _) => (&[502], "server_error", ""),
        (Chat, "bad-request", Some(413)) => (&[413], "invalid_request_error", ""),
        (Chat, "bad-request" | "content-policy", _) => (&[400], "invalid_request_error", ""),
        (Chat, "context-window", _) => (&[400], "invalid_request_error", "context_length_exceeded"),
        (Chat, "model-missing", _) => (&[404], "invalid_request_error", "model_not_found"),
        (Chat, "feature-unsupported", _) => (&[400, 501], "invalid_request_error", ""),
        (Chat, "overloaded", _) => (&[503], "server_error", "server_is_overloaded"),
        (Chat, "timeout", _) => (&[504], "server_error", "timeout"),
        (Chat, _, _) => (&[500, 502, 503], "server_error", ""),
    }
}

#[tokio::test]
async fn g4_the_last_refusal_of_another_formats_host_comes_in_the_clients_words() {
    let hosts = Emulator::start().await.unwrap();
    let mut direct = Vec::new();
    for case in cases() {
        // A host that says no at all: its status and words are the ones to compare with.
        let says_no = case.fault.phase == Phase::BeforeHead
            && !["network", "timeout"].contains(&case.fault.class);
        if says_no || case.fault.name.starts_with("timeout-") {
            let body = request(case.host, &format!("fault-{}", case.fault.name), true, TEXT);
            let answer = ask(host_address(&hosts, case.host), post(case.host, body)).await;
            direct.push((case.target(), answer));
        }
    }
    check(Case::target, |case, answer| {
        if case.seen() {
            return judge_told(case, answer);
        }
        if case.answers() {
            return judge_answer(case, &case.target(), answer);
        }
        must(answer.fates() == [case.fault.class], "one hop of its class")?;
        must(answer.end == End::Whole, "all of it")?;
        must(is_error(case.client(), &answer.body), "an error in the client's format")?;
        must(answer.header("content-type") == "application/json", "JSON")?;
        let name = case.target();
        let direct = direct.iter().find(|(known, _)| *known == name).map(|(_, direct)| direct);
        let said = direct.map(|direct| direct.status);
        let (statuses, kind, code) = words(case.client(), case.fault.class, said);
        let error = answer.json()["error"].clone();
        must(statuses.contains(&answer.status), &format!("one of {statuses:?}"))?;
        must(kind.is_empty() || error["type"] == kind, &format!("the type {kind}"))?;
        must(code.is_empty() || error["code"] == code, &format!("the code {code}"))?;
        judge_hints(case, answer)?;
        judge_words(case, answer, direct)
    })
    .await;
}

/// What clients' own retry loops read.
fn judge_hints(case: &Case, answer: &Answer) -> Result<(), String> {
    let wait = answer.header("retry-after");
    let seconds: Option<u64> = wait.parse().ok();
    must(wait.is_empty() || seconds.is_some_and(|it| it >= 1), "whole seconds to wait")?;
    must(answer.status != 429 || seconds.is_some(), "a 429 says when to come back")?;
    let hopeless = answer.header("x-should-retry") == "false";
    must(case.fault.class != "quota" || hopeless, "money does not come back by itself")?;
    must(
        case.fault.class != "rate-limited" || case.fault.name.ends_with("no-retry") || !hopeless,
        "a limit passes",
    )?;
    let message = answer.message();
    let compacts = case.client() != Messages || message.starts_with("prompt is too long: ");
    must(case.fault.class != "context-window" || compacts, "what Claude Code compacts upon")?;
    let foreign = ["anthropic-", "x-ratelimit-"];
    let foreign =
        answer.headers.keys().find(|it| foreign.iter().any(|head| it.as_str().starts_with(head)));
    must(foreign.is_none(), &format!("no header of another vendor: {foreign:?}"))
}

/// The upstream's own words are in the client's error.
fn judge_words(case: &Case, answer: &Answer, direct: Option<&Answer>) -> Result<(), String> {
    let Some(body) = direct.and_then(|it| serde_json::from_slice::<Value>(&it.body).ok()) else {
        return Ok(());
    };
    let Some(words) = body["error"]["message"].as_str() else { return Ok(()) };
    // An aggregator's own message says nothing; what it passes on does.
    if words == "Provider returned error" {
        return Ok(());
    }
    let said = answer.message();
    must(said.contains(words), &format!("{}'s words {words:?} in {said:?}", case.fault.name))
}

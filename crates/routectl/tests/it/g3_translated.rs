//! G3 on the translated lane: a client of the other format gets the whole answer, once, or its own
//! format's error, wherever the host's stream breaks.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use routectl_emulator::{GoodStream, ODDITIES, Part, SAYINGS, good_answer, good_stream};

use crate::abroad::{curious, meant, meant_at_any_cost, other, request, understood};
use crate::harness::*;
use crate::meaning::{self, Meaning};

/// Clocks of a target that stalls; all others keep the long ones.
const IMPATIENT: &str =
    "request_timeout_ms = 1500\nstream_first_byte_timeout_ms = 1000\nstream_idle_timeout_ms = 400";

const MODES: [bool; 2] = [true, false];

/// What makes a good answer hold everything that answers hold.
const TEXTS: [&str; 5] =
    ["Hé", "[[think]] Why?", "[[tools]] twice", "[[refuse]]", "[[think]] [[tool]]"];

#[tokio::test]
async fn g3_every_answer_means_the_same_to_a_client_of_the_other_format() {
    let mut plan = Plan::brisk();
    let mut asked = Vec::new();
    for host in FORMATS {
        let sayings = SAYINGS.iter().filter(|saying| saying.is_for(host));
        let named = sayings.map(|saying| (saying.name, &TEXTS[..1]));
        let odd = ODDITIES.iter().filter(|odd| odd.applies.to(host, true));
        let named = named.chain(odd.map(|odd| (odd.name, &TEXTS[..])));
        for (upstream, texts) in named.chain([("mock-1", &TEXTS[..])]) {
            let name = format!("{host:?}-{upstream}");
            plan = plan.target(&name, host, upstream);
            for (text, streamed) in texts.iter().flat_map(|text| MODES.map(|mode| (text, mode))) {
                let body = curious(other(host), &name, streamed, text);
                let case = (host, name.clone(), request(host, upstream, true, text), streamed);
                asked.push((case, post(other(host), body)));
            }
        }
    }
    let house = House::open(plan).await;
    let mut wrong = Vec::new();
    for ((host, name, upstream, streamed), answer) in ask_all(house.address(), asked).await {
        let got = match (answer.status, answer.end) {
            (200, End::Whole) => meaning::of(other(host), streamed, &answer.body),
            _ => Err(format!("{} {:?}", answer.status, answer.end)),
        };
        let meant = in_its_way(host, streamed, meant(host, &upstream, &name));
        let judged = got.and_then(|got| {
            let meant = match name.split_once("says-") {
                // Nobody counted, so that the router guesses.
                Some((_, "no-usage")) => Meaning { usage: got.usage, ..meant },
                Some(_) => meant,
                None => meant_at_any_cost(meant, &got),
            };
            understood(host, &got, &meant)
        });
        if let Err(why) = judged {
            wrong.push(format!("{name} streamed {streamed}: {why}\n  in {}", answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What is meant, as a client understands it that gets it so.
fn in_its_way(host: Format, streamed: bool, meant: Meaning) -> Meaning {
    if host == Chat && !streamed { meant.in_one_piece() } else { meant }
}

/// A break of an answer.
#[derive(Debug, Clone)]
struct Case {
    host: Format,
    /// What happens there: `cut`, `end`, `stall`, `garble`.
    what: &'static str,
    place: usize,
    /// The scripted answer that breaks.
    saying: &'static str,
    /// The format of the good target behind it, if there is one.
    rescue: Option<Format>,
    streamed: bool,
}

impl Case {
    fn upstream(&self) -> String {
        let Self { what, place, saying, .. } = self;
        format!("{what}-at-{place}-{saying}")
    }

    fn target(&self) -> String {
        format!("{:?}-{}", self.host, self.upstream())
    }

    fn alias(&self) -> String {
        format!("{}-{:?}", self.target(), self.rescue)
    }

    fn client(&self) -> Format {
        other(self.host)
    }

    /// What the host would say if nothing broke.
    fn good(&self) -> GoodStream {
        good_stream(self.host, &self.asked_upstream())
    }

    fn asked_upstream(&self) -> Bytes {
        request(self.host, &self.upstream(), true, TEXTS[0])
    }

    /// What the client is to understand if nothing breaks.
    fn meant(&self) -> Meaning {
        let meant = meant(self.host, &self.asked_upstream(), &self.alias());
        in_its_way(self.host, self.streamed, meant)
    }

    /// What it is to understand of the good target behind.
    fn rescued(&self) -> Option<Meaning> {
        let format = self.rescue?;
        let upstream = request(format, "mock-1", true, TEXTS[0]);
        if format == self.host {
            return Some(meant(format, &upstream, &self.alias()));
        }
        let asked = curious(format, "mock-1", true, TEXTS[0]);
        Some(meaning::of_whole(format, &good_answer(format, &asked)).unwrap())
    }

    /// Whether the host had said all of its answer by then.
    fn is_complete(&self) -> bool {
        let stream = self.good();
        // Where its body ends properly, Chat needs no word more than its finish, and no format a
        // blank line.
        let needed = match (self.what, self.host) {
            ("end", Chat) => finish(&stream) - 2,
            ("end", Messages) => stream.bytes.len() - 2,
            _ => stream.bytes.len(),
        };
        self.place >= needed
    }
}

/// Where a Chat stream has told its finish.
fn finish(stream: &GoodStream) -> usize {
    let (words, mut ends) = (b"\"finish_reason\":\"", stream.ends.iter().map(|(end, _)| *end));
    let at = stream.bytes.windows(words.len()).position(|it| it == words).unwrap();
    ends.find(|end| *end > at).unwrap()
}

/// A router with a target and a chain for each of these.
async fn house(cases: &[Case]) -> House {
    let stalls = cases.iter().any(|case| case.what == "stall");
    let clocks = if stalls { IMPATIENT } else { "" };
    let mut plan = Plan::brisk();
    for format in FORMATS {
        plan = plan.target(&format!("{format:?}-good"), format, "mock-1");
        let (kind, url) = kind(format);
        plan = Plan::new(&format!(
            "{}\n[providers.\"p-{format:?}\"]\nkind = \"{kind}\"\nbase_url = \"{url}\"\n\
             api_key_ref = \"literal:the-key\"\n{clocks}\n",
            String::from(plan)
        ));
    }
    let target = |case: &Case| {
        let (target, upstream) = (case.target(), case.upstream());
        let host = case.host;
        format!("[models.\"{target}\"]\nprovider = \"p-{host:?}\"\nupstream = \"{upstream}\"\n")
    };
    let targets: BTreeSet<String> = cases.iter().map(target).collect();
    let chain = |case: &Case| {
        let good = case.rescue.map(|format| format!("{format:?}-good"));
        (case.alias(), [Some(case.target()), good].into_iter().flatten().collect())
    };
    let chains: BTreeMap<String, Vec<String>> = cases.iter().map(chain).collect();
    let chains = chains
        .iter()
        .map(|(alias, chain)| (alias.clone(), chain.iter().map(String::as_str).collect()));
    let text = format!("{}\n{}", String::from(plan), targets.into_iter().collect::<String>());
    House::open(Plan::new(&text).aliases(chains)).await
}

/// Breaks answers, and judges what clients see.
async fn break_answers(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let house = house(&cases).await;
    let asked = cases.into_iter().map(|case| {
        let body = curious(case.client(), &case.alias(), case.streamed, TEXTS[0]);
        (case.clone(), post(case.client(), body))
    });
    let mut wrong = Vec::new();
    for (case, answer) in ask_all(house.address(), asked).await {
        if let Err(why) = judge(&case, &answer) {
            let said: String = answer.text().chars().take(1_500).collect();
            wrong.push(format!("{case:?}: {why}, in {} {:?} {said}", answer.status, answer.end));
        }
    }
    let shown = wrong.iter().take(6).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} wrong, such as\n{shown}", wrong.len());
}

fn must(met: bool, what: &str) -> Result<(), String> {
    if met { Ok(()) } else { Err(what.to_owned()) }
}

/// What a client may see of an answer that broke at this place.
fn judge(case: &Case, answer: &Answer) -> Result<(), String> {
    match (answer.status, answer.end) {
        (200, End::Whole) => judge_whole(case, answer),
        (200, End::BrokenOff) => judge_told(case, answer),
        (status, _) => {
            must(case.rescue.is_none(), "a good target stood behind")?;
            must(status >= 500, "the upstream was at fault")?;
            must(answer.end == End::Whole, "all of the error")?;
            must(is_error(case.client(), &answer.body), "an error body in the client's words")
        }
    }
}

/// A stream that has begun and broke: its beginning, and one error.
fn judge_told(case: &Case, answer: &Answer) -> Result<(), String> {
    must(case.streamed, "a whole answer is whole")?;
    let before = before_error(case.client(), &answer.body).ok_or("its last event tells it")?;
    let (said, ended) = meaning::of_stream(case.client(), before)?;
    must(!ended, "an answer that ended did not break")?;
    if case.what == "garble" {
        return Ok(());
    }
    must(said.begins(&case.meant()), "the beginning of the answer, once")?;
    must(!case.is_complete(), "a complete answer ends cleanly")
}

/// An answer that claims to be whole: the host's if it said it all, or the good target's.
fn judge_whole(case: &Case, answer: &Answer) -> Result<(), String> {
    let got = meaning::of(case.client(), case.streamed, &answer.body)?;
    let hops = answer.fates();
    if hops.last().is_some_and(|fate| fate == "ok") && hops.len() == 2 {
        must(!case.is_complete(), "the first target had answered")?;
        let good = case.rescued().ok_or("nothing stood behind")?;
        let same = got.words() == good.words();
        return must(same, "what the good target says");
    }
    if case.what == "garble" {
        return must(got.holds_no_more_than(&case.meant()), &format!("nothing more than {got:?}"));
    }
    must(case.is_complete(), "what is not complete has no clean end")?;
    let meant = case.meant();
    // A Chat host that ends behind its finish has not counted yet.
    let uncounted = case.host == Chat && (case.what == "end" || case.saying == "says-no-usage");
    let meant = if uncounted { Meaning { usage: got.usage, ..meant } } else { meant };
    understood(case.host, &got, &meant)
}

/// A break of this kind at each of these places of an answer: before a client that streams and has
/// nobody else to ask, and in turn each other way there is; of many places, at every third.
fn cases(
    what: &'static str,
    (host, saying): (Format, &'static str),
    places: impl Fn(&GoodStream) -> BTreeSet<usize>,
) -> Vec<Case> {
    let plain = Case { host, what, place: 0, saying, rescue: None, streamed: true };
    let ways = [
        (true, Some(host)),
        (false, None),
        (true, Some(other(host))),
        (false, Some(host)),
        (false, Some(other(host))),
    ];
    let places = places(&plain.good());
    let stride = if places.len() > 500 { 3 } else { 1 };
    let turned = places.iter().step_by(stride).zip(ways.into_iter().cycle());
    let turned = turned.map(|(&place, (streamed, rescue))| Case {
        place,
        streamed,
        rescue,
        ..plain.clone()
    });
    places.iter().map(|&place| Case { place, ..plain.clone() }).chain(turned).collect()
}

/// Right at the end of every event and before its last byte, and in the middle of each.
fn around_events(stream: &GoodStream) -> BTreeSet<usize> {
    let around = stream.ends.iter().flat_map(|(end, _)| [end - 30, end - 1, *end]);
    around.chain([0]).filter(|place| *place <= stream.bytes.len()).collect()
}

fn every(step: usize) -> impl Fn(&GoodStream) -> BTreeSet<usize> {
    move |stream| (0..=stream.bytes.len()).step_by(step).collect()
}

/// An answer of each host that holds what answers hold, and is short.
const SHORT: [(Format, &str); 2] =
    [(Chat, "says-call-at-once"), (Messages, "says-hidden-thoughts")];

/// Longer ones.
const LONG: [(Format, &str); 6] = [
    (Chat, "says-interleaved-calls"),
    (Chat, "says-thoughts"),
    (Chat, "says-cached"),
    (Messages, "says-two-calls"),
    (Messages, "says-thoughts"),
    (Messages, "says-no-midway"),
];

/// Every scripted answer. (A good one depends on how the router spells the request.)
fn all_answers() -> impl Iterator<Item = (Format, &'static str)> {
    FORMATS.into_iter().flat_map(|host| {
        let sayings = SAYINGS.iter().filter(move |saying| saying.is_for(host));
        sayings.map(move |it| (host, it.name))
    })
}

#[tokio::test]
async fn g3_a_translated_answer_cut_around_any_event_is_complete_rescued_or_told() {
    break_answers(all_answers().flat_map(|it| cases("cut", it, around_events)).collect()).await;
}

#[tokio::test]
async fn g3_a_translated_answer_cut_at_any_byte_is_complete_rescued_or_told() {
    break_answers(SHORT.into_iter().flat_map(|it| cases("cut", it, every(1))).collect()).await;
}

#[tokio::test]
async fn g3_a_translated_answer_that_ends_early_is_completed_rescued_or_told() {
    break_answers(all_answers().flat_map(|it| cases("end", it, around_events)).collect()).await;
}

#[tokio::test]
async fn g3_a_translated_answer_that_falls_silent_is_complete_rescued_or_told() {
    let ends = |stream: &GoodStream| stream.ends.iter().map(|(end, _)| *end).collect();
    break_answers(LONG.into_iter().flat_map(|it| cases("stall", it, ends)).collect()).await;
}

#[tokio::test]
async fn g3_a_translated_answer_with_a_wrong_byte_is_told_once_rescued_or_told_to_have_failed() {
    break_answers(LONG.into_iter().flat_map(|it| cases("garble", it, every(7))).collect()).await;
}

#[test]
fn the_scripted_answers_are_what_these_tests_take_them_for() {
    for host in FORMATS {
        for saying in SAYINGS.iter().filter(|saying| saying.is_for(host)) {
            let stream = good_stream(host, &request(host, saying.name, true, "Hé"));
            assert_eq!(stream.ends.last().unwrap().1, Part::Terminator, "{}", saying.name);
            let meant = meant(host, &request(host, saying.name, true, "Hé"), "asked");
            assert_ne!(meant.stop, meaning::Stop::Open, "{}", saying.name);
        }
    }
}

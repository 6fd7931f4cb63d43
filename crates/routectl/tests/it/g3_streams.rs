//! G3: a stream never ends in silence, half-truths or twice, wherever it breaks.

use std::collections::BTreeSet;

use bytes::Bytes;
use routectl_emulator::good_answer;

use crate::harness::*;

/// Clocks of a target that stalls; all others keep the long ones.
const IMPATIENT: &str = "stream_first_byte_timeout_ms = 1000\nstream_idle_timeout_ms = 400";

/// The name under which the scripted answers speak.
const STAND_IN: &str = "mock-1";

#[derive(Debug, Clone)]
struct Case {
    format: Format,
    /// What happens there: `cut`, `end`, `stall`, `garble`.
    what: &'static str,
    place: usize,
    /// Whether a good target stands behind.
    rescued: bool,
}

impl Case {
    fn target(&self) -> String {
        format!("{:?}-{}-at-{}", self.format, self.what, self.place)
    }

    fn alias(&self) -> String {
        let Self { rescued, .. } = self;
        format!("{}-{rescued}", self.target())
    }
}

/// A router with a target and two chains for each of these.
async fn house(cases: &[Case]) -> House {
    let stalls = cases.iter().any(|case| case.what == "stall");
    let clocks = if stalls { IMPATIENT } else { "" };
    let mut plan = Plan::brisk();
    for format in FORMATS {
        plan = plan.target(&format!("{format:?}-good"), format, STAND_IN);
        let (kind, url) = kind(format);
        plan = Plan::new(&format!(
            "{}\n[providers.\"p-{format:?}\"]\nkind = \"{kind}\"\nbase_url = \"{url}\"\n\
             api_key_ref = \"literal:the-key\"\n{clocks}\n[models]\n",
            String::from(plan)
        ));
    }
    let targets: BTreeSet<String> = cases
        .iter()
        .map(|case| {
            let Case { format, what, place, .. } = case;
            format!(
                "[models.\"{}\"]\nprovider = \"p-{format:?}\"\nupstream = \"{what}-at-{place}\"\n",
                case.target()
            )
        })
        .collect();
    let text = String::from(plan).replace("\n[models]\n", "\n");
    let names: Vec<_> =
        cases.iter().map(|case| (case.target(), format!("{:?}-good", case.format))).collect();
    let aliases = cases.iter().zip(&names).map(|(case, (bad, good))| {
        let chain = if case.rescued { vec![&**bad, &**good] } else { vec![&**bad] };
        (case.alias(), chain)
    });
    let text = format!("{text}\n{}", targets.into_iter().collect::<String>());
    House::open(Plan::new(&text).aliases(aliases)).await
}

/// Every byte of a stream, or the bytes around the ends of its events and in their middle.
fn places(good: &Good, every: usize) -> BTreeSet<usize> {
    let around = good.ends.iter().flat_map(|end| [end - 40, end - 1, *end, end + 1]);
    let all = (0..=good.bytes.len()).step_by(every).chain(around);
    all.filter(|place| *place <= good.bytes.len()).collect()
}

/// Breaks the answer to `text` everywhere, and judges what clients see.
async fn break_everywhere(what: &'static str, text: &str, words: u32, every: usize) {
    let mut cases = Vec::new();
    for format in FORMATS {
        let good = good(format, &body_saying(format, STAND_IN, true, text, words));
        for place in places(&good, every) {
            cases.push(Case { format, what, place, rescued: true });
            let near = good.ends.iter().any(|end| end.abs_diff(place) <= 1);
            if near {
                cases.push(Case { format, what, place, rescued: false });
            }
        }
    }
    let house = house(&cases).await;
    let asked = cases.into_iter().map(|case| {
        let body = body_saying(case.format, &case.alias(), true, text, words);
        let request = post(case.format, body);
        (case, request)
    });
    let mut wrong = Vec::new();
    for (case, answer) in ask_all(house.address(), asked).await {
        let good = good(case.format, &body_saying(case.format, STAND_IN, true, text, words));
        if let Err(why) = judge(&case, &good, &answer) {
            wrong.push(format!("{case:?}: {why}, in {} {}", answer.status, tail(&answer)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, such as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
}

/// How an answer ends, for messages of failed tests.
fn tail(answer: &Answer) -> String {
    let text: String = answer.text().chars().rev().take(300).collect();
    format!("{:?} …{}", answer.end, text.chars().rev().collect::<String>())
}

/// What a client may see of a stream that broke at this place.
fn judge(case: &Case, good: &Good, answer: &Answer) -> Result<(), String> {
    let told = |met: bool, what: &str| if met { Ok(()) } else { Err(what.to_owned()) };
    if answer.status != 200 {
        told(!case.rescued, "a good target stood behind")?;
        told(answer.status >= 500, "the upstream was at fault")?;
        return told(is_error(case.format, &answer.body), "an error body in the client's words");
    }
    if case.what == "garble" {
        return judge_garbled(case, good, answer);
    }
    let committed = case.place >= good.commit;
    if !committed {
        told(case.rescued, "nothing stood behind, and yet there is an answer")?;
        told(answer.body == good.bytes, "the good target's bytes")?;
        return told(answer.end == End::Whole, "a clean end");
    }
    // An upstream that ends properly after the stop has answered; only its terminator is missing.
    let complete = case.place >= good.bytes.len()
        || (case.what == "end" && good.whole_events(case.place).len() >= good.stop);
    // The last event may have come but for its blank line.
    let all_but_blank = case.what == "end" && case.place + 2 >= good.stop;
    match answer.end {
        End::Whole => {
            told(complete || all_but_blank, "what is not complete has no clean end")?;
            told(answer.body == good.bytes, "the whole good answer, once")
        }
        End::BrokenOff => {
            told(!complete, "a complete answer ends cleanly")?;
            let before = before_error(case.format, &answer.body);
            let before = before.ok_or("a broken stream tells it as its last event")?;
            told(before == good.whole_events(case.place), "all whole events, and nothing else")
        }
    }
}

/// One byte is another one: the client gets what the upstream said, or the good target's answer,
/// or is told.
fn judge_garbled(case: &Case, good: &Good, answer: &Answer) -> Result<(), String> {
    let mut garbled = good.bytes.to_vec();
    if let Some(byte) = garbled.get_mut(case.place) {
        *byte = if *byte == b'~' { b'^' } else { b'~' };
    }
    match answer.end {
        End::Whole => {
            let terminated = [&garbled[..], b"data: [DONE]"].concat();
            let known = [&good.bytes[..], &garbled, &terminated];
            let body = answer.body.trim_ascii_end();
            if !known.iter().any(|known| known.trim_ascii_end() == body) {
                return Err("neither the upstream's bytes nor the good target's".to_owned());
            }
            // A terminator is one even where the line that names its kind is spoilt.
            let last = String::from_utf8_lossy(events(&answer.body).last().unwrap()).into_owned();
            let ends = last.contains("data: [DONE]") || last.contains("message_stop");
            if ends { Ok(()) } else { Err("a clean end without a terminator".to_owned()) }
        }
        End::BrokenOff => match before_error(case.format, &answer.body) {
            Some(before) if garbled.starts_with(before) => Ok(()),
            Some(_) => Err("something that the upstream did not say".to_owned()),
            None => Err("a broken stream tells it as its last event".to_owned()),
        },
    }
}

/// An answer with thoughts.
const THOUGHTFUL: &str = "[[think]] Why?";

#[tokio::test]
async fn g3_a_stream_cut_at_any_byte_is_complete_rescued_or_told() {
    break_everywhere("cut", "Hé", 2, 1).await;
}

#[tokio::test]
async fn g3_a_stream_with_thoughts_cut_around_any_event_is_complete_rescued_or_told() {
    break_everywhere("cut", THOUGHTFUL, 60, usize::MAX).await;
}

#[tokio::test]
async fn g3_a_stream_that_ends_early_is_completed_rescued_or_told() {
    break_everywhere("end", "Hé", 3, 5).await;
}

#[tokio::test]
async fn g3_a_stream_that_falls_silent_is_complete_rescued_or_told() {
    break_everywhere("stall", "Hé", 3, 7).await;
}

#[tokio::test]
async fn g3_a_stream_with_a_wrong_byte_anywhere_is_passed_on_rescued_or_told() {
    break_everywhere("garble", "Hé", 3, 2).await;
}

#[tokio::test]
async fn g3_a_whole_answer_cut_at_any_byte_is_rescued_or_refused() {
    let mut cases = Vec::new();
    for format in FORMATS {
        let whole = good_answer(format, &body(format, STAND_IN, false)).len();
        for place in 0..whole {
            cases.push(Case { format, what: "cut", place, rescued: true });
            if place % 8 == 0 {
                cases.push(Case { format, what: "cut", place, rescued: false });
            }
        }
    }
    let house = house(&cases).await;
    let asked = cases.into_iter().map(|case| {
        let request = post(case.format, body(case.format, &case.alias(), false));
        (case, request)
    });
    for (case, answer) in ask_all(house.address(), asked).await {
        let good: Bytes = good_answer(case.format, &body(case.format, STAND_IN, false));
        assert_eq!(answer.end, End::Whole, "{case:?}");
        if case.rescued {
            assert_eq!(answer.status, 200, "{case:?} {}", answer.text());
            assert_eq!(answer.body, good, "{case:?}");
        } else {
            assert!(answer.status >= 500, "{case:?}");
            assert!(is_error(case.format, &answer.body), "{case:?} {}", answer.text());
        }
    }
}

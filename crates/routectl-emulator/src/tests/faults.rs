//! Every fault has the shape that its entry promises.

use super::client::{End, address, ask, request, text_of};
use super::{FORMATS, body};
use crate::{
    Emulator, FAULTS, Fate, Fault, Format, Modes, ODDITIES, Phase, good_answer, good_stream,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MODES: [bool; 2] = [true, false];

/// Faults after which the host waits for the peer to leave.
fn holds(fault: &Fault) -> bool {
    fault.name.starts_with("stall-") || matches!(fault.name, "pings-for-ever" | "error-then-stall")
}

#[tokio::test]
async fn a_fault_before_the_head_gives_no_answer() {
    let emulator = Emulator::start().await.unwrap();
    for (fault, format, streamed) in cases(Phase::BeforeHead) {
        let request = body(format, &format!("fault-{}", fault.name), streamed, "hi");
        let answer = ask(&emulator, format, &request).await;
        let case = format!("{} {format:?} streamed={streamed}", fault.name);
        match answer.status {
            Some(200) => assert!(answer.headers.len() > 64 << 10, "{case}"),
            Some(status) => assert!(status >= 400 && answer.end == End::Proper, "{case} {status}"),
            None => assert!(answer.end != End::Proper, "{case}"),
        }
    }
}

#[tokio::test]
async fn a_fault_before_content_shows_no_content() {
    let emulator = Emulator::start().await.unwrap();
    for (fault, format, streamed) in cases(Phase::BeforeContent) {
        let request = body(format, &format!("fault-{}", fault.name), streamed, "hi");
        let answer = ask(&emulator, format, &request).await;
        let case = format!("{} {format:?} streamed={streamed}", fault.name);
        assert_eq!(answer.status, Some(200), "{case}");
        assert_eq!(text_of(&answer.body), "", "{case}");
        let good = good_answer(format, request.to_string().as_bytes());
        assert!(streamed || answer.body != good, "{case}");
    }
}

#[tokio::test]
async fn a_fault_after_content_breaks_the_answer() {
    let emulator = Emulator::start().await.unwrap();
    for (fault, format, streamed) in cases(Phase::AfterContent) {
        let request = body(format, &format!("fault-{}", fault.name), streamed, "hi");
        let answer = ask(&emulator, format, &request).await;
        let case = format!("{} {format:?} streamed={streamed}", fault.name);
        assert_eq!(answer.status, Some(200), "{case}");
        let (good, begun) = match streamed {
            true => {
                let good = good_stream(format, request.to_string().as_bytes());
                (good.bytes, !text_of(&answer.body).is_empty())
            }
            false => (good_answer(format, request.to_string().as_bytes()), !answer.body.is_empty()),
        };
        assert!(begun, "{case}: no content");
        assert!(!answer.body.ends_with(&good[good.len() - 40..]), "{case}: it is complete");
        assert!(streamed || answer.end != End::Proper, "{case}: a proper end");
    }
}

#[tokio::test]
async fn a_stalled_answer_lasts_until_the_peer_leaves() {
    for fault in FAULTS.iter().filter(|it| holds(it)) {
        for format in FORMATS {
            for streamed in MODES.into_iter().filter(|it| fault.applies.to(format, *it)) {
                let emulator = Emulator::start().await.unwrap();
                let mut stream = TcpStream::connect(address(&emulator, format)).await.unwrap();
                let name = format!("fault-{}", fault.name);
                let request = request(format, &body(format, &name, streamed, "hi"));
                stream.write_all(request.as_bytes()).await.unwrap();
                if fault.phase != Phase::BeforeHead {
                    stream.read_u8().await.unwrap();
                }
                while emulator.requests().is_empty() {
                    tokio::task::yield_now().await;
                }
                assert_eq!(emulator.requests()[0].fate, Fate::Open, "{name} {format:?}");
                drop(stream);
                emulator.ended(1).await;
                assert_eq!(emulator.requests()[0].fate, Fate::ClientLeft, "{name} {format:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_fault_that_does_not_apply_is_refused_by_name() {
    let emulator = Emulator::start().await.unwrap();
    let whole_only = FAULTS.iter().find(|it| it.applies.modes == Modes::Whole).unwrap();
    let name = format!("fault-{}", whole_only.name);
    let answer = ask(&emulator, Format::Chat, &body(Format::Chat, &name, true, "hi")).await;
    assert_eq!(answer.status, Some(400));
    assert!(answer.text().contains(&name), "{}", answer.text());
    let answer =
        ask(&emulator, Format::Chat, &body(Format::Chat, "fault-no-such", true, "hi")).await;
    assert_eq!(answer.status, Some(404));
}

#[tokio::test]
async fn times_in_headers_and_bodies_are_filled_in() {
    let emulator = Emulator::start().await.unwrap();
    for fault in FAULTS.iter().filter(|it| it.phase == Phase::BeforeHead && !holds(it)) {
        for format in FORMATS.into_iter().filter(|it| fault.applies.to(*it, false)) {
            let request = body(format, &format!("fault-{}", fault.name), false, "hi");
            let answer = ask(&emulator, format, &request).await;
            let said = answer.headers + &String::from_utf8_lossy(&answer.body);
            for slot in ["{date+", "{rfc3339+", "{epoch+", "{epoch-ms+"] {
                assert!(!said.contains(slot), "{} leaves {slot}", fault.name);
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_fails_k_times_then_answers() {
    let emulator = Emulator::start().await.unwrap();
    for (name, failures) in [("once-overloaded", 1), ("times-3-server-error", 3)] {
        let request = body(Format::Chat, name, false, "hi");
        for round in 0..failures + 2 {
            let answer = ask(&emulator, Format::Chat, &request).await;
            assert_eq!(answer.status == Some(200), round >= failures, "{name} round {round}");
        }
        emulator.forget();
        let answer = ask(&emulator, Format::Chat, &request).await;
        assert_ne!(answer.status, Some(200), "{name} after forgetting");
    }
}

#[tokio::test]
async fn an_oddity_says_what_the_good_answer_says() {
    let emulator = Emulator::start().await.unwrap();
    for odd in ODDITIES {
        for format in FORMATS {
            for streamed in MODES.into_iter().filter(|it| odd.applies.to(format, *it)) {
                let request = body(format, odd.name, streamed, "grüß dich 🙂");
                let raw = request.to_string();
                let answer = ask(&emulator, format, &request).await;
                let case = format!("{} {format:?} streamed={streamed}", odd.name);
                assert_eq!((answer.status, answer.end), (Some(200), End::Proper), "{case}");
                if streamed {
                    let good = good_stream(format, raw.as_bytes());
                    assert_eq!(text_of(&answer.body), text_of(&good.bytes), "{case}");
                    let differs = answer.body != good.bytes;
                    let by_writes = ["slow-bytes", "split-utf8", "one-write", "until-close"];
                    let same = by_writes.iter().any(|it| odd.name.ends_with(it));
                    assert_eq!(differs, !same, "{case}: the bytes");
                } else {
                    let good: Value =
                        serde_json::from_slice(&good_answer(format, raw.as_bytes())).unwrap();
                    assert_eq!(answer.json(), good, "{case}");
                }
            }
        }
    }
}

/// Every fault of a phase with every request it applies to, but those that never end.
fn cases(phase: Phase) -> impl Iterator<Item = (&'static Fault, Format, bool)> {
    let faults = FAULTS.iter().filter(move |fault| fault.phase == phase && !holds(fault));
    faults.flat_map(|fault| {
        let pairs = FORMATS.into_iter().flat_map(|format| MODES.map(|streamed| (format, streamed)));
        let pairs = pairs.filter(|(format, streamed)| fault.applies.to(*format, *streamed));
        pairs.map(move |(format, streamed)| (fault, format, streamed))
    })
}

#[tokio::test]
async fn a_reset_is_no_ordinary_close() {
    let emulator = Emulator::start().await.unwrap();
    for fault in FAULTS {
        let end = match fault.name.split_once('-') {
            Some(("reset", _)) => End::Reset,
            Some(("cut" | "close", _)) => End::Closed,
            _ => continue,
        };
        for format in FORMATS {
            for streamed in MODES.into_iter().filter(|it| fault.applies.to(format, *it)) {
                let name = format!("fault-{}", fault.name);
                let answer = ask(&emulator, format, &body(format, &name, streamed, "hi")).await;
                assert_eq!(answer.end, end, "{name} {format:?} streamed={streamed}");
            }
        }
    }
}

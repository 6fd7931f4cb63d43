//! The good answer can be broken at every byte.

use super::client::{End, address, ask, request};
use super::{FORMATS, body};
use crate::{Emulator, Fate, Part, good_answer, good_stream};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_stream_can_be_cut_or_ended_at_any_byte() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let good = good_stream(format, body(format, "mock-1", true, "é").to_string().as_bytes());
        for (verb, end) in [("cut", End::Closed), ("end", End::Proper)] {
            for at in (0..good.bytes.len()).step_by(3).chain([good.bytes.len()]) {
                let request = body(format, &format!("{verb}-at-{at}"), true, "é");
                let answer = ask(&emulator, format, &request).await;
                assert_eq!(answer.body, good.bytes[..at], "{verb}-at-{at} {format:?}");
                assert_eq!(answer.end, end, "{verb}-at-{at} {format:?}");
            }
        }
        emulator.forget();
    }
}

#[tokio::test]
async fn a_whole_answer_can_be_cut_at_any_byte() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let good = good_answer(format, body(format, "mock-1", false, "é").to_string().as_bytes());
        for at in (0..good.len()).step_by(3) {
            let request = body(format, &format!("cut-at-{at}"), false, "é");
            let answer = ask(&emulator, format, &request).await;
            assert_eq!(answer.body, good[..at], "cut-at-{at} {format:?}");
            assert_eq!(answer.end, End::Closed, "cut-at-{at} {format:?}");
        }
    }
}

#[tokio::test]
async fn a_garbled_stream_differs_in_one_byte() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let good = good_stream(format, body(format, "mock-1", true, "é").to_string().as_bytes());
        for at in (0..good.bytes.len()).step_by(7) {
            let request = body(format, &format!("garble-at-{at}"), true, "é");
            let answer = ask(&emulator, format, &request).await;
            let pairs = answer.body.iter().zip(&good.bytes);
            let differ: Vec<usize> =
                pairs.enumerate().filter(|(_, (got, good))| got != good).map(|it| it.0).collect();
            assert_eq!((differ, answer.body.len()), (vec![at], good.bytes.len()));
        }
    }
}

#[tokio::test]
async fn a_stream_can_stall_at_a_byte() {
    let emulator = Emulator::start().await.unwrap();
    for format in FORMATS {
        let mut stream = TcpStream::connect(address(&emulator, format)).await.unwrap();
        let request = request(format, &body(format, "stall-at-100", true, "é"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("\r\n64\r\n") {
            tokio::io::AsyncReadExt::read_buf(&mut stream, &mut seen).await.unwrap();
        }
        drop(stream);
        emulator.ended(1).await;
        assert_eq!(emulator.requests()[0].fate, Fate::ClientLeft);
        emulator.forget();
    }
}

#[test]
fn the_good_stream_knows_its_events() {
    for format in FORMATS {
        let good = good_stream(format, body(format, "mock-1", true, "hi").to_string().as_bytes());
        let mut start = 0;
        for (end, _) in &good.ends {
            assert!(good.bytes[start..*end].ends_with(b"\n\n"));
            start = *end;
        }
        assert_eq!(start, good.bytes.len());
        let parts: Vec<Part> = good.ends.iter().map(|(_, part)| *part).collect();
        assert_eq!(parts.first(), Some(&Part::Preamble));
        assert_eq!(parts.last(), Some(&Part::Terminator));
        assert!(good.preamble() > 0 && good.preamble() < good.bytes.len());
    }
}

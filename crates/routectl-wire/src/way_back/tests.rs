//! The way back says the same wherever the upstream cuts its text.

use proptest::prelude::*;
use routectl_core::{Delta, Event, Head, Opening, StopReason};

use super::WayBack;
use crate::grammar::Grammar;
use crate::{Changes, Renamed};

/// What a client is told of these events, texts joined.
fn told(changes: &Changes, events: Vec<Event>) -> Vec<Event> {
    let mut way_back = WayBack::new(changes.clone());
    let mut told = Vec::new();
    for event in events {
        way_back.event(event, &mut told);
    }
    let mut grammar = Grammar::default();
    for event in &told {
        grammar.take(event).unwrap();
    }
    assert_eq!(way_back.is_over(), told.contains(&Event::End) && stopped_here(&told));
    joined(told)
}

fn stopped_here(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Stop(StopReason::StopSequence(Some(_)))))
}

fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (
                Some(Event::Delta { delta: Delta::Text(text), index: that }),
                Event::Delta { delta: Delta::Text(more), index },
            )
            | (
                Some(Event::Delta { delta: Delta::Arguments(text), index: that }),
                Event::Delta { delta: Delta::Arguments(more), index },
            ) if *that == index => text.push_str(&more),
            (_, event) => joined.push(event),
        }
    }
    joined
}

/// An answer of one block that grows by these pieces.
fn answer(block: Opening, pieces: &[&str], reason: StopReason) -> Vec<Event> {
    let prose = block == Opening::Text;
    let mut events = vec![Event::Start(Head::default()), Event::Open { index: 0, block }];
    events.extend(pieces.iter().map(|piece| {
        let piece = (*piece).to_owned();
        let delta = if prose { Delta::Text(piece) } else { Delta::Arguments(piece) };
        Event::Delta { index: 0, delta }
    }));
    events.extend([Event::Close { index: 0 }, Event::Stop(reason), Event::End]);
    events
}

fn call(name: &str) -> Opening {
    Opening::ToolCall { id: "a".into(), name: name.into() }
}

/// The growth of a client's only block, and why the answer ended.
fn gist(events: &[Event]) -> (String, StopReason) {
    let mut gist = (String::new(), StopReason::Pause);
    for event in events {
        if let Event::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } = event {
            gist.0.push_str(text);
        }
        if let Event::Stop(reason) = event {
            gist.1 = reason.clone();
        }
    }
    gist
}

fn stops(stops: &[&str]) -> Changes {
    let stops = stops.iter().map(|stop| (*stop).to_owned()).collect();
    Changes { stops, ..Changes::default() }
}

fn text_tool() -> Changes {
    let (upstream, client) = ("patch".to_owned(), "apply patch".to_owned());
    Changes { tools: vec![Renamed { upstream, client, takes_text: true }], ..Changes::default() }
}

/// All ways to cut a text in two, and character by character.
fn cuts(text: &str) -> Vec<Vec<&str>> {
    let mut borders: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    borders.push(text.len());
    let single = borders.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
    let halves = borders.iter().map(|at| vec![&text[..*at], &text[*at..]]);
    halves.chain([single]).collect()
}

#[test]
fn case_16_an_answer_ends_before_the_stop_that_is_complete_first() {
    for (wanted, text, said, stop) in [
        (&["END"][..], "go on END and on", "go on ", Some("END")),
        (&["END"], "EN, EEND", "EN, E", Some("END")),
        (&["END"], "almost EN", "almost EN", None),
        (&["abcd", "bc"], "abcd", "a", Some("bc")),
        (&["cd", "bcd"], "abcd", "a", Some("bcd")),
        (&["\n\n"], "a\nb\n\nc", "a\nb", Some("\n\n")),
        (&["é😀"], "aé é😀", "aé ", Some("é😀")),
        (&["x"], "x", "", Some("x")),
        (&["aab"], "aaab", "a", Some("aab")),
    ] {
        for pieces in cuts(text) {
            let events = answer(Opening::Text, &pieces, StopReason::EndTurn);
            let told = told(&stops(wanted), events);
            let reason = match stop {
                Some(stop) => StopReason::StopSequence(Some(stop.to_owned())),
                None => StopReason::EndTurn,
            };
            assert_eq!(gist(&told), (said.to_owned(), reason), "{pieces:?}");
            assert_eq!(told.last(), Some(&Event::End));
        }
    }
}

#[test]
fn stops_are_looked_for_in_visible_text_alone() {
    for block in [Opening::Reasoning, Opening::Refusal, call("f")] {
        let events = answer(block, &["END"], StopReason::EndTurn);
        assert_eq!(told(&stops(&["END"]), events.clone()), joined(events));
    }
}

#[test]
fn what_follows_a_stop_is_not_told_and_what_is_open_is_closed() {
    let mut way_back = WayBack::new(stops(&["END"]));
    let mut told = Vec::new();
    let open = |index, block| Event::Open { index, block };
    let text = |text: &str| Event::Delta { index: 1, delta: Delta::Text(text.into()) };
    for event in [
        Event::Start(Head::default()),
        open(0, call("f")),
        open(1, Opening::Text),
        text("aENDb"),
        text("c"),
        Event::Stop(StopReason::MaxTokens),
        Event::End,
    ] {
        way_back.event(event, &mut told);
    }
    assert!(way_back.is_over());
    let stop = StopReason::StopSequence(Some("END".into()));
    let end = [
        text("a"),
        Event::Close { index: 0 },
        Event::Close { index: 1 },
        Event::Stop(stop),
        Event::End,
    ];
    assert_eq!(told[3..], end);
}

#[test]
fn case_7_a_tool_has_its_own_name_again() {
    let mut changes = text_tool();
    changes.tools[0].takes_text = false;
    for (upstream, client) in [("patch", "apply patch"), ("other", "other")] {
        let told = told(&changes, answer(call(upstream), &["{}"], StopReason::ToolUse));
        assert_eq!(told[1], Event::Open { index: 0, block: call(client) });
        assert_eq!(gist(&told), ("{}".to_owned(), StopReason::ToolUse));
    }
}

#[test]
fn case_23_a_tool_that_takes_text_gets_its_text() {
    for (arguments, text) in [
        (r#"{"input":"*** Begin\n\"é\" \ud83d\ude00\u00e9\\"}"#, "*** Begin\n\"é\" 😀é\\"),
        (" {\n \"input\" : \"a\" , \"more\":1}", "a"),
        (r#"{"input":"cut \u00"#, "cut \u{fffd}00"),
        (r#"{"input":"half \ud83d"}"#, "half \u{fffd}"),
        (r#"{"input":"half \ud83d\n"}"#, "half \u{fffd}\n"),
        (r#"{"why":"x","input":"late"}"#, "late"),
        (r#"{"input":{"a":1}}"#, r#"{"a":1}"#),
        (r#"{"text":"other"}"#, r#"{"text":"other"}"#),
        ("no json", "no json"),
        ("{}", ""),
        ("", ""),
    ] {
        for pieces in cuts(arguments) {
            let told = told(&text_tool(), answer(call("patch"), &pieces, StopReason::ToolUse));
            let block = Opening::TextCall { id: "a".into(), name: "apply patch".into() };
            assert_eq!(told[1], Event::Open { index: 0, block });
            assert_eq!(gist(&told), (text.to_owned(), StopReason::ToolUse), "{pieces:?}");
        }
    }
}

#[test]
fn the_arguments_of_the_output_tool_are_the_answers_text() {
    let changes = Changes { output_tool: Some("emit".into()), ..Changes::default() };
    for (arguments, text) in [("{\"a\": 1.0}", "{\"a\": 1.0}"), ("", "{}")] {
        for pieces in cuts(arguments) {
            let told = told(&changes, answer(call("emit"), &pieces, StopReason::ToolUse));
            assert_eq!(told[1], Event::Open { index: 0, block: Opening::Text });
            assert_eq!(gist(&told), (text.to_owned(), StopReason::EndTurn), "{pieces:?}");
        }
    }
    let other = told(&changes, answer(call("f"), &["{}"], StopReason::ToolUse));
    assert_eq!(gist(&other), ("{}".to_owned(), StopReason::ToolUse), "a call of the client's");
    let cut = told(&changes, answer(call("emit"), &["{"], StopReason::MaxTokens));
    assert_eq!(gist(&cut), ("{".to_owned(), StopReason::MaxTokens));
}

fn pieces(text: &str, borders: &[usize]) -> Vec<String> {
    let mut borders: Vec<usize> = borders.iter().map(|it| it % (text.len() + 1)).collect();
    borders.retain(|at| text.is_char_boundary(*at));
    borders.extend([0, text.len()]);
    borders.sort_unstable();
    borders.windows(2).map(|pair| text[pair[0]..pair[1]].to_owned()).collect()
}

proptest! {
    #[test]
    fn no_cut_changes_where_an_answer_stops(
        text in "[ab é😀\n]{0,40}",
        wanted in proptest::collection::vec("[ab é😀\n]{1,4}", 1..4),
        borders in proptest::collection::vec(0_usize..200, 0..12),
    ) {
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let changes = stops(&wanted);
        let pieces = pieces(&text, &borders);
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let whole = gist(&told(&changes, answer(Opening::Text, &[&text], StopReason::EndTurn)));
        let cut = gist(&told(&changes, answer(Opening::Text, &pieces, StopReason::EndTurn)));
        prop_assert_eq!(&whole, &cut);
        prop_assert!(wanted.iter().all(|stop| !whole.0.contains(stop)));
        prop_assert!(text.starts_with(&whole.0));
    }

    #[test]
    fn any_text_of_a_tool_comes_back_however_it_is_escaped_and_cut(
        text in any::<String>(),
        ascii in any::<bool>(),
        borders in proptest::collection::vec(0_usize..500, 0..20),
    ) {
        let json = format!("{{\"input\":{}}}", serde_json::to_string(&text).unwrap());
        let json = if ascii { escaped(&json) } else { json };
        let pieces = pieces(&json, &borders);
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let told = told(&text_tool(), answer(call("patch"), &pieces, StopReason::ToolUse));
        prop_assert_eq!(gist(&told).0, text);
    }
}

/// As Python's `json.dumps` writes it.
fn escaped(json: &str) -> String {
    let unit = |unit: &u16| match u8::try_from(*unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    json.encode_utf16().collect::<Vec<_>>().iter().map(unit).collect()
}

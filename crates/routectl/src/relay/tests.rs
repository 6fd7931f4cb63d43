use bytes::Bytes;
use routectl_wire::dialects;
use routectl_wire::formats::chat::rewrite::Rewrite;
use routectl_wire::{CHAT, Changes, ClientFormat, Document, Framing, MESSAGES, Reply};

use super::{Relay, Telling};

const CHAT_STREAM: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    ": OPENROUTER PROCESSING\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hé 😀\"}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

const MESSAGES_STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hé 😀\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

fn cases() -> [(&'static dyn ClientFormat, &'static str); 2] {
    [(CHAT, CHAT_STREAM), (MESSAGES, MESSAGES_STREAM)]
}

/// What a client sees of a stream that arrives in pieces, and how it ends.
fn relayed<'a>(
    format: &'static dyn ClientFormat,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Result<(), String>) {
    let mut relay = Relay::new(format);
    let mut seen = Vec::new();
    for piece in pieces {
        match relay.push(&Bytes::copy_from_slice(piece)) {
            Ok(bytes) => seen.extend(bytes.unwrap_or_default()),
            Err(failure) => return (seen, Err(failure.to_string())),
        }
    }
    match relay.finish() {
        Ok(rest) => seen.extend(rest.unwrap_or_default()),
        Err(failure) => return (seen, Err(failure.to_string())),
    }
    let told = relay.told_failure().map_or(Ok(()), |failure| Err(failure.to_string()));
    (seen, told)
}

#[test]
fn g1_a_stream_passes_byte_for_byte_however_it_is_cut() {
    for (format, stream) in cases() {
        for size in 1..stream.len() {
            let (seen, end) = relayed(format, stream.as_bytes().chunks(size));
            assert_eq!(seen, stream.as_bytes(), "{} in pieces of {size}", format.name());
            assert_eq!(end, Ok(()));
        }
    }
}

#[test]
fn g3_a_stream_cut_at_any_byte_is_whole_events_and_a_failure() {
    for (format, stream) in cases() {
        for cut in 0..stream.len() {
            let (seen, end) = relayed(format, [&stream.as_bytes()[..cut]]);
            // Apart from the terminator, which may be ours, nothing is there that did not come.
            let said = seen.strip_suffix(format.terminator()).unwrap_or(&seen);
            assert!(stream.as_bytes().starts_with(&said[..said.len().min(cut)]), "cut at {cut}");
            let whole = seen.is_empty() || seen.ends_with(b"\n\n");
            assert!(whole, "half an event at {cut}: {}", String::from_utf8_lossy(&seen));
            let finished = String::from_utf8_lossy(&seen).contains(match format.name() {
                "chat" => "finish_reason",
                _ => "message_stop",
            });
            assert_eq!(end.is_ok(), finished, "{} cut at {cut}: {end:?}", format.name());
        }
    }
}

#[test]
fn nothing_is_seen_before_the_first_content() {
    for (format, stream) in cases() {
        let content = stream.find("Hé").unwrap();
        let event = stream[..content].rfind("\n\n").unwrap() + 2;
        let (seen, end) = relayed(format, [&stream.as_bytes()[..event]]);
        assert!(seen.is_empty(), "{}", String::from_utf8_lossy(&seen));
        assert!(end.is_err());
    }
}

#[test]
fn an_error_event_before_content_is_a_failure_the_client_never_sees() {
    for (format, stream) in cases() {
        let start = stream.find("\n\n").unwrap() + 2;
        let failure = routectl_core::Failure::new(
            routectl_core::Class::Overloaded,
            routectl_core::Origin::Upstream,
            "Overloaded",
        );
        let error = format.error_event(&failure);
        let (seen, end) = relayed(format, [&stream.as_bytes()[..start], &error]);
        assert!(seen.is_empty());
        assert_eq!(end.unwrap_err(), "overloaded: Overloaded");
    }
}

#[test]
fn an_error_event_after_content_reaches_the_client_as_it_is() {
    let error = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
    let cut = MESSAGES_STREAM.find("event: content_block_stop").unwrap();
    let (seen, end) = relayed(MESSAGES, [&MESSAGES_STREAM.as_bytes()[..cut], error]);
    assert!(seen.ends_with(error));
    assert_eq!(end.unwrap_err(), "overloaded: busy");
}

#[test]
fn a_chat_stream_without_its_terminator_gets_it() {
    let bare = CHAT_STREAM.strip_suffix("data: [DONE]\n\n").unwrap();
    assert_eq!(relayed(CHAT, [bare.as_bytes()]), (CHAT_STREAM.as_bytes().to_vec(), Ok(())));
}

#[test]
fn a_last_event_without_its_blank_line_counts() {
    let bare = MESSAGES_STREAM.trim_end();
    let (seen, end) = relayed(MESSAGES, [bare.as_bytes()]);
    assert_eq!((String::from_utf8(seen).unwrap().as_str(), end), (MESSAGES_STREAM, Ok(())));
}

#[test]
fn empty_answers_are_told_from_empty_streams() {
    let refused = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"type\":\"message\",\"content\":[]}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    assert_eq!(relayed(MESSAGES, [refused.as_bytes()]).1, Ok(()), "a stop without content is one");
    for nothing in ["", "data: [DONE]\n\n", ": hello\n\n", "\n\n\n"] {
        let (seen, end) = relayed(CHAT, [nothing.as_bytes()]);
        assert!(seen.is_empty() && end.is_err(), "{nothing:?} is no answer");
    }
}

#[test]
fn garbage_before_content_is_a_failure_and_after_it_passes() {
    let garbage = b"data: {\"broken\n\n";
    assert!(relayed(CHAT, [&garbage[..]]).1.is_err());
    let cut =
        CHAT_STREAM.find("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},").unwrap();
    let (head, tail) = CHAT_STREAM.as_bytes().split_at(cut);
    let (seen, end) = relayed(CHAT, [head, garbage, tail]);
    assert_eq!(seen, [head, garbage, tail].concat());
    assert_eq!(end, Ok(()));
}

#[test]
fn endless_preamble_is_bounded() {
    let ping = b"event: ping\ndata: {\"type\":\"ping\"}\n\n".repeat(1000);
    let mut relay = Relay::new(MESSAGES);
    let failure = (0..100).find_map(|_| relay.push(&Bytes::from(ping.clone())).err());
    assert!(failure.unwrap().words.message.contains("without any content"));
}

/// What a Chat client that does not want to see thinking gets of a host that thinks between tags.
fn hiding() -> Relay {
    let request =
        Document::parse(Bytes::from_static(br#"{"reasoning":{"exclude":true}}"#)).unwrap();
    let dialect = dialects::named("raw-think-tag").unwrap().dialect;
    Relay::new(CHAT).rewriting(Rewrite::needed(&dialect, None, &request))
}

fn said(content: &str) -> Bytes {
    let chunk =
        format!("{{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}}}}]}}");
    format!("data: {chunk}\n\n").into()
}

#[test]
fn thinking_that_is_kept_from_the_client_binds_it_to_its_target() {
    let mut relay = hiding();
    assert_eq!(relay.push(&said("<think>")), Ok(None));
    assert!(!relay.committed(), "a tag is no thinking yet");
    assert!(relay.push(&said("Hm")).unwrap().is_some());
    assert!(relay.committed());
    let long = said(&"Hm. ".repeat(100));
    for _ in 0..3_000 {
        assert!(relay.push(&long).unwrap().is_some(), "nothing piles up");
    }
    let told = relay.push(&said("</think>So")).unwrap().unwrap();
    assert_eq!(told, said("So"));
    // However the events come together.
    let mut relay = hiding();
    let error = b"data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n";
    let events = [&error[..], &said("<think>Hm")].concat();
    assert!(relay.push(&events.into()).is_err(), "another target may answer");
    let mut relay = hiding();
    let events = [&said("<think>Hm")[..], error].concat();
    assert!(relay.push(&events.into()).unwrap().unwrap().ends_with(error));
}

#[test]
fn an_event_without_a_word_passes_between_rewritten_ones() {
    for empty in ["data:\n\n", "data: \n\n", "data\n\n", "data:\ndata:\n\n"] {
        let mut relay = hiding();
        relay.push(&said("<think>Hm")).unwrap();
        let events = [empty.as_bytes(), &said("</think>So")].concat();
        let told = relay.push(&events.into()).unwrap().unwrap();
        assert_eq!(told, [empty.as_bytes(), &said("So")].concat(), "{empty:?}");
    }
}

/// A relay that tells a Chat host's answer to a Messages client.
fn telling(framing: Framing, stops: &[&str]) -> Relay {
    let stops = stops.iter().map(|stop| (*stop).to_owned()).collect();
    let changes = Changes { stops, ..Changes::default() };
    Relay::translated(CHAT, "", Telling::new(MESSAGES, framing, Reply::default(), changes))
}

#[test]
fn a_whole_answer_that_broke_off_or_holds_nothing_is_a_failure() {
    for (body, why) in [
        (
            r#"{"id":"c","choices":[{"index":0,"message":{"content":"half"},"finish_reason":"insufficient_system_resource"}]}"#,
            "broke off",
        ),
        (r#"{"id":"c","choices":[]}"#, "no content"),
        (r#"{"error":{"message":"busy","type":"server_error"}}"#, "busy"),
    ] {
        for framing in [Framing::Whole, Framing::Sse] {
            let failure = telling(framing, &[]).whole(body.as_bytes()).unwrap_err();
            assert!(failure.words.message.contains(why), "{framing:?}: {failure}");
        }
    }
}

#[test]
fn what_cannot_be_told_does_not_bind_a_client_to_a_target() {
    for framing in [Framing::Whole, Framing::Sse] {
        let mut relay = telling(framing, &[]);
        let queued = relay.push(&Bytes::from_static(b"data: {\"id\":\"c\",\"queue\":3}\n\n"));
        assert_eq!(queued, Ok(None));
        assert!(!relay.committed());
        let failed = relay.push(&Bytes::from_static(
            b"data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n",
        ));
        assert!(failed.is_err(), "another target may answer");
    }
}

#[test]
fn nothing_is_told_behind_the_end_of_an_answer_and_its_upstream_is_let_go() {
    let mut relay = telling(Framing::Sse, &["STOP"]);
    let text = b"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"on STOP off\"}}]}\n\n";
    let told = relay.push(&Bytes::from_static(text)).unwrap().unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    assert!(told.contains("stop_sequence") && told.contains("message_stop"), "{told}");
    assert!(relay.ended() && relay.lets_go());
    let late = b"data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n";
    assert_eq!(relay.push(&Bytes::from_static(late)), Ok(None));
    assert_eq!(relay.told_failure(), None);
}

/// What a Messages client is told of a Chat stream of these deltas, and why it ended.
fn told_abroad(deltas: impl IntoIterator<Item = String>) -> (String, String) {
    let mut relay = telling(Framing::Sse, &[]);
    let mut told = Vec::new();
    let chunks = deltas.into_iter().map(|it| format!("{{\"choices\":[{{\"delta\":{it}}}]}}"));
    for data in chunks.chain(["[DONE]".to_owned()]) {
        let chunk = Bytes::from(format!("data: {data}\n\n"));
        told.extend(relay.push(&chunk).unwrap().unwrap_or_default());
        if relay.told_failure().is_some() {
            break;
        }
    }
    let failure = relay.told_failure().map(|it| it.words.message.clone());
    (String::from_utf8(told).unwrap(), failure.unwrap_or_default())
}

#[test]
fn what_cannot_be_told_abroad_ends_in_an_error_and_not_as_an_answer() {
    let piece = "x".repeat(1 << 20);
    let begun = (0..2).map(|at| {
        format!(r#"{{"tool_calls":[{{"index":{at},"id":"c{at}","function":{{"name":"f","arguments":"{{"}}}}]}}"#)
    });
    let waiting = (0..17).map(|_| {
        format!(r#"{{"tool_calls":[{{"index":1,"function":{{"arguments":"{piece}"}}}}]}}"#)
    });
    let nameless = [
        r#"{"content":"hi"}"#.to_owned(),
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#.to_owned(),
    ];
    for ((told, failure), expected) in [
        (told_abroad(begun.chain(waiting)), "cannot be told in order"),
        (told_abroad(nameless), "its name never came"),
    ] {
        assert!(failure.contains(expected), "{failure}");
        let last = told.trim_end().rsplit("\n\n").next().unwrap_or_default();
        assert!(last.starts_with("event: error") && last.contains(expected), "{last}");
        assert!(!told.contains("message_stop"), "{told}");
    }
}

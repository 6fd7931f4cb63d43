//! What every format's room is tested with: an answer, rendered as the events it means.

mod crossing;
mod cuts;
mod failures;
mod laws;
mod returns;
mod seals;

use routectl_core::Event;

use crate::framing::sse;
use crate::grammar::Grammar;
use crate::{ClientFormat, Decoder, Frame};

/// The events of a streamed answer, one a line, held against the grammar.
pub(super) fn streamed(format: &dyn ClientFormat, body: &str) -> String {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    for frame in sse::frames(body.as_bytes()) {
        read(&mut *decoder, &frame, &mut events);
    }
    render(&events, decoder.complete())
}

/// The events of a whole answer.
pub(super) fn whole(format: &dyn ClientFormat, body: &str) -> String {
    let mut decoder = format.decoder();
    let mut events = Vec::new();
    read(&mut *decoder, &Frame::Whole(body.as_bytes()), &mut events);
    render(&events, decoder.complete())
}

fn read(decoder: &mut dyn Decoder, frame: &Frame<'_>, events: &mut Vec<Event>) {
    if let Err(garbled) = decoder.frame(frame, events) {
        let opaque = routectl_core::Opaque { name: "garbled".into(), json: garbled.to_string() };
        events.push(Event::Opaque(opaque));
    }
}

pub(super) fn render(events: &[Event], complete: bool) -> String {
    let mut grammar = Grammar::default();
    let mut lines = Vec::new();
    for event in events {
        let mark = if event.commits() { '!' } else { ' ' };
        lines.push(format!("{mark} {}", short(event)));
        if let Err(unlawful) = grammar.take(event) {
            lines.push(format!("  UNLAWFUL: {unlawful}"));
        }
    }
    lines.push(if complete { "complete" } else { "cut" }.to_owned());
    lines.join("\n")
}

fn short(event: &Event) -> String {
    match event {
        Event::Failed(failure) => format!("Failed {failure}"),
        Event::Usage(usage) => format!(
            "Usage in {:?} read {:?} write {:?}/{:?} out {:?} thought {:?}",
            usage.input,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.output,
            usage.reasoning
        )
        .replace("Some(", "")
        .replace(')', ""),
        Event::Start(_)
        | Event::Open { .. }
        | Event::Delta { .. }
        | Event::Close { .. }
        | Event::Stop(_)
        | Event::End
        | Event::Alive
        | Event::Opaque(_) => format!("{event:?}"),
    }
}

/// Events of every kind that a host may send in any order, as often as it likes.
fn pool(format: &dyn ClientFormat) -> &'static [&'static str] {
    match format.name() {
        "chat" => &[
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"b\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"c\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"l\",\"index\":0}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_details\":[{\"signature\":\"m\",\"index\":0},{\"data\":\"n\",\"index\":1}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"thinking\",\"thinking\":\"o\"},{\"type\":\"p\"}],\"annotations\":[1]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"custom\":{\"name\":\"q\",\"input\":\"r\"}}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":2,\"function\":{\"arguments\":\"s\"},\"extra_content\":{}}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"d\"}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"e\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"g\"}]}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"function_call\":{\"name\":\"h\",\"arguments\":\"{}\"}}}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"},{\"index\":0,\"delta\":{\"content\":\"i\"}}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
            "data: {\"error\":{\"message\":\"j\"}}\n\n",
            "event: error\ndata: k\n\n",
            "data: {\"choi\n\n",
            "data: [DONE]\n\n",
        ],
        _ => &[
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"f\"}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"g\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"h\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"c\",\"input\":{}}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"d\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"new_delta\"}}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            "data: {\"type\":\"message_stop\"}\n\n",
            "event: ping\ndata: {}\n\n",
            "event: novelty\ndata: {}\n\n",
            "event: message_delta\ndata: {\"ty\n\n",
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"e\"}}\n\n",
        ],
    }
}

proptest::proptest! {
    #[test]
    fn whatever_a_host_sends_is_read_as_a_lawful_sequence(picks in proptest::collection::vec(0_usize..100, 0..12)) {
        for format in crate::CLIENT_FORMATS {
            let pool = pool(*format);
            let stream: String = picks.iter().map(|pick| pool[pick % pool.len()]).collect();
            let mut decoder = format.decoder();
            let (mut grammar, mut events) = (Grammar::default(), Vec::new());
            for frame in sse::frames(stream.as_bytes()) {
                // Nobody reads on behind a failure.
                let failed = events.iter().any(|event| matches!(event, Event::Failed(_)));
                if failed {
                    break;
                }
                read(&mut *decoder, &frame, &mut events);
            }
            for event in &events {
                let lawful = grammar.take(event);
                proptest::prop_assert!(lawful.is_ok(), "{lawful:?} in {}", stream);
            }
            for client in crate::CLIENT_FORMATS {
                let told = told_lawfully(*client, &events);
                proptest::prop_assert!(told.is_ok(), "{told:?} to {}: {}", client.name(), stream);
            }
        }
    }
}

/// Golden 21: whatever a host says, clients of every format are told a whole stream of their own.
pub(super) fn told_lawfully(client: &dyn ClientFormat, events: &[Event]) -> Result<(), String> {
    let mut encoder = client.encoder(crate::Framing::Sse, crate::Reply::default());
    let mut out = Vec::new();
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.finish(&mut out);
    let (mut decoder, mut read, mut grammar) = (client.decoder(), Vec::new(), Grammar::default());
    for frame in sse::frames(&out) {
        decoder.frame(&frame, &mut read).map_err(|garbled| garbled.to_string())?;
    }
    read.iter().try_for_each(|event| grammar.take(event)).map_err(|it| it.to_string())?;
    let ends = read.iter().filter(|event| **event == Event::End).count();
    if ends == 1 { Ok(()) } else { Err(format!("{ends} ends")) }
}

#[test]
fn an_error_without_an_events_name_is_a_failure() {
    let stream = "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n";
    assert_eq!(streamed(crate::MESSAGES, stream), "  Failed overloaded: busy\ncut");
}

#[test]
fn half_of_the_last_event_is_not_the_end() {
    let stream = "event: message_stop\ndata: {\"type\":\"mess";
    assert!(streamed(crate::MESSAGES, stream).ends_with("cut"));
}

//! Streams that arrive in pieces, and streams that break off, on their way to the other format.

use bytes::Bytes;
use routectl_core::{Class, Event, Failure, Origin, Wishes};

use crate::framing::sse::{self, Cutter};
use crate::grammar::Grammar;
use crate::{CHAT, Changes, ClientFormat, Decoder, Encoder, Framing, MESSAGES, Reply, WayBack};

const CHAT_STREAM: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    ": OPENROUTER PROCESSING\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm é\"}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hé 😀\"}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\"}}]}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"patch\",\"arguments\":\"{\\\"input\\\":\\\"y\\\"}\"}},{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

const MESSAGES_STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"content\":[],\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"Eo0C\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hé 😀\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"x\\\":1}\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":2}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

/// Upstream, client, and what the upstream says.
fn cases() -> [(&'static dyn ClientFormat, &'static dyn ClientFormat, &'static str); 2] {
    [(CHAT, MESSAGES, CHAT_STREAM), (MESSAGES, CHAT, MESSAGES_STREAM)]
}

/// An answer on its way from bytes to bytes.
struct Way {
    cutter: Cutter,
    decoder: Box<dyn Decoder>,
    back: WayBack,
    encoder: Box<dyn Encoder>,
    out: Vec<u8>,
}

impl Way {
    fn new(upstream: &dyn ClientFormat, client: &dyn ClientFormat, framing: Framing) -> Self {
        let reply = Reply {
            model: "m".into(),
            created: 1,
            wishes: Wishes { usage_in_stream: true, ..Wishes::default() },
            shows_reasoning: true,
            reasoning_fields: crate::ReasoningFields::default(),
            prompt_estimate: 0,
            ..Reply::default()
        };
        Self {
            cutter: Cutter::default(),
            decoder: upstream.decoder(),
            back: WayBack::new(Changes { stops: vec!["😀😀".into()], ..Changes::default() }),
            encoder: client.encoder(framing, reply),
            out: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let complete = self.cutter.push(&Bytes::copy_from_slice(bytes)).unwrap();
        let (mut read, mut changed) = (Vec::new(), Vec::new());
        for frame in sse::frames(&complete.unwrap_or_default()) {
            self.decoder.frame(&frame, &mut read).unwrap();
        }
        read.into_iter().for_each(|event| self.back.event(event, &mut changed));
        for event in changed {
            self.encoder.event(&event, &mut self.out);
        }
    }

    fn finished(mut self) -> Vec<u8> {
        self.encoder.finish(&mut self.out);
        self.out
    }
}

#[test]
fn g3_no_cut_of_an_upstreams_bytes_changes_a_clients() {
    for (upstream, client, stream) in cases() {
        for framing in [Framing::Sse, Framing::Whole] {
            let mut way = Way::new(upstream, client, framing);
            way.push(stream.as_bytes());
            let whole = way.finished();
            for at in 1..stream.len() {
                let mut way = Way::new(upstream, client, framing);
                way.push(&stream.as_bytes()[..at]);
                way.push(&stream.as_bytes()[at..]);
                let cut = way.finished();
                assert!(
                    cut == whole,
                    "{} cut at {at}: {}",
                    client.name(),
                    String::from_utf8_lossy(&cut)
                );
            }
        }
    }
}

#[test]
fn g3_case_44_a_stream_that_breaks_off_ends_with_an_error_and_without_an_end() {
    let failure = Failure::new(Class::Network, Origin::Upstream, "cut");
    for (upstream, client, stream) in cases() {
        let borders = stream.match_indices("\n\n").map(|(at, _)| at + 2);
        for at in borders {
            let mut way = Way::new(upstream, client, Framing::Sse);
            way.push(&stream.as_bytes()[..at]);
            if way.decoder.complete() {
                break;
            }
            let told = String::from_utf8([way.out, client.error_event(&failure)].concat()).unwrap();
            let end = if client.name() == "chat" { "[DONE]" } else { "message_stop" };
            assert!(!told.contains(end) && !told.contains("\"finish_reason\":\""), "{told}");
            let (mut decoder, mut events) = (client.decoder(), Vec::new());
            for frame in sse::frames(told.as_bytes()) {
                decoder.frame(&frame, &mut events).unwrap();
            }
            let mut grammar = Grammar::default();
            events.iter().for_each(|event| grammar.take(event).unwrap());
            assert!(matches!(events.last(), Some(Event::Failed(_))), "{told}");
        }
    }
}

#[test]
fn g3_a_whole_answer_is_silent_until_it_is_complete() {
    for (upstream, client, stream) in cases() {
        let mut way = Way::new(upstream, client, Framing::Whole);
        way.push(stream.as_bytes());
        assert!(way.out.is_empty());
        assert!(serde_json::from_slice::<serde_json::Value>(&way.finished()).is_ok());
    }
}

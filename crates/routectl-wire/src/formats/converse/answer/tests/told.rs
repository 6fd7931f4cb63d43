//! What clients of other formats get of a Converse answer.

use insta::assert_snapshot;
use routectl_core::{Event, Wishes};

use super::{CALLS, Minter, read};
use crate::{CHAT, Framing, MESSAGES, Reply};

fn reply() -> Reply {
    let wishes = Wishes { streamed: true, usage_in_stream: true, old_functions: false };
    Reply {
        model: "asked-for".into(),
        created: 1_795_000_000,
        wishes,
        shows_reasoning: true,
        ..Reply::default()
    }
}

/// An answer as a client of the format gets it, streamed and whole.
fn told(format: &str, events: &[Event]) -> String {
    let client = if format == "chat" { CHAT } else { MESSAGES };
    let mut out = Vec::new();
    for framing in [Framing::Sse, Framing::Whole] {
        let mut encoder = client.encoder(framing, reply());
        events.iter().for_each(|event| encoder.event(event, &mut out));
        encoder.finish(&mut out);
        assert_eq!(encoder.losses(), []);
        out.push(b'\n');
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn a_messages_client_gets_seals_calls_and_counters() {
    assert_snapshot!(told("messages", &read(Minter::Claude, CALLS).0));
}

#[test]
fn a_chat_client_gets_thinking_calls_and_counters() {
    let head = r#""object":"chat.completion.chunk","created":1795000000,"model":"asked-for","#;
    assert_snapshot!(told("chat", &read(Minter::Claude, CALLS).0).replace(head, "…"));
}

#[test]
fn counters_that_never_come_do_not_keep_the_end_from_the_client() {
    let cut = CALLS.split("metadata").next().unwrap();
    let (events, complete) = read(Minter::Claude, cut);
    assert!(complete);
    let messages = told("messages", &events);
    assert!(messages.contains(r#""stop_reason":"tool_use""#), "{messages}");
    assert!(messages.contains("event: message_stop"), "{messages}");
}

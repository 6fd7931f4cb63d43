//! What clients of other formats get of a Converse answer.

use bytes::Bytes;
use insta::assert_snapshot;
use routectl_core::{Abilities, Event, Wishes};
use serde_json::Value;

use super::{CALLS, Minter, read};
use crate::formats::converse::write;
use crate::{CHAT, ClientFormat, Document, Framing, MESSAGES, Reply};

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

/// What Claude gets of its own answer when a client goes on from there with this body.
fn echoed(client: &dyn ClientFormat, body: String) -> String {
    let body = Document::parse(Bytes::from(body)).unwrap();
    let upstream = "us.anthropic.claude-sonnet-4-6".to_owned();
    let abilities = Abilities { upstream, ..Abilities::default() };
    let spelled = write::request(&client.read(&body).unwrap(), &abilities);
    let mut body: Value = serde_json::from_slice(&spelled.body).unwrap();
    body["messages"][1]["content"].take().to_string()
}

fn answer(client: &dyn ClientFormat, events: &[Event]) -> Value {
    let (mut encoder, mut out) = (client.encoder(Framing::Whole, reply()), Vec::new());
    events.iter().for_each(|event| encoder.event(event, &mut out));
    encoder.finish(&mut out);
    serde_json::from_slice(&out).unwrap()
}

/// G6, from Claude through a client and back.
#[test]
fn what_claude_sealed_goes_back_to_it_byte_for_byte_and_calls_by_their_ids() {
    let stream = CALLS.replacen(
        "contentBlockDelta",
        r#"contentBlockDelta {"contentBlockIndex":9,"delta":{"reasoningContent":{"redactedContent":"b3BhcXVl+/=="}}}
    contentBlockStop {"contentBlockIndex":9}
    contentBlockDelta"#,
        1,
    );
    let (events, _) = read(Minter::Claude, &stream);
    let content = answer(MESSAGES, &events)["content"].take();
    let of_messages = echoed(
        MESSAGES,
        format!(
            r#"{{"model":"m","max_tokens":9000,"thinking":{{"type":"adaptive"}},
            "tools":[{{"name":"weather","input_schema":{{"type":"object"}}}}],
            "messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":{content}}},
            {{"role":"user","content":[
                {{"type":"tool_result","tool_use_id":"tooluse_1","content":"18"}},
                {{"type":"tool_result","tool_use_id":"tooluse_2","content":"18"}}]}}]}}"#
        ),
    );
    let said = answer(CHAT, &events)["choices"][0]["message"].take();
    let of_chat = echoed(
        CHAT,
        format!(
            r#"{{"model":"m","reasoning_effort":"high",
            "tools":[{{"type":"function","function":{{"name":"weather","parameters":{{"type":"object"}}}}}}],
            "messages":[{{"role":"user","content":"x"}},{said},
                {{"role":"tool","tool_call_id":"tooluse_1","content":"18"}},
                {{"role":"tool","tool_call_id":"tooluse_2","content":"18"}}]}}"#
        ),
    );
    let sealed = concat!(
        r#"[{"reasoningContent":{"redactedContent":"b3BhcXVl+/=="}},"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"Let me think.","signature":"c2lnbmVk+/=="}}},"#,
        r#"{"text":"I'll look that up. 😀"},"#,
        r#"{"toolUse":{"toolUseId":"tooluse_1","name":"weather","input":{"city":"Paris"}}},"#,
        r#"{"toolUse":{"toolUseId":"tooluse_2","name":"now","input":{}}}]"#,
    );
    let sealed: Value = serde_json::from_str(sealed).unwrap();
    for content in [of_messages, of_chat] {
        assert_eq!(serde_json::from_str::<Value>(&content).unwrap(), sealed);
    }
}

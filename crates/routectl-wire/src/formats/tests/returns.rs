//! From a client's request to its answer: what was changed on the way out is changed back.

use bytes::Bytes;
use routectl_core::Abilities;

use crate::framing::sse;
use crate::{CHAT, ClientFormat, Document, Framing, MESSAGES, Reply, Spelled, WayBack};

/// What a client gets, streamed and whole, when an upstream of the other format answers its
/// request with this stream.
fn answered(
    client: &dyn ClientFormat,
    request: &str,
    answer: impl Fn(&Spelled) -> String,
) -> [String; 2] {
    let upstream = if client.name() == "chat" { MESSAGES } else { CHAT };
    let document = Document::parse(Bytes::copy_from_slice(request.as_bytes())).unwrap();
    let request = client.read(&document).unwrap();
    let spelled = upstream.write(&request, &Abilities::default());
    let stream = answer(&spelled);
    [Framing::Sse, Framing::Whole].map(|framing| {
        let mut decoder = upstream.decoder();
        let mut back = WayBack::new(spelled.changes.clone());
        let mut encoder = client.encoder(framing, Reply::to(&request, &spelled, 1));
        let (mut read, mut changed, mut out) = (Vec::new(), Vec::new(), Vec::new());
        for frame in sse::frames(stream.as_bytes()) {
            decoder.frame(&frame, &mut read).unwrap();
        }
        read.into_iter().for_each(|event| back.event(event, &mut changed));
        changed.iter().for_each(|event| encoder.event(event, &mut out));
        encoder.finish(&mut out);
        assert_eq!(encoder.losses(), []);
        String::from_utf8(out).unwrap()
    })
}

fn chat(deltas: &[&str], finish: &str) -> String {
    let deltas =
        deltas.iter().map(|delta| format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n"));
    let end =
        format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\n\n");
    deltas.chain([end]).collect()
}

/// A Messages stream with one call.
fn messages_call(name: &str, arguments: &[&str]) -> String {
    let mut stream = format!(
        "event: content_block_start\ndata: {{\"index\":0,\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"{name}\",\"input\":{{}}}}}}\n\n"
    );
    for piece in arguments {
        let piece = serde_json::to_string(piece).unwrap();
        stream.push_str(&format!(
            "event: content_block_delta\ndata: {{\"index\":0,\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":{piece}}}}}\n\n"
        ));
    }
    stream.push_str("event: content_block_stop\ndata: {\"index\":0}\n\nevent: message_delta\ndata: {\"delta\":{\"stop_reason\":\"tool_use\"}}\n\nevent: message_stop\ndata: {}\n\n");
    stream
}

#[test]
fn golden_12_a_long_name_of_a_tool_is_its_own_again() {
    let name = format!("mcp__{}", "server.with/a very long name ".repeat(3));
    let request = format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],"tools":[{{"name":"{name}","input_schema":{{"type":"object"}}}}]}}"#
    );
    let told = answered(MESSAGES, &request, |spelled| {
        let alias = &spelled.changes.tools[0].upstream;
        assert!(alias.len() <= 64 && String::from_utf8_lossy(&spelled.body).contains(alias));
        chat(
            &[&format!(
                r#"{{"tool_calls":[{{"index":0,"id":"a","function":{{"name":"{alias}","arguments":"{{}}"}}}}]}}"#
            )],
            "stop",
        )
    });
    for told in told {
        assert!(told.contains(&format!(r#""name":"{name}""#)), "{told}");
        assert!(told.contains(r#""stop_reason":"tool_use""#), "{told}");
    }
}

#[test]
fn golden_15_six_stops_are_heeded_here() {
    let request = r#"{"model":"m","max_tokens":9,"stop_sequences":["1","22","333","4","5","END"],"messages":[{"role":"user","content":"x"}]}"#;
    let told = answered(MESSAGES, request, |spelled| {
        assert_eq!(spelled.changes.stops.len(), 6);
        chat(
            &[r#"{"content":"go on 2E"}"#, r#"{"content":"N"}"#, r#"{"content":"D and on"}"#],
            "stop",
        )
    });
    for told in told {
        assert!(told.contains(r#""stop_reason":"stop_sequence","stop_sequence":"END""#), "{told}");
        assert!(told.contains("2") && !told.contains("2E") && !told.contains("and on"), "{told}");
    }
}

#[test]
fn case_23_a_custom_tool_gets_its_text_from_claude() {
    let request = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"custom","custom":{"name":"patch"}}]}"#;
    let told = answered(CHAT, request, |_| {
        messages_call("patch", &["{\"in", "put\": \"*** Beg", "in\\n\\", "u00e9\"}"])
    });
    let [streamed, whole] = told;
    assert!(
        whole.contains(r#""type":"custom","custom":{"name":"patch","input":"*** Begin\né"}"#),
        "{whole}"
    );
    assert!(
        streamed.contains(r#""type":"custom","custom":{"name":"patch","input":""}"#),
        "{streamed}"
    );
    assert!(streamed.contains(r#""finish_reason":"tool_calls""#), "{streamed}");
}

#[test]
fn case_50_a_client_of_the_deprecated_functions_is_answered_in_their_shape() {
    let request = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"functions":[{"name":"f","parameters":{"type":"object"}}]}"#;
    for told in answered(CHAT, request, |_| messages_call("f", &["{\"a\":", "1}"])) {
        assert!(told.contains(r#""function_call":{"name":"f","arguments":"#), "{told}");
        assert!(told.contains(r#""finish_reason":"function_call""#), "{told}");
        assert!(!told.contains("tool_calls"), "{told}");
    }
}

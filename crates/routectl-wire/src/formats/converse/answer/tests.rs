//! What a Converse answer means. The sequences are those that a mock of Bedrock sends, which is
//! written after the service's own model; nobody's answers were recorded.

mod laws;
mod told;

use insta::assert_snapshot;
use routectl_core::{Event, StopReason, Usage};

use super::{Minter, Reader};
use crate::formats::tests::render;
use crate::{Decoder, Frame};

/// Reads a stream, one event a line: its name, a blank, its payload.
fn read(minter: Minter, stream: &str) -> (Vec<Event>, bool) {
    let mut reader = Reader::new(minter);
    let mut events = Vec::new();
    for line in stream.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, data) = line.split_once(' ').unwrap();
        let frame = Frame::Sse { event: Some(name), data: data.as_bytes().into() };
        if let Err(garbled) = reader.frame(&frame, &mut events) {
            let opaque =
                routectl_core::Opaque { name: "garbled".into(), json: garbled.to_string() };
            events.push(Event::Opaque(opaque));
        }
    }
    (events, reader.complete())
}

fn streamed(minter: Minter, stream: &str) -> String {
    let (events, complete) = read(minter, stream);
    render(&events, complete)
}

fn whole(minter: Minter, body: &str) -> String {
    let mut reader = Reader::new(minter);
    let mut events = Vec::new();
    match reader.frame(&Frame::Whole(body.as_bytes()), &mut events) {
        Ok(()) => render(&events, reader.complete()),
        Err(garbled) => format!("garbled {garbled}"),
    }
}

/// Thinking, words and two calls of Claude's, as they come from a stream.
const CALLS: &str = r#"
    messageStart {"role":"assistant","p":"abcdefgh"}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Let me "}},"p":"abc"}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"think."}},"p":"ab"}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2lnbmVk+/=="}},"p":"a"}
    contentBlockStop {"contentBlockIndex":0,"p":"abcd"}
    contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"I'll look "},"p":"abcdefghijklm"}
    contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"that up. 😀"},"p":"ab"}
    contentBlockStop {"contentBlockIndex":1,"p":"ab"}
    contentBlockStart {"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"tooluse_1","name":"weather"}},"p":"ab"}
    contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":""}},"p":"ab"}
    contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"city\": "}},"p":"ab"}
    contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"Paris\"}"}},"p":"ab"}
    contentBlockStop {"contentBlockIndex":2,"p":"ab"}
    contentBlockStart {"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"tooluse_2","name":"now"}},"p":"ab"}
    contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":""}},"p":"ab"}
    contentBlockStop {"contentBlockIndex":3,"p":"ab"}
    messageStop {"stopReason":"tool_use","p":"ab"}
    metadata {"usage":{"inputTokens":18,"outputTokens":386,"totalTokens":9956,"cacheReadInputTokens":7502,"cacheWriteInputTokens":2050,"cacheDetails":[{"ttl":"1h","inputTokens":2048},{"ttl":"5m","inputTokens":2}],"serverToolUsage":{},"cacheReadInputTokenCount":7502,"cacheWriteInputTokenCount":2050},"metrics":{"latencyMs":812},"p":"abcdef"}
"#;

#[test]
fn a_streamed_answer_is_read() {
    assert_snapshot!(streamed(Minter::Claude, CALLS));
}

#[test]
fn a_whole_answer_is_read() {
    assert_snapshot!(whole(
        Minter::Claude,
        r#"{"output":{"message":{"role":"assistant","content":[
            {"reasoningContent":{"redactedContent":"b3BhcXVl+/=="}},
            {"reasoningContent":{"reasoningText":{"text":"Let me think.","signature":"c2lnbmVk+/=="}}},
            {"text":"I'll look that up. 😀"},
            {"toolUse":{"toolUseId":"tooluse_1","name":"weather","input":{"unit":"celsius", "city":"Paris"}}},
            {"toolUse":{"toolUseId":"tooluse_2","name":"now","input":{ }}},
            {"text":""},
            {"image":{"format":"png","source":{"bytes":"AAAA"}}}
        ]}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7},"metrics":{"latencyMs":812}}"#
    ));
}

#[test]
fn sealed_thinking_keeps_its_bytes() {
    assert_snapshot!(streamed(
        Minter::Claude,
        r#"
        messageStart {"role":"assistant"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"b3BhcXVlLWVuY3J5cHRlZA=="}}}
        contentBlockStop {"contentBlockIndex":0}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"reasoningContent":{"signature":"b25seSBzaWduZWQ="}}}
        contentBlockStop {"contentBlockIndex":1}
        contentBlockDelta {"contentBlockIndex":2,"delta":{"text":"Hello!"}}
        contentBlockStop {"contentBlockIndex":2}
        messageStop {"stopReason":"end_turn"}
        metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}
        "#
    ));
}

#[test]
fn only_claude_seals_and_is_known_by_its_name_or_by_its_seals() {
    for (upstream, minter) in [
        ("us.anthropic.claude-sonnet-4-6", Minter::Claude),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-4-5-20251101-v1:0",
            Minter::Claude,
        ),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3", Minter::Unknown),
        ("amazon.nova-2-lite-v1:0", Minter::Unknown),
        ("openai.gpt-oss-120b-1:0", Minter::Unknown),
    ] {
        assert_eq!(Minter::of(upstream), minter, "{upstream}");
    }
    let claudes = format!("Eo{}", "x".repeat(60));
    for (minter, blob, sealed) in [
        (Minter::Claude, "c2ln", true),
        (Minter::Unknown, "c2ln", false),
        (Minter::Unknown, claudes.as_str(), true),
    ] {
        for member in ["signature", "redactedContent"] {
            let stream = format!(
                r#"contentBlockDelta {{"contentBlockIndex":0,"delta":{{"reasoningContent":{{"text":"hm"}}}}}}
                contentBlockDelta {{"contentBlockIndex":0,"delta":{{"reasoningContent":{{"{member}":"{blob}"}}}}}}"#
            );
            let told = streamed(minter, &stream);
            let seal = format!(r#"family: "anthropic-claude-v1", kind: {{}}, blob: "{blob}""#);
            let kind = if member == "signature" { "Signature" } else { "Encrypted" };
            assert_eq!(told.contains(&seal.replace("{}", kind)), sealed, "{told}");
            // What is not a seal is told as what it is, and never in silence.
            assert_eq!(told.contains("Opaque"), !sealed, "{told}");
            assert!(told.contains(r#"Text("hm")"#) && !told.contains("UNLAWFUL"), "{told}");
        }
    }
}

#[test]
fn why_the_model_stopped_is_understood() {
    let which = r#","additionalModelResponseFields":{"stop_sequence":"END"}"#;
    for (word, fields, reason) in [
        ("end_turn", "", StopReason::EndTurn),
        ("tool_use", "", StopReason::ToolUse),
        ("max_tokens", "", StopReason::MaxTokens),
        ("stop_sequence", "", StopReason::StopSequence(None)),
        ("stop_sequence", which, StopReason::StopSequence(Some("END".into()))),
        ("guardrail_intervened", "", StopReason::ContentFilter),
        ("content_filtered", "", StopReason::ContentFilter),
        ("model_context_window_exceeded", "", StopReason::ContextWindow),
        ("malformed_tool_use", "", StopReason::Other("malformed_tool_use".into())),
        ("brand_new", "", StopReason::Other("brand_new".into())),
    ] {
        let stream = format!(
            r#"contentBlockDelta {{"contentBlockIndex":0,"delta":{{"text":"hi"}}}}
            messageStop {{"stopReason":"{word}"{fields}}}"#
        );
        let (events, complete) = read(Minter::Unknown, &stream);
        assert_eq!(events.last(), Some(&Event::Stop(reason)), "{word}");
        assert!(complete, "{word}");
    }
}

#[test]
fn what_the_model_broke_before_its_first_word_is_a_failure_and_behind_it_an_answer() {
    let message = r#"{"output":{"message":{"role":"assistant","content":$}},"stopReason":"malformed_model_output"}"#;
    for word in ["malformed_model_output", "malformed_tool_use"] {
        let stop = format!(r#"messageStop {{"stopReason":"{word}"}}"#);
        let told = streamed(Minter::Claude, &format!("messageStart {{}}\n{stop}"));
        let failed =
            format!("Failed server-error: the upstream broke off: stopReason is \"{word}\"");
        assert!(told.contains(&failed) && told.ends_with("complete"), "{told}");
        let said = r#"contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"hi"}}"#;
        let told = streamed(Minter::Claude, &format!("{said}\n{stop}\nmetadata {{}}"));
        assert!(!told.contains("Failed") && told.ends_with("  End\ncomplete"), "{told}");
    }
    // Of an answer in one piece nobody has seen the first word either.
    for content in ["[]", r#"[{"text":"hi"}]"#] {
        let told = whole(Minter::Claude, &message.replace('$', content));
        assert!(told.starts_with("  Failed server-error"), "{told}");
    }
}

#[test]
fn counters_add_up_and_unknown_ones_stay_unknown() {
    let counted = |input, read, short, long, output| Usage {
        input,
        cache_read: read,
        cache_write_5m: short,
        cache_write_1h: long,
        output,
        reasoning: None,
    };
    for (usage, expected) in [
        (
            r#"{"inputTokens":1,"outputTokens":2,"totalTokens":3}"#,
            counted(Some(1), None, None, None, Some(2)),
        ),
        (
            r#"{"inputTokens":1,"outputTokens":2,"cacheReadInputTokens":0,"cacheWriteInputTokens":0}"#,
            counted(Some(1), Some(0), Some(0), None, Some(2)),
        ),
        (
            r#"{"cacheReadInputTokens":5,"cacheWriteInputTokens":9,"cacheDetails":[{"ttl":"1h","inputTokens":9}]}"#,
            counted(None, Some(5), Some(0), Some(9), None),
        ),
        (
            r#"{"cacheWriteInputTokens":9,"cacheDetails":[{"ttl":"5m","inputTokens":9}]}"#,
            counted(None, None, Some(9), None, None),
        ),
        (
            r#"{"cacheWriteInputTokens":9,"cacheDetails":[{"ttl":"1h","inputTokens":4},{"ttl":"2h","inputTokens":5}]}"#,
            counted(None, None, Some(5), Some(4), None),
        ),
        (
            r#"{"cacheDetails":[{"ttl":"5m","inputTokens":1},{"ttl":"5m","inputTokens":2}]}"#,
            counted(None, None, Some(3), None, None),
        ),
        (r#"{"cacheReadInputTokenCount":7,"cacheWriteInputTokenCount":7}"#, Usage::default()),
        (r#"{"inputTokens":"7","outputTokens":-1,"cacheDetails":{},"x":[1]}"#, Usage::default()),
    ] {
        let (events, _) = read(Minter::Claude, &format!(r#"metadata {{"usage":{usage}}}"#));
        assert_eq!(events, [Event::Usage(expected)], "{usage}");
    }
}

#[test]
fn an_answer_without_counters_is_complete_and_one_without_its_end_is_cut() {
    let lines: Vec<&str> = CALLS.lines().filter(|line| !line.trim().is_empty()).collect();
    let stop = lines.len() - 2;
    for end in 0..=lines.len() {
        let told = streamed(Minter::Claude, &lines[..end].join("\n"));
        assert_eq!(told.ends_with("complete"), end > stop, "{end} of {}: {told}", lines.len());
        assert_eq!(told.contains("  End\n"), end == lines.len(), "{told}");
        assert!(!told.contains("UNLAWFUL"), "{told}");
    }
}

#[test]
fn what_is_not_known_is_kept_and_what_is_padding_is_not() {
    assert_snapshot!(streamed(
        Minter::Claude,
        r#"
        messageStart {"role":"assistant","conversation":{"new":1},"p":"abc"}
        futureEvent {"x":1,"p":"ab"}
        contentBlockStart {"contentBlockIndex":0,"start":{},"p":"ab"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"p":"ab","text":"see","novelty":1}}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"citation":{"title":"A","location":{}}}}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"novelty":{"y":2}}}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"text":""}}
        contentBlockStop {"contentBlockIndex":0}
        contentBlockStart {"contentBlockIndex":1,"start":{"image":{"format":"png"}}}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"image":{"source":{"bytes":"AAAA"}}}}
        contentBlockStop {"contentBlockIndex":1}
        contentBlockStart {"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"s","name":"search","type":"server_tool_use"}}}
        contentBlockDelta {"contentBlockIndex":2,"delta":{"toolUse":{"input":"{}"}}}
        contentBlockStop {"contentBlockIndex":2}
        contentBlockDelta {"contentBlockIndex":3,"delta":{"novelty":{"z":3}}}
        contentBlockStop {"contentBlockIndex":3}
        contentBlockDelta {"contentBlockIndex":4,"delta":{"reasoningContent":{"novelty":4}}}
        messageStop {"stopReason":"end_turn","novelty":5}
        metadata {"usage":{"inputTokens":1,"novelty":6},"trace":{"guardrail":{}},"performanceConfig":{"latency":"standard"}}
        futureEvent {"behind":"the end"}
        "#
    ));
}

#[test]
fn blocks_that_are_not_closed_or_change_their_kind_are_parted() {
    assert_snapshot!(streamed(
        Minter::Claude,
        r#"
        contentBlockDelta {"contentBlockIndex":7,"delta":{"reasoningContent":{"text":"hm"}}}
        contentBlockDelta {"contentBlockIndex":7,"delta":{"text":"a"}}
        contentBlockStart {"contentBlockIndex":3,"start":{"toolUse":{"toolUseId":"","name":"f"}}}
        contentBlockDelta {"contentBlockIndex":7,"delta":{"text":"b"}}
        contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":"{}"}}}
        contentBlockStop {"contentBlockIndex":5}
        messageStop {"stopReason":"tool_use"}
        messageStop {"stopReason":"end_turn"}
        metadata {"usage":{"outputTokens":2}}
        "#
    ));
}

#[test]
fn what_cannot_be_told_is_garbled() {
    for line in [
        r#"messageStart {"role"#,
        r#"contentBlockDelta []"#,
        r#"contentBlockDelta {"delta":{"text":"a"}}"#,
        r#"contentBlockDelta {"contentBlockIndex":-1,"delta":{"text":"a"}}"#,
        r#"contentBlockDelta {"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}"#,
        r#"contentBlockStart {"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a"}}}"#,
        r#"messageStop {"stopReason":"end_"#,
    ] {
        let told = streamed(Minter::Claude, line);
        assert!(told.contains("garbled") && told.ends_with("cut"), "{line}: {told}");
    }
    for body in
        ["", "<not json>", "[]", "{}", r#"{"message":"no"}"#, r#"{"output":{"message":{}}}"#]
    {
        assert!(whole(Minter::Claude, body).starts_with("garbled an answer"), "{body}");
    }
    let failed = whole(Minter::Claude, r#"{"error":{"message":"no","type":"overloaded_error"}}"#);
    assert!(failed.starts_with("  Failed overloaded: no"), "{failed}");
}

#[test]
fn an_exception_ends_the_answer_with_its_class() {
    let told = streamed(
        Minter::Claude,
        r#"
        messageStart {"role":"assistant"}
        throttlingException {"message":"Too many tokens per day, please wait before trying again."}
        messageStop {"stopReason":"end_turn"}
        "#,
    );
    assert!(told.contains("Failed quota: Too many tokens per day"), "{told}");
    assert!(!told.contains(" Stop("), "{told}");
}

#[test]
fn more_open_blocks_than_an_answer_has_are_garbled() {
    let line = |index: usize| {
        format!(r#"contentBlockDelta {{"contentBlockIndex":{index},"delta":{{"text":"a"}}}}"#)
    };
    let stream: Vec<String> = (0..1_100).map(line).collect();
    let told = streamed(Minter::Claude, &stream.join("\n"));
    assert!(told.contains("more than 1024 blocks are open at once"));
}

//! Thinking: how it is asked for, and what goes back to whom.

use super::*;

/// What is said of thinking, in all its places, and the losses.
fn line(members: &str, upstream: &str) -> String {
    let spelled = written(&chat(&format!("{HELLO},{members}")), upstream);
    let field = |name: &str| member(&spelled, &format!("/additionalModelRequestFields{name}"));
    let parts = [
        field("/thinking"),
        field("/reasoningConfig"),
        field("/reasoning_effort"),
        field("/reasoning_config"),
        member(&spelled, "/outputConfig/effort"),
        losses(&spelled).replace("reasoning_effort: ", ""),
    ];
    let said = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>();
    said.join(" ").replace('"', "").replace("type:", "")
}

#[test]
fn each_model_is_asked_in_its_own_words() {
    let high = r#""reasoning_effort":"high""#;
    let off = r#""reasoning_effort":"none""#;
    let on = r#""reasoning":{"enabled":true}"#;
    let forced = r#""reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#;
    let excluded = "degraded: the host takes no thinking beside a forced tool";
    for (members, upstream, expected) in [
        (high, OPUS_5, "{adaptive} high".to_owned()),
        (r#""reasoning_effort":"max""#, SONNET_4_6, "{adaptive} max".to_owned()),
        (high, SONNET_4_5, "{enabled,budget_tokens:24576}".to_owned()),
        (off, OPUS_5, "{disabled}".to_owned()),
        (
            off,
            "anthropic.claude-sonnet-5-5",
            "{adaptive} low degraded: this model always thinks; it is asked to think little"
                .to_owned(),
        ),
        (forced, OPUS_5, format!("{{disabled}} {excluded}")),
        (forced, "anthropic.claude-fable-5", format!("high {excluded}")),
        (high, NOVA_2, "{enabled,maxReasoningEffort:high}".to_owned()),
        (on, NOVA_2, "{enabled,maxReasoningEffort:medium}".to_owned()),
        (off, NOVA_2, "{disabled}".to_owned()),
        (high, NOVA, "dropped: the host is not told how much to think".to_owned()),
        (off, NOVA, String::new()),
        (high, GPT_OSS, "high".to_owned()),
        (off, GPT_OSS, "low clamped: the model cannot be told not to think".to_owned()),
        (
            r#""reasoning_effort":"medium""#,
            QWEN,
            "low clamped: the model has no such effort".to_owned(),
        ),
        (off, R1, "dropped: the model cannot be told not to think".to_owned()),
        (high, SOME, "dropped: the host is not told how much to think".to_owned()),
    ] {
        assert_eq!(line(members, upstream), expected, "{members} to {upstream}");
    }
}

#[test]
fn seals_go_back_byte_for_byte_to_claude_and_to_nobody_else() {
    let seal = "EqQBCgIYAhIM1gbc+/DGJwZA2b3hGgxBdjrkzLoky3dl1pk=";
    let request = messages(&format!(
        r#""messages":[
        {{"role":"user","content":"1"}},
        {{"role":"assistant","content":[
          {{"type":"thinking","thinking":"","signature":"{seal}"}},
          {{"type":"redacted_thinking","data":"{seal}"}},
          {{"type":"thinking","thinking":"hm","signature":"rctl1.text.chat.00ff"}},
          {{"type":"redacted_thinking","data":"rctl1.openai-responses-v1.rs_1.gAAA"}},
          {{"type":"text","text":"2"}}]}},
        {{"role":"user","content":"3"}}]"#
    ));
    for upstream in MODELS {
        let spelled = written(&request, upstream);
        let text = String::from_utf8(spelled.body.clone()).unwrap();
        let is_claude = upstream.contains("claude");
        assert_eq!(text.matches(seal).count(), if is_claude { 2 } else { 0 }, "{upstream}");
        assert!(!text.contains("rctl1") && !text.contains("gAAA"), "{upstream}");
        let lost = spelled.losses.iter().filter(|loss| loss.path.contains("messages[1]"));
        assert_eq!(lost.count(), if is_claude { 2 } else { 4 }, "{upstream}: {:?}", spelled.losses);
    }
    let spelled = written(&request, OPUS_5);
    assert_eq!(
        member(&spelled, "/messages/1/content/0"),
        format!(r#"{{"reasoningContent":{{"reasoningText":{{"text":"","signature":"{seal}"}}}}}}"#)
    );
    assert_eq!(
        member(&spelled, "/messages/1/content/1"),
        format!(r#"{{"reasoningContent":{{"redactedContent":"{seal}"}}}}"#)
    );
}

#[test]
fn nova_takes_neither_limit_nor_sampling_beside_much_thinking() {
    let members = format!(
        r#"{HELLO},"reasoning_effort":"high","max_tokens":100,"temperature":0.5,"stop":"END""#
    );
    insta::assert_snapshot!(told(&chat(&members), NOVA_2));
}

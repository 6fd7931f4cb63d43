//! Limits, sampling, stops, what the answer has to be.

use routectl_core::Abilities;

use super::*;

#[test]
fn a_limit_is_always_said_to_claude_and_to_others_where_one_is_known() {
    for (members, upstream, most, expected) in [
        ("", OPUS_5, None, "128000 "),
        ("", OPUS_5, Some(9_000), "9000 "),
        ("", NOVA, None, " "),
        ("", NOVA, Some(9_000), "9000 "),
        (r#","max_tokens":7"#, NOVA, Some(9_000), "7 "),
        (
            r#","max_tokens":9001"#,
            NOVA,
            Some(9_000),
            "9000 max_tokens: clamped: the model writes no more than this",
        ),
        (
            r#","max_tokens":200000"#,
            SONNET_4_5,
            None,
            "64000 max_tokens: clamped: the model writes no more than this",
        ),
    ] {
        let able = Abilities { max_output_tokens: most, ..abilities(upstream) };
        let spelled = write(&chat(&format!("{HELLO}{members}")), &able);
        let limit = member(&spelled, "/inferenceConfig/maxTokens");
        assert_eq!(format!("{limit} {}", losses(&spelled)), expected, "{members} to {upstream}");
    }
}

#[test]
fn sampling_is_said_as_far_as_the_model_takes_it() {
    let members = format!(r#"{HELLO},"temperature":1.5,"top_p":0.5,"top_k":9,"max_tokens":10"#);
    let mut lines = Vec::new();
    for upstream in [OPUS_5, SONNET_4_5, NOVA, LLAMA, SOME] {
        let spelled = written(&chat(&members), upstream);
        let extras = member(&spelled, "/additionalModelRequestFields");
        let config = member(&spelled, "/inferenceConfig");
        lines.push(format!("{upstream}: {config} {extras}\n{}", losses(&spelled)));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_schema_of_the_answer_is_enforced_emulated_or_asked_for() {
    let members = format!(
        r#"{HELLO},"max_tokens":10,"response_format":{{"type":"json_schema","json_schema":{{"name":"the answer","description":"What is asked.","schema":{{"type":"object","properties":{{"x":{{"type":"string"}}}},"required":["x"],"additionalProperties":false}}}}}}"#
    );
    for (name, upstream) in
        [("sonnet_4_5", SONNET_4_5), ("sonnet_4", SONNET_4), ("nova", NOVA), ("llama", LLAMA)]
    {
        insta::assert_snapshot!(format!("schema_to_{name}"), told(&chat(&members), upstream));
    }
}

#[test]
fn stops_are_asked_for_by_name() {
    let members = format!(r#"{HELLO},"stop":["END"," "]"#);
    let spelled = written(&chat(&members), OPUS_5);
    assert_eq!(member(&spelled, "/inferenceConfig/stopSequences"), r#"["END"]"#);
    assert_eq!(member(&spelled, "/additionalModelResponseFieldPaths"), r#"["/stop_sequence"]"#);
    assert_eq!(spelled.changes.stops, [" "]);
    assert_eq!(losses(&spelled), "stop: emulated: stops of whitespace alone are kept by routectl");
    assert_eq!(member(&written(&chat(&members), NOVA), "/additionalModelResponseFieldPaths"), "");
}

#[test]
fn what_was_refused_by_name_is_not_asked_for_again() {
    let request = chat(
        r#""messages":[{"role":"user","content":"Hello."}],
        "tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}],
        "tool_choice":"required",
        "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}"#,
    );
    let said = |refuse: fn(&mut routectl_core::Quirks)| {
        let mut able = abilities(SONNET_4_6);
        refuse(&mut able.quirks);
        let body = String::from_utf8(write(&request, &able).body).unwrap();
        [r#""strict":true"#, r#""any":{}"#, r#""textFormat""#].map(|word| body.contains(word))
    };
    assert_eq!(said(|_| {}), [true; 3]);
    assert_eq!(said(|quirks| quirks.takes_strict = false), [false, true, true]);
    assert_eq!(said(|quirks| quirks.choice = routectl_core::Choice::Free), [true, false, true]);
    assert_eq!(said(|quirks| quirks.takes_json_schema = false), [true, true, false]);
}

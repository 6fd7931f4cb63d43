//! Limits, sampling, stops, formats and everything else beside the conversation.

use routectl_core::{OutputFormat, Sampling, Tier, ToolChoice};

use super::*;

#[test]
fn every_member_stands_in_its_place() {
    let mut request = asking(vec![user("Hi.")]);
    request.system = vec![Block::text("Be kind.", Place::BODY.member("messages").index(0))];
    request.tools = vec![tool("f", r#"{"type":"object","properties":{"b":{},"a":{}}}"#)];
    request.parallel_calls = Some(false);
    request.stops = vec!["END".into(), "\n\n".into(), String::new()];
    request.sampling = Sampling { temperature: Some(1.5), top_p: None, top_k: Some(40) };
    request.user = Some("u-1".into());
    request.tier = Some(Tier::Standard);
    request.foreign = vec![
        foreign("seed", IfLost::Told("Messages has no seed")),
        foreign("messages[0].name", IfLost::Told("Messages has no names")),
        foreign("n", IfLost::Refused("Messages gives one answer")),
    ];
    insta::assert_snapshot!(told(&request, SONNET_4_5));
}

#[test]
fn the_answer_gets_all_that_its_model_writes_unless_the_client_limits_it() {
    // Case 18.
    let limit = |asked, configured, upstream: &str| {
        let mut request = asking(vec![user("1")]);
        request.max_tokens = asked;
        let target = Abilities { max_output_tokens: configured, ..abilities(upstream) };
        member(&MESSAGES.write(&request, &target), "/max_tokens")
    };
    assert_eq!(limit(Some(7), Some(9_000), OPUS_5), "7");
    assert_eq!(limit(Some(100_000), None, OPUS_4_1), "32000", "clamped");
    assert_eq!(limit(Some(100_000), Some(100_000), OPUS_4_1), "100000", "configured");
    assert_eq!(limit(Some(1_000_000), None, "glm-4.6"), "1000000");
    assert_eq!(limit(None, Some(9_000), OPUS_5), "9000");
    assert_eq!(limit(None, None, OPUS_5), "128000");
    assert_eq!(limit(None, None, OPUS_4_1), "32000");
    assert_eq!(limit(None, None, "glm-4.6"), "64000");
}

#[test]
fn sampling_is_said_as_far_as_the_model_takes_it() {
    // Cases 17 and 48, golden 17: temperature with Opus 5.
    let of = |temperature: f64, top_p: Option<f64>, top_k| Sampling {
        temperature: (temperature >= 0.0).then_some(temperature),
        top_p,
        top_k,
    };
    let refused = "this model takes no sampling members";
    let both = "top_p: dropped: this model takes temperature or top_p, not both";
    let high = "temperature: clamped: the host knows temperatures up to 1";
    for (upstream, sampling, said, lost) in [
        (OPUS_5, of(0.2, None, None), "", format!("temperature: dropped: {refused}")),
        (OPUS_5, of(1.0, Some(1.0), None), "", String::new()),
        (
            OPUS_5,
            of(-1.0, Some(0.9), Some(5)),
            "",
            format!("top_p: dropped: {refused}\ntop_k: dropped: {refused}"),
        ),
        (SONNET_4_5, of(0.2, Some(0.9), Some(5)), "0.2||5", both.to_owned()),
        (SONNET_4_5, of(-1.0, Some(0.9), None), "|0.9|", String::new()),
        (SONNET_4_5, of(1.0, Some(0.9), None), "|0.9|", String::new()),
        (SONNET_4_5, of(0.2, Some(1.0), None), "0.2||", String::new()),
        (SONNET_4_5, of(1.7, None, None), "1.0||", high.to_owned()),
        ("glm-4.6", of(0.2, Some(0.9), Some(5)), "0.2|0.9|5", String::new()),
        ("glm-4.6", of(2.0, None, None), "1.0||", high.to_owned()),
    ] {
        let mut request = asking(vec![user("1")]);
        request.sampling = sampling;
        let spelled = written(&request, upstream);
        let members = ["/temperature", "/top_p", "/top_k"].map(|it| member(&spelled, it));
        let found = members.join("|");
        assert_eq!(if found == "||" { "" } else { &found }, said, "{upstream} {sampling:?}");
        assert_eq!(losses(&spelled), lost, "{upstream} {sampling:?}");
    }
}

#[test]
fn case_48_a_version_without_sampling_gets_none() {
    let mut request = asking(vec![user("1")]);
    request.sampling = Sampling { temperature: Some(0.2), top_p: Some(0.97), top_k: Some(5) };
    let newest = |request: &Request, upstream| {
        let mut target = abilities(upstream);
        target.quirks.refuses_sampling = true;
        MESSAGES.write(request, &target)
    };
    let lost = "dropped: this version of the API knows no sampling members";
    let lost = format!("temperature: {lost}\ntop_p: {lost}\ntop_k: {lost}");
    for upstream in [OPUS_4_1, SONNET_4_5, OPUS_5, "glm-4.6"] {
        let spelled = newest(&request, upstream);
        let members = ["/temperature", "/top_p", "/top_k"].map(|it| member(&spelled, it));
        assert_eq!((members.concat(), losses(&spelled)), (String::new(), lost.clone()));
    }
    request.sampling = Sampling { temperature: Some(1.0), top_p: Some(1.0), top_k: None };
    let spelled = newest(&request, "glm-4.6");
    assert_eq!(
        (member(&spelled, "/temperature"), losses(&spelled)),
        (String::new(), String::new())
    );
}

#[test]
fn a_model_that_thinks_takes_a_high_top_p_only() {
    let lost = "dropped: a model that thinks takes a top_p from 0.95 on and nothing else";
    for (sampling, top_p, lost) in [
        (
            Sampling { temperature: Some(0.5), top_p: Some(0.97), top_k: Some(1) },
            "0.97",
            format!("temperature: {lost}\ntop_k: {lost}"),
        ),
        (
            Sampling { temperature: Some(1.0), top_p: Some(0.5), top_k: None },
            "",
            format!("top_p: {lost}"),
        ),
    ] {
        let mut request = asking(vec![user("1")]);
        request.max_tokens = Some(64_000);
        request.reasoning.effort = Some(Effort::Low);
        request.sampling = sampling;
        let spelled = written(&request, SONNET_4_5);
        assert_eq!(member(&spelled, "/top_p"), top_p);
        assert_eq!(member(&spelled, "/temperature"), "");
        assert_eq!(losses(&spelled), lost);
    }
}

#[test]
fn many_stops_pass_and_whitespace_is_ours_to_stop_at() {
    // Case 16.
    let mut request = asking(vec![user("1")]);
    request.stops = ["a", "b", "c", "d", "e", "\n", " "].map(str::to_owned).to_vec();
    let spelled = written(&request, OPUS_5);
    assert_eq!(member(&spelled, "/stop_sequences"), r#"["a","b","c","d","e"]"#);
    assert_eq!(spelled.changes.stops, ["\n", " "]);
    assert_eq!(losses(&spelled), "stop: emulated: stops of whitespace alone are kept by routectl");
}

#[test]
fn foreign_members_are_lost_as_their_reader_says() {
    // Cases 19, 39 and 40.
    let mut request = asking(vec![user("1")]);
    request.foreign = vec![
        foreign("logit_bias", IfLost::Refused("Messages has no logit bias")),
        foreign("novelty", IfLost::Told("not known to this format")),
    ];
    let spelled = written(&request, OPUS_5);
    let expected = "logit_bias: refused: Messages has no logit bias\nnovelty: dropped: not known to this format";
    assert_eq!(losses(&spelled), expected);
}

fn schema(schema: &str) -> Option<OutputFormat> {
    Some(OutputFormat::JsonSchema {
        name: Some("place".into()),
        description: None,
        schema: schema.into(),
        strict: Some(true),
    })
}

const CLOSED: &str = r#"{"type":"object","properties":{"b":{"type":"string"},"a":{"type":["integer","null"]}},"required":["b"],"additionalProperties":false}"#;

#[test]
fn a_schema_with_an_optional_property_is_enforced_as_it_is() {
    // Golden 14.
    let mut request = asking(vec![user("Where?")]);
    request.output = schema(CLOSED);
    let spelled = written(&request, OPUS_5);
    let expected = format!(r#"{{"format":{{"type":"json_schema","schema":{CLOSED}}}}}"#);
    assert_eq!(member(&spelled, "/output_config"), expected);
    assert_eq!(losses(&spelled), "");
}

#[test]
fn a_schema_is_enforced_as_far_as_claude_can() {
    // Case 22.
    let mut request = asking(vec![user("Where?")]);
    request.output = Some(OutputFormat::JsonSchema {
        name: Some("place".into()),
        description: Some("A place.".into()),
        schema: r##"{"$schema":"x","type":"object","properties":{
            "age":{"type":"integer","minimum":1,"maximum":9,"description":"Years"},
            "tags":{"type":"array","minItems":2,"items":{"type":"string","pattern":"^(?=a)"}},
            "when":{"type":"string","format":"date","nullable":true},
            "who":{"allOf":[{"$ref":"#/$defs/who"}]},
            "how":{"oneOf":[{"const":1},{"const":2}]}},
            "$defs":{"who":{"type":"object","properties":{"name":{"type":"string"}},"additionalProperties":false}}}"##
            .into(),
        strict: None,
    });
    insta::assert_snapshot!(told(&request, OPUS_5));
}

#[test]
fn a_schema_that_cannot_be_enforced_is_an_instruction() {
    // Case 22.
    for open in [
        r#"{"type":"object"}"#,
        r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        r#"{"type":"object","properties":{"a":{"type":"object","additionalProperties":true}}}"#,
        r##"{"$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"additionalProperties":false}},"$ref":"#/$defs/n"}"##,
        r##"{"type":"object","properties":{"a":{"$ref":"#"}},"additionalProperties":false}"##,
        r#"{"type":"object","properties":{"a":{"$ref":"https://x/y"}},"additionalProperties":false}"#,
    ] {
        let mut request = asking(vec![user("Where?")]);
        request.output = schema(open);
        let spelled = written(&request, OPUS_5);
        assert_eq!(member(&spelled, "/output_config"), "", "{open}");
        let system = body(&spelled)["system"][0]["text"].as_str().unwrap().to_owned();
        assert!(system.ends_with(&format!("It matches this JSON schema:\n{open}")), "{system}");
        let loss = "response_format: degraded: the host cannot enforce this schema; an instruction says it";
        assert_eq!(losses(&spelled), loss);
    }
}

#[test]
fn a_chain_of_references_without_end_is_no_danger() {
    let links = (0..20_000).map(|n| format!(r##""d{n}":{{"$ref":"#/$defs/d{}"}}"##, n + 1));
    let chain = links.collect::<Vec<_>>().join(",");
    let long = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{chain}}}}}"##);
    let mut request = asking(vec![user("Where?")]);
    request.output = schema(&long);
    assert!(losses(&written(&request, OPUS_5)).contains("the host cannot enforce this schema"));
}

#[test]
fn older_models_answer_by_calling_a_tool_of_the_schema() {
    let mut request = asking(vec![user("Where?")]);
    request.output = schema(CLOSED);
    insta::assert_snapshot!("emitted_alone", told(&request, OPUS_4_1));
    request.tools = vec![tool("emit_place", r#"{"type":"object"}"#)];
    insta::assert_snapshot!("emitted_beside_tools", told(&request, OPUS_4_1));
}

#[test]
fn a_tool_cannot_take_the_answer_of_every_schema() {
    let loss = |prepare: fn(&mut Request)| {
        let mut request = asking(vec![user("Where?")]);
        request.max_tokens = Some(32_000);
        request.output = schema(CLOSED);
        prepare(&mut request);
        let spelled = written(&request, OPUS_4_1);
        assert_eq!(spelled.changes.output_tool, None);
        losses(&spelled)
    };
    let instruction =
        "response_format: degraded: nothing enforces the schema; an instruction says it";
    assert_eq!(loss(|request| request.output = schema(r#"{"type":"array"}"#)), instruction);
    assert_eq!(loss(|request| request.reasoning.effort = Some(Effort::Low)), instruction);
    let demanded = loss(|request| {
        request.tools = vec![tool("f", r#"{"type":"object"}"#)];
        request.tool_choice = Some(ToolChoice::Required);
    });
    assert_eq!(
        demanded,
        "response_format: dropped: a demanded call of a tool leaves no text to have a format"
    );
}

#[test]
fn some_json_object_is_an_instruction_behind_the_system_text() {
    // Case 21.
    let mut request = asking(vec![user("Where?")]);
    request.system = vec![Block::text("Be kind.", Place::BODY)];
    request.output = Some(OutputFormat::JsonObject);
    let spelled = written(&request, OPUS_5);
    let expected = r#"[{"type":"text","text":"Be kind."},{"type":"text","text":"Reply with one JSON object only, and nothing around it."}]"#;
    assert_eq!(member(&spelled, "/system"), expected);
    let loss = "response_format: emulated: the host has no such format; an instruction says it";
    assert_eq!(losses(&spelled), loss);
}

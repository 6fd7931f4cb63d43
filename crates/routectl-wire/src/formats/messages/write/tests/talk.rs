//! Turns and blocks.

use super::*;

#[test]
fn parallel_results_become_one_user_turn_and_stand_first() {
    // Cases 1, 5 and 8.
    let calls = vec![
        text_of("Both then."),
        call("call_a", "weather", r#"{ "city" : "Bern", "n": 1.0 }"#),
        call("call_b", "clock", ""),
    ];
    let request = asking(vec![
        user("Weather and time?"),
        assistant(calls),
        turn(Role::User, vec![result("call_b", vec![text_of("noon")])]),
        turn(Role::User, vec![text_of("Hurry."), result("call_a", vec![text_of("rain")])]),
    ]);
    insta::assert_snapshot!(told(&request, OPUS_5));
}

#[test]
fn a_call_without_a_result_gets_a_failed_one() {
    // Case 2.
    let request =
        asking(vec![user("Go."), assistant(vec![call("call_a", "f", "{}")]), user("Never mind.")]);
    let spelled = written(&request, OPUS_5);
    let expected = r#"[{"type":"tool_result","tool_use_id":"call_a","content":"No result was provided for this call.","is_error":true},{"type":"text","text":"Never mind."}]"#;
    assert_eq!(member(&spelled, "/messages/2/content"), expected);
    let loss = "messages[1].content[0]: emulated: the call has no result; a failed one stands in";
    assert!(losses(&spelled).contains(loss), "{}", losses(&spelled));
}

#[test]
fn a_system_message_in_mid_conversation_stays_where_it_was() {
    // Case 3, golden 16: Opus 5 takes it, Sonnet 5 does not.
    let request = asking(vec![
        user("One?"),
        assistant(vec![text_of("One.")]),
        turn(Role::User, vec![text_of("Two?")]),
        system("Answer in French."),
        assistant(vec![text_of("Deux.")]),
        user("Three?"),
    ]);
    insta::assert_snapshot!("system_message_opus_5", told(&request, OPUS_5));
    insta::assert_snapshot!("system_message_sonnet_5", told(&request, SONNET_5));
}

/// Who says what, turn by turn.
fn order(spelled: &Spelled) -> String {
    let body = body(spelled);
    let turns = body["messages"].as_array().unwrap().iter().map(|message| {
        let blocks = message["content"].as_array().unwrap().iter();
        let texts = blocks.map(|block| match block["type"].as_str().unwrap() {
            "text" => block["text"].as_str().unwrap().to_owned(),
            kind => format!("[{kind}]"),
        });
        format!("{}: {}", message["role"].as_str().unwrap(), texts.collect::<Vec<_>>().join(" + "))
    });
    turns.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_system_message_stands_only_where_the_host_allows_one() {
    let wrapped = "<system_instruction>S</system_instruction>";
    let calls = || assistant(vec![call("a", "f", "{}")]);
    let results = || turn(Role::User, vec![result("a", vec![text_of("r")])]);
    for (turns, expected) in [
        // Between results and what the user adds: behind both.
        (
            vec![user("1"), calls(), results(), system("S"), user("2")],
            "user: 1\nassistant: [tool_use]\nuser: [tool_result] + 2\nsystem: S".to_owned(),
        ),
        // Between a call and its results: behind them.
        (
            vec![user("1"), calls(), system("S"), results()],
            "user: 1\nassistant: [tool_use]\nuser: [tool_result]\nsystem: S".to_owned(),
        ),
        // Neighbours become one.
        (vec![user("1"), system("S"), system("T")], "user: 1\nsystem: S + T".to_owned()),
        // It cannot follow an assistant, nor be first with nobody to follow.
        (
            vec![user("1"), assistant(vec![text_of("2")]), system("S")],
            format!("user: 1\nassistant: 2\nuser: {wrapped}"),
        ),
        (
            vec![user("1"), assistant(vec![text_of("2")]), system("S"), user("3")],
            "user: 1\nassistant: 2\nuser: 3\nsystem: S".to_owned(),
        ),
        (
            vec![system("S"), assistant(vec![text_of("2")]), user("3")],
            format!("user: {wrapped}\nassistant: 2\nuser: 3"),
        ),
    ] {
        let spelled = written(&asking(turns), OPUS_5);
        assert_eq!(order(&spelled), expected);
        let degraded = losses(&spelled).contains("takes no system message here");
        assert_eq!(degraded, expected.contains(wrapped), "{expected}");
    }
}

#[test]
fn empty_text_goes_and_whitespace_is_told() {
    // Case 4.
    let request = asking(vec![
        turn(Role::User, vec![text_of(""), text_of("One?"), text_of(" \n")]),
        assistant(vec![text_of("")]),
        user("Two?"),
    ]);
    let spelled = written(&request, OPUS_5);
    assert_eq!(order(&spelled), "user: One? + Two?");
    assert_eq!(
        losses(&spelled),
        "messages[0].content[2]: dropped: whitespace alone is no text to Claude"
    );
}

#[test]
fn a_conversation_that_claude_cannot_have_is_refused() {
    for (turns, refusal) in [
        (vec![], "messages: refused: no message says anything"),
        (
            vec![user("1"), assistant(vec![text_of("2")]), user("")],
            "messages[2]: refused: the last message says nothing",
        ),
        (
            vec![assistant(vec![text_of("1")]), user("2")],
            "messages[0]: refused: the conversation must begin with the user",
        ),
        // Case 33: Opus 5 takes no prefill.
        (
            vec![user("1"), assistant(vec![text_of("2")])],
            "messages[1]: refused: this model wants the last message to be the user's",
        ),
    ] {
        let spelled = written(&asking(turns), OPUS_5);
        assert!(losses(&spelled).contains(refusal), "{refusal}: {}", losses(&spelled));
    }
}

#[test]
fn an_answer_that_has_begun_is_continued_by_models_that_can() {
    // Case 33.
    let mut request = asking(vec![user("1"), assistant(vec![text_of("It is ")])]);
    request.reasoning.effort = Some(Effort::High);
    let spelled = written(&request, SONNET_4_5);
    assert_eq!(order(&spelled), "user: 1\nassistant: It is");
    assert_eq!(member(&spelled, "/thinking"), r#"{"type":"disabled"}"#);
    assert!(losses(&spelled).contains("messages[1]: degraded: the model continues this message"));
    assert!(losses(&spelled).contains("reasoning_effort: degraded: an answer that has begun"));
}

#[test]
fn images_and_documents_are_told_where_they_stand() {
    // Cases 11, 12 and 13, golden 13.
    let pdf = Source::Base64 { media_type: "application/pdf".into(), bytes: "JVBERi0=".into() };
    let csv = Source::Base64 { media_type: "text/csv; charset=utf-8".into(), bytes: "YSxi".into() };
    let document = |source, title: Option<&str>| Content::Document {
        source,
        title: title.map(str::to_owned),
        about: None,
    };
    let inner = Block::text("part", Place::BODY);
    let request = asking(vec![
        turn(
            Role::User,
            vec![
                Content::Image(Source::Base64 {
                    media_type: "image/JPG".into(),
                    bytes: "/9j/".into(),
                }),
                Content::Image(Source::Url("https://example.com/a.png".into())),
                document(pdf, Some("a.pdf")),
                document(csv, Some("b.csv")),
                document(Source::Url("https://example.com/c.pdf".into()), None),
                Content::Document {
                    source: Source::Blocks(vec![inner]),
                    title: None,
                    about: Some("for the test".into()),
                },
                text_of("What are these?"),
            ],
        ),
        assistant(vec![call("a", "look", "{}")]),
        turn(Role::User, vec![result("a", vec![text_of("seen"), Content::Image(png())])]),
    ]);
    insta::assert_snapshot!(told(&request, OPUS_5));
}

#[test]
fn what_the_host_could_not_read_is_refused() {
    // Cases 14, 15 and 39.
    let base64 = |media_type: &str, bytes: &str| Source::Base64 {
        media_type: media_type.into(),
        bytes: bytes.into(),
    };
    let document = |source| Content::Document { source, title: None, about: None };
    let opaque = |if_lost| Content::Opaque {
        opaque: routectl_core::Opaque { name: "input_audio".into(), json: "{}".into() },
        if_lost,
    };
    for (content, loss) in [
        (Content::Image(Source::File("file-1".into())), "refused: the id of a file"),
        (document(Source::File("file-1".into())), "refused: the id of a file"),
        (Content::Image(base64("image/bmp", "Qk0=")), "refused: Messages takes images as"),
        (document(base64("application/zip", "UEs=")), "refused: Messages takes documents as"),
        (document(base64("text/plain", "/w==")), "refused: this is no text in UTF-8"),
        (Content::Image(Source::Url("gs://a/b.png".into())), "refused: Anthropic fetches"),
        (Content::Image(Source::Url("http://a/b.png".into())), "refused: Anthropic fetches"),
        (document(Source::Url("http://a/b.pdf".into())), "refused: Anthropic fetches"),
        (document(Source::Text(" ".into())), "dropped: nothing is in this document"),
        (document(Source::Blocks(vec![])), "dropped: nothing is in this document"),
        (opaque(IfLost::Refused("no sound")), "refused: no sound"),
        (opaque(IfLost::Told("a hint")), "dropped: a hint"),
        (signed("hm"), "refused: a message of the user cannot hold this"),
    ] {
        let request = asking(vec![turn(Role::User, vec![text_of("Look."), content])]);
        let spelled = written(&request, OPUS_5);
        let expected = format!("messages[0].content[1]: {loss}");
        assert!(losses(&spelled).contains(&expected), "{expected}: {}", losses(&spelled));
        assert_eq!(order(&spelled).lines().next(), Some("user: Look."));
    }
}

#[test]
fn results_are_plain_text_where_they_can_be() {
    let of = |blocks| {
        let request = asking(vec![
            user("Go."),
            assistant(vec![call("a", "f", "{}")]),
            turn(Role::User, vec![result("a", blocks)]),
        ]);
        let spelled = written(&request, OPUS_5);
        (member(&spelled, "/messages/2/content/0/content"), losses(&spelled))
    };
    assert_eq!(of(vec![text_of("one")]).0, r#""one""#);
    assert_eq!(
        of(vec![text_of("one"), text_of("two")]).0,
        r#"[{"type":"text","text":"one"},{"type":"text","text":"two"}]"#
    );
    assert_eq!(of(vec![text_of("")]).0, "", "content may be left out");
    let nested = of(vec![text_of("x"), result("b", vec![])]);
    assert!(nested.1.contains("refused: a result cannot stand inside another block"));
}

#[test]
fn illegal_and_repeated_ids_stay_paired() {
    // Case 6, golden 11.
    let calls = || assistant(vec![call("functions.x:0", "x", "{}")]);
    let results = || turn(Role::User, vec![result("functions.x:0", vec![text_of("r")])]);
    let request = asking(vec![user("Go."), calls(), results(), calls(), results()]);
    let spelled = written(&request, OPUS_5);
    let id = |turn, member: &str| {
        self::member(&spelled, &format!("/messages/{turn}/content/0/{member}"))
    };
    let (first, second) = (id(1, "id"), id(3, "id"));
    assert_ne!(first, second);
    assert_eq!((&first, &second), (&id(2, "tool_use_id"), &id(4, "tool_use_id")));
    for id in [first, second] {
        let id = id.trim_matches('"');
        assert!(
            id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "{id}"
        );
    }
}

#[test]
fn arguments_become_an_object_whatever_the_model_wrote() {
    // Cases 8, 9, 10 and 51.
    for (arguments, input, loss) in [
        ("", "{}", ""),
        (" null ", "{}", ""),
        ("{}", "{}", ""),
        ("{\"b\": 1.0,\n \"a\": [1e3, \"x y\"]}", r#"{"b":1.0,"a":[1e3,"x y"]}"#, ""),
        (r#"{"a":"\ud83d"}"#, "{\"a\":\"\u{fffd}\"}", ""),
        ("[1]", r#"{"INVALID_JSON":"[1]"}"#, "the arguments are no JSON object"),
        ("\"x\"", r#"{"INVALID_JSON":"\"x\""}"#, "the arguments are no JSON object"),
        ("{\"a\": tru", r#"{"INVALID_JSON":"{\"a\": tru"}"#, "the arguments are not valid JSON"),
        (
            r#"{"a":"\q"}"#,
            r#"{"INVALID_JSON":"{\"a\":\"\\q\"}"}"#,
            "the arguments are not valid JSON",
        ),
        ("{} {}", r#"{"INVALID_JSON":"{} {}"}"#, "the arguments are not valid JSON"),
    ] {
        let request = asking(vec![
            user("Go."),
            assistant(vec![call("a", "f", arguments)]),
            turn(Role::User, vec![result("a", vec![text_of("r")])]),
        ]);
        let spelled = written(&request, OPUS_5);
        let text = String::from_utf8(spelled.body.clone()).unwrap();
        assert!(text.contains(&format!("\"input\":{input}}}")), "{arguments}: {text}");
        let loss = if loss.is_empty() {
            String::new()
        } else {
            format!("messages[1].content[0]: degraded: {loss}")
        };
        let found = losses(&spelled);
        let found = found.lines().find(|line| line.starts_with("messages")).unwrap_or_default();
        assert_eq!(found, loss, "{arguments}");
    }
}

#[test]
fn refusals_are_said_as_text() {
    let refused = assistant(vec![Content::Refusal("I cannot.".into())]);
    let spelled = written(&asking(vec![user("1"), refused, user("2")]), OPUS_5);
    assert_eq!(order(&spelled), "user: 1\nassistant: I cannot.\nuser: 2");
    assert_eq!(losses(&spelled), "");
}

#[test]
fn neighbours_of_one_role_become_one_message() {
    let request = asking(vec![
        user("1"),
        user("2"),
        assistant(vec![text_of("3")]),
        assistant(vec![text_of("4")]),
        user("5"),
    ]);
    let spelled = written(&request, OPUS_5);
    assert_eq!(order(&spelled), "user: 1 + 2\nassistant: 3 + 4\nuser: 5");
}

#[test]
fn system_text_keeps_its_blocks_and_their_order() {
    let mut request = asking(vec![user("1")]);
    request.system = vec![
        Block::text("One.", Place::BODY.member("messages").index(0)),
        Block::text("", Place::BODY),
        Block::text("Two.", Place::BODY.member("messages").index(1)),
    ];
    let spelled = written(&request, OPUS_5);
    let expected = r#"[{"type":"text","text":"One."},{"type":"text","text":"Two."}]"#;
    assert_eq!(member(&spelled, "/system"), expected);
}

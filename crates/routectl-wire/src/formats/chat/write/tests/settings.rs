//! Limits, sampling, stops, output, the person, what only the client's format knows.

use insta::assert_snapshot;
use routectl_core::{Foreign, IfLost, OutputFormat, Sampling, Tier, UserMember};

use super::*;

fn hello() -> Request {
    ask(&[user([text("hi")])])
}

#[test]
fn a_conversation_has_one_cache_key_at_hosts_that_take_it() {
    let keyed = host(Quirks { takes_cache_key: true, ..Quirks::NONE });
    let key = |request: &Request, host: &Abilities| {
        body(&write(request, host)).get("prompt_cache_key").map(ToString::to_string)
    };
    let first = ask(&[user([text("hi")])]);
    let longer = ask(&[user([text("hi")]), assistant([text("a")]), user([text("b")])]);
    let named = |request: &Request, name: &str| Request {
        conversation: Some(name.to_owned()),
        ..request.clone()
    };
    let one = key(&named(&first, "one"), &keyed);
    assert_eq!(one.as_ref().map(String::len), Some(34));
    assert_eq!(key(&named(&longer, "one"), &keyed), one);
    assert_ne!(key(&named(&longer, "two"), &keyed), one);
    assert_eq!(key(&named(&first, "one"), &any_host()), None);

    // A client that names none has the key of what its conversations begin with.
    let with_tools = |request: &Request, name: &str| Request {
        tools: vec![tool(name, None)],
        ..request.clone()
    };
    assert_eq!(key(&first, &keyed), None);
    let of_tools = key(&with_tools(&first, "f"), &keyed);
    assert!(of_tools.is_some());
    assert_eq!(key(&with_tools(&longer, "f"), &keyed), of_tools);
    assert_ne!(key(&with_tools(&longer, "g"), &keyed), of_tools);
}

#[test]
fn a_plain_request_says_what_was_asked_and_wants_a_stream() {
    let request = Request {
        model: "the client's name".to_owned(),
        max_tokens: Some(1024),
        sampling: Sampling { temperature: Some(0.7), top_p: Some(0.95), top_k: None },
        stops: vec!["END".to_owned(), "\n".to_owned()],
        user: Some("someone".to_owned()),
        tier: Some(Tier::Auto),
        ..hello()
    };
    assert_snapshot!("plain", seen(&request, &any_host()));
    let openai = host(Quirks {
        developer_role: true,
        completion_limit: true,
        refuses_sampling: true,
        refuses_stop: true,
        takes_tier: true,
        user: UserMember::SafetyIdentifier,
        ..Quirks::NONE
    });
    assert_snapshot!("plain_for_openai", seen(&request, &openai));
}

#[test]
fn case_16_more_stops_than_the_host_takes_are_heeded_here() {
    let stops = |stops: &[&str]| stops.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    for (asked, said, heeded) in [
        (stops(&[]), "absent", stops(&[])),
        (stops(&[""]), "absent", stops(&[])),
        (stops(&["a", "", "b"]), r#"["a","b"]"#, stops(&[])),
        (stops(&["a", "b", "c", "d"]), r#"["a","b","c","d"]"#, stops(&[])),
        (stops(&["1", "2", "3", "4", "5", "6"]), "absent", stops(&["1", "2", "3", "4", "5", "6"])),
    ] {
        let request = Request { stops: asked, ..hello() };
        let (given, losses) = member(&request, &any_host(), "stop");
        assert_eq!(given, said);
        assert_eq!(write(&request, &any_host()).changes.stops, heeded);
        assert_eq!(losses.len(), usize::from(!heeded.is_empty()));
        assert!(losses.iter().all(|loss| loss.starts_with("emulated stop_sequences: ")));
    }
}

#[test]
fn case_17_a_model_that_samples_by_itself_is_told_nothing_else() {
    let fixed = host(Quirks { refuses_sampling: true, ..Quirks::NONE });
    let sampling = Sampling { temperature: Some(1.0), top_p: Some(0.5), top_k: Some(40) };
    let request = Request { sampling, ..hello() };
    let (temperature, losses) = member(&request, &fixed, "temperature");
    assert_eq!(temperature, "absent");
    assert_eq!(
        losses,
        [
            "dropped top_p: the model takes no sampling",
            "dropped top_k: the host has no such member"
        ]
    );
    let open = host(Quirks { takes_top_k: true, ..Quirks::NONE });
    assert_eq!(member(&request, &open, "top_k"), ("40".to_owned(), vec![]));
}

#[test]
fn case_18_without_a_limit_the_host_decides() {
    let spelled = write(&hello(), &any_host());
    assert!(body(&spelled).get("max_tokens").is_none());
    let small = Abilities { max_output_tokens: Some(8_192), ..any_host() };
    assert!(body(&write(&hello(), &small)).get("max_tokens").is_none());
    let large = Request { max_tokens: Some(128_000), ..hello() };
    assert_eq!(
        member(&large, &small, "max_tokens"),
        ("8192".to_owned(), vec!["clamped max_tokens: the model writes less".to_owned()])
    );
    let none = Request { max_tokens: Some(0), ..hello() };
    assert!(losses(&write(&none, &any_host()))[0].starts_with("refused max_tokens: "));
}

#[test]
fn long_ids_of_persons_become_their_hash() {
    let long = "u".repeat(129);
    let request = Request { user: Some(long), ..hello() };
    let (user, losses) = member(&request, &any_host(), "user");
    assert!(user.starts_with("\"sha256:") && user.len() == 73, "{user}");
    assert_eq!(losses, Vec::<String>::new());
    let silent = host(Quirks { user: UserMember::Nobody, ..Quirks::NONE });
    let (user, losses) = member(&request, &silent, "user");
    assert_eq!(user, "absent");
    assert!(losses[0].starts_with("dropped metadata.user_id: "), "{losses:?}");
}

const CLOSED: &str = r#"{"type":"object","properties":{"a":{"type":"number"}},"required":["a"],"additionalProperties":false}"#;

fn schema(schema: &str, strict: Option<bool>) -> OutputFormat {
    OutputFormat::JsonSchema { name: None, description: None, schema: schema.to_owned(), strict }
}

#[test]
fn case_22_answers_are_held_to_schemas_where_that_can_be() {
    for (format, said, lost) in [
        (schema(CLOSED, None), format!(r#""schema":{CLOSED},"strict":true"#), 0),
        (schema(CLOSED, Some(false)), format!(r#""schema":{CLOSED},"strict":false"#), 0),
        (
            schema(r#"{"type":"array","items":{"type":"string"}}"#, None),
            r#""schema":{"type":"array","items":{"type":"string"}},"strict":false"#.to_owned(),
            1,
        ),
    ] {
        let request = Request { output: Some(format), ..hello() };
        let (given, losses) = member(&request, &any_host(), "response_format");
        let said = format!(r#"{{"type":"json_schema","json_schema":{{"name":"output",{said}}}}}"#);
        assert_eq!((given, losses.len()), (said, lost));
        assert!(losses.iter().all(|loss| loss.starts_with("degraded output_config.format: ")));
    }
}

#[test]
fn a_host_without_schemas_is_held_to_json_and_the_model_is_shown_the_schema() {
    let deepseek = host(Quirks { takes_json_schema: false, ..Quirks::NONE });
    let request = Request { output: Some(schema(CLOSED, None)), ..hello() };
    assert_snapshot!("schema_in_words", seen(&request, &deepseek));
    let list = r#"{"type":"array","items":{"type":"string"}}"#;
    let request = Request { output: Some(schema(list, None)), ..hello() };
    assert_eq!(member(&request, &deepseek, "response_format").0, "absent");
}

#[test]
fn case_21_a_json_object_is_asked_for_with_the_word() {
    let object = |words: &str| Request {
        output: Some(OutputFormat::JsonObject),
        ..ask(&[user([text(words)])])
    };
    let kind = r#"{"type":"json_object"}"#;
    let (said, losses) = member(&object("as Json, please"), &any_host(), "response_format");
    assert_eq!((said.as_str(), losses.len()), (kind, 0));
    let (said, losses) = member(&object("please"), &any_host(), "response_format");
    assert_eq!((said.as_str(), losses.len()), (kind, 1));
    let messages = member(&object("please"), &any_host(), "messages").0;
    assert!(messages.starts_with(r#"[{"role":"system","content":"Reply with one JSON object"#));
    let bare = host(Quirks { takes_json_object: false, ..Quirks::NONE });
    let (said, losses) = member(&object("as JSON"), &bare, "response_format");
    assert_eq!(said, "absent");
    assert!(losses[0].starts_with("emulated output_config.format: "), "{losses:?}");
}

#[test]
fn case_40_members_that_nobody_knows_are_lost_as_their_reader_says() {
    let foreign =
        |path: &str, if_lost| Foreign { path: path.to_owned(), json: "{}".to_owned(), if_lost };
    let request = Request {
        foreign: vec![
            foreign("safeguards", IfLost::Told("only Claude watches")),
            foreign("inference_geo", IfLost::Refused("no other host promises a place")),
        ],
        ..hello()
    };
    assert_eq!(
        losses(&write(&request, &any_host())),
        [
            "dropped safeguards: only Claude watches",
            "refused inference_geo: no other host promises a place",
        ]
    );
}

#[test]
fn the_ordinary_tier_is_lost_where_there_are_no_tiers() {
    let request = Request { tier: Some(Tier::Standard), ..hello() };
    let (said, losses) = member(&request, &any_host(), "service_tier");
    assert_eq!((said.as_str(), losses.len()), ("absent", 1));
    let tiered = host(Quirks { takes_tier: true, ..Quirks::NONE });
    assert_eq!(member(&request, &tiered, "service_tier"), (r#""default""#.to_owned(), vec![]));
}

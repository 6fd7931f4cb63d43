use bytes::Bytes;
use routectl_core::{Refused, Words};

use super::named::MOST;
use super::*;
use crate::refusal;
use crate::{CHAT, Document, MESSAGES};
use Mend::{
    AskEffort, EchoBlank, EchoSentinel, Leave, LeaveHistory, LeaveSeals, LeaveThisTime, NoAdaptive,
    NoBudget, NoDisabled, NoEffort, NoThinking,
};

fn refused(class: Class, message: &str, param: Option<&str>) -> Failure {
    let param = param.map(str::to_owned);
    let words = Words { message: message.to_owned(), param, ..Words::default() };
    Failure { status: Some(400), words, ..Failure::new(class, Origin::Upstream, "") }
}

/// The words of Bedrock and of the vendor's own API. (facts: Bedrock, section 1.4; clients, 2.5)
#[test]
fn betas_and_members_are_known_by_the_names_in_a_refusal() {
    let betas =
        |names: &[&str]| Some(Complaint::Betas(names.iter().map(|it| (*it).to_owned()).collect()));
    let members = |paths: &[&str]| {
        Some(Complaint::Members(paths.iter().map(|it| (*it).to_owned()).collect()))
    };
    let many =
        format!("Unexpected value(s) {} for the `anthropic-beta` header", "`a`, ".repeat(99));
    for (message, expected) in [
        (
            "Unexpected value(s) `per-turn-control-2026-07-01`, `oauth-2025-04-20` for the `anthropic-beta` header. Please consult our documentation at platform.claude.com/docs or try again without the header.",
            betas(&["per-turn-control-2026-07-01", "oauth-2025-04-20"]),
        ),
        (
            "The model returned the following errors: Unexpected value(s) `a-1` for the `anthropic-beta` header.",
            betas(&["a-1"]),
        ),
        (&many, betas(&["a"; MOST])),
        ("invalid beta flag", Some(Complaint::SomeBeta)),
        ("context_management: Extra inputs are not permitted", members(&["context_management"])),
        (
            "The model returned the following errors: tools.3.custom.defer_loading: Extra inputs are not permitted",
            members(&["tools.3.custom.defer_loading"]),
        ),
        (
            "2 errors:\ntools.0.a: Extra inputs are not permitted\nspeed: Extra inputs are not permitted",
            members(&["tools.0.a", "speed"]),
        ),
        (": Extra inputs are not permitted", None),
        ("<b>: Extra inputs are not permitted", None),
        ("Unexpected value(s) `a` for the header", None),
        ("prompt is too long", None),
    ] {
        assert_eq!(complaint(&refused(Class::BadRequest, message, None)), expected, "{message}");
    }
    let elsewhere = refused(Class::ServerError, "invalid beta flag", None);
    assert_eq!(complaint(&elsewhere), None);
}

#[test]
fn what_was_named_is_left_out_by_name_and_by_pattern() {
    let sent = Document::parse(Bytes::from_static(
        br#"{"tools":[{"name":"a","strict":true,"input_examples":[]}],"messages":[]}"#,
    ))
    .unwrap();
    let client = ["advanced-tool-use-2025-11-20, a", "b"];
    for (complaint, betas, members) in [
        // The other one is the operator's, who wants it to go.
        (Complaint::Betas(vec!["b".to_owned(), "floor".to_owned()]), "b", ""),
        (
            Complaint::SomeBeta,
            // Those of the client, and one that a member of this body brought along.
            "tool-search-tool-2025-10-19 a b tool-examples-2025-10-29",
            "",
        ),
        (
            Complaint::Members(vec!["tools.0.custom.strict".to_owned(), "metadata".to_owned()]),
            "",
            "tools.*.strict",
        ),
    ] {
        let mut abilities = Abilities::default();
        let named = Named::of(&complaint, &sent, &client);
        named.apply(&mut abilities);
        named.apply(&mut abilities);
        let refused = &abilities.refused;
        assert_eq!(
            (refused.betas.join(" "), refused.members.join(" ")),
            (betas.to_owned(), members.to_owned())
        );
    }
}

/// The words of vendors as the facts have them. (facts: reasoning, sections 2 and 8.3; Anthropic
/// Messages, section 6; OpenAI Responses, section 6; clients, section 2.5)
const COMPLAINTS: &[(&str, Option<&str>, Mend)] = &[
    ("messages.1.content.0: Invalid `signature` in `thinking` block", None, LeaveSeals),
    ("messages.1.content.0.thinking.signature: Field required", None, LeaveSeals),
    (
        "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.",
        None,
        LeaveSeals,
    ),
    (
        "messages.3.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.",
        None,
        NoThinking,
    ),
    (
        "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
        None,
        NoBudget,
    ),
    ("adaptive thinking is not supported on this model", None, NoAdaptive),
    (
        "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', 'enabled'",
        None,
        NoAdaptive,
    ),
    ("\"thinking.type.disabled\" is not supported for this model.", None, NoDisabled),
    ("This model does not support the effort parameter.", None, NoEffort),
    ("output_config.effort: Extra inputs are not permitted", None, NoEffort),
    (
        "The encrypted content gAAA... could not be verified. Reason: Encrypted content organization_id did not match",
        None,
        LeaveSeals,
    ),
    (
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
        None,
        LeaveSeals,
    ),
    (
        "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'.",
        None,
        LeaveSeals,
    ),
    ("encrypted_content is missing recognized prefix", None, LeaveSeals),
    (
        "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly",
        None,
        EchoSentinel,
    ),
    ("Corrupted thought signature.", None, EchoSentinel),
    (
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        None,
        EchoBlank,
    ),
    (
        "Missing `reasoning_content` field in the assistant message at message index 2",
        None,
        EchoBlank,
    ),
    (
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 4",
        None,
        EchoBlank,
    ),
    (
        "The `content[].thinking` in the thinking mode must be passed back to the API.",
        None,
        NoThinking,
    ),
    ("Unknown parameter: 'messages[1].reasoning_content'.", None, LeaveHistory),
    (
        "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property 'reasoning_content' is unsupported)]",
        None,
        LeaveHistory,
    ),
    ("Extra inputs are not permitted", Some("body.messages.1.assistant.reasoning"), LeaveHistory),
    ("reasoning_effort is required when the history holds reasoning", None, AskEffort),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        Some("max_tokens"),
        Leave("max_tokens"),
    ),
    ("Unrecognized request argument supplied: reasoning_effort", None, Leave("reasoning_effort")),
    (
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        Some("temperature"),
        Leave("temperature"),
    ),
    (
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low', 'medium', and 'high'.",
        Some("reasoning_effort"),
        LeaveThisTime("reasoning_effort"),
    ),
    ("Unsupported parameter(s): `stream_options`", None, Leave("stream_options")),
    ("temperature: Extra inputs are not permitted", None, Leave("temperature")),
    (
        "Unknown parameter: 'tools[0].function.strict'.",
        Some("tools[0].function.strict"),
        Leave("strict"),
    ),
    ("Unknown parameter: 'reasoning.effort'.", Some("reasoning.effort"), Leave("reasoning")),
    ("'thinking' is not allowed for this model", None, Leave("thinking")),
];

#[test]
fn what_a_refusal_complains_of_is_told_from_its_words() {
    for (message, param, expected) in COMPLAINTS {
        for class in [Class::BadRequest, Class::FeatureUnsupported] {
            assert_eq!(mend(&refused(class, message, *param)), Some(*expected), "{message}");
        }
    }
}

#[test]
fn what_is_not_understood_is_not_mended() {
    for message in [
        "prompt is too long: 250000 tokens > 200000 maximum",
        "max_tokens: 128000 > 8192, which is the maximum allowed number of output tokens",
        "context_management: Extra inputs are not permitted",
        "messages: Unexpected role \"system\". The Messages API accepts a top-level `system`",
        "reasoning_effort must be one of low, medium, high",
        "the user is not permitted to stop thinking",
        "Invalid 'tools[0].function.name': string does not match pattern.",
        "",
    ] {
        assert_eq!(mend(&refused(Class::BadRequest, message, None)), None, "{message}");
    }
    let signature = "Invalid signature in thinking block";
    for class in Class::ALL {
        let mends = mend(&refused(class, signature, None)).is_some();
        let blames = matches!(class, Class::BadRequest | Class::FeatureUnsupported);
        assert_eq!(mends, blames, "{class}");
    }
    let ours = Failure::new(Class::BadRequest, Origin::Client, signature);
    assert_eq!(mend(&ours), None);
}

#[test]
fn refusals_are_understood_as_their_vendors_send_them() {
    for (status, body, expected) in [
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}"#,
            LeaveSeals,
        ),
        (
            400,
            r#"{"error":{"message":"The encrypted content could not be used.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}"#,
            LeaveSeals,
        ),
        (
            400,
            r#"[{"error":{"code":400,"message":"Function call is missing a thought_signature in functionCall parts.","status":"INVALID_ARGUMENT"}}]"#,
            EchoSentinel,
        ),
        (
            400,
            r#"{"error":{"message":"Unsupported parameter: 'stop' is not supported with this model.","type":"invalid_request_error","param":"stop","code":"unsupported_parameter"}}"#,
            Leave("stop"),
        ),
        (
            422,
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","messages",1,"reasoning_content"],"msg":"Extra inputs are not permitted"}]}"#,
            LeaveHistory,
        ),
    ] {
        let now = std::time::SystemTime::UNIX_EPOCH;
        let failure = refusal::read(status, |_| None, body.as_bytes(), now);
        assert_eq!(mend(&failure), Some(expected), "{failure:?}");
    }
}

fn abilities(upstream: &str) -> Abilities {
    Abilities { upstream: upstream.to_owned(), auto_cache: false, ..Abilities::default() }
}

fn mended(abilities: &Abilities, mend: Mend) -> Abilities {
    let mut mended = abilities.clone();
    mend.apply(&mut mended);
    mended
}

fn document(body: &str) -> Document {
    Document::parse(Bytes::from(body.to_owned())).unwrap()
}

const LOOP: &str = r#"{"model":"x","max_tokens":9000,"thinking":THINKING,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"Eold"},{"type":"text","text":"so"}]}, {"role":"user","content":"go"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"Enew"},{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}"#;

fn fitted(body: &str, abilities: &Abilities) -> (String, Vec<String>) {
    let body = document(body);
    let fit = MESSAGES.fit(&body, abilities);
    let sent = String::from_utf8(body.spliced(&fit.edits).joined().to_vec()).unwrap();
    (sent, fit.losses.into_iter().map(|loss| loss.path).collect())
}

#[test]
fn refused_seals_stay_behind_on_the_native_lane_and_every_other_byte_stays() {
    const BUDGET: &str = r#"{"type":"enabled","budget_tokens":2000}"#;
    const ADAPTIVE: &str = r#"{"type":"adaptive"}"#;
    let body = LOOP.replace("THINKING", ADAPTIVE);
    let all = mended(&abilities("claude-x"), LeaveSeals);
    let (sent, losses) = fitted(&body, &all);
    let expected = body
        .replace(r#"{"type":"thinking","thinking":"","signature":"Eold"},"#, "")
        .replace(r#"{"type":"thinking","thinking":"","signature":"Enew"},"#, "");
    assert_eq!(sent, expected);
    assert_eq!(losses, ["messages[1].content[0]", "messages[3].content[0]"]);
    // What was sealed after the refusal stays, and with a budget the loop goes on thinking.
    let body = LOOP.replace("THINKING", BUDGET);
    let old = Seals::These(std::sync::Arc::new([digest("Eold")].into()));
    let mut some = abilities("claude-x");
    some.refused.seals = old;
    let (sent, losses) = fitted(&body, &some);
    assert_eq!(sent, body.replace(r#"{"type":"thinking","thinking":"","signature":"Eold"},"#, ""));
    assert_eq!(losses, ["messages[1].content[0]"]);
    // Without the thought before the call a budget is refused, so it is given up.
    let (sent, _) = fitted(&body, &all);
    assert!(sent.contains(r#""thinking":{"type":"disabled"}"#) && !sent.contains("Enew"), "{sent}");
}

fn refusing(seals: Seals) -> Refused {
    Refused { seals, ..Refused::default() }
}

#[test]
fn refused_seals_stay_behind_on_the_translated_lane() {
    let request = MESSAGES.read(&document(&LOOP.replace("THINKING", r#"{"type":"adaptive"}"#)));
    let request = request.unwrap();
    let refusal =
        refused(Class::BadRequest, "messages.1: Invalid `signature` in `thinking` block", None);
    let told = [digest("Eold"), digest("Enew")];
    assert_eq!(digests(&request, &refusal), told);
    assert_eq!(without(&request, &Refused::default()), None);
    let strangers = Seals::These(std::sync::Arc::new([digest("Eother")].into()));
    assert_eq!(without(&request, &refusing(strangers)), None);
    let (left, losses) = without(&request, &refusing(Seals::All)).unwrap();
    assert!(digests(&left, &refusal).is_empty());
    assert_eq!(losses.len(), 2);
    assert_eq!(left.turns.len(), request.turns.len());
}

/// What a Chat client's request is for a target, before and after its refusal was heard.
fn told(body: &str, before: &Abilities, mend: Mend) -> [String; 2] {
    let request = CHAT.read(&document(body)).unwrap();
    [before.clone(), mended(before, mend)]
        .map(|abilities| String::from_utf8(MESSAGES.write(&request, &abilities).body).unwrap())
}

/// Case 14: what no table knows of a model is learned from its refusals.
#[test]
fn case_14_a_model_is_asked_to_think_in_the_way_that_it_did_not_refuse() {
    let body = r#"{"model":"x","max_tokens":9000,"reasoning_effort":"high","messages":[{"role":"user","content":"hi"}]}"#;
    let [before, after] = told(body, &abilities("some-model"), NoBudget);
    assert!(before.contains(r#""thinking":{"type":"enabled""#), "{before}");
    assert!(after.contains(r#""thinking":{"type":"adaptive"}"#), "{after}");
    assert!(after.contains(r#""output_config":{"effort":"high"}"#), "{after}");
    let adaptive = Abilities { adaptive_thinking: true, ..abilities("some-model") };
    let [_, after] = told(body, &adaptive, NoAdaptive);
    assert!(after.contains(r#""thinking":{"type":"enabled","budget_tokens":"#), "{after}");
    let [_, after] = told(body, &adaptive, NoEffort);
    assert!(after.contains(r#""thinking":{"type":"adaptive"}"#), "{after}");
    assert!(!after.contains("output_config"), "{after}");
    let [_, after] = told(body, &adaptive, NoThinking);
    assert!(after.contains(r#""thinking":{"type":"disabled"}"#), "{after}");
    let body = body.replace("\"high\"", "\"none\"");
    let [_, after] = told(&body, &adaptive, NoDisabled);
    assert!(after.contains(r#""thinking":{"type":"adaptive"}"#), "{after}");
}

#[test]
fn case_14_the_same_on_the_native_lane() {
    let ask = |thinking: &str, mend| {
        let body = format!(
            r#"{{"model":"x","max_tokens":9000,"thinking":{thinking},"output_config":{{"effort":"low"}},"messages":[{{"role":"user","content":"hi"}}]}}"#
        );
        fitted(&body, &mended(&abilities("some-model"), mend)).0
    };
    let sent = ask(r#"{"type":"enabled","budget_tokens":2000}"#, NoBudget);
    assert!(sent.contains(r#""thinking":{"type":"adaptive"}"#), "{sent}");
    let sent = ask(r#"{"type":"adaptive"}"#, NoAdaptive);
    assert!(sent.contains(r#""thinking":{"type":"enabled","budget_tokens":1024}"#), "{sent}");
    let sent = ask(r#"{"type":"adaptive"}"#, NoEffort);
    assert!(sent.contains(r#""thinking":{"type":"adaptive"},"messages""#), "{sent}");
    let sent = ask(r#"{"type":"adaptive"}"#, NoThinking);
    assert!(sent.contains(r#""thinking":{"type":"disabled"}"#), "{sent}");
    let sent = ask(r#"{"type":"disabled"}"#, NoDisabled);
    assert!(sent.contains(r#""thinking":{"type":"adaptive"}"#), "{sent}");
}

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"#;

fn chat(history: &str) -> String {
    format!(
        r#"{{"model":"x",{TOOLS}"messages":[{{"role":"user","content":"hi"}},{{"role":"assistant","content":"","tool_calls":[{{"id":"a","type":"function","function":{{"name":"f","arguments":"{{}}"}}}}]{history}}},{{"role":"tool","tool_call_id":"a","content":"x"}}]}}"#
    )
}

/// What a host that nothing is known of gets of a Chat client's own history.
fn heard(history: &str, mends: &[Mend]) -> String {
    let mut abilities = abilities("some-model");
    mends.iter().for_each(|mend| mend.apply(&mut abilities));
    let body = document(&chat(history));
    let fit = CHAT.fit(&body, &abilities);
    String::from_utf8(body.spliced(&fit.edits).joined().to_vec()).unwrap()
}

#[test]
fn case_3_a_host_that_misses_thinking_is_told_an_empty_one_and_then_some_words() {
    assert_eq!(heard("", &[]), chat(""));
    assert_eq!(heard("", &[EchoBlank]), chat(r#","reasoning_content":"""#));
    let words = heard("", &[EchoBlank, EchoBlank]);
    assert_eq!(words, chat(r#","reasoning_content":"I will go on.""#));
    let kept = r#","reasoning_content":"so""#;
    assert_eq!(heard(kept, &[EchoBlank]), chat(kept));
}

#[test]
fn pieces_stay_pieces_where_they_can_say_that_nothing_is_there() {
    let mut abilities = abilities("some-model");
    abilities.quirks.dialect.echo.form = Form::Details;
    for (mend, form) in [
        (EchoSentinel, Form::Details),
        (EchoBlank, Form::Details),
        (EchoBlank, Form::Text(&["reasoning_content"])),
    ] {
        mend.apply(&mut abilities);
        assert_eq!(abilities.quirks.dialect.echo.form, form, "{mend:?}");
    }
}

#[test]
fn a_host_that_misses_a_signature_is_told_its_own_word_for_none() {
    let sent = heard("", &[EchoSentinel]);
    assert!(sent.contains(r#""thought_signature":"skip_thought_signature_validator""#), "{sent}");
}

/// Case 9: seals in the pieces of a Chat client's own history.
#[test]
fn case_9_refused_pieces_stay_behind_in_a_chat_history_and_the_others_do_not() {
    let piece = |seal: &str| {
        format!(
            r#","reasoning_details":[{{"type":"reasoning.encrypted","data":"{seal}","format":"openai-responses-v1","index":0}}]"#
        )
    };
    let history = piece("gAAAold");
    assert_eq!(heard(&history, &[LeaveSeals]), chat(""));
    let mut abilities = abilities("some-model");
    let digests = [digest("gAAAold")];
    abilities.refused.seals = Seals::These(std::sync::Arc::new(digests.into()));
    let other = piece("gAAAnew");
    for (history, left) in [(&history, ""), (&other, other.as_str())] {
        let body = document(&chat(history));
        let fit = CHAT.fit(&body, &abilities);
        let sent = String::from_utf8(body.spliced(&fit.edits).joined().to_vec()).unwrap();
        assert_eq!(sent, chat(left));
        assert_eq!(fit.losses.len(), usize::from(left.is_empty()));
    }
}

/// Case 19: a relay that refuses earlier thinking without an effort gets one; one that refuses
/// earlier thinking gets none.
#[test]
fn case_19_a_relay_gets_an_effort_beside_earlier_thinking_or_no_such_thinking() {
    let history = r#","reasoning_content":"so""#;
    let sent = heard(history, &[LeaveHistory]);
    assert_eq!(sent, chat(""));
    let sent = heard("", &[AskEffort]);
    assert!(sent.contains(r#""reasoning_effort":"medium""#), "{sent}");
}

#[test]
fn a_member_that_is_not_known_is_not_written_again() {
    let body = r#"{"model":"x","max_tokens":90,"temperature":0.5,"stop_sequences":["x"],"stream":true,"thinking":{"type":"adaptive"},"output_config":{"effort":"low"},"metadata":{"user_id":"me"},"messages":[{"role":"user","content":"hi"}]}"#;
    let request = MESSAGES.read(&document(body)).unwrap();
    for name in ["max_tokens", "temperature", "stop", "stream_options", "reasoning_effort", "user"]
    {
        let quoted = format!("\"{name}\":");
        let [before, after] = [abilities("m"), mended(&abilities("m"), Leave(name))]
            .map(|it| String::from_utf8(CHAT.write(&request, &it).body).unwrap());
        assert!(before.contains(&quoted), "{name} was not written: {before}");
        assert!(!after.contains(&quoted), "{name}: {after}");
    }
}

#[test]
fn thinking_without_a_seal_is_refused_only_where_a_seal_is_missed() {
    let body = r#"{"model":"x","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"so"},{"type":"thinking","thinking":"","signature":"E"}]},{"role":"user","content":"on"}]}"#;
    let request = MESSAGES.read(&document(body)).unwrap();
    let told = |words: &str| digests(&request, &refused(Class::BadRequest, words, None));
    assert_eq!(told("Invalid signature in thinking block"), [digest("E")]);
    let missed = "messages.1.content.0.thinking.signature: Field required";
    assert_eq!(told(missed), [digest(""), digest("E")]);
}

#[test]
fn a_messages_host_that_knows_no_thinking_is_not_asked_for_it() {
    let words = "thinking: Extra inputs are not permitted";
    let refusal = refused(Class::BadRequest, words, None);
    assert_eq!(mend(&refusal), Some(Leave("thinking")));
    assert!(!is_the_clients(&refusal));
    let clients =
        refused(Class::BadRequest, "output_config.effort: Extra inputs are not permitted", None);
    assert!(is_the_clients(&clients));
    let able = mended(&abilities("m"), Leave("thinking"));
    for kind in [
        r#"{"type":"adaptive"}"#,
        r#"{"type":"enabled","budget_tokens":2000}"#,
        r#"{"type":"disabled"}"#,
    ] {
        let body = format!(r#"{{"model":"x","max_tokens":9000,"thinking":{kind},"messages":[]}}"#);
        let body = document(&body);
        let sent = body.spliced(&MESSAGES.fit(&body, &able).edits).joined();
        assert_eq!(sent, r#"{"model":"x","max_tokens":9000,"messages":[]}"#, "{kind}");
    }
    let asked =
        r#"{"model":"x","reasoning_effort":"high","messages":[{"role":"user","content":"hi"}]}"#;
    let asked = CHAT.read(&document(asked)).unwrap();
    let written = String::from_utf8(MESSAGES.write(&asked, &able).body).unwrap();
    assert!(!written.contains("\"thinking\""), "{written}");
}

//! System text, turns, results, images and documents.

use insta::assert_snapshot;
use routectl_core::{CacheMark, IfLost, Opaque, Ttl};

use super::*;

#[test]
fn case_1_parallel_results_become_a_message_each_before_what_the_user_says() {
    let request = ask(&[
        user([text("weather in both?")]),
        assistant([
            text("Looking."),
            call("call_a", "weather", r#"{"city":"Oslo"}"#),
            call("call_b", "weather", r#"{"city":"Rome"}"#),
        ]),
        user([
            text("And quickly."),
            result("call_b", [text("28 °C")]),
            result("call_a", [text("3 °C"), text("snow")]),
        ]),
    ]);
    assert_snapshot!(seen(&request, &any_host()));
}

#[test]
fn case_2_a_call_without_a_result_gets_a_failed_one() {
    let request = ask(&[
        user([text("go")]),
        assistant([call("call_a", "run", "{}")]),
        user([text("never mind")]),
    ]);
    assert_snapshot!(seen(&request, &any_host()));
}

#[test]
fn case_3_system_text_in_the_middle_stays_at_its_place() {
    let request = Request {
        system: vec![Block::text("Be brief.", Place::BODY.member("system"))],
        ..ask(&[
            user([text("hello")]),
            assistant([text("Hi.")]),
            (Role::System, vec![text("Now in French."), text("Always.")]),
            user([text("hello again")]),
        ])
    };
    let open = Quirks { system_first: false, ..Quirks::NONE };
    assert_snapshot!("system_in_the_middle", seen(&request, &host(open)));
    let newest = host(Quirks { developer_role: true, ..open });
    assert_snapshot!("system_in_the_middle_for_openai", seen(&request, &newest));
    assert_snapshot!("system_in_the_middle_told_by_users", seen(&request, &any_host()));
}

#[test]
fn system_text_behind_results_is_told_behind_them() {
    let request = ask(&[
        user([text("go")]),
        (Role::System, vec![text("S1")]),
        assistant([call("a", "f", "{}")]),
        user([result("a", [text("1")])]),
        (Role::System, vec![text("S2")]),
        user([text("on")]),
        user([text("and on")]),
    ]);
    let (messages, losses) = member(&request, &any_host(), "messages");
    let part = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
    let system = |text: &str| part(&format!("<system_instruction>{text}</system_instruction>"));
    assert_eq!(
        messages,
        format!(
            r#"[{{"role":"user","content":[{},{}]}},{},{},{{"role":"user","content":[{},{},{}]}}]"#,
            part("go"),
            system("S1"),
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            r#"{"role":"tool","tool_call_id":"a","content":"1"}"#,
            system("S2"),
            part("on"),
            part("and on"),
        )
    );
    assert_eq!(losses.len(), 2);
    assert!(losses[0].starts_with("degraded messages[1]: "), "{losses:?}");
}

#[test]
fn case_4_empty_text_is_left_out_and_white_space_stays() {
    let request = ask(&[
        user([text(""), text("a"), text(" "), text("b")]),
        assistant([text("")]),
        assistant([]),
        user([text("")]),
    ]);
    let (messages, losses) = member(&request, &any_host(), "messages");
    assert_eq!(
        messages,
        concat!(
            r#"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":" "},{"type":"text","text":"b"}]},"#,
            r#"{"role":"assistant","content":""},"#,
            r#"{"role":"user","content":""}]"#
        )
    );
    assert_eq!(losses, Vec::<String>::new());
}

#[test]
fn cases_5_59_and_60_text_around_calls_is_one_text_before_them() {
    let request = ask(&[
        user([text("go")]),
        assistant([text("One, "), call("a", "f", "{}"), text("two.")]),
        user([result("a", [])]),
        assistant([call("b", "f", "{}")]),
        user([result("b", [text("done")])]),
    ]);
    let (messages, losses) = member(&request, &any_host(), "messages");
    let call = r#""type":"function","function":{"name":"f","arguments":"{}"}}]"#;
    assert_eq!(
        messages,
        format!(
            "[{}{}{call}}},{}{}{call}}},{}]",
            r#"{"role":"user","content":"go"},"#,
            r#"{"role":"assistant","content":"One, two.","tool_calls":[{"id":"a","#,
            r#"{"role":"tool","tool_call_id":"a","content":""},"#,
            r#"{"role":"assistant","content":null,"tool_calls":[{"id":"b","#,
            r#"{"role":"tool","tool_call_id":"b","content":"done"}"#,
        )
    );
    assert_eq!(losses, Vec::<String>::new());
    let old = host(Quirks { blank_content: true, ..Quirks::NONE });
    assert!(member(&request, &old, "messages").0.contains(r#""content":"","tool_calls""#));
}

#[test]
fn neighbours_of_one_role_are_one_where_they_have_to_be() {
    let request = ask(&[
        user([text("go")]),
        user([text("fast")]),
        assistant([text("One."), call("a", "f", "{}")]),
        assistant([thought("hm", None)]),
        assistant([text(""), text("Two."), call("b", "f", "{}")]),
        user([result("b", [text("2")])]),
        user([result("a", [text("1")]), text("and?")]),
        assistant([thought("hm", None), text("")]),
        user([text("well?")]),
    ]);
    let open = host(Quirks { system_first: false, ..Quirks::NONE });
    assert_snapshot!("runs", seen(&request, &open));
    assert_snapshot!("runs_for_templates", seen(&request, &any_host()));
}

#[test]
fn every_order_of_turns_becomes_one_that_hosts_take() {
    let said = |kind: usize, at: usize| match kind {
        0 => user([text("u")]),
        1 => (Role::System, vec![text("s")]),
        2 => assistant([text("a")]),
        3 => assistant([call(&format!("c{at}"), "f", "{}")]),
        4 => assistant([thought("t", None)]),
        _ => user([result(&format!("c{}", at.saturating_sub(2)), [text("r")])]),
    };
    for (name, abilities) in hosts() {
        for order in 0..6_usize.pow(4) {
            let kinds = (0..4).map(|at| order / 6_usize.pow(at) % 6).collect::<Vec<_>>();
            let turns: Vec<_> =
                kinds.iter().enumerate().map(|(at, kind)| said(*kind, at)).collect();
            let request = ask(&turns);
            if crate::pairs::check(&request, "tool_use_id").is_err() {
                continue;
            }
            let body = body(&write(&request, &abilities));
            keeps_the_rules(&body);
            let roles = body["messages"].as_array().unwrap().iter().map(|it| &it["role"]);
            let roles: Vec<_> = roles.map(|role| role.as_str().unwrap()).collect();
            let strict = |pair: &[&str]| {
                pair[0] != pair[1] || pair[0] == "tool" || !abilities.quirks.system_first
            };
            assert!(roles.windows(2).all(strict), "{name} {kinds:?} {roles:?}");
        }
    }
}

#[test]
fn case_11_images_in_results_follow_in_a_user_message() {
    let request = ask(&[
        user([text("look")]),
        assistant([call("toolu_1", "shot", "{}"), call("toolu_2", "shot", "{}")]),
        user([
            result("toolu_1", [text("left:"), png(), text("right:"), png()]),
            result("toolu_2", [png(), document(pdf(), Some("scan.pdf"))]),
            text("What do you see?"),
        ]),
    ]);
    assert_snapshot!("images_in_results", seen(&request, &any_host()));
    let able = host(Quirks { takes_images_in_results: true, ..Quirks::NONE });
    assert_snapshot!("images_in_results_of_an_able_host", seen(&request, &able));
}

#[test]
fn cases_12_to_14_documents_are_files_or_text_and_foreign_ids_are_refused() {
    let blocks = vec![Block::text("part one", Place::BODY), Block::text("part two", Place::BODY)];
    let mut request = ask(&[user([
        document(pdf(), Some("Q3.pdf")),
        document(pdf(), None),
        document(Source::Text("plain words".to_owned()), Some(r#"a "note""#)),
        document(Source::Blocks(blocks), None),
        document(Source::Url("https://example.com/a.pdf".to_owned()), None),
        document(Source::File("file_011".to_owned()), None),
        Content::Image(Source::Url("https://example.com/a.png".to_owned())),
        Content::Image(Source::File("file_012".to_owned())),
    ])]);
    if let Content::Document { about, .. } = &mut request.turns[0].blocks[0].content {
        *about = Some("The board has seen it.".to_owned());
    }
    assert_snapshot!(seen(&request, &any_host()));
}

#[test]
fn case_28_cache_marks_are_told_to_hosts_that_take_them() {
    let mut request = ask(&[
        user([text("a"), text("b")]),
        assistant([text("c"), call("x", "f", "{}")]),
        user([result("x", [text("y")])]),
    ]);
    let mark = |ttl| Some(CacheMark { ttl });
    request.system = vec![Block::text("Be kind.", Place::BODY.member("system").index(0))];
    request.system[0].cache = mark(Some(Ttl::OneHour));
    request.turns[0].blocks[1].cache = mark(Some(Ttl::FiveMinutes));
    request.turns[1].blocks[1].cache = mark(None);
    request.turns[2].blocks[0].cache = mark(None);
    request.tools = vec![Tool { cache: mark(None), ..tool("f", None) }];
    let able = host(Quirks { cache_marks: CacheMarks::Control, ..Quirks::NONE });
    assert_snapshot!("cache_marks", seen(&request, &able));
    assert_eq!(
        losses(&write(&request, &any_host())),
        [
            "dropped tools[0].cache_control: the host takes no cache marks",
            "dropped system[0].cache_control: the host takes no cache marks",
            "dropped messages[0].content[1].cache_control: the host takes no cache marks",
            "dropped messages[1].content[1].cache_control: the host takes no cache marks",
            "dropped messages[2].content[0].cache_control: the host takes no cache marks",
        ]
    );
}

#[test]
fn case_28_marks_become_breakpoints_on_what_the_vendor_lets_bear_them() {
    let mut request = ask(&[
        user([text("a"), text("b")]),
        assistant([text("c"), call("x", "f", "{}")]),
        user([result("x", [text("y")]), text("z")]),
    ]);
    let mark = |ttl| Some(CacheMark { ttl });
    request.system = vec![Block::text("Be kind.", Place::BODY.member("system").index(0))];
    request.tools = vec![Tool { cache: mark(Some(Ttl::OneHour)), ..tool("f", None) }];
    request.turns[0].blocks[1].cache = mark(Some(Ttl::FiveMinutes));
    request.turns[1].blocks[1].cache = mark(None);
    request.cache = mark(None);
    let vendor = host(Quirks { cache_marks: CacheMarks::Breakpoints, ..Quirks::NONE });
    assert_snapshot!("breakpoints", seen(&request, &vendor));

    request.turns[2].blocks[1].cache = mark(None);
    let all = request.turns.iter_mut().flat_map(|turn| &mut turn.blocks);
    all.for_each(|block| block.cache = mark(None));
    assert_eq!(
        losses(&write(&request, &vendor)),
        ["dropped messages[0].content[0].cache_control: a request has four cache marks at most"]
    );
}

#[test]
fn case_33_a_prefill_is_refused() {
    let request = ask(&[user([text("json please")]), assistant([text("{")])]);
    assert_eq!(
        losses(&write(&request, &any_host())),
        ["refused messages[1]: the host would begin a new answer instead of continuing this one"]
    );
}

#[test]
fn case_39_what_only_one_format_knows_is_lost_as_its_reader_says() {
    let opaque = |if_lost| Content::Opaque {
        opaque: Opaque { name: "server_tool_use".to_owned(), json: "{}".to_owned() },
        if_lost,
    };
    let request = ask(&[
        user([opaque(IfLost::Told("nothing depends on it")), text("hi")]),
        assistant([opaque(IfLost::Refused("the search ran at the vendor")), text("ho")]),
        user([text("on")]),
    ]);
    assert_eq!(
        losses(&write(&request, &any_host())),
        [
            "dropped messages[0].content[0]: nothing depends on it",
            "refused messages[1].content[0]: the search ran at the vendor",
        ]
    );
}

#[test]
fn case_58_a_failed_tool_says_so_in_words() {
    let request = ask(&[
        user([text("go")]),
        assistant([call("a", "f", "{}"), call("b", "f", "{}"), call("c", "f", "{}")]),
        user([
            failed("a", "no such file"),
            failed("b", "Error: no such file"),
            Content::ToolResult(ToolResult {
                call: "c".to_owned(),
                blocks: Vec::new(),
                failed: true,
            }),
        ]),
    ]);
    let spelled = write(&request, &any_host());
    let body = body(&spelled);
    let said = [2, 3, 4].map(|at| body["messages"][at]["content"].as_str().unwrap().to_owned());
    assert_eq!(said, ["[tool error] no such file", "Error: no such file", "[tool error]"]);
    assert_eq!(losses(&spelled), Vec::<String>::new());
}

#[test]
fn the_attribution_of_the_client_reaches_claude_only() {
    let block = |text: &str, index| Block::text(text, Place::BODY.member("system").index(index));
    let request = Request {
        system: vec![
            block("x-anthropic-billing-header: cc_version=2.1.330.440; cc_entrypoint=cli;", 0),
            block("You are an agent.", 1),
            block("Be brief.", 2),
        ],
        ..ask(&[user([text("hi")])])
    };
    let (messages, losses) = member(&request, &any_host(), "messages");
    assert!(
        messages.starts_with(r#"[{"role":"system","content":"You are an agent.\n\nBe brief."}"#)
    );
    assert_eq!(losses.len(), 1);
    assert!(losses[0].starts_with("dropped system[0]: "), "{losses:?}");
    let claude = Abilities { upstream: "anthropic/claude-opus-5".to_owned(), ..any_host() };
    let (messages, losses) = member(&request, &claude, "messages");
    assert!(messages.contains("billing"), "{messages}");
    assert_eq!(losses, Vec::<String>::new());
}

#[test]
fn a_host_that_wants_the_assistant_between_tool_and_user_gets_it() {
    let request = ask(&[
        user([text("go")]),
        assistant([call("a", "f", "{}")]),
        user([result("a", [text("1")]), text("and then?")]),
        assistant([call("b", "g.h", "{}")]),
        user([result("b", [text("2")])]),
        user([text("well?")]),
    ]);
    let mistral = host(Quirks {
        refuses_user_after_results: true,
        names_results: true,
        call_ids: routectl_core::CallIds::Nine,
        ..Quirks::NONE
    });
    assert_snapshot!(seen(&request, &mistral));
}

#[test]
fn images_in_system_text_are_refused() {
    let request = Request {
        system: vec![Block {
            content: png(),
            place: Place::BODY.member("system").index(0),
            cache: None,
        }],
        ..ask(&[user([text("hi")])])
    };
    let (messages, losses) = member(&request, &any_host(), "messages");
    assert_eq!(messages, r#"[{"role":"user","content":"hi"}]"#);
    assert_eq!(losses, ["refused system[0]: a message of this role holds text only"]);
}

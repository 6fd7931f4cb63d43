//! Cache marks. (case 28)

use routectl_core::{CacheMark, Ttl};

use super::*;

const FIVE: Option<CacheMark> = Some(CacheMark { ttl: Some(Ttl::FiveMinutes) });
const HOUR: Option<CacheMark> = Some(CacheMark { ttl: Some(Ttl::OneHour) });
const BARE: Option<CacheMark> = Some(CacheMark { ttl: None });

/// One tool, one system text and five messages, marked so.
fn marked(
    tool_mark: Option<CacheMark>,
    system_mark: Option<CacheMark>,
    turns: [Option<CacheMark>; 5],
) -> Request {
    let mut request = asking(
        (0..5)
            .map(|n| if n % 2 == 0 { user("u") } else { assistant(vec![text_of("a")]) })
            .collect(),
    );
    for (turn, mark) in request.turns.iter_mut().zip(turns) {
        turn.blocks[0].cache = mark;
    }
    request.tools = vec![Tool { cache: tool_mark, ..tool("f", r#"{"type":"object"}"#) }];
    request.system = vec![Block {
        cache: system_mark,
        ..Block::text("S", Place::BODY.member("system").index(0))
    }];
    request
}

/// The marks in prompt order, `-` where none is.
fn marks(spelled: &Spelled) -> String {
    let body = body(spelled);
    let mut spots = vec![body["tools"][0].clone(), body["system"][0].clone()];
    let messages = body["messages"].as_array().unwrap();
    spots.extend(messages.iter().map(|message| message["content"][0].clone()));
    spots.push(body);
    let mark = |spot: &Value| {
        let mark = spot.get("cache_control");
        mark.map_or("-", |mark| mark["ttl"].as_str().unwrap_or("+")).to_owned()
    };
    spots.iter().map(mark).collect::<Vec<_>>().join(" ")
}

#[test]
fn marks_are_carried_with_their_lifetimes() {
    let request = marked(HOUR, HOUR, [None, None, FIVE, None, BARE]);
    let spelled = written(&request, OPUS_5);
    assert_eq!(marks(&spelled), "1h 1h - - 5m - + -");
    assert_eq!(losses(&spelled), "");
}

#[test]
fn of_too_many_marks_the_last_ones_stay() {
    let request = marked(BARE, BARE, [BARE; 5]);
    let spelled = written(&request, OPUS_5);
    assert_eq!(marks(&spelled), "- + - - + + + -");
    let lost = "dropped: a request has four cache marks at most";
    let paths = ["tools[0]", "messages[0].content[0]", "messages[1].content[0]"];
    let mut expected: Vec<_> =
        paths.iter().map(|it| format!("{it}.cache_control: {lost}")).collect();
    let mut found: Vec<_> = losses(&spelled).lines().map(str::to_owned).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    let mut top = marked(BARE, BARE, [BARE; 5]);
    top.cache = BARE;
    assert_eq!(marks(&written(&top, OPUS_5)), "- + - - - + + +", "the host's own counts");
    let deep = marked(None, None, [BARE; 5]);
    assert_eq!(marks(&written(&deep, OPUS_5)), "- - - + + + + -");
}

#[test]
fn no_mark_outlives_one_before_it() {
    let mut request = marked(None, FIVE, [HOUR, None, None, None, None]);
    request.cache = HOUR;
    let spelled = written(&request, OPUS_5);
    assert_eq!(marks(&spelled), "- 5m + - - - - +");
    let lost = "cache_control: clamped: a mark cannot outlive one that stands before it";
    assert_eq!(losses(&spelled), format!("messages[0].content[0].{lost}\n{lost}"));
}

#[test]
fn the_hosts_mark_does_not_contradict_the_last_block() {
    let mut request = marked(None, None, [None, None, None, None, HOUR]);
    request.cache = FIVE;
    let spelled = written(&request, OPUS_5);
    assert_eq!(marks(&spelled), "- - - - - - 1h -");
    let lost = "cache_control: dropped: the last block has a mark of its own";
    assert_eq!(losses(&spelled), lost);
    request.cache = HOUR;
    assert_eq!(marks(&written(&request, OPUS_5)), "- - - - - - 1h 1h");
}

#[test]
fn clients_that_mark_nothing_get_the_hosts_choice_unless_told_otherwise() {
    let auto = |request: &Request, auto_cache| {
        let target = Abilities { auto_cache, ..abilities(OPUS_5) };
        let spelled = MESSAGES.write(request, &target);
        assert_eq!(losses(&spelled), "");
        marks(&spelled)
    };
    let bare = marked(None, None, [None; 5]);
    assert_eq!(auto(&bare, true), "- + - - + - - +");
    assert_eq!(auto(&bare, false), "- - - - - - - -");
    assert_eq!(auto(&marked(FIVE, None, [None; 5]), true), "5m - - - - - - -");
    let toolless = Request { tools: Vec::new(), ..bare.clone() };
    assert_eq!(auto(&toolless, true), "- + - - + - - +");
    let mut first = Request { system: Vec::new(), ..bare };
    first.turns.truncate(1);
    assert_eq!(auto(&first, true), "+ - - +");
    first.tools.clear();
    assert_eq!(auto(&first, true), "- - - +");
}

#[test]
fn the_mark_before_the_last_answer_outlives_a_reminder() {
    let asked = |turns: Vec<Turn>| {
        let target = Abilities { auto_cache: true, ..abilities(OPUS_5) };
        body(&MESSAGES.write(&asking(turns), &target))["messages"].clone()
    };
    let calls = |id: &str| assistant(vec![call(id, "f", "{}")]);
    let gave = |id: &str, more: &[&str]| {
        let blocks = more.iter().map(|text| text_of(text));
        turn(Role::User, [result(id, vec![text_of("r")])].into_iter().chain(blocks).collect())
    };
    let before = asked(vec![user("Go."), calls("a"), gave("a", &["Reminder."])]);
    let after =
        asked(vec![user("Go."), calls("a"), gave("a", &[]), calls("b"), gave("b", &["Reminder."])]);
    let is_marked = |messages: &Value, path: &str| {
        messages.pointer(path).unwrap().get("cache_control").is_some()
    };
    assert!(is_marked(&before, "/0/content/0"), "what both begin with is cached");
    assert!(is_marked(&after, "/2/content/0"), "and will be next time");
    assert!(!is_marked(&after, "/0/content/0"));
}

#[test]
fn what_cannot_be_marked_loses_its_mark_aloud() {
    let mut request = asking(vec![
        turn(Role::User, vec![text_of(""), text_of("1")]),
        assistant(vec![signed("hm"), text_of("2")]),
        user("3"),
    ]);
    request.turns[0].blocks[0].cache = BARE;
    request.turns[1].blocks[0].cache = BARE;
    let spelled = written(&request, OPUS_5);
    let lost = "cache_control: dropped: nothing here can be marked";
    assert_eq!(
        losses(&spelled),
        format!("messages[0].content[0].{lost}\nmessages[1].content[0].{lost}")
    );
}

#[test]
fn marks_inside_results_count() {
    let mut request = asking(vec![
        user("Go."),
        assistant(vec![call("a", "f", "{}")]),
        turn(Role::User, vec![result("a", vec![text_of("r")])]),
    ]);
    if let Content::ToolResult(result) = &mut request.turns[2].blocks[0].content {
        result.blocks[0].cache = HOUR;
    }
    request.turns[2].blocks[0].cache = BARE;
    let spelled = written(&request, OPUS_5);
    let expected = r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"r","cache_control":{"type":"ephemeral","ttl":"1h"}}],"cache_control":{"type":"ephemeral"}}"#;
    assert_eq!(member(&spelled, "/messages/2/content/0"), expected);
}

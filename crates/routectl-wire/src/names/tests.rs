//! Names and ids are legal upstream, differ when they differed, and need no memory.

use proptest::prelude::*;
use routectl_core::{Block, Place, Role, Tool, ToolCall, Turn};

use super::*;

fn tool(name: &str, input: ToolInput) -> Tool {
    Tool {
        name: name.to_owned(),
        description: None,
        input,
        strict: None,
        cache: None,
        place: Place::BODY,
    }
}

fn function(name: &str) -> Tool {
    tool(name, ToolInput::Schema(None))
}

fn call(name: &str, takes_text: bool) -> Turn {
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: name.to_owned(),
        arguments: "{}".to_owned(),
        takes_text,
    };
    let block = Block { content: Content::ToolCall(call), place: Place::BODY, cache: None };
    Turn { role: Role::Assistant, blocks: vec![block], place: Place::BODY }
}

const LONG: &str =
    "mcp__a_server_with_a_very_long_name__and_a_tool_whose_name_is_even_longer_than_that";

#[test]
fn legal_names_stay_and_nothing_is_to_be_changed_back() {
    let tools = vec![function("get_weather"), function("a-b_C9")];
    let names = ToolNames::of(&Request { tools, ..Request::default() }, TextTools::Native);
    assert_eq!(names.upstream("get_weather"), "get_weather");
    assert_eq!(names.upstream("never_heard_of"), "never_heard_of");
    assert_eq!(names.into_renamed(), []);
}

#[test]
fn tool_names_illegal_or_long_are_replaced_wherever_they_stand() {
    let request = Request {
        tools: vec![function(LONG), function("files.read")],
        turns: vec![call("söker", false), call(LONG, false)],
        tool_choice: Some(ToolChoice::Allowed { names: vec!["".into()], required: true }),
        ..Request::default()
    };
    let names = ToolNames::of(&request, TextTools::Native);
    for (client, upstream) in [
        (LONG, "mcp__a_server_with_a_very_long_name__and_a_tool_who_eb0e0cd96101"),
        ("files.read", "files_read_"),
        ("söker", "s_ker_"),
        ("", "_e3b0c44298fc"),
    ] {
        let alias = names.upstream(client);
        assert!(alias.starts_with(upstream), "{client}: {alias}");
        assert!(is_legal(alias), "{client}: {alias}");
    }
    let order = names.into_renamed().into_iter().map(|it| it.client).collect::<Vec<_>>();
    assert_eq!(order, [LONG, "files.read", "söker", ""]);
}

#[test]
fn an_alias_that_another_tool_is_called_by_gives_way() {
    let alone = ToolNames::of(
        &Request { tools: vec![function("a.b")], ..Request::default() },
        TextTools::Native,
    );
    let other = alone.upstream("a.b").to_owned();
    let tools = vec![function("a.b"), function(&other)];
    let both = ToolNames::of(&Request { tools, ..Request::default() }, TextTools::Native);
    assert_eq!(both.upstream(&other), other, "the legal name stays");
    assert_ne!(both.upstream("a.b"), other);
}

#[test]
fn tools_that_take_text_are_known_on_the_way_back_only_where_they_are_wrapped() {
    let request = Request {
        tools: vec![tool("patch", ToolInput::Text { grammar: None }), function("run")],
        turns: vec![call("old_patch", true)],
        ..Request::default()
    };
    assert_eq!(ToolNames::of(&request, TextTools::Native).into_renamed(), []);
    let wrapped = ToolNames::of(&request, TextTools::Wrapped).into_renamed();
    let seen = wrapped.iter().map(|it| (it.upstream.as_str(), it.takes_text)).collect::<Vec<_>>();
    assert_eq!(seen, [("patch", true), ("old_patch", true)]);
}

#[test]
fn tool_ids_illegal_or_long_are_replaced_by_their_hash_and_legal_ones_stay() {
    use CallIdRule::{Claude, Forty, Nine};
    let long = "x".repeat(41);
    for (rule, id, given) in [
        (Claude, "toolu_01A-b", "toolu_01A-b"),
        (Claude, "functions.x:0", "toolu_448624f5d5d78247549321bd32d0b7b0"),
        (Claude, long.as_str(), long.as_str()),
        (Forty, "functions.x:0", "functions.x:0"),
        (Forty, long.as_str(), "call_3164596df4fdd018b2c567ec8c03e79b"),
        (Nine, "D681PevKs", "D681PevKs"),
        (Nine, "call_1", "Bu09e4fdz"),
    ] {
        assert_eq!(rule.apply(id), given, "{rule:?} {id}");
    }
}

proptest! {
    #[test]
    fn any_id_becomes_legal_and_stays_so(id in any::<String>(), other in any::<String>()) {
        for rule in [CallIdRule::Claude, CallIdRule::Forty, CallIdRule::Nine] {
            let given = rule.apply(&id);
            prop_assert!(rule.allows(&given));
            prop_assert_eq!(rule.apply(&given), given.clone());
            prop_assert_eq!(rule.apply(&other) == given, other == id);
        }
    }

    #[test]
    fn any_names_become_legal_and_stay_apart(names in prop::collection::vec(any::<String>(), 0..6)) {
        let tools = names.iter().map(|name| function(name)).collect();
        let table = ToolNames::of(&Request { tools, ..Request::default() }, TextTools::Native);
        for name in &names {
            prop_assert!(is_legal(table.upstream(name)));
            for other in &names {
                prop_assert_eq!(table.upstream(name) == table.upstream(other), name == other);
            }
        }
    }
}

//! Tools, calls, choice.

use insta::assert_snapshot;
use routectl_core::{CallIds, Choice, ToolChoice, ToolUse};

use super::super::{schema, strict};
use super::*;

fn with_tools(tools: Vec<Tool>) -> Request {
    Request { tools, ..ask(&[user([text("go")])]) }
}

#[test]
fn case_6_ids_stay_or_become_their_hash_in_call_and_result() {
    let long = "t".repeat(41);
    let request = ask(&[
        user([text("go")]),
        assistant([call("functions.f:0", "f", "{}"), call(&long, "f", "{}")]),
        user([result("functions.f:0", [text("1")]), result(&long, [text("2")])]),
    ]);
    let ids = |abilities: &Abilities| {
        let body = body(&write(&request, abilities));
        let calls = ["0", "1"].map(|at| body.pointer(&format!("/messages/1/tool_calls/{at}/id")));
        let results = ["2", "3"].map(|at| body.pointer(&format!("/messages/{at}/tool_call_id")));
        assert_eq!(calls, results);
        calls.map(|id| id.and_then(|id| id.as_str()).unwrap().to_owned())
    };
    let [kept, hashed] = ids(&any_host());
    assert_eq!(kept, "functions.f:0");
    assert!(hashed.starts_with("call_") && hashed.len() == 37, "{hashed}");
    let mistral = host(Quirks { call_ids: CallIds::Nine, ..Quirks::NONE });
    assert!(ids(&mistral).iter().all(|id| id.len() == 9));
}

#[test]
fn case_7_illegal_names_have_an_alias_in_tools_calls_and_choice() {
    let name = "mcp__server__".to_owned() + &"long_".repeat(16);
    let request = Request {
        tools: vec![tool("get weather", None), tool(&name, None)],
        tool_choice: Some(ToolChoice::Named("get weather".to_owned())),
        ..ask(&[
            user([text("go")]),
            assistant([call("a", "get weather", "{}"), call("b", &name, "{}")]),
            user([result("a", [text("1")]), result("b", [text("2")])]),
        ])
    };
    assert_snapshot!(seen(&request, &any_host()));
}

#[test]
fn cases_8_to_10_and_51_arguments_keep_their_spelling() {
    for (asked, said) in [
        ("", "{}"),
        ("{}", "{}"),
        (r#"{"b":1.0,"a":1e3,"c":"\u00e9 x"}"#, r#"{"b":1.0,"a":1e3,"c":"\u00e9 x"}"#),
        (r#"{"cut": "of"#, r#"{"cut": "of"#),
        ("[]", "[]"),
        ("null", "null"),
    ] {
        let request = ask(&[
            user([text("go")]),
            assistant([call("a", "f", asked)]),
            user([result("a", [text("1")])]),
        ]);
        let body = body(&write(&request, &any_host()));
        assert_eq!(body["messages"][1]["tool_calls"][0]["function"]["arguments"], said, "{asked}");
    }
}

#[test]
fn case_20_a_choice_that_the_host_cannot_be_given_is_degraded() {
    let named = ToolChoice::Named("f".to_owned());
    let allowed = ToolChoice::Allowed { names: vec!["f".to_owned()], required: true };
    let one = r#"{"type":"function","function":{"name":"f"}}"#;
    for (choice, forcing, said, lost) in [
        (ToolChoice::Auto, Choice::Required, r#""auto""#.to_owned(), 0),
        (ToolChoice::None, Choice::Required, r#""none""#.to_owned(), 0),
        (ToolChoice::Required, Choice::Required, r#""required""#.to_owned(), 0),
        (ToolChoice::Required, Choice::Any, r#""any""#.to_owned(), 0),
        (named.clone(), Choice::Any, one.to_owned(), 0),
        (
            allowed,
            Choice::Required,
            format!(
                r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"required","tools":[{one}]}}}}"#
            ),
            0,
        ),
        (ToolChoice::Auto, Choice::Free, "absent".to_owned(), 0),
        (named, Choice::Free, "absent".to_owned(), 1),
    ] {
        let request =
            Request { tool_choice: Some(choice.clone()), ..with_tools(vec![tool("f", None)]) };
        let abilities = host(Quirks { choice: forcing, ..Quirks::NONE });
        let (given, losses) = member(&request, &abilities, "tool_choice");
        assert_eq!((given, losses.len()), (said, lost), "{choice:?} {forcing:?}");
    }
}

#[test]
fn without_tools_there_is_neither_choice_nor_parallel_calls() {
    let request = Request {
        tool_choice: Some(ToolChoice::Auto),
        parallel_calls: Some(false),
        ..ask(&[user([text("hi")])])
    };
    let spelled = write(&request, &any_host());
    for name in ["tools", "tool_choice", "parallel_tool_calls"] {
        assert!(body(&spelled).get(name).is_none(), "{name}");
    }
}

#[test]
fn one_call_at_a_time_is_asked_of_hosts_that_know_the_word() {
    let request = Request { parallel_calls: Some(false), ..with_tools(vec![tool("f", None)]) };
    let (said, losses) = member(&request, &any_host(), "parallel_tool_calls");
    assert_eq!((said.as_str(), losses.len()), ("false", 0));
    let strict = host(Quirks { takes_parallel_calls: false, ..Quirks::NONE });
    let (said, losses) = member(&request, &strict, "parallel_tool_calls");
    assert_eq!(said, "absent");
    assert!(losses[0].starts_with("dropped tool_choice.disable_parallel_tool_use: "));
}

#[test]
fn case_22_only_schemas_that_the_format_can_hold_are_strict() {
    let closed = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#;
    let open = r#"{"type": "object", "properties": {"a": {"type": "string", "maxLength": 1e1}}}"#;
    for (schema, said, lost) in
        [(closed, Some(true), vec![]), (open, Some(false), vec!["tools[0].strict"])]
    {
        let request = with_tools(vec![Tool { strict: Some(true), ..tool("f", Some(schema)) }]);
        let spelled = write(&request, &any_host());
        let function = &body(&spelled)["tools"][0]["function"];
        assert_eq!(function["strict"].as_bool(), said);
        assert_eq!(spelled.losses.iter().map(|loss| &loss.path).collect::<Vec<_>>(), lost);
        let raw = String::from_utf8(spelled.body).unwrap();
        assert!(raw.contains(schema), "a schema keeps its spelling: {raw}");
    }
    let lenient = host(Quirks { takes_strict: false, ..Quirks::NONE });
    let request = with_tools(vec![Tool { strict: Some(true), ..tool("f", Some(closed)) }]);
    let (tools, losses) = member(&request, &lenient, "tools");
    assert!(!tools.contains("strict"));
    assert_eq!(losses.len(), 1);
    let request = with_tools(vec![Tool { strict: Some(false), ..tool("f", Some(closed)) }]);
    assert!(!member(&request, &any_host(), "tools").0.contains("strict"));
}

#[test]
fn what_openai_misses_in_a_schema_is_put_in_and_nothing_else_changes() {
    for (asked, said) in [
        (r#"{"type": "object"}"#, r#"{"type": "object","properties":{}}"#),
        (
            r#"{"type":"object", "anyOf":[{"type":"object"}] }"#,
            r#"{"type":"object", "anyOf":[{"type":"object"}] ,"properties":{}}"#,
        ),
        (
            r#"{"properties": {"items": {"type": "array"}, "b": {"type": ["array", "null"], "maxItems": 1e1}}, "type":"object"}"#,
            r#"{"properties": {"items": {"type": "array","items":{}}, "b": {"type": ["array", "null"], "maxItems": 1e1,"items":{}}}, "type":"object"}"#,
        ),
        (
            r#"{"type":"object","$defs":{"a":{"items":[{"type":"array"}],"oneOf":[{"type":"array"}]}}}"#,
            r#"{"type":"object","$defs":{"a":{"items":[{"type":"array","items":{}}],"oneOf":[{"type":"array","items":{}}]}},"properties":{}}"#,
        ),
        // A half of a character is mended as everywhere.
        (
            r#"{"type":"object","title":"\ud83d"}"#,
            "{\"type\":\"object\",\"title\":\"\u{fffd}\",\"properties\":{}}",
        ),
    ] {
        assert_eq!(schema::complete(asked), said);
        let spelled = write(&with_tools(vec![tool("f", Some(asked))]), &any_host());
        assert!(String::from_utf8_lossy(&spelled.body).contains(said));
        assert_eq!(losses(&spelled), Vec::<String>::new());
    }
    for whole in [
        r#"{"type": "object", "properties": {"enum": {"enum": [{"type": "array"}]}}}"#,
        r#"{"type":"object","properties":{"a":{"type":"array","items":true},"b":{"type":"object"}}}"#,
        r#"{"type":"object","properties":{},"default":{"type":"array"}}"#,
        "{}",
        "[",
    ] {
        assert_eq!(schema::complete(whole), whole);
    }
}

#[test]
fn strict_schemas_keep_every_rule_at_every_depth() {
    let around = |inner: &str| {
        format!(
            r#"{{"type":"object","properties":{{"a":{inner}}},"required":["a"],"additionalProperties":false}}"#
        )
    };
    let leaf = r#"{"type":["string","null"],"enum":["x",null]}"#;
    let mut deep = leaf.to_owned();
    for _ in 0..12 {
        deep = around(&deep);
    }
    for (schema, allowed) in [
        (around(leaf), true),
        (around(&around(leaf)), true),
        (around(r##"{"$ref":"#/$defs/x"}"##), true),
        (around(&format!(r#"{{"type":"array","items":{}}}"#, around(leaf))), true),
        (around(&format!(r#"{{"anyOf":[{},{{"type":"null"}}]}}"#, around(leaf))), true),
        (around(r#"{"type":"object"}"#), false),
        (around(r#"{"type":"array"}"#), false),
        (around("{}"), false),
        (r#"{"type":"object","additionalProperties":false}"#.to_owned(), true),
        (around(r#"{"type":"array","items":{"type":"object","properties":{}}}"#), false),
        (around(r#"{"anyOf":[{"type":"object"}]}"#), false),
        (around(r#"{"allOf":[{"type":"string"}]}"#), false),
        (around(leaf).replace(r#""required":["a"],"#, ""), false),
        (around(leaf).replace("false", "true"), false),
        (r#"{"type":"array","items":{"type":"string"}}"#.to_owned(), false),
        (r#"{"anyOf":[{"type":"string"}]}"#.to_owned(), false),
        (deep, false),
        ("{".to_owned(), false),
    ] {
        assert_eq!(strict::allows(&schema), allowed, "{schema}");
    }
}

#[test]
fn a_schema_of_any_size_is_judged_in_one_pass() {
    let names: Vec<String> = (0..200_000).map(|at| format!("\"p{at}\"")).collect();
    let properties: String =
        names.iter().map(|name| format!("{name}:{{\"type\":\"null\"}},")).collect();
    let schema = format!(
        r#"{{"type":"object","properties":{{{}}},"required":[{}],"additionalProperties":false}}"#,
        properties.trim_end_matches(','),
        names.join(","),
    );
    assert!(strict::allows(&schema));
}

#[test]
fn case_23_tools_that_take_text_stay_what_they_are() {
    let grammar =
        r#"{"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /x/"}}"#;
    let input = ToolInput::Text { grammar: Some(grammar.to_owned()) };
    let patch = Tool { input, description: Some("Patches.".to_owned()), ..tool("patch", None) };
    let mut request = Request {
        tools: vec![patch],
        tool_choice: Some(ToolChoice::Named("patch".to_owned())),
        ..ask(&[
            user([text("go")]),
            assistant([call("a", "patch", "*** Begin Patch\n")]),
            user([result("a", [text("ok")])]),
        ])
    };
    if let Content::ToolCall(call) = &mut request.turns[1].blocks[0].content {
        call.takes_text = true;
    }
    assert_snapshot!(seen(&request, &any_host()));
}

#[test]
fn case_49_tools_of_earlier_calls_are_defined_for_hosts_that_want_them() {
    let request = ask(&[
        user([text("go")]),
        assistant([call("a", "second", "{}"), call("b", "first", "{}"), call("c", "second", "{}")]),
        user([result("a", [text("1")]), result("b", [text("2")]), result("c", [text("3")])]),
    ]);
    assert_eq!(member(&request, &any_host(), "tools").0, "absent");
    let strict = host(Quirks { wants_known_tools: true, ..Quirks::NONE });
    let (tools, losses) = member(&request, &strict, "tools");
    let one = |name| {
        format!(
            r#"{{"type":"function","function":{{"name":"{name}","parameters":{{"type":"object","properties":{{}}}}}}}}"#
        )
    };
    assert_eq!(tools, format!("[{},{}]", one("second"), one("first")));
    assert_eq!(member(&request, &strict, "tool_choice").0, r#""none""#);
    assert!(losses[0].starts_with("emulated tools: "), "{losses:?}");
    assert_eq!(member(&ask(&[user([text("hi")])]), &strict, "tools").0, "absent");
}

#[test]
fn case_52_a_model_that_takes_no_tools_in_this_format_is_not_asked() {
    let request = with_tools(vec![tool("f", None)]);
    let newest = host(Quirks { tools: ToolUse::Refused, ..Quirks::NONE });
    assert_eq!(
        losses(&write(&request, &newest)),
        ["refused tools: the model takes no tools in this format"]
    );
    assert_eq!(losses(&write(&ask(&[user([text("hi")])]), &newest)), Vec::<String>::new());
}

//! Tools and the choice among them.

use routectl_core::ToolChoice;

use super::*;

const OBJECT: &str = r#"{"type":"object"}"#;

fn with_tools(names: &[&str]) -> Request {
    let mut request = asking(vec![user("Go.")]);
    request.tools = names.iter().map(|name| tool(name, OBJECT)).collect();
    for (index, tool) in request.tools.iter_mut().enumerate() {
        tool.place = Place::BODY.member("tools").index(index);
    }
    request
}

fn input_schema(schema: Option<&str>) -> (String, String, String) {
    let mut request = asking(vec![user("Go.")]);
    let mut it = tool("f", "");
    it.input = ToolInput::Schema(schema.map(str::to_owned));
    request.tools = vec![it];
    let spelled = written(&request, OPUS_5);
    let text = String::from_utf8(spelled.body.clone()).unwrap();
    let (_, rest) = text.split_once("\"input_schema\":").unwrap();
    let (schema, _) = rest.split_once("}],\"messages\"").unwrap();
    let description = body(&spelled)["tools"][0]["description"].as_str().unwrap().to_owned();
    let note = description.strip_prefix("The tool f.").unwrap().trim_start().to_owned();
    (schema.to_owned(), note, losses(&spelled))
}

#[test]
fn schemas_that_are_fine_keep_their_bytes() {
    // Case 51.
    for schema in [
        r#"{ "type" : "object", "properties": {"z": {"minimum": 1.0}, "a": {"maximum":1e3}}, "x-y": "\u00e9" }"#,
        r#"{"$schema":"x","type":"object","$defs":{"a":{"anyOf":[{},{}]}}}"#,
    ] {
        assert_eq!(input_schema(Some(schema)), (schema.into(), String::new(), String::new()));
    }
}

#[test]
fn schemas_become_objects_without_alternatives_at_the_top() {
    let nothing = r#"{"type":"object","properties":{}}"#;
    let top = "tools[0]: degraded: the host knows no alternatives at the top of a schema";
    for (schema, said, note, lost) in [
        (None, nothing, "", ""),
        (Some("null"), nothing, "", ""),
        (Some("{}"), nothing, "", ""),
        (Some("true"), nothing, "", "tools[0]: degraded: this is no schema of an object"),
        (
            Some(r#"{"properties":{"a":{}},"required":["a"]}"#),
            r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#,
            "",
            "",
        ),
        (
            Some(r#"{"description":"d","type":["object","null"]}"#),
            r#"{"description":"d","type":"object"}"#,
            "",
            "tools[0]: degraded: the arguments of a tool are always an object",
        ),
        (
            Some(
                r##"{"oneOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"$ref":"#/$defs/b"}],"$defs":{"b":{"properties":{"a":{"type":"number"},"b":{}},"required":["a","b"]}}}"##,
            ),
            r#"{"type":"object","$defs":{"b":{"properties":{"a":{"type":"number"},"b":{}},"required":["a","b"]}},"properties":{"a":{"anyOf":[{"type":"string"},{"type":"number"}]},"b":{}},"required":["a"]}"#,
            "The input must have the members (a) or (a, b).",
            top,
        ),
        (
            Some(
                r#"{"type":"object","properties":{"a":{}},"allOf":[{"properties":{"b":{}},"required":["b"]}],"required":["a"]}"#,
            ),
            r#"{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]}"#,
            "",
            top,
        ),
        (
            Some(
                r#"{"type":"object","properties":{"a":{}},"anyOf":[{"type":"string"},{"required":["a"]}]}"#,
            ),
            r#"{"type":"object","properties":{"a":{}}}"#,
            r#"The input must also match this JSON schema: {"anyOf":[{"type":"string"},{"required":["a"]}]}"#,
            top,
        ),
    ] {
        assert_eq!(input_schema(schema), (said.into(), note.into(), lost.into()), "{schema:?}");
    }
}

#[test]
fn names_are_changed_where_they_must_be_and_remembered() {
    // Case 7, golden 12.
    let long = format!("mcp__server__{}", "x".repeat(77));
    let mut request = with_tools(&[&long, "plain", "dotted.name"]);
    request.turns = asking(vec![
        user("Go."),
        assistant(vec![call("a", &long, "{}")]),
        turn(Role::User, vec![result("a", vec![text_of("r")])]),
    ])
    .turns;
    request.tool_choice = Some(ToolChoice::Named(long.clone()));
    let spelled = written(&request, OPUS_5);
    let name = member(&spelled, "/tools/0/name");
    assert_eq!(name.trim_matches('"').len(), 64);
    assert_eq!(member(&spelled, "/messages/1/content/0/name"), name);
    assert_eq!(member(&spelled, "/tool_choice/name"), name);
    assert_eq!(member(&spelled, "/tools/1/name"), r#""plain""#);
    let renamed: Vec<_> = spelled.changes.tools.iter().map(|it| it.client.as_str()).collect();
    assert_eq!(renamed, [long.as_str(), "dotted.name"]);
    assert_eq!(losses(&spelled), "");
}

#[test]
fn tools_that_take_text_are_wrapped() {
    // Case 23.
    let mut request = with_tools(&["f"]);
    let grammar = r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"a\""}}"#;
    for (name, grammar) in [("sql", None), ("patch", Some(grammar.to_owned()))] {
        let input = ToolInput::Text { grammar };
        let place = Place::BODY.member("tools").index(request.tools.len());
        request.tools.push(Tool { input, place, ..tool(name, OBJECT) });
    }
    let Content::ToolCall(patch) = call("a", "patch", "*** a \"b\"\n") else { unreachable!() };
    request.turns = asking(vec![
        user("Go."),
        assistant(vec![Content::ToolCall(ToolCall { takes_text: true, ..patch })]),
        turn(Role::User, vec![result("a", vec![text_of("done")])]),
    ])
    .turns;
    insta::assert_snapshot!(told(&request, OPUS_5));
}

#[test]
fn strict_is_kept_where_claude_can_enforce_the_schema() {
    // Case 22.
    let closed = r#"{"$schema":"x","type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#;
    let strict = |schema: &str, upstream: &str| {
        let mut request = asking(vec![user("Go.")]);
        request.tools = vec![Tool { strict: Some(true), ..tool("f", schema) }];
        let spelled = written(&request, upstream);
        (
            member(&spelled, "/tools/0/strict"),
            member(&spelled, "/tools/0/input_schema"),
            losses(&spelled),
        )
    };
    let lost =
        "tools[0]: degraded: the host cannot enforce the schema of this strict tool".to_owned();
    let kept = closed.replace(r#""$schema":"x","#, "");
    assert_eq!(strict(closed, OPUS_5), ("true".into(), kept, String::new()));
    assert_eq!(strict(closed, OPUS_4_1), (String::new(), closed.into(), lost.clone()));
    let minimum = closed.replace(r#""string""#, r#""integer","minimum":1"#);
    assert_eq!(strict(&minimum, OPUS_5), (String::new(), minimum, lost.clone()));
    assert_eq!(strict(OBJECT, OPUS_5), (String::new(), OBJECT.into(), lost));
}

#[test]
fn members_that_are_doubled_without_end_are_read_in_one_pass() {
    let doubled = |member: &str| format!("{member},").repeat(100_000);
    let schema = format!(
        r#"{{{}{}{}"nullable":true}}"#,
        doubled(r#""type":"string""#),
        doubled(r#""description":"d""#),
        doubled(r#""maxLength":3"#),
    );
    let mut request = asking(vec![user("Go.")]);
    request.tools = vec![Tool { strict: Some(true), ..tool("f", &schema) }];
    assert!(losses(&written(&request, OPUS_5)).contains("cannot enforce"));
}

#[test]
fn no_more_tools_are_strict_than_the_host_takes() {
    let closed = r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#;
    let mut request = with_tools(&[]);
    let names: Vec<String> = (0..22).map(|index| format!("f{index}")).collect();
    request.tools =
        names.iter().map(|name| Tool { strict: Some(true), ..tool(name, closed) }).collect();
    let spelled = written(&request, OPUS_5);
    let strict = body(&spelled)["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["strict"] == true)
        .count();
    assert_eq!((strict, spelled.losses.len()), (20, 2));
}

#[test]
fn two_tools_of_one_name_are_refused() {
    let spelled = written(&with_tools(&["f", "g", "f"]), OPUS_5);
    assert_eq!(losses(&spelled), "tools[2]: refused: another tool has the same name");
}

#[test]
fn the_choice_is_said_in_the_words_of_messages() {
    use ToolChoice::{Allowed, Auto, Named, None as Never, Required};
    let allowed = |names: &[&str], required| Allowed {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        required,
    };
    let filtered = "tool_choice: degraded: only the allowed tools are offered, and the prompt cache begins anew";
    for (choice, parallel, said, tools, lost) in [
        (None, None, "", "f g", ""),
        (Some(Auto), None, r#"{"type":"auto"}"#, "f g", ""),
        (Some(Never), Some(false), r#"{"type":"none"}"#, "f g", ""),
        (Some(Required), None, r#"{"type":"any"}"#, "f g", ""),
        (Some(Named("g".into())), Some(true), r#"{"type":"tool","name":"g"}"#, "f g", ""),
        (None, Some(false), r#"{"type":"auto","disable_parallel_tool_use":true}"#, "f g", ""),
        (
            Some(Required),
            Some(false),
            r#"{"type":"any","disable_parallel_tool_use":true}"#,
            "f g",
            "",
        ),
        (Some(allowed(&["g"], false)), None, r#"{"type":"auto"}"#, "g", filtered),
        (Some(allowed(&["g"], true)), None, r#"{"type":"tool","name":"g"}"#, "g", filtered),
        (Some(allowed(&["f", "g"], true)), None, r#"{"type":"any"}"#, "f g", ""),
    ] {
        let mut request = with_tools(&["f", "g"]);
        request.tool_choice = choice.clone();
        request.parallel_calls = parallel;
        let spelled = written(&request, OPUS_5);
        assert_eq!(member(&spelled, "/tool_choice"), said, "{choice:?}");
        let body = body(&spelled);
        let names =
            body["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>().join(" "), tools, "{choice:?}");
        assert_eq!(losses(&spelled), lost, "{choice:?}");
    }
}

#[test]
fn without_tools_there_is_no_choice() {
    for (choice, lost) in [
        (ToolChoice::Auto, ""),
        (ToolChoice::None, ""),
        (ToolChoice::Required, "tool_choice: refused: a tool has to be called and none is offered"),
        (
            ToolChoice::Named("f".into()),
            "tool_choice: refused: a tool has to be called and none is offered",
        ),
    ] {
        let mut request = asking(vec![user("Go.")]);
        request.tool_choice = Some(choice);
        request.parallel_calls = Some(false);
        let spelled = written(&request, OPUS_5);
        assert_eq!(
            (member(&spelled, "/tool_choice"), losses(&spelled)),
            (String::new(), lost.into())
        );
    }
}

#[test]
fn models_that_cannot_be_forced_are_asked() {
    // Case 20.
    let mut request = with_tools(&["f", "g"]);
    let closed = r#"{"type":"object","properties":{},"additionalProperties":false}"#;
    request.tools.push(tool("h", closed));
    request.tool_choice = Some(ToolChoice::Named("h".into()));
    let spelled = written(&request, OPUS_5_5);
    assert_eq!(member(&spelled, "/tool_choice"), r#"{"type":"auto"}"#);
    let asked = r#"{"role":"system","content":[{"type":"text","text":"Answer with a call of the tool `h`."}]}"#;
    assert_eq!(member(&spelled, "/messages/1"), asked);
    // One that turns strict would begin the cache anew.
    let unforced = Request { tool_choice: None, ..request.clone() };
    assert_eq!(member(&spelled, "/tools"), member(&written(&unforced, OPUS_5_5), "/tools"));
    let lost = "tool_choice: degraded: this model cannot be forced to use a tool; it is asked to";
    assert_eq!(losses(&spelled), lost);
    request.tool_choice = Some(ToolChoice::Required);
    let preview = written(&request, "claude-mythos-preview");
    let asked = r#"{"type":"text","text":"<system_instruction>Answer with a call of at least one tool.</system_instruction>"}"#;
    assert_eq!(member(&preview, "/messages/0/content/1"), asked);
    assert_eq!(losses(&preview), lost);
}

#[test]
fn tools_of_the_history_are_named_again_and_none_is_called() {
    // Case 49.
    let request = asking(vec![
        user("Go."),
        assistant(vec![call("a", "f", "{}"), call("b", "g.h", "{}"), call("c", "f", "{}")]),
        turn(
            Role::User,
            ["a", "b", "c"].map(|id| result(id, vec![text_of("r")])).into_iter().collect(),
        ),
    ]);
    let spelled = written(&request, OPUS_5);
    assert_eq!(
        member(&spelled, "/tools/0"),
        r#"{"name":"f","input_schema":{"type":"object","properties":{}}}"#
    );
    assert_eq!(body(&spelled)["tools"].as_array().unwrap().len(), 2);
    assert_eq!(member(&spelled, "/tools/1/name"), member(&spelled, "/messages/1/content/1/name"));
    assert_eq!(member(&spelled, "/tool_choice"), r#"{"type":"none"}"#);
    assert!(losses(&spelled).starts_with("tools: emulated: "), "{}", losses(&spelled));
}

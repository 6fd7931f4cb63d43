//! What is malformed or contradicts itself is refused, and the refusal names it.

use super::{messages, read, with};

fn problem(body: &str) -> String {
    match read(body) {
        Ok(request) => format!("read: {request:?}"),
        Err(bad) => bad.to_string(),
    }
}

/// Members of the body and what is wrong with them.
const MEMBERS: &[(&str, &str)] = &[
    (r#""model":7"#, "model: expected a string, found a number"),
    (r#""model":"""#, "model: must not be empty"),
    (r#""max_tokens":"9""#, "max_tokens: expected a number, found a string"),
    (r#""max_tokens":-1"#, "max_tokens: expected a whole number from 0 on, found -1"),
    (r#""max_tokens":1.5"#, "max_tokens: expected a whole number from 0 on, found 1.5"),
    (r#""max_tokens":1e999"#, "max_tokens: the number 1e999 is too large"),
    (
        r#""max_tokens":99999999999999999999999"#,
        "max_tokens: expected a whole number from 0 on, found 99999999999999999999999",
    ),
    (r#""messages":{}"#, "messages: expected a list, found an object"),
    (r#""messages":[]"#, "messages: must hold at least one message"),
    (r#""system":7"#, "system: expected a string or a list of blocks, found a number"),
    (
        r#""system":[{"type":"image","source":{"type":"url","url":"u"}}]"#,
        "system[0].type: a block of type \"image\" cannot stand in the system text",
    ),
    (r#""stop_sequences":"END""#, "stop_sequences: expected a list, found a string"),
    (r#""stop_sequences":["a",7]"#, "stop_sequences[1]: expected a string, found a number"),
    (
        r#""stop_sequences":["a"," \n"]"#,
        "stop_sequences[1]: must hold something else than white space",
    ),
    (r#""stream":"true""#, "stream: expected true or false, found a string"),
    (r#""temperature":1.01"#, "temperature: expected a number from 0 to 1, found 1.01"),
    (r#""top_p":-0.1"#, "top_p: expected a number from 0 to 1, found -0.1"),
    (r#""top_k":-1"#, "top_k: expected a whole number from 0 on, found -1"),
    (r#""thinking":true"#, "thinking: expected an object, found a boolean"),
    (r#""thinking":{}"#, "thinking.type: is required and missing"),
    (
        r#""thinking":{"type":"much"}"#,
        "thinking.type: unknown value \"much\"; expected one of \"enabled\", \"adaptive\", \"disabled\", \"between_tools\"",
    ),
    (r#""thinking":{"type":"enabled"}"#, "thinking.budget_tokens: is required and missing"),
    (
        r#""thinking":{"type":"enabled","budget_tokens":0}"#,
        "thinking.budget_tokens: must be more than 0",
    ),
    (
        r#""thinking":{"type":"adaptive","display":"all"}"#,
        "thinking.display: unknown value \"all\"; expected one of \"summarized\", \"omitted\", \"updates\"",
    ),
    (
        r#""output_config":{"effort":"none"}"#,
        "output_config.effort: unknown value \"none\"; expected one of \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\", \"max\"",
    ),
    (
        r#""output_config":{"format":{"type":"json_object"}}"#,
        "output_config.format.type: unknown value \"json_object\"; expected one of \"json_schema\"",
    ),
    (
        r#""output_format":{"type":"json_schema","schema":"x"}"#,
        "output_format.schema: expected an object, found a string",
    ),
    (r#""metadata":{"user_id":1}"#, "metadata.user_id: expected a string, found a number"),
    (
        r#""service_tier":"flex""#,
        "service_tier: unknown value \"flex\"; expected one of \"auto\", \"standard_only\"",
    ),
    (r#""speed":"slow""#, "speed: unknown value \"slow\"; expected one of \"standard\", \"fast\""),
    (
        r#""cache_control":{"type":"persistent"}"#,
        "cache_control.type: unknown value \"persistent\"; expected one of \"ephemeral\"",
    ),
    (
        r#""cache_control":{"type":"ephemeral","ttl":"1d"}"#,
        "cache_control.ttl: unknown value \"1d\"; expected one of \"5m\", \"1h\"",
    ),
];

#[test]
fn members_of_the_body_have_their_types_and_ranges() {
    for (members, expected) in MEMBERS {
        // A doubled member counts last: it stands in for the good one.
        assert_eq!(problem(&with(members)), *expected, "{members}");
    }
}

#[test]
fn required_members_are_missed_by_name() {
    for (body, expected) in [
        (r#"{}"#, "model: is required and missing"),
        (r#"{"model":"m"}"#, "messages: is required and missing"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#,
            "max_tokens: is required and missing",
        ),
        (
            r#"{"model":null,"messages":[{"role":"user","content":"x"}]}"#,
            "model: is required and missing",
        ),
    ] {
        assert_eq!(problem(body), expected, "{body}");
    }
}

#[test]
fn tools_and_the_choice_among_them_agree() {
    for (members, expected) in [
        (r#""tools":{}"#, "tools: expected a list, found an object"),
        (r#""tools":["f"]"#, "tools[0]: expected an object, found a string"),
        (r#""tools":[{"name":"f"}]"#, "tools[0].input_schema: is required and missing"),
        (r#""tools":[{"input_schema":{}}]"#, "tools[0].name: is required and missing"),
        (r#""tools":[{"name":"","input_schema":{}}]"#, "tools[0].name: must not be empty"),
        (
            r#""tools":[{"name":"f","input_schema":[]}]"#,
            "tools[0].input_schema: expected an object, found a list",
        ),
        (r#""tools":[{"type":7}]"#, "tools[0].type: expected a string, found a number"),
        (
            r#""tools":[{"name":"f","input_schema":{}},{"name":"f","input_schema":{}}]"#,
            "tools[1].name: another tool is called \"f\" already",
        ),
        (
            r#""tools":[{"name":"f","input_schema":{},"cache_control":{}}]"#,
            "tools[0].cache_control.type: is required and missing",
        ),
        (
            r#""tool_choice":{"type":"tool","name":"g"},"tools":[{"name":"f","input_schema":{}}]"#,
            "tool_choice.name: no tool is called \"g\"",
        ),
        (
            r#""tool_choice":{"type":"tool","name":"g"}"#,
            "tool_choice.name: no tool is called \"g\"",
        ),
        (r#""tool_choice":{"type":"tool"}"#, "tool_choice.name: is required and missing"),
        (r#""tool_choice":{"type":"any"}"#, "tool_choice: forces a tool, and there are none"),
        (r#""tool_choice":"auto""#, "tool_choice: expected an object, found a string"),
        (
            r#""tool_choice":{"type":"required"}"#,
            "tool_choice.type: unknown value \"required\"; expected one of \"auto\", \"any\", \"tool\", \"none\"",
        ),
    ] {
        assert_eq!(problem(&with(members)), expected, "{members}");
    }
}

/// Conversations and what is wrong with them.
const CONVERSATIONS: &[(&str, &str)] = &[
    ("7", "messages[0]: expected an object, found a number"),
    (r#"{"content":"x"}"#, "messages[0].role: is required and missing"),
    (
        r#"{"role":"tool","content":"x"}"#,
        "messages[0].role: unknown value \"tool\"; expected one of \"user\", \"assistant\", \"system\"",
    ),
    (r#"{"role":"user"}"#, "messages[0].content: is required and missing"),
    (r#"{"role":"user","content":""}"#, "messages[0].content: must not be empty"),
    (r#"{"role":"user","content":[]}"#, "messages[0].content: must not be empty"),
    (
        r#"{"role":"user","content":[{"type":"text","text":""}]}"#,
        "messages[0].content: must not be empty",
    ),
    (r#"{"role":"assistant","content":[]}"#, "messages: must hold at least one message"),
    (
        r#"{"role":"user","content":["x"]}"#,
        "messages[0].content[0]: expected an object, found a string",
    ),
    (
        r#"{"role":"user","content":[{"text":"x"}]}"#,
        "messages[0].content[0].type: is required and missing",
    ),
    (
        r#"{"role":"user","content":[{"type":"text"}]}"#,
        "messages[0].content[0].text: is required and missing",
    ),
    (
        r#"{"role":"user","content":[{"type":"text","text":"","cache_control":{"type":"ephemeral"}}]}"#,
        "messages[0].content[0].cache_control: thinking and empty text cannot be cached",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"S","cache_control":{"type":"ephemeral"}}]}"#,
        "messages[0].content[0].cache_control: thinking and empty text cannot be cached",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"thinking","signature":"S"}]}"#,
        "messages[0].content[0].thinking: is required and missing",
    ),
    (
        r#"{"role":"user","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}"#,
        "messages[0].content[0].type: a block of type \"tool_use\" cannot stand in a user message",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"image","source":{}}]}"#,
        "messages[0].content[0].type: a block of type \"image\" cannot stand in an assistant message",
    ),
    (
        r#"{"role":"system","content":[{"type":"image","source":{}}]}"#,
        "messages[0].content[0].type: a block of type \"image\" cannot stand in a system message",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":"{}"}]}"#,
        "messages[0].content[0].input: expected an object, found a string",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f"}]}"#,
        "messages[0].content[0].input: is required and missing",
    ),
    (
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"","name":"f","input":{}}]}"#,
        "messages[0].content[0].id: must not be empty",
    ),
    (
        r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"4"}]}"#,
        "messages[0].content[0].tool_use_id: no earlier tool call waits for a result of the id \"t\"",
    ),
    (
        r#"{"role":"user","content":[{"type":"image","source":{"type":"blob"}}]}"#,
        "messages[0].content[0].source.type: unknown value \"blob\"; expected one of \"base64\", \"url\", \"file\"",
    ),
    (
        r#"{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"AA"}}]}"#,
        "messages[0].content[0].source.media_type: is required and missing",
    ),
    (
        r#"{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/html","data":"x"}}]}"#,
        "messages[0].content[0].source.media_type: unknown value \"text/html\"; expected one of \"text/plain\"",
    ),
    (
        r#"{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"document"}]}}]}"#,
        "messages[0].content[0].source.content[0].type: a block of type \"document\" cannot stand in a document",
    ),
];

#[test]
fn messages_have_a_role_and_content_that_fits_it() {
    for (list, expected) in CONVERSATIONS {
        assert_eq!(problem(&messages(list)), *expected, "{list}");
    }
}

#[test]
fn results_answer_calls_and_come_first() {
    let call =
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}"#;
    for (answer, expected) in [
        (
            r#"{"role":"user","content":[{"type":"text","text":"so"},{"type":"tool_result","tool_use_id":"t"}]}"#,
            "messages[1].content[1]: the tool_result blocks of a message come before everything else",
        ),
        (
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"},{"type":"tool_result","tool_use_id":"t"}]}"#,
            "messages[1].content[1].tool_use_id: no earlier tool call waits for a result of the id \"t\"",
        ),
        (
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"thinking","thinking":"x"}]}]}"#,
            "messages[1].content[0].content[0].type: a block of type \"thinking\" cannot stand in a tool result",
        ),
    ] {
        assert_eq!(problem(&messages(&format!("{call},{answer}"))), expected, "{answer}");
    }
}

#[test]
fn a_body_too_large_to_be_meant_is_refused() {
    let blocks = vec![r#"{"type":"text","text":"x"}"#; 10_000].join(",");
    assert_eq!(
        problem(&messages(&format!(r#"{{"role":"user","content":[{blocks}]}}"#))),
        "messages[0].content: has 10000 elements; at most 4096 are read"
    );
    let members = (0..200).map(|n| format!(r#""m{n}":1"#)).collect::<Vec<_>>().join(",");
    assert_eq!(
        problem(&messages(&format!(
            r#"{{"role":"user","content":[{{"type":"text","text":"x",{members}}}]}}"#
        ))),
        "messages[0].content[0]: has 202 members; at most 128 are read"
    );
    assert!(problem(&with(&members)).starts_with(": has 203 members"));
    let deep = format!("{}1{}", "[".repeat(126), "]".repeat(126));
    assert!(read(&with(&format!(r#""deep":{deep}"#))).is_ok());
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert!(problem(&with(&format!(r#""deep":{deep}"#))).contains("less nesting"));
}

#[test]
fn ten_thousand_messages_are_read() {
    let list = vec![r#"{"role":"user","content":[{"type":"text","text":"x"}]}"#; 10_000].join(",");
    assert_eq!(read(&messages(&list)).unwrap().turns.len(), 10_000);
}

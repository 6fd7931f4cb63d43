//! Tools, and whether one has to be used.

use super::*;

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#;

/// A conversation that has called a tool.
const CALLED: &str = r#""messages":[
    {"role":"user","content":"1"},
    {"role":"assistant","tool_calls":[{"id":"a:1","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"a:1","content":"B"}]"#;

/// What is said of the choice, in both places, and the losses.
fn line(members: &str, upstream: &str) -> String {
    let spelled = written(&chat(members), upstream);
    let parts = [
        member(&spelled, "/toolConfig/toolChoice"),
        member(&spelled, "/additionalModelRequestFields/tool_choice"),
        losses(&spelled),
    ];
    parts.join(" ").replace('"', "").trim().to_owned()
}

#[test]
fn each_model_is_forced_as_far_as_it_can_be() {
    let named = r#""tool_choice":{"type":"function","function":{"name":"g"}}"#;
    for (choice, upstream, expected) in [
        (r#""tool_choice":"auto""#, OPUS_5, "{auto:{}}"),
        (r#""tool_choice":"required""#, OPUS_5, "{any:{}}"),
        (named, OPUS_5, "{tool:{name:g}}"),
        (named, NOVA, "{tool:{name:g}}"),
        (r#""tool_choice":"none""#, OPUS_5, "{type:none}"),
        (r#""parallel_tool_calls":false"#, OPUS_5, "{type:auto,disable_parallel_tool_use:true}"),
        (
            r#""parallel_tool_calls":false,"tool_choice":"required""#,
            OPUS_5,
            "{any:{}} {disable_parallel_tool_use:true}",
        ),
        (
            r#""parallel_tool_calls":false,"tool_choice":"auto""#,
            OPUS_5,
            "{type:auto,disable_parallel_tool_use:true}",
        ),
        (
            r#""parallel_tool_calls":false"#,
            NOVA,
            "parallel_tool_calls: dropped: the model decides how many tools are called at once",
        ),
        (r#""tool_choice":"required""#, MISTRAL, "{any:{}}"),
        (
            named,
            MISTRAL,
            "{any:{}}  tool_choice: degraded: this model can be forced to call a tool, not which one",
        ),
        (
            r#""tool_choice":"required""#,
            LLAMA,
            "{auto:{}}  tool_choice: degraded: this model cannot be forced to use a tool; it is asked to",
        ),
        (
            r#""tool_choice":"none""#,
            NOVA,
            "tool_choice: emulated: Converse cannot forbid calls; the tools are not offered",
        ),
        (r#""tool_choice":"auto""#, R1, "{auto:{}}  tools: refused: this model takes no tools"),
    ] {
        assert_eq!(line(&format!("{HELLO},{TOOLS},{choice}"), upstream), expected, "{upstream}");
    }
}

#[test]
fn calls_that_are_forbidden_are_not_made_where_earlier_turns_make_some() {
    let members = format!(r#"{CALLED},{TOOLS},"tool_choice":"none""#);
    insta::assert_snapshot!("forbidden_to_nova", told(&chat(&members), NOVA));
    insta::assert_snapshot!("forbidden_to_sonnet_4_6", told(&chat(&members), SONNET_4_6));
}

#[test]
fn tools_of_earlier_calls_are_named_again() {
    insta::assert_snapshot!("named_again_to_sonnet_4_6", told(&chat(CALLED), SONNET_4_6));
    insta::assert_snapshot!("named_again_to_llama", told(&chat(CALLED), LLAMA));
}

#[test]
fn anthropics_own_tools_go_to_claude_alone_and_converse_gets_a_tool_beside_them() {
    let members = r#""messages":[
        {"role":"user","content":"1"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"bash","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"B"}]}],
        "tools":[{"type":"bash_20250124","name":"bash"},{"type":"web_search_20250305","name":"web_search"}]"#;
    insta::assert_snapshot!("vendor_tools_to_sonnet_4_6", told(&messages(members), SONNET_4_6));
    insta::assert_snapshot!("vendor_tools_to_gpt_oss", told(&messages(members), GPT_OSS));
}

#[test]
fn the_tool_beside_anthropics_own_is_there_from_the_first_turn() {
    let tools = r#""tools":[{"type":"bash_20250124","name":"bash"}]"#;
    let first = written(&messages(&format!("{HELLO},{tools}")), SONNET_4_6);
    let called = r#""messages":[
        {"role":"user","content":"Hello."},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"bash","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"B"}]}]"#;
    let second = written(&messages(&format!("{called},{tools}")), SONNET_4_6);
    assert_eq!(member(&first, "/toolConfig/tools/0/toolSpec/name"), r#""unused""#);
    assert_eq!(member(&first, "/toolConfig"), member(&second, "/toolConfig"));
}

#[test]
fn ids_of_calls_are_lawful_and_the_same_in_call_and_result() {
    let long = "x".repeat(65);
    for (id, upstream, expected) in [
        ("a:1", NOVA, "a:1".to_owned()),
        ("a:1", OPUS_5, format!("toolu_{}", crate::names::hex("a:1", 32))),
        ("a b", NOVA, format!("tooluse_{}", crate::names::hex("a b", 32))),
        (&long, NOVA, format!("tooluse_{}", crate::names::hex(&long, 32))),
    ] {
        let spelled = written(&chat(&CALLED.replace("a:1", id)), upstream);
        for pointer in [
            "/messages/1/content/0/toolUse/toolUseId",
            "/messages/2/content/0/toolResult/toolUseId",
        ] {
            assert_eq!(member(&spelled, pointer), format!("{expected:?}"), "{id} to {upstream}");
        }
    }
}

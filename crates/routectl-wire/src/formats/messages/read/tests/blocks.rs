//! Every type of block in every place.

use insta::assert_snapshot;

use super::{conversation, foreign, messages, read};

/// The conversation and what of it cannot be said elsewhere.
fn told(list: &str) -> String {
    let request = read(&messages(list)).unwrap();
    format!("{}--\n{}", conversation(&request), foreign(&request))
}

#[test]
fn a_tool_loop_is_read_in_its_order() {
    let told = told(
        r#"{"role":"user","content":"what is 2+2?"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"add","signature":"EqQB"},
            {"type":"redacted_thinking","data":"EmwK"},{"type":"text","text":"I add."},
            {"type":"tool_use","id":"toolu_1","name":"add","input":{"b": 2.0, "a":[1e3 , "x y"]}},
            {"type":"tool_use","id":"toolu_2","name":"now","input":{}}]},
        {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"noon"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}}]},
            {"type":"tool_result","tool_use_id":"toolu_1","content":"no such tool","is_error":true,
                "cache_control":{"type":"ephemeral","ttl":"5m"}},
            {"type":"text","text":"go on","cache_control":{"type":"ephemeral"}}]},
        {"role":"system","content":"be quick"},
        {"role":"assistant","content":[]},
        {"role":"user","content":[{"type":"text","text":" "}]}"#,
    );
    assert_snapshot!(told);
}

#[test]
fn thinking_says_who_thought() {
    let told = told(
        r#"{"role":"user","content":"x"},
        {"role":"assistant","content":[
            {"type":"thinking","thinking":"by Claude","signature":"EqQB"},
            {"type":"thinking","thinking":"by a host without seals"},
            {"type":"thinking","thinking":"","signature":"EqQC"},
            {"type":"thinking","thinking":"by another model","signature":"rctl1.text.chat.0011"},
            {"type":"thinking","thinking":"by nobody known","signature":"rctl1.later.1"},
            {"type":"redacted_thinking","data":"rctl1.openai-responses-v1.rs_7.gAAA"},
            {"type":"redacted_thinking","data":"rctl1.broken"},
            {"type":"thinking","thinking":"t","signature":"s","estimated_tokens":3}]},
        {"role":"user","content":"y"}"#,
    );
    assert_snapshot!(told);
}

#[test]
fn media_is_read_from_every_source() {
    let told = told(
        r#"{"role":"user","content":[
            {"type":"image","source":{"type":"url","url":"https://h/i.png"},"transformations":{"oversized_image":"error"}},
            {"type":"image","source":{"type":"file","file_id":"file_1"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"T","context":"C",
                "citations":{"enabled":true},"cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"},"citations":{"enabled":false}},
            {"type":"document","source":{"type":"content","content":"one text"},"title":null},
            {"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"url","url":"u"}}]}},
            {"type":"document","source":{"type":"url","url":"https://h/d.pdf","etag":"e"}},
            {"type":"document","source":{"type":"file","file_id":"file_2"}},
            {"type":"search_result","source":"https://h/s","title":"S","content":[{"type":"text","text":"found"}],"citations":{"enabled":true}}]}"#,
    );
    assert_snapshot!(told);
}

#[test]
fn what_a_block_cannot_say_elsewhere_is_kept_with_its_path() {
    let told = told(
        r#"{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","scope":"global"}}],"name":"n"},
        {"role":"assistant","content":[
            {"type":"text","text":"a","citations":[{"type":"page_location"}],"novelty":1},
            {"type":"text","text":"b","citations":[]},
            {"type":"connector_text","connector_text":"c","signature":"s"},
            {"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"code_execution_20260120","tool_id":"s"},"toolset_name":"browser"},
            {"type":"tool_use","id":"u","name":"f","input":{},"caller":{"type":"direct"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","toolset_name":"browser","content":[{"type":"text","text":"r","mood":"good"}]},
            {"type":"tool_result","tool_use_id":"u","content":""}]},
        {"role":"system","content":[{"type":"text","text":"s"}],"clear_at":"next_user_message","output_config":{"effort":"low"}},
        {"role":"user","content":"y","clear_at":"never"}"#,
    );
    assert_snapshot!(told);
}

#[test]
fn blocks_that_only_the_vendor_knows_are_opaque() {
    let assistant = [
        r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#,
        r#"{"type":"server_tool_use","id":"s","name":"advisor","input":{}}"#,
        r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#,
        r#"{"type":"web_fetch_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"code_execution_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"bash_code_execution_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"text_editor_code_execution_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"tool_search_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"advisor_tool_result","tool_use_id":"s","content":{}}"#,
        r#"{"type":"mcp_tool_use","id":"s","name":"f","server_name":"m","input":{}}"#,
        r#"{"type":"mcp_tool_result","tool_use_id":"s","content":"x"}"#,
        r#"{"type":"mcp_tool_listing","mcp_server_name":"m","tools":[]}"#,
        r#"{"type":"container_upload","file_id":"f","cache_control":{"type":"ephemeral"}}"#,
        r#"{"type":"compaction","content":"so far"}"#,
        r#"{"type":"fallback","from":{"model":"a"},"to":{"model":"b"}}"#,
        r#"{"type":"brand_new_block","x":1}"#,
    ]
    .join(",");
    let told = told(&format!(
        r#"{{"role":"user","content":[{{"type":"container_upload","file_id":"f"}}]}},
        {{"role":"assistant","content":[{assistant},{{"type":"tool_use","id":"t","name":"f","input":{{}}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"t","content":[
            {{"type":"tool_reference","tool_name":"g"}},{{"type":"browser_state"}}]}}]}},
        {{"role":"system","content":[{{"type":"tool_addition","tool":{{}}}},{{"type":"tool_removal","tool":{{}}}}]}}"#
    ));
    assert_snapshot!(told);
}

#[test]
fn messages_that_say_nothing_go_and_answers_stay() {
    let request = read(&messages(
        r#"{"role":"user","content":"x"},{"role":"assistant","content":""},{"role":"user","content":[]},
        {"role":"system","content":""},{"role":"user","content":"y"},{"role":"assistant","content":[]}"#,
    ));
    let roles =
        request.unwrap().turns.iter().map(|turn| turn.place.to_string()).collect::<Vec<_>>();
    assert_eq!(roles, ["messages[0]", "messages[1]", "messages[4]"]);
}

#[test]
fn arguments_keep_their_order_and_numbers() {
    let request = read(&messages(
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{ "z": 1.0,
            "a" : [ 1e3, 12345678901234567890.5 ], "u": "\u00e9 \ud83d\ude00  x" }}]}"#,
    ))
    .unwrap();
    let routectl_core::Content::ToolCall(call) = &request.turns[0].blocks[0].content else {
        panic!("no call");
    };
    assert_eq!(
        call.arguments,
        r#"{"z":1.0,"a":[1e3,12345678901234567890.5],"u":"\u00e9 \ud83d\ude00  x"}"#
    );
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    let request = read(&messages(r#"{"role":"user","content":"a\ud83d!"}"#)).unwrap();
    assert_eq!(request.turns[0].blocks[0].as_text(), Some("a\u{fffd}!"));
}

//! The conversation: turns, text, images, documents.

use super::*;

const PNG: &str =
    r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}"#;
const PDF: &str = r#"{"type":"document","title":"plan.pdf","context":"of 2026","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}"#;

#[test]
fn all_that_chat_can_say_reaches_claude_and_others() {
    let request = chat(
        r#""messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Use tools.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "name": "ann", "content": [
          {"type": "text", "text": "What is this?"},
          {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
          {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}]},
        {"role": "assistant", "content": "Let me look.", "reasoning": "hm",
         "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0}],
         "tool_calls": [
          {"id": "functions.look:0", "type": "function", "function": {"name": "look.up", "arguments": "{\"b\": 1.0, \"a\": 2}"}},
          {"id": "call_2", "type": "function", "function": {"name": "clock", "arguments": ""}},
          {"id": "call_3", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}]},
        {"role": "tool", "tool_call_id": "call_3", "content": "ok"},
        {"role": "tool", "tool_call_id": "functions.look:0", "content": [{"type": "text", "text": "a cat"}]},
        {"role": "system", "content": "The user is in a hurry."},
        {"role": "user", "content": "Well?"}],
      "tools": [
        {"type": "function", "function": {"name": "look.up", "description": "Looks.", "parameters": {"type": "object", "properties": {"b": {"type": "number"}}}, "strict": true}},
        {"type": "function", "function": {"name": "clock", "description": ""}, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "custom", "custom": {"name": "patch", "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}}}],
      "tool_choice": "auto", "parallel_tool_calls": false,
      "max_completion_tokens": 4000, "reasoning": {"effort": "high"},
      "temperature": 0.3, "seed": 7, "stop": ["END", "\n"], "user": "ann-1", "service_tier": "default",
      "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "additionalProperties": false}}},
      "stream": true, "stream_options": {"include_usage": true}"#,
    );
    for (name, upstream) in [
        ("opus_5", OPUS_5),
        ("sonnet_4_5", SONNET_4_5),
        ("sonnet_4", SONNET_4),
        ("nova_2", NOVA_2),
        ("gpt_oss", GPT_OSS),
        ("llama_4", LLAMA_4),
        ("an_unknown_model", SOME),
    ] {
        insta::assert_snapshot!(format!("all_of_chat_to_{name}"), told(&request, upstream));
    }
}

#[test]
fn all_that_messages_can_say_reaches_claude_and_others() {
    let request = messages(&format!(
        r#""system": [{{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.a1b; cc_entrypoint=cli;"}},
          {{"type":"text","text":"Be brief.","cache_control":{{"type":"ephemeral","ttl":"1h"}}}}],
        "messages": [
          {{"role":"user","content":[{{"type":"text","text":"Look."}},{PNG},{PDF}]}},
          {{"role":"assistant","content":[
            {{"type":"thinking","thinking":"hm","signature":"EqQB"}},
            {{"type":"redacted_thinking","data":"EmwKAhgB"}},
            {{"type":"text","text":"Let me see."}},
            {{"type":"tool_use","id":"toolu_1","name":"look","input":{{"at": 1.0}}}},
            {{"type":"tool_use","id":"toolu_2","name":"bash","input":{{"command":"ls"}}}}]}},
          {{"role":"user","content":[
            {{"type":"tool_result","tool_use_id":"toolu_2","is_error":true,"content":[]}},
            {{"type":"tool_result","tool_use_id":"toolu_1","content":[
              {{"type":"text","text":"a cat","cache_control":{{"type":"ephemeral"}}}},{PNG}]}},
            {{"type":"text","text":"Both."}}]}}],
        "tools": [{{"name":"look","description":"Looks.","input_schema":{{"type":"object"}},"cache_control":{{"type":"ephemeral","ttl":"1h"}}}},
          {{"type":"bash_20250124","name":"bash"}}],
        "tool_choice": {{"type":"tool","name":"bash","disable_parallel_tool_use":true}},
        "thinking": {{"type":"adaptive"}}, "output_config": {{"effort":"max"}},
        "context_management": {{"edits":[{{"type":"compact_20260112"}}]}},
        "top_k": 20, "stop_sequences": ["END"], "metadata": {{"user_id":"ann"}},
        "service_tier": "standard_only", "stream": true"#
    ));
    for (name, upstream) in [
        ("opus_5", OPUS_5),
        ("sonnet_4_6", SONNET_4_6),
        ("nova", NOVA),
        ("deepseek_r1", R1),
        ("titan", TITAN),
    ] {
        insta::assert_snapshot!(format!("all_of_messages_to_{name}"), told(&request, upstream));
    }
}

#[test]
fn parallel_results_become_one_user_turn_and_stand_first() {
    let request = chat(
        r#""messages": [
        {"role":"user","content":"1"},
        {"role":"assistant","tool_calls":[
          {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
          {"id":"b","type":"function","function":{"name":"f","arguments":"[1]"}}]},
        {"role":"tool","tool_call_id":"b","content":"B"},
        {"role":"tool","tool_call_id":"a","content":""},
        {"role":"user","content":"2"}],
        "tools":[{"type":"function","function":{"name":"f"}}]"#,
    );
    insta::assert_snapshot!(told(&request, NOVA));
}

#[test]
fn a_document_gets_a_lawful_name_and_a_text_beside_it() {
    let text = r#"{"type":"document","title":"notes: 1/2","source":{"type":"text","media_type":"text/plain","data":"Notes."}}"#;
    let pieces = r#"{"type":"document","source":{"type":"content","content":[{"type":"text","text":"One."},{"type":"text","text":"Two."}]}}"#;
    let request = messages(&format!(
        r#""messages":[
        {{"role":"user","content":[{PDF},{PDF},{text},{pieces}]}},
        {{"role":"assistant","content":"Seen."}},
        {{"role":"user","content":[{{"type":"text","text":"And this?"}},{PDF}]}}]"#
    ));
    insta::assert_snapshot!("documents_to_opus_5", told(&request, OPUS_5));
    insta::assert_snapshot!("documents_to_nova", told(&request, NOVA));
}

#[test]
fn what_a_model_cannot_see_is_refused_and_not_left_out() {
    let url = r#"{"type":"image","source":{"type":"url","url":"https://a.example/b.png"}}"#;
    for (block, upstream, expected) in [
        (PNG, OPUS_5, ""),
        (PNG, LLAMA, "refused: this model sees no images"),
        (PNG, LLAMA_4, ""),
        (url, OPUS_5, "refused: Converse takes the bytes of an image, not its address"),
        (PDF, "amazon.nova-micro-v1:0", "refused: this model reads no documents"),
    ] {
        let text = r#"{"type":"text","text":"Look."}"#;
        let request =
            messages(&format!(r#""messages":[{{"role":"user","content":[{text},{block}]}}]"#));
        let spelled = written(&request, upstream);
        let refused: Vec<_> = losses(&spelled)
            .lines()
            .filter_map(|line| line.strip_prefix("messages[0].content[1]: "))
            .map(str::to_owned)
            .collect();
        assert_eq!(refused.join("; "), expected, "{block} to {upstream}");
    }
}

#[test]
fn models_without_system_text_hear_it_from_the_user() {
    let request = chat(
        r#""messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"1"}]"#,
    );
    insta::assert_snapshot!(told(&request, TITAN));
}

#[test]
fn blank_texts_and_silent_turns_are_left_out() {
    let request = messages(
        r#""messages":[
        {"role":"user","content":[{"type":"text","text":"1"},{"type":"text","text":" \n"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":""}]},
        {"role":"user","content":"2"}]"#,
    );
    let spelled = written(&request, OPUS_5);
    assert_eq!(
        member(&spelled, "/messages"),
        r#"[{"role":"user","content":[{"text":"1"},{"text":"2"}]}]"#
    );
    let lost = [
        "messages[0].content[1]: dropped: Converse refuses whitespace alone",
        "messages[1].content[0]: dropped: thinking without a seal is taken from nobody",
    ];
    assert_eq!(losses(&spelled), lost.join("\n"));
}

#[test]
fn a_conversation_that_the_assistant_begins_is_refused() {
    let request =
        chat(r#""messages":[{"role":"assistant","content":"1"},{"role":"user","content":"2"}]"#);
    let expected = "messages[0]: refused: the conversation must begin with the user";
    assert_eq!(losses(&written(&request, NOVA)), expected);
}

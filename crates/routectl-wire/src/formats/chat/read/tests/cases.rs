//! The hard cases of a request, each by its number. (facts: translation, section 11)

use insta::assert_snapshot;
use routectl_core::{Content, Request, Role, ToolChoice, ToolInput};

use super::{lost, of, read, told, with};
use crate::pairs;

const CALLS: &str = r#"{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[
    {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1.0}"}},
    {"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#;

fn after_calls(messages: &str) -> String {
    of(&format!("{CALLS},{messages}"), "")
}

/// Who speaks, and what kinds of blocks they say.
fn shape(request: &Request) -> String {
    let turns = request.turns.iter().map(|turn| {
        let blocks = turn.blocks.iter().map(|block| match &block.content {
            Content::Text(text) => text.clone(),
            Content::ToolCall(call) => format!("call {}", call.id),
            Content::ToolResult(result) => format!("result {}", result.call),
            Content::Reasoning(_) => "thought".to_owned(),
            Content::Refusal(_) => "refusal".to_owned(),
            Content::Image(_) | Content::Document { .. } | Content::Opaque { .. } => "…".to_owned(),
        });
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "model",
            Role::System => "system",
        };
        format!("{role}({})", blocks.collect::<Vec<_>>().join(", "))
    });
    turns.collect::<Vec<_>>().join(" ")
}

#[test]
fn case_1_parallel_results_become_one_user_turn() {
    assert_snapshot!(told(&after_calls(
        r#"{"role":"tool","tool_call_id":"b","name":"g","content":[{"type":"text","text":"two"}]},
           {"role":"tool","tool_call_id":"a","content":"one"},
           {"role":"user","content":"and now?"},{"role":"user","content":"say"}"#
    )));
}

#[test]
fn case_2_a_call_without_a_result_gets_a_failed_one() {
    let mut request = read(&after_calls(
        r#"{"role":"tool","tool_call_id":"b","content":"two"},{"role":"user","content":"stop"}"#,
    ))
    .unwrap();
    assert_eq!(
        shape(&request),
        "user(go) model(call a, call b) user(result b, stop)",
        "the reader makes nothing up"
    );
    let losses = pairs::complete(&mut request);
    assert_eq!(shape(&request), "user(go) model(call a, call b) user(result a, result b, stop)");
    assert_eq!(losses[0].path, "messages[1].tool_calls[0]");
}

#[test]
fn case_3_system_text_stays_where_it_stands() {
    for (messages, shape_of_it, system) in [
        (
            r#"{"role":"developer","content":"be brief"},{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
               {"role":"user","content":"hi"}"#,
            "user(hi)",
            3,
        ),
        (
            r#"{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"system","content":"b"},
               {"role":"developer","content":"c"},{"role":"user","content":"you"}"#,
            "user(hi) system(b) system(c) user(you)",
            1,
        ),
        (
            &format!(
                r#"{CALLS},{{"role":"system","content":"s"}},{{"role":"tool","tool_call_id":"a","content":""}},
                   {{"role":"system","content":"t"}},{{"role":"tool","tool_call_id":"b","content":""}},{{"role":"user","content":"hi"}}"#
            ),
            "user(go) model(call a, call b) user(result a, result b) system(s) system(t) user(hi)",
            0,
        ),
    ] {
        let request = read(&of(messages, "")).unwrap();
        assert_eq!(shape(&request), shape_of_it);
        assert_eq!(request.system.len(), system, "{messages}");
    }
}

#[test]
fn case_4_what_is_empty_says_nothing() {
    let request = read(&of(
        r#"{"role":"user","content":""},{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"hi"}]},
           {"role":"assistant","content":""},{"role":"assistant","content":null,"refusal":"","tool_calls":[]},{"role":"assistant"},
           {"role":"user","content":"you"},{"role":"user","content":""}"#,
        "",
    ))
    .unwrap();
    assert_eq!(shape(&request), "user(hi, you)");
    let ends_with_a_result = after_calls(
        r#"{"role":"tool","tool_call_id":"a","content":null},{"role":"tool","tool_call_id":"b","content":""},{"role":"user","content":""}"#,
    );
    assert!(read(&ends_with_a_result).is_ok());
}

#[test]
fn case_5_thinking_words_refusal_and_calls_stand_in_this_order() {
    assert_snapshot!(told(&of(
        r#"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}],
           "refusal":"no","content":[{"type":"text","text":"well"},{"type":"refusal","refusal":"never"},{"type":"text","text":" ok"}],
           "reasoning_content":"hm","annotations":[],"audio":null},
           {"role":"tool","tool_call_id":"a","content":"done"}"#,
        ""
    )));
}

#[test]
fn case_6_ids_that_repeat_belong_to_the_nearest_call() {
    let step = |said: &str| {
        format!(
            r#"{{"role":"assistant","content":"{said}","tool_calls":[{{"id":"functions.x:0","type":"function","function":{{"name":"x","arguments":"{{}}"}}}}]}},
               {{"role":"tool","tool_call_id":"functions.x:0","content":"{said}"}}"#
        )
    };
    let body = of(&format!(r#"{{"role":"user","content":"go"}},{},{}"#, step("1"), step("2")), "");
    let mut request = read(&body).unwrap();
    assert!(pairs::complete(&mut request).is_empty());
    let twice = "model(1, call functions.x:0) user(result functions.x:0) \
        model(2, call functions.x:0#2) user(result functions.x:0#2)";
    assert_eq!(shape(&request), format!("user(go) {twice}"));
}

#[test]
fn cases_8_9_10_and_51_arguments_are_what_the_model_wrote() {
    for (sent, kept) in [
        (r#""""#, ""),
        (r#""{}""#, "{}"),
        (r#""{\"b\": 1.0, \"a\":1e3}""#, r#"{"b": 1.0, "a":1e3}"#),
        (r#""{\"cut\": tru""#, r#"{"cut": tru"#),
        (r#""[]""#, "[]"),
        (r#"{"z": 1.50, "a": "\u00e9"}"#, r#"{"z": 1.50, "a": "\u00e9"}"#),
        ("null", ""),
    ] {
        let body = of(
            &format!(
                r#"{{"role":"user","content":"go"}},{{"role":"assistant","tool_calls":[{{"id":"a","type":"function","function":{{"name":"f","arguments":{sent}}}}}]}}"#
            ),
            "",
        );
        let request = read(&body).unwrap();
        let Content::ToolCall(call) = &request.turns[1].blocks[0].content else { panic!() };
        assert_eq!(call.arguments, kept, "{sent}");
    }
}

#[test]
fn cases_12_to_15_files_are_told_by_what_they_are() {
    let parts = [
        r#"{"type":"image_url","image_url":{"url":"DATA:image/jpg;name=x;BASE64,iVBORw0KGgoAAAANSUhEUgAA","detail":"auto"}}"#,
        r#"{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"high"}}"#,
        r#"{"type":"image_url","image_url":"HTTPS://example.com/b.png"}"#,
        r#"{"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0xLjQKJeLjz9MK"}}"#,
        r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,JVBERi0xLjQKJeLjz9MK","filename":"a.pdf"}}"#,
        r#"{"type":"file","file":{"file_data":"JVBERi0xLjQKJeLjz9MK","format":"application/pdf"}}"#,
        r#"{"type":"file","file":{"file_data":"data:text/csv;base64,YSxiCjEsMgo=","filename":"t.csv"}}"#,
        r#"{"type":"file","file":{"file_data":"data:application/zip;base64,UEsDBAAA"}}"#,
        r#"{"type":"file","file":{"file_data":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA","filename":"i.png"}}"#,
        r#"{"type":"file","file":{"file_id":"file-1"}}"#,
        r#"{"type":"file","file":{"file_data":"https://example.com/c.pdf","file_id":"file-2"}}"#,
        r#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#,
        r#"{"type":"video_url","video_url":{"url":"https://example.com/d.mp4"}}"#,
        r#"{"type":"hologram","hologram":{}}"#,
    ];
    let message = format!(r#"{{"role":"user","content":[{}]}}"#, parts.join(","));
    assert_snapshot!(told(&of(&message, "")));
}

#[test]
fn case_16_there_may_be_any_number_of_stops() {
    let stops = |members: &str| read(&with(members)).unwrap().stops;
    assert_eq!(stops(r#""stop":"END""#), ["END"]);
    assert_eq!(stops(r#""stop":["a","","b","c"," ","d","e"]"#), ["a", "b", "c", " ", "d", "e"]);
    assert!(stops(r#""stop":null"#).is_empty());
}

#[test]
fn case_19_what_changes_the_answer_is_refused_and_the_rest_told() {
    for (members, told) in [
        (r#""n":2"#, "n refused: other formats give one answer to a request"),
        (r#""logit_bias":{"1":5}"#, "logit_bias refused: other formats cannot weigh single tokens"),
        (r#""logprobs":true"#, "logprobs refused: other formats have no log probabilities"),
        (
            r#""modalities":["text","audio"]"#,
            "modalities refused: other formats answer in text only",
        ),
        (r#""web_search_options":{}"#, "web_search_options refused: a search that its host runs"),
        (
            r#""tools":[{"type":"web_search_preview"}]"#,
            "tools[0] refused: a tool that its host runs",
        ),
        (r#""seed":7"#, "seed dropped: other formats have no seed"),
        (r#""service_tier":"priority""#, "service_tier dropped: a service tier of one vendor"),
        (r#""presence_penalty":0.5"#, "presence_penalty dropped: other formats have no penalties"),
        (r#""min_p":0.1"#, "min_p dropped: an extension of some Chat hosts"),
        (
            r#""stream_options":{"continuous_usage_stats":true}"#,
            "stream_options.continuous_usage_stats dropped: not known to this format",
        ),
        (
            r#""stream_options":{"include_obfuscation":true}"#,
            "stream_options.include_obfuscation dropped: a translated stream is not padded",
        ),
    ] {
        assert_eq!(lost(&read(&with(members)).unwrap()), [told], "{members}");
    }
}

#[test]
fn what_asks_for_nothing_is_no_loss() {
    let plain = read(&with(r#""user":null"#)).unwrap();
    for members in [
        r#""n":1"#,
        r#""logit_bias":{}"#,
        r#""logprobs":false,"top_logprobs":0"#,
        r#""presence_penalty":0,"frequency_penalty":0.0"#,
        r#""modalities":["text"]"#,
        r#""store":false,"metadata":{}"#,
        r#""response_format":{"type":"text"}"#,
        r#""tools":[],"tool_choice":"auto","parallel_tool_calls":false"#,
        r#""functions":[],"function_call":"none""#,
        r#""stop":[],"top_k":-1"#,
        r#""stream":false,"stream_options":{"include_obfuscation":false}"#,
        r#""seed":null,"audio":null,"made_up":null,"tool_choice":null"#,
    ] {
        let asked = Request { names: plain.names, ..read(&with(members)).unwrap() };
        assert_eq!(asked, plain, "{members}");
    }
}

#[test]
fn members_keep_the_names_that_the_client_gave_them() {
    let names = |members| {
        let names = read(&with(members)).unwrap().names;
        [names.max_tokens, names.reasoning, names.user, names.tool_choice]
    };
    let usual = ["max_tokens", "reasoning_effort", "user", "tool_choice"];
    assert_eq!(names(r#""max_tokens":1,"max_completion_tokens":null"#), usual);
    let others = r#""max_completion_tokens":1,"include_reasoning":true,"reasoning":{"effort":"low"},
        "safety_identifier":"u","functions":[{"name":"f"}],"function_call":"auto""#;
    let expected = ["max_completion_tokens", "reasoning", "safety_identifier", "function_call"];
    assert_eq!(names(others), expected);
}

#[test]
fn of_two_words_for_one_thing_the_newer_counts() {
    let request = read(&with(
        r#""user":"old","max_tokens":7,"max_completion_tokens":9,"safety_identifier":"new""#,
    ))
    .unwrap();
    assert_eq!((request.max_tokens, request.user.as_deref()), (Some(9), Some("new")));
    let told = "dropped: a newer member says it otherwise";
    assert_eq!(lost(&request), [format!("user {told}"), format!("max_tokens {told}")]);
    let same = read(&with(
        r#""max_completion_tokens":7,"max_tokens":7,"temperature":1,"temperature":0.5"#,
    ));
    assert_eq!(lost(&same.clone().unwrap()), [""; 0]);
    assert_eq!(same.unwrap().sampling.temperature, Some(0.5), "the last of doubled members");
    let tools = r#""tools":[{"function":{"name":"f"}}],"tool_choice":"required""#;
    let request = read(&with(&format!(r#"{tools},"function_call":"none""#))).unwrap();
    assert_eq!(request.tool_choice, Some(ToolChoice::Required));
    assert_eq!(lost(&request), [format!("function_call {told}")]);
}

#[test]
fn cases_21_and_22_output_formats_are_told_with_their_schema() {
    for (format, output) in [
        (r#"{"type":"json_object"}"#, "Some(JsonObject)"),
        (r#"{"type":"json_schema","json_schema":{"name":"n"}}"#, "Some(JsonObject)"),
        (
            r#"{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"b":1.0,"a" : 2}}}"#,
            r#"Some(JsonSchema { name: Some("n"), description: Some("d"), schema: "{\"b\":1.0,\"a\" : 2}", strict: Some(true) })"#,
        ),
        (
            r#"{"type":"json_object","schema":{}}"#,
            r#"Some(JsonSchema { name: None, description: None, schema: "{}", strict: None })"#,
        ),
    ] {
        let request = read(&with(&format!(r#""response_format":{format}"#))).unwrap();
        assert_eq!(format!("{:?}", request.output), output, "{format}");
    }
    let odd = read(&with(r#""response_format":{"type":"regex","regex":"a+"}"#)).unwrap();
    assert_eq!(lost(&odd), ["response_format refused: an output format that only some hosts know"]);
}

#[test]
fn cases_23_and_37_tools_keep_their_schema_grammar_and_strictness() {
    assert_snapshot!(told(&with(
        r#""tools":[
            {"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object", "properties":{}},"strict":true},"cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"function","function":{"name":"bare"}},
            {"function":{"name":"untyped","parameters":null,"strict":null,"x":1}},
            {"type":"custom","custom":{"name":"sql","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: A"}}}},
            {"type":"custom","custom":{"name":"text","description":"d","format":{"type":"text"}}},
            {"type":"code_interpreter","container":{}}],
          "tool_choice":{"type":"custom","custom":{"name":"sql"}},"parallel_tool_calls":false"#
    )));
}

#[test]
fn text_goes_into_tools_that_take_text_as_it_is() {
    let request = read(&of(
        r#"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"sql","input":"select \"1\""}}]},
           {"role":"tool","tool_call_id":"a","content":"1"}"#,
        "",
    ))
    .unwrap();
    let Content::ToolCall(call) = &request.turns[1].blocks[0].content else { panic!() };
    assert_eq!((call.arguments.as_str(), call.takes_text), (r#"select "1""#, true));
}

#[test]
fn every_choice_of_tools_is_understood() {
    let tools = r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]"#;
    for (choice, told) in [
        (r#""auto""#, "Some(Auto)"),
        (r#""none""#, "Some(None)"),
        (r#""required""#, "Some(Required)"),
        (r#""any""#, "Some(Required)"),
        (r#"{"type":"function","function":{"name":"f"}}"#, r#"Some(Named("f"))"#),
        (r#"{"type":"custom","custom":{"name":"c"}}"#, r#"Some(Named("c"))"#),
        (
            r#"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]}}"#,
            r#"Some(Allowed { names: ["f", "c"], required: true })"#,
        ),
    ] {
        let request = read(&with(&format!(r#"{tools},"tool_choice":{choice}"#))).unwrap();
        assert_eq!(format!("{:?}", request.tool_choice), told, "{choice}");
        assert!(request.foreign.is_empty(), "{choice}");
    }
}

#[test]
fn case_28_cache_marks_are_read_in_both_vocabularies() {
    assert_snapshot!(told(&of(
        r#"{"role":"system","content":[{"type":"text","text":"long","cache_control":{"type":"ephemeral","ttl":"1h","scope":"global"}}]},
           {"role":"user","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}},
                {"type":"text","text":"b","prompt_cache_breakpoint":{"mode":"explicit","ttl":"30m"}},
                {"type":"text","text":"c","prompt_cache_breakpoint":{"mode":"explicit","ttl":"12h"}}]},
           {"role":"assistant","content":"ok","cache_control":{"type":"ephemeral"},"tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]},
           {"role":"tool","tool_call_id":"a","content":"r","cache_control":{"type":"ephemeral","ttl":"5m"}},
           {"role":"user","content":"last","cache_control":{"type":"ephemeral"}}"#,
        r#","cache_control":{"type":"ephemeral","ttl":"1h"}"#
    )));
}

#[test]
fn case_49_calls_may_stand_in_a_history_without_tools() {
    let request =
        read(&after_calls(r#"{"role":"tool","tool_call_id":"a","content":"1"}"#)).unwrap();
    assert!(request.tools.is_empty() && request.turns.len() == 3);
}

#[test]
fn case_50_old_functions_are_tools() {
    let body = of(
        r#"{"role":"user","content":"go"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
           {"role":"function","name":"f","content":"1"},{"role":"assistant","content":"and","function_call":{"name":"f","arguments":"{}"}},
           {"role":"function","name":"f","content":null}"#,
        r#","functions":[{"name":"f","description":"d","parameters":{"type":"object"}}],"function_call":{"name":"f"}"#,
    );
    assert_snapshot!(told(&body));
    let request = read(&body).unwrap();
    assert!(matches!(request.tools[0].input, ToolInput::Schema(Some(_))));
}

#[test]
fn case_55_thinking_is_read_once_and_with_its_seals() {
    let details = r#""reasoning_details":[
        {"type":"reasoning.text","text":"think","index":0,"format":"anthropic-claude-v1"},
        {"type":"reasoning.text","text":"ing","index":0},
        {"type":"reasoning.text","text":"","signature":"sig ","index":0,"id":"r1"},
        {"type":"reasoning.encrypted","data":"blob","format":"openai-responses-v1","id":"rs_1","index":1},
        {"type":"reasoning.summary","summary":"short","format":"xai-responses-v1","index":2,"extra":1},
        {"type":"reasoning.text","text":"","index":3},
        {"type":"reasoning.dance","steps":[]}]"#;
    let blocks = r#""thinking_blocks":[{"type":"thinking","thinking":"th","signature":"s"},{"type":"redacted_thinking","data":"d"}]"#;
    let sealed = r#""reasoning_details":[{"type":"reasoning.encrypted","data":"blob"}]"#;
    let mut told_of_each = Vec::new();
    for members in [
        format!(r#""reasoning":"thinking","reasoning_content":"thinking",{details}"#),
        r#""reasoning":"same","reasoning_content":"same""#.to_owned(),
        r#""reasoning":"other","reasoning_content":"this","reasoning_text":"""#.to_owned(),
        r#""reasoning_content":"","reasoning":"that","reasoning_details":[]"#.to_owned(),
        format!(r#"{sealed},"reasoning":"visible""#),
        format!(r#"{blocks},"reasoning_content":"th""#),
        r#""content":[{"type":"thinking","thinking":[{"type":"text","text":"m"},{"type":"text","text":"s"}]},{"type":"text","text":"hi"}]"#.to_owned(),
    ] {
        let message = format!(r#"{{"role":"user","content":"go"}},{{"role":"assistant",{members}}}"#);
        told_of_each.push(told(&of(&message, "")));
    }
    assert_snapshot!(told_of_each.join("\n\n"));
}

#[test]
fn how_much_to_think_is_understood_in_every_dialect() {
    let mut told_of_each = Vec::new();
    for members in [
        r#""reasoning_effort":"xhigh""#,
        r#""reasoning_effort":"none""#,
        r#""reasoning_effort":"default""#,
        r#""reasoning_effort":null"#,
        r#""reasoning":{"effort":"low"}"#,
        r#""reasoning":{"max_tokens":2000,"exclude":true}"#,
        r#""reasoning":{"enabled":false}"#,
        r#""reasoning":{"enabled":true,"summary":"auto"}"#,
        r#""reasoning":{"effort":"none"}"#,
        r#""include_reasoning":false"#,
        r#""include_reasoning":true"#,
        r#""thinking":{"type":"enabled","budget_tokens":4096}"#,
        r#""thinking":{"type":"disabled"},"reasoning_effort":"high""#,
        r#""thinking":{"type":"adaptive"},"reasoning_effort":"high""#,
        r#""reasoning":{"effort":"high"},"reasoning_effort":"none""#,
        r#""enable_thinking":true,"thinking_budget":100"#,
        r#""thinking_budget":0"#,
        r#""chat_template_kwargs":{"enable_thinking":false}"#,
    ] {
        let request = read(&with(members)).unwrap();
        assert!(request.foreign.is_empty(), "{members}");
        told_of_each.push(format!("{members}\n  {:?}", request.reasoning));
    }
    assert_snapshot!(told_of_each.join("\n"));
}

#[test]
fn what_members_say_of_thinking_does_not_depend_on_their_order() {
    use routectl_core::Show::{Nothing, Text};
    for (one, other, enabled, show) in [
        (r#""include_reasoning":false"#, r#""reasoning":{"effort":"low"}"#, None, Some(Nothing)),
        (r#""include_reasoning":true"#, r#""reasoning":{"exclude":true}"#, None, Some(Nothing)),
        (r#""include_reasoning":false"#, r#""reasoning":{"exclude":false}"#, None, Some(Text)),
        (
            r#""include_reasoning":true"#,
            r#""reasoning":{"enabled":false}"#,
            Some(false),
            Some(Text),
        ),
        (r#""enable_thinking":true"#, r#""thinking_budget":0"#, Some(false), None),
        (
            r#""enable_thinking":false"#,
            r#""chat_template_kwargs":{"thinking":true}"#,
            Some(false),
            None,
        ),
    ] {
        for members in [format!("{one},{other}"), format!("{other},{one}")] {
            let reasoning = read(&with(&members)).unwrap().reasoning;
            assert_eq!((reasoning.enabled, reasoning.show), (enabled, show), "{members}");
        }
    }
    for inside in [r#""enabled":true,"effort":"none""#, r#""effort":"none","enabled":true"#] {
        let request = read(&with(&format!(r#""reasoning":{{{inside}}}"#))).unwrap();
        assert_eq!(request.reasoning.enabled, Some(false), "{inside}");
    }
}

#[test]
fn case_59_parts_stay_apart() {
    let request = read(&of(
        r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":" b"}]}"#,
        "",
    ));
    assert_eq!(shape(&request.unwrap()), "user(a,  b)");
}

//! Requests that are wrong in themselves: each is refused with its place.

use super::{fate, of, read, with};

/// A user's message, and calls of `f` and `g` behind it.
const CALLED: &str = r#"{"role":"user","content":"go"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;

fn check(body: &str, path: &str, problem: &str) {
    let bad = read(body).map_err(|bad| (bad.path, bad.problem));
    let Err((found, said)) = bad else { panic!("{body} is refused") };
    assert_eq!(found, path, "{body}: {said}");
    assert!(said.contains(problem), "{body}: {said}");
}

#[test]
fn members_of_the_body_must_be_what_they_are_for() {
    for (members, path, problem) in [
        (r#""temperature":2.5"#, "temperature", "expected a number from 0 to 2, found 2.5"),
        (r#""temperature":-0.1"#, "temperature", "from 0 to 2"),
        (r#""temperature":"hot""#, "temperature", "expected a number, found a string"),
        (r#""temperature":1e999"#, "temperature", "too large"),
        (r#""top_p":1.1"#, "top_p", "from 0 to 1"),
        (r#""top_k":-2"#, "top_k", "whole number"),
        (r#""top_k":0.5"#, "top_k", "whole number"),
        (r#""max_tokens":0"#, "max_tokens", "at least 1"),
        (r#""max_tokens":-1"#, "max_tokens", "whole number"),
        (r#""max_completion_tokens":"10""#, "max_completion_tokens", "a number, found a string"),
        (r#""max_tokens":99999999999999999999"#, "max_tokens", "whole number"),
        (r#""n":0"#, "n", "at least 1"),
        (r#""presence_penalty":3"#, "presence_penalty", "from -2 to 2"),
        (r#""frequency_penalty":-2.1"#, "frequency_penalty", "from -2 to 2"),
        (r#""stop":7"#, "stop", "a string or a list of strings, found a number"),
        (r#""stop":["a",7]"#, "stop[1]", "expected a string, found a number"),
        (r#""stream":"yes""#, "stream", "true or false"),
        (r#""stream_options":true"#, "stream_options", "an object"),
        (r#""stream_options":{"include_usage":1}"#, "stream_options.include_usage", "true or"),
        (r#""response_format":"json""#, "response_format", "an object, found a string"),
        (r#""response_format":{}"#, "response_format.type", "missing"),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"schema":"x"}}"#,
            "response_format.json_schema.schema",
            "an object, found a string",
        ),
        (r#""reasoning_effort":"huge""#, "reasoning_effort", r#"unknown value "huge"; expected"#),
        (r#""reasoning":{"effort":3}"#, "reasoning.effort", "a string"),
        (r#""reasoning":{"max_tokens":-3}"#, "reasoning.max_tokens", "whole number"),
        (r#""thinking":true"#, "thinking", "an object"),
        (r#""thinking":{"type":"often"}"#, "thinking.type", "expected one of"),
        (r#""logprobs":1"#, "logprobs", "true or false"),
        (r#""logit_bias":[]"#, "logit_bias", "an object"),
        (r#""modalities":"audio""#, "modalities", "a list"),
        (r#""user":7"#, "user", "a string"),
        (r#""service_tier":1"#, "service_tier", "a string"),
        (r#""cache_control":{"type":"eternal"}"#, "cache_control.type", r#""ephemeral""#),
        (r#""cache_control":{"type":"ephemeral","ttl":"1y"}"#, "cache_control.ttl", r#""1h""#),
    ] {
        check(&with(members), path, problem);
    }
    check(r#"{"messages":[{"role":"user","content":"hi"}]}"#, "model", "required and missing");
    check(r#"{"model":7,"messages":[]}"#, "model", "a string");
    check(r#"{"model":"m","messages":[],"x":[tru]}"#, "", "not valid JSON at byte");
}

#[test]
fn tools_and_choices_must_fit_each_other() {
    let tools = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;
    for (members, path, problem) in [
        (r#""tools":{}"#, "tools", "a list"),
        (r#""tools":["f"]"#, "tools[0]", "an object, found a string"),
        (r#""tools":[{"type":"function"}]"#, "tools[0].function", "missing"),
        (r#""tools":[{"type":"function","function":{}}]"#, "tools[0].function.name", "missing"),
        (
            r#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#,
            "tools[0].function.parameters",
            "an object, found a list",
        ),
        (
            r#""tools":[{"type":"custom","custom":{"name":"f","format":{"type":"regex"}}}]"#,
            "tools[0].custom.format.type",
            r#"expected one of "text", "grammar""#,
        ),
        (r#""functions":[{"description":"d"}]"#, "functions[0].name", "missing"),
        (r#""tool_choice":"maybe""#, "tool_choice", "expected one of"),
        (r#""tool_choice":7"#, "tool_choice", "an object, found a number"),
        (r#""tool_choice":{"type":"function"}"#, "tool_choice.function", "missing"),
        (
            r#""tool_choice":{"type":"function","function":{"name":"f"}}"#,
            "tool_choice",
            r#"names the tool "f", which the request does not offer"#,
        ),
        (
            &format!(r#"{tools},"tool_choice":{{"type":"function","function":{{"name":"g"}}}}"#),
            "tool_choice",
            r#"names the tool "g""#,
        ),
        (
            &format!(
                r#"{tools},"tool_choice":{{"type":"allowed_tools","allowed_tools":{{"mode":"auto","tools":[{{"function":{{"name":"f"}}}},{{"function":{{"name":"h"}}}}]}}}}"#
            ),
            "tool_choice",
            r#"names the tool "h""#,
        ),
        (
            &format!(
                r#"{tools},"tool_choice":{{"type":"allowed_tools","allowed_tools":{{"mode":"any"}}}}"#
            ),
            "tool_choice.allowed_tools.mode",
            "expected one of",
        ),
        (r#""function_call":{"name":"f"}"#, "function_call", "names the tool"),
        (
            r#""tools":[{"function":{"name":"f"}},{"type":"custom","custom":{"name":"f"}}]"#,
            "tools[1]",
            r#"an earlier tool has the name "f" too"#,
        ),
        (r#""parallel_tool_calls":"no""#, "parallel_tool_calls", "true or false"),
    ] {
        check(&with(members), path, problem);
    }
}

#[test]
fn messages_must_be_what_their_role_says() {
    for (messages, path, problem) in [
        (r#""hi""#, "messages[0]", "an object, found a string"),
        (r#"{"content":"hi"}"#, "messages[0].role", "missing"),
        (r#"{"role":"robot","content":"hi"}"#, "messages[0].role", r#"unknown value "robot""#),
        (r#"{"role":7,"content":"hi"}"#, "messages[0].role", "a string"),
        (r#"{"role":"user"}"#, "messages[0].content", "missing"),
        (r#"{"role":"user","content":null}"#, "messages[0].content", "missing"),
        (r#"{"role":"user","content":{"type":"text"}}"#, "messages[0].content", "a list of parts"),
        (r#"{"role":"user","content":["hi"]}"#, "messages[0].content[0]", "an object"),
        (r#"{"role":"user","content":[{}]}"#, "messages[0].content[0].type", "missing"),
        (
            r#"{"role":"user","content":[{"type":"text"}]}"#,
            "messages[0].content[0].text",
            "missing",
        ),
        (
            r#"{"role":"user","content":[{"type":"text","text":["a"]}]}"#,
            "messages[0].content[0].text",
            "a string, found a list",
        ),
        (
            r#"{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}"#,
            "messages[0].content[0].type",
            r#"expected one of "text""#,
        ),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{}}]}"#,
            "messages[0].content[0].image_url.url",
            "missing",
        ),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/x"}}]}"#,
            "messages[0].content[0].image_url.url",
            "expected an https URL or a data URL",
        ),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,?"}}]}"#,
            "messages[0].content[0].image_url.url",
            "not base64",
        ),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/plain,hi"}}]}"#,
            "messages[0].content[0].image_url.url",
            "expected an image, found text/plain",
        ),
        (
            r#"{"role":"user","content":[{"type":"file","file":{"filename":"x"}}]}"#,
            "messages[0].content[0].file.file_data",
            "missing",
        ),
        (
            r#"{"role":"user","content":[{"type":"file","file":{"file_data":"hello"}}]}"#,
            "messages[0].content[0].file.file_data",
            "expected a data URL",
        ),
    ] {
        check(&of(messages, ""), path, problem);
    }
}

#[test]
fn calls_and_results_must_belong_together() {
    for (messages, path, problem) in [
        (
            r#"{"role":"tool","tool_call_id":"x","content":"1"}"#.to_owned(),
            "messages[0].tool_call_id",
            "no earlier tool call waits",
        ),
        (
            format!(r#"{CALLED},{{"role":"tool","tool_call_id":"b","content":"1"}}"#),
            "messages[2].tool_call_id",
            r#"of the id "b""#,
        ),
        (
            format!(
                r#"{CALLED},{{"role":"tool","tool_call_id":"a","content":"1"}},{{"role":"tool","tool_call_id":"a","content":"2"}}"#
            ),
            "messages[3].tool_call_id",
            "no earlier tool call waits",
        ),
        (
            format!(r#"{CALLED},{{"role":"tool","content":"1"}}"#),
            "messages[2].tool_call_id",
            "missing",
        ),
        (
            format!(r#"{CALLED},{{"role":"function","content":"1"}}"#),
            "messages[2].name",
            "missing",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a"}]}"#.to_owned(),
            "messages[0].tool_calls[0].function",
            "missing",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}"#.to_owned(),
            "messages[0].tool_calls[0].id",
            "missing",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"arguments":"{}"}}]}"#
                .to_owned(),
            "messages[0].tool_calls[0].function.name",
            "missing",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":[]}}]}"#
                .to_owned(),
            "messages[0].tool_calls[0].function.arguments",
            "a string, found a list",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","type":"magic","function":{}}]}"#
                .to_owned(),
            "messages[0].tool_calls[0].type",
            "unknown value",
        ),
        (
            r#"{"role":"assistant","reasoning_details":[{"text":"x"}]}"#.to_owned(),
            "messages[0].reasoning_details[0].type",
            "missing",
        ),
    ] {
        check(&of(&messages, ""), path, problem);
    }
}

#[test]
fn someone_must_say_something() {
    for (messages, path, problem) in [
        ("", "messages", "expected a message of the user"),
        (r#"{"role":"system","content":"x"}"#, "messages", "expected a message of the user"),
        (r#"{"role":"user","content":""}"#, "messages[0].content", "says nothing"),
        (
            r#"{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"text","text":" \n"}]}"#,
            "messages[2].content",
            "says nothing",
        ),
    ] {
        check(&of(messages, ""), path, problem);
    }
    check(r#"{"model":"m"}"#, "messages", "required and missing");
    check(r#"{"model":"m","messages":"hi"}"#, "messages", "a list, found a string");
}

#[test]
fn what_is_too_much_is_refused_before_it_is_read() {
    let blocks = vec![r#"{"type":"text","text":"x"}"#; 10_000].join(",");
    let message = format!(r#"{{"role":"user","content":[{blocks}]}}"#);
    check(&of(&message, ""), "messages[0].content", "has 10000 elements; at most 4096 are read");
    let tools = vec![r#"{"function":{"name":"f"}}"#; 10_000].join(",");
    check(&with(&format!(r#""tools":[{tools}]"#)), "tools", "10000 elements");
    let deep = format!(r#""x":{}{}"#, "[".repeat(200), "]".repeat(200));
    check(&with(&deep), "", "expected less nesting");
}

#[test]
fn huge_numbers_keep_their_spelling_where_they_mean_nothing_to_us() {
    let huge = "9".repeat(400);
    let request = read(&with(&format!(r#""seed":{huge},"x":[1e999,-{huge}.5]"#))).unwrap();
    assert_eq!(request.foreign[0].json, huge);
    assert_eq!(request.foreign[1].json, format!("[1e999,-{huge}.5]"));
    assert!(fate("seed", request.foreign[0].if_lost).contains("dropped"));
}

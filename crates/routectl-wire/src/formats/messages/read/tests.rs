//! What a client of the Messages API means, in the hub's words.

mod bad;
mod blocks;
mod members;
mod recorded;

use std::fmt::Write as _;

use bytes::Bytes;
use routectl_core::{Block, Content, Effort, IfLost, Request, Source, Tool, ToolInput};

use crate::{BadRequest, Document, MESSAGES};

/// A request as it is read.
fn read(body: &str) -> Result<Request, BadRequest> {
    MESSAGES.read(&Document::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap())
}

/// A whole request with these members besides the required ones.
fn with(members: &str) -> String {
    format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}],{members}}}"#
    )
}

/// A request of these messages.
fn messages(messages: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{messages}]}}"#)
}

/// What cannot be said elsewhere, one a line: `path told|degraded|refused reason`.
fn foreign(request: &Request) -> String {
    let mut lines = String::new();
    for member in &request.foreign {
        let (fate, reason) = match member.if_lost {
            IfLost::Told(reason) => ("told", reason),
            IfLost::Degraded(reason) => ("degraded", reason),
            IfLost::Refused(reason) => ("refused", reason),
        };
        writeln!(lines, "{} {fate}: {reason}", member.path).unwrap();
    }
    lines
}

/// The conversation, one block a line.
fn conversation(request: &Request) -> String {
    let mut lines = String::new();
    for block in &request.system {
        writeln!(lines, "above {}", said(block)).unwrap();
    }
    for turn in &request.turns {
        writeln!(lines, "{:?} {}", turn.role, turn.place).unwrap();
        for block in &turn.blocks {
            writeln!(lines, "  {}", said(block)).unwrap();
        }
    }
    lines
}

fn said(block: &Block) -> String {
    let within = |blocks: &[Block]| blocks.iter().map(said).collect::<Vec<_>>().join(", ");
    let source = |source: &Source| match source {
        Source::Base64 { media_type, bytes } => format!("{media_type} {}", short(bytes)),
        Source::Url(url) => format!("at {url}"),
        Source::File(id) => format!("file {id}"),
        Source::Text(text) => format!("of {}", short(text)),
        Source::Blocks(blocks) => format!("of [{}]", within(blocks)),
    };
    let mut said = match &block.content {
        Content::Text(text) => format!("text {}", short(text)),
        Content::Refusal(text) => format!("refusal {}", short(text)),
        Content::Image(image) => format!("image {}", source(image)),
        Content::Document { source: document, title, about } => {
            format!("document {} title {title:?} about {about:?}", source(document))
        }
        Content::Reasoning(reasoning) => {
            let seal = reasoning.seal.as_ref();
            let seal =
                seal.map(|seal| format!("{:?} of {}: {}", seal.kind, seal.family, seal.blob));
            format!("thinking {} {seal:?} {:?}", short(&reasoning.text), reasoning.id)
        }
        Content::ToolCall(call) => {
            format!("call {} {} {}", call.id, call.name, short(&call.arguments))
        }
        Content::ToolResult(result) => {
            let failed = if result.failed { " failed" } else { "" };
            format!("result{failed} {} [{}]", result.call, within(&result.blocks))
        }
        Content::Opaque { opaque, if_lost } => format!("opaque {} {if_lost:?}", opaque.name),
    };
    if let Some(mark) = block.cache {
        write!(said, " cached {:?}", mark.ttl).unwrap();
    }
    format!("{said} @{}", block.place)
}

fn tools(tools: &[Tool]) -> String {
    let tool = |tool: &Tool| {
        let input = match &tool.input {
            ToolInput::Schema(schema) => schema.as_deref().map_or_else(|| "none".into(), short),
            ToolInput::Text { .. } => "text".to_owned(),
        };
        let cache = if tool.cache.is_some() { " cached" } else { "" };
        format!("{} {input} strict {:?}{cache} @{}\n", tool.name, tool.strict, tool.place)
    };
    tools.iter().map(tool).collect()
}

/// All of a request.
fn summary(request: &Request) -> String {
    let mut lines = String::new();
    let Request { model, max_tokens, sampling, stops, reasoning, .. } = request;
    writeln!(lines, "{model} max {max_tokens:?} stops {stops:?}").unwrap();
    writeln!(lines, "{sampling:?}\n{reasoning:?}\n{:?}", request.wishes).unwrap();
    let Request { user, tier, cache, output, .. } = request;
    let user = user.as_deref().map(short);
    writeln!(lines, "user {user:?} tier {tier:?} cache {cache:?}\noutput {output:?}").unwrap();
    let choice = (&request.tool_choice, request.parallel_calls);
    writeln!(lines, "choice {choice:?}\n{}", tools(&request.tools)).unwrap();
    writeln!(lines, "{}\n{}", conversation(request), foreign(request)).unwrap();
    lines
}

/// Short texts as they are, long ones by their beginning and length.
fn short(text: &str) -> String {
    let beginning: String = text.chars().take(60).collect();
    if beginning == text {
        format!("{text:?}")
    } else {
        format!("{beginning:?}+{}", text.len() - beginning.len())
    }
}

#[test]
fn what_the_hub_has_words_for_is_read() {
    let body = with(
        r#""system":"be brief","stop_sequences":["END","\n\nHuman:"],"stream":true,"temperature":1,
        "top_p":0.95,"top_k":5,"metadata":{"user_id":"u1"},"service_tier":"standard_only",
        "cache_control":{"type":"ephemeral","ttl":"1h"},"speed":"standard","container":null,
        "thinking":{"type":"enabled","budget_tokens":2e3,"display":"summarized"},
        "output_config":{"effort":"xhigh","format":{"type":"json_schema","schema":{"type":"object", "x":1.0}}},
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"type":"custom",
        "cache_control":{"type":"ephemeral"},"defer_loading":false,"allowed_callers":["direct"]}],
        "tool_choice":{"type":"any","disable_parallel_tool_use":true}"#,
    );
    let summary = summary(&read(&body).unwrap());
    insta::assert_snapshot!(summary);
}

#[test]
fn thinking_and_effort_say_how_much_to_think() {
    for (members, expected) in [
        (r#""thinking":{"type":"adaptive"}"#, "Some(true) None None None"),
        (r#""thinking":{"type":"disabled"}"#, "Some(false) None None None"),
        (
            r#""thinking":{"type":"enabled","budget_tokens":1024}"#,
            "Some(true) None Some(1024) None",
        ),
        (r#""thinking":{"type":"between_tools"}"#, "Some(true) Some(Low) None None"),
        (
            r#""output_config":{"effort":"high"},"thinking":{"type":"between_tools"}"#,
            "Some(true) Some(High) None None",
        ),
        (
            r#""thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"max"}"#,
            "Some(true) Some(Max) None Some(Nothing)",
        ),
        (r#""thinking":{"type":"adaptive","display":"updates"}"#, "Some(true) None None None"),
        (r#""output_config":{"effort":"medium"}"#, "None Some(Medium) None None"),
        (r#""thinking":null,"output_config":{}"#, "None None None None"),
    ] {
        let asked = read(&with(members)).unwrap().reasoning;
        let found =
            format!("{:?} {:?} {:?} {:?}", asked.enabled, asked.effort, asked.budget, asked.show);
        assert_eq!(found, expected, "{members}");
    }
}

#[test]
fn a_loss_will_name_the_member_that_the_client_wrote() {
    for (members, reasoning, output) in [
        (r#""thinking":{"type":"adaptive"}"#, "thinking", "output_format"),
        (r#""thinking":{"type":"between_tools"}"#, "thinking", "output_format"),
        (
            r#""thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"max"}"#,
            "thinking",
            "output_format",
        ),
        (
            r#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#,
            "output_config.effort",
            "output_format",
        ),
        (
            r#""output_config":{"effort":"low","format":{"type":"json_schema","schema":{}}}"#,
            "output_config.effort",
            "output_config.format",
        ),
        (r#""output_format":{"type":"json_schema","schema":{}}"#, "thinking", "output_format"),
    ] {
        let names = read(&with(members)).unwrap().names;
        assert_eq!((names.reasoning, names.output), (reasoning, output), "{members}");
    }
}

#[test]
fn the_newer_of_two_formats_counts() {
    let schema = |schema: &str| format!(r#"{{"type":"json_schema","schema":{schema}}}"#);
    let both = |old: &str, new: &str| {
        let (old, new) = (schema(old), schema(new));
        [
            format!(r#""output_format":{old},"output_config":{{"format":{new}}}"#),
            format!(r#""output_config":{{"format":{new}}},"output_format":{old}"#),
        ]
    };
    for members in both("{\"a\":1}", "{\"b\":2}") {
        let request = read(&with(&members)).unwrap();
        assert!(format!("{:?}", request.output).contains(r#"{\"b\":2}"#), "{members}");
        assert_eq!(
            foreign(&request),
            "output_format told: output_config.format asks for something else\n"
        );
    }
    for members in both("{\"a\":1}", "{\"a\":1}") {
        assert_eq!(foreign(&read(&with(&members)).unwrap()), "", "{members}");
    }
}

#[test]
fn a_choice_without_tools_means_nothing() {
    for choice in ["auto", "none"] {
        let members = format!(
            r#""tools":[],"tool_choice":{{"type":"{choice}","disable_parallel_tool_use":true}}"#
        );
        let request = read(&with(&members)).unwrap();
        assert_eq!((request.tool_choice, request.parallel_calls), (None, None), "{choice}");
    }
}

#[test]
fn a_doubled_member_counts_once_and_last() {
    let body = r#"{"model":"a","model":"b","max_tokens":1,"x":1,"x":2,
        "messages":[{"role":"user","content":"no"}],"messages":[{"role":"user","content":"yes"}]}"#;
    let request = read(body).unwrap();
    assert_eq!(request.model, "b");
    assert_eq!(conversation(&request), "User messages[0]\n  text \"yes\" @messages[0].content\n");
    assert_eq!(request.foreign.len(), 1);
    assert_eq!(request.foreign[0].json, "2");
}

#[test]
fn what_only_claude_knows_is_told_or_refused_in_the_order_of_the_body() {
    let body = with(
        r#""inference_geo":"us","context_management":{"edits":[{"type":"clear_tool_uses_20250919"}]},
        "mcp_servers":[{"type":"url"}],"container":"c","compaction":{"type":"summarize"},
        "fallbacks":"default","diagnostics":{"previous_message_id":null},"billing_policy":{"bill_to":"self"},
        "fallback_credit_token":"t","speed":"fast","cache_control":{"type":"ephemeral","scope":"global","x":1},
        "thinking":{"type":"between_tools","block_binding":{},"budget_tokens":5},
        "output_config":{"task_budget":{"total":20000},"format":{"type":"json_schema","schema":{},"name":"n"}},
        "metadata":{"user_id":"u","trace":"t"},"betas":["b"],
        "tools":[{"name":"f","input_schema":{},"eager_input_streaming":true,"defer_loading":true,
        "allowed_callers":["direct","code_execution_20260120"],"input_examples":[{}],"colour":"red"}],
        "tool_choice":{"type":"auto","name":"f"}"#,
    );
    let foreign = foreign(&read(&body).unwrap());
    insta::assert_snapshot!(foreign);
}

#[test]
fn values_that_mean_nothing_are_no_losses() {
    let body = with(
        r#""mcp_servers":[],"fallbacks":[],"context_management":{"edits":[]},"tools":[],"stop_sequences":[],
        "speed":"standard","service_tier":null,"unknown":null,"metadata":{"user_id":null},"thread":null"#,
    );
    assert_eq!(foreign(&read(&body).unwrap()), "");
}

#[test]
fn a_thread_begins_and_does_not_go_on() {
    let begun = read(&with(r#""thread":{"type":"create"}"#)).unwrap();
    assert!(foreign(&begun).starts_with("thread told: "));
    // Its calls stand in messages that are not here: the thread is what is wrong, not the result.
    let going_on = r#"{"model":"m","max_tokens":9,"thread":{"type":"continue","previous_message_id":"x"},
        "messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"4"}]}]}"#;
    let going_on = read(going_on).unwrap();
    assert_eq!(going_on.foreign[0].if_lost, IfLost::Refused(super::CONTINUED_THREAD));
    assert!(super::CONTINUED_THREAD.starts_with("thread_unsupported_request:"));
}

#[test]
fn a_request_that_only_fills_the_cache_is_refused() {
    let request =
        read(r#"{"model":"m","max_tokens":0,"messages":[{"role":"user","content":"x"}]}"#);
    assert_eq!(
        foreign(&request.unwrap()),
        "max_tokens refused: only Claude's hosts fill a cache without answering\n"
    );
}

#[test]
fn tools_of_the_vendor_are_refused_by_family_and_may_be_chosen() {
    let types = [
        "web_search_20260318",
        "web_fetch_20250910",
        "code_execution_20260521",
        "tool_search_tool_bm25_20251119",
        "advisor_20260301",
        "mcp_toolset",
        "bash_20250124",
        "text_editor_20250728",
        "memory_20250818",
        "computer_20251124",
        "computer_toolset_20260801",
        "browser_toolset_20260801",
        "novelty_20270101",
    ];
    let tools = types.map(|kind| format!(r#"{{"type":"{kind}","name":"x"}}"#)).join(",");
    let request =
        read(&with(&format!(r#""tools":[{tools}],"tool_choice":{{"type":"tool","name":"x"}}"#)));
    let foreign = foreign(&request.unwrap());
    insta::assert_snapshot!(foreign);
}

#[test]
fn the_last_effort_of_the_conversation_counts() {
    for (top, later, effort) in [
        (r#""output_config":{"effort":"low"},"#, r#"{"effort":"max"}"#, Effort::Max),
        ("", r#"{"effort":"high"}"#, Effort::High),
        ("", r#"{"effort":null}"#, Effort::Medium),
        (r#""thinking":{"type":"between_tools"},"#, "null", Effort::Medium),
    ] {
        let body = format!(
            r#"{{"model":"m",{top}"max_tokens":9,"messages":[{{"role":"user","content":"x"}},
            {{"role":"system","output_config":{{"effort":"medium"}}}},
            {{"role":"user","content":"y"}},{{"role":"system","content":[],"output_config":{later}}}]}}"#
        );
        let request = read(&body).unwrap();
        assert_eq!(request.reasoning.effort, Some(effort), "{body}");
        assert_eq!(request.turns.len(), 2);
        assert!(!foreign(&request).contains("output_config"));
    }
}

#[test]
fn a_deferred_tool_is_offered_once_it_is_found_called_or_forced() {
    let body = |history: &str, choice: &str| {
        format!(
            r#"{{"model":"m","max_tokens":9,{choice}"tools":[{{"name":"search","input_schema":{{}}}},
            {{"name":"fetch","input_schema":{{}},"defer_loading":true}},
            {{"name":"placeholder","input_schema":{{}},"defer_loading":true}}],
            "messages":[{{"role":"user","content":"x"}}{history}]}}"#
        )
    };
    let find = r#",{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"search","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference","tool_name":"fetch"}]}]}"#;
    let call = r#",{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"fetch","input":{}}]}"#;
    let force = r#""tool_choice":{"type":"tool","name":"fetch"},"#;
    for (history, choice, offered) in [
        ("", "", vec!["search"]),
        (find, "", vec!["search", "fetch"]),
        (call, "", vec!["search", "fetch"]),
        ("", force, vec!["search", "fetch"]),
    ] {
        let request = read(&body(history, choice)).unwrap();
        let names: Vec<_> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, offered, "{history}{choice}");
        let told = foreign(&request).matches("not offered before").count();
        assert_eq!(told + offered.len(), 3, "{history}{choice}");
    }
    let found = read(&body(find, "")).unwrap();
    assert!(conversation(&found).contains("text \"The tool fetch is loaded.\""));
}

#[test]
fn an_edit_that_keeps_all_thinking_is_no_loss() {
    let keep = r#"{"type":"clear_thinking_20251015","keep":"all"}"#;
    for (management, lost) in [
        (format!(r#"{{"edits":[{keep}]}}"#), false),
        (r#"{"edits":[{"type":"clear_thinking_20251015"}]}"#.to_owned(), true),
        (format!(r#"{{"edits":[{keep},{{"type":"clear_tool_uses_20250919"}}]}}"#), true),
        (format!(r#"{{"edits":[{keep}],"novelty":1}}"#), true),
        (r#"{"edits":"all"}"#.to_owned(), true),
    ] {
        let request = read(&with(&format!(r#""context_management":{management}"#))).unwrap();
        assert_eq!(!request.foreign.is_empty(), lost, "{management}");
    }
}

#[test]
fn a_thought_that_only_kept_its_place_is_lost_and_one_without_words_is_not() {
    let answer = |thinking: &str| {
        let call = r#"{"type":"tool_use","id":"a","name":"f","input":{}}"#;
        let result = r#"{"type":"tool_result","tool_use_id":"a","content":"1"}"#;
        messages(&format!(
            r#"{{"role":"user","content":"go"}},{{"role":"assistant","content":[{thinking},{call}]}},{{"role":"user","content":[{result}]}}"#
        ))
    };
    for (thinking, thoughts) in [
        (r#"{"type":"thinking","thinking":"","signature":"rctl1.text.chat.0a"}"#, 0),
        (r#"{"type":"thinking","thinking":"hm","signature":"rctl1.text.chat.0a"}"#, 1),
        (r#"{"type":"thinking","thinking":""}"#, 1),
        (r#"{"type":"thinking","thinking":"","signature":"EoAB"}"#, 1),
    ] {
        let request = read(&answer(thinking)).unwrap();
        let blocks = request.turns[1].blocks.iter();
        let read = blocks.filter(|it| matches!(it.content, Content::Reasoning(_))).count();
        assert_eq!(read, thoughts, "{thinking}");
    }
}

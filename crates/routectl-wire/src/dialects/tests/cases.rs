//! The hard cases of the facts that a dialect settles.

use routectl_core::Effort;

use super::*;

fn claude_turn(thinking: &str) -> String {
    format!(
        r#"{{"model":"m","max_tokens":64,"tools":[{{"name":"f","input_schema":{{"type":"object"}}}}],
        "messages":[{{"role":"user","content":"go"}},
        {{"role":"assistant","content":[{thinking}{{"type":"tool_use","id":"a","name":"f","input":{{}}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"a","content":"1"}}]}}]}}"#
    )
}

/// What the assistant's turn says of thinking.
fn thinking(body: &Value) -> Value {
    body["messages"][1].get("reasoning_content").cloned().unwrap_or(Value::Null)
}

#[test]
fn case_3_a_turn_that_lost_its_thinking_says_what_its_host_demands() {
    let lost = claude_turn("");
    let (body, losses) = translated(&lost, &spoken("deepseek", "deepseek-v4"));
    assert_eq!((thinking(&body), losses), ("".into(), vec![]));
    let (body, losses) = translated(&lost, &spoken("deepseek", "deepseek-r1"));
    assert_eq!((thinking(&body), losses), (Value::Null, vec![]));
    let (body, losses) = translated(&lost, &spoken("kimi", "kimi-k2.5"));
    assert_eq!(thinking(&body), "I will call the tool.");
    assert!(losses[0].starts_with("emulated messages[1]: "), "{losses:?}");
    let chat = r#"{"model":"m","tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"}]}"#;
    let (body, losses) = native(chat, &spoken("deepseek", "deepseek-v4"));
    assert_eq!(body, chat.replace(r#""{}"}}]}"#, r#""{}"}}],"reasoning_content":""}"#));
    assert_eq!(losses, Vec::<String>::new());
    let (body, losses) = native(chat, &spoken("kimi", "kimi-k2.5"));
    assert!(body.contains(r#""reasoning_content":"I will call the tool.""#), "{body}");
    assert_eq!(losses.len(), 1);
}

#[test]
fn case_4_gemini_behind_openrouter_hears_its_own_word_for_a_signature_that_nobody_gave() {
    let abilities = spoken("openrouter", "google/gemini-3-pro");
    let word = r#"[{"type":"reasoning.encrypted","data":"skip_thought_signature_validator","id":"a","format":"google-gemini-v1","index":0}]"#;
    let (body, losses) = translated(&claude_turn(""), &abilities);
    assert_eq!(body["messages"][1]["reasoning_details"].to_string(), sorted(word));
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert!(losses[0].starts_with("emulated messages[1]: "), "{losses:?}");
    let chat = |details: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"assistant","content":null{details},"tool_calls":[{{"id":"a"}},{{"id":"b"}}]}}]}}"#
        )
    };
    let told = r#"{"id":"b"}],"reasoning_details":"#;
    for (sent, wanted, lost) in [
        (chat(""), chat("").replace(r#"{"id":"b"}]"#, &format!("{told}{word}")), 1),
        (chat(r#","reasoning_details":[]"#), chat(&format!(r#","reasoning_details":{word}"#)), 1),
        (
            chat(&format!(r#","reasoning_details":{word}"#)),
            chat(&format!(r#","reasoning_details":{word}"#)),
            0,
        ),
    ] {
        let (got, losses) = native(&sent, &abilities);
        assert_eq!((got, losses.len()), (wanted, lost), "{sent}");
    }
    let (got, losses) = native(&chat(""), &spoken("openrouter", "google/gemini-2.5-pro"));
    assert_eq!((got, losses), (chat(""), vec![]));
}

/// Raw JSON as a value prints it.
fn sorted(raw: &str) -> String {
    serde_json::from_str::<Value>(raw).unwrap().to_string()
}

#[test]
fn case_8_a_wish_that_cannot_be_is_brought_to_what_can() {
    let ask = |wish: &str, limit: u64| {
        format!(
            r#"{{"model":"m","max_tokens":{limit},"messages":[{{"role":"user","content":"hi"}}]{wish}}}"#
        )
    };
    // None on a model that always thinks.
    let off = r#","thinking":{"type":"disabled"}"#;
    for (dialect, upstream, said) in [
        ("openai", "gpt-5", "low"),
        ("zai", "glm-5.3", "low"),
        ("xai", "grok-4.5", "low"),
        ("gemini", "gemini-3-pro", "low"),
    ] {
        let (body, losses) = translated(&ask(off, 9_000), &spoken(dialect, upstream));
        assert_eq!(body["reasoning_effort"], said, "{upstream}");
        assert!(losses[0].starts_with("clamped thinking: "), "{losses:?}");
    }
    // The most on a model that knows less.
    let max = r#","output_config":{"effort":"max"}"#;
    let (body, losses) = translated(&ask(max, 9_000), &spoken("vllm", "qwen3-8b"));
    assert_eq!(body["reasoning_effort"], "high");
    assert_eq!(losses.len(), 1, "{losses:?}");
    // A budget that the limit has no room for: nothing is raised, thinking is off.
    let budget = r#","thinking":{"type":"enabled","budget_tokens":500}"#;
    let chat = ask(budget, 64);
    for (dialect, upstream, said) in [
        ("qwen", "qwen-plus", r#","enable_thinking":false}"#),
        ("openrouter", "z-ai/glm-5", r#","reasoning":{"enabled":false}}"#),
    ] {
        let (body, losses) = native(&chat, &spoken(dialect, upstream));
        assert!(body.ends_with(said), "{body}");
        assert!(body.contains("\"max_tokens\":64"), "{body}");
        let reason = "dropped thinking: thinking does not fit into the limit of tokens";
        assert_eq!(losses, [reason], "{dialect}");
    }
}

#[test]
fn case_8_a_clients_own_word_is_changed_only_where_the_host_refuses_it() {
    let ask = |word: &str| format!(r#"{{"model":"m","messages":[],"reasoning_effort":"{word}"}}"#);
    let kwargs = |word: &str| {
        let word = format!(r#"{{"reasoning_effort":"{word}","x":1}}"#);
        format!(r#"{{"model":"m","messages":[],"chat_template_kwargs":{word}}}"#)
    };
    let clamped = "clamped reasoning_effort: the model has no such effort".to_owned();
    // Words that a host refuses become those that it takes. (facts: reasoning, section 2)
    for (dialect, upstream, given) in [
        ("xai", "grok-4.5", "high"),
        ("mistral", "mistral-small-latest", "high"),
        ("groq", "openai/gpt-oss-120b", "high"),
        ("gemini", "gemini-2.5-pro", "high"),
        ("zai", "glm-5.3", "high"),
    ] {
        let told = native(&ask("xhigh"), &spoken(dialect, upstream));
        assert_eq!(told, (ask(given), vec![clamped.clone()]), "{dialect}");
    }
    // What a host makes something of, and what no one knows the bounds of, stays.
    for (dialect, upstream) in
        [("zai", "glm-5.2"), ("deepseek", "deepseek-v4"), ("openai", "gpt-6")]
    {
        let told = native(&ask("medium"), &spoken(dialect, upstream));
        assert_eq!(told.1, Vec::<String>::new(), "{dialect}");
        assert!(told.0.contains(r#""reasoning_effort":"medium""#), "{dialect}: {}", told.0);
    }
    let template = spoken("llamacpp", "gpt-oss-20b");
    assert_eq!(native(&kwargs("xhigh"), &template), (kwargs("xhigh"), vec![]));
    // The operator knows better, in both directions.
    let named = |dialect, upstream, efforts: &[Effort]| {
        let efforts = efforts.to_vec();
        Abilities { efforts, efforts_named: true, ..spoken(dialect, upstream) }
    };
    let newer = named("xai", "grok-4.5", &[Effort::Low, Effort::Xhigh]);
    assert_eq!(native(&ask("xhigh"), &newer), (ask("xhigh"), vec![]));
    let older = named("llamacpp", "gpt-oss-20b", &[Effort::Low]);
    assert_eq!(native(&kwargs("xhigh"), &older).0, kwargs("low"));
}

#[test]
fn case_10_groq_is_never_asked_for_raw_thinking() {
    let ask = |wish: &str| {
        format!(
            r#"{{"model":"m","tools":[{{"type":"function","function":{{"name":"f"}}}}],"messages":[]{wish}}}"#
        )
    };
    let qwen = spoken("groq", "qwen/qwen3-32b");
    let (body, _) = native(&ask(""), &qwen);
    assert_eq!(body, ask(r#","reasoning_format":"parsed""#));
    for own in [r#","reasoning_format":"hidden""#, r#","include_reasoning":false"#] {
        assert_eq!(native(&ask(own), &qwen).0, ask(own));
    }
    let (body, _) = native(&ask(r#","reasoning":{"effort":"high","exclude":true}"#), &qwen);
    let expected = r#","reasoning_effort":"default","reasoning_format":"hidden""#;
    assert_eq!(body, ask(expected));
    // The other family refuses that member, and has one of its own.
    let oss = spoken("groq", "openai/gpt-oss-120b");
    let (body, losses) = native(&ask(r#","reasoning":{"effort":"low","exclude":true}"#), &oss);
    assert_eq!(body, ask(r#","reasoning_effort":"low","include_reasoning":false"#));
    assert_eq!(losses, Vec::<String>::new());
    assert_eq!(native(&ask(""), &oss).0, ask(""));
}

#[test]
fn case_11_mistral_hears_its_thinking_as_a_part_of_the_content() {
    let abilities = spoken("mistral", "magistral-medium");
    let chat = r#"{"model":"m","messages":[{"role":"assistant","content":"So.","reasoning_content":"hm"},{"role":"assistant","content":[{"type":"text","text":"a"}],"reasoning":"ha"},{"role":"assistant","content":null,"reasoning":"ho"}]}"#;
    let (body, losses) = native(chat, &abilities);
    let part = |thought: &str| {
        format!(r#"{{"type":"thinking","thinking":[{{"type":"text","text":"{thought}"}}]}}"#)
    };
    assert_eq!(
        body,
        format!(
            r#"{{"model":"m","messages":[{{"role":"assistant","content":[{},{{"type":"text","text":"So."}}]}},{{"role":"assistant","content":[{},{{"type":"text","text":"a"}}]}},{{"role":"assistant","content":[{}]}}]}}"#,
            part("hm"),
            part("ha"),
            part("ho"),
        )
    );
    assert_eq!(losses, Vec::<String>::new());
    let thought = r#"{"type":"thinking","thinking":"hm","signature":"rctl1.text.x.00"},{"type":"text","text":"I look."},"#;
    let (body, _) = translated(&claude_turn(thought), &abilities);
    let content = &body["messages"][1]["content"];
    assert_eq!(content[0]["thinking"][0]["text"], "hm");
    assert_eq!((&content[1]["type"], &content[1]["text"]), (&"text".into(), &"I look.".into()));
}

#[test]
fn case_18_an_empty_text_is_not_an_absent_one() {
    let chat = |thinking: &str| {
        format!(
            r#"{{"model":"m","tools":[{{"type":"function"}}],"messages":[{{"role":"assistant","content":"a"{thinking},"tool_calls":[{{"id":"x"}}]}}]}}"#
        )
    };
    let empty = chat(r#","reasoning_content":"""#);
    for (dialect, upstream) in
        [("deepseek", "deepseek-v4"), ("kimi", "kimi-k2.5"), ("zai", "glm-5")]
    {
        assert_eq!(native(&empty, &spoken(dialect, upstream)), (empty.clone(), vec![]));
    }
    // From the one's member into the others', and back.
    let (body, _) = native(&empty, &spoken("vllm", "qwen3-8b"));
    assert!(
        body.contains(r#""reasoning_content":"""#) && body.contains(r#""reasoning":"""#),
        "{body}"
    );
    let renamed = chat(r#","reasoning":"""#);
    let (body, _) = native(&renamed, &spoken("deepseek", "deepseek-v4"));
    assert!(body.contains(r#""reasoning_content":"""#), "{body}");
    let absent = chat("");
    let (body, _) = native(&absent, &spoken("kimi", "kimi-k2.5"));
    assert!(body.contains("I will call the tool."), "{body}");
    // A thought without words is an empty text too; one whose envelope kept its place is lost.
    for (signature, said) in
        [("", ""), (r#","signature":"rctl1.text.x.00""#, "I will call the tool.")]
    {
        let thought = format!(r#"{{"type":"thinking","thinking":""{signature}}},"#);
        let (body, _) = translated(&claude_turn(&thought), &spoken("kimi", "kimi-k2.5"));
        assert_eq!(thinking(&body), said);
    }
}

#[test]
fn case_19_a_relay_that_takes_no_thinking_back_is_served_without_it() {
    let chat = r#"{"model":"m","messages":[{"role":"assistant","content":"a","reasoning_content":"hm","reasoning_details":[]}]}"#;
    let abilities = Abilities { history: History::Strip, ..target(Dialect::UNKNOWN) };
    let (body, losses) = native(chat, &abilities);
    assert_eq!(body, r#"{"model":"m","messages":[{"role":"assistant","content":"a"}]}"#);
    assert_eq!(losses.len(), 1, "{losses:?}");
}

#[test]
fn thinking_goes_before_a_text_that_begins_with_another_tag() {
    let abilities = spoken("raw-think-tag", "minimax-m2");
    let chat = |content: &str, thinking: &str| {
        format!(
            r#"{{"model":"m","tools":[{{"type":"function"}}],"messages":[{{"role":"assistant","content":"{content}"{thinking}}}]}}"#
        )
    };
    let (body, _) = native(&chat("<div>x", r#","reasoning_content":"why""#), &abilities);
    assert!(body.contains("why") && body.contains("<div>x"), "{body}");
    let (body, _) =
        native(&chat("<think>why</think>x", r#","reasoning_content":"why""#), &abilities);
    assert_eq!(body, chat("<think>why</think>x", ""));
}

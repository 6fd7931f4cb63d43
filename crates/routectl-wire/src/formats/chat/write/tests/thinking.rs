//! How much to think, and what was thought.

use routectl_core::{Control, Effort, ReasoningControl, Show, ToolUse};

use super::*;
use crate::dialects::openai;

const SILENT: ReasoningControl =
    ReasoningControl { enabled: None, effort: None, budget: None, show: None };
const OFF: ReasoningControl = ReasoningControl { enabled: Some(false), ..SILENT };
const ON: ReasoningControl = ReasoningControl { enabled: Some(true), ..SILENT };

fn effort(effort: Effort) -> ReasoningControl {
    ReasoningControl { effort: Some(effort), ..ON }
}

fn budget(tokens: u64) -> ReasoningControl {
    ReasoningControl { budget: Some(tokens), ..ON }
}

fn hello(reasoning: ReasoningControl) -> Request {
    Request { reasoning, ..ask(&[user([text("hi")])]) }
}

#[test]
fn what_a_client_asks_of_thinking_becomes_an_effort() {
    let usual = Dialect::UNKNOWN;
    let never = openai::ALWAYS_THINKS;
    let asleep = openai::THINKS_WHEN_ASKED;
    let silent = Dialect { control: Control::NOTHING, ..usual };
    for (dialect, control, said, lost) in [
        (usual, SILENT, "absent", ""),
        (usual, OFF, r#""none""#, ""),
        (never, OFF, r#""low""#, "clamped thinking: "),
        (usual, ON, "absent", ""),
        (asleep, ON, r#""medium""#, ""),
        (usual, effort(Effort::High), r#""high""#, ""),
        (usual, effort(Effort::Max), r#""high""#, "clamped thinking: "),
        (usual, budget(1_024), r#""low""#, ""),
        (usual, budget(1_025), r#""medium""#, "degraded thinking: "),
        (usual, budget(31_999), r#""high""#, "degraded thinking: "),
        (silent, ON, "absent", ""),
        (silent, OFF, "absent", "dropped thinking: "),
        (
            usual,
            ReasoningControl { effort: Some(Effort::Low), ..OFF },
            r#""none""#,
            "dropped thinking: ",
        ),
    ] {
        let (given, losses) =
            member(&hello(control), &host(Quirks { dialect, ..Quirks::NONE }), "reasoning_effort");
        assert_eq!(given, said, "{control:?}");
        assert_eq!(losses.len(), usize::from(!lost.is_empty()), "{control:?}: {losses:?}");
        assert!(losses.iter().all(|loss| loss.starts_with(lost)), "{control:?}: {losses:?}");
    }
}

#[test]
fn a_budget_stays_below_the_limit_that_the_host_is_told() {
    let quirks = Quirks { dialect: spoken("openrouter"), ..Quirks::NONE };
    for (asked, limit, most, said, lost) in [
        (10_000, Some(64_000), None, r#"{"max_tokens":10000}"#, ""),
        (10_000, None, Some(8_000), r#"{"max_tokens":10000}"#, ""),
        (10_000, Some(10_000), None, r#"{"max_tokens":8976}"#, "clamped thinking: "),
        (10_000, Some(64_000), Some(8_000), r#"{"max_tokens":6976}"#, "clamped thinking: "),
        (500, Some(8_000), None, r#"{"max_tokens":1024}"#, "clamped thinking: "),
        (2_000, Some(1_024), None, r#"{"enabled":false}"#, "dropped thinking: "),
        (2_000, Some(64_000), Some(1_000), r#"{"enabled":false}"#, "dropped thinking: "),
    ] {
        let abilities = Abilities { max_output_tokens: most, ..host(quirks) };
        let request = Request { max_tokens: limit, ..hello(budget(asked)) };
        let (given, losses) = member(&request, &abilities, "reasoning");
        let of_thinking = losses.iter().find(|loss| loss.contains(" thinking: "));
        assert_eq!(given, said, "{asked} {limit:?} {most:?}");
        assert!(of_thinking.map_or("", String::as_str).starts_with(lost), "{losses:?}");
        assert_eq!(of_thinking.is_some(), !lost.is_empty(), "{losses:?}");
    }
}

#[test]
fn a_gateway_takes_efforts_and_budgets_alike() {
    let quirks = Quirks { dialect: spoken("openrouter"), ..Quirks::NONE };
    let abilities = Abilities { efforts: Vec::new(), max_thinking_budget: 20_000, ..host(quirks) };
    let hidden = |control| ReasoningControl { show: Some(Show::Nothing), ..control };
    for (control, said, lost) in [
        (SILENT, "absent", 0),
        (OFF, r#"{"enabled":false}"#, 0),
        (ON, r#"{"enabled":true}"#, 0),
        (effort(Effort::Xhigh), r#"{"effort":"xhigh"}"#, 0),
        (effort(Effort::Max), r#"{"effort":"xhigh"}"#, 1),
        (budget(10_000), r#"{"max_tokens":10000}"#, 0),
        (budget(30_000), r#"{"max_tokens":20000}"#, 1),
        (hidden(effort(Effort::Low)), r#"{"effort":"low"}"#, 0),
        (hidden(SILENT), "absent", 0),
    ] {
        let (given, losses) = member(&hello(control), &abilities, "reasoning");
        assert_eq!((given.as_str(), losses.len()), (said, lost), "{control:?}");
    }
}

#[test]
fn sampling_is_said_again_once_thinking_is_off() {
    let quirks = Quirks { refuses_sampling: true, ..Quirks::NONE };
    let mut request = hello(OFF);
    request.sampling.temperature = Some(0.2);
    assert_eq!(member(&request, &host(quirks), "temperature"), ("0.2".to_owned(), vec![]));
    request.reasoning = SILENT;
    assert_eq!(member(&request, &host(quirks), "temperature").0, "absent");
}

#[test]
fn a_model_that_takes_tools_only_without_thinking_does_not_think() {
    let quirks = Quirks { tools: ToolUse::WithoutThinking, ..Quirks::NONE };
    for (control, lost) in
        [(SILENT, "degraded tools: "), (effort(Effort::Low), "dropped thinking: "), (OFF, "")]
    {
        let request = Request { tools: vec![tool("f", None)], ..hello(control) };
        let (given, losses) = member(&request, &host(quirks), "reasoning_effort");
        assert_eq!(given, r#""none""#);
        assert!(losses.concat().starts_with(lost) && losses.len() < 2, "{losses:?}");
    }
    let (given, losses) = member(&hello(effort(Effort::Low)), &host(quirks), "reasoning_effort");
    assert_eq!((given.as_str(), losses.len()), (r#""low""#, 0));
}

/// An assistant's thinking as a host gets to see it, without what stands around it.
fn echoed(thoughts: &[Content], abilities: &Abilities) -> (String, Vec<String>) {
    let mut said = thoughts.to_vec();
    said.push(text("so."));
    let request = ask(&[user([text("hi")]), assistant(said), user([text("on")])]);
    let spelled = write(&request, abilities);
    let mut message = body(&spelled)["messages"][1].as_object().unwrap().clone();
    assert_eq!(message.shift_remove("content").unwrap(), "so.");
    message.shift_remove("role");
    (serde_json::Value::Object(message).to_string(), losses(&spelled))
}

const CLAUDE: &str = "anthropic-claude-v1";

#[test]
fn cases_25_and_27_thinking_goes_to_hosts_that_take_it_and_seals_to_nobody_else() {
    let thoughts = [
        thought("own", None),
        thought("sealed", Some((CLAUDE, SealKind::Signature))),
        thought("", Some((CLAUDE, SealKind::Encrypted))),
        thought("", None),
    ];
    for (dialect, said, lost) in [
        ("openai", "{}", ["dropped", "dropped", "dropped"].as_slice()),
        ("zai", r#"{"reasoning_content":"own\n\nsealed"}"#, &["degraded", "dropped"]),
        (
            "vllm",
            r#"{"reasoning":"own\n\nsealed","reasoning_content":"own\n\nsealed"}"#,
            &["degraded", "dropped"],
        ),
        (
            "openrouter",
            concat!(
                r#"{"reasoning_details":[{"type":"reasoning.text","text":"own","format":"unknown","index":0},"#,
                r#"{"type":"reasoning.text","text":"sealed","format":"unknown","index":1}]}"#
            ),
            &["degraded", "dropped"],
        ),
    ] {
        let quirks = Quirks { dialect: spoken(dialect), ..Quirks::NONE };
        let (given, losses) = echoed(&thoughts, &host(quirks));
        assert_eq!(given, said);
        let fates: Vec<_> = losses.iter().filter_map(|loss| loss.split(' ').next()).collect();
        assert_eq!(fates, lost, "{dialect}: {losses:?}");
    }
}

#[test]
fn a_gateway_gets_the_seals_of_the_vendor_behind_it() {
    let gateway = |upstream: &str| {
        let dialect = dialects::named("openrouter").unwrap().for_model(upstream);
        host(Quirks { dialect, ..Quirks::NONE })
    };
    let signed = thought("hm", Some((CLAUDE, SealKind::Signature)));
    let hidden = thought("", Some(("openai-responses-v1", SealKind::Encrypted)));
    let unknown = thought("", Some(("unknown", SealKind::Signature)));
    let all = [signed, hidden, unknown, thought("plain", None)];
    let (given, losses) = echoed(&all, &gateway("anthropic/claude-opus-5"));
    assert_eq!(
        given,
        r#"{"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"c2VhbA==","format":"anthropic-claude-v1","index":0}]}"#
    );
    assert_eq!(losses.len(), 3, "{losses:?}");
    let (given, losses) = echoed(&all, &gateway("openai/gpt-5.5"));
    assert_eq!(
        given,
        r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"c2VhbA==","format":"openai-responses-v1","index":0}]}"#
    );
    assert_eq!(losses.len(), 3, "{losses:?}");
    let (given, _) = echoed(&all, &gateway("z-ai/glm-5"));
    assert!(!given.contains("c2VhbA=="), "{given}");
    assert!(given.contains("hm") && given.contains("plain"), "{given}");
}

#[test]
fn case_53_a_host_that_misses_thinking_is_told_that_there_was_none() {
    let quirks = Quirks { dialect: spoken("deepseek"), ..Quirks::NONE };
    let mut request = ask(&[user([text("hi")]), assistant([text("so.")]), user([text("on")])]);
    let said = |request: &Request| {
        body(&write(request, &host(quirks)))["messages"][1].get("reasoning_content").cloned()
    };
    assert_eq!(said(&request), None);
    request.tools = vec![tool("f", None)];
    assert_eq!(said(&request).unwrap(), "");
}

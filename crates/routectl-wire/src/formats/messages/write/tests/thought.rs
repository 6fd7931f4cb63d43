//! Thinking: how it is asked for, and what goes back to whom.

use routectl_core::{ReasoningControl, Show, ToolChoice};

use super::*;

fn effort(effort: Effort) -> ReasoningControl {
    ReasoningControl { effort: Some(effort), ..ReasoningControl::default() }
}

fn off() -> ReasoningControl {
    ReasoningControl { enabled: Some(false), ..ReasoningControl::default() }
}

fn on() -> ReasoningControl {
    ReasoningControl { enabled: Some(true), ..ReasoningControl::default() }
}

fn budget(tokens: u64) -> ReasoningControl {
    ReasoningControl { budget: Some(tokens), ..ReasoningControl::default() }
}

fn showing(show: Show, control: ReasoningControl) -> ReasoningControl {
    ReasoningControl { show: Some(show), ..control }
}

/// `thinking`, the effort and the losses, in a line.
fn line(request: &Request, abilities: &Abilities) -> String {
    let spelled = MESSAGES.write(request, abilities);
    let parts = [
        member(&spelled, "/thinking"),
        member(&spelled, "/output_config/effort"),
        losses(&spelled).replace("reasoning_effort: ", ""),
    ];
    parts.join(" ").replace('"', "").replace("type:", "").trim_end().to_owned()
}

#[test]
fn each_generation_is_asked_in_its_own_words() {
    use Effort::{High, Low, Max, Medium, Minimal, Xhigh};
    let silent = ReasoningControl::default();
    let between = "this model still thinks between the calls of tools";
    let always = "this model always thinks; it is asked to think little";
    let nearest = "clamped: the nearest effort that this model takes";
    let in_place = "degraded: this model takes an effort in place of a budget";
    let yields = "dropped: the effort yields to the rest of what is said of thinking";
    let both = |control| ReasoningControl { effort: Some(High), ..control };
    for (upstream, control, expected) in [
        (OPUS_5, silent, String::new()),
        (OPUS_5, effort(High), "{adaptive} high".into()),
        (OPUS_5, effort(Xhigh), "{adaptive} xhigh".into()),
        (OPUS_5, effort(Minimal), format!("{{adaptive}} low {nearest}")),
        (OPUS_5, on(), "{adaptive}".into()),
        (OPUS_5, budget(10_000), format!("{{adaptive}} high {in_place}")),
        (OPUS_5, off(), "{disabled}".into()),
        (OPUS_5, showing(Show::Text, silent), "{adaptive,display:summarized}".into()),
        (OPUS_5, showing(Show::Text, effort(Low)), "{adaptive,display:summarized} low".into()),
        (OPUS_5, showing(Show::Nothing, effort(Low)), "{adaptive} low".into()),
        ("claude-sonnet-4-6", effort(Xhigh), format!("{{adaptive}} high {nearest}")),
        ("claude-sonnet-4-6", effort(Max), "{adaptive} max".into()),
        ("claude-sonnet-4-6", showing(Show::Text, effort(Low)), "{adaptive} low".into()),
        ("claude-sonnet-4-6", showing(Show::Nothing, on()), "{adaptive,display:omitted}".into()),
        ("claude-sonnet-4-6", showing(Show::Text, silent), String::new()),
        ("claude-sonnet-5-5", off(), format!("{{between_tools}}  degraded: {between}")),
        ("claude-fable-5", off(), format!("{{adaptive}} low degraded: {always}")),
        ("claude-haiku-5-5", off(), "{disabled}".into()),
        (SONNET_4_5, effort(Minimal), "{enabled,budget_tokens:1024}".into()),
        (SONNET_4_5, effort(Medium), "{enabled,budget_tokens:8192}".into()),
        (SONNET_4_5, on(), "{enabled,budget_tokens:8192}".into()),
        (SONNET_4_5, off(), "{disabled}".into()),
        (SONNET_4_5, showing(Show::Nothing, budget(2_000)), "{enabled,budget_tokens:2000}".into()),
        ("claude-3-5-haiku-latest", effort(High), "  dropped: this model does not think".into()),
        ("claude-3-5-haiku-latest", off(), String::new()),
        ("glm-4.6", effort(Medium), "{enabled,budget_tokens:8192}".into()),
        ("glm-4.6", off(), "{disabled}".into()),
        (OPUS_5, both(off()), format!("{{disabled}}  {yields}")),
        (OPUS_5, both(budget(9_000)), format!("{{adaptive}} high {in_place}")),
        (SONNET_4_5, both(off()), format!("{{disabled}}  {yields}")),
        (SONNET_4_5, both(budget(2_000)), format!("{{enabled,budget_tokens:2000}}  {yields}")),
    ] {
        let mut request = asking(vec![user("1")]);
        request.max_tokens = None;
        request.reasoning = control;
        assert_eq!(line(&request, &abilities(upstream)), expected, "{upstream} {control:?}");
    }
}

#[test]
fn a_budget_leaves_room_for_the_answer_and_the_limit_is_never_raised() {
    let clamped = "clamped: the thinking budget of this model and this limit";
    let dropped = "dropped: thinking does not fit into the limit of tokens";
    for (limit, cap, control, expected) in [
        (64_000, 0, effort(Effort::High), "{enabled,budget_tokens:24576}".to_owned()),
        (16_000, 0, effort(Effort::High), format!("{{enabled,budget_tokens:14400}}  {clamped}")),
        (64_000, 4_096, effort(Effort::High), format!("{{enabled,budget_tokens:4096}}  {clamped}")),
        (2_000, 0, effort(Effort::High), format!("{{enabled,budget_tokens:1024}}  {clamped}")),
        (1_025, 0, effort(Effort::Low), "{enabled,budget_tokens:1024}".to_owned()),
        (1_024, 0, effort(Effort::Low), format!("{{disabled}}  {dropped}")),
        (64_000, 512, effort(Effort::Low), format!("{{disabled}}  {dropped}")),
        (10_000, 0, budget(9_999), "{enabled,budget_tokens:9999}".to_owned()),
        (10_000, 0, budget(10_000), format!("{{enabled,budget_tokens:8976}}  {clamped}")),
        (10_000, 0, budget(100), format!("{{enabled,budget_tokens:1024}}  {clamped}")),
    ] {
        let mut request = asking(vec![user("1")]);
        request.max_tokens = Some(limit);
        request.reasoning = control;
        let target = Abilities { max_thinking_budget: cap, ..abilities(SONNET_4_5) };
        assert_eq!(line(&request, &target), expected, "{limit} {cap} {control:?}");
        assert_eq!(member(&MESSAGES.write(&request, &target), "/max_tokens"), limit.to_string());
    }
}

#[test]
fn an_effort_is_clamped_to_what_the_configuration_lets_pass() {
    let mut request = asking(vec![user("1")]);
    request.reasoning = effort(Effort::Max);
    let efforts = vec![Effort::Low, Effort::Medium, Effort::High];
    let known = Abilities { efforts: efforts.clone(), ..abilities(OPUS_5) };
    let nearest = "clamped: the nearest effort that this model takes";
    assert_eq!(line(&request, &known), format!("{{adaptive}} high {nearest}"));
    let unknown = Abilities { efforts, adaptive_thinking: true, ..abilities("my-model") };
    assert_eq!(line(&request, &unknown), format!("{{adaptive}} high {nearest}"));
}

/// A tool loop whose call has this before it.
fn in_a_loop(before: Vec<Content>) -> Request {
    let mut contents = before;
    contents.push(call("a", "f", "{}"));
    let mut request = asking(vec![
        user("Go."),
        assistant(contents),
        turn(Role::User, vec![result("a", vec![text_of("r")])]),
    ]);
    request.tools = vec![tool("f", r#"{"type":"object"}"#)];
    request.reasoning = effort(Effort::Medium);
    request.max_tokens = Some(64_000);
    request
}

#[test]
fn a_budget_gives_way_where_the_thinking_of_the_loop_is_lost() {
    // Case 26.
    let lost = "{disabled}  degraded: the thinking before the last tool call is not there";
    assert_eq!(line(&in_a_loop(vec![]), &abilities(SONNET_4_5)), lost);
    let kept = "{enabled,budget_tokens:8192}";
    assert_eq!(line(&in_a_loop(vec![signed("hm")]), &abilities(SONNET_4_5)), kept);
    assert_eq!(line(&in_a_loop(vec![]), &abilities(OPUS_5)), "{adaptive} medium");
    assert_eq!(line(&in_a_loop(vec![]), &abilities("glm-4.6")), lost, "others ask the same");
}

#[test]
fn a_budget_gives_way_to_a_forced_tool() {
    // Case 20.
    let mut request = in_a_loop(vec![signed("hm")]);
    request.tool_choice = Some(ToolChoice::Required);
    let forced = "{disabled}  degraded: a thinking budget excludes a forced tool";
    assert_eq!(line(&request, &abilities(SONNET_4_5)), forced);
    assert_eq!(line(&request, &abilities(OPUS_5)), "{adaptive} medium");
}

#[test]
fn seals_go_back_to_claude_and_to_nobody_else() {
    // Cases 25 and 27, G6.
    let thoughts = vec![
        signed("deep"),
        sealed("", "anthropic-claude-v1", SealKind::Encrypted, "EvBk"),
        sealed("", "anthropic-claude-v1", SealKind::Signature, "Ehid"),
        text_of("So."),
    ];
    let request = asking(vec![user("1"), assistant(thoughts), user("2")]);
    let spelled = written(&request, OPUS_5);
    let expected = r#"[{"type":"thinking","thinking":"deep","signature":"EqQB"},{"type":"redacted_thinking","data":"EvBk"},{"type":"thinking","thinking":"","signature":"Ehid"},{"type":"text","text":"So."}]"#;
    assert_eq!(member(&spelled, "/messages/1/content"), expected);
    assert_eq!(losses(&spelled), "");
    for upstream in ["us.anthropic.claude-opus-4-6-v1", "claude-next-9"] {
        assert_eq!(member(&written(&request, upstream), "/messages/1/content"), expected);
    }
    let other = written(&request, "kimi-k3");
    assert_eq!(member(&other, "/messages/1/content"), r#"[{"type":"text","text":"So."}]"#);
    assert_eq!(losses(&other).matches("dropped: only Claude can read").count(), 3);
}

#[test]
fn foreign_and_unsealed_thinking_stays_here() {
    // Cases 25 and 27, G6: never made up, never passed on.
    let unsealed = |text: &str| {
        Content::Reasoning(Reasoning { text: text.into(), seal: None, id: Some("rs_1".into()) })
    };
    let claude = "anthropic-claude-v1";
    for (thought, reason) in [
        (unsealed("hm"), "thinking without a seal is taken from nobody"),
        (
            sealed("hm", "openai-responses-v1", SealKind::Encrypted, "gAAAA"),
            "another vendor sealed this thinking",
        ),
        (
            sealed("hm", "unknown", SealKind::Signature, "EqQB"),
            "another vendor sealed this thinking",
        ),
        (
            sealed("hm", claude, SealKind::Signature, "rctl1.text.chat.ab"),
            "another vendor sealed this thinking",
        ),
        (sealed("hm", claude, SealKind::Signature, ""), "another vendor sealed this thinking"),
    ] {
        let request = asking(vec![user("1"), assistant(vec![thought, text_of("So.")]), user("2")]);
        let spelled = written(&request, OPUS_5);
        assert_eq!(losses(&spelled), format!("messages[1].content[0]: dropped: {reason}"));
        assert_eq!(member(&spelled, "/messages/1/content"), r#"[{"type":"text","text":"So."}]"#);
    }
    let nothing = asking(vec![user("1"), assistant(vec![unsealed(""), text_of("So.")]), user("2")]);
    assert_eq!(losses(&written(&nothing, OPUS_5)), "", "nothing was there");
}

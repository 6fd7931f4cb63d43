//! What hosts hear again that their clients have left out.

use std::cell::Cell;
use std::sync::Arc;

use routectl_core::{Reasoning, Seal, SealKind};

use super::*;

fn thought(text: &str, seal: Option<(&str, SealKind)>, id: Option<&str>) -> Reasoning {
    let seal = seal.map(|(family, kind)| Seal { family: family.into(), kind, blob: "S".into() });
    Reasoning { text: text.into(), seal, id: id.map(str::to_owned) }
}

/// A body as the host gets it if this is known of the call `a`, and what was lost.
fn reminded(body: &str, known: &[Reasoning], abilities: &Abilities) -> (String, Vec<String>) {
    let body = document(body);
    let known: Arc<[Reasoning]> = known.into();
    let recall = |_: usize, call: &str, _: &str| (call == "a").then(|| Arc::clone(&known));
    let Fit { edits, losses, .. } = CHAT.fit_recalling(&body, abilities, &recall);
    assert!(edits.iter().all(|edit| edit.name == "history"), "{edits:?}");
    let adapted = body.spliced(&edits).joined();
    (String::from_utf8(adapted.to_vec()).unwrap(), told(&losses))
}

/// A body without a wish to think: a turn that says this, and another one.
fn body(turn: &str) -> String {
    format!(
        r#"{{"model":"m", "messages":[ {{"role":"user","content":"go"}},{{"role":"assistant",{turn}}}, {{"role":"tool","tool_call_id":"a","content":"1"}} ]}}"#
    )
}

fn call(more: &str) -> String {
    format!(r#""content":null,"tool_calls":[{{"id":"a","type":"function"{more}}}]"#)
}

fn signed(blob: &str) -> String {
    format!(r#","extra_content":{{"google":{{"thought_signature":"{blob}"}}}}"#)
}

#[test]
fn a_host_hears_what_is_known_of_a_turn_in_its_own_words() {
    const GEMINI: &str = "google-gemini-v1";
    let text = || thought("hm", None, None);
    let signature = |family| thought("hm", Some((family, SealKind::Signature)), None);
    let encrypted = |family, id| thought("", Some((family, SealKind::Encrypted)), Some(id));
    let bare = call("");
    let with = |member: &str| format!("{bare},{member}");
    for (dialect, upstream, known, expected) in [
        ("deepseek", "deepseek-v4", vec![text()], with(r#""reasoning_content":"hm""#)),
        ("kimi", "kimi-k2.6", vec![text()], with(r#""reasoning_content":"hm""#)),
        (
            "vllm",
            "m",
            vec![signature(CLAUDE)],
            with(r#""reasoning":"hm","reasoning_content":"hm""#),
        ),
        (
            "mistral",
            "m",
            vec![text()],
            bare.replace(
                "null",
                r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]"#,
            ),
        ),
        ("gemini", "gemini-3-flash", vec![text(), encrypted(GEMINI, "a")], call(&signed("S"))),
        (
            "gemini",
            "gemini-3-flash",
            vec![signature(CLAUDE)],
            call(&signed("skip_thought_signature_validator")),
        ),
        (
            "openrouter",
            "anthropic/claude-sonnet-4.6",
            vec![signature(CLAUDE)],
            with(&format!(
                r#""reasoning_details":[{{"type":"reasoning.text","text":"hm","signature":"S","format":"{CLAUDE}","index":0}}]"#
            )),
        ),
        (
            "openrouter",
            "google/gemini-3-flash",
            vec![encrypted(GEMINI, "a")],
            with(&format!(
                r#""reasoning_details":[{{"type":"reasoning.encrypted","data":"S","id":"a","format":"{GEMINI}","index":0}}]"#
            )),
        ),
        ("openrouter", "openai/gpt-5.5", vec![signature(CLAUDE)], bare.clone()),
        (
            "copilot",
            "m",
            vec![signature("github-copilot-v1")],
            with(r#""reasoning_text":"hm","reasoning_opaque":"S""#),
        ),
        ("openai", "m", vec![text()], bare.clone()),
        ("passthrough", "m", vec![text()], bare.clone()),
        ("deepseek", "deepseek-r1", vec![text()], bare.clone()),
    ] {
        let (got, lost) = reminded(&body(&bare), &known, &spoken(dialect, upstream));
        assert_eq!(got, body(&expected), "{dialect} {upstream}");
        // What nobody sent is not lost to anybody; a word in its place is still a word.
        let is_made_good = expected.contains("skip_thought");
        assert_eq!(lost.len(), usize::from(is_made_good), "{dialect} {upstream}: {lost:?}");
    }
}

#[test]
fn what_a_client_says_of_a_turn_is_what_its_host_hears() {
    let known = [thought("hm", None, None)];
    let vllm = spoken("vllm", "m");
    for turn in [
        call(r#","x":1"#).replace(r#""a""#, r#""b""#),
        call(&signed("x")).replace("null", r#""<think>own</think>""#),
        call("").replace("null", r#""<think>own</think>""#),
        call("").replace("null", r#"[{"type":"thinking","thinking":[]}]"#),
        format!(r#"{},"reasoning":"own","reasoning_content":"own""#, call("")),
        r#""content":"no \"tool_calls\" here""#.to_owned(),
    ] {
        let (without, _) = native(&body(&turn), &vllm);
        assert_eq!(reminded(&body(&turn), &known, &vllm).0, without, "{turn}");
    }
    let blank = format!(r#"{},"reasoning_content":"""#, call(""));
    let deepseek = spoken("deepseek", "deepseek-v4");
    assert_eq!(reminded(&body(&blank), &known, &deepseek).0, body(&blank));
    // A member that says nothing is as good as none.
    let turn = |said: &str| body(&format!(r#"{},"reasoning_content":{said}"#, call("")));
    assert_eq!(reminded(&turn("null"), &known, &deepseek).0, turn(r#""hm""#));
}

#[test]
fn nobody_is_asked_where_the_host_or_the_operator_wants_no_thinking() {
    let asked = Cell::new(0);
    let recall = |_: usize, _: &str, _: &str| -> Option<Arc<[Reasoning]>> {
        asked.set(asked.get() + 1);
        None
    };
    let strip = Abilities { history: History::Strip, ..spoken("deepseek", "deepseek-v4") };
    for abilities in [strip, spoken("openai", "m"), spoken("kimi", "kimi-k2")] {
        let body = document(&body(&call("")));
        let fit = CHAT.fit_recalling(&body, &abilities, &recall);
        assert_eq!(fit, CHAT.fit(&body, &abilities));
    }
    assert_eq!(asked.get(), 0);
}

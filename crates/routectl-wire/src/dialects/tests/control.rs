//! Every wish, in every dialect.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::*;

/// What a Messages client says: silent, off, on, every effort, budgets.
const MESSAGES_WISHES: [(&str, &str); 11] = [
    ("silent", ""),
    ("off", r#","thinking":{"type":"disabled"}"#),
    ("on", r#","thinking":{"type":"adaptive"}"#),
    ("low", r#","output_config":{"effort":"low"}"#),
    ("medium", r#","output_config":{"effort":"medium"}"#),
    ("high", r#","output_config":{"effort":"high"}"#),
    ("xhigh", r#","output_config":{"effort":"xhigh"}"#),
    ("max", r#","output_config":{"effort":"max"}"#),
    ("8192 tokens", r#","thinking":{"type":"enabled","budget_tokens":8192}"#),
    ("2000 tokens", r#","thinking":{"type":"enabled","budget_tokens":2000}"#),
    ("more than all", r#","thinking":{"type":"enabled","budget_tokens":99999}"#),
];

/// What a Chat client says, in its own words and in those of others.
const CHAT_WISHES: [&str; 16] = [
    "",
    r#","reasoning_effort":"none""#,
    r#","reasoning_effort":"minimal""#,
    r#","reasoning_effort":"low""#,
    r#","reasoning_effort":"medium""#,
    r#","reasoning_effort":"high""#,
    r#","reasoning_effort":"max""#,
    r#","reasoning":{"enabled":false}"#,
    r#","reasoning":{"enabled":true}"#,
    r#","reasoning":{"effort":"high"}"#,
    r#","reasoning":{"max_tokens":4000}"#,
    r#","reasoning":{"effort":"low","exclude":true}"#,
    r#","thinking":{"type":"disabled"}"#,
    r#","thinking":{"type":"enabled","budget_tokens":4000}"#,
    r#","enable_thinking":false"#,
    r#","chat_template_kwargs":{"enable_thinking":true,"mine":1}"#,
];

fn with(wish: &str) -> String {
    let start = r#"{"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"hi"}]"#;
    format!("{start}{wish}}}")
}

/// The members of a translated body that speak of thinking.
fn spoken_of(body: &Value) -> String {
    let known = ["model", "messages", "max_tokens", "stream", "stream_options"];
    let members = body.as_object().unwrap().iter().filter(|(name, _)| !known.contains(&&***name));
    let said: Vec<String> = members.map(|(name, value)| format!("{name}: {value}")).collect();
    if said.is_empty() { "nothing".to_owned() } else { said.join(", ") }
}

#[test]
fn every_wish_is_said_in_the_words_of_the_host() {
    for row in DIALECTS {
        let mut all = String::new();
        for (model, dialect) in unlike(row, |dialect| dialect.control) {
            writeln!(all, "== {model}, translated").unwrap();
            for (wish, said) in MESSAGES_WISHES {
                let (body, losses) = translated(&with(said), &target(dialect));
                writeln!(all, "{wish}: {}", spoken_of(&body)).unwrap();
                losses.iter().for_each(|loss| writeln!(all, "    {loss}").unwrap());
            }
        }
        assert_snapshot!(format!("{}_translated", row.dialect.name), all);
    }
}

#[test]
fn a_client_of_the_same_format_is_understood_by_every_host() {
    for row in DIALECTS {
        let mut all = String::new();
        for (model, dialect) in unlike(row, |dialect| dialect.control) {
            writeln!(all, "== {model}, native").unwrap();
            for wish in CHAT_WISHES {
                let sent = with(wish);
                let (body, losses) = native(&sent, &target(dialect));
                let start = with("");
                let got = body.strip_prefix(start.trim_end_matches('}')).unwrap_or(&body);
                let wish = wish.trim_start_matches(',');
                let got = got.trim_start_matches(',').strip_suffix('}').unwrap_or(got);
                let same = if body == sent { "=" } else { got };
                writeln!(all, "{wish} > {same}").unwrap();
                losses.iter().for_each(|loss| writeln!(all, "    {loss}").unwrap());
            }
        }
        assert_snapshot!(format!("{}_native", row.dialect.name), all);
    }
}

#[test]
fn openai_and_passthrough_change_nothing_that_openais_clients_say() {
    for dialect in ["openai", "passthrough"] {
        for upstream in ["m", "gpt-5", "gpt-5.1", "gpt-4o", "o3"] {
            let abilities = spoken(dialect, upstream);
            for effort in ["none", "minimal", "low", "medium", "high", "xhigh", "max", "later"] {
                let body = with(&format!(r#", "reasoning_effort" : "{effort}", "temperature":0"#));
                assert_eq!(native(&body, &abilities), (body, vec![]), "{dialect} {upstream}");
            }
        }
    }
    let body = with(r#","reasoning":{"effort":"high"},"thinking":{"type":"enabled"}"#);
    assert_eq!(native(&body, &spoken("passthrough", "m")), (body.clone(), vec![]));
    assert_eq!(native(&body, &target(Dialect::UNKNOWN)), (body, vec![]));
}

#[test]
fn efforts_are_clamped_natively_only_where_the_operator_named_them() {
    use routectl_core::Effort;
    for dialect in ["openai", "passthrough", "vllm", "openrouter"] {
        let usual = spoken(dialect, "m");
        let named = Abilities {
            efforts: vec![Effort::Low, Effort::High],
            efforts_named: true,
            ..usual.clone()
        };
        let all = Abilities { efforts: Vec::new(), ..named.clone() };
        let sent = if dialect == "openrouter" {
            with(r#","reasoning":{"effort":"medium"}"#)
        } else {
            with(r#","reasoning_effort":"medium""#)
        };
        assert_eq!(native(&sent, &usual), (sent.clone(), vec![]), "{dialect}");
        let (body, losses) = native(&sent, &named);
        assert_eq!(body, sent.replace("medium", "low"), "{dialect}");
        assert_eq!(losses.len(), 1, "{dialect}: {losses:?}");
        assert!(losses[0].starts_with("clamped reasoning"), "{dialect}: {losses:?}");
        assert_eq!(native(&sent, &all), (sent, vec![]), "{dialect}");
    }
}

#[test]
fn what_else_a_client_says_in_the_same_object_stays() {
    let sent = with(
        r#","thinking": {"clear_thinking" : false,"budget_tokens":9},"reasoning_effort":"low""#,
    );
    let (body, losses) = native(&sent, &spoken("zai", "glm-5"));
    let wanted = with(r#","thinking": {"clear_thinking" : false,"type":"enabled"}"#);
    assert_eq!(body, wanted);
    assert_eq!(losses.len(), 2, "{losses:?}");
    let sent = with(r#","chat_template_kwargs":{ "mine":1, "enable_thinking":true }"#);
    let (body, _) = native(&sent, &spoken("deepseek", "deepseek-v4"));
    assert_eq!(body, with(r#","chat_template_kwargs":{ "mine":1 },"thinking":{"type":"enabled"}"#));
}

#[test]
fn a_model_that_thinks_only_in_streams_does_not_think_in_one_piece() {
    let abilities = spoken("qwen", "qwen3-32b");
    let (body, losses) = native(&with(""), &abilities);
    assert_eq!(body, with(r#","enable_thinking":false"#));
    assert_eq!(losses.len(), 1);
    let streamed = with(r#","stream":true"#);
    assert_eq!(native(&streamed, &abilities), (streamed, vec![]));
    let off = with(r#","enable_thinking":false"#);
    assert_eq!(native(&off, &abilities).0, off);
}

#[test]
fn a_model_that_refuses_sampling_is_spared_it_while_it_thinks() {
    let abilities = spoken("xai", "grok-4-0709");
    let sent = with(r#","presence_penalty":0.5,"frequency_penalty":0,"temperature":0.3"#);
    let (body, losses) = native(&sent, &abilities);
    assert_eq!(body, with(r#","temperature":0.3"#));
    assert_eq!(losses, ["dropped presence_penalty: the model takes no sampling"]);
    assert_eq!(native(&sent, &spoken("xai", "grok-3")).0, sent);
}

#[test]
fn the_host_is_asked_to_keep_thinking_where_the_operator_wants_it_kept() {
    for (dialect, upstream, said) in [
        ("zai", "glm-5", r#","thinking":{"type":"enabled","clear_thinking":false}"#),
        ("kimi", "kimi-k2.6", r#","thinking":{"type":"enabled","keep":"all"}"#),
        ("kimi", "kimi-k2.5", ""),
        ("qwen", "qwen-plus", r#","preserve_thinking":true"#),
        ("fireworks", "m", r#","reasoning_history":"preserved""#),
    ] {
        let abilities = Abilities { history: History::Preserve, ..spoken(dialect, upstream) };
        assert_eq!(native(&with(""), &abilities), (with(said), vec![]), "{dialect}");
        let (body, _) = translated(&with(""), &abilities);
        let expected = document(&with(said));
        for name in document(&with(said)).names().filter(|name| name != "messages") {
            let value = expected.get(&name).unwrap();
            assert_eq!(body[&*name].to_string().as_bytes(), value, "{dialect} {name}");
        }
    }
    let abilities = Abilities { history: History::Preserve, ..spoken("zai", "glm-5") };
    let off = r#","thinking":{"type":"disabled"}"#;
    let (body, _) = native(&with(off), &abilities);
    assert_eq!(body, with(r#","thinking":{"type":"disabled","clear_thinking":false}"#));
}

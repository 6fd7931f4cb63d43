//! The rows agree with each other and with what the writers can say.

use std::collections::HashSet;

use routectl_core::{Form, Missing, Switch, Turns};

use super::*;
use crate::dialects::control::parts;
use crate::dialects::{by_word, named};

#[test]
fn a_dialect_has_one_name_and_its_models_have_it_too() {
    let names: HashSet<_> = DIALECTS.iter().map(|row| row.dialect.name).collect();
    assert_eq!(names.len(), DIALECTS.len());
    for row in DIALECTS {
        let words: HashSet<_> = row.models.iter().map(|(word, _)| word).collect();
        assert_eq!(words.len(), row.models.len(), "{}", row.dialect.name);
        for (word, dialect) in row.models {
            assert_eq!(dialect.name, row.dialect.name, "{word}");
            assert_eq!(row.for_model(&format!("vendor/{word}:free")), *dialect, "{word}");
        }
    }
}

#[test]
fn a_model_is_known_by_the_longest_of_its_words() {
    let words = [("k2", 1), ("k2-thinking", 2), ("o3", 3)];
    for (name, found) in [
        ("kimi-k2", Some(1)),
        ("kimi-k2-thinking-turbo", Some(2)),
        ("o3-mini", Some(3)),
        ("foo3", None),
        ("k20", None),
        ("", None),
    ] {
        assert_eq!(by_word(name, &words), found, "{name}");
    }
}

#[test]
fn generations_are_told_apart_by_the_upstreams_name() {
    for (dialect, upstream, turns) in [
        ("deepseek", "deepseek-r1-0528", Turns::None),
        ("deepseek", "deepseek-v3-0324", Turns::None),
        ("deepseek", "DeepSeek-V3.2", Turns::Calling),
        ("deepseek", "deepseek-chat", Turns::All),
        ("deepseek", "deepseek-reasoner", Turns::All),
        ("deepseek", "deepseek-v4-pro", Turns::All),
        ("kimi", "moonshot-v1-128k", Turns::None),
        ("kimi", "kimi-k2-0905-preview", Turns::None),
        ("kimi", "kimi-k2.5", Turns::Calling),
        ("kimi", "kimi-k2-thinking-turbo", Turns::Calling),
        ("kimi", "kimi-k3", Turns::Calling),
        ("openrouter", "deepseek/deepseek-v4", Turns::All),
        ("openrouter", "anthropic/claude-opus-5", Turns::Loop),
    ] {
        let given = named(dialect).unwrap().for_model(upstream);
        assert_eq!(given.echo.turns, turns, "{upstream}");
    }
    for (upstream, off, unasked) in [
        ("openai/gpt-5-mini", false, true),
        ("gpt-5.2", true, false),
        ("gpt-5.5", true, true),
        ("gpt-5.6-mini", true, true),
        ("gpt-6-astra", false, true),
    ] {
        let control = named("openai").unwrap().for_model(upstream).control;
        let can_be_off = control.switch.is_some_and(|switch| switch.off.is_some());
        assert_eq!((can_be_off, control.unasked), (off, unasked), "{upstream}");
    }
    let seals = |upstream| named("openrouter").unwrap().for_model(upstream).seals;
    assert_eq!(seals("openai/gpt-oss-120b"), &[] as &[&str]);
    assert_eq!(seals("~google/gemini-3-pro"), ["google-gemini-v1", "gemini-v1"]);
    assert_eq!(seals("x-ai/grok-4.5"), ["xai-responses-v1"]);
}

/// A path is a member or one below it, and every raw value is JSON.
#[test]
fn what_rows_say_can_be_written() {
    for (_, dialect) in DIALECTS.iter().flat_map(|row| models(row)) {
        let control = dialect.control;
        let switch = control.switch;
        let fixed = control.always.iter().copied().chain(control.hide).chain(dialect.echo.keep);
        let switched =
            |Switch { path, on, off, .. }| on.into_iter().chain(off).map(move |json| (path, json));
        let said = switch.into_iter().flat_map(switched);
        for (path, json) in fixed.map(|fixed| (fixed.path, fixed.json)).chain(said) {
            let (member, below) = parts(path);
            assert!(!member.is_empty() && below.is_none_or(|below| !below.contains('.')), "{path}");
            assert!(serde_json::from_str::<Value>(json).is_ok(), "{json}");
        }
        let known = control.effort.map_or(&[][..], |efforts| efforts.known);
        assert!(known.is_sorted(), "{}", dialect.name);
        // What a host demands it has a place for.
        if dialect.echo.missing != Missing::Nothing {
            assert!(matches!(dialect.echo.turns, Turns::Calling | Turns::All), "{}", dialect.name);
        }
        if let Form::Text(members) = dialect.echo.form {
            assert!(!members.is_empty(), "{}", dialect.name);
        }
    }
}

//! Names to chains.

use proptest::prelude::*;

use crate::{Model, Routes, TargetId};

/// Models by nickname, `-` before those that are not selectable; a target's id is its index.
fn models(names: &str) -> Vec<Model> {
    let model = |(index, name): (usize, &str)| Model {
        nickname: name.trim_start_matches('-').to_owned(),
        target: TargetId(u32::try_from(index).unwrap()),
        selectable: !name.starts_with('-'),
    };
    names.split_whitespace().enumerate().map(model).collect()
}

/// Aliases in lines of `key: value value`.
fn aliases(lines: &str) -> Vec<(String, Vec<String>)> {
    let alias = |line: &str| {
        let (key, values) = line.split_once(':').unwrap();
        (key.trim().to_owned(), values.split_whitespace().map(str::to_owned).collect())
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(alias).collect()
}

const MODELS: &str = "opus sonnet -hidden haiku local";

const ALIASES: &str = "
    fast: haiku local
    best: opus fast
    sonnet: sonnet best
    twice: fast best fast haiku
    claude-*: sonnet
    claude-opus-*: opus
    claude-opus-4: hidden
    default: local
";

fn show(routes: &Routes, names: &[Model], model: &str, header: Option<&str>) -> String {
    match routes.chain(model, header) {
        Ok(chain) => {
            let name = |target: &TargetId| names[target.0 as usize].nickname.clone();
            let targets: Vec<String> = chain.targets.iter().map(name).collect();
            format!("{}: {}", chain.alias.as_deref().unwrap_or("-"), targets.join(" "))
        }
        Err(unknown) => unknown.to_string(),
    }
}

#[test]
fn a_name_finds_its_chain() {
    let models = models(MODELS);
    let routes = Routes::new(&models, &aliases(ALIASES)).unwrap();
    let check = |asked: &str, expected: &str| {
        assert_eq!(show(&routes, &models, asked, None), expected, "{asked}");
    };
    check("fast", "fast: haiku local");
    check("opus", "-: opus");
    // Nested aliases keep their order, and a double is dropped where it comes second.
    check("best", "best: opus haiku local");
    check("twice", "twice: haiku local opus");
    // An alias shadows the model of its name, for others; for itself the model is meant.
    check("sonnet", "sonnet: sonnet opus haiku local");
    // Exact before glob, the longest glob before the others.
    check("claude-opus-4", "claude-opus-4: hidden");
    check("claude-opus-4-7", "claude-opus-*: opus");
    check("claude-opus", "claude-*: sonnet opus haiku local");
    check("claude-", "claude-*: sonnet opus haiku local");
    // An alias may name a model that a client may not.
    check("hidden", "default: local");
    check("no-such", "default: local");
    check("Fast", "default: local");
    check("", "default: local");
    check("default", "default: local");
}

#[test]
fn the_header_wins_and_never_falls_through_to_default() {
    let models = models(MODELS);
    let routes = Routes::new(&models, &aliases(ALIASES)).unwrap();
    let check = |header: &str, expected: &str| {
        assert_eq!(show(&routes, &models, "best", Some(header)), expected, "{header}");
    };
    check("fast", "fast: haiku local");
    check("opus", "-: opus");
    check("claude-x", "claude-*: sonnet opus haiku local");
    check("fats", r#"x-routectl-alias: no alias or model "fats". Did you mean "fast"?"#);
    check(
        "hidden",
        r#"x-routectl-alias: no alias or model "hidden". GET /v1/models lists what there is."#,
    );
}

#[test]
fn an_unknown_name_is_told_its_neighbours() {
    let models = models(MODELS);
    let routes = Routes::new(&models, &aliases("fast: haiku\nfist: opus")).unwrap();
    let check = |asked: &str, expected: &str| {
        assert_eq!(show(&routes, &models, asked, None), expected);
    };
    check("fust", r#"no model "fust". Did you mean "fast" or "fist"?"#);
    check("gemini", r#"no model "gemini". GET /v1/models lists what there is."#);
    let long = "é".repeat(1 << 20);
    let said = routes.chain(&long, None).unwrap_err();
    assert!(said.asked.len() < 200, "an answer must not grow with what was asked");
}

#[test]
fn the_list_of_models_has_no_globs_no_default_and_no_doubles() {
    let routes = Routes::new(&models(MODELS), &aliases(ALIASES)).unwrap();
    let expected = "fast best sonnet twice claude-opus-4 opus haiku local";
    assert_eq!(routes.names().join(" "), expected);
}

#[test]
fn every_fault_is_told_once_and_where_it_is() {
    let check = |lines: &str, expected: &[&str]| {
        let faults = Routes::new(&models("opus sonnet"), &aliases(lines)).unwrap_err();
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}[{:?}]: {}", fault.alias, fault.position, fault.kind))
            .collect();
        assert_eq!(told, expected, "{lines}");
    };
    let circle = "goes in a circle:";
    let end = "Remove one of these.";
    check("a: opsu", &[r#"a[Some(0)]: no model or alias "opsu". Did you mean "opus"?"#]);
    check("a: opus gemini", &[r#"a[Some(1)]: no model or alias "gemini"."#]);
    check("a: a", &[&format!("a[Some(0)]: {circle} a → a. {end}")]);
    check("a: b\nb: opus a", &[&format!("b[Some(1)]: {circle} a → b → a. {end}")]);
    // Whoever leads to a fault is not at fault.
    check("x: y\ny: a\na: b\nb: a", &[&format!("b[Some(0)]: {circle} a → b → a. {end}")]);
    check("x: a\na: no", &[r#"a[Some(0)]: no model or alias "no"."#]);
    check("a:", &["a[None]: names no model. List at least one, or remove the alias."]);
    let glob = "a `*` may only be the last character of an alias. Write the names out, or a prefix and `*`.";
    check("a*b: opus", &[&format!("a*b[None]: {glob}")]);
    check("**: opus", &[&format!("**[None]: {glob}")]);
    // Several faults of one file, all in one run.
    let many = Routes::new(&models("opus"), &aliases("a: x\nb: b\nc:\nd*e: opus q")).unwrap_err();
    assert_eq!(many.len(), 5, "{many:?}");
}

#[test]
fn aliases_nest_eight_deep_and_no_deeper() {
    let nested = |deep: usize| {
        let line = |level: usize| format!("a{level}: a{}", level + 1);
        let mut lines: Vec<String> = (1..deep).map(line).collect();
        lines.push(format!("a{deep}: opus"));
        Routes::new(&models("opus"), &aliases(&lines.join("\n")))
    };
    assert!(nested(8).is_ok());
    let faults = nested(9).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].alias, "a1");
    // Far deeper: told at the first that is too deep, and no stack overflows.
    let faults = nested(100_000).unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].alias, format!("a{}", 100_000 - 8));
}

/// The same flattening, written the slow and plain way.
fn plainly(
    key: &str,
    aliases: &[(String, Vec<String>)],
    models: &[Model],
    depth: usize,
) -> Option<Vec<TargetId>> {
    let (_, values) = aliases.iter().find(|(alias, _)| alias == key)?;
    if depth > 8 || values.is_empty() {
        return None;
    }
    let mut targets = Vec::new();
    for value in values {
        if aliases.iter().any(|(alias, _)| alias == value) {
            targets.extend(plainly(value, aliases, models, depth + 1)?);
        } else {
            targets.push(models.iter().find(|model| model.nickname == *value)?.target);
        }
    }
    let mut seen = Vec::new();
    targets.retain(|target| {
        !seen.contains(target) && {
            seen.push(*target);
            true
        }
    });
    Some(targets)
}

proptest! {
    /// Any table of aliases, with circles and holes: the chains are the plain ones, or there is a
    /// fault and the plain way fails too.
    #[test]
    fn flattening_is_the_plain_expansion(
        table in prop::collection::vec(prop::collection::vec((0_usize..20, 0_usize..10), 1..4), 1..10)
    ) {
        let models = models("m0 m1 m2 m3");
        let value = |index: usize, (kind, which): &(usize, usize)| match kind {
            0 => "no-such".to_owned(),
            1 => format!("a{which}"),
            2..9 if index > 0 => format!("a{}", which % index),
            _ => format!("m{}", which % 4),
        };
        let aliases: Vec<(String, Vec<String>)> = table
            .iter()
            .enumerate()
            .map(|(index, values)| {
                (format!("a{index}"), values.iter().map(|pick| value(index, pick)).collect())
            })
            .collect();
        let plain: Vec<_> = aliases.iter().map(|(key, _)| plainly(key, &aliases, &models, 1)).collect();
        match Routes::new(&models, &aliases) {
            Ok(routes) => {
                for ((key, _), plain) in aliases.iter().zip(plain) {
                    let chain = routes.chain(key, None).unwrap();
                    prop_assert_eq!(Some(chain.targets.to_vec()), plain);
                }
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                prop_assert!(plain.iter().any(Option::is_none), "{:?}", faults);
            }
        }
    }
}

#[test]
fn a_leader_comes_first_and_the_others_keep_their_order() {
    let models = models(MODELS);
    let routes = Routes::new(&models, &aliases(ALIASES)).unwrap();
    let chain = routes.chain("best", None).unwrap();
    let led_by = |name: &str| {
        let leader = models.iter().position(|model| model.nickname == name).unwrap();
        let led = chain.led_by(models[leader].target);
        assert_eq!(led.alias, chain.alias);
        let names = led.targets.iter().map(|target| models[target.0 as usize].nickname.as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(led_by("opus"), "opus haiku local");
    assert_eq!(led_by("local"), "local opus haiku");
    assert_eq!(led_by("haiku"), "haiku opus local");
    // Not in this chain, whatever it answered elsewhere.
    assert_eq!(led_by("sonnet"), "opus haiku local");
}

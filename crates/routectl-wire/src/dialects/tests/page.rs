//! The table of `docs/reasoning.md`.

use std::fmt::Write as _;
use std::path::Path;

use routectl_core::{Control, Echo, Effort, Fixed, Form, Missing, Readout, TagPair, Turns};

use super::*;

const BEGIN: &str = "<!-- generated: dialects -->\n";
const END: &str = "<!-- end -->";

#[test]
fn the_page_of_every_dialect_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reasoning.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = committed.split_once(BEGIN).unwrap();
    let (_, behind) = rest.split_once(END).unwrap();
    let page = format!("{before}{BEGIN}\n{}\n{END}{behind}", table());
    if std::env::var_os("ROUTECTL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    } else {
        assert!(committed == page, "docs/reasoning.md is stale: run with ROUTECTL_BLESS=1");
    }
}

fn table() -> String {
    let head =
        "| dialect | models | control | readout | echo | seals |\n|---|---|---|---|---|---|\n";
    let mut table = head.to_owned();
    for row in DIALECTS {
        let usual = cells(&row.dialect);
        for (models, dialect) in unlike(row, |dialect| cells(&dialect)) {
            let cells = cells(&dialect);
            let is_usual = cells == usual;
            let told = cells.into_iter().zip(&usual).map(|(cell, usual)| {
                if !is_usual && cell == *usual { "same".to_owned() } else { cell }
            });
            let (name, told) = (dialect.name, told.collect::<Vec<_>>().join(" | "));
            writeln!(table, "| `{name}` | {models} | {told} |").unwrap();
        }
    }
    table
}

/// What is told of a model: control, readout, echo, seals.
fn cells(dialect: &Dialect) -> [String; 4] {
    let seals = named(dialect.seals.iter().copied());
    [control(dialect), readout(dialect.readout), echo(dialect.echo), seals]
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Names in a row, or the sign for none.
fn named<'a>(names: impl Iterator<Item = &'a str>) -> String {
    or_none(&names.map(code).collect::<Vec<_>>(), ", ")
}

fn or_none(said: &[String], between: &str) -> String {
    if said.is_empty() { "–".to_owned() } else { said.join(between) }
}

fn fixed(fixed: Fixed) -> String {
    code(&format!("{}: {}", fixed.path, fixed.json))
}

fn control(dialect: &Dialect) -> String {
    let Control { switch, effort, takes_any_effort, budget, hide, always, .. } = dialect.control;
    let Control { unasked, streamed_only, .. } = dialect.control;
    let mut said: Vec<(&str, Vec<String>)> = Vec::new();
    if let Some(switch) = switch {
        let words = switch.off.into_iter().chain(switch.on);
        said.push((switch.path, words.map(|word| word.trim_matches('"').to_owned()).collect()));
    }
    if let Some(effort) = effort {
        let known = effort.known.iter().map(|effort| Effort::name(*effort).to_owned());
        let all = effort.known.is_empty().then(|| "every effort".to_owned());
        let any = takes_any_effort.then(|| "or any".to_owned());
        said.push((effort.path, all.into_iter().chain(known).chain(any).collect()));
    }
    said.extend(budget.map(|budget| (budget.path, vec!["tokens".to_owned()])));
    let mut members: Vec<(&str, Vec<String>)> = Vec::new();
    for (path, words) in said {
        match members.iter_mut().find(|(known, _)| *known == path) {
            Some((_, known)) => known.extend(words),
            None => members.push((path, words)),
        }
    }
    members.retain(|(_, words)| !words.is_empty());
    let members =
        members.into_iter().map(|(path, words)| format!("{}: {}", code(path), words.join(" ")));
    let mut said: Vec<String> = members.collect();
    said.extend(always.iter().map(|it| format!("always {}", fixed(*it))));
    said.extend(hide.map(|it| format!("hidden by {}", fixed(it))));
    if !dialect.refuses.is_empty() {
        said.push(format!("refuses {}", named(dialect.refuses.iter().copied())));
    }
    if streamed_only {
        said.push("thinks in streams only".to_owned());
    }
    if !unasked {
        said.push("does not think unasked".to_owned());
    }
    or_none(&said, "; ")
}

fn readout(readout: Readout) -> String {
    let mut said: Vec<String> = readout.members.iter().copied().map(code).collect();
    if let Some(tags) = readout.tags {
        let names = if tags.pairs == TagPair::ALL {
            "tags".to_owned()
        } else {
            named(tags.pairs.iter().map(|pair| pair.open))
        };
        let place = if tags.again { "anywhere" } else { "at the beginning" };
        said.push(format!("{names} {place}"));
    }
    or_none(&said, ", ")
}

fn echo(echo: Echo) -> String {
    let form = match echo.form {
        Form::Text(members) => named(members.iter().copied()),
        Form::Details => code("reasoning_details"),
        Form::Parts => "a part of the content".to_owned(),
        Form::Tags => "think tags in the content".to_owned(),
        Form::CallSeals => code("tool_calls[].extra_content"),
        Form::Opaque => named(["reasoning_text", "reasoning_opaque"].into_iter()),
    };
    let turns = match echo.turns {
        Turns::None => "never".to_owned(),
        Turns::Loop => format!("welcome in {form}"),
        Turns::Calling => format!("demanded of calls, in {form}"),
        Turns::All => format!("demanded of all turns with tools, in {form}"),
    };
    let missing = match echo.missing {
        Missing::Nothing => None,
        Missing::Blank => Some("lost: an empty one".to_owned()),
        Missing::Words(_) => Some("lost: a few words".to_owned()),
        Missing::Sentinel(word) => Some(format!("lost: {}", code(word))),
    };
    let keep = echo.keep.map(|keep| format!("kept by {}", fixed(keep)));
    let said: Vec<String> = std::iter::once(turns).chain(missing).chain(keep).collect();
    said.join("; ")
}

//! The tables of `docs/translation.md`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use crate::cases::{Case, Direction};
use crate::judge::Outcome;
use crate::path;

/// What became of one case at one target.
pub(crate) struct Told {
    pub(crate) case: Case,
    pub(crate) target: &'static str,
    pub(crate) outcome: Outcome,
}

/// The page with this table between its marks.
pub(crate) fn with_table(page: &str, direction: &Direction, table: &str) -> String {
    let begin =
        format!("<!-- generated: {} to {} -->\n", direction.from.name(), direction.to.name());
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin:?}"));
    let (_, behind) =
        rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("no end of {begin:?}"));
    format!("{before}{begin}\n{table}\n<!-- end -->{behind}")
}

/// All members in their order, with what becomes of them.
pub(crate) fn table(told: &[Told]) -> String {
    let everywhere = told.iter().map(|told| told.target).collect::<HashSet<_>>().len();
    let mut table = "| member | becomes |\n|---|---|\n".to_owned();
    for (name, entries) in by_name(told) {
        for row in rows(&entries) {
            let mut member = format!("`{name}`");
            if !row.values.is_empty() {
                let values: Vec<String> =
                    row.values.iter().map(|value| format!("`{value}`")).collect();
                let _ = write!(member, " = {}", values.join(", "));
            }
            let whom = if row.targets.len() == everywhere {
                String::new()
            } else {
                format!(" *({})*", row.targets.join(", "))
            };
            let _ = writeln!(table, "| {member} | {}{whom} |", row.outcome.replace('|', "\\|"));
        }
    }
    table
}

/// What is told of one name: of which value, at which target, and what.
struct Entry {
    value: String,
    target: &'static str,
    outcome: String,
}

/// What becomes of some values at some targets; of all values where none is named.
struct Row<'a> {
    values: Vec<&'a str>,
    targets: Vec<&'static str>,
    outcome: &'a str,
}

/// By the name of the member, or of the largest thing around it of which everything is lost for
/// one reason.
fn by_name(told: &[Told]) -> Vec<(String, Vec<Entry>)> {
    let alike = alike(told);
    let mut order: Vec<(String, Vec<Entry>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for Told { case, target, outcome } in told {
        let thing = around(&case.member).find(|thing| alike[&(thing.clone(), *target)].is_some());
        let value = if thing.is_some() { String::new() } else { short(&case.value.to_string()) };
        let name = thing.unwrap_or_else(|| case.member.clone());
        let at = *known.entry(name.clone()).or_insert_with(|| {
            order.push((name, Vec::new()));
            order.len() - 1
        });
        order[at].1.push(Entry { value, target, outcome: spelled(outcome) });
    }
    order
}

/// For every thing and target the one way in which everything of it is lost, if there is one.
fn alike(told: &[Told]) -> HashMap<(String, &'static str), Option<String>> {
    let mut alike: HashMap<(String, &'static str), Option<String>> = HashMap::new();
    for Told { case, target, outcome } in told {
        let lost = matches!(outcome, Outcome::Listed { at: None, .. }).then(|| spelled(outcome));
        for thing in around(&case.member) {
            let known = alike.entry((thing, target)).or_insert_with(|| lost.clone());
            if *known != lost {
                *known = None;
            }
        }
    }
    alike
}

/// The names of the things around a member, the largest first, and its own.
fn around(member: &str) -> impl Iterator<Item = String> {
    let steps = path::steps(member);
    (1..=steps.len()).map(move |depth| path::joined(&steps[..depth]))
}

/// One row per outcome, as far as the same values come to it at its targets.
fn rows(entries: &[Entry]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for Entry { outcome, .. } in entries {
        if rows.iter().any(|row| row.outcome == outcome) {
            continue;
        }
        let mut own: Vec<Row<'_>> = Vec::new();
        for target in distinct(entries.iter().map(|entry| entry.target)) {
            let here = || entries.iter().filter(move |entry| entry.target == target);
            let of_it = here().filter(|entry| entry.outcome == *outcome);
            let mut values = distinct(of_it.map(|entry| entry.value.as_str()));
            if values.is_empty() {
                continue;
            }
            if values.len() == distinct(here().map(|entry| entry.value.as_str())).len() {
                values.clear();
            }
            match own.iter_mut().find(|row| row.values == values) {
                Some(row) => row.targets.push(target),
                None => own.push(Row { values, targets: vec![target], outcome }),
            }
        }
        rows.append(&mut own);
    }
    rows
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn spelled(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Arrives { at } => format!("`{at}`"),
        Outcome::Listed { at: Some(at), fate, reason, .. } => {
            format!("`{at}`, **{}**: {reason}", fate.name())
        }
        Outcome::Listed { at: None, fate, reason, .. } => format!("**{}**: {reason}", fate.name()),
        Outcome::Bad { problem } => format!("**400**: {problem}"),
        Outcome::Meant { at, why } => format!("`{at}`: {why}"),
        Outcome::Unneeded { why } => format!("nothing: {why}"),
        Outcome::Unlike { .. }
        | Outcome::Vanished
        | Outcome::Contradicted { .. }
        | Outcome::Misnamed { .. }
        | Outcome::Incomparable { .. } => format!("WRONG: {}", outcome.wrong().unwrap_or_default()),
    }
}

fn short(value: &str) -> String {
    if value.chars().count() <= 40 {
        value.to_owned()
    } else {
        value.chars().take(39).chain(['…']).collect()
    }
}

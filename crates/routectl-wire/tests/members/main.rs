//! G2: every member of the official SDKs' request types, towards the other format: it arrives
//! with its meaning or stands in the loss report, and no third thing happens. `docs/translation.md`
//! shows the result.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of this is a test")]

mod cases;
mod declared;
mod diff;
mod judge;
mod page;
mod path;
mod targets;

use cases::{Case, DIRECTIONS, Direction};
use declared::{Declared, Meant};
use judge::Outcome;
use page::Told;
use targets::Target;

/// What became of every case of a direction, at every target, in the order of the fixture.
fn told(direction: &Direction) -> Vec<Told> {
    let mut told = Vec::new();
    for case in cases::read(direction) {
        for target in (direction.targets)() {
            let outcome = outcome(direction, &case, &target);
            told.push(Told { case: case.clone(), target: target.name, outcome });
        }
    }
    told
}

/// What became of a case; where it is in other words, or nothing, the reason that was declared.
fn outcome(direction: &Direction, case: &Case, target: &Target) -> Outcome {
    let outcome = judge::outcome(direction, case, &target.abilities);
    match (declared(direction, case, &outcome), outcome) {
        (Some(Declared { why, .. }), Outcome::Unlike { at }) => Outcome::Meant { at, why },
        (Some(Declared { why, .. }), Outcome::Vanished) => Outcome::Unneeded { why },
        (_, outcome) => outcome,
    }
}

fn declared(direction: &Direction, case: &Case, outcome: &Outcome) -> Option<&'static Declared> {
    match outcome {
        Outcome::Unlike { .. } => declared::find(direction, case, Meant::InOtherWords),
        Outcome::Vanished => declared::find(direction, case, Meant::Nothing),
        Outcome::Arrives { .. }
        | Outcome::Listed { .. }
        | Outcome::Bad { .. }
        | Outcome::Meant { .. }
        | Outcome::Unneeded { .. }
        | Outcome::Contradicted { .. }
        | Outcome::Misnamed { .. }
        | Outcome::Incomparable { .. } => None,
    }
}

#[test]
fn g2_every_member_arrives_or_is_listed_as_lost() {
    let mut found = Vec::new();
    for direction in DIRECTIONS {
        for told in told(direction) {
            if let Some(wrong) = told.outcome.wrong() {
                let Case { member, value, .. } = &told.case;
                found.push(format!(
                    "{} → {}, {}: {member} = {value}: {wrong}",
                    direction.from.name(),
                    direction.to.name(),
                    told.target
                ));
            }
        }
    }
    let count = found.len();
    assert!(found.is_empty(), "{count} members came to nothing:\n  {}", found.join("\n  "));
}

#[test]
fn what_is_declared_is_still_so() {
    for direction in DIRECTIONS {
        let mut dead: Vec<&Declared> = direction.declared.iter().collect();
        for case in cases::read(direction) {
            for target in (direction.targets)() {
                let outcome = judge::outcome(direction, &case, &target.abilities);
                if let Some(used) = declared(direction, &case, &outcome) {
                    dead.retain(|one| !std::ptr::eq(*one, used));
                }
            }
        }
        let dead: Vec<_> = dead.iter().map(|one| (one.member, one.why)).collect();
        assert!(dead.is_empty(), "{} → {}: {dead:#?}", direction.from.name(), direction.to.name());
    }
}

#[test]
fn the_page_of_every_member_is_fresh() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/translation.md");
    let committed = std::fs::read_to_string(&path).unwrap();
    let mut page = committed.clone();
    for direction in DIRECTIONS {
        page = page::with_table(&page, direction, &page::table(&told(direction)));
    }
    if std::env::var_os("ROUTECTL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    } else {
        assert!(committed == page, "docs/translation.md is stale: run with ROUTECTL_BLESS=1");
    }
}

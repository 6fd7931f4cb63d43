//! The registries that tests loop over can be looped over.

use std::collections::HashSet;

use crate::{FAULTS, ODDITIES, Phase, SAYINGS};

const CLASSES: &[&str] = &[
    "rate-limited",
    "quota",
    "auth",
    "bad-request",
    "content-policy",
    "context-window",
    "model-missing",
    "feature-unsupported",
    "server-error",
    "overloaded",
    "timeout",
    "network",
];

#[test]
fn every_name_is_given_once() {
    let mut seen = HashSet::new();
    let names = FAULTS.iter().map(|it| it.name).chain(ODDITIES.iter().map(|it| it.name));
    let names = names.chain(SAYINGS.iter().map(|it| it.name));
    for name in names {
        assert!(seen.insert(name), "{name} is given twice");
    }
}

#[test]
fn every_class_is_known_and_has_a_fault() {
    for fault in FAULTS {
        assert!(CLASSES.contains(&fault.class), "{} has the class {}", fault.name, fault.class);
    }
    for class in CLASSES {
        assert!(FAULTS.iter().any(|it| it.class == *class), "no fault has the class {class}");
    }
}

#[test]
fn every_phase_has_a_fault() {
    for phase in [Phase::BeforeHead, Phase::BeforeContent, Phase::AfterContent] {
        assert!(FAULTS.iter().any(|it| it.phase == phase), "{phase:?}");
    }
}

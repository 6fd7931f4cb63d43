//! What the policy promises, under a simulated clock.

mod chain;
mod gates;
mod verdict;
mod walk;

use std::time::Duration;

use routectl_core::{Class, Failure, Origin};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A failure in words: a class, then `/` and seconds when the upstream asks to wait, then `@` and
/// a status: `rate-limited/30@429`.
fn failure(words: &str) -> Failure {
    let (words, status) = words.split_once('@').unwrap_or((words, ""));
    let (class, wait) = words.split_once('/').unwrap_or((words, ""));
    let class = Class::named(class).unwrap_or_else(|| panic!("no class {class:?}"));
    let mut failure = Failure::new(class, Origin::Upstream, "no");
    failure.status = status.parse().ok();
    failure.retry_after = wait.parse().ok().map(secs);
    failure
}

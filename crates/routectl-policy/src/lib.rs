//! Which target next. Pure: no sockets, no tasks, no reading of clocks; time and randomness come
//! in by the door, so that every rule can be tested under a simulated clock.
//!
//! A request asks [`Routes`] for the [`Chain`] of its model name and goes along it with a
//! [`Walk`]. After each failure [`verdict`] says what the failure means, and an [`Account`]'s
//! gates (breakers and a bucket) say whether a target may be tried now.

mod breaker;
mod bucket;
mod chain;
mod flatten;
mod gate;
mod nearest;
#[cfg(test)]
mod tests;
mod verdict;
mod walk;

pub use breaker::{Breaker, Cooldown, Pass};
pub use bucket::Bucket;
pub use chain::{Chain, FaultKind, Model, Place, RouteFault, Routes, TargetId, Unknown};
pub use gate::{Account, Ask, Parked, Reason, Ticket};
pub use nearest::nearest;
pub use verdict::{Judgement, Park, Rules, Scope, Statuses, Terms, Verdict, reclass, verdict};
pub use walk::{Gate, Step, Walk, Why};

use std::time::{Duration, Instant};

/// How far away a time is that no clock can hold.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A later time; one that no clock can hold is a year away.
fn later(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now + FAR)
}

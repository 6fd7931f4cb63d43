//! A rate limit: so many calls a minute.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// A token bucket that holds one minute's calls and fills evenly: over any span of time it lets
/// through at most a full bucket and what flowed in meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The time in which one token flows in.
    step: Duration,
    /// The time in which the whole bucket fills.
    fill: Duration,
    /// When the bucket will be full again; `None` before the first call.
    full_at: Option<Instant>,
}

impl Bucket {
    /// A full bucket.
    pub fn per_minute(calls: NonZeroU32) -> Self {
        let step = MINUTE / calls.get();
        Self { step, fill: step * calls.get(), full_at: None }
    }

    /// Takes a token, or says when one frees.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        match self.frees_at(now) {
            Some(at) => Err(at),
            None => {
                self.full_at = Some(self.full_at.map_or(now, |at| at.max(now)) + self.step);
                Ok(())
            }
        }
    }

    /// When a token frees; `None` when there is one now.
    pub fn frees_at(&self, now: Instant) -> Option<Instant> {
        let full_after_this = self.full_at?.max(now) + self.step;
        let excess = full_after_this.saturating_duration_since(now).checked_sub(self.fill)?;
        (!excess.is_zero()).then(|| now + excess)
    }
}

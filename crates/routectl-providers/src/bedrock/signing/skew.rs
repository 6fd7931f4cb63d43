//! What is known of the difference between our clock and the service's.
//!
//! A signature is good for five minutes to both sides of the service's time. The service tells it in
//! every answer, so a machine with a wrong clock needs one refused request to work from then on.
//! (facts: Bedrock, section 3.1)

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// Differences up to this are none of ours: the service takes five minutes, and its `Date` counts
/// whole seconds and was written before the answer came.
const BELIEVED: Duration = Duration::from_secs(4 * 60);

/// Differences beyond this are no clock's: dates that far away cannot even be signed with.
const ABSURD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What the service calls a signature that is too old or too young. The last is a permission most of
/// the time: with a clock that is right it means nothing here.
const NAMES: [&str; 6] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "AccessDeniedException",
];

/// Whether a refusal of this name may be about the time of the signature.
pub fn is_about_the_time(name: &str) -> bool {
    NAMES.contains(&name)
}

/// How far the service's clock is ahead of ours. One for each provider.
#[derive(Debug, Default)]
pub struct Skew {
    ahead_millis: AtomicI64,
}

impl Skew {
    /// Our time as the service has it.
    pub fn mended(&self, ours: SystemTime) -> SystemTime {
        let ahead = self.ahead_millis.load(Ordering::Relaxed);
        let distance = Duration::from_millis(ahead.unsigned_abs());
        let mended =
            if ahead < 0 { ours.checked_sub(distance) } else { ours.checked_add(distance) };
        mended.unwrap_or(ours)
    }

    /// Learns from a refusal that `is_about_the_time`. True when the request was signed with a time
    /// that is far off: another signature may do, once.
    ///
    /// `theirs` is the answer's `Date`, or `None` if there is none or the answer has an `Age` (then
    /// some cache wrote it). `signed` is the time the refused request was signed with, `ours` our
    /// clock's when it was sent.
    pub fn learn(&self, theirs: Option<SystemTime>, signed: SystemTime, ours: SystemTime) -> bool {
        let Some(theirs) = theirs else { return false };
        let off = millis_between(signed, theirs).unsigned_abs();
        if off <= BELIEVED.as_millis() as u64 || off > ABSURD.as_millis() as u64 {
            return false;
        }
        self.ahead_millis.store(millis_between(ours, theirs), Ordering::Relaxed);
        true
    }
}

fn millis_between(from: SystemTime, to: SystemTime) -> i64 {
    let millis = |distance: Duration| i64::try_from(distance.as_millis()).unwrap_or(i64::MAX);
    match to.duration_since(from) {
        Ok(later) => millis(later),
        Err(earlier) => -millis(earlier.duration()),
    }
}

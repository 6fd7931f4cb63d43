//! A secret that is asked for with every request: read once, and anew when its file changes.

use std::fs::Metadata;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::read::read_file;
use crate::{Secret, SecretError, SecretRef};

/// Within this time of a reading, two writes can leave the same time stamp and length on a file.
const TICK: Duration = Duration::from_secs(1);

/// A secret by its reference, kept in memory.
///
/// A file is looked at, not read, each time (one `stat`): a rotated key serves the very next
/// request. When a changed file cannot be read, that is an error; the old value is not used on.
#[derive(Debug)]
pub struct SecretSource {
    reference: SecretRef,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    secret: Secret,
    /// `None` for what cannot change.
    file: Option<Seen>,
}

/// A file as it was when it was read.
#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    /// When it was read, as long as that was too soon after the last write to be sure.
    unsure_since: Option<Instant>,
}

/// What changes when a file is written, replaced or opened to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    #[cfg(unix)]
    owner_and_mode: (u32, u32),
    /// When content or rights changed last, in seconds and nanoseconds.
    #[cfg(unix)]
    changed: (i64, i64),
}

impl SecretSource {
    /// A source that has read nothing yet.
    pub fn new(reference: SecretRef) -> Self {
        Self { reference, kept: Mutex::new(None) }
    }

    /// Where the secret comes from.
    pub fn reference(&self) -> &SecretRef {
        &self.reference
    }

    /// The secret as it is now.
    pub fn current(&self, now: Instant) -> Result<Secret, SecretError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && self.is_fresh(kept, now)
        {
            return Ok(kept.secret.clone());
        }
        let before = kept.take();
        let fresh = self.read(before.as_ref(), now)?;
        Ok(kept.insert(fresh).secret.clone())
    }

    /// As if the last reading had given this.
    #[cfg(test)]
    pub(crate) fn pretend_it_read(&self, value: &str) {
        let mut kept = self.kept.lock().unwrap();
        kept.as_mut().unwrap().secret = Secret::new(value.to_owned());
    }

    fn is_fresh(&self, kept: &Kept, now: Instant) -> bool {
        let (SecretRef::File(path), Some(seen)) = (&self.reference, &kept.file) else {
            return true;
        };
        let sure =
            seen.unsure_since.is_none_or(|since| now.saturating_duration_since(since) < TICK);
        sure && Stamp::now(path).as_ref() == Some(&seen.stamp)
    }

    fn read(&self, before: Option<&Kept>, now: Instant) -> Result<Kept, SecretError> {
        let SecretRef::File(path) = &self.reference else {
            return Ok(Kept { secret: self.reference.read()?, file: None });
        };
        let (secret, metadata) = read_file(path)
            .map_err(|fault| SecretError { reference: self.reference.to_string(), fault })?;
        let stamp = Stamp::of(&metadata);
        // The second reading under one stamp comes a tick after the first, so it is final.
        let settled =
            before.and_then(|kept| kept.file.as_ref()).is_some_and(|seen| seen.stamp == stamp);
        let unsure_since = (!settled).then_some(now);
        Ok(Kept { secret, file: Some(Seen { stamp, unsure_since }) })
    }
}

impl Stamp {
    /// A file as it is now, if it is there.
    pub fn now(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;

        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            device_and_inode: (metadata.dev(), metadata.ino()),
            #[cfg(unix)]
            owner_and_mode: (metadata.uid(), metadata.mode()),
            #[cfg(unix)]
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

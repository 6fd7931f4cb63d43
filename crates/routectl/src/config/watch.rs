//! Notices that the config file or the credentials beside it have changed.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

/// How long a file must be left alone before it is read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(250);

/// A file that is never left alone is read after this long all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where logins are kept, beside the config file.
const CREDENTIALS: &str = "credentials.json";

/// A watch over the config file and `credentials.json` beside it. It costs nothing while nothing
/// happens: the system wakes it.
pub struct Watch {
    _watcher: RecommendedWatcher,
    changes: watch::Receiver<()>,
}

impl Watch {
    /// Begins to watch. Folders are watched, not files: editors put a new file in the old one's
    /// place.
    pub fn start(config: &Path) -> notify::Result<Self> {
        let files = [config.to_owned(), config.with_file_name(CREDENTIALS)];
        let folders: BTreeSet<PathBuf> = files.iter().flat_map(|file| folders(file)).collect();
        let (tell, changes) = watch::channel(());
        let mut seen = files.each_ref().map(|file| print(file));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_reading(event.kind)) {
                return;
            }
            let now = files.each_ref().map(|file| print(file));
            if now != seen {
                seen = now;
                tell.send_replace(());
            }
        })?;
        for folder in folders {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        }
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits until one of the files has changed and has been left alone for a moment. May be
    /// dropped and called again: no change is lost.
    pub async fn changed(&mut self) {
        let mut changes = self.changes.clone();
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
        let enough = Instant::now() + PATIENCE;
        while let Ok(Ok(Ok(()))) = timeout_at(enough, timeout(QUIET, changes.changed())).await {}
        self.changes = changes;
    }
}

/// The folder of a file, and that of the file it is a link to.
fn folders(file: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = |file: &Path| match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let behind = fs::canonicalize(file).ok().map(|file| folder(&file));
    [folder(file)].into_iter().chain(behind)
}

fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// What tells one state of a file from another; `None` when it is not there.
fn print(file: &Path) -> Option<[u64; 4]> {
    let stat = fs::metadata(file).ok()?;
    let time = |seconds: i64, nanos: i64| {
        seconds.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(nanos.cast_unsigned())
    };
    Some([
        stat.ino(),
        stat.size(),
        time(stat.mtime(), stat.mtime_nsec()),
        time(stat.ctime(), stat.ctime_nsec()),
    ])
}

//! A change is noticed, however an editor makes it.

use std::fs;
use std::path::Path;

use crate::config::Watch;

/// Ends when each of the changes has been noticed; one that is not noticed never ends.
async fn check(folder: &Path, changes: &[fn(&Path)]) {
    let config = folder.join("config.toml");
    fs::write(&config, "one").unwrap();
    let mut watch = Watch::start(&config).unwrap();
    for change in changes {
        change(folder);
        watch.changed().await;
    }
}

#[tokio::test]
async fn every_way_of_changing_a_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    check(
        folder.path(),
        &[
            |folder| fs::write(folder.join("config.toml"), "three").unwrap(),
            |folder| {
                fs::write(folder.join(".config.toml.swp"), "a new file").unwrap();
                fs::rename(folder.join(".config.toml.swp"), folder.join("config.toml")).unwrap();
            },
            |folder| fs::write(folder.join("credentials.json"), "{}").unwrap(),
            |folder| fs::remove_file(folder.join("config.toml")).unwrap(),
            |folder| fs::write(folder.join("config.toml"), "back").unwrap(),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_file_behind_a_link_is_watched_too() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let behind = elsewhere.path().join("real.toml");
    fs::write(&behind, "one").unwrap();
    let link = folder.path().join("config.toml");
    std::os::unix::fs::symlink(&behind, &link).unwrap();
    let mut watch = Watch::start(&link).unwrap();
    fs::write(&behind, "other").unwrap();
    watch.changed().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Watch::start(&folder.path().join("nowhere/config.toml")).is_err());
}

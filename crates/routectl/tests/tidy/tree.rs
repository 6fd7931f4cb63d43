//! The repository as texts.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders whose content is made, not written.
const MADE: [&str; 6] = ["target", "artifacts", "corpus", "node_modules", "__pycache__", ".git"];

/// One file: its path from the root of the repository, and what is in it.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// All files with one of these extensions below these places, in the order of their paths.
pub(crate) fn pages(places: &[&str], extensions: &[&str]) -> Vec<Page> {
    let mut paths = Vec::new();
    for place in places {
        walk(&root().join(place), &mut paths);
    }
    paths.sort();
    let wanted = |path: &&PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extensions.contains(&extension.unwrap_or_default())
    };
    paths.iter().filter(wanted).map(|path| page(path)).collect()
}

/// Every folder below a place that holds files, with the place itself.
pub(crate) fn folders(place: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    walk(&root().join(place), &mut paths);
    let mut folders: Vec<PathBuf> =
        paths.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// All Rust code that is ours.
pub(crate) fn rust() -> Vec<Page> {
    pages(&["crates", "bench", "fuzz"], &["rs"])
}

/// A file by its path from the root.
pub(crate) fn read(path: &str) -> String {
    page(&root().join(path)).text
}

fn page(path: &Path) -> Page {
    let text = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let path = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    Page { path, text }
}

fn walk(place: &Path, paths: &mut Vec<PathBuf>) {
    if place.is_file() {
        paths.push(place.to_owned());
        return;
    }
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        if !MADE.iter().any(|made| entry.file_name() == *made) {
            walk(&entry.path(), paths);
        }
    }
}

/// Fails with everything that was found.
#[track_caller]
pub(crate) fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

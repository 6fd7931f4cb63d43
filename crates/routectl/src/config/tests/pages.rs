//! The example, the schema, the reference page, and where the file is looked for.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{config, said};
use crate::config::load::{Missing, find, load, place};
use crate::config::{EXAMPLE, Flags, reference_markdown, schema};

#[test]
fn the_example_passes_its_own_check() {
    assert_eq!(said(EXAMPLE), "");
}

#[test]
fn what_is_shown_can_be_read_again_and_means_the_same() {
    let shown = config(EXAMPLE).shown().unwrap();
    assert_eq!(config(&shown).shown().unwrap(), shown);
    let keyed = EXAMPLE.replace("literal:not-needed", "env://LOCAL");
    assert_eq!(config(&config(&keyed).shown().unwrap()), config(&keyed).filled());
}

#[test]
fn the_schema_names_every_table_and_is_strict() {
    let tables = schema()["properties"].as_object().unwrap();
    let names: Vec<_> = tables.keys().map(String::as_str).collect();
    let all = [
        "server",
        "providers",
        "models",
        "aliases",
        "retry",
        "bedrock",
        "log",
        "usage",
        "telemetry",
    ];
    assert_eq!(names, all);
    let text = schema().to_string();
    assert!(!text.contains("null"), "TOML has no null");
    assert_eq!(schema()["additionalProperties"], false);
}

#[test]
fn the_reference_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/config.md");
    let page = reference_markdown();
    if std::env::var_os("ROUTECTL_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/reference/config.md is stale: run with ROUTECTL_BLESS=1");
}

#[test]
fn the_file_is_looked_for_in_four_places() {
    let check = |explicit: Option<&str>, env: &[(&str, &str)], expected: &str| {
        let read = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        let found = place(explicit.map(PathBuf::from), read);
        assert_eq!(found.path, Path::new(expected));
    };
    let home = ("HOME", "/home/me");
    let xdg = ("XDG_CONFIG_HOME", "/xdg");
    let own = ("ROUTECTL_CONFIG", "own.toml");
    check(Some("a.toml"), &[own, xdg, home], "a.toml");
    check(None, &[own, xdg, home], "own.toml");
    check(None, &[xdg, home], "/xdg/routectl/config.toml");
    check(None, &[home], "/home/me/.config/routectl/config.toml");
    check(
        None,
        &[("ROUTECTL_CONFIG", ""), ("XDG_CONFIG_HOME", "relative"), home],
        "/home/me/.config/routectl/config.toml",
    );
}

#[test]
fn a_missing_file_says_where_it_was_looked_for_and_the_ways_on() {
    let missing =
        Missing { path: "/home/me/.config/routectl/config.toml".into(), said: "the usual place" };
    insta::assert_snapshot!(missing, @r##"
    no config file at /home/me/.config/routectl/config.toml (the usual place). Write one with `mkdir -p /home/me/.config/routectl && routectl config example > /home/me/.config/routectl/config.toml`, name another with --config PATH, or run `routectl demo`, which needs none.
    "##);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    assert_eq!(find(Some(path.clone())).unwrap_err().path, path);
    fs::write(&path, EXAMPLE).unwrap();
    assert_eq!(find(Some(path.clone())), Ok(path.clone()));
    assert_eq!(load(&path, Flags::default()).unwrap().path, Some(path));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let said = |path: &Path| {
        let errors = load(path, Flags::default()).unwrap_err().to_string();
        errors.replace(&path.display().to_string(), "F")
    };
    assert_eq!(
        said(&path),
        "F: cannot be read: No such file or directory (os error 2). Check the path and its mode."
    );
    fs::write(&path, b"[server]\nport = 1 # \xff\n").unwrap();
    assert_eq!(said(&path), "F: line 2 is not UTF-8. Save the file as UTF-8.");
    fs::write(&path, "#".repeat((4 << 20) + 1)).unwrap();
    assert_eq!(said(&path), "F: larger than 4194304 bytes. Is this the right file?");
    fs::write(&path, "\u{feff}[server]\nprt = 1\n").unwrap();
    assert_eq!(said(&path), "F:2:1: server: unknown key \"prt\". Did you mean \"port\"?");
}

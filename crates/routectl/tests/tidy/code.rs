//! What code has to look like.

use crate::tree::{Page, none, pages, read, rust};

/// Most lines of code in one file.
const LONGEST: usize = 600;

/// Files that are longer, each with the reason.
const LONG: &[(&str, &str)] = &[];

/// Words that say nothing about what is inside.
const EMPTY_WORDS: [&str; 10] =
    ["util", "utils", "helper", "helpers", "common", "manager", "misc", "handler", "stuff", "lib2"];

/// Which crates of ours each may know, and how far: dependencies point down.
const DOWN: [(&str, &[&str]); 8] = [
    ("routectl-core", &[]),
    ("routectl-wire", &["routectl-core"]),
    ("routectl-policy", &["routectl-core"]),
    ("routectl-auth", &["routectl-core"]),
    ("routectl-providers", &["routectl-auth", "routectl-core", "routectl-wire"]),
    ("routectl-ledger", &["routectl-core"]),
    ("routectl-emulator", &[]),
    ("routectl", ALL),
];

const ALL: &[&str] = &[
    "routectl-auth",
    "routectl-core",
    "routectl-emulator",
    "routectl-ledger",
    "routectl-policy",
    "routectl-providers",
    "routectl-wire",
];

/// Crates without sockets, tasks, files and clocks.
const PURE: [&str; 3] = ["routectl-core", "routectl-wire", "routectl-policy"];

/// Beginnings of the names of crates that do I/O.
const DOES_IO: [&str; 9] =
    ["tokio", "hyper", "http-body", "futures", "async", "mio", "socket2", "reqwest", "smol"];

/// What I/O and clocks look like in code.
const IMPURE: [&str; 7] = [
    "Instant::now",
    "SystemTime::now",
    "async fn",
    "async move",
    "std::net",
    "std::fs",
    "std::thread",
];

#[test]
fn no_file_is_long_without_a_reason() {
    let mut found = Vec::new();
    for Page { path, text } in rust() {
        let lines = text.lines().filter(|line| is_code(line)).count();
        match (lines > LONGEST, LONG.iter().any(|(long, _)| *long == path)) {
            (true, false) => found.push(format!("{path}: {lines} lines of code")),
            (false, true) => found.push(format!("{path}: {lines} lines, its entry can go")),
            (true, true) | (false, false) => {}
        }
    }
    none(&found, "a file over 600 lines of code has an entry with the reason");
}

#[test]
fn module_names_say_what_is_inside() {
    let mut found = Vec::new();
    for Page { path, text } in rust() {
        let places = path.trim_end_matches(".rs").split('/');
        found.extend(
            places.filter(|name| is_empty_word(name)).map(|name| format!("{path}: {name}")),
        );
        let modules = text.lines().filter_map(declared_module);
        found.extend(
            modules.filter(|name| is_empty_word(name)).map(|name| format!("{path}: mod {name}")),
        );
    }
    none(&found, "a module is named after what is in it");
}

#[test]
fn every_file_begins_with_what_lives_in_it() {
    let silent = |page: &Page| {
        // Tests beside a file are about that file, and their names say the rest.
        !page.text.starts_with("//!") && !page.path.ends_with("/tests.rs")
    };
    let found: Vec<String> = rust().into_iter().filter(silent).map(|page| page.path).collect();
    none(&found, "the first line of a file says what lives there");
}

#[test]
fn every_public_item_is_explained() {
    let mut found = Vec::new();
    for Page { path, text } in pages(&["crates"], &["rs"]) {
        if path.contains("/tests") || !path.contains("/src/") {
            continue;
        }
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if is_public_item(line) && !is_explained(lines.get(..number).unwrap_or_default()) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&found, "a public item has a doc comment");
}

#[test]
fn no_note_is_left_without_an_issue() {
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let places = ["crates", "bench", "fuzz", "tests", "docs", "README.md", "Cargo.toml", ".ci"];
    let mut found = Vec::new();
    for Page { path, text } in pages(&places, &["rs", "py", "mjs", "sh", "md", "toml", ""]) {
        for (number, line) in text.lines().enumerate() {
            let left = notes.iter().any(|note| words(line).any(|word| word == *note));
            if left && !has_issue(line) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&found, "what is left to do has an issue: (#12)");
}

#[test]
fn dependencies_point_down() {
    let mut found = Vec::new();
    for (name, below) in manifests() {
        let Some((_, may_know)) = DOWN.iter().find(|(known, _)| *known == name) else {
            found.push(format!("{name} has no line in DOWN"));
            continue;
        };
        let wrong = below.iter().filter(|one| one.starts_with("routectl"));
        let wrong = wrong.filter(|one| !may_know.contains(&one.as_str()));
        found.extend(wrong.map(|one| format!("{name} knows {one}")));
    }
    none(&found, "a crate knows only crates below it");
}

#[test]
fn the_pure_crates_do_no_io() {
    let mut found = Vec::new();
    for (name, below) in manifests() {
        if PURE.contains(&name.as_str()) {
            let io = below.iter().filter(|one| DOES_IO.iter().any(|io| one.starts_with(io)));
            found.extend(io.map(|one| format!("{name} depends on {one}")));
        }
    }
    for name in PURE {
        for Page { path, text } in pages(&[&format!("crates/{name}/src")], &["rs"]) {
            if path.contains("/tests") {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                let impure =
                    IMPURE.iter().filter(|impure| is_code(line) && line.contains(**impure));
                found.extend(impure.map(|impure| format!("{path}:{}: {impure}", number + 1)));
            }
        }
    }
    none(&found, "formats, policy and nouns are pure: time and bytes come in by the door");
}

/// Every crate of the workspace with the names under its `[dependencies]`.
fn manifests() -> Vec<(String, Vec<String>)> {
    let manifest = |page: Page| {
        let name = page.path.split('/').nth(1)?.to_owned();
        (page.path == format!("crates/{name}/Cargo.toml")).then(|| (name, needs(&page.text)))
    };
    pages(&["crates"], &["toml"]).into_iter().filter_map(manifest).collect()
}

fn needs(manifest: &str) -> Vec<String> {
    let table = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let keys = table.take_while(|line| !line.starts_with('['));
    keys.filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|key| !key.is_empty() && !key.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

fn is_empty_word(name: &str) -> bool {
    EMPTY_WORDS.contains(&name)
}

fn declared_module(line: &str) -> Option<&str> {
    let (_, rest) = line.trim().split_once("mod ")?;
    rest.strip_suffix(';').or_else(|| rest.strip_suffix(" {"))
}

/// An item that a reader of the crate's documentation meets. A module explains itself in its file.
fn is_public_item(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("pub ") else { return false };
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    // A macro takes the doc comment along with the name.
    if rest.contains('$') {
        return false;
    }
    ["fn ", "const ", "static ", "struct ", "enum ", "trait ", "type ", "union "]
        .iter()
        .any(|kind| rest.starts_with(kind))
}

/// Whether the lines above end in a doc comment, attributes aside.
fn is_explained(above: &[&str]) -> bool {
    let mut inside_attribute = false;
    for line in above.iter().rev().map(|line| line.trim()) {
        if line.starts_with("#[") {
            inside_attribute = false;
        } else if !inside_attribute {
            if line.starts_with("///") {
                return true;
            }
            if !line.ends_with(']') {
                return false;
            }
            inside_attribute = true;
        }
    }
    false
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric())
}

fn has_issue(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[test]
fn the_lists_above_name_what_there_is() {
    for (path, _) in LONG {
        let _ = read(path);
    }
}

//! Whether what is written down is true.

use std::path::Path;

use routectl::config;

use crate::tree::{Page, folders, none, pages, read, root, rust};

/// Pages for people.
const PAGES: [&str; 3] = ["docs", "README.md", "CHANGELOG.md"];

/// Names of others that look like types of ours.
const FOREIGN: [&str; 2] = ["Host", "Instant"];

/// What a block of configuration stands on that has no provider of its own.
const GROUND: &str = r#"
[providers.ground]
kind = "anthropic-api"
api_key_ref = "literal:x"
[models.fast]
provider = "ground"
upstream = "one"
[models.slow]
provider = "ground"
upstream = "two"
"#;

#[test]
fn every_public_type_of_core_is_in_the_glossary() {
    let glossary = read("docs/glossary.md");
    let mut found = Vec::new();
    for Page { path, text } in pages(&["crates/routectl-core/src"], &["rs"]) {
        let types = text.lines().filter_map(declared_type);
        let missing = types.filter(|name| !glossary.contains(&format!("`{name}`")));
        found.extend(missing.map(|name| format!("{name} ({path})")));
    }
    none(&found, "docs/glossary.md explains every type of routectl-core");
}

#[test]
fn every_type_that_a_page_names_exists() {
    let code: Vec<Page> = rust();
    let types: Vec<&str> =
        code.iter().flat_map(|page| page.text.lines()).filter_map(declared_type).collect();
    let mut found = Vec::new();
    for path in ["docs/glossary.md", "docs/architecture.md"] {
        let text = read(path);
        let named = quoted(&text).filter(|name| is_type_name(name) && !FOREIGN.contains(name));
        let gone = named.filter(|name| !types.contains(name));
        found.extend(gone.map(|name| format!("{path}: {name}")));
    }
    none(&found, "a page names types as they are called in the code");
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let page = read("docs/guarantees.md");
    let tests = tests();
    let mut found = Vec::new();
    for number in 1..=13 {
        let heading = format!("## G{number} ");
        let Some((_, section)) = page.split_once(&heading) else {
            found.push(format!("G{number} has no section"));
            continue;
        };
        let section = section.split("\n## ").next().unwrap_or_default();
        let named: Vec<&str> = quoted(section).filter(|name| is_test_name(name)).collect();
        if named.is_empty() && !section.contains("Not yet") {
            found.push(format!("G{number} names no test"));
        }
        let gone = named.iter().map(|name| name.rsplit("::").next().unwrap_or(name));
        let gone = gone.filter(|name| !tests.iter().any(|test| test == name));
        found.extend(gone.map(|name| format!("G{number}: no test {name}, or it is ignored")));
    }
    none(&found, "a promise is kept by a test, or says that it is not kept yet");
}

#[test]
fn every_fixture_says_where_it_came_from() {
    let mut found = Vec::new();
    for folder in folders("fixtures") {
        let above = folder.ancestors().take_while(|place| *place != root().join("fixtures"));
        let readme = above.map(|place| place.join("README.md")).find(|readme| readme.is_file());
        let text = readme.map(|readme| std::fs::read_to_string(readme).unwrap());
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let own = folder.join("README.md").is_file();
        if !own && !text.is_some_and(|text| text.contains(&format!("`{name}`"))) {
            found.push(folder.strip_prefix(root()).unwrap_or(&folder).display().to_string());
        }
    }
    none(&found, "a README in the folder or above names it and says how it was recorded");
}

#[test]
fn no_page_names_a_place_of_one_machine() {
    let mut found = Vec::new();
    let places = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/t", "mp/")];
    let all = ["docs", "README.md", "CHANGELOG.md", "fixtures", "tests", "bench", ".ci", "crates"];
    for Page { path, text } in pages(&all, &["md", "rs", "py", "sh", "toml", "mjs", ""]) {
        // A temporary folder is a fair place in code.
        let places = if path.ends_with(".md") { &places[..] } else { &places[..2] };
        for (number, line) in text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&found, "what is written holds on every machine");
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = Vec::new();
    for Page { path, text } in pages(&PAGES, &["md"]) {
        let folder = root().join(&path);
        let folder = folder.parent().unwrap_or_else(|| Path::new(""));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !target.is_empty() && !folder.join(target).exists() {
                found.push(format!("{path}: {link}"));
            }
        }
    }
    none(&found, "links lead to files that exist");
}

#[test]
fn every_configuration_in_a_page_is_valid() {
    let mut found = Vec::new();
    for Page { path, text } in pages(&PAGES, &["md"]) {
        for block in text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let ground = if block.contains("[providers.") { "" } else { GROUND };
            let whole = format!("{block}{ground}");
            if let Err(faults) = config::parse(&whole, &path, config::Flags::default()) {
                found.push(format!("{faults}\n{block}"));
            }
        }
    }
    none(&found, "a configuration that is shown can be used");
}

/// The names of all tests that run.
fn tests() -> Vec<String> {
    let mut tests = Vec::new();
    for Page { text, .. } in rust() {
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            match line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn ")) {
                Some(rest) if is_test => {
                    tests.extend(rest.split('(').next().map(str::to_owned));
                    is_test = false;
                }
                Some(_) => {}
                None if line.starts_with("#[test]") || line.starts_with("#[tokio::test") => {
                    // A one-line test stands behind its attribute.
                    let rest = line.split_once("] fn ").map(|(_, rest)| rest);
                    tests.extend(rest.and_then(|rest| rest.split('(').next()).map(str::to_owned));
                    is_test = rest.is_none();
                }
                None if line.starts_with("#[ignore") => is_test = false,
                None if line.is_empty() => is_test = false,
                None => {}
            }
        }
    }
    tests
}

/// What stands between single backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn declared_type(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("pub ")?;
    let line = line.strip_prefix("(crate) ").unwrap_or(line);
    let rest =
        ["struct ", "enum ", "trait ", "type "].iter().find_map(|kind| line.strip_prefix(kind))?;
    rest.split(|letter: char| !letter.is_alphanumeric()).next()
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(char::is_alphanumeric)
        && name.contains(|letter: char| letter.is_ascii_lowercase())
}

/// A test's name is a sentence: lower case, with several underscores, maybe behind its module.
fn is_test_name(name: &str) -> bool {
    let own = name.rsplit("::").next().unwrap_or(name);
    own.matches('_').count() >= 3
        && own
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

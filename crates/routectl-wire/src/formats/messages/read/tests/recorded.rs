//! Requests of real clients, recorded: every one is read.

use std::fmt::Write as _;
use std::path::Path;

use super::{read, summary};

#[test]
fn requests_of_real_clients_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests");
    let mut seen = 0;
    for client in ["aider", "anthropic-python", "anthropic-ts", "claude-code", "opencode"] {
        let mut all = String::new();
        let mut files = std::fs::read_dir(root.join(client))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect::<Vec<_>>();
        files.sort();
        for file in files {
            let head = std::fs::read_to_string(file.with_extension("head")).unwrap();
            if !head.starts_with("POST /v1/messages") {
                continue;
            }
            let name = file.file_stem().unwrap().to_string_lossy();
            let request = read(&std::fs::read_to_string(&file).unwrap())
                .unwrap_or_else(|bad| panic!("{client}/{name}: {bad}"));
            writeln!(all, "== {name}\n{}", summary(&request)).unwrap();
            seen += 1;
        }
        insta::assert_snapshot!(client, all);
    }
    assert!(seen > 30, "{seen} requests");
}

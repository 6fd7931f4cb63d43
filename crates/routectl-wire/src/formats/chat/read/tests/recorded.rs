//! Requests of real programs. (fixtures/requests says how they were recorded)

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use super::told;

/// Every recorded request of a client to this format, and what it means.
fn recorded(client: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests");
    let folder = fs::read_dir(root.join(client)).unwrap();
    let mut heads: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    heads.retain(|path| {
        path.extension().is_some_and(|extension| extension == "head")
            && fs::read_to_string(path).unwrap().contains("/chat/completions")
    });
    heads.sort();
    assert!(!heads.is_empty(), "{client} speaks Chat");
    let requests = heads.iter().map(|head| {
        let name = head.file_stem().unwrap().to_string_lossy();
        format!("## {name}\n{}", told(&fs::read_to_string(head.with_extension("json")).unwrap()))
    });
    requests.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn the_python_sdk_is_understood() {
    assert_snapshot!(recorded("openai-python"));
}

#[test]
fn the_node_sdk_is_understood() {
    assert_snapshot!(recorded("openai-node"));
}

#[test]
fn opencode_is_understood() {
    assert_snapshot!(recorded("opencode"));
}

#[test]
fn aider_is_understood() {
    assert_snapshot!(recorded("aider"));
}

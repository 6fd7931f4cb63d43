//! Requests of real clients, as recorded in `fixtures/requests`, meet a host that takes them.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::{chat, messages};

/// What the recordings hold that the vendors do refuse.
const REFUSED: &[(&str, &str)] = &[
    // The mock server that stood in for the vendor signed as it liked.
    ("", "Invalid `signature` in `thinking` block"),
    // The recorder sent these on purpose.
    ("anthropic-python/02-params", "temperature: Extra inputs are not permitted"),
    ("anthropic-python/10-caching", "must not come after a ttl='5m' cache_control block"),
    ("openai-python/02-chat-params", "Unrecognized request argument supplied: x_unknown"),
];

#[test]
fn recorded_requests_are_taken_but_for_what_the_vendors_refuse() {
    let mut seen = 0;
    for path in bodies() {
        let head = fs::read_to_string(path.with_extension("head")).unwrap();
        let mut body: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // A name without rules of its own.
        body["model"] = "mock-1".into();
        let case = path.with_extension("").to_string_lossy().replace('\\', "/");
        for (lenient, model) in [(false, "mock-1"), (true, "lenient-1")] {
            let refused = verdict(&head, &body, lenient).err();
            let known = |(name, words): &(&str, &str)| {
                case.contains(name) && refused.as_ref().is_some_and(|it| it.contains(words))
            };
            assert!(refused.is_none() || REFUSED.iter().any(known), "{case} {model}: {refused:?}");
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} recordings");
}

fn verdict(head: &str, body: &Value, lenient: bool) -> Result<(), String> {
    let headers = headers(head);
    let body = body.as_object().unwrap();
    let verdict = if head.contains("/chat/completions") {
        chat::admit(&headers).and_then(|()| chat::check(body, lenient))
    } else {
        messages::admit(&headers).and_then(|mut terms| {
            terms.lenient = lenient;
            messages::check(body, messages::Purpose::Create, &terms)
        })
    };
    verdict.map_err(|refusal| refusal.message)
}

fn headers(head: &str) -> HeaderMap {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let pair = |(name, value): (&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap())
    };
    lines.map(pair).collect()
}

fn bodies() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.filter(|it| it.is_dir()).flat_map(|it| fs::read_dir(it).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    files.filter(|it| it.extension().is_some_and(|ending| ending == "json")).collect()
}

//! JSON paths, and the names of members that are spelled like them.

use serde_json::Value;

/// The steps of a path: `a[0].b` is `a`, `[0]`, `b`. In the name of a member, `[image.png]` is one
/// step and `(base64)` belongs to the step before it.
pub(crate) fn steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let end = match rest.strip_prefix('[') {
            Some(_) => rest.find(']').map_or(rest.len(), |end| end + 1),
            None => end_of_name(rest),
        };
        let (step, behind) = rest.split_at(end);
        steps.push(step);
        rest = behind;
    }
    steps
}

fn end_of_name(text: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            '.' | '[' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The path or name that these steps make.
pub(crate) fn joined(steps: &[&str]) -> String {
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() && !step.starts_with('[') {
            path.push('.');
        }
        path.push_str(step);
    }
    path
}

/// The path of the thing that holds what stands at a path.
pub(crate) fn above(path: &str) -> String {
    let steps = steps(path);
    joined(&steps[..steps.len() - 1])
}

/// Whether one path leads to what the other leads to, or to something around it.
pub(crate) fn holds(outer: &str, inner: &str) -> bool {
    steps(inner).starts_with(&steps(outer))
}

/// What stands at a path.
pub(crate) fn value<'a>(whole: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).into_iter().try_fold(whole, |value, step| {
        match step.strip_prefix('[').and_then(|step| step.strip_suffix(']')) {
            Some(index) => value.get(index.parse::<usize>().ok()?),
            None => value.get(step),
        }
    })
}

/// A path as it is told: positions in lists mean nothing.
pub(crate) fn spoken(path: &str) -> String {
    let any = |step: &'_ str| if step.starts_with('[') { "[]".to_owned() } else { step.to_owned() };
    let steps: Vec<String> = steps(path).into_iter().map(any).collect();
    joined(&steps.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_path_is_its_steps_and_back() {
    for (path, expected) in [
        ("model", &["model"][..]),
        (
            "messages[2].content[0].source.data",
            &["messages", "[2]", "content", "[0]", "source", "data"],
        ),
        (
            "messages[user].details[reasoning.text]",
            &["messages", "[user]", "details", "[reasoning.text]"],
        ),
        ("source(base64).data", &["source(base64)", "data"]),
    ] {
        assert_eq!(steps(path), expected);
        assert_eq!(joined(expected), path);
    }
    assert!(holds("tools[0]", "tools[0].name") && !holds("tools[1]", "tools[10].name"));
}

//! Where one JSON value differs from another, and whether what differs holds a value.

use serde_json::Value;

/// Something that stands in one value and not, or otherwise, in the other: its path and itself.
pub(crate) type Differing<'a> = (String, &'a Value);

/// What of `this` is not in `that`: texts, numbers, words and empty things, each with its path.
pub(crate) fn differing<'a>(this: &'a Value, that: &Value) -> Vec<Differing<'a>> {
    let mut found = Vec::new();
    walk(this, Some(that), String::new(), &mut found);
    found
}

fn walk<'a>(this: &'a Value, that: Option<&Value>, path: String, found: &mut Vec<Differing<'a>>) {
    if that == Some(this) {
        return;
    }
    match this {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(value, that.and_then(|that| that.get(name)), path, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let other = that.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let before = items.iter().zip(other).take_while(|(one, two)| one == two).count();
            let behind = items.iter().rev().zip(other.iter().rev());
            let behind = behind.take_while(|(one, two)| one == two).count();
            let behind = behind.min(items.len().min(other.len()) - before);
            let other = &other[before..other.len() - behind];
            for (at, item) in items[before..items.len() - behind].iter().enumerate() {
                walk(item, other.get(at), format!("{path}[{}]", at + before), found);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => found.push((path, this)),
    }
}

/// The paths at which a value is found among what differs, as a whole or by its texts, numbers and
/// words; of these, what it shares with the value that stood there before need not be found.
pub(crate) fn held(
    value: &Value,
    before: Option<&Value>,
    differing: &[Differing<'_>],
) -> Option<Vec<String>> {
    let before = before.map(leaves).unwrap_or_default();
    let new = leaves(value).into_iter().filter(|leaf| !before.contains(leaf));
    let path = |leaf: Value| {
        let same = differing.iter().find(|(_, found)| **found == leaf);
        let (path, _) = same.or_else(|| differing.iter().find(|(_, found)| holds(found, &leaf)))?;
        Some(path.clone())
    };
    new.map(path).collect()
}

/// The path at which a value stands as it is in one value and not in the other.
pub(crate) fn whole(value: &Value, this: &Value, that: &Value) -> Option<String> {
    let mut found = Vec::new();
    everything(this, String::new(), &mut found);
    let mut other = Vec::new();
    everything(that, String::new(), &mut other);
    let is_new =
        |(path, one): &&(String, &Value)| *one == value && !other.contains(&(path.clone(), value));
    found.iter().find(is_new).map(|(path, _)| path.clone())
}

fn everything<'a>(value: &'a Value, path: String, found: &mut Vec<Differing<'a>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                everything(value, path, found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                everything(item, format!("{path}[{at}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push((path, value));
}

/// A value's texts, numbers and words, without the word that says what an object is. A data URL is
/// its media type and its bytes; JSON inside a text is what it says.
fn leaves(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => {
            let said = members.iter().filter(|(name, _)| *name != "type");
            said.flat_map(|(_, value)| leaves(value)).collect()
        }
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ Value::Object(_)) => leaves(&inner),
            Ok(_) | Err(_) => {
                match text.strip_prefix("data:").and_then(|text| text.split_once(";base64,")) {
                    Some((media_type, bytes)) => vec![media_type.into(), bytes.into()],
                    None => vec![value.clone()],
                }
            }
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => vec![value.clone()],
    }
}

fn holds(found: &Value, leaf: &Value) -> bool {
    match (found, leaf) {
        (Value::String(found), Value::String(leaf)) => found.contains(leaf.as_str()),
        (Value::Number(found), Value::Number(leaf)) => found.as_f64() == leaf.as_f64(),
        (found, leaf) => found == leaf,
    }
}

#[test]
fn a_list_differs_where_something_was_put_in() {
    let read = |json| serde_json::from_str::<Value>(json).unwrap();
    let (this, that) = (read(r#"[1, 2, 3, {"a": "x"}]"#), read(r#"[1, 3, {"a": "y"}]"#));
    let found: Vec<_> = differing(&this, &that).into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, ["[1]", "[2]", "[3].a"]);
}

//! The elements of a list, one by one and from either end: whoever wants to know how a
//! conversation ends does not have to read how it began.

use super::scan;

/// The raw elements of a list. The list is known to be well formed as far as brackets and strings
/// go; where something else is odd in it, the elements end.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    /// What is left stands between these two.
    from: usize,
    to: usize,
}

impl<'a> Elements<'a> {
    /// The elements of this value; none if it is no list.
    pub(super) fn of(value: &'a [u8]) -> Self {
        let is_list = value.starts_with(b"[") && value.ends_with(b"]") && value.len() > 1;
        let to = if is_list { value.len() - 1 } else { 1 };
        Self { bytes: value, from: 1, to }
    }

    fn is_space(byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',')
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.from..self.to)?;
        let start = self.from + rest.iter().position(|byte| !Self::is_space(*byte))?;
        let end = scan::value_end(self.bytes, start).filter(|end| *end <= self.to)?;
        self.from = end;
        self.bytes.get(start..end)
    }
}

impl<'a> DoubleEndedIterator for Elements<'a> {
    fn next_back(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.from..self.to)?;
        let end = self.from + rest.iter().rposition(|byte| !Self::is_space(*byte))? + 1;
        let start = value_start(self.bytes, end).filter(|start| *start >= self.from)?;
        self.to = start;
        self.bytes.get(start..end)
    }
}

/// Where the value begins whose last byte stands before `end`.
fn value_start(bytes: &[u8], end: usize) -> Option<usize> {
    let mut at = end;
    let mut depth = 0_usize;
    loop {
        let byte = *bytes.get(at.checked_sub(1)?)?;
        match byte {
            b'"' => at = string_start(bytes, at - 1)?,
            b'}' | b']' => {
                depth += 1;
                at -= 1;
            }
            b'{' | b'[' if depth > 0 => {
                depth -= 1;
                at -= 1;
            }
            // A number or a word ends at what stands before it, and so does a list's first.
            b',' | b'[' | b'{' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Some(at),
            _ => {
                at -= 1;
                continue;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where the string begins whose closing quote stands here: at the nearest quote before it that no
/// backslash takes away.
fn string_start(bytes: &[u8], quote: usize) -> Option<usize> {
    let mut before = bytes.get(..quote)?;
    loop {
        let at = memchr::memrchr(b'"', before)?;
        before = before.get(..at)?;
        let escapes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes % 2 == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::Value;

    use crate::Document;

    fn check(list: &str, expected: &[&str]) {
        let body = format!("{{\"a\":1,\"list\": {list} ,\"b\":[]}}");
        let body = Document::parse(Bytes::from(body)).unwrap();
        let text = |element: &[u8]| String::from_utf8(element.to_vec()).unwrap();
        let forward: Vec<_> = body.elements("list").map(text).collect();
        let mut backward: Vec<_> = body.elements("list").rev().map(text).collect();
        backward.reverse();
        assert_eq!(
            (&forward, &backward),
            (&expected.iter().map(|it| (*it).to_owned()).collect(), &forward),
            "{list}"
        );
        // From both ends in turn, each is met once.
        let mut both = body.elements("list");
        let mut met = Vec::new();
        while let Some(element) = both.next() {
            met.push(element);
            met.extend(both.next_back());
        }
        assert_eq!(met.len(), expected.len(), "{list}");
    }

    #[test]
    fn elements_are_the_same_from_both_ends() {
        check("[]", &[]);
        check("[ ]", &[]);
        check("[1]", &["1"]);
        check(r#"[ {"a":"]"} , [2,{}],"x" ]"#, &[r#"{"a":"]"}"#, "[2,{}]", "\"x\""]);
        check(r#"["\\","\"",  "\\\"[", ""]"#, &[r#""\\""#, r#""\"""#, r#""\\\"[""#, "\"\""]);
        check("[1.5e3,true , null,-2]", &["1.5e3", "true", "null", "-2"]);
        check(
            r#"[{"a":{"b":[{"c":"}"}]}},{"d":1}]"#,
            &[r#"{"a":{"b":[{"c":"}"}]}}"#, r#"{"d":1}"#],
        );
    }

    #[test]
    fn what_is_no_list_has_no_elements() {
        for value in ["\"[1]\"", "{\"a\":[1]}", "5", "null"] {
            check(value, &[]);
        }
        let body = Document::parse(Bytes::from_static(b"{}")).unwrap();
        assert_eq!(body.elements("list").count(), 0);
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[\"\\\\{}\\[\\], a-c]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[\"\\\\{}:]{0,3}", inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn both_ends_agree_on_any_list(list in prop::collection::vec(json(), 0..6), wide in any::<bool>()) {
            let spelled: Vec<String> = list.iter().map(Value::to_string).collect();
            let expected: Vec<&str> = spelled.iter().map(String::as_str).collect();
            check(&format!("[{}]", spelled.join(if wide { " ,\n" } else { "," })), &expected);
        }
    }
}

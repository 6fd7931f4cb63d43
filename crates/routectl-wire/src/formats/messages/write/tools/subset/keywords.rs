//! What becomes of each keyword of JSON Schema. (facts: Anthropic Messages, section 5.4)

use crate::json::{Node, Value};

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Kept,
    /// It means nothing to the answer, or another keyword says it.
    Silent,
    /// It is not enforced; the description says it.
    Told,
    /// It never was enforced; the description says it.
    Shown,
    Type,
    /// It holds one schema.
    Schema,
    /// It holds schemas by name.
    Named,
    /// It holds a list of schemas, of which one has to fit.
    Any,
    /// It holds a list of schemas, which all have to fit.
    All,
    Described,
    Closing,
}

/// The formats of strings that are enforced.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// What becomes of this keyword with this value.
pub(super) fn keyword(name: &str, value: &Node<'_>) -> Keyword {
    let kept = |kept: bool| if kept { Keyword::Kept } else { Keyword::Told };
    match name {
        "$ref" | "title" | "default" | "enum" | "const" | "required" => Keyword::Kept,
        "$schema" | "$id" | "$comment" | "$anchor" | "deprecated" | "readOnly" | "writeOnly"
        | "nullable" => Keyword::Silent,
        "example" | "examples" => Keyword::Shown,
        "type" => Keyword::Type,
        "description" => Keyword::Described,
        "additionalProperties" => Keyword::Closing,
        "properties" | "$defs" | "definitions" if value.object().is_some() => Keyword::Named,
        "items" if value.object().is_some() => Keyword::Schema,
        "items" => kept(matches!(value.value, Value::Bool(_))),
        "anyOf" | "oneOf" if value.list().is_some() => Keyword::Any,
        "allOf" if value.list().is_some() => Keyword::All,
        "minItems" => kept(matches!(value.raw, "0" | "1")),
        "format" => kept(value.text().is_some_and(|name| FORMATS.contains(&name.as_ref()))),
        "pattern" => kept(value.text().is_some_and(|pattern| is_plain(&pattern))),
        _ => Keyword::Told,
    }
}

/// Whether a pattern is simple enough: nothing that looks around, back, or at word boundaries.
fn is_plain(pattern: &str) -> bool {
    let mut escaped = false;
    let odd = pattern.chars().any(|character| {
        let odd = escaped && matches!(character, '1'..='9' | 'b' | 'B' | 'k' | 'p' | 'P');
        escaped = character == '\\' && !escaped;
        odd
    });
    !odd && !pattern.contains("(?")
}

//! How types and values are spoken of.

use std::fmt;

use toml::de::{DeFloat, DeInteger, DeValue};

/// How to turn a value of the wrong type into one of the right type.
pub(super) fn way_out(value: &DeValue<'_>, kinds: &[&str]) -> &'static str {
    let wants = |kind: &str| kinds.contains(&kind);
    let would_do = |text: &str| {
        wants("integer") && text.parse::<i64>().is_ok()
            || wants("number") && text.parse::<f64>().is_ok()
            || wants("boolean") && text.parse::<bool>().is_ok()
    };
    match value {
        DeValue::String(text) if would_do(text) => " Remove the quotes.",
        DeValue::Float(_) if wants("integer") => " Write a whole number.",
        DeValue::Table(_) | DeValue::Array(_) if wants("string") => " Write it in quotes.",
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_)
            if wants("string") =>
        {
            " Put it in quotes."
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => match kinds {
            ["array", ..] => " Put it in brackets: [ … ].",
            ["boolean", ..] => " Write true or false.",
            ["integer", ..] => " Write a whole number.",
            ["number", ..] => " Write a number.",
            ["object", ..] => " Write a table of keys and values.",
            _ => "",
        },
    }
}

pub(super) fn in_words(kind: &str) -> &str {
    match kind {
        "array" => "a list",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "a table",
        "string" => "a string",
        other => other,
    }
}

pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Number {
    Whole(i64),
    Real(f64),
}

impl Number {
    pub(super) fn real(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
        }
    }
}

pub(super) fn whole(integer: &DeInteger<'_>) -> Option<Number> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Number::Whole)
}

pub(super) fn real(float: &DeFloat<'_>) -> Option<Number> {
    let number: f64 = float.as_str().parse().ok()?;
    number.is_finite().then_some(Number::Real(number))
}

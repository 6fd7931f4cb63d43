//! Whether a file has the shape of the schema: one walk over both that finds every unknown key,
//! wrong type, unknown name, number out of range and missing key, each with its place.

mod keys;
mod words;

use std::borrow::Cow;

use routectl_policy::nearest;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use keys::{Shape, missing};
use words::{Number, found, in_words, list, real, way_out, whole};

use super::diagnostic::{Findings, Path};
use super::rules;
use super::schema::schema;

/// Walks the whole file.
pub(super) fn check(file: &Spanned<DeTable<'_>>, findings: &mut Findings) {
    let walk = &mut Walk { findings };
    walk.table(file.get_ref(), &Spot { at: 0, path: Path::default() }, schema());
}

struct Walk<'f> {
    findings: &'f mut Findings,
}

/// Where a value is: the byte to point at, and its path.
struct Spot {
    at: usize,
    path: Path,
}

impl Spot {
    fn key(&self, key: &Spanned<Cow<'_, str>>) -> Self {
        Self { at: key.span().start, path: self.path.key(key.get_ref()) }
    }
}

impl Walk<'_> {
    fn value(&mut self, value: &DeValue<'_>, spot: &Spot, schema: &Value) {
        if is_free(schema) {
            return self.free(value, spot);
        }
        if let Some(names) = names(schema) {
            return self.name(value, spot, &names);
        }
        let Some(schema) = branch(schema, value) else {
            return self.wrong_type(value, spot, schema);
        };
        match value {
            DeValue::Table(table) => self.table(table, spot, schema),
            DeValue::Array(array) => self.list(array, spot, schema),
            DeValue::String(text) => self.text(text, spot, schema),
            DeValue::Integer(integer) => self.number(whole(integer), spot, schema),
            DeValue::Float(float) => self.number(real(float), spot, schema),
            DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    fn table(&mut self, table: &DeTable<'_>, spot: &Spot, schema: &Value) {
        let shape = Shape::of(schema, table);
        for (key, value) in table {
            let here = spot.key(key);
            if let Some(format) = schema.pointer("/propertyNames/format").and_then(Value::as_str)
                && let Err(message) = rules::check(format, key.get_ref())
            {
                let is_header = format == "header-name";
                let path = if is_header { &spot.path } else { &here.path };
                self.findings.error(here.at, path, message);
                if is_header {
                    continue;
                }
            }
            match shape.property(key.get_ref()) {
                Some(schema) => self.value(value.get_ref(), &here, schema),
                None => {
                    let message = shape.unknown(key.get_ref());
                    self.findings.error(here.at, &spot.path, message);
                }
            }
        }
        for key in shape.required.iter().filter(|key| !table.contains_key(**key)) {
            let message = missing(key, shape.property(key));
            self.findings.absence(spot.at, &spot.path, message);
        }
    }

    fn list(&mut self, array: &DeArray<'_>, spot: &Spot, schema: &Value) {
        if array.is_empty() && least(schema, "minItems") > 0 {
            let message = "the list is empty. Name at least one, or remove the key.";
            self.findings.error(spot.at, &spot.path, message);
        }
        let Some(items) = schema.get("items") else { return };
        for (index, item) in array.iter().enumerate() {
            let spot = Spot { at: item.span().start, path: spot.path.index(index) };
            self.value(item.get_ref(), &spot, items);
        }
    }

    fn text(&mut self, text: &str, spot: &Spot, schema: &Value) {
        if text.is_empty() && least(schema, "minLength") > 0 {
            self.findings.error(spot.at, &spot.path, "is empty. Write something, or remove it.");
        }
        let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
        match rules::check(format, text) {
            Err(message) => self.findings.error(spot.at, &spot.path, message),
            Ok(()) => {
                if let Some(message) = rules::notice(format, text) {
                    self.findings.notice(spot.at, &spot.path, message);
                }
            }
        }
    }

    fn name(&mut self, value: &DeValue<'_>, spot: &Spot, names: &[&str]) {
        let Some(text) = value.as_str() else {
            let message = format!("expected one of {}, found {}.", list(names), found(value));
            return self.findings.error(spot.at, &spot.path, message);
        };
        if names.contains(&text) {
            return;
        }
        let way_out = match nearest(text, names.iter().copied()).as_slice() {
            [] => format!("Write one of {}.", list(names)),
            [near, ..] => format!("Did you mean {near:?}?"),
        };
        self.findings.error(spot.at, &spot.path, format!("no such value: {text:?}. {way_out}"));
    }

    fn number(&mut self, value: Option<Number>, spot: &Spot, schema: &Value) {
        let least = schema.get("minimum").and_then(Value::as_f64).unwrap_or(f64::MIN);
        let most = schema.get("maximum").and_then(Value::as_f64).unwrap_or_else(|| most(schema));
        let message = match value {
            None => "not a number that can be used. Write a plain one.".to_owned(),
            Some(number) if number.real() < least => {
                format!("{number} is too small. Write at least {least}.")
            }
            Some(number) if number.real() > most => {
                format!("{number} is too large. Write at most {most}.")
            }
            Some(_) => return,
        };
        self.findings.error(spot.at, &spot.path, message);
    }

    /// What goes into a JSON body as it is: TOML's dates and odd floats do not exist there.
    fn free(&mut self, value: &DeValue<'_>, spot: &Spot) {
        match value {
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.free(value.get_ref(), &spot.key(key));
                }
            }
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let at = item.span().start;
                    self.free(item.get_ref(), &Spot { at, path: spot.path.index(index) });
                }
            }
            DeValue::Datetime(_) => {
                self.findings.error(spot.at, &spot.path, "JSON has no dates. Put it in quotes.")
            }
            DeValue::Integer(integer) => self.number(whole(integer), spot, &Value::Null),
            DeValue::Float(float) => self.number(real(float), spot, &Value::Null),
            DeValue::String(_) | DeValue::Boolean(_) => {}
        }
    }

    /// Says nothing back of the value itself: it may be a secret in the wrong place.
    fn wrong_type(&mut self, value: &DeValue<'_>, spot: &Spot, schema: &Value) {
        let kinds = kinds(schema);
        let expected: Vec<&str> = kinds.iter().copied().map(in_words).collect();
        let message = format!(
            "expected {}, found {}.{}",
            expected.join(" or "),
            found(value),
            way_out(value, &kinds)
        );
        self.findings.error(spot.at, &spot.path, message);
    }
}

/// Whether the schema takes anything that JSON can say.
fn is_free(schema: &Value) -> bool {
    ["type", "anyOf", "oneOf", "enum", "const"].iter().all(|key| schema.get(key).is_none())
}

/// The names a string may be, when the schema lists them.
fn names(schema: &Value) -> Option<Vec<&str>> {
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return Some(names.iter().filter_map(Value::as_str).collect());
    }
    if let Some(name) = schema.get("const") {
        return name.as_str().map(|name| vec![name]);
    }
    let branches = schema.get("oneOf").and_then(Value::as_array)?;
    let names: Option<Vec<_>> = branches.iter().map(names).collect();
    names.map(|names| names.concat())
}

/// The part of the schema that is about values of this type.
fn branch<'s>(schema: &'s Value, value: &DeValue<'_>) -> Option<&'s Value> {
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(branches) => branches.iter().find_map(|schema| branch(schema, value)),
        None => kinds(schema).iter().any(|kind| fits(value, kind)).then_some(schema),
    }
}

/// The types that the schema takes, in JSON Schema's words.
fn kinds(schema: &Value) -> Vec<&str> {
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        return branches.iter().flat_map(kinds).collect();
    }
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        _ => vec!["object"],
    }
}

fn fits(value: &DeValue<'_>, kind: &str) -> bool {
    match value {
        DeValue::String(_) => kind == "string",
        DeValue::Integer(_) => matches!(kind, "integer" | "number"),
        DeValue::Float(_) => kind == "number",
        DeValue::Boolean(_) => kind == "boolean",
        DeValue::Array(_) => kind == "array",
        DeValue::Table(_) => kind == "object",
        DeValue::Datetime(_) => false,
    }
}

fn least(schema: &Value, key: &str) -> u64 {
    schema.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// The largest number of a format that JSON Schema has no bound for.
fn most(schema: &Value) -> f64 {
    match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => f64::from(u32::MAX),
        _ => f64::MAX,
    }
}

//! The subset of JSON schema that Anthropic compiles: for strict tools and structured outputs
//! (anthropic-messages facts, section 5.4).

use serde_json::Value;

use super::no;
use crate::refusal::Refusal;

/// What no schema may say.
const WORDS: [&str; 5] = ["minimum", "maximum", "multipleOf", "minLength", "maxLength"];
/// Properties that may be left out, in all of a request's schemas.
const MAX_OPTIONAL: usize = 24;
/// Parameters of several types, in all of a request's schemas.
const MAX_UNIONS: usize = 16;

/// How much the schemas of one request ask for.
#[derive(Debug, Default)]
pub(super) struct Weight {
    optional: usize,
    unions: usize,
}

impl Weight {
    /// Refuses what is too much to compile.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.optional > MAX_OPTIONAL || self.unions > MAX_UNIONS {
            return Err(Refusal::bad("Schema is too complex for compilation."));
        }
        Ok(())
    }
}

/// Refuses a schema outside the subset, and adds what it asks for to the weight.
pub(super) fn closed(schema: &Value, path: &str, weight: &mut Weight) -> Result<(), Refusal> {
    Walk { root: schema, path, open: Vec::new() }.check(schema, weight)
}

/// A way through a schema.
struct Walk<'a> {
    root: &'a Value,
    path: &'a str,
    /// References that are being followed.
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn check(&mut self, schema: &'a Value, weight: &mut Weight) -> Result<(), Refusal> {
        self.words(schema)?;
        self.object(schema, weight)?;
        if schema.get("anyOf").is_some() || schema.get("type").is_some_and(Value::is_array) {
            weight.unions += 1;
        }
        self.reference(schema)?;
        let named = ["properties", "$defs", "definitions"].iter().filter_map(|it| schema.get(it));
        let named = named.filter_map(Value::as_object).flatten().map(|(_, part)| part);
        let listed = ["anyOf", "allOf"].iter().filter_map(|it| schema.get(it));
        let listed = listed.filter_map(Value::as_array).flatten();
        for part in named.chain(listed).chain(schema.get("items")) {
            self.check(part, weight)?;
        }
        Ok(())
    }

    fn object(&self, schema: &Value, weight: &mut Weight) -> Result<(), Refusal> {
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Ok(());
        }
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            let text = "For 'object' type, 'additionalProperties' must be explicitly set to false";
            return no(self.path, text);
        }
        let required = schema.get("required").and_then(Value::as_array);
        let listed = |name: &String| required.is_some_and(|all| all.iter().any(|it| it == name));
        let properties = schema.get("properties").and_then(Value::as_object);
        weight.optional +=
            properties.map_or(0, |all| all.keys().filter(|name| !listed(name)).count());
        Ok(())
    }

    fn words(&self, schema: &Value) -> Result<(), Refusal> {
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or("string");
        let unsupported = |word: &str| {
            no(self.path, &format!("For '{kind}' type, property '{word}' is not supported"))
        };
        if let Some(word) = WORDS.iter().find(|word| schema.get(**word).is_some()) {
            return unsupported(word);
        }
        let least = schema.get("minItems").and_then(Value::as_u64);
        if least.is_some_and(|least| least > 1) {
            let text = "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
            return no(self.path, text);
        }
        let pattern = schema.get("pattern").and_then(Value::as_str).unwrap_or_default();
        let looks_around = ["(?=", "(?!", "(?<"].iter().any(|it| pattern.contains(it));
        if looks_around { unsupported("pattern") } else { Ok(()) }
    }

    /// A reference leads to a place in the same schema and never back to itself.
    fn reference(&mut self, schema: &'a Value) -> Result<(), Refusal> {
        let beside = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        if beside.clone().any(|part| part.get("$ref").is_some()) {
            return no(self.path, "'allOf' with '$ref' is not supported");
        }
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return Ok(()) };
        let Some(place) = target.strip_prefix('#') else {
            return no(self.path, "External '$ref' is not supported");
        };
        let Some(part) = self.root.pointer(place) else {
            return no(self.path, &format!("'{target}' cannot be resolved"));
        };
        if self.open.contains(&target) {
            return no(self.path, "Recursive schemas are not supported");
        }
        self.open.push(target);
        let followed = self.follow(part);
        self.open.pop();
        followed
    }

    /// Follows references only: what stands at their end is looked at where it stands.
    fn follow(&mut self, schema: &'a Value) -> Result<(), Refusal> {
        self.reference(schema)?;
        let named = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let listed = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        let parts = named.map(|(_, part)| part).chain(listed).chain(schema.get("items"));
        let parts: Vec<&Value> = parts.collect();
        parts.into_iter().try_for_each(|part| self.follow(part))
    }
}

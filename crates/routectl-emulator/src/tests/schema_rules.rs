//! Which schemas the hosts compile, and which they do not.

use serde_json::{Value, json};

use super::chat_rules::verdict;
use super::messages_rules::{PLAIN, refused, verdict as messages_verdict};
use super::with;

/// An object with these properties, all of them required, and nothing else.
fn object(properties: &Value) -> Value {
    let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

fn format(schema: &Value) -> Value {
    json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}})
}

#[test]
fn anthropic_compiles_a_subset() {
    let named = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    let deep = |part: &Value| {
        with(object(&json!({"a": {"type": "string"}})), &json!({"$defs": {"a": part}}))
    };
    let optional: serde_json::Map<String, Value> =
        (0..25).map(|at| (format!("p{at}"), json!({"type": "string"}))).collect();
    let unions: serde_json::Map<String, Value> =
        (0..17).map(|at| (format!("p{at}"), json!({"type": ["string", "null"]}))).collect();
    let cases = [
        (object(&json!({"a": {"type": "object"}})), "'additionalProperties' must be"),
        (object(&json!({"a": {"type": "string", "maxLength": 3}})), "'maxLength' is not supported"),
        (object(&json!({"a": {"type": "integer", "minimum": 3}})), "'minimum' is not supported"),
        (object(&json!({"a": {"type": "array", "items": {}, "minItems": 2}})), "'minItems' values"),
        (
            object(&json!({"a": {"type": "string", "pattern": "^(?!x)"}})),
            "'pattern' is not supported",
        ),
        (object(&json!({"a": {"anyOf": [{"type": "object"}]}})), "'additionalProperties' must be"),
        (object(&json!({"a": {"allOf": [named("a")]}})), "'allOf' with '$ref'"),
        (object(&json!({"a": {"$ref": "https://example.com/s"}})), "External '$ref'"),
        (object(&json!({"a": named("none")})), "cannot be resolved"),
        (deep(&object(&json!({"a": {"type": "array", "items": named("a")}}))), "Recursive schemas"),
        (with(object(&optional.into()), &json!({"required": []})), "too complex for compilation"),
        (object(&unions.into()), "too complex for compilation"),
    ];
    for (schema, words) in cases {
        refused(&PLAIN, &format(&schema), words);
        let tool = json!({"tools": [{"name": "f", "strict": true, "input_schema": schema}]});
        refused(&PLAIN, &tool, words);
    }
    let strict = |at: usize| json!({"name": format!("f{at}"), "strict": true, "input_schema": object(&json!({}))});
    let many: Vec<Value> = (0..21).map(strict).collect();
    refused(&PLAIN, &json!({ "tools": many }), "Too many strict tools");
}

#[test]
fn anthropic_compiles_what_the_subset_holds() {
    let shared = with(
        object(&json!({"a": {"$ref": "#/$defs/a"}, "b": {"$ref": "#/$defs/a"}})),
        &json!({"$defs": {"a": {"enum": ["x", "y"]}}}),
    );
    let schemas = [
        shared,
        json!({"type": "array", "items": object(&json!({"a": {"type": "string", "format": "date"}})), "minItems": 1}),
        object(&json!({"a": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}})),
        object(&json!({"a": {"const": 1}, "b": {"type": "string", "pattern": "^[a-z]+$"}})),
    ];
    for schema in schemas {
        assert_eq!(messages_verdict(&PLAIN, &format(&schema)), Ok(()), "{schema}");
    }
    // What is not strict may say what it likes.
    let free = json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}});
    let tool = json!({"tools": [{"name": "f", "strict": false, "input_schema": free}]});
    assert_eq!(messages_verdict(&PLAIN, &tool), Ok(()));
}

fn openai_format(strict: bool, schema: &Value) -> Value {
    json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": strict, "schema": schema}}})
}

#[test]
fn openai_wants_strict_schemas_closed_and_rooted_in_an_object() {
    let half = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": false});
    let cases = [
        (json!({"type": "array", "items": {"type": "string"}}), "got 'type: \"array\"'"),
        (json!({"anyOf": [object(&json!({}))]}), "schema must be a JSON Schema of"),
        (half, "Missing 'a'"),
        (object(&json!({"a": {"type": "object"}})), "'additionalProperties' is required"),
        (object(&json!({"a": {"allOf": []}})), "'allOf' is not permitted"),
        (object(&json!({"a": {"type": "array"}})), "array schema missing items"),
        (object(&json!({"a": {"anyOf": [{"type": "object"}]}})), "('anyOf', '0')"),
    ];
    for (schema, words) in cases {
        let refused = verdict("mock-1", &openai_format(true, &schema)).expect_err(words);
        assert!(refused.contains(words), "{schema}\n  gave: {refused}\n  not: {words}");
        assert_eq!(verdict("mock-1", &openai_format(false, &schema)), Ok(()), "{schema}");
    }
    let recursive = with(
        object(&json!({"a": {"$ref": "#/$defs/a"}})),
        &json!({"$defs": {"a": object(&json!({"next": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}))}}),
    );
    assert_eq!(verdict("mock-1", &openai_format(true, &recursive)), Ok(()));
}

#[test]
fn openai_wants_tools_to_say_what_is_in_objects_and_lists() {
    let tool = |schema: &Value| json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]});
    let with_part = |part: &Value| json!({"type": "object", "properties": {"a": part}});
    for (schema, words) in [
        (json!({"type": "object"}), "In context=(), object schema missing properties."),
        (json!({"type": ["object", "null"]}), "object schema missing properties."),
        (with_part(&json!({"type": "array"})), "('properties', 'a'), array schema missing items."),
        (with_part(&json!({"type": ["array", "null"]})), "array schema missing items."),
        (with_part(&json!({"oneOf": [{"type": "array"}]})), "('oneOf', '0'), array schema"),
    ] {
        let refused = verdict("mock-1", &tool(&schema)).expect_err(words);
        assert!(refused.contains(words), "{schema}\n  gave: {refused}\n  not: {words}");
    }
    for schema in [json!({}), with_part(&json!({"type": "object"}))] {
        assert_eq!(verdict("mock-1", &tool(&schema)), Ok(()), "{schema}");
    }
}

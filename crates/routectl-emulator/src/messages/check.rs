//! What Anthropic refuses in a Messages body: unknown members, types, and what must be there.

use serde_json::{Map, Value};

use super::models::{Model, model};
use super::schema::{Weight, closed};
use super::version::Terms;
use super::{blocks, cache, extra, history, no, thinking, tools};
use crate::refusal::Refusal;

/// What the body is for: counting knows fewer members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Create,
    Count,
}

/// Who may send a member.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// Always, and `count_tokens` does not know it.
    Create,
    /// Only under the older API version, and not for counting.
    Older,
    /// With one of these betas.
    Beta(&'static [&'static str]),
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Whole,
    Number,
    List,
    Object,
    TextOrList,
    Any,
}

/// The members of the request (anthropic-messages facts, sections 3, 14 and 15).
const MEMBERS: &[(&str, Kind, When)] = &[
    ("model", Kind::Text, When::Always),
    ("messages", Kind::List, When::Always),
    ("max_tokens", Kind::Whole, When::Create),
    ("system", Kind::TextOrList, When::Always),
    ("stop_sequences", Kind::List, When::Create),
    ("stream", Kind::Bool, When::Create),
    ("temperature", Kind::Number, When::Older),
    ("top_p", Kind::Number, When::Older),
    ("top_k", Kind::Whole, When::Older),
    ("tools", Kind::List, When::Always),
    ("tool_choice", Kind::Object, When::Always),
    ("thinking", Kind::Object, When::Always),
    ("output_config", Kind::Object, When::Always),
    ("output_format", Kind::Object, When::Beta(&["structured-outputs-"])),
    ("metadata", Kind::Object, When::Create),
    ("service_tier", Kind::Text, When::Create),
    ("speed", Kind::Text, When::Always),
    ("inference_geo", Kind::Text, When::Create),
    ("cache_control", Kind::Object, When::Always),
    ("container", Kind::Any, When::Create),
    ("diagnostics", Kind::Object, When::Create),
    (
        "context_management",
        Kind::Object,
        When::Beta(&["context-management-", "compact-2026-01-12"]),
    ),
    ("mcp_servers", Kind::List, When::Beta(&["mcp-client-"])),
    ("compaction", Kind::Object, When::Beta(&["compact-2026-09-04"])),
    ("fallbacks", Kind::Any, When::Beta(&["server-side-fallback-"])),
    ("fallback_credit_token", Kind::Any, When::Beta(&["fallback-credit-"])),
    ("thread", Kind::Object, When::Beta(&["message-threads-"])),
    ("billing_policy", Kind::Object, When::Beta(&["billing-policy-", "user-profiles-"])),
    ("safeguards", Kind::List, When::Beta(&["dangerous-tool-use-"])),
];

/// Refuses what hosts refuse that edit no conversations: the member, and its beta.
pub(crate) fn edits_nothing(body: &Map<String, Value>, terms: &Terms) -> Result<(), Refusal> {
    if body.contains_key("context_management") {
        return extra("context_management");
    }
    match terms.betas.iter().find(|beta| beta.starts_with("context-management-")) {
        None => Ok(()),
        Some(beta) => {
            let text = format!("Unexpected value(s) `{beta}` for the `anthropic-beta` header");
            Err(Refusal::bad(text))
        }
    }
}

/// Refuses what the vendor refuses.
pub(crate) fn check(
    body: &Map<String, Value>,
    purpose: Purpose,
    terms: &Terms,
) -> Result<(), Refusal> {
    let missing: &[&str] = match purpose {
        Purpose::Create => &["model", "max_tokens", "messages"],
        Purpose::Count => &["model", "messages"],
    };
    for (name, value) in body {
        member(name, value, purpose, terms)?;
    }
    for name in missing {
        if present(body, name).is_none() {
            return no(name, "Field required");
        }
    }
    let name = body.get("model").and_then(Value::as_str).unwrap_or_default();
    let model = model(name);
    let messages = body.get("messages").and_then(Value::as_array);
    let messages = messages.map(Vec::as_slice).unwrap_or_default();
    if messages.is_empty() {
        return no("messages", "at least one message is required");
    }
    system(body, terms)?;
    limits(body, name, &model)?;
    let mut weight = Weight::default();
    outputs(body, terms, &mut weight)?;
    history::check(messages, &model, terms)?;
    tools::check(body, &model, terms, &mut weight)?;
    weight.check()?;
    citations(body, messages)?;
    undeclared(body, messages, &model)?;
    thinking::check(body, &model, terms)?;
    prefill(body, messages, &model)?;
    cache::check(body, messages)
}

/// The member, unless it is absent or null.
pub(super) fn present<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

fn member(name: &str, value: &Value, purpose: Purpose, terms: &Terms) -> Result<(), Refusal> {
    let known = MEMBERS.iter().find(|(known, ..)| *known == name);
    let Some((_, kind, when)) = known else {
        return if terms.lenient { Ok(()) } else { extra(name) };
    };
    let allowed = match when {
        When::Always => true,
        When::Create => purpose == Purpose::Create,
        When::Older => purpose == Purpose::Create && !terms.newest,
        When::Beta(betas) => betas.iter().any(|beta| terms.has(beta)),
    };
    if !allowed && !terms.lenient {
        return extra(name);
    }
    if value.is_null() {
        return Ok(());
    }
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_string(), "string"),
        Kind::Bool => (value.is_boolean(), "boolean"),
        Kind::Whole => (value.is_u64() || value.is_i64(), "integer"),
        Kind::Number => (value.is_number(), "number"),
        Kind::List => (value.is_array(), "list"),
        Kind::Object => (value.is_object(), "dictionary"),
        Kind::TextOrList => (value.is_string() || value.is_array(), "string or list"),
        Kind::Any => (true, ""),
    };
    if fits { Ok(()) } else { no(name, &format!("Input should be a valid {wanted}")) }
}

fn system(body: &Map<String, Value>, terms: &Terms) -> Result<(), Refusal> {
    let Some(Value::Array(blocks)) = body.get("system") else { return Ok(()) };
    for (place, block) in blocks.iter().enumerate() {
        let path = format!("system.{place}");
        if block.get("type").and_then(Value::as_str) != Some("text") {
            return no(&format!("{path}.type"), "Input should be 'text'");
        }
        blocks::check(block, "system", &path, terms)?;
    }
    Ok(())
}

fn limits(body: &Map<String, Value>, name: &str, model: &Model) -> Result<(), Refusal> {
    if let Some(limit) = present(body, "max_tokens") {
        let Some(limit) = limit.as_u64() else {
            return no("max_tokens", "Input should be greater than or equal to 0");
        };
        if limit > model.max_output {
            let text = format!(
                "{limit} > {}, which is the maximum allowed number of output tokens for {name}",
                model.max_output
            );
            return no("max_tokens", &text);
        }
        if let (0, Some(other)) = (limit, beside_nothing(body)) {
            return no("max_tokens", &format!("0 may not be combined with {other}"));
        }
    }
    for (name, high) in [("temperature", 1.0), ("top_p", 1.0), ("top_k", f64::MAX)] {
        let value = present(body, name).and_then(Value::as_f64);
        match value {
            Some(value) if value < 0.0 => {
                return no(name, "Input should be greater than or equal to 0");
            }
            Some(value) if value > high => {
                return no(name, &format!("Input should be less than or equal to {high}"));
            }
            _ => {}
        }
    }
    let stops = present(body, "stop_sequences").and_then(Value::as_array).into_iter().flatten();
    for (place, stop) in stops.enumerate() {
        let path = format!("stop_sequences.{place}");
        let Some(stop) = stop.as_str() else {
            return no(&path, "Input should be a valid string");
        };
        if stop.trim().is_empty() {
            return no("stop_sequences", "each stop sequence must contain non-whitespace");
        }
    }
    Ok(())
}

/// What a request that only warms the cache must not hold.
fn beside_nothing(body: &Map<String, Value>) -> Option<&'static str> {
    let text = |way: &[&str]| {
        let first = body.get(*way.first()?)?;
        way.iter().skip(1).try_fold(first, |holder, name| holder.get(name))?.as_str()
    };
    let forced = matches!(text(&["tool_choice", "type"]), Some("any" | "tool"));
    let streamed = present(body, "stream") == Some(&Value::Bool(true));
    let cases = [
        (streamed, "stream"),
        (text(&["thinking", "type"]) == Some("enabled"), "enabled thinking"),
        (text(&["output_config", "format", "type"]).is_some(), "an output format"),
        (forced, "a forced tool_choice"),
    ];
    cases.into_iter().find_map(|(met, what)| met.then_some(what))
}

fn outputs(body: &Map<String, Value>, terms: &Terms, weight: &mut Weight) -> Result<(), Refusal> {
    if let Some(Value::Object(metadata)) = body.get("metadata") {
        if let Some(name) = metadata.keys().find(|name| *name != "user_id") {
            return extra(&format!("metadata.{name}"));
        }
        if metadata.get("user_id").is_some_and(|id| !id.is_string() && !id.is_null()) {
            return no("metadata.user_id", "Input should be a valid string");
        }
    }
    if let Some(Value::Object(config)) = body.get("output_config") {
        let known = |name: &str| {
            matches!(name, "effort" | "format")
                || name == "task_budget" && terms.has("task-budgets-")
        };
        if let Some(name) = config.keys().find(|name| !known(name)).filter(|_| !terms.lenient) {
            return extra(&format!("output_config.{name}"));
        }
    }
    let nested = body.get("output_config").and_then(|it| it.get("format"));
    for (path, format) in
        [("output_config.format", nested), ("output_format", body.get("output_format"))]
    {
        let Some(format) = format.filter(|it| !it.is_null()) else { continue };
        if format.get("type").and_then(Value::as_str) != Some("json_schema") {
            return no(&format!("{path}.type"), "Input should be 'json_schema'");
        }
        let odd = format
            .as_object()
            .and_then(|all| all.keys().find(|it| *it != "type" && *it != "schema"));
        if let Some(name) = odd.filter(|_| !terms.lenient) {
            return extra(&format!("{path}.{name}"));
        }
        let Some(schema) = format.get("schema") else {
            return no(&format!("{path}.schema"), "Field required");
        };
        closed(schema, &format!("{path}.schema"), weight)?;
    }
    Ok(())
}

fn prefill(body: &Map<String, Value>, messages: &[Value], model: &Model) -> Result<(), Refusal> {
    let Some(last) = messages.last().filter(|it| history::role_of(it) == "assistant") else {
        return Ok(());
    };
    // An answer that was paused for a server tool is sent back as it is.
    let paused = history::blocks_of(last).iter().any(|it| history::is(it, "server_tool_use"));
    let thinks = body.get("thinking").and_then(|it| it.get("type")).and_then(Value::as_str);
    let thinks = matches!(thinks, Some("enabled" | "adaptive"));
    if (!model.prefill || thinks) && !paused {
        return Err(Refusal::bad(
            "This model does not support assistant message prefill. The conversation must end \
             with a user message.",
        ));
    }
    let text = last.get("content").and_then(Value::as_str);
    let text = text.or_else(|| history::blocks_of(last).last()?.get("text")?.as_str());
    if text.is_some_and(|text| text.ends_with(char::is_whitespace)) {
        let text = "final assistant content cannot end with trailing whitespace";
        return no("messages", text);
    }
    Ok(())
}

/// Citations are for all documents or for none, and not beside an output format.
fn citations(body: &Map<String, Value>, messages: &[Value]) -> Result<(), Refusal> {
    let blocks = messages.iter().flat_map(history::blocks_of);
    let documents = blocks.filter(|block| history::is(block, "document"));
    let cites = |block: &Value| block.pointer("/citations/enabled") == Some(&Value::Bool(true));
    let (citing, silent): (Vec<_>, Vec<_>) = documents.partition(|block| cites(block));
    if citing.is_empty() {
        return Ok(());
    }
    if !silent.is_empty() {
        let text = "Citations must be enabled on all documents or on none of them.";
        return Err(Refusal::bad(text));
    }
    let format = body.get("output_config").and_then(|it| it.get("format"));
    if format.is_some_and(|it| !it.is_null()) {
        return Err(Refusal::bad("Citations may not be combined with output_config.format."));
    }
    Ok(())
}

/// Older models want the tools of a history to be declared.
fn undeclared(body: &Map<String, Value>, messages: &[Value], model: &Model) -> Result<(), Refusal> {
    let declares =
        present(body, "tools").and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    let mut blocks = messages.iter().flat_map(history::blocks_of);
    let uses = |block: &Value| history::is(block, "tool_use") || history::is(block, "tool_result");
    if declares || !model.declared || !blocks.any(uses) {
        return Ok(());
    }
    Err(Refusal::bad(
        "Requires tools to be defined: the messages hold `tool_use` or `tool_result` blocks.",
    ))
}

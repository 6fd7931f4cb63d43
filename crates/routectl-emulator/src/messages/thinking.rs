//! The rules of `thinking`, `output_config.effort` and what thinking does to other members.

use serde_json::{Map, Value};

use super::check::present;
use super::history::{blocks_of, is, role_of};
use super::models::{Model, Sampling};
use super::version::Terms;
use super::{extra, no, order};
use crate::refusal::Refusal;

const MIN_BUDGET: u64 = 1024;

/// Refuses a thinking configuration that the vendor refuses.
pub(super) fn check(
    body: &Map<String, Value>,
    model: &Model,
    terms: &Terms,
) -> Result<(), Refusal> {
    effort(body, model)?;
    let thinking = present(body, "thinking");
    let kind = thinking.and_then(|it| it.get("type")).and_then(Value::as_str);
    match (thinking, kind) {
        (None, _) => return sampling(body, model),
        (Some(_), None) => return no("thinking.type", "Field required"),
        (Some(thinking), Some(kind)) => shape(thinking, kind, model, terms)?,
    }
    if matches!(kind, Some("disabled" | "between_tools")) {
        calm(body, model)?;
    }
    if kind == Some("enabled") {
        budget(body, terms)?;
        first_block(body)?;
    }
    if matches!(kind, Some("enabled" | "adaptive")) {
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        if !terms.lenient {
            order::check(messages)?;
        }
        beside(body, kind == Some("enabled"))?;
    }
    sampling(body, model)
}

/// Where much effort is asked for, some models cannot be kept from thinking.
fn calm(body: &Map<String, Value>, model: &Model) -> Result<(), Refusal> {
    let effort = body.get("output_config").and_then(|it| it.get("effort")).and_then(Value::as_str);
    if model.calm_to_high && matches!(effort, Some("xhigh" | "max")) {
        let text = "thinking may only be turned off at effort 'high' or below for this model.";
        return Err(Refusal::bad(text));
    }
    Ok(())
}

fn shape(thinking: &Value, kind: &str, model: &Model, terms: &Terms) -> Result<(), Refusal> {
    if !["enabled", "adaptive", "disabled", "between_tools"].contains(&kind) {
        let text = format!(
            "Input tag '{kind}' found using 'type' does not match any of the expected tags: \
             'adaptive', 'between_tools', 'disabled', 'enabled'"
        );
        return no("thinking", &text);
    }
    if !model.thinking.contains(&kind) {
        let text = match kind {
            "enabled" => "\"thinking.type.enabled\" is not supported for this model. Use \
                 \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking \
                 behavior."
                .to_owned(),
            "adaptive" => "adaptive thinking is not supported on this model".to_owned(),
            other => format!("\"thinking.type.{other}\" is not supported for this model."),
        };
        return Err(Refusal::bad(text));
    }
    let thinks = matches!(kind, "enabled" | "adaptive");
    let allowed = |name: &str| match name {
        "type" => true,
        "budget_tokens" => kind == "enabled",
        "display" => thinks,
        "block_binding" => thinks && terms.has("thinking-binding-controls-"),
        _ => false,
    };
    let odd = thinking.as_object().and_then(|all| all.keys().find(|name| !allowed(name)));
    match odd {
        Some(name) if !terms.lenient => extra(&format!("thinking.{kind}.{name}")),
        _ => display(thinking, kind, terms),
    }
}

fn display(thinking: &Value, kind: &str, terms: &Terms) -> Result<(), Refusal> {
    match thinking.get("display").map(Value::as_str) {
        None | Some(Some("summarized" | "omitted")) => Ok(()),
        Some(Some("updates")) if terms.has("thinking-display-updates-") => Ok(()),
        Some(_) => {
            let path = format!("thinking.{kind}.display");
            no(&path, "Input should be 'summarized' or 'omitted'")
        }
    }
}

fn budget(body: &Map<String, Value>, terms: &Terms) -> Result<(), Refusal> {
    let path = "thinking.enabled.budget_tokens";
    let Some(budget) = body.get("thinking").and_then(|it| it.get("budget_tokens")) else {
        return no(path, "Field required");
    };
    let Some(budget) = budget.as_u64() else { return no(path, "Input should be a valid integer") };
    if budget < MIN_BUDGET {
        return no(path, "Input should be greater than or equal to 1024");
    }
    let limit = body.get("max_tokens").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let interleaved = terms.has("interleaved-thinking-") && present(body, "tools").is_some();
    if budget >= limit && !interleaved {
        return Err(Refusal::bad("`max_tokens` must be greater than `thinking.budget_tokens`."));
    }
    Ok(())
}

/// With a budget, an assistant turn that waits for tool results must begin with its thoughts.
fn first_block(body: &Map<String, Value>) -> Result<(), Refusal> {
    let messages = body.get("messages").and_then(Value::as_array);
    let messages = messages.map(Vec::as_slice).unwrap_or_default();
    let Some(place) = messages.iter().rposition(|it| role_of(it) == "assistant") else {
        return Ok(());
    };
    let blocks = messages.get(place).map(blocks_of).unwrap_or_default();
    if !blocks.iter().any(|block| is(block, "tool_use")) {
        return Ok(());
    }
    let first = blocks.first().and_then(|it| it.get("type")).and_then(Value::as_str);
    match first {
        Some("thinking" | "redacted_thinking") | None => Ok(()),
        Some(other) => {
            let text = format!(
                "Expected `thinking` or `redacted_thinking`, but found `{other}`. When `thinking` \
                 is enabled, a final `assistant` message must start with a thinking block."
            );
            no(&format!("messages.{place}.content.0.type"), &text)
        }
    }
}

/// What may not stand beside thinking.
fn beside(body: &Map<String, Value>, manual: bool) -> Result<(), Refusal> {
    let number = |name: &str| present(body, name).and_then(Value::as_f64);
    if number("temperature").is_some_and(|it| it != 1.0) {
        return Err(Refusal::bad("`temperature` may only be set to 1 when thinking is enabled."));
    }
    if present(body, "top_k").is_some() {
        return Err(Refusal::bad("`top_k` must be unset when thinking is enabled."));
    }
    if number("top_p").is_some_and(|it| it < 0.95) {
        let text =
            "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
        return Err(Refusal::bad(text));
    }
    let choice = body.get("tool_choice").and_then(|it| it.get("type")).and_then(Value::as_str);
    if manual && matches!(choice, Some("any" | "tool")) {
        return Err(Refusal::bad("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(())
}

fn effort(body: &Map<String, Value>, model: &Model) -> Result<(), Refusal> {
    let Some(effort) = body.get("output_config").and_then(|it| it.get("effort")) else {
        return Ok(());
    };
    let known = ["low", "medium", "high", "xhigh", "max"];
    let Some(word) = effort.as_str().filter(|word| known.contains(word)) else {
        let text = "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
        return no("output_config.effort", text);
    };
    if model.efforts.contains(&word) {
        return Ok(());
    }
    if model.efforts.is_empty() {
        return Err(Refusal::bad("This model does not support the effort parameter."));
    }
    let text = format!("effort level '{word}' is not supported by this model.");
    no("output_config.effort", &text)
}

fn sampling(body: &Map<String, Value>, model: &Model) -> Result<(), Refusal> {
    let set = |name: &str| present(body, name).is_some();
    match model.sampling {
        Sampling::Free => Ok(()),
        Sampling::Either if set("temperature") && set("top_p") => Err(Refusal::bad(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only \
             one.",
        )),
        Sampling::Either => Ok(()),
        Sampling::Fixed => {
            for (name, default) in [("temperature", 1.0), ("top_p", 1.0), ("top_k", f64::NAN)] {
                let value = present(body, name).and_then(Value::as_f64);
                if value.is_some_and(|value| value != default) {
                    let text = format!("`{name}` is not supported for this model.");
                    return Err(Refusal::bad(text));
                }
            }
            Ok(())
        }
    }
}

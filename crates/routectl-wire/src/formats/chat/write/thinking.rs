//! How much the model is asked to think, in the members of its host.

use routectl_core::{Abilities, Loss, ReasoningControl, Request, ToolUse};

use crate::dialects::control::{self, Limits, Plan};

/// Plans how a request's wishes about thinking are said.
pub(super) fn plan(request: &Request, abilities: &Abilities) -> Plan {
    let control = &request.reasoning;
    let path = request.names.reasoning;
    let dialect = &abilities.quirks.dialect;
    let mut plan =
        if abilities.quirks.tools == ToolUse::WithoutThinking && !request.tools.is_empty() {
            let reason = "in this format the model takes tools only while it does not think";
            Plan::off(dialect, lost(control, path, reason).into_iter().collect())
        } else {
            // The limit that the host is told.
            let most = abilities.max_output_tokens.unwrap_or(u64::MAX);
            let max_tokens = request.max_tokens.map(|asked| asked.min(most));
            control::plan(control, dialect, Limits::of(abilities, max_tokens), path)
        };
    plan.complete(dialect, abilities.history);
    plan
}

/// What is lost by not thinking.
fn lost(control: &ReasoningControl, path: &str, reason: &'static str) -> Option<Loss> {
    let wants = control.budget.is_some() || control.effort.is_some();
    match control.enabled {
        Some(false) => None,
        None if !wants => Some(Loss::degraded("tools", reason)),
        Some(true) | None => Some(Loss::dropped(path, reason)),
    }
}

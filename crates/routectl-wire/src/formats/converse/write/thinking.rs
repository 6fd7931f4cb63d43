//! How models that are no Claude are asked to think: by members of their own. Claude is asked as
//! through Messages. (facts: reasoning, section 3.6; bedrock, section 2.4)

use routectl_core::{Abilities, Dialect, Effort, ReasoningControl, Request};

use crate::dialects::control::{self, Limits, Plan, Value};
use crate::formats::converse::vendors::Vendor;
use crate::formats::messages::write::{Mode, Target, Thinking};

/// Plans how a request's wishes about thinking are said, and takes them out of it.
pub(super) fn plan(
    request: &mut Request,
    (vendor, target): (&Vendor, Target<'_>),
    abilities: &Abilities,
) -> Plan {
    if target.is_claude() {
        return Plan::default();
    }
    let mut wanted = std::mem::take(&mut request.reasoning);
    if vendor.control.switch.is_some() {
        complete(&mut wanted);
    }
    let dialect = Dialect { control: vendor.control, ..Dialect::UNKNOWN };
    let limits = Limits::of(abilities, request.max_tokens);
    control::plan(&wanted, &dialect, limits, request.names.reasoning)
}

/// What Claude is asked for. That text is to stay away need not be said: routectl keeps it, and
/// `display` was never seen on Converse. It is said only where there would be no text without it.
/// (facts: reasoning, section 3.6)
pub(super) fn of_claude(thinking: Thinking) -> Thinking {
    match thinking.mode {
        Mode::Adaptive { display: Some("omitted") } => {
            Thinking { mode: Mode::Adaptive { display: None }, ..thinking }
        }
        Mode::Unsaid
        | Mode::Disabled
        | Mode::BetweenTools
        | Mode::Adaptive { .. }
        | Mode::Enabled { .. } => thinking,
    }
}

/// What is switched on has to be told how hard to think.
fn complete(wanted: &mut ReasoningControl) {
    let ReasoningControl { enabled, effort, budget, .. } = wanted;
    if *enabled == Some(true) && budget.is_none() {
        effort.get_or_insert(Effort::Medium);
    }
}

/// Whether a model is to think as much as it likes. Nova then takes neither a limit nor sampling.
/// (AWS, extended thinking of Nova 2)
pub(super) fn thinks_freely(plan: &Plan) -> bool {
    let high = ("maxReasoningEffort", "\"high\"");
    plan.members().iter().any(|(_, value)| match value {
        Value::Object(inner) => inner.contains(&high),
        Value::Raw(_) => false,
    })
}

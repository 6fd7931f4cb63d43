//! Effort and budget as `thinking` and `output_config.effort`. (facts: translation, section 6.1;
//! Anthropic Messages, sections 6 and 7)

use routectl_core::{Content, Effort, Loss, ReasoningControl, Role, Show, Turn};

use super::target::Target;
use crate::json::Object;

/// Why a loop of tools cannot go on thinking.
const LOST: &str = "the thinking before the last tool call is not there";

/// The least that Claude thinks when it thinks with a budget.
pub(in super::super) const LEAST: u64 = 1_024;

/// How the model is asked to think.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::formats) struct Thinking {
    pub(in crate::formats) mode: Mode,
    pub(in crate::formats) effort: Option<Effort>,
}

/// What `thinking` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::formats) enum Mode {
    /// Nothing: the model does as it is used to.
    #[default]
    Unsaid,
    Disabled,
    BetweenTools,
    Adaptive {
        display: Option<&'static str>,
    },
    Enabled {
        budget: u64,
    },
}

/// What a thinking budget has to agree with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) max_tokens: u64,
    pub(super) turns: &'a [Turn],
    /// Whether the request forces a tool.
    pub(super) forced: bool,
    /// What the client calls the member that asks for thinking.
    pub(super) member: &'static str,
}

impl Thinking {
    /// Whether the model thinks before it answers.
    pub(super) fn is_on(self, target: Target<'_>) -> bool {
        match self.mode {
            Mode::Unsaid => target.thinks_by_default(),
            Mode::Disabled => false,
            Mode::BetweenTools | Mode::Adaptive { .. } | Mode::Enabled { .. } => true,
        }
    }

    /// Whether it thinks with a budget, which excludes forced tools.
    pub(super) fn is_budgeted(self) -> bool {
        matches!(self.mode, Mode::Enabled { .. })
    }

    /// Writes `thinking`, if anything is to be said.
    pub(in crate::formats) fn write(self, out: &mut Object<'_>) {
        let (kind, display, budget) = match self.mode {
            Mode::Unsaid => return,
            Mode::Disabled => ("disabled", None, None),
            Mode::BetweenTools => ("between_tools", None, None),
            Mode::Adaptive { display } => ("adaptive", display, None),
            Mode::Enabled { budget } => ("enabled", None, Some(budget)),
        };
        let mut out = out.object("thinking");
        out.text("type", kind);
        if let Some(budget) = budget {
            out.count("budget_tokens", budget);
        }
        out.text_if("display", display);
    }
}

/// How this model is asked for what the client wants of its thinking.
pub(super) fn fit(
    control: &ReasoningControl,
    target: Target<'_>,
    around: Circumstances<'_>,
    losses: &mut Vec<Loss>,
) -> Thinking {
    let takes = target.thinking();
    let adaptive = takes.adaptive.at(None);
    let wanted =
        control.enabled == Some(true) || control.effort.is_some() || control.budget.is_some();
    let given_up = target.abilities.refused.thinking && control.enabled != Some(false);
    if control.enabled == Some(false) || given_up {
        if given_up && wanted {
            losses.push(Loss::degraded(around.member, LOST));
        }
        let (thinking, loss) = off(target, around.member);
        losses.extend(loss);
        losses.extend(yielding(control, around.member));
        return thinking;
    }
    if !wanted {
        let shown = control.show == Some(Show::Text) && target.thinks_by_default() && adaptive;
        let mode = if shown {
            Mode::Adaptive { display: display(control.show, target) }
        } else {
            Mode::Unsaid
        };
        return Thinking { mode, effort: None };
    }
    if adaptive && around.forced && !target.thinks_when_forced() {
        return unthinking(control, target, around.member, losses);
    }
    if adaptive {
        return as_it_sees_fit(control, target, around.member, losses);
    }
    if !takes.enabled.at(None) {
        losses.push(Loss::dropped(around.member, "this model does not think"));
        return Thinking::default();
    }
    match budget(control, target, around, losses) {
        Some(budget) => Thinking { mode: Mode::Enabled { budget }, effort: None },
        None => Thinking { mode: Mode::Disabled, effort: None },
    }
}

/// The effort, beside something that says more.
fn yielding(control: &ReasoningControl, member: &str) -> Option<Loss> {
    let reason = "the effort yields to the rest of what is said of thinking";
    control.effort.map(|_| Loss::dropped(member, reason))
}

/// As little as the model can be brought to think.
fn off(target: Target<'_>, member: &str) -> (Thinking, Option<Loss>) {
    let takes = target.thinking();
    if takes.disabled.at(None) {
        return (Thinking { mode: Mode::Disabled, effort: None }, None);
    }
    if takes.between_tools.at(None) {
        let reason = "this model still thinks between the calls of tools";
        let thinking = Thinking { mode: Mode::BetweenTools, effort: None };
        return (thinking, Some(Loss::degraded(member, reason)));
    }
    if takes.adaptive.at(None) {
        let mode = Mode::Adaptive { display: None };
        let effort = target.takes_effort().then(|| Effort::Low.clamped(&target.efforts()));
        let reason = "this model always thinks; it is asked to think little";
        return (Thinking { mode, effort }, Some(Loss::degraded(member, reason)));
    }
    (Thinking::default(), None)
}

/// Without thinking, since a forced tool excludes it; what always thinks is told how hard.
fn unthinking(
    control: &ReasoningControl,
    target: Target<'_>,
    member: &str,
    losses: &mut Vec<Loss>,
) -> Thinking {
    losses.push(Loss::degraded(member, "the host takes no thinking beside a forced tool"));
    let wanted = control.effort.or_else(|| control.budget.map(Effort::of_budget));
    if target.thinking().disabled.at(None) {
        return Thinking { mode: Mode::Disabled, effort: None };
    }
    let wanted = wanted.filter(|_| target.takes_effort());
    let effort = wanted.map(|effort| effort.clamped(&target.efforts()));
    Thinking { mode: Mode::Unsaid, effort }
}

fn as_it_sees_fit(
    control: &ReasoningControl,
    target: Target<'_>,
    member: &str,
    losses: &mut Vec<Loss>,
) -> Thinking {
    if control.budget.is_some() {
        let reason = "this model takes an effort in place of a budget";
        losses.push(Loss::degraded(member, reason));
    }
    let wanted = control.effort.or_else(|| control.budget.map(Effort::of_budget));
    if wanted.is_some() && !target.takes_effort() {
        losses.push(Loss::dropped(member, "this model takes no effort"));
        let mode = Mode::Adaptive { display: display(control.show, target) };
        return Thinking { mode, effort: None };
    }
    let effort = wanted.map(|effort| effort.clamped(&target.efforts()));
    if effort != wanted {
        losses.push(Loss::clamped(member, "the nearest effort that this model takes"));
    }
    Thinking { mode: Mode::Adaptive { display: display(control.show, target) }, effort }
}

/// Newer models keep the text of their thinking to themselves unless they are asked for it.
fn display(show: Option<Show>, target: Target<'_>) -> Option<&'static str> {
    match (show?, target.hides_thinking()) {
        (Show::Text, true) => Some("summarized"),
        (Show::Nothing, false) if target.is_claude() => Some("omitted"),
        (Show::Text | Show::Nothing, _) => None,
    }
}

/// The budget of a model that thinks with one; or none, since something forbids it.
fn budget(
    control: &ReasoningControl,
    target: Target<'_>,
    around: Circumstances<'_>,
    losses: &mut Vec<Loss>,
) -> Option<u64> {
    let member = around.member;
    if let Some(reason) = forbidden(around) {
        losses.push(Loss::degraded(member, reason));
        return None;
    }
    let asked = control.budget;
    let effort = control.effort.unwrap_or(Effort::Medium);
    let wanted = asked.unwrap_or_else(|| effort.budget().max(LEAST));
    let cap = most(asked, target, around.max_tokens);
    if cap < LEAST {
        losses.push(Loss::dropped(member, "thinking does not fit into the limit of tokens"));
        return None;
    }
    let budget = wanted.clamp(LEAST, cap);
    if budget != wanted {
        losses.push(Loss::clamped(member, "the thinking budget of this model and this limit"));
    }
    losses.extend(asked.and_then(|_| yielding(control, member)));
    Some(budget)
}

/// The largest budget. It has to stay below the limit of the answer, and one that only an effort
/// asks for leaves a tenth of it to the answer, and never less than the least budget.
pub(in super::super) fn most(asked: Option<u64>, target: Target<'_>, max_tokens: u64) -> u64 {
    let below = max_tokens.saturating_sub(1);
    let room = match asked {
        Some(budget) if budget < max_tokens => below,
        Some(_) | None => {
            let rest = (max_tokens / 10).max(LEAST);
            below.min(max_tokens.saturating_sub(rest).max(LEAST))
        }
    };
    match target.abilities.max_thinking_budget {
        0 => room,
        cap => room.min(cap),
    }
}

/// Why a thinking budget would be refused here: by Claude, and what its imitators ask of a tool
/// loop is much the same. (facts: reasoning, sections 2.13 and 3.1)
fn forbidden(around: Circumstances<'_>) -> Option<&'static str> {
    if around.forced {
        return Some("a thinking budget excludes a forced tool");
    }
    if around.turns.last().is_some_and(|turn| turn.role == Role::Assistant) {
        return Some("an answer that has begun cannot be thought about");
    }
    in_mid_loop_without_thinking(around.turns).then_some(LOST)
}

/// Whether the last answer called tools and does not begin with thinking: a model with a budget
/// then refuses the request. (facts: translation, section 6.4, rule 5)
fn in_mid_loop_without_thinking(turns: &[Turn]) -> bool {
    let Some(last) = turns.iter().rev().find(|turn| turn.role == Role::Assistant) else {
        return false;
    };
    let calls = last.blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)));
    let thinks = |content: &Content| matches!(content, Content::Reasoning(_));
    calls && !last.blocks.first().is_some_and(|block| thinks(&block.content))
}

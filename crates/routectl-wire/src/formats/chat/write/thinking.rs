//! How much the model is asked to think, by the member that its host knows.

use routectl_core::{Abilities, Effort, Knob, Loss, ReasoningControl, Request, ToolUse};

use super::Writer;
use crate::json::Object;

/// How thinking is asked for.
#[derive(Default)]
pub(super) struct Plan {
    said: Said,
    losses: Vec<Loss>,
}

#[derive(Default)]
enum Said {
    #[default]
    Nothing,
    /// The word of `reasoning_effort`.
    Effort(&'static str),
    /// The member of `reasoning`.
    Unified(Amount),
}

#[derive(Clone, Copy)]
enum Amount {
    Switch(bool),
    Effort(&'static str),
    Tokens(u64),
}

/// What a client wants, by the strongest of its words: off, a budget, an effort, on.
/// (facts: reasoning, section 4)
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Unsaid,
    Off,
    On,
    Effort(Effort),
    Budget(u64),
}

impl Wanted {
    fn of(control: &ReasoningControl) -> Self {
        match (control.enabled, control.budget, control.effort) {
            (Some(false), _, _) => Self::Off,
            (_, Some(budget), _) => Self::Budget(budget),
            (_, None, Some(effort)) => Self::Effort(effort),
            (Some(true), None, None) => Self::On,
            (None, None, None) => Self::Unsaid,
        }
    }
}

/// Plans how a request's wishes about thinking are said.
pub(super) fn plan(request: &Request, abilities: &Abilities) -> Plan {
    let control = &request.reasoning;
    let path = request.names.reasoning;
    let wanted = Wanted::of(control);
    if abilities.quirks.tools == ToolUse::WithoutThinking && !request.tools.is_empty() {
        return without(wanted, path);
    }
    let mut plan = match abilities.quirks.knob {
        Knob::Nothing => unknown(wanted, path),
        Knob::Effort => effort(wanted, path, abilities),
        Knob::Unified => unified(wanted, abilities, path),
    };
    if control.effort.is_some() && !matches!(wanted, Wanted::Effort(_)) {
        let reason = "the effort yields to the rest of what is said of thinking";
        plan.losses.push(Loss::dropped(path, reason));
    }
    plan
}

/// The model takes the request's tools only while it does not think.
fn without(wanted: Wanted, path: &str) -> Plan {
    let reason = "in this format the model takes tools only while it does not think";
    let loss = match wanted {
        Wanted::Off => None,
        Wanted::Unsaid => Some(Loss::degraded("tools", reason)),
        Wanted::On | Wanted::Effort(_) | Wanted::Budget(_) => Some(Loss::dropped(path, reason)),
    };
    Plan { said: Said::Effort("none"), losses: loss.into_iter().collect() }
}

fn unknown(wanted: Wanted, path: &str) -> Plan {
    match wanted {
        // The host decides by itself, as it was asked to.
        Wanted::Unsaid | Wanted::On => Plan::default(),
        Wanted::Off | Wanted::Effort(_) | Wanted::Budget(_) => {
            let reason = "the host cannot be told how much to think";
            Plan { said: Said::Nothing, losses: vec![Loss::dropped(path, reason)] }
        }
    }
}

fn effort(wanted: Wanted, path: &str, abilities: &Abilities) -> Plan {
    let said = |word, loss: Option<Loss>| Plan {
        said: Said::Effort(word),
        losses: loss.into_iter().collect(),
    };
    match wanted {
        Wanted::Unsaid => Plan::default(),
        Wanted::On if abilities.quirks.thinks_unasked => Plan::default(),
        Wanted::On => said(Effort::Medium.clamped(&abilities.efforts).name(), None),
        Wanted::Off if abilities.quirks.takes_no_effort => said("none", None),
        Wanted::Off => {
            let least = Effort::Minimal.clamped(&abilities.efforts);
            let reason = "the model cannot be told not to think";
            said(least.name(), Some(Loss::clamped(path, reason)))
        }
        Wanted::Effort(asked) => {
            let (given, loss) = clamped(asked, &abilities.efforts, path);
            said(given.name(), loss)
        }
        Wanted::Budget(tokens) => {
            let given = Effort::of_budget(tokens).clamped(&abilities.efforts);
            let reason = "the host takes an effort, not a number of tokens";
            let is_same = given.budget() == tokens;
            said(given.name(), (!is_same).then(|| Loss::degraded(path, reason)))
        }
    }
}

fn clamped(asked: Effort, known: &[Effort], path: &str) -> (Effort, Option<Loss>) {
    let given = asked.clamped(known);
    let loss = (given != asked).then(|| Loss::clamped(path, "the model has no such effort"));
    (given, loss)
}

/// The efforts that OpenRouter knows.
const UNIFIED: &[Effort] =
    &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh];

/// OpenRouter's member takes effort and tokens alike. Its `exclude` would keep the seals away too,
/// without which a conversation loses its thinking: who does not want to see it is not shown it.
/// (facts: reasoning, sections 2.5 and 6.1)
fn unified(wanted: Wanted, abilities: &Abilities, path: &str) -> Plan {
    let (amount, loss) = match wanted {
        Wanted::Unsaid => return Plan::default(),
        Wanted::Off => (Amount::Switch(false), None),
        Wanted::On => (Amount::Switch(true), None),
        Wanted::Budget(tokens) => {
            let cap = Some(abilities.max_thinking_budget).filter(|cap| *cap > 0);
            let given = cap.map_or(tokens, |cap| tokens.min(cap));
            let loss = (given != tokens).then(|| Loss::clamped(path, "the model thinks less"));
            (Amount::Tokens(given), loss)
        }
        Wanted::Effort(asked) => {
            let known = Some(abilities.efforts.as_slice()).filter(|known| !known.is_empty());
            let (given, loss) = clamped(asked, known.unwrap_or(UNIFIED), path);
            (Amount::Effort(given.name()), loss)
        }
    };
    Plan { said: Said::Unified(amount), losses: loss.into_iter().collect() }
}

impl Plan {
    /// Whether the model is told not to think.
    pub(super) fn is_off(&self) -> bool {
        match self.said {
            Said::Effort(word) => word == "none",
            Said::Unified(amount) => matches!(amount, Amount::Switch(false)),
            Said::Nothing => false,
        }
    }

    /// Writes what is asked and says what is lost.
    pub(super) fn write(&self, writer: &mut Writer<'_>, body: &mut Object<'_>) {
        writer.losses.extend(self.losses.iter().cloned());
        match self.said {
            Said::Nothing => {}
            Said::Effort(word) => body.text("reasoning_effort", word),
            Said::Unified(amount) => {
                let mut reasoning = body.object("reasoning");
                match amount {
                    Amount::Switch(on) => reasoning.bool("enabled", on),
                    Amount::Effort(word) => reasoning.text("effort", word),
                    Amount::Tokens(tokens) => reasoning.count("max_tokens", tokens),
                }
            }
        }
    }
}

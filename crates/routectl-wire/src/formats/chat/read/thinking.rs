//! How much a client wants the model to think: one wish, in the words of a dozen hosts. (facts:
//! reasoning, sections 2 and 6)

use routectl_core::{Effort, Foreign, IfLost, Place, ReasoningControl, Show};

use super::{Draft, elsewhere, said};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::Node;

const BODY: Place = Place::BODY;

/// The members that speak of thinking; the one that counts most comes first.
pub(super) const MEMBERS: [&str; 7] = [
    "reasoning",
    "thinking",
    "enable_thinking",
    "thinking_budget",
    "chat_template_kwargs",
    "reasoning_effort",
    "include_reasoning",
];

/// What each kind of member says. They may contradict each other: clients add their own to a
/// default of their library.
#[derive(Default)]
pub(super) struct Knobs {
    /// `reasoning`
    unified: ReasoningControl,
    /// `reasoning.exclude`, turned round
    included: Option<bool>,
    /// `include_reasoning`, its older name
    old_included: Option<bool>,
    /// `thinking`
    thinking: ReasoningControl,
    /// `enable_thinking`, `thinking_budget`, `chat_template_kwargs`
    switches: ReasoningControl,
    /// `reasoning_effort`
    effort: ReasoningControl,
}

impl Knobs {
    /// What all of them say together: the more telling member wins, and the first one that speaks
    /// of thinking at all says whether to think.
    pub(super) fn settled(self) -> ReasoningControl {
        let knobs = [self.unified, self.thinking, self.switches, self.effort];
        let speaks = |it: &&ReasoningControl| {
            ReasoningControl { show: None, ..**it } != ReasoningControl::default()
        };
        let said = self.included.or(self.old_included).map(shown);
        ReasoningControl {
            enabled: knobs.iter().find(speaks).and_then(|knob| knob.enabled),
            effort: knobs.iter().find_map(|knob| knob.effort),
            budget: knobs.iter().find_map(|knob| knob.budget),
            show: said.or_else(|| knobs.iter().find_map(|knob| knob.show)),
        }
    }
}

/// Takes one member of the body that speaks of thinking.
pub(super) fn read(
    draft: &mut Draft<'_, '_>,
    name: &str,
    node: &Node<'_>,
) -> Result<(), BadRequest> {
    take(&mut draft.thinking, name, node, &mut draft.request.foreign)
}

/// The variables of chat templates that do so.
pub(super) const VARIABLES: [&str; 3] = ["enable_thinking", "thinking", "reasoning_effort"];

/// Takes one of them.
pub(super) fn take(
    knobs: &mut Knobs,
    name: &str,
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    match name {
        "reasoning" => unified(knobs, node, foreign),
        "include_reasoning" => {
            knobs.old_included = Some(expect::boolean(node, BODY, name)?);
            Ok(())
        }
        "thinking" => thinking(&mut knobs.thinking, node, foreign),
        "chat_template_kwargs" => template(&mut knobs.switches, node, foreign),
        "enable_thinking" => switch(&mut knobs.switches, node, BODY, name),
        "thinking_budget" => budget(&mut knobs.switches, node, BODY, name),
        _ => effort(&mut knobs.effort, node, BODY, name),
    }
}

fn shown(visible: bool) -> Show {
    if visible { Show::Text } else { Show::Nothing }
}

/// Off is the strongest word, whatever else an object says and in whichever order.
fn turn(knob: &mut ReasoningControl, on: bool) {
    knob.enabled = Some(on && knob.enabled != Some(false));
}

/// OpenRouter's object. Who sends it gets to see the thinking unless it is excluded.
fn unified(
    knobs: &mut Knobs,
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let place = BODY.member("reasoning");
    let knob = &mut knobs.unified;
    for (name, value) in said(node, BODY, "reasoning")? {
        match name {
            "effort" => effort(knob, value, place, name)?,
            "max_tokens" => budget(knob, value, place, name)?,
            "enabled" => switch(knob, value, place, name)?,
            "exclude" => knobs.included = Some(!expect::boolean(value, place, name)?),
            "summary" | "generate_summary" => summary(value, place, name, foreign)?,
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    if knob.enabled != Some(false) {
        knob.show = Some(Show::Text);
    }
    Ok(())
}

/// That there is a summary can be said elsewhere, how long it is cannot.
fn summary(
    node: &Node<'_>,
    place: Place,
    name: &str,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    if expect::text(node, place, name)? != "auto" {
        let if_lost = IfLost::Told("how long a summary is, its host decides");
        foreign.push(expect::foreign(place, name, node, if_lost));
    }
    Ok(())
}

/// The object of DeepSeek, GLM, Kimi and others, after Anthropic's.
fn thinking(
    knob: &mut ReasoningControl,
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let place = BODY.member("thinking");
    for (name, value) in said(node, BODY, "thinking")? {
        match name {
            "type" => match &*expect::text(value, place, name)? {
                "enabled" | "adaptive" => turn(knob, true),
                "disabled" => turn(knob, false),
                "auto" => {}
                other => {
                    let known = ["enabled", "disabled", "adaptive", "auto"];
                    return Err(expect::unknown_word(place, name, other, &known));
                }
            },
            "budget_tokens" => budget(knob, value, place, name)?,
            "effort" => effort(knob, value, place, name)?,
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(())
}

/// Variables of a chat template, as vLLM and SGLang take them.
fn template(
    knob: &mut ReasoningControl,
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let place = BODY.member("chat_template_kwargs");
    for (name, value) in said(node, BODY, "chat_template_kwargs")? {
        match name {
            "enable_thinking" | "thinking" => switch(knob, value, place, name)?,
            "reasoning_effort" => effort(knob, value, place, name)?,
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(())
}

fn switch(
    knob: &mut ReasoningControl,
    node: &Node<'_>,
    place: Place,
    name: &str,
) -> Result<(), BadRequest> {
    turn(knob, expect::boolean(node, place, name)?);
    Ok(())
}

/// A budget of nothing is how some hosts are told not to think.
fn budget(
    knob: &mut ReasoningControl,
    node: &Node<'_>,
    place: Place,
    name: &str,
) -> Result<(), BadRequest> {
    match expect::count(node, place, name)? {
        0 => turn(knob, false),
        tokens => knob.budget = Some(tokens),
    }
    Ok(())
}

fn effort(
    knob: &mut ReasoningControl,
    node: &Node<'_>,
    place: Place,
    name: &str,
) -> Result<(), BadRequest> {
    let word = expect::text(node, place, name)?;
    match (&*word, Effort::named(&word)) {
        (_, Some(effort)) => knob.effort = Some(effort),
        ("none", None) => turn(knob, false),
        // Groq's word for "as the model does by itself". (facts: reasoning, section 2.6)
        ("default", None) => {}
        (_, None) => {
            let known = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
            return Err(expect::unknown_word(place, name, &word, &known));
        }
    }
    Ok(())
}

//! The hub → requests, with a report of what could not be said. Claude is asked for the same things
//! as through Messages: the decisions are made there, and only the words are Converse's. What
//! Converse has no member for goes to Claude in `additionalModelRequestFields`. (facts: bedrock,
//! section 2)
//!
//! What stays the same from turn to turn stands before the messages, so that bodies of one
//! conversation begin alike. The model and the framing are in the address.

mod beside;
mod blocks;
mod cache;
mod content;
mod documents;
mod extras;
mod settings;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;

use routectl_core::{Abilities, Block, Choice, Loss, Place, Quirks, Request, Role, Turn};

use super::vendors::{self, Tools, Vendor};
use crate::dialects::control::Plan;
use crate::formats::instruction;
use crate::formats::messages::write::{Api, Fitted, Rules, Target};
use crate::json::Object;
use crate::names::CallIdRule;
use crate::{Changes, Spelled, attribution, editing};
use blocks::Spelling;
use content::Fitter;
use extras::Extras;

/// A request in this format's words.
pub(crate) fn request(request: &Request, abilities: &Abilities) -> Spelled {
    let (mut request, mut losses) = (request.clone(), Vec::new());
    let applied = editing::fit_request(&mut request, &mut losses);
    attribution::fit_request(&mut request, abilities, &mut losses);
    let vendor = vendors::of(&abilities.upstream);
    let target = Target::behind(api(&vendor, &abilities.quirks), abilities);
    let extras = Extras::taken(&mut request, target.is_claude());
    let plan = thinking::plan(&mut request, (&vendor, target), abilities);
    let mut fitter = Fitter::new(&vendor, target);
    let mut fit = |block, role, losses: &mut _| fitter.fit(block, role, losses);
    let rules = Rules { target, fit: &mut fit, vendor_tools: !extras.tools.is_empty() };
    let schema_name = settings::schema_name(&request);
    let mut fitted = Fitted::of(request, rules);
    fitted.thinking = thinking::of_claude(fitted.thinking);
    losses.extend(plan.losses.iter().cloned());
    let writer = Writer { fitted, vendor, target, abilities, extras, plan, schema_name, losses };
    Spelled { applied, ..writer.spelled() }
}

/// What Converse lets through of what these models take, as far as they were not heard to refuse
/// it. The role `system` is there for changes of tools only, and thinking excludes forced tools.
/// (facts: bedrock, section 2.1; decisions: 9)
fn api(vendor: &Vendor, quirks: &Quirks) -> Api {
    let can_be_forced = matches!(vendor.tools, Tools::Any | Tools::Named);
    Api {
        system_in_messages: false,
        forced_choice: can_be_forced && quirks.choice != Choice::Free,
        schemas: vendor.schemas && quirks.takes_json_schema,
        strict_tools: vendor.schemas && quirks.takes_strict,
        between_tools: false,
        thinks_when_forced: false,
    }
}

/// What every part of a request is written from, and what could not be said so far.
struct Writer<'a> {
    fitted: Fitted,
    vendor: Vendor,
    target: Target<'a>,
    abilities: &'a Abilities,
    extras: Extras,
    /// How models that are no Claude are asked to think.
    plan: Plan,
    /// What the client calls the schema of the answer.
    schema_name: Option<String>,
    losses: Vec<Loss>,
}

impl Writer<'_> {
    fn spelled(mut self) -> Spelled {
        self.losses.append(&mut self.fitted.losses);
        tools::settle(&mut self);
        self.lower_system();
        let turns = &mut self.fitted.request.turns;
        beside::settle(turns, &self.vendor, &mut self.losses);
        documents::accompany(&mut self.fitted.request.turns, &mut self.losses);
        let auto = self.abilities.auto_cache;
        cache::settle(&mut self.fitted, self.vendor.cache, auto, &mut self.losses);
        let mut body = Vec::with_capacity(4_096);
        self.write(Object::new(&mut body));
        let Fitted { names, output, request, our_stops, .. } = self.fitted;
        let foreign = request.foreign.into_iter();
        self.losses.extend(foreign.map(|foreign| foreign.if_lost.loss(foreign.path)));
        let changes =
            Changes { tools: names.into_renamed(), stops: our_stops, output_tool: output.tool };
        Spelled::new(body, self.losses, changes)
    }

    fn write(&mut self, mut body: Object<'_>) {
        tools::write(&self.fitted, &mut body);
        let Fitted { request, names, .. } = &self.fitted;
        if !request.system.is_empty() {
            blocks::texts(&request.system, body.list("system"));
        }
        let ids = if self.target.is_claude() { CallIdRule::Claude } else { CallIdRule::Converse };
        let mut spelling = Spelling { names, ids, losses: &mut self.losses };
        spelling.turns(&request.turns, body.list("messages"));
        settings::inference(self, &mut body);
        settings::output(self, &mut body);
        extras::write(self, &mut body);
        if self.target.is_claude() && !self.fitted.stops.is_empty() {
            // Which of them it was is told only to who asks. (facts: bedrock, section 2.2)
            body.list("additionalModelResponseFieldPaths").text("/stop_sequence");
        }
    }

    /// Says the system text in the conversation, to models that know none above it.
    fn lower_system(&mut self) {
        let Fitted { request, .. } = &mut self.fitted;
        if self.vendor.system || request.system.is_empty() {
            return;
        }
        let mut said: Vec<Block> = std::mem::take(&mut request.system);
        for block in &mut said {
            instruction::mark(block);
            let reason = "this model takes no system text; a user's text says it";
            self.losses.push(Loss::degraded(block.place.to_string(), reason));
        }
        match request.turns.first_mut().filter(|turn| turn.role == Role::User) {
            Some(first) => drop(first.blocks.splice(0..0, said)),
            None => {
                let place = Place::BODY.member("system");
                request.turns.insert(0, Turn { role: Role::User, blocks: said, place });
            }
        }
    }
}

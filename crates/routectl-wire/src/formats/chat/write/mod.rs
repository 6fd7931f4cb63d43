//! The hub → requests, with a report of what could not be said.
//!
//! The order of members is fixed: what stays the same from turn to turn stands before the
//! messages, so that bodies of one conversation begin alike.

mod assistant;
mod cache;
mod echo;
mod messages;
mod output;
mod parts;
mod results;
mod schema;
mod settings;
mod strict;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;

use routectl_core::{Abilities, Loss, Quirks, Request, Role};

use crate::json::Object;
use crate::names::{TextTools, ToolNames};
use crate::{Changes, Spelled, attribution, editing};

/// A request in this format's words.
pub(super) fn request(request: &Request, abilities: &Abilities) -> Spelled {
    let mut request = request.clone();
    let mut edited = Vec::new();
    let applied = editing::fit_request(&mut request, &mut edited);
    let mut losses = turns::settle(&mut request, abilities);
    losses.extend(cache::settle(&mut request, &abilities.quirks));
    losses.append(&mut edited);
    attribution::fit_request(&mut request, abilities, &mut losses);
    let names = ToolNames::of(&request, TextTools::Native);
    let mut writer = Writer { request: &request, abilities, names: &names, losses };
    let mut body = Vec::with_capacity(4_096);
    let stops = writer.body(Object::new(&mut body));
    let losses = writer.losses;
    let tools = names.into_renamed();
    let spelled = Spelled::new(body, losses, Changes { tools, stops, output_tool: None });
    Spelled { applied, ..spelled }
}

/// What every part of a request is written from, and what could not be said so far.
struct Writer<'a> {
    request: &'a Request,
    abilities: &'a Abilities,
    names: &'a ToolNames,
    losses: Vec<Loss>,
}

impl Writer<'_> {
    /// Writes the request and gives the stops that the upstream is not told of.
    fn body(&mut self, mut body: Object<'_>) -> Vec<String> {
        let output = output::plan(self.request, self.quirks());
        let mut thinking = thinking::plan(self.request, self.abilities);
        body.text("model", &self.abilities.upstream);
        tools::write(self, &mut body);
        messages::write(self, &mut body, output.instruction.as_deref());
        self.prefill();
        output.write(self, &mut body);
        thinking.write(&mut body);
        self.losses.append(&mut thinking.losses);
        settings::sampling(self, &mut body, thinking.is_off);
        let stops = settings::stops(self, &mut body);
        settings::rest(self, &mut body);
        let foreign = self.request.foreign.iter();
        self.losses.extend(foreign.map(|foreign| foreign.if_lost.loss(&*foreign.path)));
        stops
    }

    fn quirks(&self) -> &Quirks {
        &self.abilities.quirks
    }

    /// Chat hosts answer behind what the assistant said last; Messages goes on with it.
    /// (facts: translation, section 2.6)
    fn prefill(&mut self) {
        if let Some(last) = self.request.turns.last().filter(|turn| turn.role == Role::Assistant) {
            let reason = "the host would begin a new answer instead of continuing this one";
            self.losses.push(Loss::refused(last.place.to_string(), reason));
        }
    }
}

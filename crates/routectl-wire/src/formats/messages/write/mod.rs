//! The hub → requests, with a report of what could not be said. The hub is fitted to the target
//! pass by pass; what is left is spelled in a fixed order of members.

mod cache;
mod fitted;
mod output;
mod sampling;
mod target;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;

use routectl_core::{Abilities, Request, Sampling, Tier};

use crate::json::Object;
use crate::{Changes, Spelled};
pub(in crate::formats) use fitted::{Fitted, Rules};
pub(in crate::formats) use target::{Api, Target};
pub(super) use thinking::{LEAST, most};
pub(in crate::formats) use thinking::{Mode, Thinking};
pub(in crate::formats) use tools::{Choice, Offered};
pub(in crate::formats) use turns::{input, thinking as earlier_thinking};

/// A request in this format's words.
pub(super) fn request(request: &Request, abilities: &Abilities) -> Spelled {
    let target = Target::of(abilities);
    let mut fit = |block, role, losses: &mut _| turns::fit(block, role, target, losses);
    let rules = Rules { target, fit: &mut fit, vendor_tools: false };
    let mut fitted = Fitted::of(request.clone(), rules);
    cache::settle(&mut fitted.request, &mut fitted.tools, abilities.auto_cache, &mut fitted.losses);
    let mut body = Vec::new();
    fitted.write(abilities, Object::new(&mut body));
    let Fitted { mut losses, names, output, request, our_stops, .. } = fitted;
    losses.extend(request.foreign.into_iter().map(|foreign| foreign.if_lost.loss(foreign.path)));
    let changes =
        Changes { tools: names.into_renamed(), stops: our_stops, output_tool: output.tool };
    Spelled::new(body, losses, changes)
}

impl Fitted {
    /// Writes the body. Both framings of the client are served from a stream.
    fn write(&mut self, abilities: &Abilities, mut body: Object<'_>) {
        body.text("model", &abilities.upstream);
        body.count("max_tokens", self.max_tokens);
        if !self.request.system.is_empty() {
            turns::text_blocks(&self.request.system, body.list("system"));
        }
        if !self.tools.is_empty() {
            tools::write(&self.tools, body.list("tools"));
            self.chosen.write(&mut body);
        }
        let mut spelling = turns::Spelling { names: &self.names, losses: &mut self.losses };
        spelling.turns(&self.request.turns, body.list("messages"));
        if !self.stops.is_empty() {
            let mut stops = body.list("stop_sequences");
            self.stops.iter().for_each(|stop| stops.text(stop));
        }
        self.write_sampling(&mut body);
        self.thinking.write(&mut body);
        self.write_output_config(&mut body);
        if let Some(user) = &self.request.user {
            body.object("metadata").text("user_id", user);
        }
        match self.request.tier {
            None => {}
            Some(Tier::Auto) => body.text("service_tier", "auto"),
            Some(Tier::Standard) => body.text("service_tier", "standard_only"),
        }
        turns::cache_control(self.request.cache, &mut body);
        body.bool("stream", true);
    }

    fn write_sampling(&self, body: &mut Object<'_>) {
        let Sampling { temperature, top_p, top_k } = self.sampling;
        if let Some(temperature) = temperature {
            body.number("temperature", temperature);
        }
        if let Some(top_p) = top_p {
            body.number("top_p", top_p);
        }
        if let Some(top_k) = top_k {
            body.count("top_k", top_k);
        }
    }

    fn write_output_config(&self, body: &mut Object<'_>) {
        if self.thinking.effort.is_none() && self.output.schema.is_none() {
            return;
        }
        let mut config = body.object("output_config");
        config.text_if("effort", self.thinking.effort.map(routectl_core::Effort::name));
        if let Some(schema) = &self.output.schema {
            let mut format = config.object("format");
            format.text("type", "json_schema");
            format.raw("schema", schema);
        }
    }
}

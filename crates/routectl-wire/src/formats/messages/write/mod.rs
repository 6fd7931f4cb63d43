//! The hub → requests, with a report of what could not be said. The hub is fitted to the target
//! pass by pass; what is left is spelled in a fixed order of members.

mod cache;
mod output;
mod sampling;
mod target;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod turns;

use routectl_core::{Abilities, Loss, Request, Role, Sampling, Tier};

use crate::json::Object;
use crate::names::{TextTools, ToolNames};
use crate::{Changes, Spelled, pairs};
use output::{Means, Output};
pub(super) use target::Target;
use thinking::{Circumstances, Thinking};
pub(super) use thinking::{LEAST, most};
use tools::{Chosen, Offered};

/// A request in this format's words.
pub(super) fn request(request: &Request, abilities: &Abilities) -> Spelled {
    let mut fitted = Fitted::of(request.clone(), Target::of(abilities));
    let mut body = Vec::new();
    fitted.write(abilities, Object::new(&mut body));
    let Fitted { mut losses, names, output, request, our_stops, .. } = fitted;
    losses.extend(request.foreign.into_iter().map(|foreign| foreign.if_lost.loss(foreign.path)));
    let changes =
        Changes { tools: names.into_renamed(), stops: our_stops, output_tool: output.tool };
    Spelled::new(body, losses, changes)
}

/// The limit of the answer, which the format demands.
fn limit(request: &Request, target: Target<'_>, losses: &mut Vec<Loss>) -> u64 {
    let Some(asked) = request.max_tokens else { return target.max_tokens() };
    let most = target.most_tokens();
    if asked > most {
        let reason = "the model writes no more than this";
        losses.push(Loss::clamped(request.names.max_tokens, reason));
    }
    asked.min(most)
}

/// A request of which everything can be said to its target.
struct Fitted {
    request: Request,
    max_tokens: u64,
    names: ToolNames,
    tools: Vec<Offered>,
    chosen: Chosen,
    thinking: Thinking,
    sampling: Sampling,
    stops: Vec<String>,
    /// Stops that routectl has to watch for.
    our_stops: Vec<String>,
    output: Output,
    losses: Vec<Loss>,
}

impl Fitted {
    fn of(mut request: Request, target: Target<'_>) -> Self {
        let mut losses = pairs::complete(&mut request);
        let names = ToolNames::of(&request, TextTools::Wrapped);
        let system = std::mem::take(&mut request.system).into_iter();
        request.system = system
            .filter_map(|block| turns::fit(block, Role::System, target, &mut losses))
            .collect();
        let mut tools = tools::offer(&request, &names, target, &mut losses);
        let mut chosen = Chosen::of(&mut request, (&names, target), &tools, &mut losses);
        request.turns = turns::settle(request.turns, target, &mut losses);
        let max_tokens = limit(&request, target, &mut losses);
        let around = Circumstances {
            max_tokens,
            turns: &request.turns,
            forced: chosen.choice.is_forced(),
            member: request.names.reasoning,
        };
        let thinking = thinking::fit(&request.reasoning, target, around, &mut losses);
        let mut means = Means {
            target,
            budgeted: thinking.is_budgeted(),
            tools: &mut tools,
            chosen: &mut chosen,
        };
        let output = output::settle(&mut request, &mut means, &mut losses);
        let thinks = thinking.is_on(target);
        let sampling = sampling::fit(request.sampling, target, thinks, &mut losses);
        let (stops, our_stops) = sampling::stops(&request.stops, request.names.stops, &mut losses);
        cache::settle(&mut request, &mut tools, target.abilities.auto_cache, &mut losses);
        Self {
            request,
            max_tokens,
            names,
            tools,
            chosen,
            thinking,
            sampling,
            stops,
            our_stops,
            output,
            losses,
        }
    }

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

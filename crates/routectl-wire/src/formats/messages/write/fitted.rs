//! A request, fitted to what its target takes, pass by pass. The API in front of the model may be
//! another one than Messages: Converse asks Claude for the same things in other words.

use routectl_core::{Block, Loss, Request, Role, Sampling};

use super::output::{self, Means, Output};
use super::target::Target;
use super::thinking::{self, Circumstances, Thinking};
use super::tools::{self, Chosen, Offered};
use super::{sampling, turns};
use crate::names::{TextTools, ToolNames};
use crate::pairs;

/// What decides how a request is fitted.
pub(in crate::formats) struct Rules<'a, 'b> {
    pub(in crate::formats) target: Target<'a>,
    /// A block as it can be said in a turn of this role.
    pub(in crate::formats) fit: &'b mut FitBlock<'b>,
    /// Tools are offered that only the vendor knows, apart from the client's own.
    pub(in crate::formats) vendor_tools: bool,
}

/// Fits a block, and tells what that loses.
pub(super) type FitBlock<'a> = dyn FnMut(Block, Role, &mut Vec<Loss>) -> Option<Block> + 'a;

/// A request of which everything can be said to its target. Cache marks are left to its writer.
pub(in crate::formats) struct Fitted {
    pub(in crate::formats) request: Request,
    pub(in crate::formats) max_tokens: u64,
    pub(in crate::formats) names: ToolNames,
    pub(in crate::formats) tools: Vec<Offered>,
    pub(in crate::formats) chosen: Chosen,
    pub(in crate::formats) thinking: Thinking,
    pub(in crate::formats) sampling: Sampling,
    pub(in crate::formats) stops: Vec<String>,
    /// Stops that routectl has to watch for.
    pub(in crate::formats) our_stops: Vec<String>,
    pub(in crate::formats) output: Output,
    pub(in crate::formats) losses: Vec<Loss>,
}

impl Fitted {
    /// Fits a request pass by pass.
    pub(in crate::formats) fn of(mut request: Request, rules: Rules<'_, '_>) -> Self {
        let Rules { target, fit, vendor_tools } = rules;
        let mut losses = pairs::complete(&mut request);
        let names = ToolNames::of(&request, TextTools::Wrapped);
        let system = std::mem::take(&mut request.system).into_iter();
        request.system = system.filter_map(|block| fit(block, Role::System, &mut losses)).collect();
        let mut tools = tools::offer(&request, &names, target, &mut losses);
        let mut chosen =
            Chosen::of(&mut request, (&names, target), (&tools, vendor_tools), &mut losses);
        request.turns = turns::settle(request.turns, (target, fit), &mut losses);
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

//! Requests → the hub: every member is read, kept as foreign, or refused with its path.

mod blocks;
mod control;
mod conversation;
mod media;
mod spot;
#[cfg(test)]
mod tests;
mod tools;
mod vendor;

use routectl_core::{CacheMark, Effort, Foreign, Place, Request, ToolChoice};

use crate::formats::expect;
use crate::json::{self, Node};
use crate::{BadRequest, Document, pairs};

use spot::{Spot, UNKNOWN};
pub use vendor::CONTINUED_THREAD;

/// A request in the hub's words.
pub(super) fn request(body: &Document) -> Result<Request, BadRequest> {
    let text = simdutf8::basic::from_utf8(body.bytes())
        .map_err(|error| BadRequest::new("", error.to_string()))?;
    let root = json::parse(text).map_err(|error| BadRequest::new("", error.to_string()))?;
    let root = Spot::member("", &root).object()?;
    let format = root.get("output_config").and_then(|config| config.get("format"));
    let schema = format.map(|format| format.get("schema").map(Spot::raw).unwrap_or_default());
    let mut reader = Reader { newer_schema: schema, ..Reader::default() };
    for (name, node) in root.members() {
        reader.member(name, node)?;
    }
    for name in ["model", "messages", "max_tokens"] {
        root.need(name)?;
    }
    reader.finish(root)
}

/// Members that the hub has words for.
const TYPED: [&str; 18] = [
    "model",
    "messages",
    "max_tokens",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "service_tier",
    "speed",
    "cache_control",
];

#[derive(Default)]
struct Reader {
    request: Request,
    /// A tool of the vendor's was offered: it may be the one that is forced.
    vendor_tools: bool,
    /// The thread goes on from messages that are not here.
    continues: bool,
    /// What the last system message asks that speaks of effort: it counts from there on.
    later_effort: Option<Effort>,
    /// What `thinking` asks where `output_config` asks for no effort.
    implied_effort: Option<Effort>,
    /// The schema of `output_config.format`, if that is there.
    newer_schema: Option<String>,
}

impl Reader {
    fn member(&mut self, name: &str, node: &Node<'_>) -> Result<(), BadRequest> {
        match TYPED.iter().find(|typed| **typed == name) {
            Some(name) => self.typed(Spot::member(name, node)),
            None => {
                self.foreign(name, node);
                Ok(())
            }
        }
    }

    fn typed(&mut self, spot: Spot<'_, '_>) -> Result<(), BadRequest> {
        let request = &mut self.request;
        match spot.name {
            "model" => request.model = spot.word()?,
            "messages" => self.later_effort = conversation::turns(spot, request)?,
            "max_tokens" => control::max_tokens(spot, request)?,
            "system" => request.system = conversation::system(spot, &mut request.foreign)?,
            "stop_sequences" => request.stops = control::stops(spot)?,
            "stream" => request.wishes.streamed = spot.boolean()?,
            "temperature" => request.sampling.temperature = Some(spot.share()?),
            "top_p" => request.sampling.top_p = Some(spot.share()?),
            "top_k" => request.sampling.top_k = Some(spot.count()?),
            "tools" => tools::list(spot, self)?,
            "tool_choice" => tools::choice(spot, request)?,
            "thinking" => self.implied_effort = control::thinking(spot, request)?,
            "output_config" => control::output(spot, request)?,
            "output_format" => control::old_format(spot, self)?,
            "metadata" => control::metadata(spot, request)?,
            "service_tier" => request.tier = Some(control::tier(spot)?),
            "speed" => control::speed(spot, request)?,
            _ => request.cache = Some(cache_mark(spot, &mut request.foreign)?),
        }
        Ok(())
    }

    fn foreign(&mut self, name: &str, node: &Node<'_>) {
        self.continues |= vendor::continues(name, node);
        if let Some(if_lost) = vendor::member(name, node) {
            let (path, json) = (name.to_owned(), node.raw.to_owned());
            self.request.foreign.push(Foreign { path, json, if_lost });
        }
    }

    fn finish(mut self, root: Spot<'_, '_>) -> Result<Request, BadRequest> {
        let effort = self.later_effort.or(self.request.reasoning.effort);
        self.request.reasoning.effort = effort.or(self.implied_effort);
        self.name_members();
        tools::settle_deferred(root, &mut self.request);
        self.settle_choice()?;
        // The calls of a continued thread stand where only its host can see them.
        if !self.continues {
            pairs::check(&self.request, "tool_use_id")?;
        }
        Ok(self.request)
    }

    fn name_members(&mut self) {
        let request = &mut self.request;
        let names = &mut request.names;
        names.stops = "stop_sequences";
        let reasoning = &request.reasoning;
        let of_thinking = reasoning.budget.is_some() || self.implied_effort.is_some();
        names.reasoning = match reasoning.effort {
            Some(_) if !of_thinking && self.later_effort.is_some() => "messages",
            Some(_) if !of_thinking => "output_config.effort",
            Some(_) | None => "thinking",
        };
        names.output = match self.newer_schema {
            Some(_) => "output_config.format",
            None => "output_format",
        };
        names.parallel_calls = "tool_choice.disable_parallel_tool_use";
        names.user = "metadata.user_id";
        names.cache = "cache_control";
    }

    /// A choice without tools means nothing, unless it forces one.
    fn settle_choice(&mut self) -> Result<(), BadRequest> {
        let request = &mut self.request;
        if self.vendor_tools {
            return Ok(());
        }
        let place = Place::BODY.member("tool_choice");
        match &request.tool_choice {
            Some(ToolChoice::Named(name)) => {
                if !request.tools.iter().any(|tool| tool.name == *name) {
                    let problem = format!("no tool is called {:?}", expect::short(name));
                    return Err(BadRequest::new(place.path("name"), problem));
                }
            }
            Some(ToolChoice::Required) if request.tools.is_empty() => {
                let problem = "forces a tool, and there are none";
                return Err(BadRequest::new(place.to_string(), problem));
            }
            Some(
                ToolChoice::Auto
                | ToolChoice::None
                | ToolChoice::Required
                | ToolChoice::Allowed { .. },
            )
            | None => {
                if request.tools.is_empty() {
                    request.tool_choice = None;
                    request.parallel_calls = None;
                }
            }
        }
        Ok(())
    }
}

/// `cache_control`, of the body, a block or a tool.
fn cache_mark(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<CacheMark, BadRequest> {
    let spot = spot.object()?;
    spot.need("type")?.one_of(&[("ephemeral", ())])?;
    spot.keep_foreign(foreign, |name, _| match name {
        "type" | "ttl" => None,
        "scope" => Some(vendor::CACHE_SCOPE),
        _ => Some(UNKNOWN),
    });
    let ttl = spot.get("ttl").map(control::ttl).transpose()?;
    Ok(CacheMark { ttl })
}

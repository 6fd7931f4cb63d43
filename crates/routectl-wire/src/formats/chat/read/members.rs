//! The members of the body, one by one: what each of them means in the hub.

use std::ops::RangeInclusive;

use routectl_core::{Foreign, IfLost, OutputFormat, Place, Request, Tier};

use super::{Draft, cache, conversation, elsewhere, kind, said, thinking, tools};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::{Node, Value};

const BODY: Place = Place::BODY;

/// What a tier that is sold by one vendor means elsewhere.
const SOLD_BY_ONE: IfLost = IfLost::Told("a service tier of one vendor");
/// What happens to the older one of two members.
const NEWER_COUNTS: IfLost = IfLost::Told("a newer member says it otherwise");

/// Takes one member of the body.
pub(super) fn read(
    draft: &mut Draft<'_, '_>,
    name: &str,
    node: &Node<'_>,
) -> Result<(), BadRequest> {
    match name {
        "model" => draft.request.model = expect::text(node, BODY, name)?.into_owned(),
        "messages" => draft.ending = Some(conversation::read(&mut draft.request, node)?),
        "function_call" if superseded(draft, name, "tool_choice") => {}
        "tools" | "functions" | "tool_choice" | "function_call" | "parallel_tool_calls" => {
            tools::read(&mut draft.request, name, node)?;
        }
        "reasoning_effort"
        | "reasoning"
        | "include_reasoning"
        | "thinking"
        | "enable_thinking"
        | "thinking_budget"
        | "chat_template_kwargs" => {
            thinking::read(draft, name, node)?;
        }
        "max_completion_tokens" => draft.request.max_tokens = Some(limit(node, name)?),
        "max_tokens" => {
            let limit = limit(node, name)?;
            if !superseded(draft, name, "max_completion_tokens") {
                draft.request.max_tokens = Some(limit);
            }
        }
        "safety_identifier" => {
            draft.request.user = Some(expect::text(node, BODY, name)?.into_owned());
        }
        "user" => {
            let user = expect::text(node, BODY, name)?.into_owned();
            if !superseded(draft, name, "safety_identifier") {
                draft.request.user = Some(user);
            }
        }
        "temperature" => {
            draft.request.sampling.temperature = Some(within(node, name, 0.0..=2.0)?);
        }
        "top_p" => draft.request.sampling.top_p = Some(within(node, name, 0.0..=1.0)?),
        "top_k" => draft.request.sampling.top_k = top_k(node, name)?,
        "stop" => draft.request.stops = stops(node, name)?,
        "response_format" => response_format(&mut draft.request, node)?,
        "service_tier" => service_tier(draft, node)?,
        "cache_control" => {
            let mark = cache::control(node, BODY, &mut draft.request.foreign)?;
            draft.request.cache = Some(mark);
        }
        "stream" => draft.request.wishes.streamed = expect::boolean(node, BODY, name)?,
        "stream_options" => stream_options(&mut draft.request, node)?,
        other => elsewhere::read(other, node, &mut draft.request.foreign)?,
    }
    Ok(())
}

/// Whether a newer member says the same; what the older one says otherwise is lost.
fn superseded(draft: &mut Draft<'_, '_>, name: &str, newer: &str) -> bool {
    let (Some(older), Some(newer)) = (draft.member(name), draft.member(newer)) else {
        return false;
    };
    if older.raw != newer.raw {
        draft.request.foreign.push(expect::foreign(BODY, name, older, NEWER_COUNTS));
    }
    true
}

fn limit(node: &Node<'_>, name: &str) -> Result<u64, BadRequest> {
    match expect::count(node, BODY, name)? {
        0 => Err(BadRequest::new(name, "expected at least 1, found 0")),
        tokens => Ok(tokens),
    }
}

/// A number of a range.
pub(super) fn within(
    node: &Node<'_>,
    name: &str,
    range: RangeInclusive<f64>,
) -> Result<f64, BadRequest> {
    let number = expect::number(node, BODY, name)?;
    if range.contains(&number) {
        return Ok(number);
    }
    let (least, most) = (range.start(), range.end());
    let problem = format!("expected a number from {least} to {most}, found {number}");
    Err(BadRequest::new(name, problem))
}

/// Hosts that take it read 0 and -1 as "no limit".
fn top_k(node: &Node<'_>, name: &str) -> Result<Option<u64>, BadRequest> {
    if node.raw == "-1" {
        return Ok(None);
    }
    Ok(Some(expect::count(node, BODY, name)?).filter(|count| *count > 0))
}

/// One text or several. An empty one would end nothing.
fn stops(node: &Node<'_>, name: &str) -> Result<Vec<String>, BadRequest> {
    let place = BODY.member("stop");
    let mut stops = Vec::new();
    match &node.value {
        Value::Text => stops.push(expect::text(node, BODY, name)?.into_owned()),
        Value::List(_) => {
            for (index, stop) in expect::list(node, BODY, name)?.iter().enumerate() {
                stops.push(expect::text(stop, place.index(index), "")?.into_owned());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number | Value::Object(_) => {
            return Err(expect::wrong(BODY, name, "a string or a list of strings", node));
        }
    }
    stops.retain(|stop| !stop.is_empty());
    Ok(stops)
}

fn service_tier(draft: &mut Draft<'_, '_>, node: &Node<'_>) -> Result<(), BadRequest> {
    let name = "service_tier";
    match &*expect::text(node, BODY, name)? {
        "auto" => draft.request.tier = Some(Tier::Auto),
        "default" => draft.request.tier = Some(Tier::Standard),
        _ => draft.request.foreign.push(expect::foreign(BODY, name, node, SOLD_BY_ONE)),
    }
    Ok(())
}

fn stream_options(request: &mut Request, node: &Node<'_>) -> Result<(), BadRequest> {
    let place = BODY.member("stream_options");
    let Request { wishes, foreign, .. } = request;
    for (name, value) in said(node, place, "")? {
        match name {
            "include_usage" => wishes.usage_in_stream = expect::boolean(value, place, name)?,
            "include_obfuscation" => {
                if expect::boolean(value, place, name)? {
                    let if_lost = IfLost::Told("a translated stream is not padded");
                    foreign.push(expect::foreign(place, name, value, if_lost));
                }
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(())
}

/// `text`, `json_object`, or `json_schema`; some hosts have the schema beside the type.
fn response_format(request: &mut Request, node: &Node<'_>) -> Result<(), BadRequest> {
    let place = BODY.member("response_format");
    let foreign = &mut request.foreign;
    let kind = kind(node, place)?.ok_or_else(|| expect::missing(place, "type"))?;
    if !["text", "json_object", "json_schema"].contains(&&*kind) {
        let if_lost = IfLost::Refused("an output format that only some hosts know");
        foreign.push(expect::foreign(place, "", node, if_lost));
        return Ok(());
    }
    let is_json = kind != "text";
    let mut schema = Schema::default();
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            "json_schema" if is_json => schema.read(value, place.member("json_schema"), foreign)?,
            "schema" if is_json => schema.take(value, place)?,
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    if let (None, Some(named)) = (&schema.schema, node.member("json_schema").filter(|_| is_json)) {
        let if_lost = IfLost::Told("without a schema any object will do");
        foreign.push(expect::foreign(place, "json_schema", named, if_lost));
    }
    request.output = is_json.then(|| schema.format());
    Ok(())
}

#[derive(Default)]
struct Schema {
    name: Option<String>,
    description: Option<String>,
    schema: Option<String>,
    strict: Option<bool>,
}

impl Schema {
    fn read(
        &mut self,
        node: &Node<'_>,
        place: Place,
        foreign: &mut Vec<Foreign>,
    ) -> Result<(), BadRequest> {
        for (name, value) in said(node, place, "")? {
            match name {
                "name" => self.name = Some(expect::text(value, place, name)?.into_owned()),
                "description" => {
                    self.description = Some(expect::text(value, place, name)?.into_owned());
                }
                "schema" => self.take(value, place)?,
                "strict" => self.strict = Some(expect::boolean(value, place, name)?),
                other => foreign.push(elsewhere::unknown(place, other, value)),
            }
        }
        Ok(())
    }

    fn take(&mut self, node: &Node<'_>, place: Place) -> Result<(), BadRequest> {
        expect::object(node, place, "schema")?;
        self.schema = Some(node.raw.to_owned());
        Ok(())
    }

    /// Without a schema any object will do. (facts: translation, section 5)
    fn format(self) -> OutputFormat {
        let Self { name, description, schema, strict } = self;
        match schema {
            Some(schema) => OutputFormat::JsonSchema { name, description, schema, strict },
            None => OutputFormat::JsonObject,
        }
    }
}

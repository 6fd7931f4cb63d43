//! The client's tools as Messages takes them.

mod choice;
mod schema;
mod subset;

use std::borrow::Cow;
use std::collections::HashSet;

use routectl_core::{
    CacheMark, Content, Loss, OutputFormat, Place, Request, Tool, ToolChoice, ToolInput,
};

use super::target::Target;
use crate::json::{self, List};
use crate::names::ToolNames;

pub(in crate::formats) use choice::{Choice, Chosen};
pub(super) use schema::arguments;
pub(super) use subset::{Counts, Fit, fit};

/// A tool in the words of Messages.
#[derive(Debug)]
pub(in crate::formats) struct Offered {
    pub(in crate::formats) name: String,
    pub(in crate::formats) description: Option<String>,
    /// Raw JSON.
    pub(in crate::formats) schema: String,
    pub(in crate::formats) strict: bool,
    pub(in crate::formats) cache: Option<CacheMark>,
    pub(in crate::formats) place: Place,
}

/// What a tool takes that takes text.
const TEXT: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// The tools of a request, in the client's order.
pub(super) fn offer(
    request: &Request,
    names: &ToolNames,
    target: Target<'_>,
    losses: &mut Vec<Loss>,
) -> Vec<Offered> {
    if request.tools.is_empty() {
        return named_again(request, names, losses);
    }
    losses.extend(doubled(&request.tools));
    let allowed = allowed(request, losses);
    let mut limits = Limits::beside(request.output.as_ref());
    let tools = request
        .tools
        .iter()
        .filter(|tool| allowed.as_ref().is_none_or(|it| it.contains(&*tool.name)));
    tools.map(|tool| limits.tool(tool, names, target, losses)).collect()
}

/// Two tools of one name, which the host refuses and no answer could tell apart.
fn doubled(tools: &[Tool]) -> Option<Loss> {
    let mut names = HashSet::new();
    let doubled = tools.iter().find(|tool| !names.insert(&tool.name))?;
    Some(Loss::refused(doubled.place.to_string(), "another tool has the same name"))
}

/// The tools that the choice leaves. Messages cannot say it, so the others are not offered; what
/// the host has cached and signed with them is lost. (facts: translation, section 4.4)
fn allowed<'a>(request: &'a Request, losses: &mut Vec<Loss>) -> Option<HashSet<&'a str>> {
    let Some(ToolChoice::Allowed { names, .. }) = &request.tool_choice else { return None };
    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
    if request.tools.iter().any(|tool| !names.contains(&*tool.name)) {
        let reason = "only the allowed tools are offered, and the prompt cache begins anew";
        losses.push(Loss::degraded(request.names.tool_choice, reason));
    }
    Some(names)
}

/// The host wants tools where a conversation has calls, so those are named without their
/// arguments, and none is to be called. (facts: translation, case 49)
fn named_again(request: &Request, names: &ToolNames, losses: &mut Vec<Loss>) -> Vec<Offered> {
    let mut offered: Vec<Offered> = Vec::new();
    let mut named = HashSet::new();
    for block in request.turns.iter().flat_map(|turn| &turn.blocks) {
        let Content::ToolCall(call) = &block.content else { continue };
        let name = names.upstream(&call.name);
        if !named.insert(name) {
            continue;
        }
        let schema = if call.takes_text { TEXT } else { schema::NOTHING }.to_owned();
        let name = name.to_owned();
        let place = Place::BODY.member("tools");
        offered.push(Offered {
            name,
            description: None,
            schema,
            strict: false,
            cache: None,
            place,
        });
    }
    if !offered.is_empty() {
        let reason = "the tools that were called are named again, for none to be called";
        losses.push(Loss::emulated("tools", reason));
    }
    offered
}

/// What is left of the host's limits on strict tools. (facts: Anthropic Messages, section 5.4)
#[derive(Debug)]
struct Limits {
    tools: usize,
    counts: Counts,
}

/// Most strict tools of one request.
const MOST_STRICT: usize = 20;

impl Limits {
    /// What the schema of the answer leaves for the tools.
    fn beside(output: Option<&OutputFormat>) -> Self {
        let counts = match output {
            Some(OutputFormat::JsonSchema { schema, .. }) => match fit(schema) {
                Fit::Same(_, counts) | Fit::Less(_, counts) => Counts::MOST.without(counts),
                Fit::Not => None,
            },
            Some(OutputFormat::JsonObject) | None => None,
        };
        Self { tools: MOST_STRICT, counts: counts.unwrap_or(Counts::MOST) }
    }

    fn tool(
        &mut self,
        tool: &Tool,
        names: &ToolNames,
        target: Target<'_>,
        losses: &mut Vec<Loss>,
    ) -> Offered {
        let mut offered = Offered {
            name: names.upstream(&tool.name).to_owned(),
            description: tool.description.clone(),
            schema: TEXT.to_owned(),
            strict: false,
            cache: tool.cache,
            place: tool.place,
        };
        match &tool.input {
            ToolInput::Schema(schema) => {
                let mended = arguments(schema.as_deref());
                offered.schema = mended.json.into_owned();
                offered.describe(mended.note);
                let loss = mended.loss.map(|reason| Loss::degraded(tool.place.to_string(), reason));
                losses.extend(loss);
            }
            ToolInput::Text { grammar: None } => {}
            ToolInput::Text { grammar: Some(grammar) } => {
                offered.describe(Some(told(grammar)));
                let reason = "the model is told the grammar, and nothing enforces it";
                losses.push(Loss::degraded(tool.place.to_string(), reason));
            }
        }
        if tool.strict == Some(true) && !self.enforce(&mut offered, target) {
            let reason = "the host cannot enforce the schema of this strict tool";
            losses.push(Loss::degraded(tool.place.to_string(), reason));
        }
        offered
    }

    /// Makes a tool strict, if the model and its schema allow it.
    fn enforce(&mut self, tool: &mut Offered, target: Target<'_>) -> bool {
        if !target.takes_strict_tools() {
            return false;
        }
        let Fit::Same(json, counts) = fit(&tool.schema) else { return false };
        let left = (self.tools.checked_sub(1), self.counts.without(counts));
        let (Some(tools), Some(counts)) = left else { return false };
        *self = Self { tools, counts };
        tool.schema = json;
        tool.strict = true;
        true
    }
}

impl Offered {
    fn describe(&mut self, note: Option<String>) {
        let Some(note) = note else { return };
        self.description = Some(match self.description.take() {
            Some(description) if !description.is_empty() => format!("{description}\n\n{note}"),
            Some(_) | None => note,
        });
    }
}

/// A grammar, in words.
fn told(grammar: &str) -> String {
    let spelled = || {
        let node = json::parse(grammar).ok()?;
        let inner = node.member("grammar").unwrap_or(&node);
        let syntax = inner.member("syntax").and_then(json::Node::text);
        let definition = inner.member("definition")?.text()?;
        let syntax = syntax.map_or(Cow::Borrowed(""), |syntax| Cow::Owned(format!("{syntax} ")));
        Some(format!("The input must match this {syntax}grammar:\n{definition}"))
    };
    spelled().unwrap_or_else(|| format!("The input must match this grammar:\n{grammar}"))
}

/// Writes the tools.
pub(super) fn write(tools: &[Offered], mut out: List<'_>) {
    for tool in tools {
        let mut object = out.object();
        object.text("name", &tool.name);
        object.text_if("description", tool.description.as_deref());
        object.raw("input_schema", &tool.schema);
        if tool.strict {
            object.bool("strict", true);
        }
        super::turns::cache_control(tool.cache, &mut object);
    }
}

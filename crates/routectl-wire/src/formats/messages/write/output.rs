//! What the answer's text has to be: a schema the host enforces, a tool whose arguments are the
//! answer, or an instruction. (facts: translation, section 5)

use routectl_core::{Block, Loss, OutputFormat, Place, Request, ToolChoice};

use super::target::Target;
use super::tools::{Choice, Chosen, Counts, Fit, Offered, arguments, fit};
use crate::formats::instruction;
use crate::json::{self, Object};

/// What an output format may use in a request.
pub(super) struct Means<'a> {
    pub(super) target: Target<'a>,
    /// Whether the model thinks with a budget, which excludes forced tools.
    pub(super) budgeted: bool,
    pub(super) tools: &'a mut Vec<Offered>,
    pub(super) chosen: &'a mut Chosen,
}

/// What became of an output format.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::formats) struct Output {
    /// The schema of `output_config.format`.
    pub(in crate::formats) schema: Option<String>,
    /// The tool whose arguments are the answer.
    pub(in crate::formats) tool: Option<String>,
}

/// How the host is told what the answer has to be.
pub(super) fn settle(
    request: &mut Request,
    means: &mut Means<'_>,
    losses: &mut Vec<Loss>,
) -> Output {
    let member = request.names.output;
    let Some(format) = request.output.take() else { return Output::default() };
    let OutputFormat::JsonSchema { name, description, schema, .. } = format else {
        let reason = "the host has no such format; an instruction says it";
        losses.push(Loss::emulated(member, reason));
        instruct(request, instruction::JSON_OBJECT.to_owned());
        return Output::default();
    };
    let description = description.filter(|description| !description.is_empty());
    if means.target.takes_schemas() {
        return enforced(request, (&schema, description), losses);
    }
    let forced = request.tool_choice.as_ref().is_some_and(demands_a_call);
    if forced {
        let reason = "a demanded call of a tool leaves no text to have a format";
        losses.push(Loss::dropped(member, reason));
        return Output::default();
    }
    let mended = arguments(Some(&schema));
    let enforces = !means.budgeted && means.target.takes_forced_choice();
    if !enforces || mended.loss.is_some() || mended.note.is_some() {
        losses.push(Loss::degraded(member, "nothing enforces the schema; an instruction says it"));
        let described = description.and_then(|description| described(&schema, &description));
        instruct(request, instruction::json_of(described.as_deref().unwrap_or(&schema)));
        return Output::default();
    }
    losses.push(Loss::emulated(member, "the model answers by calling a tool of this schema"));
    let name = tool_name(name.as_deref(), means.tools);
    let place = Place::BODY.member(member);
    let schema = mended.json.into_owned();
    let tool =
        Offered { name: name.clone(), description, schema, strict: false, cache: None, place };
    // Where the client lets the model call its tools, it may do so instead of answering.
    let only = request.tools.is_empty() || request.tool_choice == Some(ToolChoice::None);
    means.chosen.choice = if only { Choice::Tool(name.clone()) } else { Choice::Any };
    means.tools.push(tool);
    Output { schema: None, tool: Some(name) }
}

/// The host enforces the schema, or at least what it can of it.
fn enforced(
    request: &mut Request,
    (schema, description): (&str, Option<String>),
    losses: &mut Vec<Loss>,
) -> Output {
    let member = request.names.output;
    let schema = match fit(schema) {
        Fit::Same(json, counts) if Counts::MOST.without(counts).is_some() => json,
        Fit::Less(json, counts) if Counts::MOST.without(counts).is_some() => {
            let reason = "the host enforces a part of this schema; descriptions say the rest";
            losses.push(Loss::degraded(member, reason));
            json
        }
        Fit::Same(..) | Fit::Less(..) | Fit::Not => {
            let reason = "the host cannot enforce this schema; an instruction says it";
            losses.push(Loss::degraded(member, reason));
            instruct(request, instruction::json_of(schema));
            return Output::default();
        }
    };
    let Some(description) = description else { return Output { schema: Some(schema), tool: None } };
    let schema = described(&schema, &description).unwrap_or_else(|| {
        losses.push(Loss::dropped(member, "the schema has a description of its own"));
        schema
    });
    Output { schema: Some(schema), tool: None }
}

/// The schema with what the client says about it, unless it says so itself.
fn described(schema: &str, description: &str) -> Option<String> {
    let node = json::parse(schema).ok()?;
    if node.member("description").is_some() {
        return None;
    }
    let mut out = Vec::new();
    {
        let mut object = Object::new(&mut out);
        object.text("description", description);
        for (name, value) in node.object()? {
            object.raw(name, value.raw);
        }
    }
    String::from_utf8(out).ok()
}

/// Says it as the last of the system text, so that what stands before it stays cached.
fn instruct(request: &mut Request, words: String) {
    let place = Place::BODY.member(request.names.output);
    request.system.push(Block::text(words, place));
}

fn demands_a_call(choice: &ToolChoice) -> bool {
    match choice {
        ToolChoice::Auto | ToolChoice::None => false,
        ToolChoice::Allowed { required, .. } => *required,
        ToolChoice::Required | ToolChoice::Named(_) => true,
    }
}

/// A name for the tool that takes the answer, unlike all others. (facts: translation, section 5)
fn tool_name(name: Option<&str>, tools: &[Offered]) -> String {
    let name = name.filter(|name| !name.is_empty()).unwrap_or("output");
    let legal = |character: char| {
        if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' }
    };
    let mut name = format!("emit_{}", name.chars().take(48).map(legal).collect::<String>());
    while tools.iter().any(|tool| tool.name == name) {
        name.push('_');
    }
    name
}

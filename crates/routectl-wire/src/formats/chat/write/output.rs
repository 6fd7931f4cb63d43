//! What the answer's text has to be: said where the host can hold its model to it, and asked of
//! the model where it cannot.

use routectl_core::{Loss, OutputFormat, Quirks, Request};

use super::{Writer, schema, strict};
use crate::formats::instruction;
use crate::json::Object;
use crate::names;

/// How the output is asked for.
#[derive(Default)]
pub(super) struct Plan<'a> {
    format: Option<Format<'a>>,
    /// What the model is told in words.
    pub(super) instruction: Option<String>,
    loss: Option<Loss>,
}

enum Format<'a> {
    Object,
    Schema { name: String, description: Option<&'a str>, schema: &'a str, strict: Option<bool> },
}

/// Plans how a request's output format is said.
pub(super) fn plan<'a>(request: &'a Request, quirks: &Quirks) -> Plan<'a> {
    let path = request.names.output;
    match &request.output {
        None => Plan::default(),
        Some(OutputFormat::JsonObject) => object(request, quirks),
        Some(OutputFormat::JsonSchema { schema, .. }) if !quirks.takes_json_schema => {
            asked_for(schema, quirks, path)
        }
        Some(OutputFormat::JsonSchema { name, description, schema, strict }) => {
            let (strict, loss) = strictness(quirks, schema, *strict, path);
            let name = names::legal(name.as_deref().unwrap_or("output")).into_owned();
            let description = description.as_deref();
            let format = Some(Format::Schema { name, description, schema, strict });
            Plan { format, instruction: None, loss }
        }
    }
}

/// The model is shown the schema and the host held to JSON, as far as it can be.
fn asked_for<'a>(schema: &str, quirks: &Quirks, path: &str) -> Plan<'a> {
    let is_object = instruction::is_object(schema);
    let reason = "the host takes no schema; the model is asked to follow it";
    Plan {
        format: (quirks.takes_json_object && is_object).then_some(Format::Object),
        instruction: Some(instruction::json_of(schema)),
        loss: Some(Loss::degraded(path, reason)),
    }
}

/// Whether the host is to hold its model to the schema. Messages always does so.
fn strictness(
    quirks: &Quirks,
    schema: &str,
    asked: Option<bool>,
    path: &str,
) -> (Option<bool>, Option<Loss>) {
    let reason = if asked == Some(false) {
        return (quirks.takes_strict.then_some(false), None);
    } else if !quirks.takes_strict {
        "the host does not promise to hold answers to schemas"
    } else if !strict::allows(schema) {
        "the schema is not one that the format can hold answers to; the model sees it"
    } else {
        return (Some(true), None);
    };
    (quirks.takes_strict.then_some(false), Some(Loss::degraded(path, reason)))
}

fn object<'a>(request: &'a Request, quirks: &Quirks) -> Plan<'a> {
    if quirks.takes_json_object && mentions_json(request) {
        return Plan { format: Some(Format::Object), ..Plan::default() };
    }
    let reason = if quirks.takes_json_object {
        "the host wants the word JSON in a message; a sentence is added"
    } else {
        "the host takes no such format; the model is asked for it"
    };
    Plan {
        format: quirks.takes_json_object.then_some(Format::Object),
        instruction: Some(instruction::JSON_OBJECT.to_owned()),
        loss: Some(Loss::emulated(request.names.output, reason)),
    }
}

/// Whether some text of the conversation has the word.
fn mentions_json(request: &Request) -> bool {
    let turns = request.turns.iter().flat_map(|turn| &turn.blocks);
    let mut texts = request.system.iter().chain(turns).filter_map(|block| block.as_text());
    texts.any(|text| text.to_ascii_lowercase().contains("json"))
}

impl Plan<'_> {
    /// Writes the format and says what of it is lost.
    pub(super) fn write(self, writer: &mut Writer<'_>, body: &mut Object<'_>) {
        writer.losses.extend(self.loss);
        let Some(format) = self.format else { return };
        let mut output = body.object("response_format");
        match format {
            Format::Object => output.text("type", "json_object"),
            Format::Schema { name, description, schema, strict } => {
                output.text("type", "json_schema");
                let mut shape = output.object("json_schema");
                shape.text("name", &name);
                shape.text_if("description", description);
                shape.raw("schema", &schema::complete(schema));
                if let Some(strict) = strict {
                    shape.bool("strict", strict);
                }
            }
        }
    }
}

//! The tools a model may use, and whether it has to.

use std::collections::HashSet;

use routectl_core::{Block, Choice, Loss, Tool, ToolChoice, ToolInput, ToolUse};

use super::{Writer, cache, schema, strict};
use crate::json::{Object, paired};

/// What a tool without arguments takes. (facts: translation, section 4.1)
const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

/// Writes tools, choice and parallel calls; none of them where there are no tools, since hosts
/// refuse the one without the other. (facts: translation, section 4.4)
pub(super) fn write(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    if writer.request.tools.is_empty() {
        return known(writer, body);
    }
    if writer.quirks().tools == ToolUse::Refused {
        let reason = "the model takes no tools in this format";
        writer.losses.push(Loss::refused("tools", reason));
    }
    let mut list = body.list("tools");
    for tool in &writer.request.tools {
        definition(writer, list.object(), tool);
    }
    drop(list);
    choice(writer, body);
    parallel(writer, body);
}

fn definition(writer: &mut Writer<'_>, mut object: Object<'_>, tool: &Tool) {
    let name = writer.names.upstream(&tool.name);
    match &tool.input {
        ToolInput::Schema(schema) => {
            object.text("type", "function");
            let mut function = object.object("function");
            function.text("name", name);
            function.text_if("description", tool.description.as_deref());
            let schema = schema::complete(schema.as_deref().unwrap_or(NO_ARGUMENTS));
            function.raw("parameters", &schema);
            if let Some(strict) = strictness(writer, tool, &schema) {
                function.bool("strict", strict);
            }
        }
        ToolInput::Text { grammar } => {
            object.text("type", "custom");
            let mut custom = object.object("custom");
            custom.text("name", name);
            custom.text_if("description", tool.description.as_deref());
            if let Some(grammar) = grammar {
                custom.raw("format", &paired(grammar));
            }
        }
    }
    cache::tool(writer, &mut object, tool);
}

/// Whether a tool's arguments are to match its schema. Not saying it means no.
fn strictness(writer: &mut Writer<'_>, tool: &Tool, schema: &str) -> Option<bool> {
    if tool.strict != Some(true) {
        return None;
    }
    let reason = if !writer.quirks().takes_strict {
        "the host does not hold arguments to schemas"
    } else if !strict::allows(schema) {
        "the schema is not one that the format can hold arguments to"
    } else {
        return Some(true);
    };
    writer.losses.push(Loss::degraded(tool.place.path("strict"), reason));
    writer.quirks().takes_strict.then_some(false)
}

fn choice(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let Some(choice) = &writer.request.tool_choice else { return };
    let forcing = writer.quirks().choice;
    if forcing == Choice::Free {
        if *choice != ToolChoice::Auto {
            let reason = "the host chooses tools by itself";
            writer.losses.push(Loss::degraded(writer.request.names.tool_choice, reason));
        }
        return;
    }
    let required = if forcing == Choice::Any { "any" } else { "required" };
    let takes_text = |tool: &&Tool| matches!(tool.input, ToolInput::Text { .. });
    let of_text = writer.request.tools.iter().filter(takes_text);
    let of_text: HashSet<&str> = of_text.map(|tool| tool.name.as_str()).collect();
    match choice {
        ToolChoice::Auto => body.text("tool_choice", "auto"),
        ToolChoice::None => body.text("tool_choice", "none"),
        ToolChoice::Required => body.text("tool_choice", required),
        ToolChoice::Named(name) => named(writer, body.object("tool_choice"), (name, &of_text)),
        ToolChoice::Allowed { names, required } => {
            let mut choice = body.object("tool_choice");
            choice.text("type", "allowed_tools");
            let mut allowed = choice.object("allowed_tools");
            allowed.text("mode", if *required { "required" } else { "auto" });
            let mut tools = allowed.list("tools");
            for name in names {
                named(writer, tools.object(), (name, &of_text));
            }
        }
    }
}

/// Names a tool as choices do. Those that take text have another kind.
fn named(writer: &Writer<'_>, mut object: Object<'_>, (name, of_text): (&str, &HashSet<&str>)) {
    let kind = if of_text.contains(name) { "custom" } else { "function" };
    object.text("type", kind);
    object.object(kind).text("name", writer.names.upstream(name));
}

/// Only what differs from the default is said: more hosts take it so.
fn parallel(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    if writer.request.parallel_calls != Some(false) {
        return;
    }
    if writer.quirks().takes_parallel_calls {
        body.bool("parallel_tool_calls", false);
    } else {
        let reason = "the host decides how many tools are called at once";
        let path = writer.request.names.parallel_calls;
        writer.losses.push(Loss::dropped(path, reason));
    }
}

/// Defines the tools of earlier calls for hosts that want them, when the request has none. The
/// model is not to call them. (facts: translation, section 11, case 49)
fn known(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    if !writer.quirks().wants_known_tools {
        return;
    }
    let blocks = writer.request.turns.iter().flat_map(|turn| &turn.blocks);
    let mut called: Vec<&str> = blocks.filter_map(Block::as_call).map(|call| &*call.name).collect();
    let mut seen = HashSet::new();
    called.retain(|name| seen.insert(*name));
    if called.is_empty() {
        return;
    }
    let mut list = body.list("tools");
    for name in called {
        let mut tool = list.object();
        tool.text("type", "function");
        let mut function = tool.object("function");
        function.text("name", writer.names.upstream(name));
        function.raw("parameters", NO_ARGUMENTS);
    }
    drop(list);
    body.text("tool_choice", "none");
    let reason = "the host wants the tools of earlier calls defined; they stand without arguments";
    writer.losses.push(Loss::emulated("tools", reason));
}

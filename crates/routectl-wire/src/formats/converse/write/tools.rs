//! `toolConfig`: the client's tools, and whether one has to be used. (facts: bedrock, section 2.1)

use routectl_core::{Block, Content, Loss, Place, Role, Turn};

use super::{Writer, blocks};
use crate::formats::converse::vendors::Tools;
use crate::formats::instruction;
use crate::formats::messages::write::{Choice, Fitted, Offered};
use crate::json::Object;

/// A tool for conversations that call tools and offer none: Converse demands one.
const STAND_IN: &str = "unused";

/// Brings tools and choice within what the model takes.
pub(super) fn settle(writer: &mut Writer<'_>) {
    forbid(writer);
    let Writer { fitted, extras, vendor, losses, .. } = writer;
    let names = &fitted.request.names;
    fitted.tools.retain(|tool| extras.tools.iter().all(|vendors| vendors.name != tool.name));
    // Beside tools that only Claude knows it is there before the first call, so that the beginning
    // of the prompt stays what it is.
    let will_call = !extras.tools.is_empty();
    if fitted.tools.is_empty() && (will_call || has_calls(&fitted.request.turns)) {
        let reason = "Converse wants a tool where turns call some; one that does nothing";
        losses.push(Loss::emulated("tools", reason));
        fitted.tools.push(stand_in());
    }
    if vendor.tools == Tools::Refused && !fitted.tools.is_empty() {
        losses.push(Loss::refused("tools", "this model takes no tools"));
    }
    if vendor.tools == Tools::Any && matches!(fitted.chosen.choice, Choice::Tool(_)) {
        if fitted.tools.len() > 1 {
            let reason = "this model can be forced to call a tool, not which one";
            losses.push(Loss::degraded(names.tool_choice, reason));
        }
        fitted.chosen.choice = Choice::Any;
    }
    if fitted.chosen.single && !writer.target.is_claude() {
        let reason = "the model decides how many tools are called at once";
        losses.push(Loss::dropped(names.parallel_calls, reason));
        fitted.chosen.single = false;
    }
}

/// Converse has no word for a call that is not to be. Claude's own word says it; for others the
/// tools go, or where earlier turns call some, the model is asked.
fn forbid(writer: &mut Writer<'_>) {
    let Writer { fitted, losses, .. } = writer;
    if fitted.chosen.choice != Choice::None || writer.target.is_claude() {
        return;
    }
    fitted.chosen.choice = Choice::Unsaid;
    let tool_choice = fitted.request.names.tool_choice;
    if !has_calls(&fitted.request.turns) {
        fitted.tools.clear();
        let reason = "Converse cannot forbid calls; the tools are not offered";
        losses.push(Loss::emulated(tool_choice, reason));
        return;
    }
    if !fitted.request.tools.is_empty() {
        let reason = "Converse cannot forbid calls; the model is asked not to call";
        losses.push(Loss::degraded(tool_choice, reason));
    }
    if let Some(last) = fitted.request.turns.last_mut().filter(|turn| turn.role == Role::User) {
        let words = instruction::marked("Answer without calling a tool.");
        last.blocks.push(Block::text(words, Place::BODY.member(tool_choice)));
    }
}

fn has_calls(turns: &[Turn]) -> bool {
    let is_of_a_tool =
        |block: &Block| matches!(block.content, Content::ToolCall(_) | Content::ToolResult(_));
    turns.iter().any(|turn| turn.blocks.iter().any(is_of_a_tool))
}

fn stand_in() -> Offered {
    Offered {
        name: STAND_IN.to_owned(),
        description: Some("Does nothing. Never call it.".to_owned()),
        schema: r#"{"type":"object","properties":{}}"#.to_owned(),
        strict: false,
        cache: None,
        place: Place::BODY.member("tools"),
    }
}

/// Writes `toolConfig`, if there are tools.
pub(super) fn write(fitted: &Fitted, body: &mut Object<'_>) {
    if fitted.tools.is_empty() {
        return;
    }
    let mut config = body.object("toolConfig");
    {
        let mut tools = config.list("tools");
        for tool in &fitted.tools {
            spec(tool, tools.object().object("toolSpec"));
            blocks::mark(tool.cache, &mut tools);
        }
    }
    let named = |name: &String| fitted.tools.iter().any(|tool| tool.name == *name);
    match &fitted.chosen.choice {
        // Said beside the wish for single calls, in Claude's own words: once for both.
        Choice::Auto if fitted.chosen.single => {}
        Choice::Auto => drop(config.object("toolChoice").object("auto")),
        Choice::Any => drop(config.object("toolChoice").object("any")),
        Choice::Tool(name) if named(name) => {
            config.object("toolChoice").object("tool").text("name", name);
        }
        // One of Anthropic's is forced in Claude's own words.
        Choice::Unsaid | Choice::None | Choice::Tool(_) => {}
    }
}

fn spec(tool: &Offered, mut out: Object<'_>) {
    out.text("name", &tool.name);
    out.text_if("description", tool.description.as_deref().filter(|it| !it.is_empty()));
    out.object("inputSchema").raw("json", &tool.schema);
    if tool.strict {
        out.bool("strict", true);
    }
}

/// Writes what of the choice Converse has no word for, in Claude's own words. What Converse has a
/// word for must not be said twice. (AWS refuses `tool_choice/type` beside `toolChoice`)
pub(super) fn write_choice(fitted: &Fitted, fields: &mut Object<'_>) {
    let Fitted { chosen, tools, .. } = fitted;
    let said_above = match &chosen.choice {
        Choice::Any => true,
        Choice::Tool(name) => tools.iter().any(|tool| tool.name == *name),
        Choice::Unsaid | Choice::Auto => !chosen.single,
        Choice::None => false,
    };
    if !said_above {
        chosen.write(fields);
    } else if chosen.single {
        fields.object("tool_choice").bool("disable_parallel_tool_use", true);
    }
}

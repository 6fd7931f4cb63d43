//! The tools a client offers, in the new spelling and the old one, and what it wants done with
//! them.

use std::borrow::Cow;

use routectl_core::{Foreign, IfLost, Place, Request, Tool, ToolChoice, ToolInput};

use super::{cache, elsewhere, said};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::{Node, Value};

const BODY: Place = Place::BODY;
const HOSTED: IfLost = IfLost::Refused("a tool that its host runs");

/// Takes one member of the body that speaks of tools.
pub(super) fn read(request: &mut Request, name: &str, node: &Node<'_>) -> Result<(), BadRequest> {
    match name {
        "tools" => tools(request, node),
        "functions" => functions(request, node),
        "parallel_tool_calls" => {
            request.parallel_calls = Some(expect::boolean(node, BODY, name)?);
            Ok(())
        }
        "function_call" => {
            request.tool_choice = old_choice(node, &mut request.foreign)?;
            Ok(())
        }
        _ => {
            request.tool_choice = choice(node, &mut request.foreign)?;
            Ok(())
        }
    }
}

fn tools(request: &mut Request, node: &Node<'_>) -> Result<(), BadRequest> {
    let place = BODY.member("tools");
    for (index, node) in expect::list(node, BODY, "tools")?.iter().enumerate() {
        request.tools.extend(tool(node, place.index(index), &mut request.foreign)?);
    }
    Ok(())
}

/// The old spelling: what a tool holds, without its envelope.
fn functions(request: &mut Request, node: &Node<'_>) -> Result<(), BadRequest> {
    let place = BODY.member("functions");
    let functions = expect::list(node, BODY, "functions")?;
    for (index, node) in functions.iter().enumerate() {
        let place = place.index(index);
        let mut tool = blank(place);
        definition(&mut tool, node, place, &mut request.foreign)?;
        request.tools.push(tool);
    }
    request.wishes.old_functions = !functions.is_empty();
    Ok(())
}

fn blank(place: Place) -> Tool {
    let input = ToolInput::Schema(None);
    Tool { name: String::new(), description: None, input, strict: None, cache: None, place }
}

fn tool(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<Tool>, BadRequest> {
    let kind = kind(node, place)?;
    let below = match &*kind {
        "function" => "function",
        "custom" => "custom",
        _ => {
            foreign.push(expect::foreign(place, "", node, HOSTED));
            return Ok(None);
        }
    };
    let mut tool = blank(place);
    if below == "custom" {
        tool.input = ToolInput::Text { grammar: None };
    }
    let mut defined = false;
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            "cache_control" => tool.cache = Some(cache::control(value, place, foreign)?),
            name if name == below => {
                definition(&mut tool, value, place.member(below), foreign)?;
                defined = true;
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    if defined { Ok(Some(tool)) } else { Err(expect::missing(place, below)) }
}

/// The type of a tool or a choice; a function where it is not said.
fn kind<'a>(node: &Node<'a>, place: Place) -> Result<Cow<'a, str>, BadRequest> {
    Ok(super::kind(node, place)?.unwrap_or(Cow::Borrowed("function")))
}

/// What a tool is called, is for, and takes.
fn definition(
    tool: &mut Tool,
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let takes_text = matches!(tool.input, ToolInput::Text { .. });
    for (name, value) in said(node, place, "")? {
        match name {
            "name" => tool.name = expect::text(value, place, name)?.into_owned(),
            "description" => {
                tool.description = Some(expect::text(value, place, name)?.into_owned())
            }
            "parameters" if !takes_text => {
                expect::object(value, place, name)?;
                tool.input = ToolInput::Schema(Some(value.raw.to_owned()));
            }
            "format" if takes_text => {
                tool.input = ToolInput::Text { grammar: grammar(value, place, foreign)? };
            }
            "strict" if !takes_text => tool.strict = Some(expect::boolean(value, place, name)?),
            "cache_control" => tool.cache = Some(cache::control(value, place, foreign)?),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    if tool.name.is_empty() { Err(expect::missing(place, "name")) } else { Ok(()) }
}

/// `{"type":"text"}`, or `{"type":"grammar","grammar":{"syntax":…,"definition":…}}`, which the
/// hub keeps whole.
fn grammar(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<String>, BadRequest> {
    let mut grammar = None;
    let place = place.member("format");
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => match &*expect::text(value, place, name)? {
                "text" => {}
                "grammar" => grammar = Some(node.raw.to_owned()),
                other => {
                    return Err(expect::unknown_word(place, name, other, &["text", "grammar"]));
                }
            },
            "grammar" => {
                expect::object(value, place, name)?;
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(grammar)
}

fn choice(node: &Node<'_>, foreign: &mut Vec<Foreign>) -> Result<Option<ToolChoice>, BadRequest> {
    let place = BODY.member("tool_choice");
    if node.value == Value::Text {
        return word(node, "tool_choice").map(Some);
    }
    match &*kind(node, place)? {
        "function" | "custom" => Ok(Some(ToolChoice::Named(named(node, place, foreign)?))),
        "allowed_tools" => allowed(node, place, foreign),
        _ => {
            foreign.push(expect::foreign(place, "", node, HOSTED));
            Ok(None)
        }
    }
}

fn word(node: &Node<'_>, name: &str) -> Result<ToolChoice, BadRequest> {
    match &*expect::text(node, BODY, name)? {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        // Mistral's word is `any`. (facts: provider quirks, section 5)
        "required" | "any" => Ok(ToolChoice::Required),
        other => Err(expect::unknown_word(BODY, name, other, &["auto", "none", "required"])),
    }
}

/// The name in `{"type":"function","function":{"name":…}}`, for custom tools alike.
fn named(node: &Node<'_>, place: Place, foreign: &mut Vec<Foreign>) -> Result<String, BadRequest> {
    let below = if &*kind(node, place)? == "custom" { "custom" } else { "function" };
    let mut named = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            name if name == below => {
                named = Some(name_alone(value, place.member(below), foreign)?);
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    named.ok_or_else(|| expect::missing(place, below))
}

/// The name in `{"name":…}`.
fn name_alone(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<String, BadRequest> {
    let mut alone = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "name" => alone = Some(expect::text(value, place, name)?.into_owned()),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    alone.ok_or_else(|| expect::missing(place, "name"))
}

/// Some of the tools: `{"type":"allowed_tools","allowed_tools":{"mode":…,"tools":[…]}}`.
fn allowed(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<ToolChoice>, BadRequest> {
    let mut allowed = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "type" => {}
            "allowed_tools" => {
                allowed = Some(subset(value, place.member("allowed_tools"), foreign)?)
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    allowed.map(Some).ok_or_else(|| expect::missing(place, "allowed_tools"))
}

fn subset(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<ToolChoice, BadRequest> {
    let mut required = false;
    let mut names = Vec::new();
    for (name, value) in said(node, place, "")? {
        match name {
            "mode" => {
                let mode = expect::text(value, place, name)?;
                if !["auto", "required"].contains(&&*mode) {
                    return Err(expect::unknown_word(place, name, &mode, &["auto", "required"]));
                }
                required = mode == "required";
            }
            "tools" => {
                let place = place.member("tools");
                for (index, tool) in expect::list(value, place, "")?.iter().enumerate() {
                    let place = place.index(index);
                    match &*kind(tool, place)? {
                        "function" | "custom" => names.push(named(tool, place, foreign)?),
                        _ => foreign.push(expect::foreign(place, "", tool, HOSTED)),
                    }
                }
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(ToolChoice::Allowed { names, required })
}

/// `none`, `auto`, or `{"name":…}`.
fn old_choice(
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Option<ToolChoice>, BadRequest> {
    let place = BODY.member("function_call");
    if node.value == Value::Text {
        return word(node, "function_call").map(Some);
    }
    name_alone(node, place, foreign).map(ToolChoice::Named).map(Some)
}

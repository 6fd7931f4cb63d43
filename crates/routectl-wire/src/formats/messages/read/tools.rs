//! The tools a client offers, and whether the model has to use one.

use std::collections::HashSet;

use routectl_core::{Content, IfLost, Request, Tool, ToolChoice, ToolInput};

use crate::BadRequest;
use crate::formats::expect;
use crate::json::Node;

use super::spot::{Spot, UNKNOWN, is_empty, is_true};
use super::{Reader, cache_mark, vendor};

/// `tools`. What has a type of its own is the vendor's tool and has no schema that others could
/// read. (facts: Anthropic Messages, section 5.2)
pub(super) fn list(spot: Spot<'_, '_>, reader: &mut Reader) -> Result<(), BadRequest> {
    let request = &mut reader.request;
    let mut names = HashSet::new();
    for spot in spot.elements()? {
        let spot = spot.object()?;
        let kind = spot.get("type").map(Spot::text).transpose()?;
        match kind.as_deref() {
            None | Some("custom") => {
                let tool = custom(spot, request)?;
                if !names.insert(tool.name.clone()) {
                    let name = expect::short(&tool.name);
                    let problem = format!("another tool is called {name:?} already");
                    return Err(spot.need("name")?.bad(problem));
                }
                request.tools.push(tool);
            }
            Some(kind) => {
                request.foreign.push(spot.foreign(vendor::tool(kind)));
                reader.vendor_tools = true;
            }
        }
    }
    Ok(())
}

fn custom(spot: Spot<'_, '_>, request: &mut Request) -> Result<Tool, BadRequest> {
    let foreign = &mut request.foreign;
    let text = |name| spot.get(name).map(Spot::text).transpose();
    let tool = Tool {
        name: spot.need("name")?.word()?,
        description: text("description")?.map(Into::into),
        input: ToolInput::Schema(Some(spot.need("input_schema")?.raw_object()?.to_owned())),
        strict: spot.get("strict").map(Spot::boolean).transpose()?,
        cache: spot.get("cache_control").map(|mark| cache_mark(mark, foreign)).transpose()?,
        place: spot.place(),
    };
    spot.keep_foreign(foreign, |name, node| match name {
        "type" | "name" | "description" | "input_schema" | "strict" | "cache_control" => None,
        "eager_input_streaming" | "defer_loading" if !is_true(node) => None,
        "eager_input_streaming" => Some(IfLost::Told("only Claude streams arguments unchecked")),
        "defer_loading" => Some(DEFERRED),
        "allowed_callers" if is_direct(node) => None,
        "allowed_callers" => Some(IfLost::Told("only Claude calls tools from code")),
        "input_examples" if is_empty(node) => None,
        "input_examples" => Some(IfLost::Told("only Claude takes examples of arguments")),
        _ => Some(UNKNOWN),
    });
    Ok(tool)
}

/// A tool that the model does not see before a search has found it.
const DEFERRED: IfLost = IfLost::Told("not offered before a search has found it");

/// Deferred tools are offered as soon as the conversation has a reference to them, calls them or
/// forces them. The others stay away, as they do from Claude: Claude Code sends a placeholder
/// that nobody is to call. (facts: clients, section 2.3)
pub(super) fn settle_deferred(root: Spot<'_, '_>, request: &mut Request) {
    let deferred = request.foreign.iter().filter(|foreign| foreign.if_lost == DEFERRED);
    let deferred: HashSet<String> = deferred.map(|foreign| foreign.path.clone()).collect();
    if deferred.is_empty() {
        return;
    }
    let found = found(root, request);
    let mut offered = HashSet::new();
    request.tools.retain(|tool| {
        let path = tool.place.path("defer_loading");
        let kept = !deferred.contains(&path) || found.contains(&tool.name);
        if kept {
            offered.insert(path);
        }
        kept
    });
    request.foreign.retain(|foreign| !offered.contains(&foreign.path));
}

fn found(root: Spot<'_, '_>, request: &Request) -> HashSet<String> {
    let mut names = HashSet::new();
    let messages = listed(root.node, "messages").iter();
    let blocks = messages.flat_map(|message| listed(message, "content"));
    for block in blocks.flat_map(|block| listed(block, "content")) {
        if vendor::is_kind(block, "tool_reference") {
            names.extend(block.member("tool_name").and_then(Node::text).map(Into::into));
        }
    }
    for block in request.turns.iter().flat_map(|turn| &turn.blocks) {
        if let Content::ToolCall(call) = &block.content {
            names.insert(call.name.clone());
        }
    }
    if let Some(ToolChoice::Named(name)) = &request.tool_choice {
        names.insert(name.clone());
    }
    names
}

fn listed<'n, 'a>(node: &'n Node<'a>, member: &str) -> &'n [Node<'a>] {
    node.member(member).and_then(Node::list).unwrap_or_default()
}

/// Whether the model alone calls this tool, as it does where nobody says anything.
fn is_direct(node: &Node<'_>) -> bool {
    let direct = |caller: &Node<'_>| caller.text().as_deref() == Some("direct");
    node.list().is_some_and(|callers| callers.iter().all(direct))
}

/// `tool_choice`.
pub(super) fn choice(spot: Spot<'_, '_>, request: &mut Request) -> Result<(), BadRequest> {
    let spot = spot.object()?;
    let kinds = ["auto", "any", "tool", "none"];
    let kind = spot.need("type")?.one_of(&kinds.map(|kind| (kind, kind)))?;
    request.tool_choice = Some(match kind {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(spot.need("name")?.word()?),
        _ => ToolChoice::None,
    });
    if let Some(single) = spot.get("disable_parallel_tool_use") {
        request.parallel_calls = Some(!single.boolean()?);
    }
    spot.keep_foreign(&mut request.foreign, |name, _| match name {
        "type" | "disable_parallel_tool_use" => None,
        "name" if kind == "tool" => None,
        _ => Some(UNKNOWN),
    });
    Ok(())
}

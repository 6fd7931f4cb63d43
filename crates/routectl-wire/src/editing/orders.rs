//! What `context_management` asks for. (facts: Anthropic Messages, section 15)

use std::borrow::Cow;

use routectl_core::{Loss, Place};

use super::MEMBER;
use crate::json::{Node, Value};

pub(super) const CLEAR_THINKING: &str = "clear_thinking_20251015";
pub(super) const CLEAR_TOOL_USES: &str = "clear_tool_uses_20250919";
const COMPACT: &str = "compact_20260112";

/// The edits that are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// So many turns with thinking keep it; `None` keeps all.
    pub thinking: Option<u64>,
    pub tool_uses: Option<ToolUses>,
    /// Where each stands in the list.
    pub places: Places,
}

/// Where edits stand in the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub thinking: usize,
    pub tool_uses: usize,
}

/// When results of tools are cleared, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToolUses {
    pub trigger: Trigger,
    /// So many of the last uses stay.
    pub keep: u64,
    /// Tokens that have to be won, or nothing is cleared: a cached prompt is lost for it.
    pub at_least: u64,
    /// Tools whose uses stay.
    pub excluded: Vec<String>,
    pub inputs: Inputs,
}

/// What has to be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    Tokens(u64),
    ToolUses(u64),
}

/// Whose inputs are cleared with the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inputs {
    Nobodys,
    Everybodys,
    Of(Vec<String>),
}

impl Default for ToolUses {
    fn default() -> Self {
        Self {
            trigger: Trigger::Tokens(100_000),
            keep: 3,
            at_least: 0,
            excluded: Vec::new(),
            inputs: Inputs::Nobodys,
        }
    }
}

impl ToolUses {
    /// Whether the input of a call of this tool goes with its result.
    pub(super) fn clears_input(&self, tool: &str) -> bool {
        match &self.inputs {
            Inputs::Nobodys => false,
            Inputs::Everybodys => true,
            Inputs::Of(names) => names.iter().any(|name| name == tool),
        }
    }
}

/// The place of an edit in the body.
pub(super) fn place(index: usize) -> Place {
    Place::BODY.member(MEMBER).member("edits").index(index)
}

impl Orders {
    /// Whether nothing is asked for, whatever the conversation.
    pub(super) fn are_none(&self) -> bool {
        self.thinking.is_none() && self.tool_uses.is_none()
    }

    /// Reads the member.
    ///
    /// # Errors
    /// The loss of what cannot be done in the host's place, or is no edit at all.
    pub(super) fn read(node: &Node<'_>) -> Result<Self, Loss> {
        let refuse = |reason| Err(Loss::refused(MEMBER, reason));
        if node.is_null() {
            return Ok(Self::default());
        }
        let Some(members) = node.object() else { return refuse("expected an object") };
        if members.iter().any(|(name, _)| name != "edits") {
            return refuse("holds more than edits, which only Claude's hosts know");
        }
        let mut orders = Self::default();
        let Some(edits) = node.member("edits").filter(|edits| !edits.is_null()) else {
            return Ok(orders);
        };
        let Some(edits) = edits.list() else { return refuse("expected a list of edits") };
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (index, edit) in edits.iter().enumerate() {
            let refused = |reason| Loss::refused(place(index).to_string(), reason);
            let kind = edit.member("type").and_then(Node::text).unwrap_or_default();
            if seen.contains(&kind) {
                return Err(refused("this edit stands there twice"));
            }
            orders.take(index, &kind, edit).map_err(refused)?;
            seen.push(kind);
        }
        Ok(orders)
    }

    fn take(&mut self, index: usize, kind: &str, edit: &Node<'_>) -> Result<(), &'static str> {
        match kind {
            CLEAR_THINKING if index > 0 => return Err("clearing thinking has to come first"),
            CLEAR_THINKING => {
                known(edit, &["type", "keep"])?;
                self.thinking = kept_turns(edit.member("keep"))?;
                self.places.thinking = index;
            }
            CLEAR_TOOL_USES => {
                self.tool_uses = Some(tool_uses(edit)?);
                self.places.tool_uses = index;
            }
            COMPACT => return Err("only Claude's hosts compact a conversation"),
            _ => return Err("this edit is not known here, and the host makes none itself"),
        }
        Ok(())
    }
}

/// Without a word, the last turn keeps its thinking.
fn kept_turns(keep: Option<&Node<'_>>) -> Result<Option<u64>, &'static str> {
    const EXPECTED: &str = "expected keep to be \"all\" or at least one thinking_turns";
    let Some(keep) = keep.filter(|keep| !keep.is_null()) else { return Ok(Some(1)) };
    let kind = keep.member("type").and_then(Node::text);
    match (keep.text().as_deref(), kind.as_deref()) {
        (Some("all"), _) | (None, Some("all")) => Ok(None),
        (None, Some("thinking_turns")) => {
            let turns = number(keep.member("value")).filter(|turns| *turns > 0);
            turns.map(Some).ok_or(EXPECTED)
        }
        _ => Err(EXPECTED),
    }
}

fn tool_uses(edit: &Node<'_>) -> Result<ToolUses, &'static str> {
    const MEMBERS: [&str; 6] =
        ["type", "trigger", "keep", "clear_at_least", "exclude_tools", "clear_tool_inputs"];
    known(edit, &MEMBERS)?;
    let said = |name: &str| edit.member(name).filter(|value| !value.is_null());
    let mut rule = ToolUses::default();
    if let Some(trigger) = said("trigger") {
        rule.trigger = match amount(trigger) {
            Some(("input_tokens", value)) => Trigger::Tokens(value),
            Some(("tool_uses", value)) => Trigger::ToolUses(value),
            _ => return Err("expected trigger to be a number of input_tokens or tool_uses"),
        };
    }
    if let Some(keep) = said("keep") {
        let Some(("tool_uses", uses)) = amount(keep) else {
            return Err("expected keep to be a number of tool_uses");
        };
        rule.keep = uses;
    }
    if let Some(at_least) = said("clear_at_least") {
        let Some(("input_tokens", tokens)) = amount(at_least) else {
            return Err("expected clear_at_least to be a number of input_tokens");
        };
        rule.at_least = tokens;
    }
    if let Some(tools) = said("exclude_tools") {
        rule.excluded = names(tools).ok_or("expected exclude_tools to be a list of names")?;
    }
    if let Some(inputs) = said("clear_tool_inputs") {
        rule.inputs = match (&inputs.value, names(inputs)) {
            (Value::Bool(false), _) => Inputs::Nobodys,
            (Value::Bool(true), _) => Inputs::Everybodys,
            (_, Some(names)) => Inputs::Of(names),
            _ => return Err("expected clear_tool_inputs to be a boolean or a list of names"),
        };
    }
    Ok(rule)
}

/// What is not known may mean anything.
fn known(edit: &Node<'_>, names: &[&str]) -> Result<(), &'static str> {
    let members = edit.object().unwrap_or_default();
    match members.iter().all(|(name, _)| names.contains(&&**name)) {
        true => Ok(()),
        false => Err("holds a member that is not known here"),
    }
}

/// `{type, value}`.
fn amount(node: &Node<'_>) -> Option<(&'static str, u64)> {
    const UNITS: [&str; 2] = ["input_tokens", "tool_uses"];
    let kind = node.member("type").and_then(Node::text)?;
    let unit = UNITS.into_iter().find(|unit| *unit == kind)?;
    Some((unit, number(node.member("value"))?))
}

fn number(node: Option<&Node<'_>>) -> Option<u64> {
    node?.raw.parse().ok()
}

fn names(node: &Node<'_>) -> Option<Vec<String>> {
    node.list()?.iter().map(|name| name.text().map(Cow::into_owned)).collect()
}

//! Edits of a conversation on the client's bytes.

use std::borrow::Cow;

use bytes::Bytes;
use routectl_core::{Loss, Role};

use super::orders::Orders;
use super::plan::{self, At, PLACEHOLDER, Part, Plan, Said, Talk};
use super::recall::{self, Recall};
use super::{MEMBER, NAME};
use crate::json::{self, Node, Value};
use crate::{Document, Edit, Fit, document, estimate};

/// Does what the body asks for, takes the asking out of it, and puts back the thinking that the
/// client left out.
pub fn fit(body: &Document, recall: Recall<'_>, fit: &mut Fit) {
    let mut orders = Orders::default();
    if let Some(asked) = body.get(MEMBER).and_then(|it| std::str::from_utf8(it).ok()) {
        fit.edits.push(Edit::remove(NAME, MEMBER));
        let read = match json::parse(asked) {
            Ok(asked) => Orders::read(&asked),
            Err(_) => Err(Loss::refused(MEMBER, "expected an object")),
        };
        match read {
            Ok(read) => orders = read,
            Err(loss) => return fit.losses.push(loss),
        }
    }
    let could_lack = recall::could_lack(body);
    if could_lack || !orders.are_none() {
        let recall: Recall<'_> = if could_lack { recall } else { &|_, _, _| Some(Bytes::new()) };
        carry_out(body, &orders, recall, fit);
    }
}

/// What a loop of tools is to know of what was cleared.
pub(super) struct Turn<'a> {
    /// The message with which the person began it.
    pub begun: usize,
    pub forgotten: &'a [usize],
}

fn carry_out(body: &Document, orders: &Orders, recall: Recall<'_>, fit: &mut Fit) {
    let raw = |name: &str| body.get(name).and_then(|it| std::str::from_utf8(it).ok());
    let Some(messages) = raw("messages").and_then(|it| json::parse(it).ok()) else { return };
    let messages = messages.list().unwrap_or_default();
    let lacking = recall::lacking(messages, recall, &fit.edits);
    let mut plan = Plan::default();
    let mut talk = Talk { around: 0, messages: messages.iter().map(said).collect() };
    if !orders.are_none() {
        let around = ["system", "tools"].into_iter().filter_map(raw);
        talk.around = around.filter_map(|it| json::parse(it).ok()).map(|it| tokens(&it)).sum();
        for lacks in &lacking {
            if let Some(said) = talk.messages.get_mut(lacks.message) {
                said.recalled = lacks.tokens();
            }
        }
        plan = plan::plan(&talk, orders);
        edits(messages, &talk, &plan, &mut fit.edits);
        fit.losses.extend(super::losses(orders));
        fit.applied = plan.applied;
    }
    let turn = Turn { begun: plan::last_turn(&talk), forgotten: &plan.forgotten };
    recall::fit(body, &turn, lacking, fit);
}

/// Whether a block is thinking.
pub(super) fn is_thinking(block: &Node<'_>) -> bool {
    let kind = block.member("type").and_then(Node::text);
    matches!(kind.as_deref(), Some("thinking" | "redacted_thinking"))
}

fn edits(messages: &[Node<'_>], talk: &Talk<'_>, plan: &Plan, edits: &mut Vec<Edit>) {
    let block = |at: At, edit: Edit| edit.at(at.message).at("content").at(at.part);
    for gone in plan.thinking.chunk_by(|one, other| one.message == other.message) {
        let Some(first) = gone.first() else { continue };
        let parts = talk.messages.get(first.message).map_or(0, |said| said.parts.len());
        if parts == gone.len() {
            edits.push(Edit::remove(NAME, "messages").at(first.message));
            continue;
        }
        edits.extend(gone.iter().map(|at| block(*at, Edit::remove(NAME, "messages"))));
    }
    for at in &plan.results {
        if part(messages, *at).is_some_and(|result| result.member("content").is_some()) {
            let cleared = Edit::set(NAME, "messages", document::quote(PLACEHOLDER));
            edits.push(block(*at, cleared).at("content"));
        }
    }
    for at in &plan.inputs {
        edits.push(block(*at, Edit::set(NAME, "messages", "{}")).at("input"));
    }
}

fn part<'a, 'n>(messages: &'a [Node<'n>], at: At) -> Option<&'a Node<'n>> {
    messages.get(at.message)?.member("content")?.list()?.get(at.part)
}

fn said<'a>(message: &'a Node<'a>) -> Said<'a> {
    let role = match message.member("role").and_then(Node::text).as_deref() {
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        _ => Role::User,
    };
    let parts = match message.member("content") {
        Some(content) => match content.list() {
            Some(blocks) => blocks.iter().map(read_part).collect(),
            None => vec![Part::Other(tokens(content))],
        },
        None => Vec::new(),
    };
    Said { role, parts, recalled: 0 }
}

fn read_part<'a>(block: &'a Node<'a>) -> Part<'a> {
    let text = |name: &str| -> Cow<'a, str> {
        block.member(name).and_then(Node::text).unwrap_or_default()
    };
    let counted = |name: &str| block.member(name).map_or(0, tokens);
    match &*text("type") {
        "thinking" => Part::Thinking(counted("thinking")),
        "redacted_thinking" => Part::Thinking(counted("data")),
        "tool_use" => Part::Call { id: text("id"), name: text("name"), input: counted("input") },
        "tool_result" => Part::Result { call: text("tool_use_id"), content: counted("content") },
        _ => Part::Other(tokens(block)),
    }
}

/// The tokens of what is meant: the same for a text and for a block of it, with a cache mark and
/// without, since clients move their marks and spell old turns anew.
/// (facts: clients, section 1)
fn tokens(node: &Node<'_>) -> u64 {
    match &node.value {
        Value::Text => estimate::tokens([node.raw.as_bytes()]),
        Value::List(items) => items.iter().map(tokens).sum(),
        Value::Object(members) => {
            let said = members.iter().filter(|(name, _)| name != "cache_control" && name != "type");
            said.map(|(_, value)| tokens(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number => 1,
    }
}

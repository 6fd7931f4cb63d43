//! Edits of a conversation on its way to a host of another format.

use std::borrow::Cow;

use routectl_core::{Block, Content, Loss, Request, Source, ToolInput, Turn};

use super::orders::Orders;
use super::plan::{At, PLACEHOLDER, Part, Plan, Said, Talk, plan};
use super::{Applied, MEMBER};
use crate::estimate::{self, Tally};
use crate::json;

/// Does what the request asks for. What cannot be done stays in it, and its loss is told.
pub(crate) fn fit_request(request: &mut Request, losses: &mut Vec<Loss>) -> Applied {
    let Some(index) = request.foreign.iter().position(|it| it.path == MEMBER) else {
        return Applied::default();
    };
    let asked = request.foreign.get(index).and_then(|it| json::parse(&it.json).ok());
    let Some(Ok(orders)) = asked.map(|asked| Orders::read(&asked)) else {
        return Applied::default();
    };
    request.foreign.remove(index);
    let plan = plan(&talk(request), &orders);
    clear(request, &plan);
    losses.extend(super::losses(&orders));
    plan.applied
}

fn talk(request: &Request) -> Talk<'_> {
    let tools = request.tools.iter().map(|tool| {
        let (ToolInput::Schema(input) | ToolInput::Text { grammar: input }) = &tool.input;
        let about = tool.description.as_deref().unwrap_or_default();
        text(&tool.name) + text(about) + text(input.as_deref().unwrap_or_default())
    });
    let around = request.system.iter().map(tokens).sum::<u64>() + tools.sum::<u64>();
    let messages = request.turns.iter().map(said).collect();
    Talk { around, messages }
}

fn said(turn: &Turn) -> Said<'_> {
    Said { role: turn.role, parts: turn.blocks.iter().map(part).collect(), recalled: 0 }
}

fn part(block: &Block) -> Part<'_> {
    match &block.content {
        Content::Reasoning(reasoning) => Part::Thinking(text(&reasoning.text)),
        Content::ToolCall(call) => Part::Call {
            id: Cow::Borrowed(&call.id),
            name: Cow::Borrowed(&call.name),
            input: text(&call.arguments),
        },
        Content::ToolResult(result) => Part::Result {
            call: Cow::Borrowed(&result.call),
            content: result.blocks.iter().map(tokens).sum(),
        },
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Image(_)
        | Content::Document { .. }
        | Content::Opaque { .. } => Part::Other(tokens(block)),
    }
}

fn tokens(block: &Block) -> u64 {
    match &block.content {
        Content::Text(said) | Content::Refusal(said) => text(said),
        Content::Image(source) => medium(source),
        Content::Document { source, title, about } => {
            let around = [title, about].into_iter().flatten().map(|said| text(said)).sum::<u64>();
            medium(source) + around
        }
        Content::Reasoning(reasoning) => text(&reasoning.text),
        Content::ToolCall(call) => text(&call.arguments),
        Content::ToolResult(result) => result.blocks.iter().map(tokens).sum(),
        Content::Opaque { opaque, .. } => estimate::tokens([opaque.json.as_bytes()]),
    }
}

fn medium(source: &Source) -> u64 {
    match source {
        Source::Base64 { .. } | Source::Url(_) | Source::File(_) => estimate::TOKENS_PER_MEDIUM,
        Source::Text(said) => text(said),
        Source::Blocks(blocks) => blocks.iter().map(tokens).sum(),
    }
}

fn text(said: &str) -> u64 {
    let mut tally = Tally::default();
    tally.text(said.as_bytes());
    tally.tokens()
}

/// A turn that held nothing but thinking goes with it.
fn clear(request: &mut Request, plan: &Plan) {
    for at in &plan.results {
        if let Some(Content::ToolResult(result)) = content(request, *at) {
            let place = result.blocks.first().map(|block| block.place).unwrap_or_default();
            result.blocks = vec![Block::text(PLACEHOLDER, place)];
        }
    }
    for at in &plan.inputs {
        if let Some(Content::ToolCall(call)) = content(request, *at) {
            "{}".clone_into(&mut call.arguments);
        }
    }
    let mut left = Vec::with_capacity(request.turns.len());
    let mut gone = plan.thinking.iter().copied().peekable();
    for (message, mut turn) in std::mem::take(&mut request.turns).into_iter().enumerate() {
        let before = turn.blocks.len();
        let mut part = 0;
        turn.blocks.retain(|_| {
            let goes = gone.next_if_eq(&At { message, part }).is_some();
            part += 1;
            !goes
        });
        if before == 0 || !turn.blocks.is_empty() {
            left.push(turn);
        }
    }
    request.turns = left;
}

fn content(request: &mut Request, at: At) -> Option<&mut Content> {
    Some(&mut request.turns.get_mut(at.message)?.blocks.get_mut(at.part)?.content)
}

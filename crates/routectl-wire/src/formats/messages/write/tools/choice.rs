//! Whether the model has to use a tool, and which. (facts: translation, section 4.4)

use routectl_core::{Block, Loss, Place, Request, Role, ToolChoice, Turn};

use super::Offered;
use crate::formats::instruction;
use crate::formats::messages::write::target::Target;
use crate::json::Object;
use crate::names::ToolNames;

/// What `tool_choice` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::formats) struct Chosen {
    pub(in crate::formats) choice: Choice,
    /// At most one call at a time.
    pub(in crate::formats) single: bool,
}

/// Whether the model has to use a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::formats) enum Choice {
    /// As it sees fit, which need not be said.
    #[default]
    Unsaid,
    Auto,
    None,
    Any,
    Tool(String),
}

impl Choice {
    /// Whether the answer has to be a call.
    pub(in crate::formats) fn is_forced(&self) -> bool {
        matches!(self, Self::Any | Self::Tool(_))
    }
}

impl Chosen {
    /// The client's choice. Where the model takes no order, it gets a request, as the last words
    /// of the conversation.
    pub(in crate::formats) fn of(
        request: &mut Request,
        (names, target): (&ToolNames, Target<'_>),
        (tools, vendor_tools): (&[Offered], bool),
        losses: &mut Vec<Loss>,
    ) -> Self {
        if request.tools.is_empty() && !vendor_tools {
            losses.extend(impossible(request));
            let choice = if tools.is_empty() { Choice::Unsaid } else { Choice::None };
            return Self { choice, single: false };
        }
        let mut choice = wanted(request.tool_choice.as_ref(), names);
        if choice.is_forced() && !target.takes_forced_choice() {
            ask(&choice, request, target);
            // The tools stay as they are: a strict one would begin the prompt's cache anew.
            choice = Choice::Auto;
            let reason = "this model cannot be forced to use a tool; it is asked to";
            losses.push(Loss::degraded(request.names.tool_choice, reason));
        }
        Self { choice, single: request.parallel_calls == Some(false) }
    }

    /// Writes `tool_choice`, if anything is to be said.
    pub(in crate::formats) fn write(&self, out: &mut Object<'_>) {
        let kind = match &self.choice {
            Choice::Unsaid if !self.single => return,
            Choice::Unsaid | Choice::Auto => "auto",
            Choice::None => "none",
            Choice::Any => "any",
            Choice::Tool(_) => "tool",
        };
        let mut out = out.object("tool_choice");
        out.text("type", kind);
        if let Choice::Tool(name) = &self.choice {
            out.text("name", name);
        }
        if self.single && self.choice != Choice::None {
            out.bool("disable_parallel_tool_use", true);
        }
    }
}

fn wanted(choice: Option<&ToolChoice>, names: &ToolNames) -> Choice {
    match choice {
        None => Choice::Unsaid,
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => Choice::Auto,
        Some(ToolChoice::None) => Choice::None,
        Some(ToolChoice::Required) => Choice::Any,
        Some(ToolChoice::Named(name)) => Choice::Tool(names.upstream(name).to_owned()),
        Some(ToolChoice::Allowed { names: allowed, .. }) => match allowed.as_slice() {
            [only] => Choice::Tool(names.upstream(only).to_owned()),
            _ => Choice::Any,
        },
    }
}

/// A call that is demanded though no tool is offered.
fn impossible(request: &Request) -> Option<Loss> {
    let reason = "a tool has to be called and none is offered";
    let demanded = match request.tool_choice.as_ref()? {
        ToolChoice::Auto | ToolChoice::None => false,
        ToolChoice::Allowed { required, .. } => *required,
        ToolChoice::Required | ToolChoice::Named(_) => true,
    };
    demanded.then(|| Loss::refused(request.names.tool_choice, reason))
}

/// Asks for a call at the end of the conversation, unless the assistant speaks there.
fn ask(choice: &Choice, request: &mut Request, target: Target<'_>) {
    if request.turns.last().is_none_or(|turn| turn.role == Role::Assistant) {
        return;
    }
    let words = match choice {
        Choice::Tool(name) => format!("Answer with a call of the tool `{name}`."),
        Choice::Unsaid | Choice::Auto | Choice::None | Choice::Any => {
            "Answer with a call of at least one tool.".to_owned()
        }
    };
    let place = Place::BODY.member(request.names.tool_choice);
    let (role, words) = if target.takes_system_in_messages() {
        (Role::System, words)
    } else {
        (Role::User, instruction::marked(&words))
    };
    request.turns.push(Turn { role, blocks: vec![Block::text(words, place)], place });
}

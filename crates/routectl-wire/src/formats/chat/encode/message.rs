//! An answer in one piece: the same parts, joined.

use routectl_core::{Seal, SealKind};

use super::{CallKind, Ending, Part, Pen, usage};
use crate::Reply;
use crate::json::{List, Object};

/// Joins an answer and writes it when it ends.
#[derive(Default)]
pub(super) struct Message {
    reply: Reply,
    id: String,
    content: String,
    refusal: Option<String>,
    reasoning: String,
    details: Vec<Detail>,
    calls: Vec<Call>,
    annotations: Vec<String>,
}

/// One element of `reasoning_details`.
#[derive(Default)]
struct Detail {
    text: String,
    seal: Option<(Seal, Option<String>)>,
}

struct Call {
    id: String,
    name: String,
    kind: CallKind,
    said: String,
}

impl Message {
    pub(super) fn new(reply: Reply) -> Self {
        Self { reply, ..Self::default() }
    }

    /// Details begin in the order of their indices.
    fn detail(&mut self, index: u32) -> Option<&mut Detail> {
        let index = index as usize;
        if index >= self.details.len() {
            self.details.resize_with(index + 1, Detail::default);
        }
        self.details.get_mut(index)
    }

    fn message(&self, mut message: Object<'_>) {
        message.text("role", "assistant");
        // Only calls and refusals may stand without text. (facts: translation, section 8.1)
        let silent = !self.calls.is_empty() || self.refusal.is_some();
        match self.content.is_empty() && silent {
            true => message.null("content"),
            false => message.text("content", &self.content),
        }
        match &self.refusal {
            Some(refusal) => message.text("refusal", refusal),
            None => message.null("refusal"),
        }
        if !self.annotations.is_empty() {
            let mut list = message.list("annotations");
            for annotation in &self.annotations {
                list.raw(annotation);
            }
        }
        let fields = self.reply.reasoning_fields;
        if fields.reasoning && !self.reasoning.is_empty() {
            message.text("reasoning", &self.reasoning);
        }
        if fields.reasoning_content && !self.reasoning.is_empty() {
            message.text("reasoning_content", &self.reasoning);
        }
        if fields.reasoning_details && !self.details.is_empty() {
            let mut list = message.list("reasoning_details");
            for (index, detail) in (0..).zip(&self.details) {
                detail.write(index, list.object());
            }
        }
        self.calls(&mut message);
    }

    fn calls(&self, message: &mut Object<'_>) {
        match self.calls.first() {
            None => {}
            Some(call) if call.kind == CallKind::Old => {
                let mut function = message.object("function_call");
                function.text("name", &call.name);
                function.text("arguments", &call.said);
            }
            Some(_) => {
                let mut list = message.list("tool_calls");
                self.calls.iter().for_each(|call| call.write(&mut list));
            }
        }
    }
}

impl Pen for Message {
    fn begin(&mut self, id: &str, _out: &mut Vec<u8>) {
        id.clone_into(&mut self.id);
    }

    fn part(&mut self, part: &Part<'_>, _out: &mut Vec<u8>) {
        match *part {
            Part::Content(text) => self.content.push_str(text),
            Part::Refusal(text) => self.refusal.get_or_insert_default().push_str(text),
            Part::Thought { detail, text } => {
                self.reasoning.push_str(text);
                if let Some(detail) = self.detail(detail) {
                    detail.text.push_str(text);
                }
            }
            Part::Seal { detail, seal, id } => {
                if let Some(detail) = self.detail(detail) {
                    detail.seal = Some((seal.clone(), id.map(str::to_owned)));
                }
            }
            Part::Call { id, name, kind, .. } => {
                let (id, name, said) = (id.to_owned(), name.to_owned(), String::new());
                self.calls.push(Call { id, name, kind, said });
            }
            Part::Arguments { position, text, .. } => {
                if let Some(call) = self.calls.get_mut(position as usize) {
                    call.said.push_str(text);
                }
            }
            Part::Annotations(annotations) => self.annotations.extend_from_slice(annotations),
        }
    }

    fn end(&mut self, ending: &Ending<'_>, out: &mut Vec<u8>) {
        let mut object = Object::new(out);
        object.text("id", &self.id);
        object.text("object", "chat.completion");
        object.count("created", self.reply.created);
        object.text("model", &self.reply.model);
        {
            let mut choices = object.list("choices");
            let mut choice = choices.object();
            choice.count("index", 0);
            self.message(choice.object("message"));
            choice.null("logprobs");
            choice.text("finish_reason", ending.finish);
            if let Some((name, value)) = ending.more {
                choice.text(name, value);
            }
        }
        usage::write(&ending.usage, object.object("usage"));
    }
}

impl Detail {
    fn write(&self, index: u64, mut object: Object<'_>) {
        let encrypted = |seal: &Seal| seal.kind == SealKind::Encrypted;
        match &self.seal {
            Some((seal, id)) if encrypted(seal) => {
                object.text("type", "reasoning.encrypted");
                object.text("data", &seal.blob);
                object.text_if("id", id.as_deref());
                object.text("format", &seal.family);
            }
            Some((seal, id)) => {
                object.text("type", "reasoning.text");
                object.text("text", &self.text);
                object.text("signature", &seal.blob);
                object.text_if("id", id.as_deref());
                object.text("format", &seal.family);
            }
            None => {
                object.text("type", "reasoning.text");
                object.text("text", &self.text);
            }
        }
        object.count("index", index);
    }
}

impl Call {
    fn write(&self, list: &mut List<'_>) {
        let (shape, member) = match self.kind {
            CallKind::Custom => ("custom", "input"),
            CallKind::Function | CallKind::Old => ("function", "arguments"),
        };
        let mut call = list.object();
        call.text("id", &self.id);
        call.text("type", shape);
        let mut inner = call.object(shape);
        inner.text("name", &self.name);
        inner.text(member, &self.said);
    }
}

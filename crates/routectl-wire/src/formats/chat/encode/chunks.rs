//! An answer as a stream of chunks.
//!
//! The official Python client joins the strings of all chunks, so that every id, name, role and
//! format tag stands in one chunk only; fragments of lists carry their index. (facts: OpenAI
//! chat, section 6.1)

use routectl_core::SealKind;

use super::{CallKind, Ending, Part, Pen, usage};
use crate::json::Object;
use crate::{ReasoningFields, Reply};

/// Writes chunks.
pub(super) struct Chunks {
    reply: Reply,
    /// How every chunk begins, up to its choices.
    head: Vec<u8>,
}

impl Chunks {
    pub(super) fn new(reply: Reply) -> Self {
        Self { reply, head: Vec::new() }
    }

    /// A chunk with one delta.
    fn chunk(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#","choices":[{"index":0,"delta":"#);
        delta(&mut Object::new(out));
        out.extend_from_slice(br#","finish_reason":null}]"#);
        self.tail(out);
    }

    /// Chunks before the one with the counters say that they have none.
    fn tail(&self, out: &mut Vec<u8>) {
        if self.reply.wishes.usage_in_stream {
            out.extend_from_slice(br#","usage":null"#);
        }
        out.extend_from_slice(b"}\n\n");
    }
}

impl Pen for Chunks {
    fn begin(&mut self, id: &str, out: &mut Vec<u8>) {
        self.head.extend_from_slice(b"data: ");
        {
            let mut object = Object::new(&mut self.head);
            object.text("id", id);
            object.text("object", "chat.completion.chunk");
            object.count("created", self.reply.created);
            object.text("model", &self.reply.model);
        }
        // Every chunk goes on where the object ends.
        self.head.pop();
        self.chunk(out, |delta| {
            delta.text("role", "assistant");
            delta.text("content", "");
        });
    }

    fn part(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        let fields = self.reply.reasoning_fields;
        self.chunk(out, |delta| write(part, fields, delta));
    }

    fn end(&mut self, ending: &Ending<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#","choices":[{"index":0,"delta":{},"finish_reason":"#);
        crate::json::quoted(ending.finish, out);
        if let Some((name, value)) = ending.more {
            out.push(b',');
            crate::json::quoted(name, out);
            out.push(b':');
            crate::json::quoted(value, out);
        }
        out.extend_from_slice(b"}]");
        self.tail(out);
        if self.reply.wishes.usage_in_stream {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(br#","choices":[],"usage":"#);
            usage::write(&ending.usage, Object::new(out));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

fn write(part: &Part<'_>, fields: ReasoningFields, delta: &mut Object<'_>) {
    match *part {
        Part::Content(text) => delta.text("content", text),
        Part::Refusal(text) => delta.text("refusal", text),
        Part::Thought { detail, text } => {
            if fields.reasoning {
                delta.text("reasoning", text);
            }
            if fields.reasoning_content {
                delta.text("reasoning_content", text);
            }
            if !fields.reasoning_details {
                return;
            }
            let mut details = delta.list("reasoning_details");
            let mut fragment = details.object();
            fragment.text("type", "reasoning.text");
            fragment.text("text", text);
            fragment.count("index", detail.into());
        }
        Part::Seal { detail, seal, id } => {
            let mut details = delta.list("reasoning_details");
            let mut fragment = details.object();
            match seal.kind {
                SealKind::Signature => {
                    fragment.text("type", "reasoning.text");
                    fragment.text("text", "");
                    fragment.text("signature", &seal.blob);
                }
                SealKind::Encrypted => {
                    fragment.text("type", "reasoning.encrypted");
                    fragment.text("data", &seal.blob);
                }
            }
            fragment.text_if("id", id);
            fragment.text("format", &seal.family);
            fragment.count("index", detail.into());
        }
        Part::Call { position, id, name, kind } => {
            call(delta, kind, position, Some((id, name)), "")
        }
        Part::Arguments { position, text, kind } => call(delta, kind, position, None, text),
        Part::Annotations(annotations) => {
            let mut list = delta.list("annotations");
            for annotation in annotations {
                list.raw(annotation);
            }
        }
    }
}

/// A call as it begins, with id and name, or as it goes on.
fn call(
    delta: &mut Object<'_>,
    kind: CallKind,
    position: u32,
    begins: Option<(&str, &str)>,
    said: &str,
) {
    let name = begins.map(|(_, name)| name);
    if kind == CallKind::Old {
        let mut function = delta.object("function_call");
        function.text_if("name", name);
        return function.text("arguments", said);
    }
    let (shape, member) = match kind {
        CallKind::Custom => ("custom", "input"),
        CallKind::Function | CallKind::Old => ("function", "arguments"),
    };
    let mut calls = delta.list("tool_calls");
    let mut call = calls.object();
    call.count("index", position.into());
    if let Some((id, _)) = begins {
        call.text("id", id);
        call.text("type", shape);
    }
    let mut inner = call.object(shape);
    inner.text_if("name", name);
    inner.text(member, said);
}

//! What a Chat client is told of an answer, event by event. (facts: translation, section 9.1)

use routectl_core::{Delta, Event, Loss, Opaque, Opening, Seal, StopReason};

use super::{CallKind, Ending, Part, Pen, Sheet};
use crate::formats::counted::Counted;
use crate::formats::unsaid::Unsaid;
use crate::json;
use crate::{ReasoningFields, Reply};

/// Most annotations of one answer. They are kept to its end.
const MOST_ANNOTATIONS: usize = 4_096;

/// What a refusal says that says nothing.
const DECLINED: &str = "The model declined to answer.";

/// Turns events into parts of a Chat answer.
pub(super) struct Teller {
    shows_reasoning: bool,
    /// Thinking is not told at all.
    untold: bool,
    /// In which members thinking is told.
    fields: ReasoningFields,
    old_functions: bool,
    /// When the request came: an id where the upstream gave none.
    created: u64,
    begun: bool,
    finished: bool,
    /// The blocks of the answer, by their index.
    blocks: Vec<Block>,
    calls: u32,
    details: u32,
    /// Characters of content so far: citations point at them.
    characters: u64,
    annotations: Vec<String>,
    /// How many citations there were.
    cited: usize,
    refused: bool,
    counted: Counted,
    stop: Option<StopReason>,
    unsaid: Unsaid,
}

/// A block, by what is left to say of it.
enum Block {
    Text {
        from: u64,
        citations: Vec<Citation>,
    },
    Refusal,
    Thinking(Thinking),
    Call {
        position: u32,
        kind: CallKind,
        said: bool,
    },
    /// Nothing, or nothing more.
    Silent,
}

/// A thinking block.
#[derive(Default)]
struct Thinking {
    detail: Option<u32>,
    /// Whether the client was to see words of it and did not.
    hidden: bool,
    seal: Option<Seal>,
}

/// Where a text comes from on the web.
struct Citation {
    url: String,
    title: String,
}

impl Teller {
    pub(super) fn new(reply: &Reply) -> Self {
        Self {
            shows_reasoning: reply.shows_reasoning,
            untold: reply.untold,
            fields: reply.reasoning_fields,
            old_functions: reply.wishes.old_functions,
            created: reply.created,
            begun: false,
            finished: false,
            blocks: Vec::new(),
            calls: 0,
            details: 0,
            characters: 0,
            annotations: Vec::new(),
            cited: 0,
            refused: false,
            counted: Counted::new(reply),
            stop: None,
            unsaid: Unsaid::default(),
        }
    }

    pub(super) fn losses(&self) -> &[Loss] {
        self.unsaid.losses()
    }

    pub(super) fn event(&mut self, event: &Event, sheet: &mut Sheet<'_, impl Pen>) {
        self.counted.hear(event);
        match event {
            Event::Start(head) => self.begin(head.id.as_deref(), sheet),
            Event::Open { block, .. } => {
                self.begin(None, sheet);
                let block = self.open(block, sheet);
                self.blocks.push(block);
            }
            Event::Delta { index, delta } => self.grow(*index, delta, sheet),
            Event::Close { index } => self.close(*index as usize, sheet),
            Event::Stop(reason) => self.stop = Some(reason.clone()),
            Event::Opaque(opaque) => self.unsaid.no_place(&opaque.name),
            Event::Usage(_) | Event::End | Event::Failed(_) | Event::Alive => {}
        }
    }

    /// Says what is left to say. What comes after it is not said.
    pub(super) fn finish(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.begin(None, sheet);
        for index in 0..self.blocks.len() {
            self.close(index, sheet);
        }
        if !self.annotations.is_empty() {
            sheet.part(&Part::Annotations(&self.annotations));
        }
        let stop = self.stop.take();
        if let Some(StopReason::Refusal(declined)) = &stop
            && !self.refused
        {
            let words = declined.explanation.as_deref().unwrap_or(DECLINED);
            sheet.part(&Part::Refusal(words));
        }
        let (finish, more) = self.ending(stop.as_ref());
        sheet.end(&Ending { finish, more, usage: self.counted.whole() });
    }

    /// (facts: translation, section 8.2)
    fn ending<'a>(
        &self,
        stop: Option<&'a StopReason>,
    ) -> (&'static str, Option<(&'static str, &'a str)>) {
        let calls = if self.old_functions { "function_call" } else { "tool_calls" };
        let native = |word| Some(("native_finish_reason", word));
        match stop {
            Some(StopReason::EndTurn) => ("stop", None),
            Some(StopReason::StopSequence(which)) => {
                ("stop", which.as_deref().map(|which| ("stop_reason", which)))
            }
            Some(StopReason::ToolUse) => (calls, None),
            Some(StopReason::MaxTokens) => ("length", None),
            Some(StopReason::ContextWindow) => ("length", native("model_context_window_exceeded")),
            Some(StopReason::Refusal(_) | StopReason::ContentFilter) => ("content_filter", None),
            Some(StopReason::Pause) => ("stop", native("pause_turn")),
            Some(StopReason::Other(word)) => ("stop", native(word)),
            None if self.calls > 0 => (calls, None),
            None => ("stop", None),
        }
    }

    fn begin(&mut self, id: Option<&str>, sheet: &mut Sheet<'_, impl Pen>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        match id {
            Some(id) if id.starts_with("chatcmpl-") => sheet.begin(id),
            Some(id) => sheet.begin(&format!("chatcmpl-{id}")),
            None => sheet.begin(&format!("chatcmpl-{}", self.created)),
        }
    }

    fn open(&mut self, block: &Opening, sheet: &mut Sheet<'_, impl Pen>) -> Block {
        match block {
            Opening::Text => Block::Text { from: self.characters, citations: Vec::new() },
            Opening::Refusal => Block::Refusal,
            Opening::Reasoning | Opening::Sealed { .. } if self.untold => Block::Silent,
            Opening::Reasoning => Block::Thinking(Thinking::default()),
            Opening::Sealed { seal, id } => {
                let detail = self.next_detail();
                self.seal(detail, (seal, id.as_deref()), sheet);
                Block::Silent
            }
            Opening::ToolCall { id, name } => {
                let function = CallKind::Function;
                let kind = if self.old_functions { CallKind::Old } else { function };
                self.call(id, name, kind, sheet)
            }
            Opening::TextCall { id, name } => self.call(id, name, CallKind::Custom, sheet),
            Opening::Opaque(opaque) => {
                self.unsaid.no_place(&opaque.name);
                Block::Silent
            }
        }
    }

    fn call(
        &mut self,
        id: &str,
        name: &str,
        kind: CallKind,
        sheet: &mut Sheet<'_, impl Pen>,
    ) -> Block {
        if self.old_functions && self.calls > 0 {
            let reason = "the deprecated functions know one call per answer";
            self.unsaid.note(Loss::dropped("answer.tool_use", reason));
            return Block::Silent;
        }
        let position = self.calls;
        self.calls += 1;
        sheet.part(&Part::Call { position, id, name, kind });
        Block::Call { position, kind, said: false }
    }

    fn grow(&mut self, index: u32, delta: &Delta, sheet: &mut Sheet<'_, impl Pen>) {
        let Some(block) = self.blocks.get_mut(index as usize) else { return };
        match (block, delta) {
            (Block::Text { .. }, Delta::Text(text)) => {
                self.characters += text.chars().count() as u64;
                sheet.part(&Part::Content(text));
            }
            (Block::Text { citations, .. }, Delta::Opaque(opaque)) => match citation(opaque) {
                Some(citation) if self.cited < MOST_ANNOTATIONS => {
                    self.cited += 1;
                    citations.push(citation);
                }
                Some(_) => self.unsaid.no_place("annotations beyond the first 4096"),
                None => self.unsaid.no_place(&opaque.name),
            },
            (Block::Refusal, Delta::Text(text)) => {
                self.refused = true;
                sheet.part(&Part::Refusal(text));
            }
            (Block::Thinking(thinking), Delta::Text(text)) => {
                match self.shows_reasoning && self.fields.has_any() {
                    true => {
                        let detail = *thinking.detail.get_or_insert_with(|| {
                            self.details += 1;
                            self.details - 1
                        });
                        sheet.part(&Part::Thought { detail, text });
                    }
                    false => {
                        thinking.hidden = true;
                        if self.shows_reasoning {
                            self.unsaid.note(narrowed("answer.reasoning"));
                        }
                    }
                }
            }
            (Block::Thinking(thinking), Delta::Seal(seal)) => thinking.seal = Some(seal.clone()),
            (Block::Call { position, kind, said }, Delta::Arguments(text)) if !text.is_empty() => {
                *said = true;
                sheet.part(&Part::Arguments { position: *position, text, kind: *kind });
            }
            (_, Delta::Opaque(opaque)) => {
                self.unsaid.no_place(&opaque.name);
            }
            (_, Delta::Text(_) | Delta::Arguments(_) | Delta::Seal(_)) => {}
        }
    }

    fn close(&mut self, index: usize, sheet: &mut Sheet<'_, impl Pen>) {
        let Some(block) = self.blocks.get_mut(index) else { return };
        match std::mem::replace(block, Block::Silent) {
            Block::Text { from, citations } => {
                let to = self.characters;
                self.annotations.extend(citations.iter().map(|it| it.annotation(from, to)));
            }
            Block::Thinking(Thinking { seal: Some(seal), detail, hidden: false }) => {
                let detail = detail.unwrap_or_else(|| self.next_detail());
                self.seal(detail, (&seal, None), sheet);
            }
            // A call without arguments has an empty object of them. (facts: translation, case 8)
            Block::Call { position, kind, said: false } if kind != CallKind::Custom => {
                sheet.part(&Part::Arguments { position, text: "{}", kind });
            }
            // A seal whose words the client does not want to see would be of no use without them.
            Block::Thinking(_) | Block::Call { .. } | Block::Refusal | Block::Silent => {}
        }
    }

    fn seal(
        &mut self,
        detail: u32,
        (seal, id): (&Seal, Option<&str>),
        sheet: &mut Sheet<'_, impl Pen>,
    ) {
        match self.fields.reasoning_details {
            true => sheet.part(&Part::Seal { detail, seal, id }),
            false => self.unsaid.note(narrowed("answer.reasoning_details")),
        }
    }

    fn next_detail(&mut self) -> u32 {
        self.details += 1;
        self.details - 1
    }
}

/// Thinking that the operator keeps from clients.
fn narrowed(path: &str) -> Loss {
    Loss::dropped(path, ReasoningFields::NARROWED)
}

/// A citation that Chat has a shape for: one of a web page. (facts: translation, section 3)
fn citation(opaque: &Opaque) -> Option<Citation> {
    if opaque.name != "citations_delta" {
        return None;
    }
    let delta = json::parse(&opaque.json).ok()?;
    let citation = delta.member("citation")?;
    let url = citation.member("url")?.text()?.into_owned();
    let title = citation.member("title").and_then(json::Node::text).unwrap_or_default();
    Some(Citation { url, title: title.into_owned() })
}

impl Citation {
    fn annotation(&self, from: u64, to: u64) -> String {
        let mut out = Vec::new();
        {
            let mut object = json::Object::new(&mut out);
            object.text("type", "url_citation");
            let mut cited = object.object("url_citation");
            cited.count("start_index", from);
            cited.count("end_index", to);
            cited.text("title", &self.title);
            cited.text("url", &self.url);
        }
        String::from_utf8(out).unwrap_or_default()
    }
}

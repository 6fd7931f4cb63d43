//! A block of an answer on its way to the wire, which takes one block at a time.

use routectl_core::{Delta, Loss, Opening, Seal};
use sha2::{Digest as _, Sha256};

use super::{Growth, Pen, Seed, Sheet};
use crate::json::{self, Progress};
use crate::{Reply, provenance};

/// The member that holds what is no JSON object but was called one: the vendor's own suggestion.
/// (facts: translation, section 8.1)
pub(super) const INVALID: &str = "INVALID_JSON";

/// Why a thought's words and seal are not told.
const UNSEEN: &str = "the client does not want to see what the model thought";

/// A block, and what of it is still to be written.
pub(super) struct Block {
    kind: Kind,
    /// What came while another block was being written.
    held: String,
    /// Whether its beginning is written. Blocks of text begin with their first word, so that no
    /// empty one is there.
    begun: bool,
    /// Whether the upstream ended it.
    pub(super) ended: bool,
}

/// What of thinking the client does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    Nothing,
    Words,
    /// Its seals neither.
    All,
}

impl Hidden {
    pub(super) fn of(reply: &Reply) -> Self {
        match reply.shows_reasoning {
            _ if reply.untold => Self::All,
            true => Self::Nothing,
            false => Self::Words,
        }
    }
}

enum Kind {
    Text {
        /// These are the words of a refusal.
        refuses: bool,
    },
    Thinking {
        hidden: bool,
        /// Whether there were words that the client does not want to see.
        unseen: bool,
        seal: Option<Seal>,
        digest: Sha256,
    },
    /// Sealed thinking, ready for the wire.
    Redacted {
        data: String,
    },
    Call {
        id: String,
        name: String,
        input: Input,
    },
    /// Nothing that this format has a word for.
    Nothing,
}

/// The arguments of a call.
enum Input {
    /// Not one character so far.
    Empty,
    /// An object.
    Object(Progress),
    /// No object: told when it is complete.
    Odd(String),
    /// Text, for a tool that takes text.
    Text,
}

impl Block {
    pub(super) fn new(opening: &Opening, hidden: Hidden) -> Self {
        let call = |id: &String, name: &String, input| {
            let (id, name) = (id.clone(), name.clone());
            Kind::Call { id, name, input }
        };
        let kind = match opening {
            Opening::Text => Kind::Text { refuses: false },
            Opening::Refusal => Kind::Text { refuses: true },
            Opening::Reasoning | Opening::Sealed { .. } if hidden == Hidden::All => Kind::Nothing,
            Opening::Reasoning => {
                let hidden = hidden == Hidden::Words;
                Kind::Thinking { hidden, unseen: false, seal: None, digest: Sha256::new() }
            }
            Opening::Sealed { seal, id } => {
                Kind::Redacted { data: provenance::enveloped(seal, id.as_deref()).into_owned() }
            }
            Opening::ToolCall { id, name } => call(id, name, Input::Empty),
            Opening::TextCall { id, name } => call(id, name, Input::Text),
            Opening::Opaque(_) => Kind::Nothing,
        };
        Self { kind, held: String::new(), begun: false, ended: false }
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Call { .. })
    }

    pub(super) fn refuses(&self) -> bool {
        matches!(self.kind, Kind::Text { refuses: true })
    }

    /// Whether another block may follow though the upstream has not ended this one: hosts end
    /// calls with the answer, and JSON tells its own end.
    pub(super) fn gives_way(&self) -> bool {
        match &self.kind {
            Kind::Call { input: Input::Object(progress), .. } => progress.is_complete(),
            Kind::Call { .. } | Kind::Text { .. } | Kind::Thinking { .. } => false,
            Kind::Redacted { .. } | Kind::Nothing => true,
        }
    }

    /// How many bytes of it are not written yet.
    pub(super) fn held(&self) -> usize {
        let kept = match &self.kind {
            Kind::Call { input: Input::Odd(held), .. } => held.len(),
            Kind::Thinking { seal: Some(seal), .. } => seal.blob.len(),
            Kind::Redacted { data } if !self.begun => data.len(),
            Kind::Call { .. }
            | Kind::Text { .. }
            | Kind::Thinking { .. }
            | Kind::Redacted { .. }
            | Kind::Nothing => 0,
        };
        size_of::<Self>() + self.held.len() + kept
    }

    /// Takes growth while another block is being written.
    pub(super) fn hold(&mut self, delta: &Delta) {
        match delta {
            Delta::Text(text) | Delta::Arguments(text) => self.held.push_str(text),
            Delta::Seal(seal) => self.sealed(seal),
            Delta::Opaque(_) => {}
        }
    }

    /// It is this block's turn: writes its beginning and what was held.
    pub(super) fn start(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        match &self.kind {
            Kind::Redacted { .. } | Kind::Call { .. } => self.begin(sheet),
            Kind::Text { .. } | Kind::Thinking { .. } | Kind::Nothing => {}
        }
        let held = std::mem::take(&mut self.held);
        self.write(&held, sheet);
    }

    /// Takes growth while this block is being written.
    pub(super) fn grow(&mut self, delta: &Delta, sheet: &mut Sheet<'_, impl Pen>) {
        match delta {
            Delta::Text(text) | Delta::Arguments(text) => self.write(text, sheet),
            Delta::Seal(seal) => self.sealed(seal),
            Delta::Opaque(_) => {}
        }
    }

    /// Writes what is left, and the end. What of the block the client did not get.
    pub(super) fn finish(mut self, sheet: &mut Sheet<'_, impl Pen>) -> Option<Loss> {
        let mut loss = None;
        match std::mem::replace(&mut self.kind, Kind::Nothing) {
            Kind::Thinking { unseen, seal, digest, .. } => {
                // A seal is of no use without its words, but the thought keeps its place.
                let seal = seal.filter(|_| !unseen);
                if (unseen || seal.is_some()) && !self.begun {
                    sheet.open(&Seed::Thinking);
                    self.begun = true;
                }
                if self.begun {
                    let signature = provenance::signature(seal.as_ref(), digest);
                    sheet.grow(&Growth::Signature(&signature));
                }
                loss = unseen.then(|| Loss::dropped("answer.thinking", UNSEEN));
            }
            Kind::Call { input, .. } => {
                let odd = || Loss::degraded("answer.tool_use", "the arguments are no JSON object");
                loss = (!input.finish(sheet)).then(odd);
            }
            Kind::Text { .. } | Kind::Redacted { .. } | Kind::Nothing => {}
        }
        if self.begun {
            sheet.close();
        }
        loss
    }

    fn sealed(&mut self, seal: &Seal) {
        if let Kind::Thinking { seal: slot, .. } = &mut self.kind {
            *slot = Some(seal.clone());
        }
    }

    fn begin(&mut self, sheet: &mut Sheet<'_, impl Pen>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        match &self.kind {
            Kind::Text { .. } => sheet.open(&Seed::Text),
            Kind::Thinking { .. } => sheet.open(&Seed::Thinking),
            Kind::Redacted { data } => sheet.open(&Seed::Redacted { data }),
            Kind::Call { id, name, input } => {
                sheet.open(&Seed::ToolUse { id, name });
                if matches!(input, Input::Text) {
                    sheet.grow(&Growth::Input(r#"{"input":""#));
                }
            }
            Kind::Nothing => {}
        }
    }

    fn write(&mut self, text: &str, sheet: &mut Sheet<'_, impl Pen>) {
        if text.is_empty() {
            return;
        }
        match &mut self.kind {
            Kind::Text { .. } => {
                self.begin(sheet);
                sheet.grow(&Growth::Text(text));
            }
            Kind::Thinking { hidden: true, unseen, digest, .. } => {
                digest.update(text);
                *unseen = true;
            }
            Kind::Thinking { digest, .. } => {
                digest.update(text);
                self.begin(sheet);
                sheet.grow(&Growth::Thinking(text));
            }
            Kind::Call { input, .. } => input.write(text, sheet),
            Kind::Redacted { .. } | Kind::Nothing => {}
        }
    }
}

impl Input {
    fn write(&mut self, text: &str, sheet: &mut Sheet<'_, impl Pen>) {
        match self {
            Self::Empty => {
                let text = text.trim_start();
                let Some(first) = text.chars().next() else { return };
                *self = match first {
                    '{' => Self::Object(Progress::default()),
                    _ => Self::Odd(String::new()),
                };
                self.write(text, sheet);
            }
            Self::Object(progress) => {
                progress.take(text);
                sheet.grow(&Growth::Input(text));
            }
            Self::Odd(held) => held.push_str(text),
            Self::Text => {
                let mut quoted = Vec::new();
                json::quoted(text, &mut quoted);
                let quoted = String::from_utf8(quoted).unwrap_or_default();
                let inside = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
                sheet.grow(&Growth::Input(inside.unwrap_or_default()));
            }
        }
    }

    /// Writes what is left. Whether it is an object, or was meant as none.
    fn finish(self, sheet: &mut Sheet<'_, impl Pen>) -> bool {
        match self {
            Self::Empty => sheet.grow(&Growth::Input("{}")),
            Self::Odd(held) if held.trim_end() == "null" => sheet.grow(&Growth::Input("{}")),
            Self::Odd(held) => {
                let mut wrapped = Vec::new();
                json::Object::new(&mut wrapped).text(INVALID, &held);
                let wrapped = String::from_utf8(wrapped).unwrap_or_default();
                sheet.grow(&Growth::Input(&wrapped));
                return false;
            }
            Self::Object(progress) => return progress.is_complete(),
            Self::Text => sheet.grow(&Growth::Input(r#""}"#)),
        }
        true
    }
}

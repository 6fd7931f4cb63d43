//! How a vendor spells its thinking, whole and streamed.

use serde_json::{Map, Value, json};

use super::{Place, Told, Vendor};
use crate::answer::mint::{Sealed, seal};

/// Bytes of a text in which tags may be cut anywhere.
const PIECE: usize = 11;

impl Vendor {
    /// The deltas that tell a thought, before everything else.
    pub(in crate::chat) fn thought(&self, thought: &str, call: Option<&str>) -> Vec<Value> {
        let words = || thought.split_inclusive('–');
        let detail = |detail: Value| json!({ "reasoning_details": [detail] });
        let mut deltas: Vec<Value> = match self.told {
            Told::Nowhere => Vec::new(),
            Told::Member(name) => words().map(|word| json!({ name: word })).collect(),
            Told::Part => words().map(|word| json!({ "content": [part(word)] })).collect(),
            Told::Tags(open, close) => {
                let text = format!("{open}{thought}{close}");
                pieces(&text).map(|piece| json!({ "content": piece })).collect()
            }
            Told::Details => words().map(|word| detail(self.text(word, call))).collect(),
            Told::Again => {
                let ends = words().scan(0, |end, word| {
                    *end += word.len();
                    thought.get(..*end)
                });
                ends.map(|so_far| detail(self.text(so_far, call))).collect()
            }
            Told::Summary => words().map(|word| detail(self.summary(word, call))).collect(),
        };
        deltas.extend(self.sealing(thought, call).map(detail));
        deltas
    }

    /// The same in the message of a whole answer.
    pub(in crate::chat) fn whole_thought(
        &self,
        thought: &str,
        call: Option<&str>,
        message: &mut Map<String, Value>,
    ) {
        let said = message.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut details = Vec::new();
        match self.told {
            Told::Nowhere => {}
            Told::Member(name) => drop(message.insert(name.to_owned(), thought.into())),
            Told::Tags(open, close) => {
                message
                    .insert("content".to_owned(), format!("{open}{thought}{close}{said}").into());
            }
            Told::Part => {
                let mut parts = vec![part(thought)];
                parts.extend((!said.is_empty()).then(|| json!({"type": "text", "text": said})));
                message.insert("content".to_owned(), parts.into());
            }
            Told::Details | Told::Again => details.push(self.text(thought, call)),
            Told::Summary => details.push(self.summary(thought, call)),
        }
        for seal in self.sealing(thought, call) {
            match (self.sealed, details.last_mut().and_then(Value::as_object_mut)) {
                // What signs a text stands in its piece.
                (Place::Signature, Some(text)) => {
                    text.extend(seal.as_object().cloned().unwrap_or_default());
                    text.insert("text".to_owned(), thought.into());
                }
                _ => details.push(seal),
            }
        }
        if !details.is_empty() {
            message.insert("reasoning_details".to_owned(), details.into());
        }
        if self.sealed == Place::Beside {
            message.insert("reasoning_opaque".to_owned(), self.blob(call).into());
        }
    }

    /// What stands beside the first call: in it, and in its delta.
    pub(in crate::chat) fn beside_call(&self, call: &str) -> [Option<(&'static str, Value)>; 2] {
        match self.sealed {
            Place::OnCall => {
                let signature = json!({"google": {"thought_signature": self.blob(Some(call))}});
                [Some(("extra_content", signature)), None]
            }
            Place::Beside => [None, Some(("reasoning_opaque", self.blob(Some(call)).into()))],
            Place::Nowhere | Place::Signature | Place::Encrypted => [None, None],
        }
    }

    fn text(&self, text: &str, call: Option<&str>) -> Value {
        self.named(json!({"type": "reasoning.text", "text": text}), call)
    }

    fn summary(&self, text: &str, call: Option<&str>) -> Value {
        self.named(json!({"type": "reasoning.summary", "summary": text}), call)
    }

    /// The pieces that seal a thought.
    fn sealing(&self, thought: &str, call: Option<&str>) -> impl Iterator<Item = Value> {
        let piece = match self.sealed {
            Place::Signature => {
                let signature = seal(self.family, Sealed::Thinking(thought));
                Some(json!({"type": "reasoning.text", "signature": signature}))
            }
            Place::Encrypted => {
                Some(json!({"type": "reasoning.encrypted", "data": self.blob(call)}))
            }
            Place::Nowhere | Place::OnCall | Place::Beside => None,
        };
        piece.map(|piece| self.named(piece, call)).into_iter()
    }

    /// A piece with what all of them say.
    fn named(&self, mut piece: Value, call: Option<&str>) -> Value {
        if let Some(members) = piece.as_object_mut() {
            if self.sealed == Place::Encrypted {
                members.insert("id".to_owned(), call.into());
            }
            if !self.family.is_empty() {
                members.insert("format".to_owned(), self.family.into());
            }
            members.insert("index".to_owned(), 0.into());
        }
        piece
    }
}

fn part(text: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]})
}

/// A text in pieces of a few bytes each.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let cut = (PIECE..=rest.len()).find(|at| rest.is_char_boundary(*at));
        let (piece, after) = rest.split_at(cut.unwrap_or(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

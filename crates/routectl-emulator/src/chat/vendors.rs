//! Hosts of vendors that think in ways of their own: how each tells its thinking, and what it
//! refuses when that does not come back, or comes back as another vendor's. A model is one of
//! theirs by how its name begins: `thinks-kimi…`. (facts: reasoning, sections 2 and 7)

use serde_json::{Map, Value, json};

use super::check::present;
use crate::answer::mint::{Sealed, is_ours, seal};
use crate::refusal::Refusal;

/// One vendor's way.
#[derive(Debug)]
pub(crate) struct Vendor {
    name: &'static str,
    told: Told,
    wants: Wants,
    /// The format tag of what it seals.
    family: &'static str,
}

/// Where a vendor tells its thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nowhere,
    /// As text in this member.
    Member(&'static str),
    /// A part of the content.
    Part,
    /// In `reasoning_details`: signed text, sealed data, or mere text.
    Signed,
    Encrypted,
    Pieces,
    /// As the signature of the first call.
    OnCall,
    /// As text, and a seal that comes with the first call.
    Opaque,
}

/// What has to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    /// No member that speaks of thinking may.
    Silence,
    /// The text of every message, if only an empty one, once there are tools.
    Every,
    /// The text of messages that call tools, and not an empty one.
    OfCalls,
    /// The seal of messages that call tools, or the word that stands for it.
    Seal,
    /// The text beside the seal of the latest message that calls tools, if it has that.
    Both,
}

const fn vendor(name: &'static str, told: Told, wants: Wants, family: &'static str) -> Vendor {
    Vendor { name, told, wants, family }
}

const VENDORS: &[Vendor] = &[
    vendor("thinks-openai", Told::Nowhere, Wants::Silence, ""),
    vendor("thinks-deepseek", Told::Member("reasoning_content"), Wants::Every, ""),
    vendor("thinks-kimi", Told::Member("reasoning_content"), Wants::OfCalls, ""),
    vendor("thinks-vllm", Told::Member("reasoning"), Wants::Nothing, ""),
    vendor("thinks-mistral", Told::Part, Wants::Nothing, ""),
    vendor("thinks-minimax", Told::Pieces, Wants::Nothing, "minimax-v1"),
    vendor("thinks-gemini", Told::OnCall, Wants::Seal, "google-gemini-v1"),
    vendor("thinks-google", Told::Encrypted, Wants::Seal, "google-gemini-v1"),
    vendor("thinks-anthropic", Told::Signed, Wants::Nothing, "anthropic-claude-v1"),
    vendor("thinks-copilot", Told::Opaque, Wants::Both, "github-copilot-v1"),
];

/// Stands for a signature that is lost.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// How every seal of the emulator begins, whoever is to have minted it.
pub(crate) const MINTED: &str = "EqgBC";

/// How the envelopes of a router begin that must never come here.
pub(crate) const ENVELOPE: &str = "rctl1.";

/// The vendor of a model.
pub(crate) fn of(model: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| model.starts_with(vendor.name))
}

impl Vendor {
    /// What its model seals in an answer that begins with this call.
    fn blob(&self, call: Option<&str>) -> String {
        seal(&format!("{}/{}", self.family, call.unwrap_or("no call")), Sealed::Redacted)
    }

    /// The deltas that tell a thought, before everything else.
    pub(super) fn thought(&self, thought: &str, call: Option<&str>) -> Vec<Value> {
        let words = || thought.split_inclusive(' ');
        let detail = |detail: Value| json!({ "reasoning_details": [detail] });
        match self.told {
            Told::Nowhere | Told::OnCall => Vec::new(),
            Told::Member(name) => words().map(|word| json!({ name: word })).collect(),
            Told::Opaque => words().map(|word| json!({ "reasoning_text": word })).collect(),
            Told::Part => {
                let part = |word| json!({"type": "thinking", "thinking": [{"type": "text", "text": word}]});
                words().map(|word| json!({ "content": [part(word)] })).collect()
            }
            Told::Encrypted => {
                vec![detail(json!({"type": "reasoning.encrypted", "data": self.blob(call),
                    "id": call, "format": self.family, "index": 0}))]
            }
            Told::Signed | Told::Pieces => {
                let text = |word| json!({"type": "reasoning.text", "text": word, "format": self.family, "index": 0});
                let mut deltas: Vec<Value> = words().map(|word| detail(text(word))).collect();
                if self.told == Told::Signed {
                    deltas.push(detail(json!({"type": "reasoning.text", "format": self.family,
                        "signature": seal(self.family, Sealed::Thinking(thought)), "index": 0})));
                }
                deltas
            }
        }
    }

    /// The same in the message of a whole answer.
    pub(super) fn whole_thought(
        &self,
        thought: &str,
        call: Option<&str>,
        message: &mut Map<String, Value>,
    ) {
        match self.told {
            Told::Nowhere | Told::OnCall => {}
            Told::Member(name) => drop(message.insert(name.to_owned(), thought.into())),
            Told::Opaque => {
                message.insert("reasoning_text".to_owned(), thought.into());
                message.insert("reasoning_opaque".to_owned(), self.blob(call).into());
            }
            Told::Part => {
                let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
                let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": thought}]},
                    {"type": "text", "text": text}]);
                message.insert("content".to_owned(), parts);
            }
            Told::Encrypted => {
                let data = self.blob(call);
                let detail = json!({"type": "reasoning.encrypted", "data": data, "id": call,
                    "format": self.family, "index": 0});
                message.insert("reasoning_details".to_owned(), json!([detail]));
            }
            Told::Signed => {
                let detail = json!({"type": "reasoning.text", "text": thought, "index": 0,
                    "signature": seal(self.family, Sealed::Thinking(thought)), "format": self.family});
                message.insert("reasoning_details".to_owned(), json!([detail]));
            }
            Told::Pieces => {
                let detail = json!({"type": "reasoning.text", "text": thought,
                    "format": self.family, "index": 0});
                message.insert("reasoning_details".to_owned(), json!([detail]));
            }
        }
    }

    /// What stands beside the first call: in it, and in its delta.
    pub(super) fn beside_call(&self, call: &str) -> [Option<(&'static str, Value)>; 2] {
        match self.told {
            Told::OnCall => {
                let signature = json!({"google": {"thought_signature": self.blob(Some(call))}});
                [Some(("extra_content", signature)), None]
            }
            Told::Opaque => [None, Some(("reasoning_opaque", self.blob(Some(call)).into()))],
            Told::Nowhere
            | Told::Member(_)
            | Told::Part
            | Told::Signed
            | Told::Encrypted
            | Told::Pieces => [None, None],
        }
    }

    /// Refuses a history that the vendor refuses.
    pub(crate) fn check(&self, body: &Map<String, Value>) -> Result<(), Refusal> {
        let messages = present(body, "messages").and_then(Value::as_array);
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        let has_tools = present(body, "tools").is_some();
        let calls = |message: &&Value| first_call(message).is_some();
        let latest = messages.iter().rfind(calls);
        for (index, message) in messages.iter().enumerate() {
            if message.get("role").and_then(Value::as_str) != Some("assistant") {
                continue;
            }
            self.foreign(message, index)?;
            let is_latest = latest.is_some_and(|latest| std::ptr::eq(latest, message));
            self.missing(message, index, (has_tools, is_latest))?;
        }
        Ok(())
    }

    /// Refuses seals that are not its own, wherever they stand.
    fn foreign(&self, message: &Value, index: usize) -> Result<(), Refusal> {
        let own = self.blob(first_call(message));
        let mut texts = Vec::new();
        strings(message, &mut texts);
        let odd = texts.into_iter().find(|text| {
            text.starts_with(ENVELOPE)
                || text.starts_with(MINTED) && *text != own && !self.signed(message, text)
        });
        match odd {
            None => Ok(()),
            Some(_) => Err(Refusal::bad(format!("Invalid signature in message {index}"))),
        }
    }

    fn signed(&self, message: &Value, signature: &str) -> bool {
        let details = message.get("reasoning_details").and_then(Value::as_array);
        let text =
            |name, detail: &Value| detail.get(name).and_then(Value::as_str).map(str::to_owned);
        self.told == Told::Signed
            && details.into_iter().flatten().any(|detail| {
                let words = text("text", detail).unwrap_or_default();
                text("signature", detail).as_deref() == Some(signature)
                    && text("format", detail).as_deref() == Some(self.family)
                    && is_ours(signature, Sealed::Thinking(&words))
            })
    }

    /// Refuses a message that lacks what has to come back.
    fn missing(
        &self,
        message: &Value,
        index: usize,
        (has_tools, is_latest): (bool, bool),
    ) -> Result<(), Refusal> {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        let call = first_call(message);
        let refused = match self.wants {
            Wants::Nothing => None,
            Wants::Silence => ["reasoning", "reasoning_content", "reasoning_details"]
                .into_iter()
                .find(|name| message.get(*name).is_some())
                .map(|name| format!("Unknown parameter: 'messages[{index}].{name}'.")),
            Wants::Every => (has_tools && text("reasoning_content").is_none()).then(|| {
                "The `reasoning_content` in the thinking mode must be passed back to the API."
                    .to_owned()
            }),
            Wants::OfCalls => {
                let blank = text("reasoning_content").is_none_or(str::is_empty);
                (call.is_some() && blank).then(|| {
                    format!(
                        "thinking is enabled but reasoning_content is missing in assistant tool \
                         call message at index {index}"
                    )
                })
            }
            Wants::Seal => call.filter(|call| !self.has_seal(message, call)).map(|_| {
                "Function call is missing a thought_signature in functionCall parts.".to_owned()
            }),
            Wants::Both => {
                let alone = text("reasoning_opaque").is_some() && text("reasoning_text").is_none();
                (is_latest && alone).then(|| {
                    "reasoning_text and reasoning_opaque must be passed back together".to_owned()
                })
            }
        };
        refused.map_or(Ok(()), |text| Err(Refusal::bad(text)))
    }

    fn has_seal(&self, message: &Value, call: &str) -> bool {
        let own = self.blob(Some(call));
        let fits = |text: Option<&str>| text.is_some_and(|text| text == own || text == UNSIGNED);
        if self.told == Told::OnCall {
            let at = "/tool_calls/0/extra_content/google/thought_signature";
            return fits(message.pointer(at).and_then(Value::as_str));
        }
        let details = message.get("reasoning_details").and_then(Value::as_array);
        details.into_iter().flatten().any(|detail| {
            let member = |name: &str| detail.get(name).and_then(Value::as_str);
            fits(member("data"))
                && member("id") == Some(call)
                && member("format") == Some(self.family)
        })
    }
}

/// The id of the first call of a message.
fn first_call(message: &Value) -> Option<&str> {
    message.pointer("/tool_calls/0/id").and_then(Value::as_str)
}

/// All strings in a value.
pub(crate) fn strings<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(members) => members.values().for_each(|member| strings(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

//! What a vendor refuses: seals of others, thinking it did not ask for, and the lack of what it
//! did.

use serde_json::{Map, Value};

use super::{ENVELOPE, MINTED, Place, Takes, Told, UNSIGNED, Vendor, Wants, first_call, strings};
use crate::answer::THOUGHT;
use crate::answer::mint::{Sealed, is_ours};
use crate::chat::check::{is_known, present};
use crate::refusal::Refusal;

/// The members of a message that speak of thinking.
const SIGNS: [&str; 6] = [
    "reasoning",
    "reasoning_content",
    "reasoning_text",
    "reasoning_details",
    "reasoning_opaque",
    "thinking_blocks",
];

/// How many bytes of a text tell whose it is.
const BEGINNING: usize = 20;

/// A message of the assistant.
struct Message<'a> {
    said: &'a Value,
    index: usize,
    call: Option<&'a str>,
    /// Its conversation has tools.
    has_tools: bool,
    /// It is the last one that calls tools.
    is_latest: bool,
    /// The user has not spoken since.
    is_in_loop: bool,
}

impl Message<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.said.get(name).and_then(Value::as_str)
    }

    fn details(&self) -> impl Iterator<Item = &Value> {
        self.said.get("reasoning_details").and_then(Value::as_array).into_iter().flatten()
    }
}

impl Vendor {
    /// Refuses what the vendor refuses.
    pub(crate) fn check(&self, body: &Map<String, Value>) -> Result<(), Refusal> {
        self.members(body)?;
        let messages = present(body, "messages").and_then(Value::as_array);
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        let has_tools = present(body, "tools").is_some();
        let role = |message: &Value| message.get("role").and_then(Value::as_str).map(str::to_owned);
        let latest = messages.iter().rposition(|message| first_call(message).is_some());
        let user = messages.iter().rposition(|message| role(message).as_deref() == Some("user"));
        for (index, said) in messages.iter().enumerate() {
            if role(said).as_deref() != Some("assistant") {
                continue;
            }
            let (is_latest, is_in_loop) = (latest == Some(index), Some(index) > user);
            let call = first_call(said);
            let message = Message { said, index, call, has_tools, is_latest, is_in_loop };
            self.foreign(&message)?;
            self.odd(&message)?;
            self.missing(&message)?;
        }
        Ok(())
    }

    /// Refuses members of the body that the host does not take.
    fn members(&self, body: &Map<String, Value>) -> Result<(), Refusal> {
        let unknown = |name: &&String| {
            let takes = |known: &[&str]| is_known(name) || known.contains(&name.as_str());
            self.body.knows.is_some_and(|known| !takes(known))
        };
        if let Some(name) = body.keys().find(unknown) {
            let text = format!("property '{name}' is unsupported");
            return Err(Refusal::bad(text).at(name.as_str()));
        }
        if let Some(name) = self.body.refuses.iter().find(|name| present(body, name).is_some()) {
            let text = format!("Unsupported parameter: '{name}' is not supported with this model.");
            return Err(Refusal::bad(text).at(*name).code("unsupported_parameter"));
        }
        let effort = present(body, "reasoning_effort").and_then(Value::as_str);
        if let (Some(efforts), Some(effort)) = (self.body.efforts, effort)
            && !efforts.contains(&effort)
        {
            let text = format!("`reasoning_effort` must be one of {}", efforts.join(", "));
            return Err(Refusal::bad(text).at("reasoning_effort"));
        }
        if let Some((one, other)) = self.body.apart
            && present(body, one).is_some()
            && present(body, other).is_some()
        {
            return Err(Refusal::bad(format!("{one} and {other} cannot be used together")));
        }
        let Some((name, values)) = self.body.with_tools else { return Ok(()) };
        let value = present(body, name).and_then(Value::as_str);
        if present(body, "tools").is_some() && value.is_none_or(|value| !values.contains(&value)) {
            let text = format!("{name} must be one of {} with tools", values.join(", "));
            return Err(Refusal::bad(text).at(name));
        }
        Ok(())
    }

    /// Refuses seals that are not its own, wherever they stand, and envelopes of a router.
    fn foreign(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let own = self.blob(message.call);
        let mut texts = Vec::new();
        strings(message.said, &mut texts);
        let looks = self.takes != Takes::Anything;
        let odd = texts.into_iter().any(|text| {
            let is_seal = looks && text.starts_with(MINTED);
            let is_own = self.seals() && *text == *own || self.signed(message, text);
            text.starts_with(ENVELOPE) || is_seal && !is_own
        });
        match odd {
            true => Err(Refusal::bad(format!("Invalid signature in message {}", message.index))),
            false => Ok(()),
        }
    }

    /// Whether this is a signature of its own, over the text that it signed.
    fn signed(&self, message: &Message<'_>, signature: &str) -> bool {
        let text = |name: &str, detail: &Value| {
            detail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        self.sealed == Place::Signature
            && message.details().any(|detail| {
                text("signature", detail) == signature
                    && text("format", detail) == self.family
                    && is_ours(signature, Sealed::Thinking(&text("text", detail)))
            })
    }

    /// Refuses thinking where the host knows of none.
    fn odd(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let at = format!("messages[{}]", message.index);
        if let Takes::Only(known) = self.takes {
            let told = |name: &&&str| message.said.get(**name).is_some();
            if let Some(name) = SIGNS.iter().filter(|name| !known.contains(name)).find(told) {
                return Err(Refusal::bad(format!("Unknown parameter: '{at}.{name}'.")));
            }
            let calls = message.said.get("tool_calls").and_then(Value::as_array);
            if calls.into_iter().flatten().any(|call| call.get("extra_content").is_some()) {
                let text = format!("Unknown parameter: '{at}.tool_calls[0].extra_content'.");
                return Err(Refusal::bad(text));
            }
            let parts = message.said.get("content").and_then(Value::as_array);
            let thinks = |part: &Value| part.get("thinking").is_some();
            if self.told != Told::Part && parts.into_iter().flatten().any(thinks) {
                return Err(Refusal::bad(format!("Invalid value: 'thinking' in '{at}.content'.")));
            }
        }
        // Text alone is nothing to a model that wants to see its signature.
        let text = |detail: &Value| detail.get("type").is_some_and(|it| it == "reasoning.text");
        let is_unsigned = |detail: &&Value| text(detail) && detail.get("signature").is_none();
        let signs = matches!(self.sealed, Place::Signature | Place::Encrypted);
        if signs && message.details().any(|detail| is_unsigned(&detail)) {
            return Err(Refusal::bad(format!("Invalid signature in '{at}.reasoning_details'")));
        }
        Ok(())
    }

    /// Refuses a message that lacks what has to come back.
    fn missing(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let (index, text) = (message.index, message.text("reasoning_content"));
        let refused = match self.wants {
            Wants::Nothing => None,
            Wants::Every => (message.has_tools && text.is_none()).then(|| {
                "The `reasoning_content` in the thinking mode must be passed back to the API."
                    .to_owned()
            }),
            Wants::List => {
                let is_there = message.said.get("reasoning_details").is_some_and(Value::is_array);
                (message.has_tools && !is_there).then(|| {
                    "The `reasoning_details` in the thinking mode must be passed back to the API."
                        .to_owned()
                })
            }
            Wants::OfLoop => {
                let wants = message.call.is_some() && message.is_in_loop && text.is_none();
                wants.then(|| {
                    format!(
                        "Missing reasoning_content field in the assistant message at message \
                         index {index}"
                    )
                })
            }
            Wants::OfCalls => {
                let is_blank = text.is_none_or(str::is_empty);
                (message.call.is_some() && is_blank).then(|| {
                    format!(
                        "thinking is enabled but reasoning_content is missing in assistant tool \
                         call message at index {index}"
                    )
                })
            }
            Wants::Unchanged => {
                let own = THOUGHT.get(..BEGINNING).unwrap_or(THOUGHT);
                let changed = text.is_some_and(|it| it.starts_with(own) && it != THOUGHT);
                changed.then(|| format!("reasoning_content of message {index} was changed"))
            }
            Wants::Seal => message.call.filter(|call| !self.has_seal(message, call)).map(|_| {
                "Function call is missing a thought_signature in functionCall parts.".to_owned()
            }),
            Wants::Both => {
                let is_sealed = message.text("reasoning_opaque").is_some();
                let alone = is_sealed && message.text("reasoning_text").is_none();
                (message.is_latest && alone).then(|| {
                    "reasoning_text and reasoning_opaque must be passed back together".to_owned()
                })
            }
        };
        refused.map_or(Ok(()), |text| Err(Refusal::bad(text)))
    }

    fn has_seal(&self, message: &Message<'_>, call: &str) -> bool {
        let own = self.blob(Some(call));
        let fits = |text: Option<&str>| text.is_some_and(|text| text == own || text == UNSIGNED);
        if self.sealed == Place::OnCall {
            let at = "/tool_calls/0/extra_content/google/thought_signature";
            return fits(message.said.pointer(at).and_then(Value::as_str));
        }
        message.details().any(|detail| {
            let member = |name: &str| detail.get(name).and_then(Value::as_str);
            fits(member("data"))
                && member("id") == Some(call)
                && member("format") == Some(self.family)
        })
    }
}

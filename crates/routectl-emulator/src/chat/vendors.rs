//! Hosts of vendors that think in ways of their own: how each tells its thinking, and what it
//! refuses when that does not come back, or comes back as another vendor's. A host is a row of
//! [`VENDORS`], and a model is one of its by how its name begins. (facts: reasoning, sections 2, 7
//! and 11)

mod check;
mod rows;
mod told;

use serde_json::Value;

pub use rows::VENDORS;

use crate::answer::mint::{Sealed, seal};

/// One vendor's host.
#[derive(Debug)]
pub struct Vendor {
    /// How the names of its models begin; what follows is up to the test.
    pub model: &'static str,
    /// The dialect that it speaks.
    pub dialect: &'static str,
    /// The member of a message in which it hears what was thought, if it hears any text.
    pub hears: Option<&'static str>,
    /// Another row speaks for the dialect: this one has to do with a rule of its own.
    pub is_variant: bool,
    /// The format tag of what it tells, if it has one.
    family: &'static str,
    told: Told,
    sealed: Place,
    wants: Wants,
    takes: Takes,
    body: Body,
}

/// Where a vendor tells the text of its thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nowhere,
    /// In this member.
    Member(&'static str),
    /// As a part of the content.
    Part,
    /// In the content, between these.
    Tags(&'static str, &'static str),
    /// In `reasoning_details`, word by word.
    Details,
    /// The same, all of it again each time.
    Again,
    /// In `reasoning_details`, as a summary.
    Summary,
}

/// Where the seal of its thinking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    /// It signs the text, in `reasoning_details`.
    Signature,
    /// In `reasoning_details`, as a piece of its own.
    Encrypted,
    /// In the first call.
    OnCall,
    /// In `reasoning_opaque`, together with the first call.
    Beside,
}

/// What has to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    /// The text of every message, if only an empty one, once there are tools.
    Every,
    /// `reasoning_details` of every message, if only an empty list, once there are tools.
    List,
    /// The text of calls since the last word of the user's, if only an empty one.
    OfLoop,
    /// The text of messages that call tools, and not an empty one.
    OfCalls,
    /// What comes back, as it was.
    Unchanged,
    /// The seal of messages that call tools, or the word that stands for it.
    Seal,
    /// The text beside the seal of the latest message that calls tools, if it has that.
    Both,
}

/// Which members of a message that speak of thinking pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// All of them, and seals of whoever: the host does not look at what it does not know.
    Anything,
    /// All members, but no seal of another's.
    Members,
    /// These alone.
    Only(&'static [&'static str]),
}

/// What it knows of the body of a request.
#[derive(Debug, Clone, Copy)]
struct Body {
    /// The members beside the format's; without a list it lets all pass.
    knows: Option<&'static [&'static str]>,
    /// The words of `reasoning_effort`; without a list all of the format's.
    efforts: Option<&'static [&'static str]>,
    /// Members that it refuses, whatever they say.
    refuses: &'static [&'static str],
    /// Two members that exclude one another.
    apart: Option<(&'static str, &'static str)>,
    /// Members with the one value that it takes beside tools.
    with_tools: Option<(&'static str, &'static [&'static str])>,
}

/// Stands for a signature that is lost.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// How every seal of the emulator begins, whoever is to have minted it.
pub(crate) const MINTED: &str = "EqgBC";

/// How the envelopes of a router begin that must never come here.
pub(crate) const ENVELOPE: &str = "rctl1.";

/// The vendor of a model: the longest name counts.
pub(crate) fn of(model: &str) -> Option<&'static Vendor> {
    let known = VENDORS.iter().filter(|vendor| model.starts_with(vendor.model));
    known.max_by_key(|vendor| vendor.model.len())
}

impl Vendor {
    /// Whether its models seal what they think.
    pub fn seals(&self) -> bool {
        self.sealed != Place::Nowhere
    }

    /// What its model seals in an answer that begins with this call.
    fn blob(&self, call: Option<&str>) -> String {
        seal(&format!("{}/{}", self.family, call.unwrap_or("no call")), Sealed::Redacted)
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

//! A call's arguments as the object that Messages demands.

use std::borrow::Cow;

use routectl_core::ToolCall;
use serde::de::IgnoredAny;

use crate::json::{Object, compact, paired};

/// A call's arguments as an object, in the model's own spelling where they are one; and why they
/// are none. The model that sees the wrapper knows that it has to call anew. (facts: translation,
/// section 8.1)
pub(in crate::formats) fn input(call: &ToolCall) -> (Cow<'_, str>, Option<&'static str>) {
    if call.takes_text {
        return (wrapped("input", &call.arguments), None);
    }
    let arguments = call.arguments.trim();
    if matches!(arguments, "" | "null") {
        return (Cow::Borrowed("{}"), None);
    }
    // Models write what they like, and one bad escape would spoil the whole body.
    if serde_json::from_str::<IgnoredAny>(arguments).is_err() {
        return (
            wrapped("INVALID_JSON", &call.arguments),
            Some("the arguments are not valid JSON"),
        );
    }
    if !arguments.starts_with('{') {
        return (
            wrapped("INVALID_JSON", &call.arguments),
            Some("the arguments are no JSON object"),
        );
    }
    (
        match compact(arguments) {
            Cow::Borrowed(json) => paired(json),
            Cow::Owned(json) => Cow::Owned(paired(&json).into_owned()),
        },
        None,
    )
}

fn wrapped(member: &str, text: &str) -> Cow<'static, str> {
    let mut out = Vec::with_capacity(text.len() + 24);
    Object::new(&mut out).text(member, text);
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

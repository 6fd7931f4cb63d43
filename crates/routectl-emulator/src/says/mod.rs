//! Scripted answers: what real hosts have been seen to say besides plain text, word for word the
//! same to every request, so that a client of the other format can be asked what it understood.

mod chat;
mod messages;

use crate::Format;
use crate::answer::mint::{Sealed, seal};
use crate::good::Good;
use crate::script::STAND_IN;

/// A scripted answer. A request for the model of this name gets it.
#[derive(Debug, Clone, Copy)]
pub struct Saying {
    /// The model name, `says-…`.
    pub name: &'static str,
    chat: Option<&'static chat::Said>,
    messages: Option<&'static messages::Said>,
}

impl Saying {
    /// Whether this format's host has it.
    pub fn is_for(&self, format: Format) -> bool {
        match format {
            Format::Chat => self.chat.is_some(),
            Format::Messages => self.messages.is_some(),
        }
    }

    /// The answer as this format's host spells it, if it has it.
    pub(crate) fn spelled(&self, format: Format, streamed: bool, usage: bool) -> Option<Good> {
        match format {
            Format::Chat => Some(self.chat?.spelled(streamed, usage)),
            Format::Messages => Some(self.messages?.spelled(streamed)),
        }
    }
}

const fn saying(
    name: &'static str,
    chat: Option<&'static chat::Said>,
    messages: Option<&'static messages::Said>,
) -> Saying {
    Saying { name, chat, messages }
}

/// Every scripted answer.
#[rustfmt::skip]
pub const SAYINGS: &[Saying] = &[
    saying("says-nothing", Some(&chat::NOTHING), Some(&messages::NOTHING)),
    saying("says-thoughts", Some(&chat::THOUGHTS), Some(&messages::THOUGHTS)),
    saying("says-thoughts-twice", Some(&chat::THOUGHTS_TWICE), None),
    saying("says-thoughts-renamed", Some(&chat::THOUGHTS_RENAMED), None),
    saying("says-signed-thoughts", Some(&chat::SIGNED_THOUGHTS), None),
    saying("says-sealed-thoughts", Some(&chat::SEALED_THOUGHTS), Some(&messages::SEALED_THOUGHTS)),
    saying("says-hidden-thoughts", None, Some(&messages::HIDDEN_THOUGHTS)),
    saying("says-thoughts-between", None, Some(&messages::THOUGHTS_BETWEEN)),
    saying("says-tagged-thoughts", Some(&chat::TAGGED_THOUGHTS), None),
    saying("says-unopened-thoughts", Some(&chat::UNOPENED_THOUGHTS), None),
    saying("says-tagged-call", Some(&chat::TAGGED_CALL), None),
    saying("says-only-thoughts", Some(&chat::ONLY_THOUGHTS), None),
    saying("says-unclosed-thoughts", Some(&chat::UNCLOSED_THOUGHTS), None),
    saying("says-two-calls", Some(&chat::TWO_CALLS), Some(&messages::TWO_CALLS)),
    saying("says-interleaved-calls", Some(&chat::INTERLEAVED_CALLS), None),
    saying("says-calls-at-one-index", Some(&chat::CALLS_AT_ONE_INDEX), None),
    saying("says-call-at-once", Some(&chat::CALL_AT_ONCE), None),
    saying("says-call-without-arguments", Some(&chat::CALL_WITHOUT_ARGUMENTS), Some(&messages::CALL_WITHOUT_ARGUMENTS)),
    saying("says-call-without-id", Some(&chat::CALL_WITHOUT_ID), None),
    saying("says-call-under-stop", Some(&chat::CALL_UNDER_STOP), None),
    saying("says-half-a-call", Some(&chat::HALF_A_CALL), Some(&messages::HALF_A_CALL)),
    saying("says-odd-numbers", Some(&chat::ODD_NUMBERS), Some(&messages::ODD_NUMBERS)),
    saying("says-text-after-call", None, Some(&messages::TEXT_AFTER_CALL)),
    saying("says-two-texts", None, Some(&messages::TWO_TEXTS)),
    saying("says-citations", Some(&chat::CITATIONS), Some(&messages::CITATIONS)),
    saying("says-a-search", None, Some(&messages::SEARCH)),
    saying("says-no", Some(&chat::NO), Some(&messages::NO)),
    saying("says-no-midway", Some(&chat::NO_MIDWAY), Some(&messages::NO_MIDWAY)),
    saying("says-filtered", Some(&chat::FILTERED), None),
    saying("says-filtered-at-once", Some(&chat::FILTERED_AT_ONCE), None),
    saying("says-too-much", Some(&chat::TOO_MUCH), Some(&messages::TOO_MUCH)),
    saying("says-a-full-window", None, Some(&messages::FULL_WINDOW)),
    saying("says-a-stop-sequence", None, Some(&messages::STOP_SEQUENCE)),
    saying("says-pause", None, Some(&messages::PAUSE)),
    saying("says-an-odd-stop", Some(&chat::ODD_STOP), Some(&messages::ODD_STOP)),
    saying("says-cached", Some(&chat::CACHED), Some(&messages::CACHED)),
    saying("says-usage-of-others", Some(&chat::USAGE_OF_OTHERS), None),
    saying("says-no-usage", Some(&chat::NO_USAGE), None),
];

/// Fills in the seals, which the Messages host knows again when they come back.
fn sealed(text: &str) -> String {
    if !text.contains('$') {
        return text.to_owned();
    }
    let hidden = seal(STAND_IN, Sealed::Hidden);
    text.replace("$SIGNATURE", &hidden).replace("$DATA", &seal(STAND_IN, Sealed::Redacted))
}

//! Scripted upstream hosts on loopback, as strict as the real ones: an OpenAI-style Chat
//! Completions host and an Anthropic-style Messages host. The request's `model` chooses what
//! happens:
//!
//! | model | behaviour |
//! |---|---|
//! | any ordinary name | a good answer that depends on the request alone |
//! | `fault-NAME` | the entry `NAME` of [`FAULTS`] |
//! | `once-NAME`, `times-K-NAME` | that fault for the first (`K`) requests of this model name, then a good answer |
//! | `odd-NAME` | a good answer in an odd but lawful shape: an entry of [`ODDITIES`] |
//! | `says-NAME` | a scripted answer, the same to every request: an entry of [`SAYINGS`] |
//! | `cut-at-N`, `end-at-N`, `stall-at-N`, `garble-at-N` | the good answer's body up to byte `N`, then the connection closes, the body ends, silence, or one changed byte |
//! | `cut-at-N-says-NAME` … | the same to a scripted answer |
//! | `slow-MS` | the first content after `MS` milliseconds |
//! | `silent`, `deaf` | headers and then nothing, or nothing at all, until the peer leaves |
//! | `window-TOKENS` | a model with a small context window |
//! | `bench-BYTES`, `bench-stream-CHUNKS-PAUSEMS[-BURST]` | cheap canned answers, not checked; the first is a stream in one write to who asks for a stream |
//! | `lenient-…` | any of the above on a host that lets unknown members and foreign seals pass |
//! | `thinks-…` | a good answer at a host with its vendor's ways of thinking: a row of [`VENDORS`] |
//! | `unsigned-…`, `signs-…` | the same at a host that imitates Anthropic, and signs nothing, or in its own way |
//! | `no-editing-…` | the good answer, at a host that knows no `context_management` |
//!
//! Texts in the last user message do more: `[[tool]]` and `[[tools]]` call the declared tools,
//! `[[more]]` in a tool's result calls one again, `[[think]]` shows thoughts, `[[between]]` has
//! them between calls too (Messages), `[[redact]]` seals them, `[[refuse]]` declines. Rules that
//! hold for one generation of models follow the model's name (`gpt-5…`, `claude-opus-5-5…`); every
//! other name is the most permissive model there is.
//!
//! Scripted names answer as the model `mock-1`, so that `cut-at-9` and `cut-at-10` cut the same
//! bytes.

#![expect(
    clippy::disallowed_methods,
    reason = "`json!` is `to_value` inside; what a scripted host says is literal JSON"
)]

mod answer;
mod bench;
mod chat;
mod faults;
mod good;
mod host;
mod http1;
mod http2;
mod messages;
mod oddities;
mod record;
mod refusal;
mod reply;
mod says;
mod script;
mod stream;

#[cfg(test)]
mod tests;

pub use chat::vendors::{VENDORS, Vendor};
pub use faults::{Applies, FAULTS, Fault, Hosts, Modes, Phase};
pub use good::{good_answer, good_stream};
pub use host::Emulator;
pub use oddities::{ODDITIES, Oddity};
pub use record::{Fate, Recorded};
pub use says::{SAYINGS, Saying};
pub use stream::{GoodStream, Part};

/// What a host speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI Chat Completions.
    Chat,
    /// Anthropic Messages.
    Messages,
}

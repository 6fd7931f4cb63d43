//! The hub's counters as Chat counts: the cached tokens are part of the prompt, the thinking is
//! part of the completion. (facts: translation, section 8.3)

use routectl_core::Usage;

use crate::json::Object;

/// Writes the counters. The three sums are always there, since clients read them unasked; of the
/// details what is known.
pub(super) fn write(usage: &Usage, mut object: Object<'_>) {
    let written = match (usage.cache_write_5m, usage.cache_write_1h) {
        (None, None) => None,
        (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
    };
    let parts = [usage.input, usage.cache_read, written];
    let prompt = parts.into_iter().flatten().fold(0, u64::saturating_add);
    let completion = usage.output.unwrap_or(0);
    object.count("prompt_tokens", prompt);
    object.count("completion_tokens", completion);
    object.count("total_tokens", prompt.saturating_add(completion));
    if usage.cache_read.is_some() || written.is_some() {
        let mut details = object.object("prompt_tokens_details");
        if let Some(read) = usage.cache_read {
            details.count("cached_tokens", read);
        }
        if let Some(written) = written {
            details.count("cache_write_tokens", written);
        }
    }
    if let Some(reasoning) = usage.reasoning {
        object.object("completion_tokens_details").count("reasoning_tokens", reasoning);
    }
}

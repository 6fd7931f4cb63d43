//! The hub's counters as Messages counts: disjoint too. (facts: translation, section 8.3)

use routectl_core::Usage;

use crate::json::Object;

/// The counters of a whole answer, or of the head of a stream: clients demand the two sums.
pub(super) fn write_whole(usage: &Usage, mut object: Object<'_>) {
    object.count("input_tokens", usage.input.unwrap_or(0));
    more(usage, &mut object);
}

/// The last counters of a stream. What is unknown stays as the head said it. (facts: Anthropic
/// Messages, section 9.2)
pub(super) fn write_last(usage: &Usage, mut object: Object<'_>) {
    if let Some(input) = usage.input {
        object.count("input_tokens", input);
    }
    more(usage, &mut object);
}

fn more(usage: &Usage, object: &mut Object<'_>) {
    let (short, long) = (usage.cache_write_5m, usage.cache_write_1h);
    if short.is_some() || long.is_some() {
        let written = short.unwrap_or(0).saturating_add(long.unwrap_or(0));
        object.count("cache_creation_input_tokens", written);
    }
    if let Some(read) = usage.cache_read {
        object.count("cache_read_input_tokens", read);
    }
    if let Some(long) = long {
        let mut by_ttl = object.object("cache_creation");
        by_ttl.count("ephemeral_5m_input_tokens", short.unwrap_or(0));
        by_ttl.count("ephemeral_1h_input_tokens", long);
    }
    object.count("output_tokens", usage.output.unwrap_or(0));
    if let Some(reasoning) = usage.reasoning {
        object.object("output_tokens_details").count("thinking_tokens", reasoning);
    }
}

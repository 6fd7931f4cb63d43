//! What is meant though it is not found: members that arrive in other words, and members that need
//! not arrive. Each with the reason.

use crate::cases::{Case, Direction};

/// A member, and why it is not found in what the target gets.
pub(crate) struct Declared {
    /// Its name; `*` stands for any beginning or end.
    pub(crate) member: &'static str,
    /// Its value as JSON, or "" for any.
    pub(crate) value: &'static str,
    pub(crate) becomes: Meant,
    pub(crate) why: &'static str,
}

/// What becomes of such a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meant {
    /// It is said, in words in which its value is not found.
    InOtherWords,
    /// It is not said, and its meaning is there all the same.
    Nothing,
}

/// What is declared of a case.
pub(crate) fn find(
    direction: &Direction,
    case: &Case,
    becomes: Meant,
) -> Option<&'static Declared> {
    let value = case.value.to_string();
    direction.declared.iter().find(|declared| {
        declared.becomes == becomes
            && matches(declared.member, &case.member)
            && (declared.value.is_empty() || declared.value == value)
    })
}

fn matches(pattern: &str, member: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => member.ends_with(end),
        (None, Some(beginning)) => member.starts_with(beginning),
        (None, None) => member == pattern,
    }
}

/// Said in words in which the value is not found.
const fn said(member: &'static str, value: &'static str, why: &'static str) -> Declared {
    Declared { member, value, becomes: Meant::InOtherWords, why }
}

/// Not said at all, and meant all the same.
const fn left(member: &'static str, value: &'static str, why: &'static str) -> Declared {
    Declared { member, value, becomes: Meant::Nothing, why }
}

const EMPTY: &str = "says nothing";
const DEFAULT: &str = "the default";
const ENABLED: &str = "thinking is on";
const DISABLED: &str = "thinking is off";
const DISPLAY: &str = "whether thinking is shown";
const SHAPE: &str = "shapes the answer, which routectl writes";
const CLEARED: &str = "routectl does what it asks for";
const MODEL: &str = "becomes the target's own name for the model";

pub(crate) const TO_MESSAGES: &[Declared] = &[
    left("model", "", MODEL),
    left("frequency_penalty", "0.0", DEFAULT),
    left("presence_penalty", "0.0", DEFAULT),
    left("temperature", "1.0", DEFAULT),
    left("n", "1", DEFAULT),
    left("logprobs", "false", DEFAULT),
    left("store", "false", DEFAULT),
    left("modalities", "[\"text\"]", DEFAULT),
    left("parallel_tool_calls", "true", DEFAULT),
    said("parallel_tool_calls", "false", "`disable_parallel_tool_use`"),
    left("messages[user].content[image_url].image_url.detail", "\"auto\"", DEFAULT),
    left("response_format(text).type", "", DEFAULT),
    left("tools[custom].custom.format(text).type", "", DEFAULT),
    left("tools[function].function.strict", "false", DEFAULT),
    left("stream", "", SHAPE),
    left("stream_options", "", SHAPE),
    left("stream_options.include_usage", "", SHAPE),
    left("stream_options.include_obfuscation", "false", DEFAULT),
    said("*.prompt_cache_breakpoint.mode", "", "a cache mark"),
    said("*.prompt_cache_breakpoint.ttl", "", "the next longer time that there is"),
    said("reasoning_effort", "\"none\"", DISABLED),
    said("reasoning_effort", "", "the budget of this effort"),
    said("reasoning.effort", "{\"effort\":\"none\"}", DISABLED),
    said("reasoning.effort", "", "the budget of this effort"),
    said("reasoning.enabled", "{\"enabled\":true}", ENABLED),
    said("reasoning.enabled", "{\"enabled\":false}", DISABLED),
    said("reasoning.exclude", "", DISPLAY),
    left("reasoning.exclude", "", SHAPE),
    said("include_reasoning", "", DISPLAY),
    left("include_reasoning", "", SHAPE),
    said("thinking", "{\"type\":\"enabled\"}", ENABLED),
    said("enable_thinking", "true", ENABLED),
    said("enable_thinking", "false", DISABLED),
    said("chat_template_kwargs", "", ENABLED),
    left("messages[assistant].reasoning_details*", "", "a seal says all there is"),
    left("response_format(json_schema).json_schema.name", "", "it only names the schema"),
    left(
        "response_format(json_schema).json_schema.strict",
        "",
        "Messages holds every answer to its schema",
    ),
    said("service_tier", "\"default\"", "`standard_only`"),
    said("tool_choice", "\"required\"", "`any`"),
];

pub(crate) const TO_CHAT: &[Declared] = &[
    left("model", "", MODEL),
    left("*.transformations", "", EMPTY),
    left("*.citations", "", EMPTY),
    left("*.citations.enabled", "false", DEFAULT),
    left("metadata", "", EMPTY),
    left("*output_config", "", EMPTY),
    left("messages[system].clear_at", "\"never\"", DEFAULT),
    left("context_management", "", EMPTY),
    left("context_management.edits[clear_thinking_20251015].keep*", "", CLEARED),
    left("context_management.edits[clear_tool_uses_20250919].*", "", CLEARED),
    left("*.caller(direct).type", "", DEFAULT),
    left("*.is_error", "false", DEFAULT),
    said("*.is_error", "true", "`[tool error]` before its text"),
    said("*[tool_use].id", "", "a pure function of it"),
    said("*[tool_result].tool_use_id", "", "a pure function of it"),
    left("service_tier", "\"auto\"", DEFAULT),
    said("service_tier", "\"standard_only\"", "`default`"),
    left("speed", "\"standard\"", DEFAULT),
    left("stream", "", SHAPE),
    left("temperature", "1.0", DEFAULT),
    said("thinking(enabled).budget_tokens", "1024", "the effort that stands for this budget"),
    left("thinking(adaptive).type", "", "the host decides by itself how much to think"),
    left("*.display", "", SHAPE),
    left("*.disable_parallel_tool_use", "false", DEFAULT),
    said("*.disable_parallel_tool_use", "true", "`false`"),
    left("tool_choice(auto).type", "", DEFAULT),
    left("tools[custom].allowed_callers", "[\"direct\"]", DEFAULT),
    left("tools[custom].defer_loading", "false", DEFAULT),
    left("tools[custom].eager_input_streaming", "false", DEFAULT),
    left("tools[custom].strict", "false", DEFAULT),
    left("tools[custom].type", "", DEFAULT),
];

const MARK: &str = "a `cachePoint` behind it";
const FILE: &str = "the bytes of a file";
const FORMAT: &str = "the format of that name";
const HERE: &str = "`additionalModelRequestFields.tool_choice`";
const UNASKED: &str = "models that think do so unasked";
const TIER: &str = "what the host does by itself";

pub(crate) const CHAT_TO_CONVERSE: &[Declared] = &[
    left("model", "", "the target's own name for the model is in the address"),
    left("frequency_penalty", "0.0", DEFAULT),
    left("presence_penalty", "0.0", DEFAULT),
    left("temperature", "1.0", DEFAULT),
    left("n", "1", DEFAULT),
    left("logprobs", "false", DEFAULT),
    left("store", "false", DEFAULT),
    left("modalities", "[\"text\"]", DEFAULT),
    left("parallel_tool_calls", "true", DEFAULT),
    said("parallel_tool_calls", "false", HERE),
    left("response_format(text).type", "", DEFAULT),
    left("tools[custom].custom.format(text).type", "", DEFAULT),
    left("tools[function].function.strict", "false", DEFAULT),
    left("stream", "", SHAPE),
    left("stream_options", "", SHAPE),
    left("stream_options.include_usage", "", SHAPE),
    left("stream_options.include_obfuscation", "false", DEFAULT),
    said("*.prompt_cache_breakpoint.mode", "", MARK),
    said("*.prompt_cache_breakpoint.ttl", "", "the next longer time that there is"),
    said("*cache_control", "", MARK),
    said("messages[user].content[image_url].image_url.url", "", FORMAT),
    said("reasoning_effort", "\"none\"", DISABLED),
    left("reasoning_effort", "\"none\"", DISABLED),
    said("reasoning.effort", "{\"effort\":\"none\"}", DISABLED),
    left("reasoning.effort", "{\"effort\":\"none\"}", DISABLED),
    said("reasoning.enabled", "{\"enabled\":true}", ENABLED),
    left("reasoning.enabled", "{\"enabled\":true}", UNASKED),
    said("reasoning.enabled", "{\"enabled\":false}", DISABLED),
    left("reasoning.enabled", "{\"enabled\":false}", DISABLED),
    left("reasoning.exclude", "", SHAPE),
    left("include_reasoning", "", SHAPE),
    said("thinking", "{\"type\":\"enabled\"}", ENABLED),
    left("thinking", "{\"type\":\"enabled\"}", UNASKED),
    left("thinking", "{\"type\":\"disabled\"}", DISABLED),
    said("enable_thinking", "true", ENABLED),
    left("enable_thinking", "true", UNASKED),
    said("enable_thinking", "false", DISABLED),
    left("enable_thinking", "false", DISABLED),
    said("chat_template_kwargs", "", ENABLED),
    left("chat_template_kwargs", "", UNASKED),
    left("messages[assistant].reasoning_details*", "", "a seal says all there is"),
    said("response_format(json_schema).json_schema.schema", "", "as a text"),
    left(
        "response_format(json_schema).json_schema.strict",
        "",
        "Converse holds every answer to its schema",
    ),
    left("service_tier", "\"auto\"", TIER),
    left("service_tier", "\"default\"", TIER),
    said("function_call", "\"auto\"", "`auto`"),
    said("tool_choice", "\"auto\"", "`auto`"),
    said("tool_choice", "\"required\"", "`any`"),
];

pub(crate) const MESSAGES_TO_CONVERSE: &[Declared] = &[
    left("model", "", "the target's own name for the model is in the address"),
    left("*.transformations", "", EMPTY),
    left("*.citations", "", EMPTY),
    left("*.citations.enabled", "false", DEFAULT),
    left("metadata", "", EMPTY),
    left("*output_config", "", EMPTY),
    left("messages[system].clear_at", "\"never\"", DEFAULT),
    left("context_management", "", EMPTY),
    left("context_management.edits[clear_thinking_20251015].keep*", "", CLEARED),
    left("context_management.edits[clear_tool_uses_20250919].*", "", CLEARED),
    left("*.caller(direct).type", "", DEFAULT),
    left("*.is_error", "false", DEFAULT),
    said("*.is_error", "true", "the status `error`"),
    said("*.media_type", "", FORMAT),
    said("*.source(text).data", "", FILE),
    said("*.source(content).content", "", FILE),
    said("*.source(content).content[text].text", "", FILE),
    said("*[search_result].content[].text", "", FILE),
    left("service_tier", "\"auto\"", TIER),
    left("service_tier", "\"standard_only\"", TIER),
    left("speed", "\"standard\"", DEFAULT),
    left("stream", "", SHAPE),
    left("temperature", "1.0", DEFAULT),
    said("thinking(enabled).budget_tokens", "1024", "the effort that stands for this budget"),
    left("thinking(adaptive).type", "", "the model decides by itself how much to think"),
    left("thinking(disabled).type", "", DISABLED),
    left("*.display", "", SHAPE),
    left("*.disable_parallel_tool_use", "false", DEFAULT),
    left("tools[custom].allowed_callers", "[\"direct\"]", DEFAULT),
    left("tools[custom].defer_loading", "false", DEFAULT),
    left("tools[custom].eager_input_streaming", "false", DEFAULT),
    left("tools[custom].strict", "false", DEFAULT),
    left("tools[custom].type", "", DEFAULT),
];

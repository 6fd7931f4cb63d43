//! Members of a request that a host does not know, or not with this value.

use routectl_core::{CacheMarks, Choice, Control, Quirks, UserMember};

use super::Mend;
use crate::refusal::holds;

/// How hosts say that they do not know a member. (facts: OpenAI Chat, section 2; provider quirks)
const UNKNOWN: &[&[&str]] = &[
    &["unknown_parameter"],
    &["unsupported_parameter"],
    &["unrecognized request argument"],
    &["unknown parameter"],
    &["unsupported parameter"],
    &["extra inputs are not permitted"],
    &["extra fields not permitted"],
    &["unexpected keyword"],
    &["unknown field"],
    &["unknown name"],
    &["unrecognized field"],
    &["unrecognized key"],
    &["is unsupported"],
    &["is not supported"],
    &["are not supported"],
    &["not permitted"],
    &["not allowed"],
    &["does not support"],
];

/// How hosts say that they do not take its value.
const VALUES: &[&[&str]] =
    &[&["unsupported_value"], &["unsupported value"], &["supported values are"]];

/// What turns say of their thinking.
const HISTORY: &[&str] =
    &["reasoning_content", "reasoning_details", "reasoning_text", "reasoning_opaque"];

/// What speaks of thinking in a request's own members.
const CONTROL: &[&str] = &[
    "reasoning_effort",
    "reasoning_format",
    "reasoning_split",
    "reasoning_budget",
    "include_reasoning",
    "enable_thinking",
    "thinking_budget",
    "thinking_token_budget",
    "chat_template_kwargs",
    "prompt_mode",
    "reasoning",
    "thinking",
    "think",
];

/// A change of what a host is believed to take.
type Change = fn(&mut Quirks);

/// Other members that a translation can do without, or has another word for.
const OTHERS: &[(&str, Change)] = &[
    ("max_completion_tokens", |quirks| quirks.completion_limit = false),
    ("max_tokens", |quirks| quirks.completion_limit = true),
    ("temperature", |quirks| quirks.refuses_sampling = true),
    ("top_p", |quirks| quirks.refuses_sampling = true),
    ("frequency_penalty", |quirks| quirks.refuses_sampling = true),
    ("presence_penalty", |quirks| quirks.refuses_sampling = true),
    ("top_k", |quirks| quirks.takes_top_k = false),
    ("stream_options", |quirks| quirks.takes_stream_options = false),
    ("parallel_tool_calls", |quirks| quirks.takes_parallel_calls = false),
    ("tool_choice", |quirks| quirks.choice = Choice::Free),
    ("cache_control", |quirks| quirks.cache_marks = CacheMarks::None),
    ("prompt_cache_breakpoint", |quirks| quirks.cache_marks = CacheMarks::None),
    ("prompt_cache_key", |quirks| quirks.takes_cache_key = false),
    ("service_tier", |quirks| quirks.takes_tier = false),
    ("safety_identifier", |quirks| quirks.user = UserMember::Nobody),
    ("json_schema", |quirks| quirks.takes_json_schema = false),
    ("response_format", |quirks| quirks.takes_json_schema = false),
    ("strict", |quirks| quirks.takes_strict = false),
    ("stop", |quirks| quirks.refuses_stop = true),
    ("user", |quirks| quirks.user = UserMember::Nobody),
];

/// The member that a refusal names, in lower case, and what is done about it.
pub(super) fn refused(said: &str, param: Option<&str>) -> Option<Mend> {
    let value = VALUES.iter().any(|parts| holds(said, parts));
    if !value && !UNKNOWN.iter().any(|parts| holds(said, parts)) {
        return None;
    }
    let (place, name) = param
        .and_then(|param| Some((0, known(leaf(param))?)))
        .or_else(|| param.and_then(|param| Some((0, known(top(param))?))))
        .or_else(|| named(said))?;
    let in_history = param.is_some_and(|param| param.contains("messages"))
        || said.get(..place).is_some_and(|before| before.ends_with(|c| ".]".contains(c)))
            && said.get(..place).is_some_and(|before| before.contains("messages"));
    let of_history = HISTORY.contains(&name) || (in_history && speaks_of_thinking(name));
    Some(match (of_history, value) {
        (true, _) => Mend::LeaveHistory,
        (false, true) if !is_sampling(name) => Mend::LeaveThisTime(name),
        (false, true | false) => Mend::Leave(name),
    })
}

fn is_sampling(name: &str) -> bool {
    matches!(name, "temperature" | "top_p" | "frequency_penalty" | "presence_penalty")
}

/// The last name of a path: `strict` of `tools[0].function.strict`.
fn leaf(param: &str) -> &str {
    let name = param.rsplit('.').next().unwrap_or(param);
    name.split('[').next().unwrap_or(name)
}

/// Its first name: `reasoning` of `reasoning.effort`.
fn top(param: &str) -> &str {
    param.split(['.', '[']).next().unwrap_or(param)
}

fn known(name: &str) -> Option<&'static str> {
    names().find(|known| *known == name)
}

fn names() -> impl Iterator<Item = &'static str> {
    HISTORY.iter().chain(CONTROL).copied().chain(OTHERS.iter().map(|(name, _)| *name))
}

/// The member that stands first in a sentence. What is an ordinary word too has to be marked as a
/// name.
fn named(said: &str) -> Option<(usize, &'static str)> {
    let found = names().filter_map(|name| Some((place(said, name)?, name)));
    found.min_by_key(|(place, name)| (*place, std::cmp::Reverse(name.len())))
}

fn place(said: &str, name: &str) -> Option<usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    said.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = said.get(..*at).unwrap_or_default();
        let behind = said.get(at + name.len()..).unwrap_or_default();
        let alone = !before.ends_with(is_name) && !behind.starts_with(is_name);
        let marked = before.ends_with(['\'', '"', '`', '.', '[']) || behind.starts_with(':');
        alone && (marked || name.contains('_'))
    })
}

/// Whether a member is about thinking.
pub(super) fn speaks_of_thinking(name: &str) -> bool {
    HISTORY.contains(&name) || CONTROL.contains(&name)
}

/// Leaves a member out of what is written to a host.
pub(super) fn leave(name: &str, quirks: &mut Quirks) {
    if let Some((_, change)) = OTHERS.iter().find(|(known, _)| *known == name) {
        return change(quirks);
    }
    let control = &mut quirks.dialect.control;
    let says = |path: &str| path.split('.').next() == Some(name);
    *control = Control {
        switch: control.switch.filter(|switch| !says(switch.path)),
        effort: control.effort.filter(|effort| !says(effort.path)),
        budget: control.budget.filter(|budget| !says(budget.path)),
        hide: control.hide.filter(|hide| !says(hide.path)),
        always: if control.always.iter().any(|it| says(it.path)) { &[] } else { control.always },
        knows: if control.knows.contains(&name) { &[] } else { control.knows },
        ..*control
    };
    quirks.dialect.hands_off = false;
}

//! The targets that members are sent to: few, and apart in what they take.

use routectl_core::{
    Abilities, CacheMarks, CallIds, Choice, Control, Dialect, Effort, Quirks, UserMember,
};
use routectl_wire::dialects;

/// A target, by the name that the page gives it.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) abilities: Abilities,
}

/// One generation of Claude each with its own rules, and a model that nothing is known of. No cache
/// marks but the client's own: one of ours may stand where the client's would.
pub(crate) fn of_messages() -> Vec<Target> {
    let target = |name: &'static str, adaptive_thinking| {
        let efforts =
            if adaptive_thinking { Effort::ALL.to_vec() } else { Abilities::default().efforts };
        let abilities = Abilities {
            upstream: name.to_owned(),
            adaptive_thinking,
            efforts,
            auto_cache: false,
            ..Abilities::default()
        };
        Target { name, abilities }
    };
    vec![
        target("claude-haiku-4-5", false),
        target("claude-opus-4-6", true),
        target("claude-opus-5", true),
        target("another model", false),
    ]
}

/// Claude with its own rules, another vendor's model that thinks and caches, one that knows little,
/// and one that nothing is known of. No cache marks but the client's own.
pub(crate) fn of_converse() -> Vec<Target> {
    let target = |name: &'static str, upstream: &str| {
        let abilities = Abilities {
            upstream: upstream.to_owned(),
            efforts: Effort::ALL.to_vec(),
            auto_cache: false,
            ..Abilities::default()
        };
        Target { name, abilities }
    };
    vec![
        target("claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6"),
        target("nova-2", "us.amazon.nova-2-lite-v1:0"),
        target("llama-3.3", "us.meta.llama3-3-70b-instruct-v1:0"),
        target("another model", "one"),
    ]
}

/// A host that nothing is known of, one that takes whatever some host takes, and one that takes
/// what all take.
pub(crate) fn of_chat() -> Vec<Target> {
    let target = |name: &'static str, upstream: &str, quirks, efforts: &[Effort]| {
        let abilities = Abilities {
            upstream: upstream.to_owned(),
            quirks,
            efforts: efforts.to_vec(),
            ..Abilities::default()
        };
        Target { name, abilities }
    };
    vec![
        target("any host", "one", Quirks::NONE, &Abilities::default().efforts),
        target("a rich host", "anthropic/claude-one", rich(), &Effort::ALL),
        target("a poor host", "one", POOR, &Abilities::default().efforts),
    ]
}

const RICH: Quirks = Quirks {
    developer_role: true,
    completion_limit: true,
    takes_top_k: true,
    cache_marks: CacheMarks::Control,
    takes_cache_key: true,
    takes_images_in_results: true,
    system_first: false,
    takes_tier: true,
    user: UserMember::SafetyIdentifier,
    ..Quirks::NONE
};

fn rich() -> Quirks {
    let row = dialects::named("openrouter").unwrap();
    Quirks { dialect: row.for_model("anthropic/claude-one"), ..RICH }
}

const POOR: Quirks = Quirks {
    refuses_sampling: true,
    refuses_stop: true,
    takes_parallel_calls: false,
    takes_stream_options: false,
    takes_strict: false,
    takes_json_schema: false,
    takes_json_object: false,
    choice: Choice::Free,
    user: UserMember::Nobody,
    call_ids: CallIds::Nine,
    dialect: Dialect { control: Control::NOTHING, ..Dialect::UNKNOWN },
    ..Quirks::NONE
};

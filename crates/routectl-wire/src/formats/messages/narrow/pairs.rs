//! Betas and the members that they unlock: header and body travel together, or leave together.
//! (facts: Anthropic Messages, section 15; Bedrock, sections 1.3 and 1.4; field reports, B.4)

/// A feature that takes both a beta and members.
pub(super) struct Pair {
    /// How its betas begin.
    pub(super) betas: &'static [&'static str],
    /// What they unlock, as patterns.
    pub(super) members: &'static [&'static str],
    /// The beta that a host wants for members which the vendor's own API takes without one.
    pub(super) joins: Option<&'static str>,
}

/// In the order in which they are asked.
pub(super) const PAIRS: &[Pair] = &[
    unlock(&["context-management-", "compact-2026-01-12"], &["context_management"]),
    unlock(&["compact-2026-09-04"], &["compaction"]),
    unlock(
        &["per-turn-control-", "mid-conversation-output-config-"],
        &["messages.*.output_config"],
    ),
    unlock(
        &["prompt-caching-scope-"],
        &[
            "cache_control.scope",
            "tools.*.cache_control.scope",
            "system.*.cache_control.scope",
            "messages.*.content.*.cache_control.scope",
            "messages.*.content.*.content.*.cache_control.scope",
        ],
    ),
    Pair { betas: SEARCH, members: &[DEFERRED], joins: Some("tool-search-tool-2025-10-19") },
    Pair {
        betas: &["tool-examples-", "tool-search-tool-", "advanced-tool-use-"],
        members: &["tools.*.input_examples"],
        joins: Some("tool-examples-2025-10-29"),
    },
    Pair {
        betas: &["fine-grained-tool-streaming-"],
        members: &["tools.*.eager_input_streaming"],
        joins: Some("fine-grained-tool-streaming-2025-05-14"),
    },
    unlock(&["structured-outputs-"], &["output_format"]),
    unlock(&["thinking-binding-controls-"], &["thinking.block_binding"]),
    unlock(&["task-budgets-"], &["output_config.task_budget"]),
    unlock(&["thinking-display-updates-"], &["thinking.display=updates"]),
    unlock(&["mcp-client-"], &["mcp_servers"]),
    unlock(&["skills-", "code-execution-"], &["container"]),
    unlock(&["fast-mode-"], &["speed"]),
    unlock(&["cache-diagnosis-"], &["diagnostics"]),
    unlock(&["server-side-fallback-", "fallback-credit-"], &["fallbacks"]),
    unlock(&["message-threads-"], &["thread"]),
    unlock(&["dangerous-tool-use-"], &["safeguards"]),
];

/// What tools are that are searched for.
pub(super) const DEFERRED: &str = "tools.*.defer_loading";

/// The betas of tools that are searched for.
const SEARCH: &[&str] = &["tool-search-tool-", "advanced-tool-use-"];

const fn unlock(betas: &'static [&'static str], members: &'static [&'static str]) -> Pair {
    Pair { betas, members, joins: None }
}

impl Pair {
    /// Whether a beta is one of its own.
    pub(super) fn has(&self, beta: &str) -> bool {
        self.betas.iter().any(|begins| beta.starts_with(begins))
    }
}

/// The members that none of these betas unlocks.
pub(super) fn alone(betas: &[&str]) -> impl Iterator<Item = &'static str> {
    let alone = |pair: &&Pair| !betas.iter().any(|beta| pair.has(beta));
    let alone: Vec<&Pair> = PAIRS.iter().filter(alone).collect();
    alone.into_iter().flat_map(|pair| pair.members.iter().copied())
}

/// Whether tools may be searched for with these betas.
pub(super) fn searches_tools(betas: &[&str]) -> bool {
    betas.iter().any(|beta| SEARCH.iter().any(|begins| beta.starts_with(begins)))
}

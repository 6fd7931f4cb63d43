//! What only Claude and its hosts know, and what it means to lose it. (facts: translation,
//! section 1; Anthropic Messages, sections 3 to 5)

use routectl_core::IfLost;

use crate::editing;
use crate::json::Node;

use super::spot::{Spot, UNKNOWN, is_empty};

/// Why a thread cannot go on here. Clients that are told so in this code send everything again.
/// (facts: Anthropic Messages, section 16)
pub const CONTINUED_THREAD: &str =
    "thread_unsupported_request: the earlier messages of this thread are not here";

/// A cache that is shared further than one conversation.
pub(super) const CACHE_SCOPE: IfLost = IfLost::Told("only Claude's hosts know scopes of caches");

/// Whose tool was called, where tools come in sets.
pub(super) const TOOLSET: IfLost = IfLost::Told("only Claude knows sets of tools");

/// A member of the body without a word in the hub; `None` for values that mean nothing.
pub(super) fn member(name: &str, node: &Node<'_>) -> Option<IfLost> {
    let if_lost = match name {
        "mcp_servers" | "fallbacks" if is_empty(node) => return None,
        "context_management" if editing::asks_nothing(node) => return None,
        "context_management" => IfLost::Told("only Claude's hosts edit a conversation"),
        "mcp_servers" => IfLost::Refused("only Claude's hosts call MCP servers"),
        "container" => IfLost::Refused("the container is one of Anthropic's"),
        "compaction" => IfLost::Refused("only Claude's hosts compact a conversation"),
        "inference_geo" => IfLost::Refused("where another host runs its models is not known"),
        "safeguards" => IfLost::Told("only Claude's hosts watch over dangerous calls"),
        "fallbacks" => IfLost::Told("only Claude's hosts fall back; routectl has its own chain"),
        "diagnostics" => IfLost::Told("only Claude's hosts explain their cache"),
        "billing_policy" => IfLost::Told("whom to bill is between the client and Anthropic"),
        "fallback_credit_token" => IfLost::Told("the credit is one of Anthropic's"),
        "thread" if is_kind(node, "create") => {
            IfLost::Told("only Claude's hosts keep threads; the conversation is sent whole")
        }
        "thread" => IfLost::Refused(CONTINUED_THREAD),
        _ => UNKNOWN,
    };
    Some(if_lost)
}

/// Whether a member says that the conversation goes on from messages that are not here.
pub(super) fn continues(name: &str, node: &Node<'_>) -> bool {
    name == "thread" && !is_kind(node, "create")
}

/// Whether a value is an object of this type.
pub(super) fn is_kind(node: &Node<'_>, kind: &str) -> bool {
    node.member("type").and_then(Node::text).is_some_and(|text| text == kind)
}

/// Families of the vendor's tools by how their types begin; types end in a date.
const TOOLS: &[(&str, &str)] = &[
    ("web_search", "web search runs on Anthropic's servers"),
    ("web_fetch", "web fetch runs on Anthropic's servers"),
    ("code_execution", "code execution runs on Anthropic's servers"),
    ("tool_search_tool", "tool search runs on Anthropic's servers"),
    ("advisor", "the advisor runs on Anthropic's servers"),
    ("mcp_toolset", "only Claude's hosts call MCP servers"),
    ("bash", "only Claude knows the schema of its bash tool"),
    ("text_editor", "only Claude knows the schema of its text editor"),
    ("memory", "only Claude knows the schema of its memory tool"),
    ("computer", "only Claude knows the schema of its computer tool"),
    ("browser", "only Claude knows the schema of its browser tools"),
];

/// A tool of the vendor's.
pub(super) fn tool(kind: &str) -> IfLost {
    let known = TOOLS.iter().find(|(beginning, _)| kind.starts_with(beginning));
    IfLost::Refused(known.map_or("only its vendor knows this type of tool", |(_, reason)| reason))
}

const RESULTS: &str = "what Anthropic's servers found cannot be shown to another model";
const MCP: &str = "only Claude's hosts call MCP servers";
const ADVICE: &str = "the advisor's words stay with Claude";

/// A block that only the vendor knows.
pub(super) fn block(kind: &str, spot: Spot<'_, '_>) -> IfLost {
    match kind {
        // It marks where another model took over, and the words of both stay.
        "fallback" => IfLost::Told("only Claude's hosts mark a change of models"),
        // What came of the advice is in the words of the model behind it.
        "server_tool_use" if is_advice(spot) => IfLost::Told(ADVICE),
        "advisor_tool_result" => IfLost::Told(ADVICE),
        "mcp_tool_use" | "mcp_tool_result" | "mcp_tool_listing" => IfLost::Refused(MCP),
        "container_upload" => IfLost::Refused("the container is one of Anthropic's"),
        "compaction" => IfLost::Refused("only Claude reads its compacted conversations"),
        "browser_state" => IfLost::Refused("only Claude reads the state of its browser"),
        "tool_addition" | "tool_removal" => {
            IfLost::Refused("only Claude takes other tools in mid-conversation")
        }
        "server_tool_use" => IfLost::Refused(RESULTS),
        _ if kind.ends_with("_tool_result") => IfLost::Refused(RESULTS),
        _ => IfLost::Refused("only its vendor knows this type of block"),
    }
}

fn is_advice(spot: Spot<'_, '_>) -> bool {
    spot.node.member("name").and_then(Node::text).is_some_and(|name| name == "advisor")
}

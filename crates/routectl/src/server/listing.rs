//! `GET /v1/models`: one object that satisfies OpenAI's clients and Anthropic's alike, answered
//! from memory. (facts: Anthropic Messages, section 14; OpenAI chat, section 8)

use serde::Serialize;

use crate::snapshot::Snapshot;

/// Both vendors want a date of birth; a router's models have none worth telling.
const CREATED: (u64, &str) = (1_767_225_600, "2026-01-01T00:00:00Z");

#[derive(Serialize)]
struct Listing<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    object: &'static str,
    id: &'a str,
    display_name: &'a str,
    created: u64,
    created_at: &'static str,
    owned_by: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
}

/// All names that a client may ask for.
pub(super) fn all(snapshot: &Snapshot) -> Vec<u8> {
    let names = snapshot.routes.names();
    let listing = Listing {
        object: "list",
        data: names.iter().map(|name| entry(snapshot, name)).collect(),
        has_more: false,
        first_id: names.first().map(String::as_str),
        last_id: names.last().map(String::as_str),
    };
    serde_json::to_vec(&listing).unwrap_or_default()
}

/// One of them.
pub(super) fn one(snapshot: &Snapshot, name: &str) -> Option<Vec<u8>> {
    let known = snapshot.routes.names().iter().find(|known| *known == name)?;
    serde_json::to_vec(&entry(snapshot, known)).ok()
}

/// What is told of a name is what its first target can do.
fn entry<'a>(snapshot: &'a Snapshot, name: &'a str) -> Entry<'a> {
    let first =
        snapshot.routes.chain(name, None).ok().and_then(|chain| chain.targets.first().copied());
    let model = first.and_then(|id| snapshot.config.models.get_index(id.0 as usize));
    Entry {
        kind: "model",
        object: "model",
        id: name,
        display_name: name,
        created: CREATED.0,
        created_at: CREATED.1,
        owned_by: model.map_or("routectl", |(_, model)| model.provider.as_str()),
        max_input_tokens: model.and_then(|(_, model)| model.context_window),
        max_tokens: model.and_then(|(_, model)| model.max_output_tokens),
    }
}

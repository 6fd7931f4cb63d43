//! Members that no other format has a word for, and what it means to lose each of them. (facts:
//! translation, section 1; OpenAI chat, sections 2 and 9)

use routectl_core::{Foreign, IfLost, Place};

use super::members::within;
use crate::BadRequest;
use crate::formats::expect;
use crate::json::Node;

const CACHING: IfLost = IfLost::Told("hosts of other formats choose where a cached prompt lives");
const BOOKKEEPING: IfLost = IfLost::Told("bookkeeping of one vendor");
const PENALTY: IfLost = IfLost::Told("other formats have no penalties");
const LOGPROBS: IfLost = IfLost::Refused("other formats have no log probabilities");
const AUDIO: IfLost = IfLost::Refused("other formats answer in text only");

/// Members that are lost whatever they say.
const MEMBERS: [(&str, IfLost); 13] = [
    ("audio", AUDIO),
    ("metadata", BOOKKEEPING),
    ("moderation", IfLost::Refused("only OpenAI moderates on request")),
    ("prediction", IfLost::Told("a hint that only makes answers faster")),
    ("prompt_cache_key", CACHING),
    ("prompt_cache_options", CACHING),
    ("prompt_cache_retention", CACHING),
    ("seed", IfLost::Told("other formats have no seed")),
    ("session_id", BOOKKEEPING),
    ("store", BOOKKEEPING),
    ("usage", BOOKKEEPING),
    ("verbosity", IfLost::Told("other formats have no verbosity")),
    ("web_search_options", IfLost::Refused("a search that its host runs")),
];

/// Extensions of hosts that speak Chat with an accent.
const EXTENSIONS: [&str; 22] = [
    "grammar",
    "guided_json",
    "ignore_eos",
    "min_p",
    "models",
    "plugins",
    "preserve_thinking",
    "prompt_mode",
    "provider",
    "providerOptions",
    "reasoning_budget",
    "reasoning_format",
    "reasoning_history",
    "reasoning_split",
    "repetition_penalty",
    "route",
    "separate_reasoning",
    "stop_token_ids",
    "thinking_token_budget",
    "top_a",
    "transforms",
    "typical_p",
];

/// Takes a member of the body that the hub has no word for. What asks for nothing is not lost.
pub(super) fn read(
    name: &str,
    node: &Node<'_>,
    foreign: &mut Vec<Foreign>,
) -> Result<(), BadRequest> {
    let body = Place::BODY;
    let if_lost = match name {
        "n" => several(node)?,
        "logit_bias" => {
            let biases = expect::object(node, body, name)?;
            let reason = "other formats cannot weigh single tokens";
            (!biases.is_empty()).then_some(IfLost::Refused(reason))
        }
        "logprobs" => expect::boolean(node, body, name)?.then_some(LOGPROBS),
        "top_logprobs" => (expect::count(node, body, name)? > 0).then_some(LOGPROBS),
        "presence_penalty" | "frequency_penalty" => {
            (within(node, name, -2.0..=2.0)? != 0.0).then_some(PENALTY)
        }
        "modalities" => modalities(node)?,
        "store" if !expect::boolean(node, body, name)? => None,
        "metadata" if expect::object(node, body, name)?.is_empty() => None,
        other => Some(disposition(other)),
    };
    foreign.extend(if_lost.map(|if_lost| expect::foreign(body, name, node, if_lost)));
    Ok(())
}

/// A member that this format does not know either.
pub(super) fn unknown(place: Place, name: &str, node: &Node<'_>) -> Foreign {
    expect::foreign(place, name, node, IfLost::Told("not known to this format"))
}

fn disposition(name: &str) -> IfLost {
    if let Some((_, if_lost)) = MEMBERS.iter().find(|(known, _)| *known == name) {
        return *if_lost;
    }
    if EXTENSIONS.contains(&name) {
        return IfLost::Told("an extension of some Chat hosts");
    }
    IfLost::Told("not known to this format")
}

fn several(node: &Node<'_>) -> Result<Option<IfLost>, BadRequest> {
    match expect::count(node, Place::BODY, "n")? {
        0 => Err(BadRequest::new("n", "expected at least 1, found 0")),
        1 => Ok(None),
        _ => Ok(Some(IfLost::Refused("other formats give one answer to a request"))),
    }
}

fn modalities(node: &Node<'_>) -> Result<Option<IfLost>, BadRequest> {
    let place = Place::BODY.member("modalities");
    let mut if_lost = None;
    for (index, modality) in expect::list(node, Place::BODY, "modalities")?.iter().enumerate() {
        if expect::text(modality, place.index(index), "")? != "text" {
            if_lost = Some(AUDIO);
        }
    }
    Ok(if_lost)
}

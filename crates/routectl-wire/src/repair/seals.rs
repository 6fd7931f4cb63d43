//! Seals that a host has refused: which ones a request holds, and the request without them. They are
//! remembered by their digests, so that thinking which the host sealed itself since then stays.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use routectl_core::{
    Abilities, Block, Failure, History, Loss, Reasoning, Refused, Request, Role, Seals,
};

use crate::refusal::fold;

/// Why thinking stays behind.
pub(crate) const REASON: &str = "this host has refused its seal";

/// Why thinking that another model sealed, or none did, stays behind.
pub(crate) const FOREIGN: &str = "thinking of another vendor's model";

/// The digest of a seal; of the empty text where there is none.
pub fn digest(blob: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    blob.hash(&mut hasher);
    hasher.finish()
}

/// Whether thinking with this seal is to stay behind.
pub(crate) fn is_refused(seals: &Seals, blob: &str) -> bool {
    match seals {
        Seals::None => false,
        Seals::These(digests) => digests.contains(&digest(blob)),
        Seals::All => true,
    }
}

/// Why thinking with this seal is to stay behind, if it is.
pub(crate) fn why_left(refused: &Refused, blob: &str) -> Option<&'static str> {
    if is_refused(&refused.imitations, blob) {
        return Some(FOREIGN);
    }
    is_refused(&refused.seals, blob).then_some(REASON)
}

/// Whether thinking is to stay behind.
pub(crate) fn refuses(seals: &Seals, reasoning: &Reasoning) -> bool {
    is_refused(seals, reasoning.seal.as_ref().map_or("", |seal| &seal.blob))
}

/// Whether all that is known of a host's wishes about earlier thinking is which seals it refuses.
pub(crate) fn is_all_that_is_heard(abilities: &Abilities) -> bool {
    let Abilities { refused, quirks, history, .. } = abilities;
    quirks.dialect.hands_off && *history != History::Strip && !refused.silence
}

/// The digests of the thinking that a refusal may mean. Thinking without a seal is meant only where
/// a seal is missed: else all of it would stay behind from then on.
pub fn digests(request: &Request, failure: &Failure) -> Vec<u64> {
    let misses = fold(&failure.words.message).contains("field required");
    let blocks = request.turns.iter().flat_map(|turn| &turn.blocks);
    let blobs = blocks.filter_map(blob);
    blobs.filter(|blob| misses || !blob.is_empty()).map(digest).collect()
}

/// The seal of thinking; empty where it has none.
fn blob(block: &Block) -> Option<&str> {
    let reasoning = block.as_reasoning()?;
    Some(reasoning.seal.as_ref().map_or("", |seal| &seal.blob))
}

/// A request without the thinking that this host has refused, or would; `None` where it holds none.
pub fn without(request: &Request, refused: &Refused) -> Option<(Request, Vec<Loss>)> {
    if refused.seals == Seals::None && refused.imitations == Seals::None {
        return None;
    }
    let why = |block: &Block| blob(block).and_then(|blob| why_left(refused, blob));
    let stays = |block: &Block| why(block).is_none();
    if request.turns.iter().all(|turn| turn.blocks.iter().all(stays)) {
        return None;
    }
    let (mut request, mut losses) = (request.clone(), Vec::new());
    for turn in &mut request.turns {
        let gone = turn.blocks.iter().filter_map(|block| Some((block.place, why(block)?)));
        losses.extend(gone.map(|(place, reason)| Loss::dropped(place.to_string(), reason)));
        turn.blocks.retain(stays);
    }
    request.turns.retain(|turn| turn.role != Role::Assistant || !turn.blocks.is_empty());
    Some((request, losses))
}

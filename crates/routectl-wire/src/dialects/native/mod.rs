//! A Chat client's own body, told to a host with another way of speaking of thinking: named edits,
//! and what gets lost by them. A host that nothing is known of gets what the client wrote, and so
//! does `openai` what OpenAI's own clients write.

mod details;
mod history;
mod parts;
mod recall;
mod wishes;

use routectl_core::{Abilities, History, Seals};

use super::echo::Recall;
use crate::{Document, Fit};

/// What has to be changed of a Chat body for a host that speaks Chat. What its client left out of
/// its history can be recalled, if at all.
pub fn adapt(body: &Document, abilities: &Abilities, recall: Option<Recall<'_>>) -> Fit {
    let mut fit = Fit::default();
    let left_alone = abilities.quirks.dialect.hands_off;
    if !left_alone {
        wishes::adapt(body, abilities, &mut fit);
    } else if abilities.efforts_named {
        wishes::clamp(body, abilities, &mut fit);
    }
    let heard = abilities.refused.silence || abilities.refused.seals != Seals::None;
    if !left_alone || abilities.history == History::Strip || heard {
        history::adapt(body, abilities, recall, &mut fit);
    }
    fit
}

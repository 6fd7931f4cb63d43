//! Cache marks of a request, in the order of its body, within the number that hosts take.

use routectl_core::{Block, CacheMark, Content, Loss, Place, Source, Ttl};

/// Most marks of one request, at either vendor. (facts: translation, section 7)
pub(super) const MOST: usize = 4;

/// What stands marked.
pub(super) struct Slot<'a> {
    pub(super) mark: &'a mut Option<CacheMark>,
    pub(super) place: Place,
}

/// Finds what is marked among blocks, and within them.
pub(super) fn collect<'a>(blocks: &'a mut [Block], slots: &mut Vec<Slot<'a>>) {
    for Block { content, place, cache } in blocks {
        match content {
            Content::ToolResult(result) => collect(&mut result.blocks, slots),
            Content::Document { source: Source::Blocks(blocks), .. } => collect(blocks, slots),
            Content::Document { .. }
            | Content::Text(_)
            | Content::Refusal(_)
            | Content::Image(_)
            | Content::Reasoning(_)
            | Content::ToolCall(_)
            | Content::Opaque { .. } => {}
        }
        if cache.is_some() {
            slots.push(Slot { mark: cache, place: *place });
        }
    }
}

/// Keeps as many marks as there is room for: one for all that stands above the conversation, the
/// others in the conversation.
pub(super) fn limit(
    (above, among): (&mut Vec<Slot<'_>>, &mut Vec<Slot<'_>>),
    room: usize,
    losses: &mut Vec<Loss>,
) {
    if above.len() + among.len() <= room {
        return;
    }
    forget(among, room - usize::from(!above.is_empty()), losses);
    forget(above, room - among.len(), losses);
}

/// Keeps the last marks: they cover all that stands before them.
fn forget(slots: &mut Vec<Slot<'_>>, kept: usize, losses: &mut Vec<Loss>) {
    let surplus = slots.len().saturating_sub(kept);
    for slot in slots.drain(..surplus) {
        *slot.mark = None;
        let reason = "a request has four cache marks at most";
        losses.push(Loss::dropped(slot.place.path("cache_control"), reason));
    }
}

/// Lets no mark live longer than one that stands before it. (facts: Anthropic Messages, section 13)
pub(super) fn shorten<'a>(slots: impl Iterator<Item = Slot<'a>>, losses: &mut Vec<Loss>) {
    let mut short = false;
    for Slot { mark, place } in slots {
        let Some(mark) = mark else { continue };
        if short && mark.ttl == Some(Ttl::OneHour) {
            mark.ttl = None;
            let reason = "a mark cannot outlive one that stands before it";
            losses.push(Loss::clamped(place.path("cache_control"), reason));
        }
        short |= mark.ttl != Some(Ttl::OneHour);
    }
}

//! Cache marks within the host's rules: at most four, and none that lives long behind one that
//! does not. (facts: translation, section 7; Anthropic Messages, section 13)

use routectl_core::{Block, CacheMark, Content, Loss, Place, Request, Role, Source, Ttl};

use super::tools::Offered;

/// Most marks of one request, the host's own choice among them.
const MOST: usize = 4;

/// Where a mark can stand.
struct Slot<'a> {
    mark: &'a mut Option<CacheMark>,
    place: Place,
}

/// Brings the marks of a request within the rules. `auto` is whether those of clients that mark
/// nothing are marked here: OpenAI's hosts cache without being asked.
pub(super) fn settle(
    request: &mut Request,
    tools: &mut [Offered],
    auto: bool,
    losses: &mut Vec<Loss>,
) {
    let top = request.cache.is_some();
    let mut above: Vec<Slot<'_>> = tools.iter_mut().filter_map(of_tool).collect();
    collect(&mut request.system, &mut above);
    let mut among = Vec::new();
    for turn in &mut request.turns {
        collect(&mut turn.blocks, &mut among);
    }
    if auto && !top && above.is_empty() && among.is_empty() {
        return choose(request, tools);
    }
    let room = MOST - usize::from(top);
    if above.len() + among.len() > room {
        // One for all that stands above the conversation, the others for the conversation.
        forget(&mut among, room - usize::from(!above.is_empty()), losses);
        forget(&mut above, room - among.len(), losses);
    }
    let host = Slot { mark: &mut request.cache, place: Place::BODY };
    shorten(above.into_iter().chain(among).chain([host]), losses);
    let last = request.turns.last().and_then(|turn| turn.blocks.last()?.cache);
    if let (Some(last), Some(host)) = (last, request.cache)
        && (last.ttl == Some(Ttl::OneHour)) != (host.ttl == Some(Ttl::OneHour))
    {
        request.cache = None;
        let reason = "the last block has a mark of its own";
        losses.push(Loss::dropped("cache_control", reason));
    }
}

/// Three marks: the host's own, which moves on with the conversation; one for what all
/// conversations of a client begin with; and one before the last answer, since clients show a model
/// reminders that are gone in the next request, and with them what was cached up to them.
fn choose(request: &mut Request, tools: &mut [Offered]) {
    let mark = Some(CacheMark::default());
    request.cache = mark;
    match (request.system.last_mut(), tools.last_mut()) {
        (Some(Block { cache, .. }), _) | (None, Some(Offered { cache, .. })) => *cache = mark,
        (None, None) => {}
    }
    let last_answer = request.turns.iter().rposition(|turn| turn.role == Role::Assistant);
    let before = request.turns.get_mut(..last_answer.unwrap_or_default());
    if let Some(block) = before.and_then(|turns| turns.last_mut()?.blocks.last_mut()) {
        block.cache = mark;
    }
}

fn of_tool(tool: &mut Offered) -> Option<Slot<'_>> {
    tool.cache.is_some().then_some(Slot { mark: &mut tool.cache, place: tool.place })
}

fn collect<'a>(blocks: &'a mut [Block], slots: &mut Vec<Slot<'a>>) {
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

/// Keeps the last marks: they cover all that stands before them.
fn forget(slots: &mut Vec<Slot<'_>>, kept: usize, losses: &mut Vec<Loss>) {
    let surplus = slots.len().saturating_sub(kept);
    for slot in slots.drain(..surplus) {
        *slot.mark = None;
        let reason = "Messages takes four cache marks at most";
        losses.push(Loss::dropped(slot.place.path("cache_control"), reason));
    }
}

fn shorten<'a>(slots: impl Iterator<Item = Slot<'a>>, losses: &mut Vec<Loss>) {
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

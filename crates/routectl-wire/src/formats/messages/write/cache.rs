//! Cache marks within the host's rules: at most four, and none that lives long behind one that
//! does not. (facts: translation, section 7; Anthropic Messages, section 13)

use routectl_core::{Block, CacheMark, Loss, Place, Request, Role, Ttl};

use super::tools::Offered;
use crate::formats::marks::{self, Slot};

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
    marks::collect(&mut request.system, &mut above);
    let mut among = Vec::new();
    for turn in &mut request.turns {
        marks::collect(&mut turn.blocks, &mut among);
    }
    if auto && !top && above.is_empty() && among.is_empty() {
        return choose(request, tools);
    }
    // The host's own choice is a mark too.
    marks::limit((&mut above, &mut among), marks::MOST - usize::from(top), losses);
    let host = Slot { mark: &mut request.cache, place: Place::BODY };
    marks::shorten(above.into_iter().chain(among).chain([host]), losses);
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

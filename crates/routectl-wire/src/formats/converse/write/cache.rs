//! Cache marks within the rules of the host and of its models: behind whole blocks only, four at
//! most, and none that outlives one before it. The host chooses none by itself. (facts: bedrock,
//! sections 1.3, 1.8 and 2.1)

use routectl_core::{Block, CacheMark, Content, Loss, Place, Role, Source, Ttl};

use crate::formats::converse::vendors::Cache;
use crate::formats::marks::{self, Slot};
use crate::formats::messages::write::{Fitted, Offered};

/// Brings the marks of a request within the rules. `auto` is whether those of clients that mark
/// nothing are marked here.
pub(super) fn settle(fitted: &mut Fitted, takes: Cache, auto: bool, losses: &mut Vec<Loss>) {
    place(fitted, takes, auto, losses);
    let word = fitted.request.names.cache;
    for turn in &mut fitted.request.turns {
        losses.extend(spare_documents(&mut turn.blocks, word));
    }
}

/// AWS refuses a mark right behind a document that is no PDF ("content.2.type: Field required"):
/// it moves up to the nearest block before that can have one. (reports of what AWS answers)
fn spare_documents(blocks: &mut [Block], word: &str) -> Vec<Loss> {
    let mut losses = Vec::new();
    for at in 0..blocks.len() {
        let (before, rest) = blocks.split_at_mut(at);
        let Some(block) = rest.first_mut().filter(|block| is_bare_file(block)) else { continue };
        let Some(mark) = block.cache.take() else { continue };
        let takes = |it: &&mut Block| !is_bare_file(it) && it.as_reasoning().is_none();
        let (Ok(path) | Err(path)) = path(block.place, word);
        match before.iter_mut().rev().find(takes) {
            // One mark does for both.
            Some(Block { cache: Some(_), .. }) => {
                losses.push(Loss::dropped(path, "the block before this document is marked"));
            }
            Some(earlier) => earlier.cache = Some(mark),
            None => losses.push(Loss::dropped(path, "Converse takes no mark behind this document")),
        }
    }
    losses
}

/// A document in its own bytes that is no PDF. Of one in pieces nothing is known.
fn is_bare_file(block: &Block) -> bool {
    let Content::Document { source: Source::Base64 { media_type, .. }, .. } = &block.content else {
        return false;
    };
    !media_type.eq_ignore_ascii_case("application/pdf")
}

fn place(fitted: &mut Fitted, takes: Cache, auto: bool, losses: &mut Vec<Loss>) {
    if takes == Cache::Nowhere {
        let word = fitted.request.names.cache;
        return losses.extend(all(fitted).iter_mut().map(|slot| unmarked(slot, word, UNMARKED)));
    }
    if takes == Cache::Talk {
        let word = fitted.request.names.cache;
        let reason = "this model caches no tools by themselves";
        let tools = fitted.tools.iter_mut().filter_map(of_tool);
        losses.extend(tools.map(|mut slot| unmarked(&mut slot, word, reason)));
    }
    if takes != Cache::Long {
        let word = fitted.request.names.cache;
        losses.extend(all(fitted).iter_mut().filter_map(|slot| clamped(slot, word)));
    }
    if auto && all(fitted).is_empty() {
        return choose(fitted, takes);
    }
    let Fitted { request, tools, .. } = fitted;
    let blocks = request.turns.iter_mut().flat_map(|turn| &mut turn.blocks);
    blocks.for_each(hoist);
    if let Some(mark) = request.cache.take()
        && let Some(last) = request.turns.last_mut().and_then(|turn| turn.blocks.last_mut())
    {
        // The host's choice would be the end of the conversation.
        last.cache.get_or_insert(mark);
    }
    let mut above: Vec<Slot<'_>> = tools.iter_mut().filter_map(of_tool).collect();
    marks::collect(&mut request.system, &mut above);
    let mut among = Vec::new();
    for turn in &mut request.turns {
        marks::collect(&mut turn.blocks, &mut among);
    }
    marks::limit((&mut above, &mut among), marks::MOST, losses);
    marks::shorten(above.into_iter().chain(among), losses);
}

/// Everything that is marked.
fn all(fitted: &mut Fitted) -> Vec<Slot<'_>> {
    let Fitted { request, tools, .. } = fitted;
    let mut slots: Vec<Slot<'_>> = tools.iter_mut().filter_map(of_tool).collect();
    marks::collect(&mut request.system, &mut slots);
    for turn in &mut request.turns {
        marks::collect(&mut turn.blocks, &mut slots);
    }
    if request.cache.is_some() {
        slots.push(Slot { mark: &mut request.cache, place: Place::BODY });
    }
    slots
}

const UNMARKED: &str = "prompts of this model are not cached on demand";

/// A mark inside a block marks the block: there are none further in.
fn hoist(block: &mut Block) {
    let inner = match &mut block.content {
        Content::ToolResult(result) => &mut result.blocks,
        Content::Document { source: Source::Blocks(blocks), .. } => blocks,
        Content::Document { .. }
        | Content::Text(_)
        | Content::Refusal(_)
        | Content::Image(_)
        | Content::Reasoning(_)
        | Content::ToolCall(_)
        | Content::Opaque { .. } => return,
    };
    for block_inside in inner {
        hoist(block_inside);
        let mark = block_inside.cache.take();
        block.cache = block.cache.or(mark);
    }
}

/// Three marks: one that moves on with the conversation; one for what all conversations of a client
/// begin with; and one before the last answer, since clients show a model reminders that are gone
/// in the next request.
fn choose(fitted: &mut Fitted, takes: Cache) {
    let Fitted { request, tools, .. } = fitted;
    let mark = Some(CacheMark::default());
    match (request.system.last_mut(), tools.last_mut()) {
        (Some(Block { cache, .. }), _) => *cache = mark,
        (None, Some(Offered { cache, .. })) if takes != Cache::Talk => *cache = mark,
        (None, _) => {}
    }
    let last_answer = request.turns.iter().rposition(|turn| turn.role == Role::Assistant);
    let ends = [last_answer, Some(request.turns.len())];
    for end in ends.into_iter().flatten() {
        let before =
            request.turns.get_mut(..end).and_then(|turns| turns.last_mut()?.blocks.last_mut());
        if let Some(block) = before.filter(|block| block.as_reasoning().is_none()) {
            block.cache = mark;
        }
    }
}

fn of_tool(tool: &mut Offered) -> Option<Slot<'_>> {
    tool.cache.is_some().then_some(Slot { mark: &mut tool.cache, place: tool.place })
}

/// Takes a mark away.
fn unmarked(slot: &mut Slot<'_>, word: &str, reason: &'static str) -> Loss {
    *slot.mark = None;
    match path(slot.place, word) {
        Ok(path) => Loss::dropped(path, reason),
        Err(block) => Loss::degraded(block, reason),
    }
}

/// Older models keep what is cached for five minutes.
fn clamped(slot: &mut Slot<'_>, word: &str) -> Option<Loss> {
    let mark = slot.mark.as_mut().filter(|mark| mark.ttl == Some(Ttl::OneHour))?;
    mark.ttl = None;
    let (Ok(path) | Err(path)) = path(slot.place, word);
    Some(Loss::clamped(path, "this model keeps a cached prompt for five minutes"))
}

/// The path of a mark; or of what is marked, for clients with several words for it. A text that is
/// no block is marked beside its member.
fn path(place: Place, word: &str) -> Result<String, String> {
    if place == Place::BODY {
        return Ok("cache_control".to_owned());
    }
    if !word.is_empty() {
        return Ok(place.path(word));
    }
    let path = place.to_string();
    Err(path.strip_suffix(".content").unwrap_or(&path).to_owned())
}

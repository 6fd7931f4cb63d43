//! What a host is told of caching: marks on what it sees, and a key under which it finds a
//! conversation again. (facts: translation, section 7; provider quirks, section 6)

use routectl_core::{
    Block, CacheMark, CacheMarks, Content, Loss, Place, Quirks, Request, Role, Tool, Ttl,
};
use sha2::{Digest as _, Sha256};

use super::Writer;
use super::parts::Part;
use crate::attribution;
use crate::formats::marks;
use crate::json::Object;
use crate::names;

/// How much of a digest tells conversations apart.
const KEY_DIGITS: usize = 32;

/// A mark in the words of the host that takes it.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Control(CacheMark),
    Breakpoint(CacheMark),
}

impl Mark {
    /// The mark for a host, if it takes any.
    fn to(quirks: &Quirks, mark: CacheMark) -> Option<Self> {
        match quirks.cache_marks {
            CacheMarks::None => None,
            CacheMarks::Control => Some(Self::Control(mark)),
            CacheMarks::Breakpoints => Some(Self::Breakpoint(mark)),
        }
    }

    /// Writes it into what it marks.
    pub(super) fn write(self, object: &mut Object<'_>) {
        match self {
            Self::Control(mark) => {
                let mut control = object.object("cache_control");
                control.text("type", "ephemeral");
                control.text_if("ttl", mark.ttl.map(of_control));
            }
            Self::Breakpoint(mark) => {
                let mut breakpoint = object.object("prompt_cache_breakpoint");
                breakpoint.text("mode", "explicit");
                breakpoint.text_if("ttl", mark.ttl.map(of_breakpoint));
            }
        }
    }
}

fn of_control(ttl: Ttl) -> &'static str {
    match ttl {
        Ttl::FiveMinutes => "5m",
        Ttl::OneHour => "1h",
    }
}

/// The shortest time that lasts as long.
fn of_breakpoint(ttl: Ttl) -> &'static str {
    match ttl {
        Ttl::FiveMinutes => "30m",
        Ttl::OneHour => "12h",
    }
}

/// Brings marks within the rules of breakpoints: what cannot bear one leaves it to what follows,
/// and there are four at most.
pub(super) fn settle(request: &mut Request, quirks: &Quirks) -> Vec<Loss> {
    let mut losses = Vec::new();
    if quirks.cache_marks != CacheMarks::Breakpoints {
        return losses;
    }
    hand_on(request, &mut losses);
    let mut above = Vec::new();
    marks::collect(&mut request.system, &mut above);
    let mut among = Vec::new();
    request.turns.iter_mut().for_each(|turn| marks::collect(&mut turn.blocks, &mut among));
    marks::limit((&mut above, &mut among), marks::MOST, &mut losses);
    losses
}

fn hand_on(request: &mut Request, losses: &mut Vec<Loss>) {
    let mut carried = Carried(None);
    request.tools.iter_mut().for_each(|tool| carried.take(&mut tool.cache, tool.place));
    request.system.iter_mut().for_each(|block| carried.pass(block, true));
    for turn in &mut request.turns {
        let shown = turn.role != Role::Assistant;
        turn.blocks.iter_mut().for_each(|block| carried.pass(block, shown));
    }
    losses.extend(carried.0.map(|(_, place)| lost(place, UNBORNE)));
}

/// The last mark that found nothing to stand on.
struct Carried(Option<(CacheMark, Place)>);

impl Carried {
    fn take(&mut self, mark: &mut Option<CacheMark>, place: Place) {
        self.0 = mark.take().map(|mark| (mark, place)).or(self.0);
    }

    fn pass(&mut self, block: &mut Block, shown: bool) {
        if shown && bears(block) {
            let handed = self.0.take().map(|(mark, _)| mark);
            block.cache = block.cache.or(handed);
        } else {
            self.take(&mut block.cache, block.place);
        }
    }
}

/// Whether a host gets to see something that can be marked.
fn bears(block: &Block) -> bool {
    match &block.content {
        Content::Text(text) | Content::Refusal(text) => {
            !text.is_empty() && !attribution::is_attribution(block)
        }
        Content::Image(_) | Content::Document { .. } => true,
        Content::ToolResult(result) => result.blocks.iter().any(bears),
        Content::Reasoning(_) | Content::ToolCall(_) | Content::Opaque { .. } => false,
    }
}

const UNBORNE: &str = "nothing here can bear a cache mark";

fn lost(place: Place, reason: &'static str) -> Loss {
    Loss::dropped(place.path("cache_control"), reason)
}

/// Puts a block's mark on its last part, or says that it is lost.
pub(super) fn bear(writer: &mut Writer<'_>, block: &Block, part: Option<&mut Part<'_>>) {
    let Some(mark) = block.cache else { return };
    match (part, Mark::to(writer.quirks(), mark)) {
        (Some(part), Some(mark)) => part.cache = Some(mark),
        (None, _) | (_, None) => writer.losses.push(unmarked(writer.quirks(), block.place)),
    }
}

/// Writes the mark of a tool.
pub(super) fn tool(writer: &mut Writer<'_>, object: &mut Object<'_>, tool: &Tool) {
    let Some(mark) = tool.cache else { return };
    match Mark::to(writer.quirks(), mark) {
        Some(mark) => mark.write(object),
        None => writer.losses.push(unmarked(writer.quirks(), tool.place)),
    }
}

/// The loss of a mark.
pub(super) fn unmarked(quirks: &Quirks, place: Place) -> Loss {
    match quirks.cache_marks {
        CacheMarks::None => lost(place, "the host takes no cache marks"),
        CacheMarks::Control | CacheMarks::Breakpoints => lost(place, UNBORNE),
    }
}

/// Writes what holds for the whole request.
pub(super) fn rest(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    if let Some(key) = key(writer.request).filter(|_| writer.quirks().takes_cache_key) {
        body.text("prompt_cache_key", &key);
    }
    let Some(mark) = writer.request.cache else { return };
    let loss = match (writer.quirks().cache_marks, mark.ttl) {
        (CacheMarks::None | CacheMarks::Control, _) => {
            Loss::dropped("cache_control", "the host caches as it sees fit")
        }
        // It caches up to the end by itself, for half an hour.
        (CacheMarks::Breakpoints, None | Some(Ttl::FiveMinutes)) => return,
        (CacheMarks::Breakpoints, Some(Ttl::OneHour)) => {
            Loss::clamped("cache_control", "the host caches for half an hour by itself")
        }
    };
    writer.losses.push(loss);
}

/// What brings the requests of a conversation to where its prompt is cached. Hosts see a digest of
/// the client's own id, or else of what its conversations begin with.
fn key(request: &Request) -> Option<String> {
    let mut digest = Sha256::new();
    match &request.conversation {
        Some(conversation) => digest.update(conversation),
        None if request.system.is_empty() && request.tools.is_empty() => return None,
        None => {
            let system = request.system.iter().filter_map(Block::as_text);
            let tools = request.tools.iter().map(|tool| tool.name.as_str());
            for text in system.chain(tools) {
                digest.update(text);
                digest.update([0]);
            }
        }
    }
    Some(names::hex_of(&digest.finalize(), KEY_DIGITS))
}

impl Writer<'_> {
    /// Whether content is told in parts always, so that a mark that comes or goes changes nothing
    /// else.
    pub(super) fn tells_parts(&self) -> bool {
        self.quirks().cache_marks != CacheMarks::None
    }
}

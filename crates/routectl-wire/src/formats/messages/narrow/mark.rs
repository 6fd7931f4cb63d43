//! The cache mark of a whole request, moved to the block where the vendor's own API would put it:
//! the last one that may have a mark. (facts: Bedrock, section 1.3; Anthropic Messages, section 13)

use bytes::Bytes;
use routectl_core::Loss;

use super::Member;
use crate::json::{self, Node};
use crate::{Document, Edit, Fit};

/// The name of these edits in the trace.
const NAME: &str = "cache_mark";

const MEMBER: &str = "cache_control";

/// Most marks of one request.
const MOST: usize = 4;

/// Takes the mark out and gives it to the last block.
pub(super) fn moved(body: &Document, fit: &mut Fit) {
    let Some(mark) = body.get(MEMBER) else { return };
    // It may have been taken out already, for another reason.
    let is_out = |edit: &Edit| edit.member == MEMBER && edit.below.is_empty();
    if fit.edits.iter().any(is_out) {
        return;
    }
    fit.edits.retain(|edit| edit.member != MEMBER);
    fit.losses.retain(|loss| loss.path != "cache_control.scope");
    fit.edits.push(Edit::remove(NAME, MEMBER));
    let mark = Member { name: MEMBER, raw: mark };
    let Some(mark) = mark.read().filter(|mark| mark.object().is_some()) else { return };
    match place(body) {
        _ if marks(body) >= MOST => {
            fit.losses.push(Loss::dropped(MEMBER, "a request has four cache marks at most"));
        }
        Some(Place::Marked) => {}
        Some(Place::Block(message, block)) => {
            let edit = Edit::set(NAME, "messages", without_scope(&mark));
            fit.edits.push(edit.at(message).at("content").at(block).at(MEMBER));
        }
        Some(Place::Text(message, text)) => {
            let head = br#"[{"type":"text","text":"#;
            let mark = without_scope(&mark);
            let block = [head, text, br#","cache_control":"#, &mark, b"}]"].concat();
            fit.edits.push(Edit::set(NAME, "messages", block).at(message).at("content"));
        }
        None => fit.losses.push(Loss::dropped(MEMBER, "no block of the last message can have it")),
    }
}

/// Where the mark goes.
enum Place<'a> {
    /// The last block has a mark of its own.
    Marked,
    Block(usize, usize),
    /// The content is this quoted text and no list of blocks.
    Text(usize, &'a [u8]),
}

fn place(body: &Document) -> Option<Place<'_>> {
    let raw = body.elements("messages").next_back()?;
    let message = body.elements("messages").count() - 1;
    let last: Node<'_> = json::parse(std::str::from_utf8(raw).ok()?).ok()?;
    let content = last.member("content")?;
    if let Some(text) = content.text() {
        return (!text.trim().is_empty()).then_some(Place::Text(message, content.raw.as_bytes()));
    }
    let blocks = content.list()?;
    let block = blocks.iter().rposition(may_be_marked)?;
    let marked = blocks.get(block)?.member(MEMBER).is_some_and(|mark| !mark.is_null());
    Some(if marked { Place::Marked } else { Place::Block(message, block) })
}

fn may_be_marked(block: &Node<'_>) -> bool {
    let text = |name: &str| block.member(name).and_then(Node::text);
    match text("type").as_deref() {
        Some("thinking" | "redacted_thinking") | None => false,
        Some("text") => text("text").is_some_and(|text| !text.trim().is_empty()),
        Some(_) => true,
    }
}

/// How many blocks and tools have marks.
fn marks(body: &Document) -> usize {
    let marked = |name: &str| {
        let raw = body.get(name).unwrap_or_default();
        let read = Member { name, raw };
        let read = if read.says(MEMBER) { read.read() } else { None };
        read.map_or(0, |node| counted(&node, 0))
    };
    ["tools", "system", "messages"].into_iter().map(marked).sum()
}

/// Marks stand no deeper than in the content of a tool's result.
const DEEPEST: usize = 6;

fn counted(node: &Node<'_>, depth: usize) -> usize {
    if depth > DEEPEST {
        return 0;
    }
    if let Some(elements) = node.list() {
        return elements.iter().map(|element| counted(element, depth + 1)).sum();
    }
    let own = usize::from(node.member(MEMBER).is_some_and(|mark| mark.object().is_some()));
    own + node.member("content").map_or(0, |content| counted(content, depth + 1))
}

fn without_scope(mark: &Node<'_>) -> Bytes {
    let bytes = Bytes::copy_from_slice(mark.raw.as_bytes());
    let Ok(mark) = Document::parse(bytes.clone()) else { return bytes };
    mark.spliced(&[Edit::remove(NAME, "scope")]).joined()
}

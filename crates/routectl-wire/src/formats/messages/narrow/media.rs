//! Blocks that a host does not take as they are: images and documents by reference, and tools that
//! were searched for.

use std::borrow::Cow;

use bytes::Bytes;
use routectl_core::Loss;

use super::{Member, spelled};
use crate::json::{Node, quoted};
use crate::{Document, Edit, Fit, Step};

/// Whoever is to fetch it: the target cannot.
const BY_REFERENCE: &str = "this host takes images and documents in the request only";

/// Reports what stands elsewhere: only another target can be told it.
pub(super) fn inline_only(body: &Document, fit: &mut Fit) {
    let member = messages(body);
    if !member.says("source") || !(member.says("url") || member.says("file")) {
        return;
    }
    blocks(member, |block, way| {
        let kind = block.member("type").and_then(Node::text);
        let is_media = matches!(kind.as_deref(), Some("image" | "document"));
        let Some(source) = block.member("source").filter(|_| is_media) else { return };
        let source = source.member("type").and_then(Node::text);
        if matches!(source.as_deref(), Some("url" | "file")) {
            let path = format!("{}.source", spelled(member.name, way));
            fit.losses.push(Loss::refused(path, BY_REFERENCE));
        }
    });
}

/// Says the names of tools that were found, where tools are not searched for and all of them are
/// there from the beginning.
pub(super) fn references(body: &Document, fit: &mut Fit) {
    let member = messages(body);
    if !member.says("tool_reference") {
        return;
    }
    blocks(member, |block, way| {
        let kind = block.member("type").and_then(Node::text);
        if kind.as_deref() != Some("tool_reference") {
            return;
        }
        let mut edit = Edit::set("tool_reference", "messages", named(block));
        edit.below.extend(way.iter().cloned());
        fit.edits.push(edit);
        let reason = "tools are not searched for at this target: this one is there already";
        fit.losses.push(Loss::degraded(spelled(member.name, way), reason));
    });
}

/// A block of text with a tool's name, with the mark that its reference had.
fn named(reference: &Node<'_>) -> Bytes {
    let name = reference.member("tool_name").and_then(Node::text).unwrap_or(Cow::Borrowed("tool"));
    let mut block = br#"{"type":"text","text":"#.to_vec();
    quoted(&name, &mut block);
    if let Some(mark) = reference.member("cache_control") {
        block.extend_from_slice(br#","cache_control":"#);
        block.extend_from_slice(mark.raw.as_bytes());
    }
    block.push(b'}');
    block.into()
}

fn messages(body: &Document) -> Member<'_> {
    Member { name: "messages", raw: body.get("messages").unwrap_or_default() }
}

/// Shows every block of a conversation, those in results of tools too, and the way to it.
fn blocks(messages: Member<'_>, mut show: impl FnMut(&Node<'_>, &[Step])) {
    let Some(read) = messages.read() else { return };
    let content = |node: &Node<'_>, way: &[Step], show: &mut dyn FnMut(&Node<'_>, &[Step])| {
        let blocks = node.member("content").and_then(Node::list).unwrap_or_default();
        for (index, block) in blocks.iter().enumerate() {
            let mut way = way.to_vec();
            way.extend([Step::from("content"), Step::Index(index)]);
            show(block, &way);
        }
    };
    for (index, message) in read.list().unwrap_or_default().iter().enumerate() {
        content(message, &[Step::Index(index)], &mut |block, way| {
            show(block, way);
            content(block, way, &mut show);
        });
    }
}

//! Blocks as Converse takes them: which may stand in whose turn, and what becomes of the others.

use routectl_core::{Block, Content, IfLost, Loss, Role, Source, ToolResult};

use super::documents::{self, Names};
use crate::formats::converse::vendors::Vendor;
use crate::formats::messages::write::{Target, earlier_thinking};

/// What is said in a block's place, or what it means that nothing is; `None` where there was
/// nothing to say.
pub(super) type Said<T> = Result<T, Option<IfLost>>;

/// Fits the blocks of a conversation, in their order.
pub(super) struct Fitter<'a> {
    vendor: &'a Vendor,
    target: Target<'a>,
    names: Names,
}

impl<'a> Fitter<'a> {
    pub(super) fn new(vendor: &'a Vendor, target: Target<'a>) -> Self {
        Self { vendor, target, names: Names::default() }
    }

    /// A block that can be said as it is, in a turn of this role.
    pub(super) fn fit(
        &mut self,
        block: Block,
        role: Role,
        losses: &mut Vec<Loss>,
    ) -> Option<Block> {
        let Block { content, place, cache } = block;
        let said = match (role, content) {
            (_, Content::Text(text) | Content::Refusal(text)) => words(text).map(Content::Text),
            (Role::User, Content::Image(source)) => self.image(source).map(Content::Image),
            (Role::User, Content::Document { source, title, about }) => {
                self.document(source, losses).map(|source| {
                    let title = Some(self.names.lawful(title.as_deref(), place, losses));
                    Content::Document { source, title, about }
                })
            }
            (Role::User, Content::ToolResult(result)) => {
                let blocks = self.inside(result.blocks, losses);
                Ok(Content::ToolResult(ToolResult { blocks, ..result }))
            }
            (Role::Assistant, Content::ToolCall(call)) => Ok(Content::ToolCall(call)),
            (Role::Assistant, Content::Reasoning(thought)) => {
                earlier_thinking(thought, self.target).map(Content::Reasoning)
            }
            (_, Content::Opaque { if_lost, .. }) => Err(Some(if_lost)),
            (Role::System, _) => refused("the words of the system can only be text"),
            (Role::Assistant, _) => refused("a message of the assistant cannot hold this"),
            (Role::User, _) => refused("a message of the user cannot hold this"),
        };
        let can_be_marked = said.as_ref().is_ok_and(|it| !matches!(it, Content::Reasoning(_)));
        if cache.is_some() && !can_be_marked {
            let path = place.path("cache_control");
            losses.push(Loss::dropped(path, "nothing here can be marked"));
        }
        let cache = cache.filter(|_| can_be_marked);
        match said {
            Ok(content) => Some(Block { content, place, cache }),
            Err(if_lost) => {
                losses.extend(if_lost.map(|if_lost| if_lost.loss(place.to_string())));
                None
            }
        }
    }

    /// What a tool gave, or what stands in place of a file.
    fn inside(&mut self, blocks: Vec<Block>, losses: &mut Vec<Loss>) -> Vec<Block> {
        let fitted = blocks.into_iter().filter_map(|block| {
            if matches!(block.content, Content::Image(_)) && !self.vendor.rich_results {
                let reason = "this model sees no images inside other blocks";
                losses.push(Loss::refused(block.place.to_string(), reason));
                return None;
            }
            let Content::ToolResult(_) = block.content else {
                return self.fit(block, Role::User, losses);
            };
            let reason = "a result cannot stand inside another block";
            losses.push(Loss::refused(block.place.to_string(), reason));
            None
        });
        fitted.collect()
    }

    /// An image is its bytes: no other host's files are in reach. (facts: bedrock, section 2.1)
    fn image(&self, source: Source) -> Said<Source> {
        if !self.vendor.images {
            return refused("this model sees no images");
        }
        match source {
            Source::Base64 { media_type, bytes } if image_format(&media_type).is_some() => {
                Ok(Source::Base64 { media_type, bytes })
            }
            Source::Base64 { .. } => {
                refused("Converse takes images as JPEG, PNG, GIF and WebP only")
            }
            Source::Url(_) => refused("Converse takes the bytes of an image, not its address"),
            Source::File(_) => refused(FILE),
            Source::Text(_) | Source::Blocks(_) => refused("this is no image"),
        }
    }

    fn document(&mut self, source: Source, losses: &mut Vec<Loss>) -> Said<Source> {
        if !self.vendor.documents {
            return refused("this model reads no documents");
        }
        match source {
            Source::Base64 { media_type, bytes } if documents::format(&media_type).is_some() => {
                Ok(Source::Base64 { media_type, bytes })
            }
            Source::Base64 { .. } => {
                refused("Converse takes documents as PDF, text, Word and Excel only")
            }
            Source::Url(_) => refused("Converse takes the bytes of a document, not its address"),
            Source::File(_) => refused(FILE),
            Source::Text(text) => documents::of_text(&text),
            Source::Blocks(blocks) => {
                let blocks = self.inside(blocks, losses);
                documents::of_blocks(blocks, self.target.is_claude(), losses)
            }
        }
    }
}

const FILE: &str = "the id of a file means nothing to another vendor";

/// The word for an image's media type.
pub(super) fn image_format(media_type: &str) -> Option<&'static str> {
    match media_type.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => Some("jpeg"),
        "image/png" => Some("png"),
        "image/gif" => Some("gif"),
        "image/webp" => Some("webp"),
        _ => None,
    }
}

pub(super) fn refused<T>(reason: &'static str) -> Said<T> {
    Err(Some(IfLost::Refused(reason)))
}

pub(super) fn told<T>(reason: &'static str) -> Said<T> {
    Err(Some(IfLost::Told(reason)))
}

/// Texts without a visible character are refused by the host and say nothing.
fn words(text: String) -> Said<String> {
    if text.is_empty() {
        return Err(None);
    }
    if text.trim().is_empty() { told("Converse refuses whitespace alone") } else { Ok(text) }
}

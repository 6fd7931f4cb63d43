//! Text, images and documents of a message.

use std::borrow::Cow;

use routectl_core::{Block, Content, Loss, Source};

use super::Writer;
use super::cache::{self, Mark};
use crate::json::Object;

/// What a host gets to see as one part of a message.
pub(super) struct Part<'a> {
    said: Said<'a>,
    pub(super) cache: Option<Mark>,
}

enum Said<'a> {
    Text(Cow<'a, str>),
    /// An address, or a data URL.
    Image(Cow<'a, str>),
    /// A data URL.
    File {
        name: Cow<'a, str>,
        url: String,
    },
}

impl<'a> Part<'a> {
    /// Text without a mark.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { said: Said::Text(text.into()), cache: None }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.said {
            Said::Text(text) => Some(text),
            Said::Image(_) | Said::File { .. } => None,
        }
    }

    /// Puts words before a text.
    pub(super) fn prefix(&mut self, words: &str) {
        if let Said::Text(text) = &mut self.said {
            text.to_mut().insert_str(0, words);
        }
    }

    fn write(&self, mut part: Object<'_>) {
        match &self.said {
            Said::Text(text) => {
                part.text("type", "text");
                part.text("text", text);
            }
            Said::Image(url) => {
                part.text("type", "image_url");
                part.object("image_url").text("url", url);
            }
            Said::File { name, url } => {
                part.text("type", "file");
                let mut file = part.object("file");
                file.text("filename", name);
                file.text("file_data", url);
            }
        }
        if let Some(mark) = self.cache {
            mark.write(&mut part);
        }
    }
}

/// Writes parts as content: one text as a string, unless hosts are to see parts always, so that
/// a mark that comes or goes changes nothing else.
pub(super) fn content(message: &mut Object<'_>, parts: &[Part<'_>], always_parts: bool) {
    match parts {
        [] => message.text("content", ""),
        [Part { said: Said::Text(text), cache: None }] if !always_parts => {
            message.text("content", text);
        }
        parts => {
            let mut list = message.list("content");
            for part in parts {
                part.write(list.object());
            }
        }
    }
}

/// The texts of parts as one.
pub(super) fn joined(parts: &[Part<'_>], between: &str) -> String {
    parts.iter().filter_map(Part::as_text).collect::<Vec<_>>().join(between)
}

/// What a host sees of these blocks. Empty text is left out: it says nothing, and hosts refuse it.
pub(super) fn of<'a>(
    writer: &mut Writer<'a>,
    blocks: impl IntoIterator<Item = &'a Block>,
) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for block in blocks {
        let before = parts.len();
        match &block.content {
            Content::Text(text) | Content::Refusal(text) if text.is_empty() => {}
            Content::Text(text) | Content::Refusal(text) => parts.push(Part::text(text)),
            Content::Image(source) => parts.extend(image(writer, block, source)),
            Content::Document { source, title, about } => {
                parts.extend(about.as_deref().map(Part::text));
                document(writer, block, (source, title.as_deref()), &mut parts);
            }
            Content::Opaque { if_lost, .. } => {
                writer.losses.push(if_lost.loss(block.place.to_string()));
            }
            Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) => {
                let reason = "this cannot stand in a message of this role";
                writer.losses.push(Loss::refused(block.place.to_string(), reason));
            }
        }
        let fresh = parts.get_mut(before..).and_then(<[Part<'_>]>::last_mut);
        cache::bear(writer, block, fresh);
    }
    parts
}

/// The texts among these blocks, for messages that can hold nothing else.
pub(super) fn texts<'a>(
    writer: &mut Writer<'a>,
    blocks: impl IntoIterator<Item = &'a Block>,
) -> Vec<Part<'a>> {
    let mut texts = Vec::new();
    for block in blocks {
        let said = of(writer, [block]);
        if said.iter().all(|part| part.as_text().is_some()) {
            texts.extend(said);
        } else {
            let reason = "a message of this role holds text only";
            writer.losses.push(Loss::refused(block.place.to_string(), reason));
        }
    }
    texts
}

fn image<'a>(writer: &mut Writer<'a>, block: &Block, source: &'a Source) -> Option<Part<'a>> {
    let url = match source {
        Source::Base64 { media_type, bytes } => Cow::Owned(data_url(media_type, bytes)),
        Source::Url(url) => Cow::Borrowed(url.as_str()),
        Source::File(_) => {
            writer.losses.push(Loss::refused(block.place.to_string(), FILE));
            return None;
        }
        Source::Text(_) | Source::Blocks(_) => {
            let reason = "an image is made of bytes or has an address";
            writer.losses.push(Loss::refused(block.place.to_string(), reason));
            return None;
        }
    };
    Some(Part { said: Said::Image(url), cache: None })
}

/// Ids of files are known to one vendor only. (facts: translation, section 3)
const FILE: &str = "the id of a file means nothing to another vendor";

fn data_url(media_type: &str, bytes: &str) -> String {
    format!("data:{media_type};base64,{bytes}")
}

fn document<'a>(
    writer: &mut Writer<'a>,
    block: &Block,
    (source, title): (&'a Source, Option<&'a str>),
    parts: &mut Vec<Part<'a>>,
) {
    let opening = || match title {
        Some(title) => format!("<document title=\"{}\">", title.replace('"', "&quot;")),
        None => "<document>".to_owned(),
    };
    let place = block.place.to_string();
    match source {
        Source::Base64 { media_type, bytes } => {
            let url = data_url(media_type, bytes);
            let name = Cow::Borrowed(title.unwrap_or_else(|| file_name(media_type)));
            parts.push(Part { said: Said::File { name, url }, cache: None });
        }
        Source::Text(text) => {
            parts.push(Part::text(format!("{}\n{text}\n</document>", opening())));
            writer.losses.push(Loss::degraded(place, INLINE));
        }
        Source::Blocks(blocks) => {
            parts.push(Part::text(opening()));
            writer.losses.push(Loss::degraded(place, INLINE));
            parts.extend(of(writer, blocks));
            parts.push(Part::text("</document>"));
        }
        Source::Url(_) => {
            let reason = "this format has no documents by address";
            writer.losses.push(Loss::refused(place, reason));
        }
        Source::File(_) => writer.losses.push(Loss::refused(place, FILE)),
    }
}

const INLINE: &str = "the document is told as text of the message";

/// What a document without a title is called; hosts want a name beside its bytes.
fn file_name(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "document.pdf",
        "text/plain" => "document.txt",
        _ => "document",
    }
}

//! Images, documents and search results.

use routectl_core::{Content, Foreign, IfLost, Source};

use crate::BadRequest;
use crate::json::{Node, Value};

use super::blocks::{self, Within};
use super::spot::{Spot, UNKNOWN, is_empty, is_true};

/// How a source says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Base64,
    Url,
    File,
    Text,
    Content,
}

const IMAGES: &[(&str, Kind)] =
    &[("base64", Kind::Base64), ("url", Kind::Url), ("file", Kind::File)];

const DOCUMENTS: &[(&str, Kind)] = &[
    ("base64", Kind::Base64),
    ("text", Kind::Text),
    ("content", Kind::Content),
    ("url", Kind::Url),
    ("file", Kind::File),
];

/// An image.
pub(super) fn image(spot: Spot<'_, '_>, foreign: &mut Vec<Foreign>) -> Result<Content, BadRequest> {
    let source = source(spot.need("source")?, IMAGES, foreign)?;
    spot.keep_foreign(foreign, |name, node| match name {
        "type" | "source" | "cache_control" => None,
        "transformations" if is_empty(node) => None,
        "transformations" => Some(IfLost::Told("only Claude's hosts resize images on demand")),
        _ => Some(UNKNOWN),
    });
    Ok(Content::Image(source))
}

/// A document.
pub(super) fn document(
    spot: Spot<'_, '_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    let source = source(spot.need("source")?, DOCUMENTS, foreign)?;
    let text = |name| spot.get(name).map(Spot::text).transpose();
    let title = text("title")?.map(Into::into);
    let about = text("context")?.map(Into::into);
    spot.keep_foreign(foreign, |name, node| match name {
        "type" | "source" | "title" | "context" | "cache_control" => None,
        "citations" => citations(node),
        _ => Some(UNKNOWN),
    });
    Ok(Content::Document { source, title, about })
}

/// What a client's own search found: a document that says where it comes from.
pub(super) fn search_result(
    spot: Spot<'_, '_>,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    let title = Some(spot.need("title")?.text()?.into_owned());
    let about = Some(spot.need("source")?.text()?.into_owned());
    let blocks = blocks::content(spot.need("content")?, Within::Document, foreign)?;
    spot.keep_foreign(foreign, |name, node| match name {
        "type" => Some(IfLost::Degraded("said as a document")),
        "source" | "title" | "content" | "cache_control" => None,
        "citations" => citations(node),
        _ => Some(UNKNOWN),
    });
    Ok(Content::Document { source: Source::Blocks(blocks), title, about })
}

fn citations(node: &Node<'_>) -> Option<IfLost> {
    let asked = node.member("enabled").is_none_or(is_true) && !is_empty(node);
    asked.then_some(IfLost::Told("only Claude cites what it read"))
}

fn source(
    spot: Spot<'_, '_>,
    kinds: &[(&str, Kind)],
    foreign: &mut Vec<Foreign>,
) -> Result<Source, BadRequest> {
    let spot = spot.object()?;
    let kind = spot.need("type")?.one_of(kinds)?;
    let source = match kind {
        Kind::Base64 => Source::Base64 {
            media_type: spot.need("media_type")?.word()?,
            bytes: spot.need("data")?.word()?,
        },
        Kind::Url => Source::Url(spot.need("url")?.word()?),
        Kind::File => Source::File(spot.need("file_id")?.word()?),
        Kind::Text => plain(spot)?,
        Kind::Content => {
            let content = spot.need("content")?;
            match content.node.value {
                Value::Text => Source::Text(content.word()?),
                Value::Null
                | Value::Bool(_)
                | Value::Number
                | Value::List(_)
                | Value::Object(_) => {
                    Source::Blocks(blocks::content(content, Within::Document, foreign)?)
                }
            }
        }
    };
    spot.keep_foreign(foreign, |name, _| match (name, kind) {
        ("type", _)
        | ("media_type" | "data", Kind::Base64 | Kind::Text)
        | ("url", Kind::Url)
        | ("file_id", Kind::File)
        | ("content", Kind::Content) => None,
        _ => Some(UNKNOWN),
    });
    Ok(source)
}

fn plain(spot: Spot<'_, '_>) -> Result<Source, BadRequest> {
    spot.need("media_type")?.one_of(&[("text/plain", ())])?;
    Ok(Source::Text(spot.need("data")?.text()?.into_owned()))
}

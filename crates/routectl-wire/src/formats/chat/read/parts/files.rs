//! Images and documents: by address, by a vendor's id, or inside the request.

use routectl_core::{Content, Foreign, IfLost, Place, Source};

use super::data_url::Inline;
use crate::BadRequest;
use crate::formats::chat::read::{elsewhere, said};
use crate::formats::expect;
use crate::json::{Node, Value};

/// `{"url":…,"detail":…}`; some clients write the URL alone.
pub(super) fn image(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    if node.value == Value::Text {
        return picture(&expect::text(node, place, "")?, place);
    }
    let mut image = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "url" => {
                image = Some(picture(&expect::text(value, place, name)?, place.member("url"))?)
            }
            "detail" if expect::text(value, place, name)? == "auto" => {}
            "detail" => {
                let if_lost = IfLost::Told("a hint that only Chat has");
                foreign.push(expect::foreign(place, name, value, if_lost));
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    image.ok_or_else(|| expect::missing(place, "url"))
}

fn picture(url: &str, place: Place) -> Result<Content, BadRequest> {
    match Inline::read(url) {
        Some(inline) => match shown(inline.map_err(|problem| bad(place, problem))?) {
            Ok(content) => Ok(content),
            Err(other) => Err(bad(place, format!("expected an image, found {}", other.media_type))),
        },
        None if is_address(url) => Ok(Content::Image(Source::Url(url.to_owned()))),
        None => Err(bad(place, "expected an https URL or a data URL")),
    }
}

fn bad(place: Place, problem: impl Into<String>) -> BadRequest {
    BadRequest::new(place.to_string(), problem)
}

fn is_address(url: &str) -> bool {
    let starts = |scheme: &str| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts("https://") || starts("http://")
}

/// A file that can be looked at: an image, or a document that clients send as one.
fn shown(inline: Inline) -> Result<Content, Inline> {
    let is_image = inline.media_type.starts_with("image/");
    if !is_image && inline.media_type != "application/pdf" {
        return Err(inline);
    }
    let Inline { media_type, bytes } = inline;
    let source = Source::Base64 { media_type, bytes };
    Ok(if is_image { Content::Image(source) } else { untitled(source) })
}

/// `{"file_data":…}` or `{"file_id":…}`, with a name or without.
pub(super) fn file(
    node: &Node<'_>,
    place: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<Content, BadRequest> {
    let mut given = None;
    let mut kept = None;
    let mut filename = None;
    for (name, value) in said(node, place, "")? {
        match name {
            "file_data" => given = Some(document(&expect::text(value, place, name)?, place)?),
            "file_id" => kept = Some((expect::text(value, place, name)?.into_owned(), value)),
            "filename" => filename = Some((expect::text(value, place, name)?.into_owned(), value)),
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    let content = match (given, kept) {
        (Some(content), Some((_, id))) => {
            let if_lost = IfLost::Told("the file itself stands beside its id");
            foreign.push(expect::foreign(place, "file_id", id, if_lost));
            content
        }
        (Some(content), None) => content,
        (None, Some((id, _))) => untitled(Source::File(id)),
        (None, None) => return Err(expect::missing(place, "file_data")),
    };
    Ok(match (content, filename) {
        (Content::Document { source, about, .. }, Some((title, _))) => {
            Content::Document { source, title: Some(title), about }
        }
        (content, Some((_, node))) => {
            let if_lost = IfLost::Told("images have no names elsewhere");
            foreign.push(expect::foreign(place, "filename", node, if_lost));
            content
        }
        (content, None) => content,
    })
}

fn untitled(source: Source) -> Content {
    Content::Document { source, title: None, about: None }
}

/// A data URL; some hosts take an address or the bare base64 too.
fn document(data: &str, place: Place) -> Result<Content, BadRequest> {
    let place = place.member("file_data");
    let inline = match Inline::read(data) {
        Some(inline) => inline.map_err(|problem| bad(place, problem))?,
        None if is_address(data) => return Ok(untitled(Source::Url(data.to_owned()))),
        None => Inline::untyped(data).ok_or_else(|| bad(place, "expected a data URL"))?,
    };
    if let Some(text) = inline.text() {
        return Ok(untitled(Source::Text(text)));
    }
    Ok(shown(inline).unwrap_or_else(|Inline { media_type, bytes }| {
        untitled(Source::Base64 { media_type, bytes })
    }))
}

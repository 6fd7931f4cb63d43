//! Images and documents in a Messages request: what their sources may be.

use serde_json::Value;

use super::{blocks, no, required, required_text};
use crate::answer::mint::decode;
use crate::messages::version::Terms;
use crate::refusal::Refusal;

/// How the bytes of each kind of image begin.
const KINDS: [(&str, &[u8]); 4] = [
    ("image/png", b"\x89PNG"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
    ("image/webp", b"RIFF"),
];

/// Refuses an image that the vendor cannot look at.
pub(super) fn image(block: &Value, path: &str) -> Result<(), Refusal> {
    let source = required(block, path, "source")?;
    let path = format!("{path}.source");
    match required_text(source, &path, "type")? {
        "base64" => {
            let media = required_text(source, &path, "media_type")?;
            if !KINDS.iter().any(|(known, _)| *known == media) {
                let text = "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'";
                return no(&format!("{path}.base64.media_type"), text);
            }
            let bytes = bytes(source, &path, "image")?;
            let shows = KINDS.iter().find(|(_, head)| bytes.starts_with(head));
            if shows.is_some_and(|(kind, _)| *kind != media) {
                let text = format!("Image does not match the provided media type {media}");
                return no(&format!("{path}.base64.data"), &text);
            }
            Ok(())
        }
        other => elsewhere(source, &path, other, "'base64', 'url', 'file'"),
    }
}

/// Refuses a document that the vendor cannot read.
pub(super) fn document(block: &Value, path: &str, terms: &Terms) -> Result<(), Refusal> {
    for name in ["title", "context"] {
        if block.get(name).is_some_and(|it| !it.is_string() && !it.is_null()) {
            return no(&format!("{path}.{name}"), "Input should be a valid string");
        }
    }
    let source = required(block, path, "source")?;
    let path = format!("{path}.source");
    let media = |kind: &str, wanted: &str| {
        if required_text(source, &path, "media_type")? == wanted {
            return Ok(());
        }
        no(&format!("{path}.{kind}.media_type"), &format!("Input should be '{wanted}'"))
    };
    match required_text(source, &path, "type")? {
        "base64" => {
            media("base64", "application/pdf")?;
            bytes(source, &path, "PDF").map(|_| ())
        }
        "text" => {
            media("text", "text/plain")?;
            required_text(source, &path, "data").map(|_| ())
        }
        "content" => content(required(source, &path, "content")?, &path, terms),
        other => elsewhere(source, &path, other, "'base64', 'text', 'content', 'url', 'file'"),
    }
}

/// Text and images in place of a file.
fn content(content: &Value, path: &str, terms: &Terms) -> Result<(), Refusal> {
    let Value::Array(parts) = content else {
        let fits = content.is_string();
        return if fits { Ok(()) } else { no(path, "Input should be a valid string or list") };
    };
    parts.iter().enumerate().try_for_each(|(place, part)| {
        let path = format!("{path}.content.{place}");
        match part.get("type").and_then(Value::as_str) {
            Some("text" | "image") => blocks::check(part, "tool_result", &path, terms),
            _ => no(&path, "Input tag should be 'text' or 'image'"),
        }
    })
}

/// A source by address or by the vendor's own name for it.
fn elsewhere(source: &Value, path: &str, kind: &str, known: &str) -> Result<(), Refusal> {
    match kind {
        "url" => {
            let url = required_text(source, path, "url")?;
            let fits = url.starts_with("https://") || url.starts_with("http://");
            if fits { Ok(()) } else { no(&format!("{path}.url.url"), "Invalid URL") }
        }
        "file" => required_text(source, path, "file_id").map(|_| ()),
        other => {
            let text = format!(
                "Input tag '{other}' found using 'type' does not match any of the expected tags: \
                 {known}"
            );
            no(path, &text)
        }
    }
}

fn bytes(source: &Value, path: &str, what: &str) -> Result<Vec<u8>, Refusal> {
    match decode(required_text(source, path, "data")?) {
        Some(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => {
            let text = format!("The {what} data is not valid base64");
            no(&format!("{path}.base64.data"), &text)
        }
    }
}

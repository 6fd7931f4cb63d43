//! Documents as Converse takes them: of few formats, with names of few letters that are unlike one
//! another, and with a text beside them. (facts: bedrock, section 2.1)

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use routectl_core::{Block, Content, Loss, Place, Role, Source, Turn};

use super::content::{Said, refused, told};

/// Longest name, with room for a number behind it.
const LONGEST: usize = 190;

/// What a document without a name is called.
const NAMELESS: &str = "document";

/// What is said beside a document that nobody says anything about. Always the same, for the host's
/// prompt cache.
const BESIDE: &str = "The document is attached.";

/// The names of a conversation's documents so far. They depend on what came before only, so that a
/// growing conversation keeps its bytes.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// A name that Converse takes and no other document has.
    pub(super) fn lawful(
        &mut self,
        title: Option<&str>,
        place: Place,
        losses: &mut Vec<Loss>,
    ) -> String {
        let plain = plain(title.unwrap_or_default());
        let plain = if plain.is_empty() { NAMELESS.to_owned() } else { plain };
        let mut name = plain.clone();
        let mut uses = 1_u32;
        while !self.0.insert(name.clone()) {
            uses += 1;
            name = format!("{plain} {uses}");
        }
        if title.is_some_and(|title| title != name) {
            let reason = "Converse has few letters for the name of a document, and each name once";
            losses.push(Loss::degraded(place.to_string(), reason));
        }
        name
    }
}

/// The letters that names may have, one space in the place of all others.
fn plain(title: &str) -> String {
    let lawful = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '(' | ')' | '[' | ']');
    let words = title.split(|it| !lawful(it)).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join(" ");
    name.truncate(LONGEST);
    name.truncate(name.trim_end().len());
    name
}

/// The word for a document's media type. Text of any other kind is read as text.
pub(super) fn format(media_type: &str) -> Option<&'static str> {
    let media_type = media_type.to_ascii_lowercase();
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    Some(match kind {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/markdown" => "md",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        kind if kind.starts_with("text/") => "txt",
        _ => return None,
    })
}

/// Plain text, as the bytes of a file: every model with documents reads those.
pub(super) fn of_text(text: &str) -> Said<Source> {
    if text.trim().is_empty() {
        return told("nothing is in this document");
    }
    let bytes = STANDARD.encode(text);
    Ok(Source::Base64 { media_type: "text/plain".to_owned(), bytes })
}

/// Pieces of text. Claude reads them as pieces; for others they are one text.
pub(super) fn of_blocks(
    blocks: Vec<Block>,
    by_pieces: bool,
    losses: &mut Vec<Loss>,
) -> Said<Source> {
    let texts: Vec<&str> = blocks.iter().filter_map(Block::as_text).collect();
    if texts.len() < blocks.len() {
        return refused("Converse takes no images inside a document");
    }
    if by_pieces && !texts.is_empty() {
        return Ok(Source::Blocks(blocks));
    }
    for block in blocks.iter().filter(|block| block.cache.is_some()) {
        let path = block.place.path("cache_control");
        losses.push(Loss::dropped(path, "no part of a document can be marked"));
    }
    of_text(&texts.join("\n\n"))
}

/// Puts a text into the turns that show a document and say nothing.
pub(super) fn accompany(turns: &mut [Turn], losses: &mut Vec<Loss>) {
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::User) {
        let is_document = |block: &&Block| matches!(block.content, Content::Document { .. });
        let Some(document) = turn.blocks.iter().find(is_document) else { continue };
        if turn.blocks.iter().any(|block| block.as_text().is_some()) {
            continue;
        }
        let place = document.place;
        let reason = "Converse wants a text beside a document; a few words are added";
        losses.push(Loss::emulated(place.to_string(), reason));
        turn.blocks.push(Block::text(BESIDE, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lawful_and_unlike_one_another() {
        let mut names = Names::default();
        let mut losses = Vec::new();
        for (title, expected, lost) in [
            (None, "document", false),
            (None, "document 2", false),
            (Some("plan (2)"), "plan (2)", false),
            (Some("plan (2)"), "plan (2) 2", true),
            (Some("a.pdf"), "a pdf", true),
            (Some("a  b\t[c]-d"), "a b [c]-d", true),
            (Some("…"), "document 3", true),
            (Some("Übersicht"), "bersicht", true),
        ] {
            losses.clear();
            let name = names.lawful(title, Place::BODY, &mut losses);
            assert_eq!((name.as_str(), !losses.is_empty()), (expected, lost), "{title:?}");
        }
        let long = names.lawful(Some(&"ab ".repeat(100)), Place::BODY, &mut losses);
        assert!(long.len() <= LONGEST && !long.ends_with(' '), "{long}");
    }

    #[test]
    fn media_types_have_words() {
        for (media_type, expected) in [
            ("application/pdf", Some("pdf")),
            ("Text/Plain; charset=utf-8", Some("txt")),
            ("text/x-rust", Some("txt")),
            ("text/markdown", Some("md")),
            ("application/zip", None),
        ] {
            assert_eq!(format(media_type), expected, "{media_type}");
        }
    }
}

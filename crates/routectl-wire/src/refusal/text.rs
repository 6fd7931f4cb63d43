//! Making an upstream's words fit to be shown: in a log line, a terminal, a client's error.

use memchr::memmem;

/// How far into a body an HTML page must show itself.
const SNIFFED: usize = 1 << 10;
/// Longest title kept of a page.
const MAX_TITLE: usize = 200;

/// Without control characters, without surrounding space, and at most `most` bytes of it.
pub(super) fn clean(text: &str, most: usize) -> String {
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut kept = String::with_capacity(text.len().min(most));
    for c in text.trim().chars().filter(shown) {
        if kept.len() + c.len_utf8() > most {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept.trim().to_owned()
}

/// With every run of white space as one space.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The title or first headline of an HTML page; empty if it has none, `None` if this is no page.
pub(super) fn title(text: &str) -> Option<String> {
    let folded = text.to_ascii_lowercase();
    let head = folded.as_bytes();
    let head = head.get(..SNIFFED).unwrap_or(head);
    let marks = ["<!doctype html", "<html", "<head", "<title", "<body", "<center"];
    let page =
        folded.starts_with('<') && marks.iter().any(|m| memmem::find(head, m.as_bytes()).is_some());
    if !page {
        return None;
    }
    let shown = ["title", "h1"].iter().find_map(|tag| {
        let open = folded.find(&format!("<{tag}"))?;
        let start = open + folded.get(open..)?.find('>')? + 1;
        let end = start + folded.get(start..)?.find(&format!("</{tag}"))?;
        let words = one_line(&untagged(text.get(start..end)?));
        (!words.is_empty()).then_some(words)
    });
    Some(clean(&shown.unwrap_or_default(), MAX_TITLE))
}

fn untagged(html: &str) -> String {
    let mut inside = false;
    let mut kept = |c: char| {
        let shown = !inside && c != '<';
        inside = if inside { c != '>' } else { c == '<' };
        shown
    };
    html.chars().filter(|c| kept(*c)).collect()
}

/// The string member `name` of JSON that was cut off, as far as it goes.
pub(super) fn salvage(json: &str, name: &str) -> Option<String> {
    if !json.starts_with(['{', '[']) {
        return None;
    }
    let after = json.split_once(&format!("\"{name}\""))?.1;
    let quoted = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = quoted.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let Some(words) = end.and_then(|end| quoted.get(..end)) else {
        return Some(quoted.to_owned());
    };
    serde_json::from_str(&format!("\"{words}\"")).ok()
}

/// With the names that only its owner's account has replaced: AWS puts the ARN of the caller and
/// the account's twelve digits into its refusals, and a client need not know them (bedrock §5).
pub fn redact(text: &str) -> String {
    accounts_hidden(&arns_hidden(text))
}

fn arns_hidden(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>".contains(c);
    let mut parts = text.split("arn:aws");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("[arn]");
        kept.push_str(part.find(ends).and_then(|end| part.get(end..)).unwrap_or_default());
    }
    kept
}

fn accounts_hidden(text: &str) -> String {
    let parts = |c: char| !c.is_alphanumeric() && c != '_';
    let hidden = |piece: &str| {
        let word = piece.trim_end_matches(parts);
        let account = word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit());
        if account { piece.replacen(word, "[account]", 1) } else { piece.to_owned() }
    };
    text.split_inclusive(parts).map(hidden).collect()
}

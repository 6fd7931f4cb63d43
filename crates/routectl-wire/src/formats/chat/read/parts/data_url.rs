//! Data URLs, read as leniently as clients write them: files that travel inside a request.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// A file inside a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inline {
    /// What its first bytes say it is, else what the URL says.
    pub(super) media_type: String,
    /// In base64, as the client wrote it where that is sound.
    pub(super) bytes: String,
}

/// How many base64 characters are looked at to tell what a file is.
const SNIFFED: usize = 16;

/// Files that hosts refuse when they are declared as something else, by their first bytes.
const SIGNATURES: [(&[u8], &str); 5] = [
    (b"\x89PNG", "image/png"),
    (b"\xFF\xD8\xFF", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"RIFF", "image/webp"),
];

impl Inline {
    /// Reads a URL. `None` if it is not a data URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(url: &str) -> Option<Result<Self, &'static str>> {
        let url = url.trim_start();
        let scheme = url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"))?;
        Some(Self::of(url.get(scheme.len()..).unwrap_or_default()))
    }

    /// A file whose type is not said.
    pub(super) fn untyped(base64: &str) -> Option<Self> {
        let bytes = sound(base64)?.into_owned();
        let media_type = sniffed(&bytes)?.to_owned();
        Some(Self { media_type, bytes })
    }

    fn of(rest: &str) -> Result<Self, &'static str> {
        let (head, body) = rest.split_once(',').ok_or("a data URL has a comma before its data")?;
        let mut parameters = head.split(';').map(str::trim);
        let declared = parameters.next().unwrap_or_default().to_ascii_lowercase();
        let bytes = if parameters.any(|parameter| parameter.eq_ignore_ascii_case("base64")) {
            sound(body).ok_or("the data of this data URL is not base64")?.into_owned()
        } else {
            STANDARD.encode(Cow::from(percent_decode_str(body)))
        };
        if bytes.is_empty() {
            return Err("this data URL has no data");
        }
        let media_type = match (sniffed(&bytes), declared.as_str()) {
            (Some(sniffed), _) => sniffed.to_owned(),
            (None, "") => "text/plain".to_owned(),
            (None, "image/jpg") => "image/jpeg".to_owned(),
            (None, _) => declared,
        };
        Ok(Self { media_type, bytes })
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<String> {
        let is_text = self.media_type.starts_with("text/");
        let bytes = is_text.then(|| STANDARD.decode(&self.bytes).ok())??;
        String::from_utf8(bytes).ok()
    }
}

/// Base64 that every host takes: line breaks, URL escapes, the URL alphabet and missing padding
/// are mended. `None` if it is no base64.
fn sound(base64: &str) -> Option<Cow<'_, str>> {
    let body = base64.trim_end_matches('=');
    if base64.len().is_multiple_of(4) && base64.len() - body.len() < 3 && body.bytes().all(is_digit)
    {
        return Some(Cow::Borrowed(base64));
    }
    let unescaped = percent_decode_str(base64).decode_utf8().ok()?;
    let digits =
        unescaped.trim_end().trim_end_matches('=').chars().filter(|it| !it.is_whitespace());
    let mut mended: String = digits
        .map(|digit| match digit {
            '-' => '+',
            '_' => '/',
            digit => digit,
        })
        .collect();
    let missing = (4 - mended.len() % 4) % 4;
    if missing == 3 || !mended.bytes().all(is_digit) {
        return None;
    }
    mended.extend(std::iter::repeat_n('=', missing));
    Some(Cow::Owned(mended))
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// What the first bytes say.
fn sniffed(base64: &str) -> Option<&'static str> {
    let start = base64.get(..SNIFFED)?;
    let bytes = STANDARD.decode(start).ok()?;
    let (signature, media_type) = SIGNATURES.iter().find(|(first, _)| bytes.starts_with(first))?;
    let other_riff = *signature == b"RIFF" && bytes.get(8..12) != Some(b"WEBP");
    (!other_riff).then_some(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAA";

    #[test]
    fn data_urls_are_read_as_leniently_as_they_are_written() {
        for (url, media_type, bytes) in [
            (format!("data:image/png;base64,{PNG}"), "image/png", PNG),
            (format!("DATA:Image/PNG;Base64,{PNG}"), "image/png", PNG),
            (format!("data:image/png;name=a.png;charset=x;base64,{PNG}"), "image/png", PNG),
            (format!("data:image/jpeg;base64,{PNG}"), "image/png", PNG),
            (format!("data:;base64,{PNG}"), "image/png", PNG),
            (format!(" data:image/png; base64,{}\n{}", &PNG[..8], &PNG[8..]), "image/png", PNG),
            ("data:image/jpg;base64,AAAA".to_owned(), "image/jpeg", "AAAA"),
            ("data:image/gif;base64,_-8".to_owned(), "image/gif", "/+8="),
            ("data:image/gif;base64,%2F%2B8%3D".to_owned(), "image/gif", "/+8="),
            ("data:text/plain,hi%20you".to_owned(), "text/plain", "aGkgeW91"),
            ("data:,a".to_owned(), "text/plain", "YQ=="),
            (
                "data:x/y;base64,JVBERi0xLjQKJeLjz9MK".to_owned(),
                "application/pdf",
                "JVBERi0xLjQKJeLjz9MK",
            ),
            (
                "data:audio/wav;base64,UklGRgAAAABXQVZFAAAA".to_owned(),
                "audio/wav",
                "UklGRgAAAABXQVZFAAAA",
            ),
            (
                "data:x/y;base64,UklGRgAAAABXRUJQAAAA".to_owned(),
                "image/webp",
                "UklGRgAAAABXRUJQAAAA",
            ),
        ] {
            let inline = Inline::read(&url).unwrap().unwrap();
            assert_eq!(
                (inline.media_type.as_str(), inline.bytes.as_str()),
                (media_type, bytes),
                "{url}"
            );
            assert!(STANDARD.decode(&inline.bytes).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_is_no_data_is_refused() {
        for url in [
            "data:image/png",
            "data:image/png;base64,",
            "data:x;base64,a",
            "data:x;base64,é==",
            "data:;base64,a=bc",
            "data:,",
        ] {
            assert!(Inline::read(url).unwrap().is_err(), "{url}");
        }
        assert_eq!(Inline::read("https://x/data:,"), None);
        assert_eq!(Inline::read("dat"), None);
    }
}

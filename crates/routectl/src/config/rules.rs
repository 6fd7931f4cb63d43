//! What strings of the config file must be like, by the `format` that the schema gives them. A
//! refusal says what is wrong and the way out; it never says back what may be a secret.

use std::net::IpAddr;

use http::HeaderName;
use routectl_auth::SecretRef;
use routectl_providers::headers;

use super::address;

/// Whether the text is what the format asks for. A format without a rule here takes anything.
pub(super) fn check(format: &str, text: &str) -> Result<(), String> {
    match format {
        "alias" => alias(text),
        "base-url" => address::base_url(text),
        "base-url-with-query" => address::base_url_with_query(text),
        "bind-address" => bind_address(text),
        "feature" => feature(text),
        "header-name" => header_name(text),
        "header-value" => header_value(text),
        "host" => address::host(text),
        "name" => name(text),
        "origin" => address::origin(text),
        "proxy-url" => address::proxy_url(text),
        "region" => region(text),
        "secret-reference" => SecretRef::parse(text).map(drop).map_err(|error| error.to_string()),
        "status" => status(text),
        _ => Ok(()),
    }
}

/// What is allowed and yet worth a word.
pub(super) fn notice(format: &str, text: &str) -> Option<String> {
    match (format, text.split_once(':')?) {
        ("secret-reference", ("literal", value)) if value != "not-needed" => {
            Some("the secret stands in this file. env:// or file:// keeps it out.".to_owned())
        }
        ("secret-reference", ("oauth", _)) => Some(
            "logins are not served yet. Use env://VAR or file:///abs/path until they are."
                .to_owned(),
        ),
        _ => None,
    }
}

/// Why `header_extras` cannot set this header; `None` if it can.
pub(super) fn dropped_extra(name: &str) -> Option<&'static str> {
    let name = HeaderName::try_from(name).ok().filter(|name| !headers::may_be_extra(name))?;
    Some(match name.as_str() {
        "accept-encoding" => {
            "answers are read as they come, so hosts are not asked to compress them; this one is \
             dropped. Remove it."
        }
        "authorization" | "x-api-key" => {
            "credentials belong in `api_key_ref`; this one is dropped. Remove it."
        }
        _ => "routectl sets this header itself; this one is dropped. Remove it.",
    })
}

/// Whether `forward_client_headers` cannot let this header pass.
pub(super) fn is_never_forwarded(name: &str) -> bool {
    HeaderName::try_from(name).is_ok_and(|name| !headers::may_be_forwarded(&name))
}

fn name(text: &str) -> Result<(), String> {
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err("a name has 1 to 128 letters, digits and signs of ASCII, and no blanks: it travels in \
         headers. Rename it."
        .to_owned())
}

fn alias(text: &str) -> Result<(), String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(
            "an alias has at least one character and no control characters. Rename it.".to_owned()
        );
    }
    Ok(())
}

fn status(text: &str) -> Result<(), String> {
    match text.parse::<u16>() {
        Ok(400..=599) if text.len() == 3 => Ok(()),
        _ => Err(format!("{text:?} is no status of a failure. Write a number from 400 to 599.")),
    }
}

fn feature(text: &str) -> Result<(), String> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(format!(
            "{text:?} is no feature. Write a tool type such as \"web_search\", or \"images\" or \
             \"json_schema\", in lower case."
        ));
    }
    match text.rsplit_once('_') {
        Some((stem, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("{text:?} has a date. Features go without it: write {stem:?}."))
        }
        _ => Ok(()),
    }
}

/// Not said back: who writes `authorization: Bearer …` here has a key in it.
fn header_name(text: &str) -> Result<(), String> {
    HeaderName::try_from(text).map(drop).map_err(|_| {
        "not a header's name. Write letters, digits and dashes, without a colon.".to_owned()
    })
}

fn header_value(text: &str) -> Result<(), String> {
    let fits = !text.is_empty()
        && text.trim() == text
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if fits {
        return Ok(());
    }
    Err("a header's value is visible ASCII on one line, without blanks around it. Correct or \
         remove it."
        .to_owned())
}

fn bind_address(text: &str) -> Result<(), String> {
    if text == "localhost" || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(format!(
        "{text:?} is no address to bind. Write an IP address such as \"127.0.0.1\" or \"::1\"; \
         the port has its own key."
    ))
}

fn region(text: &str) -> Result<(), String> {
    let mut parts = text.split('-');
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let area = parts.next().is_some_and(|part| part.len() == 2 && is_word(part));
    let number = parts
        .next_back()
        .is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let words: Vec<&str> = parts.collect();
    if area && number && !words.is_empty() && words.iter().all(|word| is_word(word)) {
        return Ok(());
    }
    Err(format!("{text:?} is no AWS region. Write one such as \"us-east-1\"."))
}

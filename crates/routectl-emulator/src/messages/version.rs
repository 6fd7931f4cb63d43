//! What the headers of a Messages request agree to: version, credential, betas.

use http::HeaderMap;

use crate::refusal::Refusal;

/// The terms a request is read under.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    /// `anthropic-version: 2026-10-21`, under which the sampling members are gone.
    pub newest: bool,
    pub betas: Vec<String>,
    /// An Anthropic-compatible host: unknown members and foreign seals pass.
    pub lenient: bool,
}

impl Terms {
    /// Whether a beta with this prefix was asked for.
    pub(crate) fn has(&self, prefix: &str) -> bool {
        self.betas.iter().any(|beta| beta.starts_with(prefix))
    }
}

/// Reads the terms, or refuses the request for its headers.
pub(crate) fn admit(headers: &HeaderMap) -> Result<Terms, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let betas = betas(headers)?;
    credential(text("x-api-key"), text("authorization"), &betas)?;
    let newest = match text("anthropic-version") {
        None => return Err(Refusal::bad("anthropic-version: header is required")),
        Some("2023-06-01") => false,
        Some("2026-10-21") => true,
        Some(other) => {
            let text = format!("anthropic-version: \"{other}\" is not a valid version");
            return Err(Refusal::bad(text));
        }
    };
    Ok(Terms { newest, betas, lenient: false })
}

/// `x-api-key` wins over a bearer when both are there.
fn credential(
    key: Option<&str>,
    authorization: Option<&str>,
    betas: &[String],
) -> Result<(), Refusal> {
    let refuse = |text: &str| Err(Refusal::new(401, "authentication_error", text));
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let Some(credential) = key.or(bearer).map(str::trim).filter(|value| !value.is_empty()) else {
        return refuse("x-api-key header is required");
    };
    if credential.starts_with("wrong") {
        return refuse(if key.is_some() { "invalid x-api-key" } else { "Invalid bearer token" });
    }
    let is_login = key.is_none() && credential.starts_with("sk-ant-oat");
    if is_login && !betas.iter().any(|beta| beta == "oauth-2025-04-20") {
        return refuse("OAuth authentication is currently not supported.");
    }
    Ok(())
}

/// The values of all `anthropic-beta` lines; each must end with a date.
fn betas(headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    let lines = headers.get_all("anthropic-beta").iter().filter_map(|line| line.to_str().ok());
    let values = lines.flat_map(|line| line.split(',')).map(str::trim);
    let values: Vec<String> = values.filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let odd: Vec<String> =
        values.iter().filter(|it| !is_dated(it)).map(|it| format!("`{it}`")).collect();
    if odd.is_empty() {
        return Ok(values);
    }
    Err(Refusal::bad(format!(
        "Unexpected value(s) {} for the `anthropic-beta` header. Please consult our documentation \
         or try again without the header.",
        odd.join(", ")
    )))
}

/// `name-2025-06-27`, or without dashes in the date as in `claude-code-20250219`.
fn is_dated(beta: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let dated = |form: &str| {
        let at = beta.len().checked_sub(form.len()).filter(|at| *at > 0);
        let date = at.and_then(|at| beta.get(at..)).unwrap_or_default();
        let shape = date.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        shape.eq(form.bytes())
    };
    beta.bytes().all(letter) && (dated("-0000-00-00") || dated("-00000000"))
}

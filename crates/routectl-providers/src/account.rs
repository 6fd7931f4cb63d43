//! What is the same for every kind of provider: where it is, who we are there, and which headers
//! go along.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Uri};
use routectl_auth::Secret;
use routectl_core::{Class, Failure, Origin};

use crate::{Call, Credential};

/// A configured account at a service.
#[derive(Debug, Clone)]
pub struct Account {
    /// What configuration calls it.
    pub name: String,
    /// Scheme, host and path that requests are appended to.
    pub base_url: Uri,
    pub user_agent: HeaderValue,
    /// Headers of the client that pass. Never credentials, cookies or hop-by-hop headers.
    pub forward_client_headers: Vec<HeaderName>,
    /// The proxy's address, when configuration names one.
    pub proxy: Option<String>,
}

impl Account {
    /// The base URL with a path and the client's query appended. A query of the base URL's own
    /// (Azure's `api-version`) stays.
    pub fn uri(&self, path: &str, query: Option<&str>) -> Uri {
        appended(&self.base_url, path, query)
    }

    /// The headers that every request has: ours, in place of them the client's that configuration
    /// lets pass, and in place of both the operator's.
    pub fn headers(&self, call: &Call<'_>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let accept = call.client.get(ACCEPT).cloned();
        headers.insert(ACCEPT, accept.unwrap_or_else(|| HeaderValue::from_static("*/*")));
        for name in &self.forward_client_headers {
            let mut values = call.client.get_all(name).iter();
            if let Some(first) = values.next() {
                headers.insert(name, first.clone());
                for value in values {
                    headers.append(name, value.clone());
                }
            }
        }
        for (name, value) in &call.model.header_extras {
            headers.insert(name, value.clone());
        }
        headers
    }
}

/// An address with a path and a query appended.
pub(crate) fn appended(base_url: &Uri, path: &str, query: Option<&str>) -> Uri {
    let base = base_url.path().trim_end_matches('/');
    let queries = [base_url.query(), query];
    let mut text = format!("{base}{path}");
    for (query, separator) in queries.into_iter().flatten().zip(['?', '&']) {
        text.push(separator);
        text.push_str(query);
    }
    let mut parts = base_url.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(text).ok();
    parts.scheme = parts.scheme.or(Some(Scheme::HTTPS));
    Uri::from_parts(parts).unwrap_or_else(|_| base_url.clone())
}

/// A credential as a header value that is never printed.
///
/// # Errors
/// When it has characters that cannot stand in a header.
pub fn credential_value(account: &Account, text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let message = format!(
            "the credential of provider {} has characters that cannot stand in a header",
            account.name
        );
        Failure::new(Class::Auth, Origin::Router, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// `Authorization: Bearer …`.
///
/// # Errors
/// When the credential cannot stand in a header.
pub fn bearer(account: &Account, credential: &Credential) -> Result<HeaderValue, Failure> {
    credential_value(account, &format!("Bearer {}", secret(account, credential)?.expose()))
}

/// The credential of a kind whose hosts know keys and tokens only.
///
/// # Errors
/// When it is of another sort.
pub(crate) fn secret<'a>(
    account: &Account,
    credential: &'a Credential,
) -> Result<&'a Secret, Failure> {
    match credential {
        Credential::Secret(secret) => Ok(secret),
        Credential::Aws(_) => {
            let message = format!("the credential of provider {} is one of AWS's", account.name);
            Err(Failure::new(Class::Auth, Origin::Router, message))
        }
    }
}

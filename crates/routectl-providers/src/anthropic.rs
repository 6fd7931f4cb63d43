//! The Anthropic API, and hosts that speak Messages as it does.
//!
//! A client's own `anthropic-version` passes: a newer one turns valid members into errors and an
//! older one changes validation, so it is never raised or lowered. `anthropic-beta` is an open list
//! and travels with the members it unlocks. (facts: Anthropic Messages, sections 1 and 2)

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use routectl_core::Failure;
use routectl_wire::{Edit, Format, MESSAGES, claude};

use crate::{Account, Call, Credential, Provider, account, headers, native_edits};

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What OAuth tokens need beside the bearer. (facts: Anthropic Messages, section 2)
const OAUTH_BETA: &str = "oauth-2025-04-20";

/// How the betas of `context_management` begin.
const EDITING_BETAS: &str = "context-management-";

/// Headers that are parameters of the request, spelled as headers.
const PARAMETERS: [HeaderName; 2] = [
    HeaderName::from_static("anthropic-workspace-id"),
    HeaderName::from_static("anthropic-user-profile-id"),
];

/// An account at the Anthropic API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    pub account: Account,
    pub auth: AuthKind,
    /// Sent when the client sent none.
    pub version: HeaderValue,
    /// Betas of the client that pass; empty lets all pass.
    pub allowed_betas: Vec<String>,
    /// Conversations are edited before they go there: the host does not hear of the beta.
    pub edited_here: bool,
}

/// How the credential is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthKind {
    /// `x-api-key`.
    ApiKey,
    /// `Authorization: Bearer` and the OAuth beta.
    OauthBearer,
}

impl Provider for Anthropic {
    fn account(&self) -> &Account {
        &self.account
    }

    fn format(&self) -> &'static dyn Format {
        MESSAGES
    }

    fn edits(&self, call: &Call<'_>) -> Vec<Edit> {
        let mut edits = native_edits(call);
        if call.body.count("max_tokens") == 0 {
            let limit = call.model.max_output_tokens;
            let limit = limit.unwrap_or_else(|| claude::max_output(&call.model.upstream));
            edits.insert(0, Edit::set("max_tokens", "max_tokens", limit.to_string()));
        }
        edits
    }

    /// A base URL may end in `/v1` or not: SDKs differ in it.
    fn uri(&self, call: &Call<'_>) -> Uri {
        let versioned = self.account.base_url.path().trim_end_matches('/').ends_with("/v1");
        self.account.uri(if versioned { "/messages" } else { "/v1/messages" }, call.query)
    }

    fn headers(&self, call: &Call<'_>, credential: &Credential) -> Result<HeaderMap, Failure> {
        let mut headers = self.account.headers(call);
        for name in PARAMETERS {
            if let Some(value) = call.client.get(&name) {
                headers.entry(name).or_insert_with(|| value.clone());
            }
        }
        let version = call.client.get(VERSION).unwrap_or(&self.version);
        headers.entry(VERSION).or_insert_with(|| version.clone());
        match self.betas(call) {
            Some(betas) => headers.insert(BETA, betas),
            // `forward_client_headers` may have let in what `allowed_betas` keeps out.
            None => headers.remove(BETA),
        };
        match self.auth {
            AuthKind::ApiKey => headers.insert(
                API_KEY,
                account::credential_value(
                    &self.account,
                    account::secret(&self.account, credential)?.expose(),
                )?,
            ),
            AuthKind::OauthBearer => {
                headers.insert(AUTHORIZATION, account::bearer(&self.account, credential)?)
            }
        };
        Ok(headers)
    }
}

impl Anthropic {
    /// The client's betas that may pass, then the operator's, then what the credential needs.
    fn betas(&self, call: &Call<'_>) -> Option<HeaderValue> {
        let allowed = |beta: &&str| {
            let is_ours = self.edited_here && beta.starts_with(EDITING_BETAS);
            let is_listed = |names: &[String]| names.iter().any(|name| name == beta);
            !is_ours && (self.allowed_betas.is_empty() || is_listed(&self.allowed_betas))
        };
        let clients = values(call.client).flat_map(|list| list.split(',')).map(str::trim);
        let operators = values(&call.model.header_extras);
        let oauth = (self.auth == AuthKind::OauthBearer).then_some(OAUTH_BETA);
        headers::union(clients.filter(allowed).chain(operators).chain(oauth))
    }
}

fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(BETA).iter().filter_map(|value| value.to_str().ok())
}

//! The Anthropic API, and hosts that speak Messages as it does.
//!
//! A client's own `anthropic-version` passes: a newer one turns valid members into errors and an
//! older one changes validation, so it is never raised or lowered. `anthropic-beta` is an open list
//! and travels with the members it unlocks. (facts: Anthropic Messages, sections 1 and 2)

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use routectl_auth::Secret;
use routectl_core::Failure;
use routectl_wire::{Change, Edit, Format, MESSAGES};

use crate::{Account, Call, Provider, account, headers, native_edits};

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What OAuth tokens need beside the bearer. (facts: Anthropic Messages, section 2)
const OAUTH_BETA: &str = "oauth-2025-04-20";

/// Headers that are parameters of the request, spelled as headers.
const PARAMETERS: [HeaderName; 2] = [
    HeaderName::from_static("anthropic-workspace-id"),
    HeaderName::from_static("anthropic-user-profile-id"),
];

/// The most that known models write, by how their names begin; the longest beginning counts.
/// (facts: Anthropic Messages, section 7; Anthropic's model pages for the older ones)
const MAX_OUTPUT: &[(&str, u64)] = &[
    ("claude-instant", 4_096),
    ("claude-2", 4_096),
    ("claude-3-haiku", 4_096),
    ("claude-3-sonnet", 4_096),
    ("claude-3-opus", 4_096),
    ("claude-3-5", 8_192),
    ("claude-3-7", 64_000),
    ("claude-opus-4", 32_000),
    ("claude-opus-4-5", 64_000),
    ("claude-opus-4-6", 128_000),
    ("claude-opus-4-7", 128_000),
    ("claude-opus-4-8", 128_000),
    ("claude-sonnet-4", 64_000),
    ("claude-sonnet-4-6", 128_000),
    ("claude-haiku-4-5", 64_000),
    ("claude-opus-5", 128_000),
    ("claude-sonnet-5", 128_000),
    ("claude-haiku-5", 128_000),
    ("claude-fable-5", 128_000),
    ("claude-mythos-5", 128_000),
    ("claude-mythos-preview", 128_000),
];

/// What a request without `max_tokens` gets when neither configuration nor we know the model.
const DEFAULT_MAX_TOKENS: u64 = 64_000;

/// An account at the Anthropic API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    pub account: Account,
    pub auth: AuthKind,
    /// Sent when the client sent none.
    pub version: HeaderValue,
    /// Betas of the client that pass; empty lets all pass.
    pub allowed_betas: Vec<String>,
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
            let limit = limit.unwrap_or_else(|| max_output(&call.model.upstream));
            edits.insert(
                0,
                Edit {
                    name: "max_tokens",
                    member: "max_tokens".into(),
                    change: Change::Set(limit.to_string().into()),
                },
            );
        }
        edits
    }

    /// A base URL may end in `/v1` or not: SDKs differ in it.
    fn uri(&self, call: &Call<'_>) -> Uri {
        let versioned = self.account.base_url.path().trim_end_matches('/').ends_with("/v1");
        self.account.uri(if versioned { "/messages" } else { "/v1/messages" }, call.query)
    }

    fn headers(&self, call: &Call<'_>, credential: &Secret) -> Result<HeaderMap, Failure> {
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
            AuthKind::ApiKey => headers
                .insert(API_KEY, account::credential_value(&self.account, credential.expose())?),
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
            self.allowed_betas.is_empty() || self.allowed_betas.iter().any(|name| name == beta)
        };
        let clients = values(call.client).flat_map(|list| list.split(',')).map(str::trim);
        let operators = values(&call.model.header_extras);
        let oauth = (self.auth == AuthKind::OauthBearer).then_some(OAUTH_BETA);
        headers::union(clients.filter(allowed).chain(operators).chain(oauth))
    }
}

/// The most that a model writes, by the upstream's name for it. Clouds and gateways put a vendor
/// or a region before the name, and some write 4.5 for 4-5.
fn max_output(upstream: &str) -> u64 {
    let name = upstream.find("claude-").and_then(|at| upstream.get(at..)).unwrap_or(upstream);
    let name = name.replace('.', "-");
    let rows = MAX_OUTPUT.iter().filter(|(beginning, _)| name.starts_with(beginning));
    let known = rows.max_by_key(|(beginning, _)| beginning.len());
    known.map_or(DEFAULT_MAX_TOKENS, |(_, most)| *most)
}

fn values(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(BETA).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_limit_gets_what_its_model_can_write() {
        for (upstream, most) in [
            ("claude-3-haiku-20240307", 4_096),
            ("claude-3-opus-20240229", 4_096),
            ("claude-3-5-sonnet-20241022", 8_192),
            ("claude-3-7-sonnet-latest", 64_000),
            ("claude-opus-4-20250514", 32_000),
            ("claude-opus-4-1", 32_000),
            ("claude-sonnet-4-20250514", 64_000),
            ("claude-haiku-4-5-20251001", 64_000),
            ("claude-sonnet-4-5", 64_000),
            ("claude-opus-4-5", 64_000),
            ("claude-opus-4-6", 128_000),
            ("claude-sonnet-4-6", 128_000),
            ("claude-opus-4-8", 128_000),
            ("claude-opus-5-5", 128_000),
            ("claude-fable-5-1", 128_000),
            ("claude-mythos-preview", 128_000),
            ("anthropic/claude-3-haiku", 4_096),
            ("anthropic/claude-opus-4", 32_000),
            ("anthropic/claude-opus-4.1", 32_000),
            ("anthropic/claude-sonnet-4.6", 128_000),
            ("eu.anthropic.claude-opus-4-6-v1", 128_000),
            ("glm-4.6", DEFAULT_MAX_TOKENS),
            ("", DEFAULT_MAX_TOKENS),
        ] {
            assert_eq!(max_output(upstream), most, "{upstream}");
        }
    }
}

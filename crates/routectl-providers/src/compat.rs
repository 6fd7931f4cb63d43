//! OpenAI-compatible hosts: Chat Completions with a bearer key.

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use routectl_auth::Secret;
use routectl_core::Failure;
use routectl_wire::{CHAT, Format};

use crate::{Account, Call, Provider, account};

/// The name of this kind in configuration.
pub const KIND: &str = "openai-compat";

/// An account at an OpenAI-compatible host.
#[derive(Debug, Clone)]
pub struct Compat {
    pub account: Account,
}

impl Provider for Compat {
    fn account(&self) -> &Account {
        &self.account
    }

    fn format(&self) -> &'static dyn Format {
        CHAT
    }

    fn uri(&self, _call: &Call<'_>) -> Uri {
        self.account.uri("/chat/completions", None)
    }

    fn headers(&self, call: &Call<'_>, credential: &Secret) -> Result<HeaderMap, Failure> {
        let mut headers = self.account.headers(call);
        headers.insert(AUTHORIZATION, account::bearer(&self.account, credential)?);
        Ok(headers)
    }
}

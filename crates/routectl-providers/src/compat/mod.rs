//! OpenAI-compatible hosts: Chat Completions with a bearer key.

mod hosts;
mod quirks;
#[cfg(test)]
mod tests;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use routectl_core::Failure;
use routectl_wire::{CHAT, Format};

pub use quirks::{dialect, quirks};

use crate::{Account, Call, Credential, Provider, account};

/// An account at an OpenAI-compatible host.
#[derive(Debug, Clone)]
pub struct Compat {
    account: Account,
    completions: Uri,
}

impl Compat {
    /// The host at the account's base URL.
    pub fn new(account: Account) -> Self {
        let completions = account.uri("/chat/completions", None);
        Self { account, completions }
    }
}

impl Provider for Compat {
    fn account(&self) -> &Account {
        &self.account
    }

    fn format(&self) -> &'static dyn Format {
        CHAT
    }

    fn uri(&self, _call: &Call<'_>) -> Uri {
        self.completions.clone()
    }

    fn headers(&self, call: &Call<'_>, credential: &Credential) -> Result<HeaderMap, Failure> {
        let mut headers = self.account.headers(call);
        headers.insert(AUTHORIZATION, account::bearer(&self.account, credential)?);
        Ok(headers)
    }
}

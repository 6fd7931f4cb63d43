//! What a request is authorised with, and where that comes from.

use std::time::{Instant, SystemTime};

use routectl_auth::{Secret, SecretSource};
use routectl_core::{Class, Failure, Origin};

/// What a request is authorised with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A key or a token, sent as it is.
    Secret(Secret),
}

impl Credential {
    /// What must not be said back to anybody.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let Self::Secret(secret) = self;
        std::iter::once(secret)
    }
}

/// Where a provider's credential comes from.
#[derive(Debug)]
pub enum CredentialSource {
    /// A reference to a key or a token.
    Secret(SecretSource),
}

/// An upstream's no to a credential.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// What was shown.
    pub credential: &'a Credential,
    pub failure: &'a Failure,
    /// The upstream's clock, where it told the time itself.
    pub clock: Option<SystemTime>,
}

impl CredentialSource {
    /// The credential as it is now, for the provider of this name.
    ///
    /// # Errors
    /// When there is none: why, and what to do about it.
    #[expect(clippy::unused_async, reason = "other sources have to ask somebody")]
    pub async fn current(&self, provider: &str, now: Instant) -> Result<Credential, Failure> {
        match self {
            Self::Secret(source) => source.current(now).map(Credential::Secret).map_err(|error| {
                let message = format!("provider {provider}: {error}");
                Failure::new(Class::Auth, Origin::Router, message)
            }),
        }
    }

    /// Another credential than the one that was denied, where there is reason to hope for it.
    #[expect(clippy::unused_async, reason = "other sources have to ask somebody")]
    pub async fn renewed(&self, _denial: Denial<'_>) -> Option<Credential> {
        match self {
            Self::Secret(_) => None,
        }
    }
}

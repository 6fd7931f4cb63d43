//! Keys that sign, in a type that cannot be printed.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::identity::Identity;
use routectl_auth::Secret;
use sha2::{Digest as _, Sha256};

/// What a request to AWS is authorised with.
#[derive(Debug, Clone)]
pub enum AwsCredential {
    /// Keys that sign it.
    Keys(Keys),
    /// A Bedrock API key that goes along.
    Bearer(Secret),
}

impl AwsCredential {
    /// What must not be said back to anybody: the bearer, or the session token. The secret key never
    /// leaves.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Keys(keys) => keys.token.as_ref(),
            Self::Bearer(key) => Some(key),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        match self {
            Self::Keys(keys) => keys.mark(),
            Self::Bearer(key) => Mark::of(&["", key.expose()]),
        }
    }
}

/// An access key, its secret and their session token. Neither `Debug` nor `Display` shows them; the
/// memory is wiped when the last clone goes.
#[derive(Clone)]
pub struct Keys {
    held: Arc<Credentials>,
    /// The session token once more, as what must not be said back.
    token: Option<Secret>,
    /// Made once: a held value is compared more often than it changes.
    mark: Mark,
}

impl Keys {
    /// Keys without an end.
    pub fn new(access_key: &Secret, secret_key: &Secret, session_token: Option<&Secret>) -> Self {
        let token = session_token.map(|token| token.expose().to_owned());
        Self::from(Credentials::new(
            access_key.expose(),
            secret_key.expose(),
            token,
            None,
            "routectl",
        ))
    }

    /// When they end, if they do.
    pub fn expiry(&self) -> Option<SystemTime> {
        self.held.expiry()
    }

    /// The access key's id: no secret, but a name that people know their keys by.
    pub fn access_key_id(&self) -> &str {
        self.held.access_key_id()
    }

    pub(in super::super) fn identity(&self) -> Identity {
        Credentials::clone(&self.held).into()
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }
}

impl From<Credentials> for Keys {
    fn from(held: Credentials) -> Self {
        let token = held.session_token();
        let words = [held.access_key_id(), held.secret_access_key(), token.unwrap_or_default()];
        let mark = Mark::of(&words);
        let token = token.map(|token| Secret::new(token.to_owned()));
        Self { held: Arc::new(held), token, mark }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A digest by which a credential is known again. Comparing two tells nothing of what they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u8; 32]);

impl Mark {
    fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }
}

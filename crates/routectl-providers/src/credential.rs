//! What a request is authorised with, and where that comes from.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use routectl_auth::{Secret, SecretSource};
use routectl_core::{Class, Failure, Origin};

use crate::Model;
use crate::bedrock::Access;
use crate::bedrock::credentials::AwsCredential;

/// What a request is authorised with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A key or a token, sent as it is.
    Secret(Secret),
    /// What AWS knows us by.
    Aws(AwsCredential),
}

impl Credential {
    /// What must not be said back to anybody.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Aws(credential) => credential.secret(),
        }
    }
}

/// Where a provider's credential comes from.
#[derive(Debug)]
pub enum CredentialSource {
    /// A reference to a key or a token.
    Secret(SecretSource),
    /// AWS's many ways.
    Aws(Arc<Access>),
}

/// An upstream's no to a credential.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// What was shown.
    pub credential: &'a Credential,
    pub failure: &'a Failure,
    /// The time that the request was signed with.
    pub signed: SystemTime,
    /// The upstream's clock, where it told the time itself.
    pub clock: Option<SystemTime>,
}

impl CredentialSource {
    /// The credential as it is now, for a model of the provider of this name.
    ///
    /// # Errors
    /// When there is none: why, and what to do about it.
    pub async fn current(
        &self,
        provider: &str,
        model: &Model,
        now: Instant,
    ) -> Result<Credential, Failure> {
        let of_provider = |message: &str| format!("provider {provider}: {message}");
        match self {
            Self::Secret(source) => source.current(now).map(Credential::Secret).map_err(|error| {
                let message = of_provider(&error.to_string());
                Failure::new(Class::Auth, Origin::Router, message)
            }),
            Self::Aws(access) => match Box::pin(access.current(&model.upstream)).await {
                Ok(credential) => Ok(Credential::Aws(credential)),
                Err(mut failure) => {
                    failure.words.message = of_provider(&failure.words.message);
                    Err(failure)
                }
            },
        }
    }

    /// Another credential than the one that was denied, where there is reason to hope for it.
    pub async fn renewed(&self, denial: Denial<'_>) -> Option<Credential> {
        match (self, denial.credential) {
            (Self::Aws(access), Credential::Aws(refused)) => {
                access.renewed(refused, denial).await.map(Credential::Aws)
            }
            (Self::Secret(_) | Self::Aws(_), _) => None,
        }
    }
}

//! Why there is no AWS credential, in words that say what to do.

use routectl_auth::SecretError;
use routectl_core::{Class, Failure, Origin};

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// A reference that cannot be read.
    #[error("{0}")]
    Secret(SecretError),
    /// One of two that belong together. AWS's tools take it for a mistake, or look on without a word.
    #[error("{set} is set, and {unset} is not. Set both where routectl is started, or neither.")]
    Half { set: &'static str, unset: &'static str },
    /// Who would have to look for it was left out.
    #[cfg(not(feature = "aws-config"))]
    #[error(
        "{who}: this build has no AWS credential chain (its feature `aws-config` is off). Set \
         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, for \
         \"default-chain\"; or use \"static\" or \"bearer-key\"."
    )]
    NotBuilt { who: String },
    /// AWS's chain found none.
    #[cfg(feature = "aws-config")]
    #[error("{who}: {why}. {way_out}")]
    NotFound { who: String, why: String, way_out: String },
    /// It found keys that are no longer good.
    #[cfg(feature = "aws-config")]
    #[error("{who}: the keys it gives ended at {}. {way_out}", httpdate::fmt_http_date(*.ended))]
    Ended { who: String, ended: std::time::SystemTime, way_out: String },
    /// It did not come to an end.
    #[cfg(feature = "aws-config")]
    #[error("{who}: no answer within {} s. {way_out}", .limit.as_secs())]
    TooSlow { who: String, limit: std::time::Duration, way_out: String },
    /// Whoever was asking is gone.
    #[error("asking for AWS credentials was interrupted. Send the request again.")]
    Interrupted,
}

impl Trouble {
    /// The same as the reason why a request has no answer.
    pub(super) fn failure(&self) -> Failure {
        Failure::new(Class::Auth, Origin::Router, self.to_string())
    }
}

/// What people call a source.
pub(super) fn whose(profile: Option<&str>) -> String {
    match profile {
        Some(name) => format!("AWS profile {name:?}"),
        None => "AWS default chain".to_owned(),
    }
}

/// What is wrong with a profile of which AWS's chain says nothing.
#[cfg(feature = "aws-config")]
pub(super) const NO_CREDENTIALS: &str = "it is not there, or holds no credentials";

/// What helps, by the words in which AWS's chain says what is wrong.
#[cfg(feature = "aws-config")]
pub(super) fn way_out(why: &str, profile: Option<&str>) -> String {
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    let option = profile.map(|name| format!(" --profile {name}")).unwrap_or_default();
    if says(&["was not defined", NO_CREDENTIALS]) {
        return "Name a profile that stands in ~/.aws/config or ~/.aws/credentials: `aws configure \
                list-profiles` lists them."
            .to_owned();
    }
    if says(&["credentials-login"]) {
        return "Logins of `aws login` are not read. Use a profile of another sort, such as SSO."
            .to_owned();
    }
    if says(&["SSO", "sso"]) {
        return format!("Run: aws sso login{option}");
    }
    if says(&["no credentials found in chain"]) {
        return "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or \
                AWS_BEARER_TOKEN_BEDROCK where routectl is started, or name another source in the \
                provider's `creds`."
            .to_owned();
    }
    format!("`aws sts get-caller-identity{option}` should show the same.")
}

//! Bedrock, made ready: its credentials, its region and its address.

use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use routectl_auth::SecretSource;
use routectl_providers::bedrock::credentials::{Credentials, Source, StaticKeys, Surroundings};
use routectl_providers::bedrock::environment::Environment;
use routectl_providers::bedrock::region::{self, Region};
use routectl_providers::bedrock::{Access, Bedrock, Regions, Shape};
use routectl_providers::{ConnectLimit, CredentialSource, Trust};

use super::{Bound, Unusable, account_at};
use crate::config::{ApiShape, Bedrock as BedrockConfig, BedrockCreds, Config, SecretText};

/// The provider and its credentials. Nobody is asked yet.
pub(super) fn bound(
    config: &Config,
    name: &str,
    bedrock: &BedrockConfig,
) -> Result<Bound, Unusable> {
    let at = |key: &str, why: String| Unusable { place: format!("providers.{name}.{key}"), why };
    let environment = environment();
    let regions = regions(bedrock, &environment).map_err(|why| at("region", why))?;
    let endpoint = bedrock.endpoint_url.as_ref().map(|url| url.as_str().parse::<Uri>());
    let endpoint = endpoint.transpose().map_err(|error| at("endpoint_url", error.to_string()))?;
    let region = regions.configured.clone().or_else(|| regions.usual.clone());
    let address = match &region {
        Some(region) => region::endpoint(endpoint.as_ref(), region, &environment)
            .map_err(|error| at("endpoint_url", error.to_string()))?,
        None => endpoint.clone().unwrap_or_default(),
    };
    let surroundings = Surroundings {
        environment: environment.clone(),
        region,
        trust: Arc::new(Trust::with_extra(config.server.extra_root_certs.clone())),
        connect_limit: ConnectLimit::new(config.retry.connect_timeout),
        proxies: Arc::new(Matcher::from_env()),
    };
    let credentials = Credentials::new(source(&bedrock.creds), &surroundings);
    let access = Access { credentials, skew: Default::default(), regions, endpoint, environment };
    let access = Arc::new(access);
    let provider = Bedrock {
        account: account_at(name, &bedrock.common, address)?,
        access: Arc::clone(&access),
        shape: match bedrock.api_shape {
            ApiShape::Invoke => Shape::Invoke,
            ApiShape::Converse => Shape::Converse,
            ApiShape::Messages => Shape::Messages,
        },
        floor: bedrock.anthropic_beta.clone(),
        allowed_betas: config.bedrock.allowed_betas.clone(),
        allowed_fields: config.bedrock.allowed_body_fields.clone(),
        model_fields: bedrock.additional_model_request_fields.clone(),
    };
    let credential = Arc::new(CredentialSource::Aws(access));
    Ok(Bound::Served { provider: Arc::new(provider), credential })
}

/// The variables that AWS's tools share: they are part of what its users have configured.
#[expect(clippy::disallowed_methods, reason = "AWS's configuration is in the environment too")]
fn environment() -> Environment {
    Environment::new(|name| std::env::var(name).ok())
}

fn regions(bedrock: &BedrockConfig, environment: &Environment) -> Result<Regions, String> {
    let named = bedrock.region.as_ref().map(|region| Region::parse(region.as_str(), "region"));
    let named = named.transpose().map_err(|error| error.to_string())?;
    let profile = match &bedrock.creds {
        BedrockCreds::Profile { name } => Some(name.as_str()),
        BedrockCreds::DefaultChain
        | BedrockCreds::Static { .. }
        | BedrockCreds::BearerKey { .. } => None,
    };
    let usual = region::resolve(None, "", environment, profile);
    // What the file says is asked first: a bad word in the environment does not matter then.
    match (named, usual) {
        (Some(named), _) => Ok(Regions { configured: Some(named), usual: None }),
        (None, usual) => {
            Ok(Regions { configured: None, usual: usual.map_err(|error| error.to_string())? })
        }
    }
}

fn source(creds: &BedrockCreds) -> Source {
    let secret = |text: &SecretText| SecretSource::new(text.reference().clone());
    match creds {
        BedrockCreds::DefaultChain => Source::DefaultChain,
        BedrockCreds::Profile { name } => Source::Profile(name.clone()),
        BedrockCreds::Static { access_key_ref, secret_key_ref, session_token_ref } => {
            Source::Static(Box::new(StaticKeys {
                access_key: secret(access_key_ref),
                secret_key: secret(secret_key_ref),
                session_token: session_token_ref.as_ref().map(secret),
            }))
        }
        BedrockCreds::BearerKey { key_ref } => Source::BearerKey(secret(key_ref)),
    }
}

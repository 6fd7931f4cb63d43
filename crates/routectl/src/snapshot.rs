//! One configuration, made ready: routes, targets and rules that a request keeps from its first
//! byte to its last. A reload makes a new one; breakers, buckets and credentials of providers that
//! stay the same move over.

mod aws;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use routectl_auth::SecretSource;
use routectl_core::{Abilities, Attribution, Quirks, Refused};
use routectl_policy::{Account as Gated, Routes, Rules, TargetId};
use routectl_providers::anthropic::{Anthropic, AuthKind};
use routectl_providers::compat::{self, Compat};
use routectl_providers::{Account, CredentialSource, Model, Provider, headers};
use routectl_wire::dialects;

use crate::config::{
    AnthropicAuth, ApiShape, Common, Config, Effort, Model as ModelConfig,
    Provider as ProviderConfig,
};
use crate::server::guard::Sources;
use crate::target::{Clocks, Gates, Names, Target, Upstream};
use crate::thoughts::Thoughts;

/// A configuration made ready.
pub struct Snapshot {
    pub config: Config,
    pub routes: Routes,
    pub rules: Arc<Rules>,
    /// In the order of `[models]`; a `TargetId` is an index into it.
    pub targets: Vec<Arc<Target>>,
    /// Where requests may come from.
    pub sources: Sources,
    accounts: HashMap<String, Shared>,
}

/// What all models of a provider share, and what outlives a reload.
#[derive(Clone)]
struct Shared {
    gates: Arc<Mutex<Gated>>,
    upstream: Bound,
    thoughts: Option<Arc<Thoughts>>,
}

#[derive(Clone)]
enum Bound {
    Served { provider: Arc<dyn Provider>, credential: Arc<CredentialSource> },
    NotYet { kind: &'static str },
}

/// A configuration that passed its checks and still cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct Unusable {
    place: String,
    why: String,
}

impl Snapshot {
    /// Makes a configuration ready, with the state of the one before it.
    ///
    /// # Errors
    /// What the checks of the file cannot see.
    pub fn new(config: Config, before: Option<&Self>) -> Result<Self, Unusable> {
        let accounts = config
            .providers
            .iter()
            .map(|(name, provider)| {
                Ok((name.clone(), shared(&config, (name.as_str(), provider), before)?))
            })
            .collect::<Result<HashMap<_, _>, Unusable>>()?;
        let targets = config
            .models
            .iter()
            .map(|(nickname, model)| target(&config, &accounts, nickname, model).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let routes = routes(&config)?;
        let rules = Arc::new(config.retry.rules());
        let sources = Sources::new(&config);
        Ok(Self { config, routes, rules, targets, sources, accounts })
    }

    /// A target by its id.
    pub fn target(&self, id: TargetId) -> Option<&Arc<Target>> {
        self.targets.get(id.0 as usize)
    }
}

fn routes(config: &Config) -> Result<Routes, Unusable> {
    let models =
        (0..).zip(&config.models).map(|(index, (nickname, model))| routectl_policy::Model {
            nickname: nickname.clone(),
            target: TargetId(index),
            selectable: model.selectable,
        });
    let aliases = config.aliases.iter().map(|(key, targets)| (key.clone(), targets.0.clone()));
    let (models, aliases): (Vec<_>, Vec<_>) = (models.collect(), aliases.collect());
    Routes::new(&models, &aliases).map_err(|faults| {
        let first = faults.first();
        let place = first.map_or_else(String::new, |fault| format!("aliases.{}", fault.alias));
        Unusable { place, why: format!("{:?}", first.map(|fault| &fault.kind)) }
    })
}

/// The provider as it was, if nothing about it has changed.
fn shared(
    config: &Config,
    (name, provider): (&str, &ProviderConfig),
    before: Option<&Snapshot>,
) -> Result<Shared, Unusable> {
    if let Some(before) = before
        && before.config.providers.get(name) == Some(provider)
        && let Some(shared) = before.accounts.get(name)
    {
        let mut shared = shared.clone();
        if let ProviderConfig::Bedrock(bedrock) = provider
            && before.config.bedrock != config.bedrock
        {
            shared.upstream = aws::bound(config, name, bedrock)?;
        }
        return Ok(shared);
    }
    let gated = Gated::new(provider.cooldown(), provider.common().rpm_limit);
    let gates = Arc::new(Mutex::new(gated));
    let thoughts = provider.edits_here().map(Thoughts::new).map(Arc::new);
    let upstream = match provider {
        ProviderConfig::Bedrock(bedrock) => aws::bound(config, name, bedrock)?,
        ProviderConfig::OpenaiCompat(_)
        | ProviderConfig::AnthropicApi(_)
        | ProviderConfig::OpenaiResponses(_) => bound(name, provider)?,
    };
    Ok(Shared { gates, upstream, thoughts })
}

fn bound(name: &str, config: &ProviderConfig) -> Result<Bound, Unusable> {
    let at = |key: &str, why: String| Unusable { place: format!("providers.{name}.{key}"), why };
    let provider: Arc<dyn Provider> = match config {
        ProviderConfig::OpenaiCompat(_) => Arc::new(Compat::new(account(name, config)?)),
        ProviderConfig::AnthropicApi(anthropic) => Arc::new(Anthropic {
            account: account(name, config)?,
            auth: match anthropic.auth_kind {
                AnthropicAuth::ApiKey => AuthKind::ApiKey,
                AnthropicAuth::OauthBearer => AuthKind::OauthBearer,
            },
            version: header_value(&anthropic.anthropic_version)
                .map_err(|why| at("anthropic_version", why))?,
            allowed_betas: anthropic.allowed_betas.clone(),
            edited_here: anthropic.context_management,
        }),
        ProviderConfig::Bedrock(_) | ProviderConfig::OpenaiResponses(_) => {
            return Ok(Bound::NotYet { kind: config.kind() });
        }
    };
    let reference = config.api_key().ok_or_else(|| at("api_key_ref", "is missing".to_owned()))?;
    let credential =
        Arc::new(CredentialSource::Secret(SecretSource::new(reference.reference().clone())));
    Ok(Bound::Served { provider, credential })
}

fn account(name: &str, config: &ProviderConfig) -> Result<Account, Unusable> {
    let at = |key: &str, why: String| Unusable { place: format!("providers.{name}.{key}"), why };
    let base_url = config.base_url().ok_or_else(|| at("base_url", "is missing".to_owned()))?;
    let base_url = base_url.parse::<Uri>().map_err(|error| at("base_url", error.to_string()))?;
    account_at(name, config.common(), base_url)
}

/// The account of a provider at an address.
fn account_at(name: &str, common: &Common, base_url: Uri) -> Result<Account, Unusable> {
    let at = |key: &str, why: String| Unusable { place: format!("providers.{name}.{key}"), why };
    let forwarded = common.forward_client_headers.iter().filter_map(|name| {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        headers::may_be_forwarded(&name).then_some(name)
    });
    Ok(Account {
        name: name.to_owned(),
        base_url,
        user_agent: header_value(&common.user_agent).map_err(|why| at("user_agent", why))?,
        forward_client_headers: forwarded.collect(),
        proxy: common.proxy.as_ref().map(|proxy| proxy.as_str().to_owned()),
    })
}

fn target(
    config: &Config,
    accounts: &HashMap<String, Shared>,
    nickname: &str,
    model: &ModelConfig,
) -> Result<Target, Unusable> {
    let at = |key: &str, why: String| Unusable { place: format!("models.{nickname}.{key}"), why };
    let shared = accounts
        .get(&model.provider)
        .ok_or_else(|| at("provider", format!("no provider {:?}", model.provider)))?;
    let common = config.provider(model).map(ProviderConfig::common);
    let clocks = config.clocks(model);
    Ok(Target {
        model: Model {
            nickname: nickname.to_owned(),
            upstream: model.upstream.clone(),
            payload_extras: config.payload_extras(model),
            header_extras: header_extras(config, model).map_err(|why| at("header_extras", why))?,
            max_output_tokens: model.max_output_tokens,
        },
        abilities: abilities(config, model),
        reasoning_fields: config.server.reasoning_fields(),
        upstream: match &shared.upstream {
            Bound::NotYet { kind } => Upstream::NotYet { kind },
            Bound::Served { provider, credential } => Upstream::Served {
                provider: Arc::clone(provider),
                credential: Arc::clone(credential),
            },
        },
        thoughts: shared.thoughts.clone(),
        // A corrected upstream begins anew, whatever its nickname has been through.
        gates: Gates::new(Arc::clone(&shared.gates), &format!("{nickname} = {}", model.upstream)),
        clocks: Clocks {
            whole: clocks.request,
            first_content: clocks.first_content,
            idle: clocks.idle,
        },
        unsupported: config
            .unsupported_features(model)
            .iter()
            .map(|feature| feature.as_str().to_owned())
            .collect(),
        context_window: model.context_window,
        class_overrides: common.map(|common| common.class_overrides.clone()).unwrap_or_default(),
        names: Names {
            model: header_value(nickname).map_err(|why| at("", why))?,
            provider: header_value(&model.provider).map_err(|why| at("provider", why))?,
        },
        key: key(config, nickname, model).into(),
    })
}

/// What a target is remembered by. What its operator changes of what it takes makes it another one:
/// nothing that was heard stands above that.
fn key(config: &Config, nickname: &str, model: &ModelConfig) -> String {
    let provider = config.provider(model);
    let address = provider.and_then(ProviderConfig::base_url).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    format!("{:?}", abilities(config, model)).hash(&mut hasher);
    let (upstream, at, taken) = (&model.upstream, &model.provider, hasher.finish());
    format!("{nickname} = {upstream} of {at} at {address}, {taken:x}")
}

/// What a translated request to this model may hold.
fn abilities(config: &Config, model: &ModelConfig) -> Abilities {
    let provider = config.provider(model);
    Abilities {
        upstream: model.upstream.clone(),
        max_output_tokens: model.max_output_tokens,
        efforts: config.efforts(model).into_iter().map(Effort::known).collect(),
        efforts_named: model.effort_levels.is_some(),
        max_thinking_budget: model.max_thinking_budget,
        adaptive_thinking: model.supports_adaptive_thinking,
        history: model.history_reasoning.known(),
        auto_cache: provider.is_none_or(ProviderConfig::auto_cache),
        attribution: attribution(config, provider),
        mends_members: matches!(provider, Some(ProviderConfig::Bedrock(_))),
        quirks: provider.map_or(Quirks::NONE, |provider| quirks(provider, model)),
        refused: Refused::default(),
    }
}

/// What becomes of a client's attribution. Anthropic's own hosts get it as it came, whatever name
/// a model has there.
fn attribution(config: &Config, provider: Option<&ProviderConfig>) -> Attribution {
    if let Some(ProviderConfig::Bedrock(bedrock)) = provider
        && bedrock.api_shape != ApiShape::Converse
    {
        return Attribution::Kept;
    }
    let address = provider.and_then(ProviderConfig::base_url);
    let address = address.and_then(|base_url| base_url.parse::<Uri>().ok());
    let host = address.as_ref().and_then(Uri::host).unwrap_or_default();
    if host == "anthropic.com" || host.ends_with(".anthropic.com") {
        return Attribution::Kept;
    }
    config.server.client_attribution.known()
}

/// From this version on, Anthropic's API knows no sampling members. Versions are dates, and compare
/// as text. (facts: Anthropic Messages, section 1)
const VERSION_WITHOUT_SAMPLING: &str = "2026-10-21";

/// A host's quirks, with the dialect that configuration names.
fn quirks(provider: &ProviderConfig, model: &ModelConfig) -> Quirks {
    let address = provider.base_url().and_then(|base_url| base_url.parse::<Uri>().ok());
    let known = |address: &Uri| compat::quirks(address, &model.upstream);
    let mut quirks = address.as_ref().map_or(Quirks::NONE, known);
    if let ProviderConfig::AnthropicApi(anthropic) = provider {
        quirks.refuses_sampling |= anthropic.anthropic_version.as_str() >= VERSION_WITHOUT_SAMPLING;
    }
    let named = model.reasoning_dialect.and_then(|named| dialects::named(named.name()));
    // What is known of a host's models is more than what is known of its dialect.
    let said_by_host =
        |row: &&dialects::Row| row.dialect.name == quirks.dialect.name && !quirks.dialect.hands_off;
    if let Some(row) = named.filter(|row| !said_by_host(row)) {
        quirks.dialect = row.for_model(&model.upstream);
    }
    quirks
}

fn header_extras(config: &Config, model: &ModelConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in config.header_extras(model) {
        let name = HeaderName::try_from(&name).map_err(|error| format!("{name}: {error}"))?;
        if headers::may_be_extra(&name) {
            headers.insert(name, header_value(&value)?);
        }
    }
    Ok(headers)
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("{text:?} cannot stand in a header"))
}

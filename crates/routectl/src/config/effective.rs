//! What holds in the end: the model's word, else the provider's, else the file's, else ours.

use std::net::Ipv6Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use indexmap::IndexMap;
use routectl_policy::{Cooldown, Rules, Statuses};
use routectl_providers::compat;
use serde_json::{Map, Value};

use super::schema::{
    AnthropicAuth, BaseUrl, Config, Dialect, Effort, Feature, Headers, HostName, Model, Provider,
    ResponsesAuth, Retry, SecretText,
};

/// The clocks of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptClocks {
    /// Whole attempt that is not streamed.
    pub request: Option<Duration>,
    /// Until the first content event.
    pub first_content: Duration,
    /// Between upstream bytes after it.
    pub idle: Duration,
}

impl Config {
    /// The provider of a model; every model of a loaded config has one.
    pub fn provider(&self, model: &Model) -> Option<&Provider> {
        self.providers.get(&model.provider)
    }

    /// The clocks of an attempt at this model.
    pub fn clocks(&self, model: &Model) -> AttemptClocks {
        let ours = model.clocks;
        let theirs = self.provider(model).map(|it| it.common().clocks).unwrap_or_default();
        let retry = &self.retry;
        AttemptClocks {
            request: ours.request_timeout.or(theirs.request_timeout).or(retry.request_timeout),
            first_content: ours
                .stream_first_byte_timeout
                .or(theirs.stream_first_byte_timeout)
                .unwrap_or(retry.stream_first_byte_timeout),
            idle: ours
                .stream_idle_timeout
                .or(theirs.stream_idle_timeout)
                .unwrap_or(retry.stream_idle_timeout),
        }
    }

    /// Extra headers of a request for this model, by their names in lower case.
    pub fn header_extras(&self, model: &Model) -> IndexMap<String, String> {
        let none = Headers::default();
        let theirs = self.provider(model).map_or(&none, |it| &it.common().header_extras);
        let mut headers: IndexMap<String, String> = IndexMap::new();
        for (name, value) in theirs.0.iter().chain(&model.header_extras.0) {
            let name = name.to_ascii_lowercase();
            let before = headers.get(&name).filter(|_| name == "anthropic-beta");
            let value = before.map_or_else(|| value.clone(), |before| union(before, value));
            headers.insert(name, value);
        }
        headers
    }

    /// What is merged into the body of a request for this model.
    pub fn payload_extras(&self, model: &Model) -> Map<String, Value> {
        let theirs = self.provider(model).map(|it| it.common().payload_extras.clone());
        let mut payload = theirs.unwrap_or_default();
        merge(&mut payload, &model.payload_extras);
        payload
    }

    /// Features that make a request skip this model.
    pub fn unsupported_features<'a>(&'a self, model: &'a Model) -> &'a [Feature] {
        let theirs = || self.provider(model).map(|it| it.common().unsupported_features.as_slice());
        model.unsupported_features.as_deref().or_else(theirs).unwrap_or_default()
    }

    /// `Host` values that are accepted. One without a port goes with any.
    pub fn allowed_hosts(&self) -> Vec<String> {
        if let Some(hosts) = &self.server.allowed_hosts {
            return hosts.iter().map(|host| bracketed(host.as_str())).collect();
        }
        let address = self.server.host.address();
        let bound = bracketed(&address.to_string());
        let mut hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
        if !hosts.contains(&bound) && !address.is_unspecified() {
            hosts.push(bound);
        }
        hosts
    }

    /// This config with every default written out.
    #[must_use]
    pub fn filled(&self) -> Self {
        let mut filled = self.clone();
        let hosts = self.allowed_hosts().into_iter().map(HostName::try_from);
        filled.server.allowed_hosts = Some(hosts.filter_map(Result::ok).collect());
        let attempts = Some(self.retry.max_attempts);
        filled.retry.retry_on_429 = self.retry.retry_on_429.or(attempts);
        filled.retry.retry_on_5xx = self.retry.retry_on_5xx.or(attempts);
        filled.retry.retry_on_network = self.retry.retry_on_network.or(attempts);
        for provider in filled.providers.values_mut() {
            provider.fill();
        }
        for model in filled.models.values_mut() {
            model.reasoning_dialect = self.dialect(model);
        }
        filled
    }

    /// This config as TOML, for people to read: every default filled in, no secret shown, empty
    /// tables left out.
    pub fn shown(&self) -> Result<String, toml::ser::Error> {
        let mut table = toml::Table::try_from(self.filled())?;
        drop_empty(&mut table);
        toml::to_string(&table)
    }

    /// How the host of this model speaks of reasoning; `None` where the format itself does, and
    /// where nothing is known of the host.
    pub fn dialect(&self, model: &Model) -> Option<Dialect> {
        let Provider::OpenaiCompat(provider) = self.provider(model)? else { return None };
        let address = provider.base_url.as_str().parse().ok();
        let known = address.and_then(|address| compat::dialect(&address, &model.upstream));
        model.reasoning_dialect.or_else(|| Dialect::named(known?))
    }

    /// Efforts that a translated request for this model may say.
    pub fn efforts(&self, model: &Model) -> Vec<Effort> {
        let usual = || vec![Effort::Low, Effort::Medium, Effort::High];
        model.effort_levels.clone().unwrap_or_else(usual)
    }
}

impl Provider {
    /// Where it is; `None` when the kind makes it from a region.
    pub fn base_url(&self) -> Option<&str> {
        match self {
            Self::OpenaiCompat(provider) => Some(provider.base_url.as_str()),
            Self::AnthropicApi(provider) => Some(provider.base_url.as_str()),
            Self::Bedrock(provider) => provider.endpoint_url.as_ref().map(BaseUrl::as_str),
            Self::OpenaiResponses(provider) => {
                let usual = match provider.auth_kind {
                    ResponsesAuth::ChatgptOauth => "https://chatgpt.com/backend-api/codex",
                    ResponsesAuth::ApiKey => "https://api.openai.com/v1",
                };
                Some(provider.base_url.as_ref().map_or(usual, BaseUrl::as_str))
            }
        }
    }

    /// Where its key is; `None` when the kind has credentials of another sort.
    pub fn api_key(&self) -> Option<SecretText> {
        let (said, usual) = match self {
            Self::OpenaiCompat(provider) => return Some(provider.api_key_ref.clone()),
            Self::Bedrock(_) => return None,
            Self::AnthropicApi(provider) => (
                &provider.api_key_ref,
                match provider.auth_kind {
                    AnthropicAuth::ApiKey => "env://ANTHROPIC_API_KEY",
                    AnthropicAuth::OauthBearer => "oauth://anthropic",
                },
            ),
            Self::OpenaiResponses(provider) => (
                &provider.api_key_ref,
                match provider.auth_kind {
                    ResponsesAuth::ChatgptOauth => "oauth://codex",
                    ResponsesAuth::ApiKey => "env://OPENAI_API_KEY",
                },
            ),
        };
        said.clone().or_else(|| usual.parse().ok())
    }

    /// When the breaker opens and for how long; `None` when there is none.
    pub fn cooldown(&self) -> Option<Cooldown> {
        let common = self.common();
        let failures = common.circuit_failures.map(NonZeroU32::get)?;
        Some(Cooldown { failures, pause: common.circuit_cooldown })
    }

    fn fill(&mut self) {
        let base_url = self.base_url().and_then(|url| url.parse().ok());
        let api_key = self.api_key();
        match self {
            Self::OpenaiCompat(_) | Self::Bedrock(_) => {}
            Self::AnthropicApi(provider) => provider.api_key_ref = api_key,
            Self::OpenaiResponses(provider) => {
                provider.base_url = base_url;
                provider.api_key_ref = api_key;
            }
        }
    }
}

impl Retry {
    /// What the walk goes by.
    pub fn rules(&self) -> Rules {
        Rules {
            max_attempts: self.max_attempts,
            retry_on_429: self.retry_on_429,
            retry_on_5xx: self.retry_on_5xx,
            retry_on_network: self.retry_on_network,
            initial_backoff: self.initial_backoff,
            backoff_multiplier: self.backoff_multiplier,
            jitter: self.jitter,
            falls_back: match (&self.retry_allowlist, &self.retry_denylist) {
                (Some(only), _) => Statuses::Only(only.clone()),
                (None, Some(not)) => Statuses::AllBut(not.clone()),
                (None, None) => Statuses::All,
            },
            deadline: self.deadline,
            max_total_attempts: self.max_total_attempts,
            max_honored_retry_after: self.max_honored_retry_after,
            probe_max_tokens: self.probe_max_tokens,
        }
    }
}

/// A host as a `Host` header spells it: IPv6 addresses stand in brackets (RFC 3986, 3.2.2).
fn bracketed(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    }
}

fn drop_empty(table: &mut toml::Table) {
    table.retain(|_, value| match value.as_table_mut() {
        Some(table) => {
            drop_empty(table);
            !table.is_empty()
        }
        None => true,
    });
}

/// Two comma-separated lists as one without doubles.
fn union(before: &str, further: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in before.split(',').chain(further.split(',')).map(str::trim) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(",")
}

/// Objects are merged member by member; anything else of `winner` replaces what was there.
fn merge(into: &mut Map<String, Value>, winner: &Map<String, Value>) {
    for (key, value) in winner {
        match (into.get_mut(key), value) {
            (Some(Value::Object(into)), Value::Object(value)) => merge(into, value),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

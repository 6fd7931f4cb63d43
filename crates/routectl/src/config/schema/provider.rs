//! `[providers.NAME]`: a configured account at a service, by kind.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use indexmap::IndexMap;
use routectl_core::Class;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::YEAR_MS;
use super::values::{
    BaseUrl, BaseUrlWithQuery, ClassName, Feature, HeaderName, ProxyUrl, Region, SecretText,
    millis, optional_millis, overrides,
};

/// What a provider sends as `user-agent` when the file says nothing.
pub(in super::super) const USER_AGENT: &str = concat!("routectl/", env!("CARGO_PKG_VERSION"));

/// A configured account at a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Provider {
    /// Any host that speaks OpenAI's Chat Completions.
    OpenaiCompat(OpenaiCompat),
    /// The Anthropic API, or a host that speaks Messages.
    AnthropicApi(AnthropicApi),
    /// AWS Bedrock.
    Bedrock(Bedrock),
    /// OpenAI's Responses, also behind a ChatGPT login. Not served yet.
    OpenaiResponses(OpenaiResponses),
}

impl Provider {
    /// What all kinds have.
    pub fn common(&self) -> &Common {
        match self {
            Self::OpenaiCompat(provider) => &provider.common,
            Self::AnthropicApi(provider) => &provider.common,
            Self::Bedrock(provider) => &provider.common,
            Self::OpenaiResponses(provider) => &provider.common,
        }
    }

    /// The same, to be changed.
    pub(in super::super) fn common_mut(&mut self) -> &mut Common {
        match self {
            Self::OpenaiCompat(provider) => &mut provider.common,
            Self::AnthropicApi(provider) => &mut provider.common,
            Self::Bedrock(provider) => &mut provider.common,
            Self::OpenaiResponses(provider) => &mut provider.common,
        }
    }

    /// The kind as the file spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OpenaiCompat(_) => "openai-compat",
            Self::AnthropicApi(_) => "anthropic-api",
            Self::Bedrock(_) => "bedrock",
            Self::OpenaiResponses(_) => "openai-responses",
        }
    }

    /// Where conversations are edited here, as `context_management` asks: the largest thinking that
    /// is kept for it, in bytes.
    pub fn edits_here(&self) -> Option<usize> {
        match self {
            Self::AnthropicApi(provider) if provider.context_management => {
                usize::try_from(provider.max_thinking_entry_bytes).ok()
            }
            Self::AnthropicApi(_)
            | Self::OpenaiCompat(_)
            | Self::Bedrock(_)
            | Self::OpenaiResponses(_) => None,
        }
    }

    /// Whether requests of clients that mark no cache get an automatic breakpoint.
    pub fn auto_cache(&self) -> bool {
        match self {
            Self::AnthropicApi(provider) => provider.auto_cache,
            Self::OpenaiCompat(_) | Self::Bedrock(_) | Self::OpenaiResponses(_) => true,
        }
    }
}

/// `kind = "openai-compat"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OpenaiCompat {
    /// Up to and including the version, e.g. `https://api.openai.com/v1`; https, or http to
    /// loopback only. A query, such as Azure's `?api-version=…`, goes with every request.
    pub base_url: BaseUrlWithQuery,
    /// Secret reference; `literal:not-needed` for a local server.
    pub api_key_ref: SecretText,
    #[serde(flatten)]
    pub common: Common,
}

/// `kind = "anthropic-api"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AnthropicApi {
    /// Without the version, e.g. `https://api.anthropic.com`; https, or http to loopback only.
    #[serde(default = "BaseUrl::anthropic")]
    pub base_url: BaseUrl,
    /// How the key is sent.
    #[serde(default)]
    pub auth_kind: AnthropicAuth,
    /// Secret reference. Without it: `env://ANTHROPIC_API_KEY`, and `oauth://anthropic` with
    /// `oauth-bearer`.
    #[serde(default)]
    pub api_key_ref: Option<SecretText>,
    /// `anthropic-version` when the client sent none; a client's own passes through.
    #[serde(default = "anthropic_version")]
    #[schemars(extend("format" = "header-value"))]
    pub anthropic_version: String,
    /// Beta names that pass; `[]` passes all.
    #[serde(default)]
    pub allowed_betas: Vec<String>,
    /// OpenAI's clients expect caching without asking: their requests get Anthropic's automatic
    /// breakpoint, one behind the system text and one before the last answer, unless they mark
    /// one themselves.
    #[serde(default = "yes")]
    pub auto_cache: bool,
    /// Do `context_management` for a host that cannot: what a client's request asks to be cleared of
    /// the conversation is cleared here, the beta and the member are taken out, and thinking that a
    /// client left out is put back before the results of the tools it led to.
    #[serde(default)]
    pub context_management: bool,
    /// Largest thinking of one answer that is kept for it, in bytes: 1 KiB to 4 MiB.
    #[serde(default = "max_thinking_entry")]
    #[schemars(range(min = 1024, max = 4_194_304))]
    pub max_thinking_entry_bytes: u64,
    #[serde(flatten)]
    pub common: Common,
}

/// How an Anthropic key is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum AnthropicAuth {
    /// `x-api-key`.
    #[default]
    ApiKey,
    /// `Authorization: Bearer`.
    OauthBearer,
}

/// `kind = "bedrock"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Bedrock {
    /// AWS region. Without it: that of a model's ARN, `AWS_REGION`, then the profile's, then the
    /// instance's.
    #[serde(default)]
    pub region: Option<Region>,
    /// Where the credentials come from.
    #[serde(default)]
    pub creds: BedrockCreds,
    /// Which of Bedrock's APIs is spoken.
    #[serde(default)]
    pub api_shape: ApiShape,
    /// Betas that are always sent; they bypass the allowlist.
    #[serde(default)]
    pub anthropic_beta: Vec<String>,
    /// Further members of the request, as the model knows them: of the body with `invoke`, of
    /// `additionalModelRequestFields` with `converse`.
    #[serde(default)]
    pub additional_model_request_fields: Map<String, Value>,
    /// Another host, for tests and VPC endpoints.
    #[serde(default)]
    pub endpoint_url: Option<BaseUrl>,
    #[serde(flatten)]
    pub common: Common,
}

/// Where AWS credentials come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(inline)]
pub enum BedrockCreds {
    /// Environment, profile, container and instance, in AWS's order.
    #[default]
    DefaultChain,
    /// A profile of the AWS config files.
    Profile {
        /// The profile's name.
        #[schemars(length(min = 1))]
        name: String,
    },
    /// Keys.
    Static {
        /// Secret reference: the access key id.
        access_key_ref: SecretText,
        /// Secret reference: the secret access key.
        secret_key_ref: SecretText,
        /// Secret reference: the session token of temporary keys.
        #[serde(default)]
        session_token_ref: Option<SecretText>,
    },
    /// A Bedrock API key.
    BearerKey {
        /// Secret reference: the key.
        key_ref: SecretText,
    },
}

/// Which of Bedrock's APIs is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum ApiShape {
    /// InvokeModel: the model's own format.
    #[default]
    Invoke,
    /// Converse: one format for the models of all vendors.
    Converse,
    /// Bedrock's own Messages endpoint, for Claude.
    Messages,
}

/// `kind = "openai-responses"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OpenaiResponses {
    /// https, or http to loopback only. Without it: `https://chatgpt.com/backend-api/codex`, and
    /// `https://api.openai.com/v1` with `api-key`.
    #[serde(default)]
    pub base_url: Option<BaseUrl>,
    /// How to log in.
    #[serde(default)]
    pub auth_kind: ResponsesAuth,
    /// Secret reference. Without it: `oauth://codex`, and `env://OPENAI_API_KEY` with `api-key`.
    #[serde(default)]
    pub api_key_ref: Option<SecretText>,
    /// Secret reference: the ChatGPT account. Without it: read from the token's claims.
    #[serde(default)]
    pub account_id_ref: Option<SecretText>,
    #[serde(flatten)]
    pub common: Common,
}

/// How to log in to a Responses host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum ResponsesAuth {
    /// The Codex backend, which only streams.
    #[default]
    ChatgptOauth,
    /// The OpenAI API.
    ApiKey,
}

/// What all kinds have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Common {
    /// Extra request headers. `authorization`, `x-api-key`, `host`, `content-*`,
    /// `accept-encoding` and hop-by-hop headers are dropped; `anthropic-beta` is unioned with the
    /// client's.
    #[schemars(extend("propertyNames" = { "format": "header-name" }))]
    pub header_extras: Headers,
    /// Deep-merged into the request body; a model's wins.
    pub payload_extras: Map<String, Value>,
    /// What is sent as `user-agent`.
    #[schemars(extend("format" = "header-value"))]
    pub user_agent: String,
    /// Request headers of the client that pass through, e.g. `x-claude-code-session-id`, in place
    /// of ours if we send one of that name; never credentials, cookies or hop-by-hop headers.
    pub forward_client_headers: Vec<HeaderName>,
    /// Requests per minute over all models of the provider; over it, the next target is tried.
    pub rpm_limit: Option<NonZeroU32>,
    /// Consecutive failures that open the breaker. Without it there is none.
    pub circuit_failures: Option<NonZeroU32>,
    /// How long the breaker stays open; then one real request probes.
    #[serde(rename = "circuit_cooldown_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub circuit_cooldown: Duration,
    #[serde(flatten)]
    pub clocks: Clocks,
    /// Features that make a request skip this provider: tool types without date suffix, such as
    /// `web_search`; `json_schema`, `images`.
    pub unsupported_features: Vec<Feature>,
    /// HTTP status to failure class, e.g. `{ 418 = "rate-limited" }`.
    #[serde(with = "overrides")]
    #[schemars(
        with = "BTreeMap<String, ClassName>",
        extend("propertyNames" = { "format": "status" })
    )]
    pub class_overrides: BTreeMap<u16, Class>,
    /// Proxy: `http`, `https`, `socks5` or `socks5h`. Without it: the environment's.
    pub proxy: Option<ProxyUrl>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            header_extras: Headers::default(),
            payload_extras: Map::new(),
            user_agent: USER_AGENT.to_owned(),
            forward_client_headers: Vec::new(),
            rpm_limit: None,
            circuit_failures: None,
            circuit_cooldown: Duration::from_secs(30),
            clocks: Clocks::default(),
            unsupported_features: Vec::new(),
            class_overrides: BTreeMap::new(),
            proxy: None,
        }
    }
}

/// The clocks a model or a provider may set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Clocks {
    /// Whole attempt that is not streamed; the model's wins over the provider's, and that over
    /// `[retry]`.
    #[serde(rename = "request_timeout_ms", with = "optional_millis")]
    #[schemars(with = "Option<u64>", range(min = 1, max = YEAR_MS))]
    pub request_timeout: Option<Duration>,
    /// Time to the first content event; wins likewise.
    #[serde(rename = "stream_first_byte_timeout_ms", with = "optional_millis")]
    #[schemars(with = "Option<u64>", range(min = 1, max = YEAR_MS))]
    pub stream_first_byte_timeout: Option<Duration>,
    /// Between upstream bytes after it; wins likewise.
    #[serde(rename = "stream_idle_timeout_ms", with = "optional_millis")]
    #[schemars(with = "Option<u64>", range(min = 1, max = YEAR_MS))]
    pub stream_idle_timeout: Option<Duration>,
}

/// Extra request headers. Values under names that speak of secrets are never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Headers(
    #[schemars(extend("additionalProperties" = { "type": "string", "format": "header-value" }))]
    pub IndexMap<String, String>,
);

impl Headers {
    fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| {
            (name.as_str(), if speaks_of_secrets(name) { "***" } else { value.as_str() })
        })
    }
}

fn speaks_of_secrets(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "cookie", "credential", "key", "passw", "secret", "token"]
        .iter()
        .any(|word| name.contains(word))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.shown()).finish()
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.shown())
    }
}

fn yes() -> bool {
    true
}

fn anthropic_version() -> String {
    "2023-06-01".to_owned()
}

fn max_thinking_entry() -> u64 {
    1 << 20
}

//! The types of the config file. They are its only definition: reading, checking, the JSON Schema
//! and the reference page come from them, their comments and their defaults.

mod model;
mod provider;
mod values;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use indexmap::IndexMap;
use routectl_core::Attribution;
use routectl_wire::ReasoningFields;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use model::{Effort, HistoryReasoning, Model, Price};
pub(super) use provider::USER_AGENT;
pub use provider::{
    AnthropicApi, AnthropicAuth, ApiShape, Bedrock, BedrockCreds, Clocks, Common, Headers,
    OpenaiCompat, OpenaiResponses, Provider, ResponsesAuth,
};
pub use values::{
    BaseUrl, BaseUrlWithQuery, BindHost, BrowserOrigin, Dialect, Feature, HeaderName, HostName,
    ProxyUrl, Region, SecretText,
};
use values::{millis, optional_millis};

/// The longest time a `*_ms` key takes: a year.
pub(super) const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1000;

/// The most attempts a key takes.
const MOST_ATTEMPTS: u32 = 100;

/// The configuration of routectl: one file, read whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    /// How to reach an upstream: transport and credentials.
    #[schemars(extend("propertyNames" = { "format": "name" }))]
    pub providers: IndexMap<String, Provider>,
    /// A nickname for one upstream model on one provider, with what it can do.
    #[schemars(extend("propertyNames" = { "format": "name" }))]
    pub models: IndexMap<String, Model>,
    /// What a client may write as `model`, and the model or the chain of models that serves it:
    /// exact names, `prefix-*` globs (the longest prefix wins) and `default`. Values may name
    /// other aliases.
    #[schemars(extend("propertyNames" = { "format": "alias" }))]
    pub aliases: IndexMap<String, Targets>,
    pub retry: Retry,
    pub bedrock: BedrockLists,
    pub log: Log,
    pub usage: UsageLedger,
    pub telemetry: Telemetry,
}

/// Where routectl listens and whom it lets in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Bind address. One that is not loopback needs `--unsafe-public` and `auth.tokens`.
    pub host: BindHost,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Largest request body, in bytes, after decompression; more gets 413.
    #[schemars(range(min = 1))]
    pub max_body_bytes: u64,
    /// Refuse a request that would lose anything on its way, which is in translation above all,
    /// naming each loss, instead of serving it with a loss report.
    pub strict_translation: bool,
    /// Honour `x-routectl-disable-fallbacks`.
    pub allow_disable_fallbacks: bool,
    /// Keep a loop of tools with the target that began it, while that target is healthy: who called
    /// the tools gets their results. A new turn of the user starts from the top of the chain.
    pub loop_affinity: bool,
    /// What becomes of the first system block of Claude Code, in which it says who it is, towards
    /// models that are no Claude: it differs between conversations, so that they share no cached
    /// prompt. Claude gets it as it came, whatever stands here.
    pub client_attribution: ClientAttribution,
    /// In which members Chat clients are told what a model thought. Without it: in all of them, but
    /// a Chat host's own members stay what they are; with it, they get the first two from these too.
    /// With none, thinking is kept from them.
    pub reasoning_fields: Option<Vec<ReasoningField>>,
    /// `Host` values accepted, against DNS rebinding. Without it: loopback names and the bind
    /// address.
    pub allowed_hosts: Option<Vec<HostName>>,
    /// Browser origins accepted (CORS); none by default.
    pub allowed_origins: Vec<BrowserOrigin>,
    /// For how long streams in flight may finish after SIGTERM or SIGINT.
    #[serde(rename = "shutdown_grace_ms", with = "millis")]
    #[schemars(with = "u64", range(max = YEAR_MS))]
    pub shutdown_grace: Duration,
    /// PEM files of certificate authorities that are trusted beside the system's, for hosts and
    /// proxies with certificates of their own.
    pub extra_root_certs: Vec<PathBuf>,
    pub auth: ServerAuth,
    pub reasoning_cache: ReasoningCache,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: BindHost::loopback(),
            port: 8787,
            max_body_bytes: 32 << 20,
            strict_translation: false,
            allow_disable_fallbacks: true,
            loop_affinity: true,
            reasoning_fields: None,
            client_attribution: ClientAttribution::default(),
            allowed_hosts: None,
            allowed_origins: Vec::new(),
            shutdown_grace: Duration::from_secs(20),
            extra_root_certs: Vec::new(),
            auth: ServerAuth::default(),
            reasoning_cache: ReasoningCache::default(),
        }
    }
}

/// What becomes of a client's word about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum ClientAttribution {
    /// It is left out.
    #[default]
    Drop,
    /// It is reduced to what is the same in all conversations.
    Freeze,
    /// It stays.
    Keep,
}

impl ClientAttribution {
    /// The hub's word for it.
    pub fn known(self) -> Attribution {
        match self {
            Self::Drop => Attribution::Dropped,
            Self::Freeze => Attribution::Frozen,
            Self::Keep => Attribution::Kept,
        }
    }
}

/// A member in which Chat clients read what a model thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ReasoningField {
    /// Its text.
    Reasoning,
    /// The same, under the name that others read.
    ReasoningContent,
    /// Its pieces with their seals.
    ReasoningDetails,
}

impl Server {
    /// In which members Chat clients are told of thinking, where this file says so.
    pub fn reasoning_fields(&self) -> Option<ReasoningFields> {
        let named = self.reasoning_fields.as_ref()?;
        Some(ReasoningFields {
            reasoning: named.contains(&ReasoningField::Reasoning),
            reasoning_content: named.contains(&ReasoningField::ReasoningContent),
            reasoning_details: named.contains(&ReasoningField::ReasoningDetails),
        })
    }
}

/// Who may use the router.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerAuth {
    /// Secret references. When set, every route but `/health` needs one of them, as
    /// `Authorization: Bearer` or `x-api-key`.
    pub tokens: Vec<SecretText>,
}

/// What models thought before they called tools, kept in memory for clients that do not send it
/// back: some hosts refuse a call without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReasoningCache {
    /// Keep it at all.
    pub enabled: bool,
    /// Most calls whose thinking is kept; what was used least lately goes first.
    #[schemars(range(min = 1))]
    pub entries: usize,
    /// Most bytes that are kept. The thinking of one answer that is larger is not kept.
    #[schemars(range(min = 1))]
    pub bytes: u64,
    /// For how long it is kept after its last use.
    #[serde(rename = "max_age_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub max_age: Duration,
}

impl Default for ReasoningCache {
    fn default() -> Self {
        Self {
            enabled: true,
            entries: 4_096,
            bytes: 64 << 20,
            max_age: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// The value of an alias: one name, or several in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "OneOrMany")]
#[schemars(with = "OneOrMany", inline)]
pub struct Targets(pub Vec<String>);

/// How a file spells [`Targets`].
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(#[schemars(length(min = 1))] Vec<String>),
}

impl From<OneOrMany> for Targets {
    fn from(spelled: OneOrMany) -> Self {
        match spelled {
            OneOrMany::One(name) => Self(vec![name]),
            OneOrMany::Many(names) => Self(names),
        }
    }
}

/// When to try again, when to go on to the next target, and the clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Attempts per target.
    #[schemars(range(min = 1, max = MOST_ATTEMPTS))]
    pub max_attempts: u32,
    /// Wait before the first retry.
    #[serde(rename = "initial_backoff_ms", with = "millis")]
    #[schemars(with = "u64", range(max = YEAR_MS))]
    pub initial_backoff: Duration,
    /// By how much each further wait grows.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub backoff_multiplier: f64,
    /// Up to this much is added to every wait.
    #[serde(rename = "jitter_ms", with = "millis")]
    #[schemars(with = "u64", range(max = YEAR_MS))]
    pub jitter: Duration,
    /// Attempts per target when it is rate-limited. Without it: `max_attempts`.
    #[schemars(range(min = 1, max = MOST_ATTEMPTS))]
    pub retry_on_429: Option<u32>,
    /// Attempts per target when it broke or is overloaded. Without it: `max_attempts`.
    #[schemars(range(min = 1, max = MOST_ATTEMPTS))]
    pub retry_on_5xx: Option<u32>,
    /// Attempts per target when the network failed or a clock ran out. Without it:
    /// `max_attempts`.
    #[schemars(range(min = 1, max = MOST_ATTEMPTS))]
    pub retry_on_network: Option<u32>,
    /// The only status codes that fall back to the next target. Without it and without a
    /// denylist: every 4xx and 5xx.
    #[schemars(inner(range(min = 400, max = 599)))]
    pub retry_allowlist: Option<Vec<u16>>,
    /// Status codes that do not fall back to the next target. Not together with an allowlist.
    #[schemars(inner(range(min = 400, max = 599)))]
    pub retry_denylist: Option<Vec<u16>>,
    /// Whole attempt that is not streamed.
    #[serde(rename = "request_timeout_ms", with = "optional_millis")]
    #[schemars(with = "Option<u64>", range(min = 1, max = YEAR_MS))]
    pub request_timeout: Option<Duration>,
    /// Time to the first content event; pings, comments and empty deltas do not count.
    #[serde(rename = "stream_first_byte_timeout_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub stream_first_byte_timeout: Duration,
    /// Between upstream bytes once streaming.
    #[serde(rename = "stream_idle_timeout_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub stream_idle_timeout: Duration,
    /// Until a connection stands.
    #[serde(rename = "connect_timeout_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub connect_timeout: Duration,
    /// A client that stops reading for this long is let go.
    #[serde(rename = "write_stall_timeout_ms", with = "millis")]
    #[schemars(with = "u64", range(min = 1, max = YEAR_MS))]
    pub write_stall_timeout: Duration,
    /// One deadline over all attempts of one client request, up to the first content of the
    /// answer. A stream that has begun may last longer.
    #[serde(rename = "deadline_ms", with = "optional_millis")]
    #[schemars(with = "Option<u64>", range(min = 1, max = YEAR_MS))]
    pub deadline: Option<Duration>,
    /// One attempt budget over the whole chain.
    #[schemars(range(min = 1, max = MOST_ATTEMPTS))]
    pub max_total_attempts: u32,
    /// Clamp on any wait an upstream asks for.
    #[serde(rename = "max_honored_retry_after_ms", with = "millis")]
    #[schemars(with = "u64", range(max = YEAR_MS))]
    pub max_honored_retry_after: Duration,
    /// A request with `max_tokens` at or below it gets a 429 or 529 back at once; 0 disables.
    pub probe_max_tokens: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 2,
            initial_backoff: Duration::from_millis(250),
            backoff_multiplier: 2.0,
            jitter: Duration::from_millis(50),
            retry_on_429: None,
            retry_on_5xx: None,
            retry_on_network: None,
            retry_allowlist: None,
            retry_denylist: None,
            request_timeout: None,
            stream_first_byte_timeout: Duration::from_secs(600),
            stream_idle_timeout: Duration::from_secs(300),
            connect_timeout: Duration::from_secs(10),
            write_stall_timeout: Duration::from_secs(120),
            deadline: None,
            max_total_attempts: 8,
            max_honored_retry_after: Duration::from_secs(3600),
            probe_max_tokens: 1,
        }
    }
}

/// What may be sent to Bedrock. An empty list filters nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BedrockLists {
    /// Beta names that may be sent.
    pub allowed_betas: Vec<String>,
    /// Body fields that may be sent; may be dotted paths such as `output_config.effort`. When
    /// set, it must hold `anthropic_version`, `messages` and `max_tokens`, and `anthropic_beta`
    /// when a provider always sends one.
    pub allowed_body_fields: Vec<String>,
}

/// What logs and traces hold. The filter is `ROUTECTL_LOG`, environment only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Trace request and response headers, without credentials.
    pub trace_headers: bool,
    /// How many bytes of a body a trace holds.
    pub trace_body_bytes: u64,
    /// Leave prompts and answers out of traces.
    pub redact_prompts: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { trace_headers: false, trace_body_bytes: 16 << 10, redact_prompts: false }
    }
}

/// The ledger: what happened and what it cost. Not served yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UsageLedger {
    /// Keep a ledger.
    pub enabled: bool,
    /// Where it is. Without it: `usage.db` beside this file.
    pub db_path: Option<PathBuf>,
    /// For how many days.
    #[schemars(range(min = 1))]
    pub retention_days: u32,
}

impl Default for UsageLedger {
    fn default() -> Self {
        Self { enabled: true, db_path: None, retention_days: 90 }
    }
}

/// Figures for other programs. Not served yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Serve `GET /metrics`.
    pub prometheus: bool,
    /// OpenTelemetry traces and metrics go here.
    pub otlp_endpoint: Option<BaseUrl>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { prometheus: true, otlp_endpoint: None }
    }
}

/// The JSON Schema of the file, for editors and for our own check of it.
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let generator = SchemaSettings::draft07()
            .with(|settings| settings.inline_subschemas = true)
            .with_transform(RecursiveTransform(Plainer))
            .into_generator();
        generator.into_root_schema_for::<Config>().to_value()
    });
    &SCHEMA
}

/// TOML has no null, so what need not be set is left out; and a description is one line.
#[derive(Debug, Clone)]
struct Plainer;

impl Transform for Plainer {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        let Some(object) = schema.as_object_mut() else { return };
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".into(), only);
            }
        }
        if let Some(Value::String(about)) = object.get_mut("description") {
            *about = about.replace('\n', " ");
        }
        // a table's default is that of its keys
        let is_table = object.contains_key("properties");
        if object.get("default").is_some_and(|default| is_table || default.is_null()) {
            object.remove("default");
        }
        if let Some(Value::Array(names)) = object.get_mut("enum") {
            names.retain(|name| !name.is_null());
        }
        let Some(Value::Array(branches)) = object.get_mut("anyOf") else { return };
        branches.retain(|branch| branch.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = branches.as_mut_slice() {
            let only = std::mem::take(only);
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

//! What holds in the end.

#![expect(clippy::too_many_lines, reason = "a transcript")]

use std::time::Duration;

use routectl_core::Class;
use routectl_policy::{Rules, Statuses};
use routectl_wire::dialects;

use super::config;
use crate::config::{Dialect, schema};

const TWO: &str = r#"
[providers.p]
kind = "openai-compat"
base_url = "https://a.example/v1"
api_key_ref = "env://K"
header_extras = { X-A = "provider", x-b = "provider", anthropic-beta = "one,two" }
payload_extras = { top = 1, deep = { a = 1, b = [1] } }
unsupported_features = ["images"]
class_overrides = { 418 = "rate-limited", 503 = "quota" }
request_timeout_ms = 2000
stream_idle_timeout_ms = 2001
circuit_failures = 3
[models.own]
provider = "p"
upstream = "u"
header_extras = { x-a = "model", Anthropic-Beta = "two, three" }
payload_extras = { deep = { b = [2], c = true } }
unsupported_features = []
stream_idle_timeout_ms = 1001
[models.plain]
provider = "p"
upstream = "v"
[retry]
request_timeout_ms = 3000
stream_first_byte_timeout_ms = 3002
stream_idle_timeout_ms = 3001
"#;

#[test]
fn a_models_word_wins_over_its_providers_and_that_over_retry() {
    let config = config(TWO);
    let clocks = |name: &str| config.clocks(&config.models[name]);
    let ms = Duration::from_millis;
    assert_eq!(clocks("own").request, Some(ms(2000)));
    assert_eq!(clocks("own").first_content, ms(3002));
    assert_eq!(clocks("own").idle, ms(1001));
    assert_eq!(clocks("plain").idle, ms(2001));
    let features = |name: &str| config.unsupported_features(&config.models[name]).len();
    assert_eq!((features("own"), features("plain")), (0, 1));
}

#[test]
fn extras_are_merged_and_betas_are_unioned() {
    let config = config(TWO);
    let headers = config.header_extras(&config.models["own"]);
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["x-a: model", "x-b: provider", "anthropic-beta: one,two,three"]);
    let payload = config.payload_extras(&config.models["own"]);
    let payload = serde_json::Value::Object(payload).to_string();
    assert_eq!(payload, r#"{"top":1,"deep":{"a":1,"b":[2],"c":true}}"#);
}

#[test]
fn headers_that_routectl_sets_itself_are_dropped() {
    let text = TWO.replace(
        "X-A = \"provider\"",
        "Authorization = \"x\", Content-Length = \"1\", accept-encoding = \"br\", api-key = \"k\"",
    );
    let text = text.replace(
        "[models.own]",
        "forward_client_headers = [\"Cookie\", \"x-id\", \"api-key\"]\n[models.own]",
    );
    let config = config(&text);
    let common = config.providers["p"].common();
    let names: Vec<_> = common.header_extras.0.keys().map(String::as_str).collect();
    assert_eq!(names, ["api-key", "x-b", "anthropic-beta"]);
    let names: Vec<_> = common.forward_client_headers.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["x-id"]);
}

#[test]
fn overrides_and_the_breaker_are_typed() {
    let config = config(TWO);
    let provider = &config.providers["p"];
    let overrides: Vec<_> = provider.common().class_overrides.clone().into_iter().collect();
    assert_eq!(overrides, [(418, Class::RateLimited), (503, Class::Quota)]);
    let cooldown = provider.cooldown().unwrap();
    assert_eq!((cooldown.failures, cooldown.pause), (3, Duration::from_secs(30)));
}

#[test]
fn the_defaults_of_the_file_are_those_of_the_policy() {
    assert_eq!(config("").retry.rules(), Rules::default());
    let only = config("[retry]\nretry_allowlist = []").retry.rules().falls_back;
    assert_eq!(only, Statuses::Only(Vec::new()));
    let but = config("[retry]\nretry_denylist = [400]").retry.rules().falls_back;
    assert_eq!(but, Statuses::AllBut(vec![400]));
}

#[test]
fn names_keep_the_order_of_the_file() {
    let text = "[models.z]\nprovider = \"p\"\nupstream = \"z\"\n[models.a]\nprovider = \"p\"\nupstream = \"a\"\n\
                [aliases]\nz2 = [\"z\", \"a\"]\na2 = \"a\"\n\
                [models.m]\nprovider = \"p\"\nupstream = \"m\"\n[providers.p]\nkind = \"anthropic-api\"\n";
    let config = config(text);
    assert_eq!(config.models.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
    assert_eq!(config.aliases.keys().collect::<Vec<_>>(), ["z2", "a2"]);
    assert_eq!(config.aliases["z2"].0, ["z", "a"]);
}

#[test]
fn the_accepted_hosts_are_loopback_names_and_the_bind_address() {
    let hosts = |server: &str| config(&format!("[server]\n{server}")).allowed_hosts().join(" ");
    assert_eq!(hosts(""), "localhost 127.0.0.1 [::1]");
    assert_eq!(hosts("host = \"127.0.0.2\""), "localhost 127.0.0.1 [::1] 127.0.0.2");
    assert_eq!(hosts("allowed_hosts = [\"router.local\"]"), "router.local");
    assert_eq!(hosts("allowed_hosts = []"), "");
    assert_eq!(
        hosts("allowed_hosts = [\"::1\", \"fd00:0::7\", \"[::1]:80\"]"),
        "[::1] [fd00::7] [::1]:80"
    );
}

/// The tables of the contract, as a person sees them.
#[test]
fn every_key_has_the_default_of_the_contract() {
    let text = r#"
[providers.compat]
kind = "openai-compat"
base_url = "https://a.example/v1"
api_key_ref = "env://K"
[providers.claude]
kind = "anthropic-api"
[providers.bearer]
kind = "anthropic-api"
auth_kind = "oauth-bearer"
[providers.aws]
kind = "bedrock"
[providers.codex]
kind = "openai-responses"
[providers.responses]
kind = "openai-responses"
auth_kind = "api-key"
[models.m]
provider = "compat"
upstream = "u"
"#;
    let shown = config(text).shown().unwrap();
    insta::assert_snapshot!(shown.replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r##"
    [server]
    host = "127.0.0.1"
    port = 8787
    max_body_bytes = 33554432
    strict_translation = false
    allow_disable_fallbacks = true
    loop_affinity = true
    client_attribution = "drop"
    allowed_hosts = ["localhost", "127.0.0.1", "[::1]"]
    allowed_origins = []
    shutdown_grace_ms = 20000
    extra_root_certs = []

    [server.auth]
    tokens = []

    [server.reasoning_cache]
    enabled = true
    entries = 4096
    bytes = 67108864
    max_age_ms = 86400000

    [providers.compat]
    kind = "openai-compat"
    base_url = "https://a.example/v1"
    api_key_ref = "env://K"
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [providers.claude]
    kind = "anthropic-api"
    base_url = "https://api.anthropic.com"
    auth_kind = "api-key"
    api_key_ref = "env://ANTHROPIC_API_KEY"
    anthropic_version = "2023-06-01"
    allowed_betas = []
    auto_cache = true
    context_management = false
    max_thinking_entry_bytes = 1048576
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [providers.bearer]
    kind = "anthropic-api"
    base_url = "https://api.anthropic.com"
    auth_kind = "oauth-bearer"
    api_key_ref = "oauth://anthropic"
    anthropic_version = "2023-06-01"
    allowed_betas = []
    auto_cache = true
    context_management = false
    max_thinking_entry_bytes = 1048576
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [providers.aws]
    kind = "bedrock"
    api_shape = "invoke"
    anthropic_beta = []
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [providers.aws.creds]
    kind = "default-chain"

    [providers.codex]
    kind = "openai-responses"
    base_url = "https://chatgpt.com/backend-api/codex"
    auth_kind = "chatgpt-oauth"
    api_key_ref = "oauth://codex"
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [providers.responses]
    kind = "openai-responses"
    base_url = "https://api.openai.com/v1"
    auth_kind = "api-key"
    api_key_ref = "env://OPENAI_API_KEY"
    user_agent = "routectl/VERSION"
    forward_client_headers = []
    circuit_cooldown_ms = 30000
    unsupported_features = []

    [models.m]
    provider = "compat"
    upstream = "u"
    selectable = true
    history_reasoning = "auto"
    supports_adaptive_thinking = false
    max_thinking_budget = 0

    [retry]
    max_attempts = 2
    initial_backoff_ms = 250
    backoff_multiplier = 2.0
    jitter_ms = 50
    retry_on_429 = 2
    retry_on_5xx = 2
    retry_on_network = 2
    stream_first_byte_timeout_ms = 600000
    stream_idle_timeout_ms = 300000
    connect_timeout_ms = 10000
    write_stall_timeout_ms = 120000
    max_total_attempts = 8
    max_honored_retry_after_ms = 3600000
    probe_max_tokens = 1

    [bedrock]
    allowed_betas = []
    allowed_body_fields = []

    [log]
    trace_headers = false
    trace_body_bytes = 16384
    redact_prompts = false

    [usage]
    enabled = true
    retention_days = 90

    [telemetry]
    prometheus = true
    "##);
}

#[test]
fn a_models_dialect_is_the_files_else_its_hosts_and_nothing_where_nobody_knows() {
    let text = |url: &str, more: &str| {
        format!(
            "[providers.p]\nkind = \"openai-compat\"\nbase_url = \"{url}\"\n\
             api_key_ref = \"literal:x\"\n[models.m]\nprovider = \"p\"\nupstream = \"u\"\n{more}"
        )
    };
    for (url, more, dialect) in [
        ("https://api.deepseek.com", "", Some("deepseek")),
        ("https://api.deepseek.com", "reasoning_dialect = \"vllm\"", Some("vllm")),
        ("http://127.0.0.1:8000/v1", "", None),
        ("http://127.0.0.1:8000/v1", "reasoning_dialect = \"openai\"", Some("openai")),
    ] {
        let config = config(&text(url, more));
        let given = config.dialect(&config.models["m"]);
        assert_eq!(given.map(Dialect::name), dialect, "{url} {more}");
    }
}

#[test]
fn every_dialect_can_be_named_and_the_first_six_keep_their_names() {
    let names: Vec<_> = dialects::DIALECTS.iter().map(|row| row.dialect.name).collect();
    let first = ["openai", "deepseek", "vllm", "raw-think-tag", "openrouter", "passthrough"];
    assert_eq!(names[..6], first);
    assert!(names.iter().all(|name| Dialect::named(name).is_some()));
    let listed =
        schema()["properties"]["models"]["additionalProperties"]["properties"]["reasoning_dialect"]
            ["enum"]
            .clone();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(listed, names);
}

//! Every mistake is told, with its place and the way out.

#![expect(clippy::too_many_lines, reason = "transcripts")]

use super::said;
use crate::config::{Flags, parse};

#[test]
fn every_error_of_a_file_is_told_in_one_run() {
    let text = r#"
sever = { port = 1 }

[server]
host = "0.0.0.0"
port = 99999
max_body_bytes = "33554432"
allowed_origins = ["*"]
max_attempts = 3
auth.tokens = ["sk-canary"]

[providers.openai]
kind = "openai-compat"
base_url = "http://api.openai.com/v1"
api_key = "sk-canary"
auth_kind = "api-key"
class_overrides = { 42 = "quota", 429 = "rate-limitd" }
proxy = "ftp://user:canary@proxy"

[providers.anthropic]
kind = "antropic-api"
user_agnt = "x"

[providers.metadata]
kind = "anthropic-api"
base_url = "https://user:canary@169.254.169.254"
max_thinking_entry_bytes = 100
unsupported_features = ["web_search_20250305"]

[providers.aws]
kind = "bedrock"
region = "mars"
creds = { kind = "static", access_key_ref = "env://ID" }
anthropic_beta = ["x"]

[models.fast]
  provider = "opnai"
  upstream = "gpt"
  effort_levels = ["low", "hgh"]
  reasoning_dialect = "deepseak"

[models.slow]
provider = "nobody"
price = { input = "3" }

[aliases]
a = "b"
b = ["fast", "a"]
c = ["fsat", 7]
"x*y" = "fast"
d = []

[retry]
max_attempts = 0
backoff_multiplier = nan
request_timeout_ms = 1.5
deadline_ms = 0
retry_allowlist = [429, 200]
retry_denylist = [400]

[bedrock]
allowed_body_fields = ["messages"]
"#;
    insta::assert_snapshot!(said(text), @r##"
    routectl.toml:2:1: unknown key "sever". Did you mean "server"?
    routectl.toml:5:1: server.host: 0.0.0.0 lets other machines use your keys. Bind 127.0.0.1, or start with --unsafe-public and set server.auth.tokens.
    routectl.toml:6:1: server.port: 99999 is too large. Write at most 65535.
    routectl.toml:7:1: server.max_body_bytes: expected a whole number, found a string. Remove the quotes.
    routectl.toml:8:20: server.allowed_origins[0]: would let every web page use your keys. List the origins instead.
    routectl.toml:9:1: server: unknown key "max_attempts". It belongs in [retry].
    routectl.toml:10:16: server.auth.tokens[0]: not a secret reference. Write "env://VAR", "file:///path", "literal:VALUE" or "oauth://PROVIDER".
    routectl.toml:12:12: providers.openai: "api_key_ref" is missing. Add api_key_ref = "…": secret reference; `literal:not-needed` for a local server.
    routectl.toml:14:1: providers.openai.base_url: http would send the key in the clear. Write https; http is for loopback only.
    routectl.toml:15:1: providers.openai: unknown key "api_key". Did you mean "api_key_ref"?
    routectl.toml:16:1: providers.openai: "auth_kind" is no key of kind "openai-compat", but of "anthropic-api" or "openai-responses". Remove it.
    routectl.toml:17:21: providers.openai.class_overrides.42: "42" is no status of a failure. Write a number from 400 to 599.
    routectl.toml:17:35: providers.openai.class_overrides.429: no such value: "rate-limitd". Did you mean "rate-limited"?
    routectl.toml:18:1: providers.openai.proxy: not a proxy. Write one such as "http://proxy.example:3128" or "socks5://127.0.0.1:1080".
    routectl.toml:21:1: providers.anthropic.kind: no such value: "antropic-api". Did you mean "anthropic-api"?
    routectl.toml:22:1: providers.anthropic: unknown key "user_agnt". Did you mean "user_agent"?
    routectl.toml:26:1: providers.metadata.base_url: a URL with a user or password in it. Remove them; keys belong in `api_key_ref`.
    routectl.toml:27:1: providers.metadata.max_thinking_entry_bytes: 100 is too small. Write at least 1024.
    routectl.toml:28:25: providers.metadata.unsupported_features[0]: "web_search_20250305" has a date. Features go without it: write "web_search".
    routectl.toml:32:1: providers.aws.region: "mars" is no AWS region. Write one such as "us-east-1".
    routectl.toml:33:1: providers.aws.creds: "secret_key_ref" is missing. Add secret_key_ref = "…": secret reference: the secret access key.
    routectl.toml:37:3: models.fast.provider: no provider "opnai". Did you mean "openai"?
    routectl.toml:39:27: models.fast.effort_levels[1]: no such value: "hgh". Did you mean "high"?
    routectl.toml:40:3: models.fast.reasoning_dialect: no such value: "deepseak". Did you mean "deepseek"?
    routectl.toml:42:9: models.slow: "upstream" is missing. Add upstream = "…": what the provider calls the model.
    routectl.toml:43:1: models.slow.provider: no provider "nobody". Add it under [providers], or name one that is there.
    routectl.toml:44:11: models.slow.price.input: expected a number, found a string. Remove the quotes.
    routectl.toml:48:14: aliases.b[1]: goes in a circle: a → b → a. Remove one of these.
    routectl.toml:49:6: aliases.c[0]: no model or alias "fsat". Did you mean "fast"?
    routectl.toml:49:14: aliases.c[1]: expected a string, found a whole number. Put it in quotes.
    routectl.toml:50:1: aliases."x*y": a `*` may only be the last character of an alias. Write the names out, or a prefix and `*`.
    routectl.toml:51:1: aliases.d: the list is empty. Name at least one, or remove the key.
    routectl.toml:54:1: retry.max_attempts: 0 is too small. Write at least 1.
    routectl.toml:55:1: retry.backoff_multiplier: not a number that can be used. Write a plain one.
    routectl.toml:56:1: retry.request_timeout_ms: expected a whole number, found a number. Write a whole number.
    routectl.toml:57:1: retry.deadline_ms: 0 is too small. Write at least 1.
    routectl.toml:58:25: retry.retry_allowlist[1]: 200 is too small. Write at least 400.
    routectl.toml:59:1: retry.retry_denylist: set together with retry_allowlist, and only one of them can rule. Remove one.
    routectl.toml:62:1: bedrock.allowed_body_fields: lacks "anthropic_version", "max_tokens", "anthropic_beta", which routectl always sends. Complete the list.
    "##);
}

#[test]
fn a_slip_of_the_pen_hides_no_other_mistake_and_makes_up_none() {
    let text = r#"
[server]
port =
host = localhost
max_body_bytes = "1"

[providers.a
kind = "openai-compat"
bas_url = "is hidden by the broken head"

[models.fast]
provider = "a"
upstream = "u"
upstream = "v"
selectable = yes
contxt_window = 1

[models.fast]
price 3

[retry]
max_attempts = 0
"#;
    insta::assert_snapshot!(said(text), @r##"
    routectl.toml:3:7: not TOML: no value after the `=`. Write one, or remove the key.
    routectl.toml:4:8: not TOML: a string without quotes. Put it in quotes.
    routectl.toml:5:1: server.max_body_bytes: expected a whole number, found a string. Remove the quotes.
    routectl.toml:7:13: not TOML: unclosed table, expected `]`.
    routectl.toml:14:1: "upstream" is here twice. Keep one of the two.
    routectl.toml:15:14: not TOML: a string without quotes. Put it in quotes.
    routectl.toml:16:1: models.fast: unknown key "contxt_window". Did you mean "context_window"?
    routectl.toml:18:9: "fast" is here twice. Keep one of the two.
    routectl.toml:19:7: not TOML: key with no value, expected `=`.
    "##);
}

#[test]
fn an_unknown_key_leads_to_the_nearest_one_that_fits_there() {
    let text = r#"
api_key = "x"
[server]
prt = 1
deadline_ms = 1
colour = "red"
[providers.a]
kind = "bedrock"
base_url = "https://a.example"
creds = { kind = "profile", nam = "x", key_ref = "env://X" }
[models.m.price]
inptu = 1
"#;
    insta::assert_snapshot!(said(text), @r##"
    routectl.toml:2:1: unknown key "api_key". Known here: aliases, bedrock, log, models, providers, retry, server, telemetry, usage.
    routectl.toml:4:1: server: unknown key "prt". Did you mean "port"?
    routectl.toml:5:1: server: unknown key "deadline_ms". It belongs in [retry].
    routectl.toml:6:1: server: unknown key "colour". Known here: allow_disable_fallbacks, allowed_hosts, allowed_origins, auth, client_attribution, extra_root_certs, host, loop_affinity, max_body_bytes, port, reasoning_cache, reasoning_fields, shutdown_grace_ms, strict_translation.
    routectl.toml:9:1: providers.a: "base_url" is no key of kind "bedrock", but of "openai-compat", "anthropic-api" or "openai-responses". Remove it.
    routectl.toml:10:1: providers.a.creds: "name" is missing. Add name = "…": the profile's name.
    routectl.toml:10:29: providers.a.creds: unknown key "nam". Did you mean "name"?
    routectl.toml:10:40: providers.a.creds: "key_ref" is no key of kind "profile", but of "bearer-key". Remove it.
    routectl.toml:11:9: models.m: "provider" is missing. Add provider = "…": a name in `[providers]`.
    routectl.toml:11:9: models.m: "upstream" is missing. Add upstream = "…": what the provider calls the model.
    routectl.toml:12:1: models.m.price: unknown key "inptu". Did you mean "input"?
    "##);
}

#[test]
fn a_kind_that_is_missing_or_wrong_still_lets_the_rest_be_checked() {
    let text = r#"
[providers.none]
base_url = 7
user_agnt = "x"
[providers.wrong]
kind = 7
rpm_limit = 0
[providers.empty]
kind = ""
[providers]
flat = "x"
"#;
    insta::assert_snapshot!(said(text), @r##"
    routectl.toml:2:12: providers.none: "kind" is missing. Add kind = "openai-compat", "anthropic-api", "bedrock" or "openai-responses".
    routectl.toml:3:1: providers.none.base_url: expected a string, found a whole number. Put it in quotes.
    routectl.toml:4:1: providers.none: unknown key "user_agnt". Did you mean "user_agent"?
    routectl.toml:6:1: providers.wrong.kind: expected one of "openai-compat", "anthropic-api", "bedrock" or "openai-responses", found a whole number.
    routectl.toml:7:1: providers.wrong.rpm_limit: 0 is too small. Write at least 1.
    routectl.toml:9:1: providers.empty.kind: no such value: "". Write one of "openai-compat", "anthropic-api", "bedrock" or "openai-responses".
    routectl.toml:11:1: providers.flat: expected a table, found a string. Write a table of keys and values.
    "##);
}

#[test]
fn aliases_are_followed_to_their_end() {
    let text = r#"
[providers.p]
kind = "anthropic-api"
[models.m]
provider = "p"
upstream = "u"
[aliases]
m = ["m"]
self = "self"
one = "two"
two = ["m", "one"]
a1 = "a2"
a2 = "a3"
a3 = "a4"
a4 = "a5"
a5 = "a6"
a6 = "a7"
a7 = "a8"
a8 = "a9"
a9 = "m"
lost = "nothing-like-it"
number = 3
"#;
    insta::assert_snapshot!(said(text), @r##"
    routectl.toml:9:1: aliases.self: goes in a circle: self → self. Remove one of these.
    routectl.toml:11:13: aliases.two[1]: goes in a circle: one → two → one. Remove one of these.
    routectl.toml:13:1: aliases.a2: aliases name aliases deeper than 8. Name the models here instead.
    routectl.toml:21:1: aliases.lost: no model or alias "nothing-like-it". Add it under [models], or name one that is there.
    routectl.toml:22:1: aliases.number: expected a string or a list, found a whole number. Put it in quotes.
    "##);
}

#[test]
fn a_public_address_needs_the_flag_and_tokens() {
    let check = |host: &str, tokens: &str, unsafe_public: bool, expected: &str| {
        let text = format!("[server]\nhost = {host:?}\nauth.tokens = [{tokens}]\n");
        let said = match parse(&text, "f", Flags { unsafe_public }) {
            Ok(_) => String::new(),
            Err(errors) => errors.to_string(),
        };
        let fits = if expected.is_empty() { said.is_empty() } else { said.contains(expected) };
        assert!(fits, "{host} {tokens} {unsafe_public}: {said:?}");
    };
    for host in ["127.0.0.1", "::1", "localhost", "127.8.9.1"] {
        check(host, "", false, "");
    }
    for host in ["0.0.0.0", "::", "192.168.1.2", "fe80::1", "::ffff:10.0.0.1"] {
        check(host, "", false, "--unsafe-public");
        check(host, "\"env://T\"", false, "--unsafe-public");
        check(host, "", true, "server.auth.tokens");
        check(host, "\"env://T\"", true, "");
    }
    check("router.local", "\"env://T\"", true, "no address to bind");
}

#[test]
fn what_works_and_is_worth_a_word_is_a_notice_with_its_place() {
    let text = r#"
[server]
auth.tokens = ["literal:canary"]

[providers.local]
kind = "openai-compat"
base_url = "http://localhost:11434/v1"
api_key_ref = "literal:not-needed"
header_extras = { Authorization = "Bearer canary", x-title = "routectl", content-type = "a/b", Accept-Encoding = "gzip", api-key = "canary" }
forward_client_headers = ["x-session-id", "cookie", "Api-Key"]

[providers.claude]
kind = "anthropic-api"
auth_kind = "oauth-bearer"
api_key_ref = "oauth://anthropic"

[providers.aws]
kind = "bedrock"
region = "eu-central-1"

[models.opus]
provider = "aws"
upstream = "anthropic.claude-opus-4-1-20250805-v1:0"

[models.sonnet]
provider = "claude"
upstream = "claude-sonnet-4-5"
reasoning_dialect = "vllm"
history_reasoning = "strip"
header_extras = { x-api-key = "canary" }

[usage]
enabled = true

[telemetry]
prometheus = false
"#;
    insta::assert_snapshot!(said(text), @r##"
    note: routectl.toml:3:16: server.auth.tokens[0]: the secret stands in this file. env:// or file:// keeps it out.
    note: routectl.toml:9:19: providers.local.header_extras.Authorization: credentials belong in `api_key_ref`; this one is dropped. Remove it.
    note: routectl.toml:9:74: providers.local.header_extras.content-type: routectl sets this header itself; this one is dropped. Remove it.
    note: routectl.toml:9:96: providers.local.header_extras.Accept-Encoding: answers are read as they come, so hosts are not asked to compress them; this one is dropped. Remove it.
    note: routectl.toml:10:43: providers.local.forward_client_headers[1]: "cookie" never passes through; it is dropped. Remove it.
    note: routectl.toml:10:53: providers.local.forward_client_headers[2]: "Api-Key" never passes through; it is dropped. Remove it.
    note: routectl.toml:15:1: providers.claude.api_key_ref: logins are not served yet. Use env://VAR or file:///abs/path until they are.
    note: routectl.toml:28:1: models.sonnet.reasoning_dialect: is not read on kind "anthropic-api". Remove it.
    note: routectl.toml:29:1: models.sonnet.history_reasoning: is not read on kind "anthropic-api". Remove it.
    note: routectl.toml:30:19: models.sonnet.header_extras.x-api-key: credentials belong in `api_key_ref`; this one is dropped. Remove it.
    note: routectl.toml:32:2: usage: is read and checked, and not served yet.
    note: routectl.toml:35:2: telemetry: is read and checked, and not served yet.
    "##);
}

#[test]
fn a_key_that_has_no_effect_yet_says_so_where_it_stands() {
    let text = r#"
[server]
strict_translation = true

[providers.login]
kind = "anthropic-api"
auth_kind = "oauth-bearer"
context_management = true
max_thinking_entry_bytes = 4096

[providers.local]
kind = "openai-compat"
base_url = "http://localhost:1/v1"
api_key_ref = "literal:not-needed"

[models.m]
provider = "local"
upstream = "m"
reasoning_dialect = "vllm"
history_reasoning = "strip"
supports_adaptive_thinking = true
effort_levels = []
max_thinking_budget = 0
price.input = 1.0

[models.quiet]
provider = "login"
upstream = "q"
supports_adaptive_thinking = false

[bedrock]
allowed_betas = ["x"]

[usage]
enabled = true
"#;
    insta::assert_snapshot!(said(text), @r##"
    note: routectl.toml:7:1: providers.login.auth_kind: logins are not served yet, and without api_key_ref this is one. Set api_key_ref to env://VAR or file:///abs/path.
    note: routectl.toml:24:1: models.m.price: is read and checked, and not served yet.
    note: routectl.toml:34:2: usage: is read and checked, and not served yet.
    "##);
}

#[test]
fn an_empty_file_loads_and_says_that_it_serves_nothing() {
    insta::assert_snapshot!(said(""), @r##"
    note: routectl.toml:1:1: models: there is none, so nothing can be served. `routectl config example` shows how to write one.
    "##);
}

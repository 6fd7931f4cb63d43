//! Every mistake is told, with its place and the way out.

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
    insta::assert_snapshot!(said(text), @"");
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
    insta::assert_snapshot!(said(text), @"");
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
    insta::assert_snapshot!(said(text), @"");
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
    insta::assert_snapshot!(said(text), @"");
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
    insta::assert_snapshot!(said(text), @"");
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
header_extras = { Authorization = "Bearer canary", x-title = "routectl", content-type = "a/b" }
forward_client_headers = ["x-session-id", "cookie"]

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
header_extras = { x-api-key = "canary" }

[usage]
enabled = true

[telemetry]
prometheus = false
"#;
    insta::assert_snapshot!(said(text), @"");
}

#[test]
fn an_empty_file_loads_and_says_that_it_serves_nothing() {
    insta::assert_snapshot!(said(""), @"");
}

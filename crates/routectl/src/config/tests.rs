//! What is promised about reading a config file.
use super::*;

fn said(text: &str) -> String {
    match parse(text, "routectl.toml", Flags::default()) {
        Ok(loaded) => loaded.notices.iter().map(|it| format!("note: {it}\n")).collect(),
        Err(errors) => format!("{errors}\n"),
    }
}

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
    insta::assert_snapshot!(said(text));
}

#[test]
fn peek() {
    for text in [
        "a = \n[server\nport = 1\n[models.x]\nprovider=\"a\"\n",
        "[server]\nport = 1\nport = 2\n[server]\n",
        "x = \"abc\n[retry]\nmax_attempts = 0",
        "=\n",
        "[a.b]]\nx y\n",
        "[[server]]\nport=1",
    ] {
        println!("{text}\n---\n{}", said(text));
    }
}

//! A secret is written nowhere: not in errors, notices, `Debug`, or what is shown (G9).

use super::said;
use crate::config::{Flags, parse};

/// A file with a secret wherever one can stand, rightly or wrongly; `@` is the secret.
const GOOD: &str = r#"
[server]
auth.tokens = ["literal:@"]
[providers.a]
kind = "openai-compat"
base_url = "https://a.example"
api_key_ref = "literal:@"
proxy = "http://user:@@proxy.example:3128"
header_extras = { api-key = "@", x-auth-token = "@", authorization = "Bearer @" }
[providers.b]
kind = "bedrock"
creds = { kind = "static", access_key_ref = "literal:@", secret_key_ref = "literal:@", session_token_ref = "literal:@" }
[providers.c]
kind = "openai-responses"
account_id_ref = "literal:@"
[models.m]
provider = "a"
upstream = "u"
header_extras = { cookie = "@" }
"#;

const BAD: &str = r#"
[server]
auth.tokens = ["@", 7, ["@"], "literal:\n@"]
[providers.a]
kind = "openai-compat"
base_url = "https://user:@@a.example"
api_key = "@"
api_key_ref = "Bearer @"
proxy = "user:@@proxy"
header_extras = { api-key = "@\n", x = { token = "@" } }
forward_client_headers = ["authorization: Bearer @"]
[providers.b]
kind = "bedrock"
creds = "@"
header_extras = { "authorization: Bearer @" = 1 }
[providers.c]
kind = "bedrock"
creds = { kind = "bearer-key", key = "@", key_ref = "env://@-" }
[providers.d]
kind = "anthropic-api"
base_url = "@"
api_key_ref = ["@"]
api_key_ref = @
"#;

const CANARY: &str = "sk-c4n4ry";

#[test]
fn g9_a_secret_in_the_config_is_never_shown() {
    let text =
        GOOD.replace('@', CANARY).replace(&format!("{CANARY}{CANARY}"), &format!("{CANARY}@"));
    let loaded = parse(&text, "f", Flags::default()).unwrap();
    let shown = loaded.config.shown().unwrap();
    for text in [said(&text), format!("{loaded:?}"), format!("{loaded:#?}"), shown] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn g9_a_secret_in_the_wrong_place_is_not_said_back() {
    let text =
        BAD.replace('@', CANARY).replace(&format!("{CANARY}{CANARY}"), &format!("{CANARY}@"));
    let said = said(&text);
    assert!(said.lines().count() >= 12, "{said}");
    assert!(!said.contains(CANARY), "{said}");
}

#[test]
fn where_a_secret_is_can_be_shown() {
    let shown = super::config(&GOOD.replace("literal:@", "env://KEY")).shown().unwrap();
    assert!(shown.contains("api_key_ref = \"env://KEY\""), "{shown}");
}

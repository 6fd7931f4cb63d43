//! Strings with a rule: what passes and what does not.

use crate::config::rules::check;

fn takes(format: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(check(format, text), Ok(()), "{format}: {text:?}");
    }
}

fn refuses(format: &str, texts: &[&str]) {
    for text in texts {
        let message = check(format, text).expect_err(text);
        assert!(message.ends_with('.'), "no sentence: {message}");
    }
}

#[test]
fn a_base_url_is_https_or_http_to_this_machine() {
    takes(
        "base-url",
        &[
            "https://api.openai.com/v1",
            "https://api.openai.com/v1/",
            "https://10.0.0.7:8443",
            "https://[2001:db8::1]/v1",
            "https://host.example:443/a/b",
            "http://localhost:8080/v1",
            "http://LOCALHOST",
            "http://127.0.0.1:1",
            "http://127.1.2.3:65535/",
            "http://[::1]:11434/v1",
            "http://[::ffff:127.0.0.1]/",
            "https://messages.example/v1",
        ],
    );
    refuses(
        "base-url",
        &[
            "",
            "https://",
            "https:///v1",
            "api.openai.com",
            "ftp://example.com",
            "HTTPS ://x",
            "http://example.com",
            "http://10.0.0.7",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
            "http://0.0.0.0:80",
            "https://0.0.0.0",
            "https://[::]/",
            "https://user@example.com",
            "https://user:pw@example.com/v1",
            "https://example.com@evil.example/",
            "https://example.com/v1?key=1",
            "https://example.com/v1#x",
            "https://example.com:0/",
            "https://example.com:99999/",
            "https://example.com:/",
            "https://exa mple.com",
            "https://ex\u{e4}mple.com",
            "https://api.openai.com/v1/chat/completions",
            "https://api.anthropic.com/v1/messages/",
        ],
    );
}

#[test]
fn a_query_may_stand_where_a_kind_takes_one_and_holds_no_key() {
    let azure = "https://me.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21";
    takes("base-url-with-query", &[azure, "https://a.example?a=1&b", "https://a.example/v1"]);
    refuses("base-url", &[azure]);
    refuses(
        "base-url-with-query",
        &[
            "https://a.example/v1?",
            "https://a.example/v1?a=1#b",
            "https://a.example/v1#b?a=1",
            "https://a.example/v1?a b",
            "https://u:p@a.example/v1?a=1",
            "http://a.example/v1?a=1",
            "https://169.254.169.254?a=1",
            "https://a.example/v1/chat/completions?a=1",
            "https://a.example/v1?a=1&api-key=x",
            "https://a.example/v1?key=x",
            "https://a.example/v1?access_token=x",
        ],
    );
}

#[test]
fn a_link_local_address_is_refused_in_every_disguise() {
    refuses(
        "base-url",
        &[
            "https://169.254.169.254/latest",
            "http://169.254.169.254",
            "https://[fe80::1]/",
            "https://[febf::1]/",
            "https://[::ffff:169.254.169.254]",
            "https://[::169.254.169.254]",
            "https://[::ffff:0:169.254.169.254]",
            "https://[64:ff9b::a9fe:a9fe]",
            "https://[2002:a9fe:a9fe::]",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://0xa9.254.0xa9.254",
            "https://0251.254.169.254",
            "https://169.254.43518/",
            "https://169.254.169.254./",
            "https://169.254.169.254:443",
        ],
    );
}

#[test]
fn other_addresses_have_their_own_rules() {
    takes(
        "proxy-url",
        &[
            "http://proxy:3128",
            "https://proxy.example",
            "socks5://user:pw@10.0.0.1:1080",
            "socks5h://[::1]:1080/",
        ],
    );
    refuses("proxy-url", &["", "proxy:3128", "ftp://proxy", "http://", "http://p/x", "http://p:0"]);
    for scheme in ["socks4", "socks4a"] {
        let message = check("proxy-url", &format!("{scheme}://127.0.0.1:1080")).unwrap_err();
        assert!(message.ends_with("http, https, socks5 or socks5h."), "{message}");
    }
    takes("origin", &["http://localhost:3000", "https://app.example", "tauri://localhost"]);
    refuses("origin", &["", "*", "null", "localhost", "https://a/", "https://a/b", "https://u@a"]);
    takes("host", &["localhost", "router.local:8787", "10.0.0.1", "[::1]:80", "::1"]);
    refuses("host", &["", "*", "*.local", "http://a", "a/b", "u@a", "a:0", "a b"]);
    takes("bind-address", &["127.0.0.1", "::", "localhost"]);
    refuses("bind-address", &["", "localhost:80", "example.com", "[::1]"]);
}

#[test]
fn other_strings_have_their_own_rules() {
    takes("name", &["fast", "claude-sonnet-4-5[1m]", "a/b:c"]);
    refuses("name", &["", "a b", "\u{fc}", "a\n", &"x".repeat(129)]);
    takes("alias", &["default", "*", "claude-*", "gpt 4"]);
    refuses("alias", &["", "a\u{7}"]);
    takes("status", &["400", "429", "599"]);
    refuses("status", &["", "200", "399", "600", "0429", "+429", "four"]);
    takes("feature", &["web_search", "json_schema", "images", "bash_20"]);
    refuses("feature", &["", "Web", "web search", "web_search_20250305"]);
    takes("header-name", &["x-a", "X-Title"]);
    refuses("header-name", &["", "x a", "x:", "\u{e9}"]);
    takes("header-value", &["a", "a b; c=\"d\""]);
    refuses("header-value", &["", " a", "a\n", "a\r\nx: y", "\u{e9}"]);
    takes("region", &["us-east-1", "us-gov-west-1", "ap-southeast-12"]);
    refuses(
        "region",
        &["", "mars", "us-east", "us-1", "US-EAST-1", "us-east-1.evil.example", "a-b-1"],
    );
    takes("secret-reference", &["env://A_1", "file:///a/b", "literal:x", "oauth://codex#work"]);
    refuses("secret-reference", &["", "sk-canary", "env://", "file://a", "literal:", "oauth://x"]);
}

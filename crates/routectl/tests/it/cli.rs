//! Transcripts of the binary, as its users see it.

use std::net::TcpListener;

use insta::assert_snapshot;
use routectl_emulator::Emulator;

use crate::harness::*;
use crate::process::{Home, Said, with_hosts};

/// One text of all that a command said.
fn transcript(said: &Said) -> String {
    let Said { out, err, ok } = said;
    format!("{}\n--- stdout\n{out}--- stderr\n{err}", if *ok { "ok" } else { "failed" })
}

/// The text with every number of milliseconds, and every port, as `N`.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|it: char| it.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        let end = number.find(|it: char| !it.is_ascii_digit()).unwrap_or(number.len());
        steady.push_str(before);
        let varies = number[end..].starts_with("ms") || steady.ends_with("127.0.0.1:");
        steady.push_str(if varies { "N" } else { &number[..end] });
        rest = &number[end..];
    }
    steady + rest
}

#[test]
fn help_tells_the_commands_with_examples() {
    let home = Home::new();
    assert_snapshot!(transcript(&home.run(&["--help"])), @r##"
    ok
    --- stdout
    A local LLM router: any client, a chain of targets, and back untouched.

    Usage: routectl [OPTIONS] <COMMAND>

    Commands:
      serve        Serve the configured models
      test         Send one prompt through the real path and show every hop
      explain      Show what would become of a request, without sending it
      demo         See the router at work on built-in hosts: no keys, no configuration
      config       Check, show or explain the configuration
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --log-json  Write logs as JSON, one object a line. ROUTECTL_LOG filters them, e.g.
                      `info,routectl_providers=debug`
      -h, --help      Print help
      -V, --version   Print version

    Examples:
      routectl demo                               see it work, without keys or configuration
      routectl config example > routectl.toml     a configuration to start from
      routectl serve --config routectl.toml       serve it
      routectl test fast --prompt 'Say hi'        one request through the real path
      routectl explain --from messages --request body.json
                                                  what each target would get of it
    --- stderr
    "##);
    for command in ["serve", "test", "demo", "config", "completions"] {
        let said = home.run(&[command, "--help"]);
        assert!(said.ok && said.out.contains("Example"), "{command}: {said:?}");
    }
}

#[test]
fn a_version_is_told() {
    let said = Home::new().run(&["--version"]);
    assert_eq!(said.out, format!("routectl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_fails_and_names_the_nearest() {
    let said = Home::new().run(&["srve"]);
    assert!(!said.ok && said.err.contains("'serve'"), "{said:?}");
}

#[test]
fn a_missing_configuration_is_told_with_the_ways_out() {
    let home = Home::new();
    assert_snapshot!(transcript(&home.run(&["serve"])), @r##"
    failed
    --- stdout
    --- stderr
    no config file at ~/.config/routectl/config.toml (the usual place). Write one with `mkdir -p ~/.config/routectl && routectl config example > ~/.config/routectl/config.toml`, name another with --config PATH, or run `routectl demo`, which needs none.
    "##);
    assert_snapshot!(transcript(&home.run(&["serve", "--config", "nowhere.toml"])), @r##"
    failed
    --- stdout
    --- stderr
    no config file at nowhere.toml (--config). Write one with `routectl config example > nowhere.toml`, name another with --config PATH, or run `routectl demo`, which needs none.
    "##);
    let named = home.routectl(&["config", "check"]).env("ROUTECTL_CONFIG", "other.toml").output();
    assert_snapshot!(transcript(&home.said(named.unwrap())), @r##"
    failed
    --- stdout
    --- stderr
    no config file at other.toml ($ROUTECTL_CONFIG). Write one with `routectl config example > other.toml`, name another with --config PATH, or run `routectl demo`, which needs none.
    "##);
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let home = Home::new();
    let text = r#"[server]
port = "8787"
[providers.one]
kind = "openai-compat"
base_url = "http://example.com/v1"
api_key_ref = "sk-not-a-reference"
[models.fast]
provider = "on"
upstream = "gpt"
[aliases]
a = "b"
b = "a"
"#;
    home.write("bad.toml", text);
    assert_snapshot!(transcript(&home.run(&["config", "check", "--config", "bad.toml"])), @r##"
    failed
    --- stdout
    --- stderr
    bad.toml:2:1: server.port: expected a whole number, found a string. Remove the quotes.
    bad.toml:5:1: providers.one.base_url: http would send the key in the clear. Write https; http is for loopback only.
    bad.toml:6:1: providers.one.api_key_ref: not a secret reference. Write "env://VAR", "file:///path", "literal:VALUE" or "oauth://PROVIDER".
    bad.toml:8:1: models.fast.provider: no provider "on". Did you mean "one"?
    bad.toml:12:1: aliases.b: goes in a circle: a → b → a. Remove one of these.
    "##);
    let served = home.run(&["serve", "--config", "bad.toml"]);
    let checked = home.run(&["config", "check", "--config", "bad.toml"]);
    assert_eq!((served.ok, served.err), (false, checked.err), "serve says the same");
}

#[test]
fn the_example_is_a_configuration_that_passes() {
    let home = Home::new();
    let example = home.run(&["config", "example"]).out;
    home.write("routectl.toml", &example);
    let said = home.run(&["config", "check", "--config", "routectl.toml"]);
    assert!(said.ok && said.out.starts_with("ok: "), "{said:?}");
}

#[test]
fn the_demo_answers_in_both_formats_through_failing_targets() {
    let said = Home::new().run(&["demo", "--once", "--port", "0"]);
    assert_snapshot!(steady(&transcript(&said)), @r##"
    ok
    --- stdout
    routectl listens on http://127.0.0.1:N
    Each chain has three targets: the first is overloaded, the second breaks before
    its first content, the third answers. Clients see one good answer.

    > chat request for gpt-demo, streamed
    You said: “Who answers me?”.
    That is all – naïve, "scripted" 🙂.
      hops: chat-busy:overloaded:Nms, chat-broken:network:Nms, chat-good:ok:Nms
      served by: chat-good on chat-host

    > messages request for claude-demo, streamed
    You said: “Who answers me?”.
    That is all – naïve, "scripted" 🙂.
      hops: messages-busy:overloaded:Nms, messages-broken:server-error:Nms, messages-good:ok:Nms
      served by: messages-good on messages-host

    --- stderr
    "##);
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let home = Home::new();
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef routectl"), ("fish", "complete -c routectl")]
    {
        let said = home.run(&["completions", shell]);
        assert!(said.ok && said.out.contains(sign), "{shell}: {}", said.err);
    }
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text =
        home.run(&["config", "example"]).out.replace("port = 8787", &format!("port = {port}"));
    home.write("routectl.toml", &text);
    let said = home.run(&["serve", "--config", "routectl.toml"]);
    assert!(!said.ok, "{said:?}");
    assert!(said.err.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{said:?}");
    assert!(
        said.err.ends_with("Is another routectl running? Choose another server.port or --port\n"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_test_shows_the_answer_and_every_hop() {
    let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
    let plan = Plan::brisk()
        .target("busy", Messages, "fault-overloaded")
        .target("good", Messages, "mock-1")
        .target("broken", Chat, "fault-server-error")
        .alias("all", &["busy", "good"]);
    home.write("routectl.toml", &with_hosts(&hosts, plan));
    let said =
        home.run_beside(&["test", "all", "--prompt", "Who?", "--config", "routectl.toml"]).await;
    assert_snapshot!(steady(&transcript(&said)), @r##"
    ok
    --- stdout
    You said: “Who?”.
    That is all – naïve, "scripted" 🙂.
      hops: busy:overloaded:Nms, good:ok:Nms
      served by: good on p-good
    --- stderr
    "##);
    let said = home.run_beside(&["test", "broken", "--config", "routectl.toml"]).await;
    assert_snapshot!(steady(&transcript(&said)), @r##"
    failed
    --- stdout
      hops: broken:server-error:Nms
    --- stderr
    500: {"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}
    "##);
    let said = home.run_beside(&["test", "al", "--config", "routectl.toml"]).await;
    assert_snapshot!(steady(&transcript(&said)), @r##"
    failed
    --- stdout
    --- stderr
    404: {"error":{"message":"model: nothing serves \"al\". The nearest names are all","type":"invalid_request_error","param":"model","code":"model_not_found"}}
    "##);
}

#[tokio::test]
async fn a_served_request_is_one_readable_line_and_one_object_as_json() {
    let (hosts, home) = (Emulator::start().await.unwrap(), Home::new());
    let plan = Plan::brisk()
        .target("busy", Messages, "fault-overloaded")
        .target("good", Messages, "mock-1")
        .alias("all", &["busy", "good"]);
    let config = with_hosts(&hosts, plan);
    let request =
        || with_header(post(Messages, body(Messages, "all", true)), "x-request-id", "the-one");
    let serving = home.serve(&config, &[]).await;
    ask(serving.address, request()).await;
    serving.says("the-one").await;
    let log = serving.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("the-one")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let line = steady(lines[0].split_once("INFO").unwrap().1.trim());
    assert_snapshot!(line, @r##"messages all → busy:overloaded:Nms, good:ok:Nms 200 in Nms first=Nms in=11 cached=0 out=5 id="the-one""##);
    drop(serving);

    let serving = home.serve(&config, &["--log-json"]).await;
    ask(serving.address, request()).await;
    serving.says("the-one").await;
    for line in serving.log().lines() {
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(parsed["level"].is_string() && parsed["fields"]["message"].is_string(), "{line}");
    }
}

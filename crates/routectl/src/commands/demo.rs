//! `routectl demo`: the router at work on built-in hosts. No keys, no configuration.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use routectl_emulator::Emulator;
use routectl_wire::{CHAT, MESSAGES};

use super::ask::{NoAnswer, Question};
use crate::config::{self, Flags};
use crate::server::{CannotStart, Server};
use crate::snapshot::Snapshot;

/// See the router at work.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  routectl demo\n  routectl demo --once --port 0")]
pub struct Args {
    /// Listen on this port; 0 lets the system choose.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Stop after the two requests instead of serving on.
    #[arg(long)]
    pub once: bool,
}

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error("cannot start: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    Server(#[from] CannotStart),
    #[error("no answer: {0}")]
    Answer(#[from] NoAnswer),
}

/// Runs the demo.
pub fn run(args: &Args) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime
        .map_err(Stuck::from)
        .and_then(|runtime| runtime.block_on(show(args, &mut io::stdout())));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stuck) => {
            eprintln!("{stuck}");
            ExitCode::FAILURE
        }
    }
}

async fn show(args: &Args, out: &mut impl Write) -> Result<(), Stuck> {
    let hosts = Emulator::start().await?;
    let text = configuration(&hosts, args.port);
    let server = start(&text)?;
    writeln!(out, "routectl listens on http://{}", server.address())?;
    writeln!(
        out,
        "Each chain has three targets: the first is overloaded, the second breaks before"
    )?;
    writeln!(out, "its first content, the third answers. Clients see one good answer.\n")?;
    for (format, model) in [(CHAT, "gpt-demo"), (MESSAGES, "claude-demo")] {
        writeln!(out, "> {} request for {model}, streamed", format.name())?;
        let prompt = "Who answers me?";
        Question { router: server.address(), format, model, prompt }.ask(out).await?;
        writeln!(out)?;
    }
    if !args.once {
        write_invitation(server.address(), out)?;
        tokio::signal::ctrl_c().await?;
    }
    // Streams of visitors end with the hosts they come from.
    drop(hosts);
    server.stop();
    Ok(())
}

/// On the wanted port, or on a free one when that is taken.
fn start(text: &str) -> Result<Server, Stuck> {
    let parse = |text: &str| {
        let loaded = config::parse(text, "demo.toml", Flags::default())
            .map_err(|faults| Stuck::Config(faults.to_string()))?;
        Snapshot::new(loaded.config, None).map_err(|error| Stuck::Config(error.to_string()))
    };
    match Server::start(parse(text)?) {
        Err(CannotStart::Listen { .. }) => {
            let mut loaded = config::parse(text, "demo.toml", Flags::default())
                .map_err(|faults| Stuck::Config(faults.to_string()))?;
            loaded.config.server.port = 0;
            let snapshot = Snapshot::new(loaded.config, None)
                .map_err(|error| Stuck::Config(error.to_string()))?;
            Ok(Server::start(snapshot)?)
        }
        started => Ok(started?),
    }
}

fn configuration(hosts: &Emulator, port: u16) -> String {
    format!(
        r#"[server]
port = {port}

[providers.chat-host]
kind = "openai-compat"
base_url = "{chat}"
api_key_ref = "literal:demo"

[providers.messages-host]
kind = "anthropic-api"
base_url = "{messages}"
api_key_ref = "literal:demo"

[models]
chat-busy = {{ provider = "chat-host", upstream = "fault-overloaded" }}
chat-broken = {{ provider = "chat-host", upstream = "fault-cut-before-content" }}
chat-good = {{ provider = "chat-host", upstream = "gpt-demo" }}
messages-busy = {{ provider = "messages-host", upstream = "fault-overloaded" }}
messages-broken = {{ provider = "messages-host", upstream = "fault-error-after-preamble" }}
messages-good = {{ provider = "messages-host", upstream = "claude-demo" }}

[aliases]
gpt-demo = ["chat-busy", "chat-broken", "chat-good"]
claude-demo = ["messages-busy", "messages-broken", "messages-good"]
"claude-*" = "claude-demo"

[retry]
max_attempts = 1
"#,
        chat = hosts.chat_base_url(),
        messages = hosts.messages_base_url(),
    )
}

fn write_invitation(address: SocketAddr, out: &mut impl Write) -> io::Result<()> {
    let port = address.port();
    let host = Ipv4Addr::LOCALHOST;
    writeln!(
        out,
        r#"Try it yourself; Ctrl-C ends it.

  curl -N http://{host}:{port}/v1/chat/completions -H 'content-type: application/json' \
    -d '{{"model":"gpt-demo","stream":true,"messages":[{{"role":"user","content":"hi"}}]}}'

  ANTHROPIC_BASE_URL=http://{host}:{port} ANTHROPIC_API_KEY=demo claude -p 'hi'
"#
    )
}

//! `routectl test`: one request through the real path, streamed to the terminal, with the hops.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use routectl_wire::{CHAT, ClientFormat, MESSAGES};

use super::ConfigPath;
use super::ask::Question;
use crate::config::{self, Flags};
use crate::server::Server;
use crate::snapshot::Snapshot;
use crate::target::Upstream;

/// How long a person at a terminal waits for the hops; the clocks of the attempts end it before.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Send one prompt through the real path.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  routectl test fast --prompt 'Say hi'")]
pub struct Args {
    /// An alias or a model's nickname.
    pub model: String,
    /// What to ask.
    #[arg(long, short, default_value = "Say hello in one short sentence.")]
    pub prompt: String,
    #[command(flatten)]
    pub path: ConfigPath,
}

/// Asks once; the exit status says whether there was an answer.
pub fn run(args: Args) -> ExitCode {
    match ask(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn ask(args: Args) -> Result<(), String> {
    let path = config::find(args.path.config).map_err(|missing| missing.to_string())?;
    let flags = Flags { unsafe_public: true };
    let loaded = config::load(&path, flags).map_err(|faults| faults.to_string())?;
    let mut config = loaded.config;
    // A router of its own, on a port of its own, for this machine only.
    let private = config::Server::default();
    config.server.port = 0;
    config.server.host = private.host;
    config.server.auth = private.auth;
    config.server.allowed_hosts = private.allowed_hosts;
    let snapshot = Snapshot::new(config, None).map_err(|error| error.to_string())?;
    let format = spoken(&snapshot, &args.model);
    let server =
        Server::start_holding_after(snapshot, PATIENCE).map_err(|error| error.to_string())?;
    let question =
        Question { router: server.address(), format, model: &args.model, prompt: &args.prompt };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let outcome = runtime.block_on(question.ask(&mut io::stdout()));
    server.stop();
    outcome.map_err(|error| error.to_string())
}

/// The format that the first target of the chain speaks.
fn spoken(snapshot: &Snapshot, model: &str) -> &'static dyn ClientFormat {
    let chain = snapshot.routes.chain(model, None).ok();
    let first = chain.and_then(|chain| chain.targets.first().copied());
    let target = first.and_then(|id| snapshot.target(id));
    let speaks = target.and_then(|target| match &target.upstream {
        Upstream::Served { provider, .. } => Some(provider.format().name()),
        Upstream::NotYet { .. } => None,
    });
    if speaks == Some(MESSAGES.name()) { MESSAGES } else { CHAT }
}

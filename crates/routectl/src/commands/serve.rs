//! `routectl serve`: the router, until it is told to stop.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::ConfigPath;
use crate::config::{self, Flags, Loaded, Watch};
use crate::server::{App, Server};
use crate::snapshot::Snapshot;

/// Serve the configured models.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  routectl serve
  routectl serve --config routectl.toml --port 9000
  ROUTECTL_LOG=debug routectl serve

SIGHUP reads the configuration anew; it is also read when its file changes. SIGTERM and SIGINT let
streams finish for server.shutdown_grace_ms.")]
pub struct Args {
    #[command(flatten)]
    pub path: ConfigPath,
    /// Listen on this port instead of server.port; 0 lets the system choose.
    #[arg(long)]
    pub port: Option<u16>,
    /// Allow an address that other machines reach. Needs server.auth.tokens.
    #[arg(long)]
    pub unsafe_public: bool,
}

/// Serves until told to stop.
pub fn run(args: Args) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: Args) -> Result<(), String> {
    let path = config::find(args.path.config).map_err(|missing| missing.to_string())?;
    let flags = Flags { unsafe_public: args.unsafe_public };
    let mut loaded = config::load(&path, flags).map_err(|faults| faults.to_string())?;
    if let Some(port) = args.port {
        loaded.config.server.port = port;
    }
    announce(&loaded);
    let snapshot = Snapshot::new(loaded.config, None).map_err(|error| error.to_string())?;
    let models = snapshot.targets.len();
    let server = Server::start(snapshot).map_err(|error| error.to_string())?;
    tracing::info!("listening on http://{} with {models} models", server.address());
    let reload = Reload { path, flags, port: args.port, app: Arc::clone(server.app()) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let outcome = runtime.block_on(reload.until_stopped());
    tracing::info!("stopping; a second signal cuts the streams that are still open");
    runtime.block_on(stop(server));
    outcome.map_err(|error| format!("cannot listen for signals: {error}"))
}

/// Waits for the streams; a second signal ends that.
async fn stop(server: Server) {
    let hurry = server.hurry();
    let (tell, mut stopped) = tokio::sync::oneshot::channel();
    let waiting = std::thread::spawn(move || {
        server.stop();
        let _ = tell.send(());
    });
    tokio::select! {
        _ = &mut stopped => {}
        () = asked_to_stop() => hurry.up(),
    }
    let _ = waiting.join();
}

/// Waits for SIGTERM or SIGINT.
async fn asked_to_stop() {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn announce(loaded: &Loaded) {
    for notice in &loaded.notices {
        tracing::warn!("{notice}");
    }
}

/// What a reload needs.
struct Reload {
    path: PathBuf,
    flags: Flags,
    port: Option<u16>,
    app: Arc<App>,
}

impl Reload {
    /// Reads the configuration anew when it changes or SIGHUP comes, until SIGTERM or SIGINT.
    async fn until_stopped(self) -> io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut watch = watching(&self.path);
        loop {
            tokio::select! {
                _ = hangup.recv() => self.reload(),
                () = changed(watch.as_mut()) => self.reload(),
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            }
        }
    }

    /// Puts the new configuration in place, or says why the old one stays.
    fn reload(&self) {
        match self.read() {
            Ok(snapshot) => {
                self.app.replace(snapshot);
                tracing::info!("reloaded {}", self.path.display());
            }
            Err(message) => {
                tracing::error!("the configuration stays as it was:\n{message}");
            }
        }
    }

    fn read(&self) -> Result<Snapshot, String> {
        let mut loaded =
            config::load(&self.path, self.flags).map_err(|faults| faults.to_string())?;
        announce(&loaded);
        let before = self.app.snapshot();
        if let Some(port) = self.port {
            loaded.config.server.port = port;
        }
        let started = self.app.started();
        for key in needs_restart(started, &loaded.config.server) {
            tracing::warn!("server.{key} has changed: restart routectl to use it");
        }
        // The names it answers to go with the address it listens on.
        loaded.config.server.host = started.host.clone();
        Snapshot::new(loaded.config, Some(&before)).map_err(|error| error.to_string())
    }
}

/// The keys of `[server]` that differ and that a running server cannot change.
fn needs_restart(started: &config::Server, after: &config::Server) -> Vec<&'static str> {
    let differs = [
        ("host", started.host != after.host),
        ("port", started.port != after.port),
        ("auth", started.auth != after.auth),
        ("extra_root_certs", started.extra_root_certs != after.extra_root_certs),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

/// Where files cannot be watched, SIGHUP still reloads.
fn watching(path: &Path) -> Option<Watch> {
    Watch::start(path)
        .inspect_err(|error| tracing::warn!("changes of the file are not noticed: {error}"))
        .ok()
}

async fn changed(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

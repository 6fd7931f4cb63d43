//! The binary as its users run it: its own process, with nothing of this one's environment.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::harness::PATIENCE;

/// A home of its own, with room for a configuration.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary, about to run here.
    pub(crate) fn routectl(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_routectl"));
        command.args(args).env_clear().env("HOME", self.folder.path());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// What it says, with this home's path as `~`.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.said(self.routectl(args).output().unwrap())
    }

    /// The same beside hosts, which live on the test's runtime.
    pub(crate) async fn run_beside(&self, args: &[&str]) -> Said {
        let mut command = self.routectl(args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        self.said(output.await.unwrap())
    }

    pub(crate) fn said(&self, output: Output) -> Said {
        let home = self.folder.path().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&home, "~");
        Said { out: text(output.stdout), err: text(output.stderr), ok: output.status.success() }
    }

    /// Serves this configuration until dropped.
    pub(crate) async fn serve(&self, config: &str, args: &[&str]) -> Serving {
        self.serve_in(config, args, &[]).await
    }

    /// The same, with these variables in its environment.
    pub(crate) async fn serve_in(
        &self,
        config: &str,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Serving {
        let path = self.write("routectl.toml", config);
        let mut command = self.routectl(&["serve", "--port", "0", "--config"]);
        command.arg(path).args(args).envs(environment.iter().copied());
        Serving::start(command).await
    }
}

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) ok: bool,
}

/// A running `routectl serve`.
pub(crate) struct Serving {
    child: Child,
    log: watch::Receiver<String>,
    pub(crate) address: SocketAddr,
}

impl Serving {
    async fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, log) = watch::channel(String::new());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                tell.send_modify(|log| {
                    log.push_str(&line);
                    log.push('\n');
                });
            }
        });
        let mut serving = Self { child, log, address: ([127, 0, 0, 1], 0).into() };
        serving.says("listening on http://").await;
        let log = serving.log();
        let address = log.split("listening on http://").nth(1).unwrap();
        serving.address = address.split([' ', '"']).next().unwrap().parse().unwrap();
        serving
    }

    /// All that it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until it has logged this text.
    pub(crate) async fn says(&self, text: &str) {
        self.says_times(text, 1).await;
    }

    /// Waits until it has logged this text so often.
    pub(crate) async fn says_times(&self, text: &str, times: usize) {
        let mut log = self.log.clone();
        let said = log.wait_for(|log| log.matches(text).count() >= times);
        let outcome = tokio::time::timeout(PATIENCE, said).await.map(|said| said.is_ok());
        assert_eq!(outcome, Ok(true), "{text:?} in\n{}", self.log());
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        // Its log closes with it.
        let mut log = self.log.clone();
        let closed = async { while log.changed().await.is_ok() {} };
        tokio::time::timeout(PATIENCE, closed).await.expect("an end");
        self.child.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration as text, with the hosts' addresses in place.
pub(crate) fn with_hosts(hosts: &routectl_emulator::Emulator, config: impl Into<String>) -> String {
    let config: String = config.into();
    config.replace("$CHAT", &hosts.chat_base_url()).replace("$MESSAGES", &hosts.messages_base_url())
}

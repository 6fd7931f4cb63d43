//! `routectl completions`: a completion script for a shell.

use std::io;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

/// Print a completion script.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  routectl completions bash > ~/.local/share/bash-completion/completions/routectl"
)]
pub struct Args {
    /// The shell to complete in.
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> ExitCode {
    let mut command = super::Cli::command();
    clap_complete::generate(args.shell, &mut command, "routectl", &mut io::stdout());
    ExitCode::SUCCESS
}

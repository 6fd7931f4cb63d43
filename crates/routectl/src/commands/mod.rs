//! What the binary does for people: one file a command.

pub mod ask;
pub mod completions;
pub mod config;
pub mod demo;
pub mod explain;
pub mod logs;
pub mod serve;
pub mod test;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A local LLM router: any client, a chain of targets, and back untouched.
#[derive(Debug, Parser)]
#[command(name = "routectl", version, about, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Write logs as JSON, one object a line. ROUTECTL_LOG filters them, e.g.
    /// `info,routectl_providers=debug`.
    #[arg(long, global = true)]
    pub log_json: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  routectl demo                               see it work, without keys or configuration
  routectl config example > routectl.toml     a configuration to start from
  routectl serve --config routectl.toml       serve it
  routectl test fast --prompt 'Say hi'        one request through the real path
  routectl explain --from messages --request body.json
                                              what each target would get of it";

/// One thing the binary does for people.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the configured models.
    Serve(serve::Args),
    /// Send one prompt through the real path and show every hop.
    Test(test::Args),
    /// Show what would become of a request, without sending it.
    Explain(explain::Args),
    /// See the router at work on built-in hosts: no keys, no configuration.
    Demo(demo::Args),
    /// Check, show or explain the configuration.
    Config(config::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
pub struct ConfigPath {
    /// The configuration file; else $ROUTECTL_CONFIG, else ~/.config/routectl/config.toml.
    #[arg(long, short, value_name = "PATH")]
    pub config: Option<PathBuf>,
}

//! The binary: reads the command line and hands over to one command.

use std::process::ExitCode;

use clap::Parser as _;
use routectl::commands::{Cli, Command, completions, config, demo, explain, logs, serve, test};

fn main() -> ExitCode {
    let Cli { log_json, command } = Cli::parse();
    // Commands that print for people keep quiet unless asked.
    let usual = match command {
        Command::Serve(_) => "info",
        Command::Test(_)
        | Command::Explain(_)
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Completions(_) => "warn",
    };
    let _flush = logs::start(log_json, usual);
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Test(args) => test::run(args),
        Command::Explain(args) => explain::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Config(args) => config::run(args),
        Command::Completions(args) => completions::run(&args),
    }
}

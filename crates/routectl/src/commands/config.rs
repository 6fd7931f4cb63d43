//! `routectl config`: check, show or explain the configuration.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::ConfigPath;
use crate::config::{self, EXAMPLE, Flags, Loaded};

/// Check, show or explain the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  routectl config example > routectl.toml
  routectl config check --config routectl.toml
  routectl config show --config routectl.toml
  routectl config schema > routectl.schema.json")]
pub enum Action {
    /// Tell every mistake of a configuration file; exits with 1 if there is one.
    Check(Check),
    /// Print what holds in the end: every default filled in, no secret shown.
    Show(Check),
    /// Print a configuration to start from, with comments.
    Example,
    /// Print the JSON Schema of the file, for editors.
    Schema,
}

/// Which file, and how it will be served.
#[derive(Debug, clap::Args)]
pub struct Check {
    #[command(flatten)]
    pub path: ConfigPath,
    /// Check it as for `routectl serve --unsafe-public`.
    #[arg(long)]
    pub unsafe_public: bool,
}

/// Does it, and prints.
pub fn run(args: Args) -> ExitCode {
    let said = act(args.action);
    // Whoever reads us may have left, as `head` does; there is nobody to tell.
    let _ = io::stderr().write_all(said.err.as_bytes());
    let _ = io::stdout().write_all(said.out.as_bytes());
    if said.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn act(action: Action) -> Said {
    match action {
        Action::Check(check) => with_loaded(check, |loaded| Ok(summary(loaded))),
        Action::Show(check) => with_loaded(check, show),
        Action::Example => Said::fine(EXAMPLE.to_owned()),
        Action::Schema => Said::fine(format!("{:#}\n", config::schema())),
    }
}

/// What a command says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    out: String,
    err: String,
    failed: bool,
}

impl Said {
    fn fine(out: String) -> Self {
        Self { out, ..Self::default() }
    }

    fn failed(why: impl std::fmt::Display) -> Self {
        Self { err: format!("{why}\n"), failed: true, ..Self::default() }
    }
}

fn with_loaded(check: Check, tell: impl FnOnce(&Loaded) -> Result<String, String>) -> Said {
    let flags = Flags { unsafe_public: check.unsafe_public };
    let loaded = match found(check.path.config, flags) {
        Ok(loaded) => loaded,
        Err(why) => return Said::failed(why),
    };
    match tell(&loaded) {
        Ok(out) => {
            let notices = loaded.notices.iter().fold(String::new(), |mut text, notice| {
                let _ = writeln!(text, "note: {notice}");
                text
            });
            Said { out, err: notices, failed: false }
        }
        Err(why) => Said::failed(why),
    }
}

fn found(explicit: Option<PathBuf>, flags: Flags) -> Result<Loaded, String> {
    let path = config::find(explicit).map_err(|missing| missing.to_string())?;
    config::load(&path, flags).map_err(|errors| errors.to_string())
}

fn summary(loaded: &Loaded) -> String {
    let config = &loaded.config;
    let (providers, models, aliases) =
        (config.providers.len(), config.models.len(), config.aliases.len());
    format!(
        "ok: {}, {}, {}\n",
        counted(providers, "provider", "providers"),
        counted(models, "model", "models"),
        counted(aliases, "alias", "aliases")
    )
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn show(loaded: &Loaded) -> Result<String, String> {
    loaded.config.shown().map_err(|error| format!("cannot be shown: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::{Args, Said, act};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// What a command says of a file with this text; the file's path reads `F`.
    fn said(command: &str, text: &str) -> Said {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        let line = Line::parse_from(["config", command, "--config", &path]);
        let said = act(line.args.action);
        Said { out: said.out.replace(&path, "F"), err: said.err.replace(&path, "F"), ..said }
    }

    fn alone(command: &str) -> Said {
        act(Line::parse_from(["config", command]).args.action)
    }

    #[test]
    fn check_counts_what_there_is_and_tells_notices() {
        let text = format!("{}\n[usage]\n", alone("example").out);
        assert_eq!(
            said("check", &text),
            Said {
                out: "ok: 3 providers, 4 models, 4 aliases\n".to_owned(),
                err: "note: F:69:2: usage: is read and checked, and not served yet.\n".to_owned(),
                failed: false
            }
        );
    }

    #[test]
    fn check_tells_every_mistake_and_fails() {
        let said = said("check", "[server]\nprt = 1\nport = -1\n");
        assert_eq!(said.out, "");
        assert!(said.failed);
        insta::assert_snapshot!(said.err, @r##"
        F:2:1: server: unknown key "prt". Did you mean "port"?
        F:3:1: server.port: -1 is too small. Write at least 0.
        "##);
    }

    #[test]
    fn show_prints_defaults_and_no_secret() {
        let text = "[server]\nauth.tokens = [\"literal:canary\", \"env://TOKEN\"]\n";
        let said = said("show", text);
        assert!(!said.failed);
        assert!(said.out.contains("tokens = [\"literal:***\", \"env://TOKEN\"]"), "{}", said.out);
        assert!(said.out.contains("stream_idle_timeout_ms = 300000"), "{}", said.out);
        assert!(!format!("{said:?}").contains("canary"));
    }

    #[test]
    fn schema_is_json() {
        let schema: serde_json::Value = serde_json::from_str(&alone("schema").out).unwrap();
        assert_eq!(schema["title"], "Config");
    }
}

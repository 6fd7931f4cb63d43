//! From a file to a [`Config`], or to everything that is wrong with it.

use std::ffi::OsString;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

use super::diagnostic::{Diagnostic, Diagnostics, Findings, Path as KeyPath, Source};
use super::rules::{dropped_extra, is_never_forwarded};
use super::schema::{Config, Headers};
use super::{check, shape};

/// Largest config file that is read. A hundred providers with a thousand models take 300 KiB.
const MAX_FILE: u64 = 4 << 20;

/// What the command line says that a file is checked against.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--unsafe-public`: a bind address that is not loopback is allowed, given tokens.
    pub unsafe_public: bool,
}

/// A config that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    pub config: Config,
    /// What is worth a word, in the order of the file.
    pub notices: Vec<Diagnostic>,
    /// Where it was read; `None` for one that never was a file.
    pub path: Option<PathBuf>,
}

/// Reads and checks a file.
pub fn load(path: &Path, flags: Flags) -> Result<Loaded, Diagnostics> {
    let name = path.display().to_string();
    let text = read(path).map_err(|message| Diagnostics::of_file(&name, message))?;
    let loaded = parse(&text, &name, flags)?;
    Ok(Loaded { path: Some(path.to_owned()), ..loaded })
}

/// Checks a text that is called `file` in what is said of it.
pub fn parse(text: &str, file: &str, flags: Flags) -> Result<Loaded, Diagnostics> {
    let source = Source::new(file, text);
    let (tree, slips) = DeTable::parse_recoverable(text);
    let mut findings = Findings::default();
    shape::check(&tree, &mut findings);
    check::check(tree.get_ref(), flags, &mut findings);
    let slips: Vec<(usize, String)> = slips.iter().map(|slip| spelled(slip, &source)).collect();
    let unreadable: Vec<_> = slips.iter().map(|(at, _)| unreadable(*at, &source)).collect();
    findings.without_echoes(&unreadable);
    let mut last = None;
    for (at, message) in slips {
        // one slip makes the parser stumble several times over the same line
        let line = source.line(at);
        if last.as_ref() != Some(&line) {
            findings.error(at, &KeyPath::default(), message);
            last = Some(line);
        }
    }
    let (errors, notices) = findings.sorted(&source);
    if !errors.is_empty() {
        return Err(Diagnostics(errors));
    }
    let mut config = Config::deserialize(Deserializer::from(tree)).map_err(|error| {
        let place = error.span().map(|span| source.place(span.start));
        let (file, message) =
            (file.to_owned(), format!("the types refuse it: {}.", error.message()));
        Diagnostics(vec![Diagnostic { file, place, path: String::new(), message }])
    })?;
    drop_own_headers(&mut config);
    Ok(Loaded { config, notices, path: None })
}

fn read(path: &Path) -> Result<String, String> {
    let cannot =
        |error: io::Error| format!("cannot be read: {error}. Check the path and its mode.");
    let file = fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("larger than {MAX_FILE} bytes. Is this the right file?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8. Save the file as UTF-8.")
    })
}

/// A slip of the pen: where, what, and the way out.
fn spelled(slip: &toml::de::Error, source: &Source<'_>) -> (usize, String) {
    let span = slip.span().unwrap_or_default();
    let from_here = source.text.get(span.start..).unwrap_or_default();
    let here = from_here.lines().next().unwrap_or_default().trim();
    let message = match slip.message() {
        "duplicate key" => {
            let key = source.text.get(span.clone()).unwrap_or_default();
            format!("{key:?} is here twice. Keep one of the two.")
        }
        message if message.starts_with("string values must be quoted") => {
            if here.is_empty() || here.starts_with('#') {
                "not TOML: no value after the `=`. Write one, or remove the key.".to_owned()
            } else {
                "not TOML: a string without quotes. Put it in quotes.".to_owned()
            }
        }
        other => format!("not TOML: {other}."),
    };
    (span.start, message)
}

/// What cannot be told because of a slip: its line, and for the head of a table all of the table.
fn unreadable(at: usize, source: &Source<'_>) -> Range<usize> {
    let is_head = |range: Range<usize>| {
        source.text.get(range).is_some_and(|line| line.trim_start().starts_with('['))
    };
    let mut range = source.line(at);
    if is_head(range.start..range.end.min(source.text.len())) {
        while range.end < source.text.len() {
            let next = source.line(range.end);
            if is_head(next.start..next.end.min(source.text.len())) {
                break;
            }
            range.end = next.end;
        }
    }
    range
}

/// Takes out the headers that a notice has told are dropped.
fn drop_own_headers(config: &mut Config) {
    let keep = |headers: &mut Headers| headers.0.retain(|name, _| dropped_extra(name).is_none());
    for model in config.models.values_mut() {
        keep(&mut model.header_extras);
    }
    for provider in config.providers.values_mut() {
        let common = provider.common_mut();
        keep(&mut common.header_extras);
        common.forward_client_headers.retain(|name| !is_never_forwarded(name.as_str()));
    }
}

/// There is no config file where one is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Where it was looked for.
    pub path: PathBuf,
    /// Who said so.
    pub said: &'static str,
}

impl std::error::Error for Missing {}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let folder = match self.path.parent() {
            Some(folder) if self.path.is_absolute() => {
                format!("mkdir -p {} && ", folder.display())
            }
            _ => String::new(),
        };
        write!(
            f,
            "no config file at {path} ({}). Write one with `{folder}routectl config example > \
             {path}`, name another with --config PATH, or run `routectl demo`, which needs none.",
            self.said
        )
    }
}

/// Where the config file is: `--config`, else `$ROUTECTL_CONFIG`, else
/// `$XDG_CONFIG_HOME/routectl/config.toml`, else `~/.config/routectl/config.toml`.
pub fn find(explicit: Option<PathBuf>) -> Result<PathBuf, Missing> {
    let found = place(explicit, |name| std::env::var_os(name));
    match fs::metadata(&found.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(found),
        // what else may be wrong is told when it is read
        Ok(_) | Err(_) => Ok(found.path),
    }
}

/// Where the config file should be, under this environment. An empty variable is one not set.
pub(super) fn place(explicit: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Missing {
    let env = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = explicit {
        return Missing { path, said: "--config" };
    }
    if let Some(path) = env("ROUTECTL_CONFIG") {
        return Missing { path, said: "$ROUTECTL_CONFIG" };
    }
    let file = Path::new("routectl").join("config.toml");
    if let Some(home) = env("XDG_CONFIG_HOME").filter(|home| home.is_absolute()) {
        return Missing { path: home.join(file), said: "$XDG_CONFIG_HOME" };
    }
    let home = env("HOME").unwrap_or_default();
    Missing { path: home.join(".config").join(file), said: "the usual place" }
}

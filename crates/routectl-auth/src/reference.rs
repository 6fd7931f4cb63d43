//! What a config file holds instead of a secret.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Secret;

/// The services whose logins can be named.
const LOGINS: [&str; 2] = ["anthropic", "codex"];

/// Where a secret is to be found. `Debug` and `Display` show the reference, and `***` for a
/// literal value.
#[derive(Debug, Clone)]
pub enum SecretRef {
    /// `env://VAR`
    Env(String),
    /// `file:///abs/path`, the path as it is written: nothing is unescaped.
    File(PathBuf),
    /// `literal:VALUE`
    Literal(Secret),
    /// `oauth://PROVIDER` or `oauth://PROVIDER#LABEL`
    Login { provider: String, label: Option<String> },
}

/// Why a text is no secret reference. It never repeats the text: who mistakes the place for the
/// secret itself should not find it in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    /// None of the four forms.
    #[error(
        "not a secret reference. Write \"env://VAR\", \"file:///path\", \"literal:VALUE\" or \
         \"oauth://PROVIDER\"."
    )]
    UnknownForm,
    /// `env://` and something that is no variable's name.
    #[error(
        "env:// needs the name of an environment variable: letters, digits and `_`, as in \
         \"env://OPENAI_API_KEY\"."
    )]
    BadVariable,
    /// `file://` and something that is no absolute path.
    #[error(
        "file:// needs an absolute path, without `~` and variables: three slashes, as in \
         \"file:///home/me/.keys/openai\"."
    )]
    BadPath,
    /// `literal:` and nothing, or something that cannot be sent in a header.
    #[error("literal: needs a value without control characters.")]
    BadLiteral,
    /// `oauth://` and something that is no known login.
    #[error(
        "oauth:// needs \"anthropic\" or \"codex\", and optionally a label: \"oauth://codex#work\"."
    )]
    BadLogin,
}

impl SecretRef {
    /// Reads a reference as it stands in a config file.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        if let Some(name) = text.strip_prefix("env://") {
            return variable(name);
        }
        if let Some(path) = text.strip_prefix("file://") {
            return file(path);
        }
        if let Some(value) = text.strip_prefix("literal:") {
            return literal(value);
        }
        match text.strip_prefix("oauth://") {
            Some(login) => self::login(login),
            None => Err(BadReference::UnknownForm),
        }
    }
}

fn variable(name: &str) -> Result<SecretRef, BadReference> {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if starts && fits {
        Ok(SecretRef::Env(name.to_owned()))
    } else {
        Err(BadReference::BadVariable)
    }
}

fn file(path: &str) -> Result<SecretRef, BadReference> {
    // On Windows `file:///C:/keys/openai` is the path `C:/keys/openai`.
    let path = if cfg!(windows) { path.strip_prefix('/').unwrap_or(path) } else { path };
    let path = PathBuf::from(path);
    let names_a_file =
        path.file_name().is_some() && !path.as_os_str().as_encoded_bytes().contains(&0);
    if path.is_absolute() && names_a_file {
        Ok(SecretRef::File(path))
    } else {
        Err(BadReference::BadPath)
    }
}

fn literal(value: &str) -> Result<SecretRef, BadReference> {
    if value.trim().is_empty() || value.contains(char::is_control) {
        return Err(BadReference::BadLiteral);
    }
    Ok(SecretRef::Literal(Secret::new(value.to_owned())))
}

fn login(text: &str) -> Result<SecretRef, BadReference> {
    let (provider, label) = match text.split_once('#') {
        Some((provider, label)) => (provider, Some(label)),
        None => (text, None),
    };
    let bad_label = |label: &str| label.trim().is_empty() || label.contains(char::is_control);
    if !LOGINS.contains(&provider) || label.is_some_and(bad_label) {
        return Err(BadReference::BadLogin);
    }
    Ok(SecretRef::Login { provider: provider.to_owned(), label: label.map(str::to_owned) })
}

impl FromStr for SecretRef {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        Self::parse(text)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env://{name}"),
            Self::File(path) if cfg!(windows) => write!(f, "file:///{}", path.display()),
            Self::File(path) => write!(f, "file://{}", path.display()),
            Self::Literal(value) => write!(f, "literal:{value}"),
            Self::Login { provider, label: None } => write!(f, "oauth://{provider}"),
            Self::Login { provider, label: Some(label) } => write!(f, "oauth://{provider}#{label}"),
        }
    }
}

/// Two references are equal when they lead to the same place. Used to tell whether a reloaded
/// config changed, never to check a secret that someone presents.
impl PartialEq for SecretRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Env(left), Self::Env(right)) => left == right,
            (Self::File(left), Self::File(right)) => left == right,
            (Self::Literal(left), Self::Literal(right)) => left.expose() == right.expose(),
            (
                Self::Login { provider, label },
                Self::Login { provider: other_provider, label: other_label },
            ) => provider == other_provider && label == other_label,
            (Self::Env(_) | Self::File(_) | Self::Literal(_) | Self::Login { .. }, _) => false,
        }
    }
}

impl Eq for SecretRef {}

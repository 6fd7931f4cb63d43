//! From a reference to its secret: the environment, or a file that only its owner may read.
//!
//! A file is opened once and all checks are made on the open descriptor, so nothing can be
//! swapped between check and reading. Symbolic links are followed, as secret stores use them;
//! what counts is the file behind them.

use std::env::VarError;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Secret, SecretRef};

/// Largest secret that is read. Keys and tokens have a few kilobytes at most; a larger file is
/// some other file.
const MAX_SECRET: usize = 64 << 10;

/// Permission bits of others than the owner.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// A secret that cannot be read: the reference, what is wrong, and the way out. Never the value.
#[derive(Debug, thiserror::Error)]
#[error("{reference}: {fault}")]
pub struct SecretError {
    /// The reference, as it may be shown.
    pub reference: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What keeps a secret from being read.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The variable is not set.
    #[error("the environment variable is not set. Set it where routectl is started.")]
    Unset,
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}. Check that the file exists and is yours.")]
    Unreadable(#[from] io::Error),
    /// A directory, a pipe, a device.
    #[error("is not a regular file. Point the reference at the file that holds the secret.")]
    NotAFile,
    /// Somebody else could write it.
    #[error("belongs to user {owner}. Run: chown {me} {path:?}")]
    NotOurs { owner: u32, me: u32, path: PathBuf },
    /// Somebody else may read or write it.
    #[error("others than its owner may use it (mode {mode:04o}). Run: chmod 600 {path:?}")]
    TooOpen { mode: u32, path: PathBuf },
    /// Too large to be a key.
    #[error(
        "is larger than 64 KiB, so it is no key. Point the reference at the file that holds the \
         secret."
    )]
    TooLarge,
    /// Nothing in it.
    #[error("is empty. Put the secret there.")]
    Empty,
    /// Bytes that are no text.
    #[error(
        "is not UTF-8 text. Write the secret anew, without a byte order mark or binary content."
    )]
    NotText,
    /// Something that would break a request header.
    #[error("has a line break or another control character inside. A secret is one line.")]
    ControlCharacter,
    /// `oauth://`
    #[error("logins are not served yet. Use an API key, by env:// or file://.")]
    LoginNotServed,
}

impl SecretRef {
    /// Reads the secret, anew each time.
    pub fn read(&self) -> Result<Secret, SecretError> {
        self.find().map_err(|fault| SecretError { reference: self.to_string(), fault })
    }

    fn find(&self) -> Result<Secret, Fault> {
        match self {
            Self::Env(name) => variable(name),
            Self::File(path) => Ok(read_file(path)?.0),
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Login { .. } => Err(Fault::LoginNotServed),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "secret references are where the environment is read"
)]
fn variable(name: &str) -> Result<Secret, Fault> {
    match std::env::var(name) {
        Ok(value) => one_line(Zeroizing::new(value).as_bytes()),
        Err(VarError::NotPresent) => Err(Fault::Unset),
        Err(VarError::NotUnicode(_)) => Err(Fault::NotText),
    }
}

/// Reads a file and tells its state at that time.
pub(crate) fn read_file(path: &Path) -> Result<(Secret, Metadata), Fault> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    check(&metadata, path)?;
    // Large enough at once: what a growing buffer leaves behind is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET + 1));
    file.take(MAX_SECRET as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_SECRET {
        return Err(Fault::TooLarge);
    }
    Ok((one_line(&bytes)?, metadata))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    // A pipe that nobody writes to would block the opening for ever; a terminal would become ours.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn check(metadata: &Metadata, path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::MetadataExt;

    let me = rustix::process::geteuid().as_raw();
    check_owner(metadata.is_file(), metadata.uid(), metadata.mode(), me, path)
}

#[cfg(not(unix))]
fn check(metadata: &Metadata, _path: &Path) -> Result<(), Fault> {
    if metadata.is_file() { Ok(()) } else { Err(Fault::NotAFile) }
}

/// The rule for a file of this owner and mode, read by this user.
#[cfg(unix)]
pub(crate) fn check_owner(
    is_file: bool,
    owner: u32,
    mode: u32,
    me: u32,
    path: &Path,
) -> Result<(), Fault> {
    if !is_file {
        return Err(Fault::NotAFile);
    }
    if owner != me && owner != 0 {
        return Err(Fault::NotOurs { owner, me, path: path.to_owned() });
    }
    if mode & OTHERS != 0 {
        return Err(Fault::TooOpen { mode: mode & 0o7777, path: path.to_owned() });
    }
    Ok(())
}

/// The text without the white space at its end, if it can be sent in a header.
fn one_line(bytes: &[u8]) -> Result<Secret, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotText)?.trim_end();
    // An editor's byte order mark is text, invisible, and part of no key.
    if text.starts_with('\u{feff}') {
        return Err(Fault::NotText);
    }
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.contains(char::is_control) {
        return Err(Fault::ControlCharacter);
    }
    Ok(Secret::new(text.to_owned()))
}

//! The environment variables AWS's tools share, looked up through a door, so that tests need no
//! process environment.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// How a variable is looked up.
type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where environment variables are looked up. Cheap to clone. Its values are never printed.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

impl Environment {
    /// An environment with this lookup.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// An environment without variables.
    pub fn empty() -> Self {
        Self::new(|_| None)
    }

    /// A variable's value without white space around it. A blank one counts as unset, as in AWS's
    /// own tools.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether a variable says `true`.
    pub fn says_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The profile that AWS's tools use when none is named.
    pub fn profile(&self) -> String {
        self.get("AWS_PROFILE").unwrap_or_else(|| "default".to_owned())
    }

    /// AWS's config file and its credentials file, whether they exist or not.
    pub fn profile_files(&self) -> ProfileFiles {
        let home = self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from);
        let place = |variable: &str, name: &str| match self.get(variable) {
            Some(path) => Some(in_home(&path, home.as_ref())),
            None => home.as_ref().map(|home| home.join(".aws").join(name)),
        };
        ProfileFiles {
            config: place("AWS_CONFIG_FILE", "config"),
            credentials: place("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// Where profiles are kept. `None` where there is no home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileFiles {
    pub config: Option<PathBuf>,
    pub credentials: Option<PathBuf>,
}

fn in_home(path: &str, home: Option<&PathBuf>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        (Some(_), None) | (None, _) => PathBuf::from(path),
    }
}

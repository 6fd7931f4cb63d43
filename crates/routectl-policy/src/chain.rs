//! From the name a client wrote to the chain of targets that serves it.
//!
//! All work is done when a config is loaded: nested aliases are flattened, doubles dropped, globs
//! sorted. Looking a name up is one or two hash look-ups and two counted references.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::flatten::{DEEPEST, flatten};
use crate::nearest::nearest;

/// The alias that serves every name nothing else serves.
const DEFAULT: &str = "default";

/// How much of an unknown name is said back.
const SAID_BACK: usize = 128;

/// A model on a provider: its index in the config snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub u32);

/// What the routes need to know of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The name in `[models.NICKNAME]`.
    pub nickname: String,
    /// Its index in the config snapshot.
    pub target: TargetId,
    /// Whether a client may name it; an alias always may.
    pub selectable: bool,
}

/// The targets that serve a name, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The key of the alias that matched; `None` when a model's own nickname did.
    pub alias: Option<Arc<str>>,
    /// Never empty, no doubles.
    pub targets: Arc<[TargetId]>,
}

impl Chain {
    /// The same targets, begun with this one; as they are when it is not among them, or first.
    #[must_use]
    pub fn led_by(&self, leader: TargetId) -> Self {
        if self.targets.first() == Some(&leader) || !self.targets.contains(&leader) {
            return self.clone();
        }
        let rest = self.targets.iter().copied().filter(|target| *target != leader);
        let targets = std::iter::once(leader).chain(rest).collect();
        Self { alias: self.alias.clone(), targets }
    }
}

/// A name that nothing serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What was asked for, cut if it is very long.
    pub asked: String,
    /// Where it was written.
    pub place: Place,
    /// The names nearest to it, best first; may be empty.
    pub nearest: Vec<String>,
}

/// Where a client wrote the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The `model` of the request's body.
    Model,
    /// The `x-routectl-alias` header.
    Header,
}

/// Something wrong with one alias, with enough to point at its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFault {
    /// The key of the alias.
    pub alias: String,
    /// Which of its values; `None` when the fault is the key's or the whole list's.
    pub position: Option<usize>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong with an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The list names no model.
    Empty,
    /// The key has a `*` that is not its last character.
    BadGlob,
    /// The value names neither a model nor an alias.
    Unknown { value: String, nearest: Vec<String> },
    /// The value closes a circle; the path begins and ends with the same alias.
    Cycle { path: Vec<String> },
    /// Aliases name aliases deeper than eight.
    TooDeep,
}

/// Every name a client may write, and the chain behind it.
#[derive(Debug, Default)]
pub struct Routes {
    aliases: HashMap<Arc<str>, Chain>,
    /// Prefix and chain, longest prefix first.
    globs: Vec<(String, Chain)>,
    models: HashMap<String, Chain>,
    default: Option<Chain>,
    names: Vec<String>,
}

impl Routes {
    /// Flattens the aliases into chains, or tells every fault there is. Keys and nicknames are
    /// taken to be distinct, as in a TOML table; both come in the order of the file.
    pub fn new(
        models: &[Model],
        aliases: &[(String, Vec<String>)],
    ) -> Result<Self, Vec<RouteFault>> {
        let chains = flatten(models, aliases)?;
        let mut routes = Self { names: names(models, aliases), ..Self::default() };
        for (key, _) in aliases {
            let Some(targets) = chains.get(key.as_str()).cloned() else { continue };
            let key: Arc<str> = key.as_str().into();
            let chain = Chain { alias: Some(Arc::clone(&key)), targets };
            if let Some(prefix) = key.strip_suffix('*') {
                routes.globs.push((prefix.to_owned(), chain.clone()));
            } else if &*key == DEFAULT {
                routes.default = Some(chain.clone());
            }
            routes.aliases.insert(key, chain);
        }
        routes.globs.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        for model in models.iter().filter(|model| model.selectable) {
            let chain = Chain { alias: None, targets: [model.target].into() };
            routes.models.insert(model.nickname.clone(), chain);
        }
        Ok(routes)
    }

    /// The chain for what a client asked: the header's name if there is one, else the body's
    /// `model`; by exact alias, longest glob, selectable model, and for the body's also `default`.
    ///
    /// A header that names nothing is an error and never falls through to the model or to
    /// `default`: who writes it wants just that alias.
    pub fn chain(&self, model: &str, header: Option<&str>) -> Result<Chain, Unknown> {
        let (asked, place, otherwise) = match header {
            Some(alias) => (alias, Place::Header, None),
            None => (model, Place::Model, self.default.as_ref()),
        };
        match self.named(asked).or(otherwise) {
            Some(chain) => Ok(chain.clone()),
            None => Err(self.unknown(asked, place)),
        }
    }

    /// What `GET /v1/models` lists: alias keys and selectable models in the order of the file,
    /// without globs and `default`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn named(&self, asked: &str) -> Option<&Chain> {
        self.aliases
            .get(asked)
            .or_else(|| {
                self.globs
                    .iter()
                    .find(|(prefix, _)| asked.starts_with(prefix))
                    .map(|(_, chain)| chain)
            })
            .or_else(|| self.models.get(asked))
    }

    fn unknown(&self, asked: &str, place: Place) -> Unknown {
        let nearest = nearest(asked, self.names.iter().map(String::as_str));
        let cut = asked.floor_char_boundary(SAID_BACK);
        let (head, tail) = asked.split_at(cut);
        let asked = if tail.is_empty() { head.to_owned() } else { format!("{head}…") };
        Unknown { asked, place, nearest }
    }
}

impl std::error::Error for Unknown {}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Model => write!(f, "no model {:?}.", self.asked)?,
            Place::Header => write!(f, "x-routectl-alias: no alias or model {:?}.", self.asked)?,
        }
        if self.nearest.is_empty() {
            return f.write_str(" GET /v1/models lists what there is.");
        }
        did_you_mean(f, &self.nearest)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("names no model. List at least one, or remove the alias."),
            Self::BadGlob => f.write_str(
                "a `*` may only be the last character of an alias. Write the names out, or a prefix \
                 and `*`.",
            ),
            Self::Unknown { value, nearest } => {
                write!(f, "no model or alias {value:?}.")?;
                did_you_mean(f, nearest)
            }
            Self::Cycle { path } => {
                write!(f, "goes in a circle: {}. Remove one of these.", path.join(" → "))
            }
            Self::TooDeep => write!(
                f,
                "aliases name aliases deeper than {DEEPEST}. Name the models here instead.",
            ),
        }
    }
}

fn did_you_mean(f: &mut fmt::Formatter<'_>, nearest: &[String]) -> fmt::Result {
    for (index, name) in nearest.iter().enumerate() {
        let before = if index == 0 { " Did you mean" } else { " or" };
        write!(f, "{before} {name:?}")?;
    }
    if nearest.is_empty() { Ok(()) } else { f.write_str("?") }
}

fn names(models: &[Model], aliases: &[(String, Vec<String>)]) -> Vec<String> {
    let keys =
        aliases.iter().map(|(key, _)| key).filter(|key| *key != DEFAULT && !key.ends_with('*'));
    let nicknames = models.iter().filter(|model| model.selectable).map(|model| &model.nickname);
    let mut seen = HashSet::new();
    keys.chain(nicknames).filter(|name| seen.insert(name.as_str())).cloned().collect()
}

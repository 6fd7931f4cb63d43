//! Nested aliases to flat chains, when a config is loaded.
//!
//! Depth first and without recursion: how deep a file nests is its writer's choice, not our
//! stack's. A fault is told once, where it is, and not again for every alias that leads to it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::chain::{FaultKind, Model, RouteFault, TargetId};
use crate::nearest::nearest;

/// How deep aliases may name aliases: the first counts as one.
pub(crate) const DEEPEST: usize = 8;

type Chains<'a> = HashMap<&'a str, Arc<[TargetId]>>;

/// The targets of every alias by its key, or every fault there is.
pub(crate) fn flatten<'a>(
    models: &'a [Model],
    aliases: &'a [(String, Vec<String>)],
) -> Result<Chains<'a>, Vec<RouteFault>> {
    let mut flattener = Flattener {
        aliases: aliases.iter().map(|(key, values)| (key.as_str(), values.as_slice())).collect(),
        models: models.iter().map(|model| (model.nickname.as_str(), model.target)).collect(),
        known: HashMap::new(),
        faults: Vec::new(),
    };
    for (key, values) in aliases {
        flattener.flatten(key, values);
    }
    if !flattener.faults.is_empty() {
        return Err(flattener.faults);
    }
    let chains = flattener.known.into_iter().filter_map(|(key, state)| match state {
        State::Flat { targets, .. } => Some((key, targets)),
        State::Open | State::Faulty => None,
    });
    Ok(chains.collect())
}

struct Flattener<'a> {
    aliases: HashMap<&'a str, &'a [String]>,
    models: HashMap<&'a str, TargetId>,
    known: HashMap<&'a str, State>,
    faults: Vec<RouteFault>,
}

/// What is known of an alias that was met.
enum State {
    /// Being flattened: whoever names it closes a circle.
    Open,
    Flat {
        targets: Arc<[TargetId]>,
        depth: usize,
    },
    /// It, or one it names, has a fault that was told.
    Faulty,
}

/// An alias that is being flattened.
struct Flattening<'a> {
    key: &'a str,
    values: &'a [String],
    position: usize,
    targets: Vec<TargetId>,
    depth: usize,
    faulty: bool,
}

impl<'a> Flattening<'a> {
    fn new(key: &'a str, values: &'a [String]) -> Self {
        Self { key, values, position: 0, targets: Vec::new(), depth: 1, faulty: false }
    }

    fn add(&mut self, targets: &[TargetId]) {
        for target in targets {
            if !self.targets.contains(target) {
                self.targets.push(*target);
            }
        }
    }
}

impl<'a> Flattener<'a> {
    fn flatten(&mut self, key: &'a str, values: &'a [String]) {
        if self.known.contains_key(key) {
            return;
        }
        let mut path = vec![self.open(key, values)];
        while let Some(mut top) = path.pop() {
            let Some(value) = top.values.get(top.position) else {
                self.close(top);
                continue;
            };
            if let Some(inner) = self.unmet(value, &top) {
                path.push(top);
                path.push(inner);
            } else {
                self.add(value, &mut top, &path);
                top.position += 1;
                path.push(top);
            }
        }
    }

    fn open(&mut self, key: &'a str, values: &'a [String]) -> Flattening<'a> {
        self.known.insert(key, State::Open);
        Flattening::new(key, values)
    }

    /// The alias this value names, if it has not been met and must be flattened first.
    fn unmet(&mut self, value: &str, top: &Flattening<'a>) -> Option<Flattening<'a>> {
        let (&key, &values) = self.aliases.get_key_value(value)?;
        (!self.known.contains_key(key) && !self.is_own_model(value, top))
            .then(|| self.open(key, values))
    }

    /// An alias shadows a model, but not for itself: `fast = ["fast", "slow"]`.
    fn is_own_model(&self, value: &str, top: &Flattening<'a>) -> bool {
        value == top.key && self.models.contains_key(value)
    }

    fn add(&mut self, value: &str, top: &mut Flattening<'a>, path: &[Flattening<'a>]) {
        let alias = self.known.get(value).filter(|_| !self.is_own_model(value, top));
        match (alias, self.models.get(value)) {
            (Some(State::Flat { targets, depth }), _) => {
                top.add(targets);
                top.depth = top.depth.max(depth + 1);
            }
            (Some(State::Faulty), _) => top.faulty = true,
            (Some(State::Open), _) => {
                let path = circle(value, top, path);
                self.fault(top, FaultKind::Cycle { path });
            }
            (None, Some(target)) => top.add(&[*target]),
            (None, None) => {
                let names = self.aliases.keys().chain(self.models.keys()).copied();
                let nearest = nearest(value, names.filter(|name| *name != top.key));
                self.fault(top, FaultKind::Unknown { value: value.to_owned(), nearest });
            }
        }
    }

    fn fault(&mut self, top: &mut Flattening<'a>, kind: FaultKind) {
        top.faulty = true;
        self.faults.push(RouteFault {
            alias: top.key.to_owned(),
            position: Some(top.position),
            kind,
        });
    }

    fn close(&mut self, top: Flattening<'a>) {
        let too_deep = top.depth > DEEPEST;
        let bad_glob = top.key.strip_suffix('*').unwrap_or(top.key).contains('*');
        let whole = [
            (bad_glob, FaultKind::BadGlob),
            (top.values.is_empty(), FaultKind::Empty),
            (too_deep, FaultKind::TooDeep),
        ];
        for (_, kind) in whole.into_iter().filter(|(is, _)| *is) {
            self.faults.push(RouteFault { alias: top.key.to_owned(), position: None, kind });
        }
        let state = if top.faulty || too_deep {
            State::Faulty
        } else {
            State::Flat { targets: top.targets.into(), depth: top.depth }
        };
        self.known.insert(top.key, state);
    }
}

/// The way from an alias that is being flattened back to itself.
fn circle(value: &str, top: &Flattening<'_>, path: &[Flattening<'_>]) -> Vec<String> {
    let way = path.iter().map(|step| step.key).chain([top.key]);
    way.skip_while(|key| *key != value).chain([value]).map(str::to_owned).collect()
}

//! What becomes of one member towards one target.

use routectl_core::{Abilities, Fate, Loss};
use routectl_wire::{BadRequest, Document, Spelled};
use serde_json::Value;

use crate::cases::{Case, Direction};
use crate::diff::{Differing, differing, held, whole};
use crate::path;

/// What became of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is there, at this path.
    Arrives { at: String },
    /// It is listed; what is left of it may be there.
    Listed { at: Option<String>, fate: Fate, reason: &'static str },
    /// The whole request is a bad one, because of it.
    Bad { problem: String },
    /// It is said in other words.
    Meant { at: String, why: &'static str },
    /// It need not be said.
    Unneeded { why: &'static str },

    /// It makes a difference in which it is not found.
    Unlike { at: String },
    /// It makes no difference, and nobody is told.
    Vanished,
    /// It is there with its whole value and listed as dropped.
    Contradicted { at: String, reason: &'static str },
    /// It is refused in the name of something else.
    Misnamed { path: String, problem: String },
    /// The request without it is refused, so that nothing can be said of it.
    Incomparable { path: String, problem: String },
}

impl Outcome {
    /// What is wrong with it, if something is.
    pub(crate) fn wrong(&self) -> Option<String> {
        match self {
            Self::Arrives { .. }
            | Self::Listed { .. }
            | Self::Bad { .. }
            | Self::Meant { .. }
            | Self::Unneeded { .. } => None,
            Self::Unlike { at } => Some(format!("makes a difference at {at} without being there")),
            Self::Vanished => Some("vanished".to_owned()),
            Self::Contradicted { at, reason } => {
                Some(format!("stands at {at} and is listed as dropped: {reason}"))
            }
            Self::Misnamed { path, problem } => Some(format!("refused at {path:?}: {problem}")),
            Self::Incomparable { path, problem } => {
                Some(format!("the request without it is refused at {path:?}: {problem}"))
            }
        }
    }
}

/// What becomes of a case.
pub(crate) fn outcome(direction: &Direction, case: &Case, abilities: &Abilities) -> Outcome {
    let with = match spelled(direction, &case.with, abilities) {
        Ok(with) => with,
        Err(BadRequest { path, problem }) if near(&path, &case.at) => {
            return Outcome::Bad { problem };
        }
        Err(BadRequest { path, problem }) => return Outcome::Misnamed { path, problem },
    };
    let without = match spelled(direction, &case.without, abilities) {
        Ok(without) => without,
        Err(BadRequest { path, problem }) => return Outcome::Incomparable { path, problem },
    };
    // What a thing is may be lost with what stands around the thing, all of which is new here.
    let mut new = with.losses.iter().filter(|loss| !without.losses.contains(loss));
    let new = new.find(|_| !case.is_label());
    match (listed(case, &with.losses, &without.losses), new) {
        (Some(loss), _) => lost(case, loss, &Difference::of(case, &with, &without)),
        (None, Some(Loss { path, reason, .. })) => {
            Outcome::Misnamed { path: path.clone(), problem: (*reason).to_owned() }
        }
        (None, None) => kept(case, &Difference::of(case, &with, &without)),
    }
}

/// What became of a member that is listed.
fn lost(case: &Case, loss: &Loss, difference: &Difference) -> Outcome {
    let Loss { fate, reason, .. } = *loss;
    let at = match (fate, &difference.arrival) {
        (Fate::Dropped, Some(at)) if !case.is_label() => {
            return Outcome::Contradicted { at: at.clone(), reason };
        }
        (Fate::Refused | Fate::Dropped, _) => None,
        (Fate::Degraded | Fate::Clamped | Fate::Emulated, at) => {
            at.clone().or_else(|| difference.around.clone())
        }
    };
    Outcome::Listed { at, fate, reason }
}

/// What became of a member that is not listed.
fn kept(case: &Case, difference: &Difference) -> Outcome {
    match (&difference.arrival, &difference.around) {
        (Some(at), _) => Outcome::Arrives { at: at.clone() },
        (None, Some(at)) if case.is_label() => Outcome::Arrives { at: at.clone() },
        (None, Some(at)) => Outcome::Unlike { at: at.clone() },
        (None, None) => match &difference.gone {
            Some(at) => Outcome::Unlike { at: at.clone() },
            None => Outcome::Vanished,
        },
    }
}

/// What a member changes in what the target gets.
struct Difference {
    /// Where it arrives with its value.
    arrival: Option<String>,
    /// Around everything that is there because of it, or otherwise.
    around: Option<String>,
    /// Around everything that is not there because of it, or otherwise.
    gone: Option<String>,
}

impl Difference {
    fn of(case: &Case, with: &Spelled, without: &Spelled) -> Self {
        let (this, that) = (json(&with.body), json(&without.body));
        let mut new = differing(&this, &that);
        // What a member of a message becomes is looked for in messages first.
        new.sort_by_key(|(path, _)| path::steps(path).first() != path::steps(&case.at).first());
        let arrival = arrival(case, (&this, &that), &new);
        Self {
            arrival,
            around: around(&paths(&new)),
            gone: around(&paths(&differing(&that, &this))),
        }
    }
}

fn paths(differing: &[Differing<'_>]) -> Vec<String> {
    differing.iter().map(|(path, _)| path.clone()).collect()
}

fn spelled(
    direction: &Direction,
    body: &Document,
    abilities: &Abilities,
) -> Result<Spelled, BadRequest> {
    let request = direction.from.read(body)?;
    Ok(direction.to.write(&request, abilities))
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

/// Where the member arrives with its value. What only says what a thing is arrives with the rest
/// of the thing.
fn arrival(
    case: &Case,
    (this, that): (&Value, &Value),
    differing: &[Differing<'_>],
) -> Option<String> {
    let pieces = |value: &Value, before| around(&held(value, before, differing)?);
    let thing = if case.is_label() { pieces(&case.thing, None) } else { None };
    let whole = || whole(&case.value, this, that).filter(|_| case.value.is_object());
    thing
        .or_else(|| whole().map(|at| path::spoken(&at)))
        .or_else(|| pieces(&case.value, case.before.as_ref()))
}

/// The path to the least thing that holds all of these, if there are any; the members of the body
/// that hold them where that is the body itself.
fn around(paths: &[String]) -> Option<String> {
    let mut steps = path::steps(paths.first()?);
    let mut members: Vec<&str> = Vec::new();
    for path in paths {
        let own = path::steps(path);
        let common = steps.iter().zip(&own).take_while(|(one, two)| one == two).count();
        steps.truncate(common);
        if let Some(member) = own.first().filter(|member| !members.contains(member)) {
            members.push(member);
        }
    }
    let spoken = || path::spoken(&path::joined(&steps));
    Some(if steps.is_empty() { members.join("`, `") } else { spoken() })
}

/// The loss that tells of this member: at its path, inside its value, or around it. One around it
/// tells of it where the whole thing is lost, where it is lost because of this member, and where
/// the thing cannot be without the member; not of a member that came to nothing by the way.
fn listed<'a>(case: &Case, losses: &'a [Loss], before: &[Loss]) -> Option<&'a Loss> {
    let tells = |loss: &&Loss| {
        let whole = matches!(loss.fate, Fate::Dropped | Fate::Refused);
        let new = !before.contains(loss);
        let near = near(&loss.path, &case.at);
        loss.path == case.at || near && (whole || new || case.before.is_some())
    };
    losses.iter().filter(tells).max_by_key(|loss| (loss.fate == Fate::Refused, loss.path.len()))
}

/// Whether one of two paths leads to what the other leads to, or to something around it.
fn near(one: &str, other: &str) -> bool {
    path::holds(one, other) || path::holds(other, one)
}

//! What a model name asks the emulator to do.

use std::time::Duration;

use crate::faults::{FAULTS, Fault};
use crate::oddities::{ODDITIES, Oddity};
use crate::says::{SAYINGS, Saying};

/// A model name, read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    Good,
    Fault(&'static Fault),
    /// The fault for the first so many requests of this name.
    First(u32, &'static Fault),
    Odd(&'static Oddity),
    /// A scripted answer.
    Says(&'static Saying),
    /// The good body, or that of a scripted answer, up to a byte, then this.
    At(usize, Then, Option<&'static Saying>),
    Slow(Duration),
    Silent,
    Deaf,
    /// A context window of so many tokens.
    Window(u64),
    /// A scripted name that means nothing.
    Unknown,
}

/// What happens at a byte of the good body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Cut,
    End,
    Stall,
    /// This byte is another one; the rest is as it should be.
    Garble,
}

/// The name under which scripted names answer.
pub(crate) const STAND_IN: &str = "mock-1";

/// Splits off the mark of a host that is not strict.
pub(crate) fn lenience(model: &str) -> (bool, &str) {
    match model.strip_prefix("lenient-") {
        Some(rest) => (true, rest),
        None => (false, model),
    }
}

impl Script {
    /// The script of a name, without its `lenient-`.
    pub(crate) fn of(name: &str) -> Self {
        let found = match name {
            "silent" => Some(Self::Silent),
            "deaf" => Some(Self::Deaf),
            _ => match name.split_once('-') {
                Some(("fault", name)) => Some(fault(name).map_or(Self::Unknown, Self::Fault)),
                Some(("once", name)) => fault(name).map(|fault| Self::First(1, fault)),
                Some(("times", rest)) => times(rest),
                Some(("odd", _)) => {
                    let odd = ODDITIES.iter().find(|odd| odd.name == name);
                    Some(odd.map_or(Self::Unknown, Self::Odd))
                }
                Some(("says", _)) => Some(saying(name).map_or(Self::Unknown, Self::Says)),
                Some(("slow", ms)) => {
                    ms.parse().ok().map(|ms| Self::Slow(Duration::from_millis(ms)))
                }
                Some(("window", tokens)) => tokens.parse().ok().map(Self::Window),
                Some((verb, place)) => at(verb, place),
                None => None,
            },
        };
        found.unwrap_or(Self::Good)
    }

    /// The model name that an answer under this script states.
    pub(crate) fn answers_as(self, name: &str) -> &str {
        match self {
            Self::Good | Self::Window(_) => name,
            Self::Fault(_) | Self::First(..) | Self::Odd(_) | Self::At(..) => STAND_IN,
            Self::Says(_) | Self::Slow(_) | Self::Silent | Self::Deaf | Self::Unknown => STAND_IN,
        }
    }

    /// The scripted answer that this says, whole or in part.
    pub(crate) fn saying(self) -> Option<&'static Saying> {
        match self {
            Self::Says(saying) => Some(saying),
            Self::At(_, _, saying) => saying,
            Self::Good | Self::Fault(_) | Self::First(..) | Self::Odd(_) => None,
            Self::Slow(_) | Self::Silent | Self::Deaf | Self::Window(_) | Self::Unknown => None,
        }
    }
}

fn saying(name: &str) -> Option<&'static Saying> {
    SAYINGS.iter().find(|saying| saying.name == name)
}

fn fault(name: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.name == name)
}

fn times(rest: &str) -> Option<Script> {
    let (count, name) = rest.split_once('-')?;
    Some(Script::First(count.parse().ok()?, fault(name)?))
}

fn at(verb: &str, place: &str) -> Option<Script> {
    let place = place.strip_prefix("at-").or_else(|| place.strip_prefix("AT-"))?;
    let (place, saying) = match place.split_once('-') {
        Some((place, name)) => (place, Some(saying(name)?)),
        None => (place, None),
    };
    let then = match verb {
        "cut" => Then::Cut,
        "end" => Then::End,
        "stall" => Then::Stall,
        "garble" => Then::Garble,
        _ => return None,
    };
    Some(Script::At(place.parse().ok()?, then, saying))
}

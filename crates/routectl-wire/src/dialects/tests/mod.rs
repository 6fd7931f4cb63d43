//! What every dialect is asked with and hears again, on both lanes. Cases have the numbers of the
//! reasoning facts, section 10.

mod cases;
mod control;
mod history;
mod laws;
mod page;
mod readout;
mod recall;
mod rows;

use routectl_core::{Abilities, Dialect, History, Loss, Quirks};
use serde_json::Value;

use super::{DIALECTS, Row};
use crate::{CHAT, Document, Fit, MESSAGES};

const CLAUDE: &str = "anthropic-claude-v1";

/// A model at a host of this dialect.
fn target(dialect: Dialect) -> Abilities {
    Abilities {
        upstream: "m".to_owned(),
        quirks: Quirks { dialect, ..Quirks::NONE },
        ..Abilities::default()
    }
}

fn spoken(dialect: &str, upstream: &str) -> Abilities {
    target(super::named(dialect).unwrap().for_model(upstream))
}

fn document(text: &str) -> Document {
    Document::parse(text.to_owned().into()).unwrap()
}

/// A Chat client's body as the host gets it, and what was lost.
fn native(body: &str, abilities: &Abilities) -> (String, Vec<String>) {
    let body = document(body);
    let Fit { edits, losses, .. } = CHAT.fit(&body, abilities);
    let adapted = body.spliced(&edits).joined();
    (String::from_utf8(adapted.to_vec()).unwrap(), told(&losses))
}

/// A Messages client's body as the host gets it, and what was lost.
fn translated(body: &str, abilities: &Abilities) -> (Value, Vec<String>) {
    let request = MESSAGES.read(&document(body)).unwrap();
    let spelled = CHAT.write(&request, abilities);
    (serde_json::from_slice(&spelled.body).unwrap(), told(&spelled.losses))
}

fn told(losses: &[Loss]) -> Vec<String> {
    let told = losses.iter();
    told.map(|loss| format!("{} {}: {}", loss.fate.name(), loss.path, loss.reason)).collect()
}

/// The models of a row that differ, and one of which nothing is known.
fn models(row: &Row) -> impl Iterator<Item = (&'static str, Dialect)> + '_ {
    std::iter::once(("any model", row.dialect)).chain(row.models.iter().copied())
}

/// Those among them that have something of their own, by the names of all that share it.
fn unlike<T: PartialEq>(row: &Row, of: impl Fn(Dialect) -> T) -> Vec<(String, Dialect)> {
    let mut kinds: Vec<(String, Dialect)> = Vec::new();
    for (model, dialect) in models(row) {
        match kinds.iter_mut().find(|(_, known)| of(*known) == of(dialect)) {
            Some((names, _)) => names.push_str(&format!(", {model}")),
            None => kinds.push((model.to_owned(), dialect)),
        }
    }
    kinds
}

//! What a member has to be. Every refusal names its JSON path, what was expected and what came.

use std::borrow::Cow;

use routectl_core::{Foreign, IfLost, Place};

use crate::BadRequest;
use crate::json::{Node, Value};

/// Most elements of one list. Agents send some hundred blocks in a message.
const MAX_ELEMENTS: usize = 4_096;

/// Most messages of one request. (facts: Anthropic Messages, section 3)
const MAX_MESSAGES: usize = 100_000;

/// Something else than what was expected.
pub(super) fn wrong(place: Place, name: &str, wanted: &str, node: &Node<'_>) -> BadRequest {
    BadRequest::new(place.path(name), format!("expected {wanted}, found {}", node.kind()))
}

/// A member that must be there.
pub(super) fn missing(place: Place, name: &str) -> BadRequest {
    BadRequest::new(place.path(name), "is required and missing")
}

/// A string.
pub(super) fn text<'a>(
    node: &Node<'a>,
    place: Place,
    name: &str,
) -> Result<Cow<'a, str>, BadRequest> {
    node.text().ok_or_else(|| wrong(place, name, "a string", node))
}

/// `true` or `false`.
pub(super) fn boolean(node: &Node<'_>, place: Place, name: &str) -> Result<bool, BadRequest> {
    match node.value {
        Value::Bool(value) => Ok(value),
        Value::Null | Value::Number | Value::Text | Value::List(_) | Value::Object(_) => {
            Err(wrong(place, name, "true or false", node))
        }
    }
}

/// A whole number, not negative. `8.0` and `8e3` are whole too.
pub(super) fn count(node: &Node<'_>, place: Place, name: &str) -> Result<u64, BadRequest> {
    let number = number(node, place, name)?;
    if let Ok(count) = node.raw.parse() {
        return Ok(count);
    }
    // Exact up to 2^53, which no count of tokens reaches.
    let whole = (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
    if !whole {
        let problem = format!("expected a whole number from 0 on, found {}", short(node.raw));
        return Err(BadRequest::new(place.path(name), problem));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Ok(number as u64)
}

/// A number.
pub(super) fn number(node: &Node<'_>, place: Place, name: &str) -> Result<f64, BadRequest> {
    if node.value != Value::Number {
        return Err(wrong(place, name, "a number", node));
    }
    let number = node.raw.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| {
        BadRequest::new(place.path(name), format!("the number {} is too large", short(node.raw)))
    })
}

/// A list of bounded length.
pub(super) fn list<'n, 'a>(
    node: &'n Node<'a>,
    place: Place,
    name: &str,
) -> Result<&'n [Node<'a>], BadRequest> {
    bounded(node, place, name, MAX_ELEMENTS)
}

/// The list of messages.
pub(super) fn messages<'n, 'a>(
    node: &'n Node<'a>,
    place: Place,
    name: &str,
) -> Result<&'n [Node<'a>], BadRequest> {
    bounded(node, place, name, MAX_MESSAGES)
}

fn bounded<'n, 'a>(
    node: &'n Node<'a>,
    place: Place,
    name: &str,
    most: usize,
) -> Result<&'n [Node<'a>], BadRequest> {
    let list = node.list().ok_or_else(|| wrong(place, name, "a list", node))?;
    if list.len() > most {
        let problem = format!("has {} elements; at most {most} are read", list.len());
        return Err(BadRequest::new(place.path(name), problem));
    }
    Ok(list)
}

/// An object's members.
pub(super) fn object<'n, 'a>(
    node: &'n Node<'a>,
    place: Place,
    name: &str,
) -> Result<&'n [(Cow<'a, str>, Node<'a>)], BadRequest> {
    node.object().ok_or_else(|| wrong(place, name, "an object", node))
}

/// A word that is none of those that may stand here.
pub(super) fn unknown_word(place: Place, name: &str, word: &str, known: &[&str]) -> BadRequest {
    let known = known.iter().map(|known| format!("{known:?}")).collect::<Vec<_>>().join(", ");
    let problem = format!("unknown value {:?}; expected one of {known}", short(word));
    BadRequest::new(place.path(name), problem)
}

/// A member that the hub has no word for.
pub(super) fn foreign(place: Place, name: &str, node: &Node<'_>, if_lost: IfLost) -> Foreign {
    Foreign { path: place.path(name), json: node.raw.to_owned(), if_lost }
}

/// The beginning of a text, for error messages.
pub(super) fn short(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

//! Cache marks, in Anthropic's words and in OpenAI's. (facts: translation, section 7)

use routectl_core::{CacheMark, Foreign, IfLost, Place, Ttl};

use super::{elsewhere, said};
use crate::BadRequest;
use crate::formats::expect;
use crate::json::Node;

/// `{"type":"ephemeral","ttl":…}`, the `cache_control` of what stands at a place.
pub(super) fn control(
    node: &Node<'_>,
    owner: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<CacheMark, BadRequest> {
    mark(node, owner.member("cache_control"), ("type", "ephemeral"), foreign)
}

/// `{"mode":"explicit","ttl":…}`, the `prompt_cache_breakpoint` of a part.
pub(super) fn breakpoint(
    node: &Node<'_>,
    owner: Place,
    foreign: &mut Vec<Foreign>,
) -> Result<CacheMark, BadRequest> {
    mark(node, owner.member("prompt_cache_breakpoint"), ("mode", "explicit"), foreign)
}

fn mark(
    node: &Node<'_>,
    place: Place,
    (member, word): (&str, &str),
    foreign: &mut Vec<Foreign>,
) -> Result<CacheMark, BadRequest> {
    let mut mark = CacheMark::default();
    for (name, value) in said(node, place, "")? {
        match name {
            "ttl" => mark.ttl = Some(ttl(value, place, foreign)?),
            name if name == member => {
                let found = expect::text(value, place, name)?;
                if found != word {
                    return Err(expect::unknown_word(place, name, &found, &[word]));
                }
            }
            other => foreign.push(elsewhere::unknown(place, other, value)),
        }
    }
    Ok(mark)
}

/// The shortest time that lasts as long, an hour at most.
fn ttl(node: &Node<'_>, place: Place, foreign: &mut Vec<Foreign>) -> Result<Ttl, BadRequest> {
    match &*expect::text(node, place, "ttl")? {
        "5m" => Ok(Ttl::FiveMinutes),
        "30m" | "1h" => Ok(Ttl::OneHour),
        "12h" | "24h" => {
            let if_lost = IfLost::Told("elsewhere a prompt is cached for an hour at most");
            foreign.push(expect::foreign(place, "ttl", node, if_lost));
            Ok(Ttl::OneHour)
        }
        other => Err(expect::unknown_word(place, "ttl", other, &["5m", "30m", "1h", "12h"])),
    }
}

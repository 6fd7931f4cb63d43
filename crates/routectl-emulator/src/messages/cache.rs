//! How many cache marks a request may hold, and in which order (anthropic-messages facts, section
//! 13).

use serde_json::{Map, Value};

use super::check::present;
use super::history::blocks_of;
use super::no;
use crate::refusal::Refusal;

/// At most four marks, and no long one after a short one, in the order of the prompt.
pub(super) fn check(body: &Map<String, Value>, messages: &[Value]) -> Result<(), Refusal> {
    let listed = |name: &str| body.get(name).and_then(Value::as_array).into_iter().flatten();
    let turns = messages.iter().flat_map(blocks_of);
    let turns = turns.flat_map(|block| blocks_of(block).iter().chain([block]));
    let holders = listed("tools").chain(listed("system")).chain(turns);
    let marks =
        holders.filter_map(|it| it.get("cache_control")).chain(present(body, "cache_control"));
    let marks: Vec<bool> = marks
        .filter(|mark| !mark.is_null())
        .map(|mark| mark.get("ttl").and_then(Value::as_str) == Some("1h"))
        .collect();
    if marks.len() > 4 {
        return Err(Refusal::bad(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            marks.len()
        )));
    }
    automatic(body, messages)?;
    if marks.windows(2).any(|pair| pair == [false, true]) {
        return Err(Refusal::bad(
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block",
        ));
    }
    Ok(())
}

/// The mark of the whole request goes to the last block, which may not have another one.
fn automatic(body: &Map<String, Value>, messages: &[Value]) -> Result<(), Refusal> {
    let ttl = |mark: &Value| mark.get("ttl").and_then(Value::as_str).unwrap_or("5m").to_owned();
    let last = messages.last().and_then(|it| blocks_of(it).last());
    let own = last.and_then(|it| it.get("cache_control")).filter(|it| !it.is_null());
    match (present(body, "cache_control"), own) {
        (Some(all), Some(own)) if ttl(all) != ttl(own) => {
            no("cache_control", "the last block has a cache_control of another ttl")
        }
        _ => Ok(()),
    }
}

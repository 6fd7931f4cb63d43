//! What a request asks of the answer: its length, its form, how much thinking stands behind it.

use routectl_core::{Effort, IfLost, OutputFormat, Request, Show, Tier, Ttl};

use crate::BadRequest;

use super::Reader;
use super::spot::{Spot, UNKNOWN};

/// The limit. Zero asks for no answer at all. (facts: translation, section 1)
pub(super) fn max_tokens(spot: Spot<'_, '_>, request: &mut Request) -> Result<(), BadRequest> {
    match spot.count()? {
        0 => {
            let reason = "only Claude's hosts fill a cache without answering";
            request.foreign.push(spot.foreign(IfLost::Refused(reason)));
        }
        limit => request.max_tokens = Some(limit),
    }
    Ok(())
}

/// Texts that end the answer.
pub(super) fn stops(spot: Spot<'_, '_>) -> Result<Vec<String>, BadRequest> {
    let stop = |spot: Spot<'_, '_>| {
        let text = spot.text()?;
        if text.trim().is_empty() {
            return Err(spot.bad("must hold something else than white space"));
        }
        Ok(text.into_owned())
    };
    spot.elements()?.map(stop).collect()
}

/// `thinking`. Gives the effort that it stands for where no other is asked for.
pub(super) fn thinking(
    spot: Spot<'_, '_>,
    request: &mut Request,
) -> Result<Option<Effort>, BadRequest> {
    let spot = spot.object()?;
    let kind = spot.need("type")?;
    let modes = ["enabled", "adaptive", "disabled", "between_tools"];
    let mode = kind.one_of(&modes.map(|mode| (mode, mode)))?;
    let budgeted = mode == "enabled";
    let reasoning = &mut request.reasoning;
    reasoning.enabled = Some(mode != "disabled");
    if budgeted {
        reasoning.budget = Some(budget(spot.need("budget_tokens")?)?);
    }
    if let Some(display) = spot.get("display") {
        reasoning.show = display.one_of(&[
            ("summarized", Some(Show::Text)),
            ("omitted", Some(Show::Nothing)),
            ("updates", None),
        ])?;
    }
    spot.keep_foreign(&mut request.foreign, |name, node| match name {
        "type" if mode == "between_tools" => {
            Some(IfLost::Degraded("only Claude thinks between tools alone"))
        }
        "display" if node.text().as_deref() == Some("updates") => {
            Some(IfLost::Told("only Claude tells its thinking as updates"))
        }
        "block_binding" => Some(IfLost::Told("only Claude binds thinking to a conversation")),
        "budget_tokens" if budgeted => None,
        "type" | "display" => None,
        _ => Some(UNKNOWN),
    });
    // (facts: translation, section 6.2)
    Ok((mode == "between_tools").then_some(Effort::Low))
}

fn budget(spot: Spot<'_, '_>) -> Result<u64, BadRequest> {
    match spot.count()? {
        0 => Err(spot.bad("must be more than 0")),
        budget => Ok(budget),
    }
}

/// `output_config`.
pub(super) fn output(spot: Spot<'_, '_>, request: &mut Request) -> Result<(), BadRequest> {
    let spot = spot.object()?;
    request.reasoning.effort = spot.get("effort").map(effort).transpose()?;
    if let Some(found) = spot.get("format") {
        request.output = Some(of_schema(schema(found, request)?));
    }
    spot.keep_foreign(&mut request.foreign, |name, _| match name {
        "effort" | "format" => None,
        "task_budget" => Some(IfLost::Told("only Claude keeps a budget over several answers")),
        _ => Some(UNKNOWN),
    });
    Ok(())
}

/// How hard to think.
pub(super) fn effort(spot: Spot<'_, '_>) -> Result<Effort, BadRequest> {
    spot.one_of(&Effort::ALL.map(|effort| (effort.name(), effort)))
}

/// `output_format`, the older name of `output_config.format`, which counts where both are there.
pub(super) fn old_format(spot: Spot<'_, '_>, reader: &mut Reader) -> Result<(), BadRequest> {
    let request = &mut reader.request;
    let schema = schema(spot, request)?;
    match &reader.newer_schema {
        None => request.output = Some(of_schema(schema)),
        Some(newer) if *newer == schema => {}
        Some(_) => {
            let reason = "output_config.format asks for something else";
            request.foreign.push(spot.foreign(IfLost::Told(reason)));
        }
    }
    Ok(())
}

/// The schema of an output format.
fn schema(spot: Spot<'_, '_>, request: &mut Request) -> Result<String, BadRequest> {
    let spot = spot.object()?;
    spot.need("type")?.one_of(&[("json_schema", ())])?;
    let schema = spot.need("schema")?.raw_object()?.to_owned();
    spot.keep_foreign(&mut request.foreign, |name, _| match name {
        "type" | "schema" => None,
        _ => Some(UNKNOWN),
    });
    Ok(schema)
}

fn of_schema(schema: String) -> OutputFormat {
    OutputFormat::JsonSchema { name: None, description: None, schema, strict: None }
}

/// `metadata`, of which the vendor knows the user alone.
pub(super) fn metadata(spot: Spot<'_, '_>, request: &mut Request) -> Result<(), BadRequest> {
    let spot = spot.object()?;
    if let Some(user) = spot.get("user_id") {
        let user = user.text()?.into_owned();
        request.conversation = conversation(&user);
        request.user = Some(user);
    }
    spot.keep_foreign(&mut request.foreign, |name, _| match name {
        "user_id" => None,
        _ => Some(UNKNOWN),
    });
    Ok(())
}

/// What Claude Code says of its conversation where others name a person: JSON with a `session_id`.
/// (facts: clients, section 2)
fn conversation(user: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Client {
        session_id: String,
    }
    serde_json::from_str::<Client>(user).ok().map(|client| client.session_id)
}

/// `service_tier`.
pub(super) fn tier(spot: Spot<'_, '_>) -> Result<Tier, BadRequest> {
    spot.one_of(&[("auto", Tier::Auto), ("standard_only", Tier::Standard)])
}

/// `speed`. What another host calls fast costs what nobody has agreed to.
pub(super) fn speed(spot: Spot<'_, '_>, request: &mut Request) -> Result<(), BadRequest> {
    if spot.one_of(&[("standard", false), ("fast", true)])? {
        let reason = "fast answers have a price of their own at every host";
        request.foreign.push(spot.foreign(IfLost::Told(reason)));
    }
    Ok(())
}

/// How long a cached prompt lives.
pub(super) fn ttl(spot: Spot<'_, '_>) -> Result<Ttl, BadRequest> {
    spot.one_of(&[("5m", Ttl::FiveMinutes), ("1h", Ttl::OneHour)])
}

//! The request's smaller members: limits, sampling, stops, who asks, how the answer comes.

use routectl_core::{Loss, Request, Tier, UserMember};

use super::{Writer, cache};
use crate::json::Object;
use crate::names;

/// Most stops of one request. (facts: OpenAI Chat, section 2)
const MAX_STOPS: usize = 4;
/// Longest id of a person. (facts: OpenAI Chat, section 2)
const MAX_USER: usize = 128;

/// Writes how the next token is chosen. Models that think refuse it unless they are told not to.
pub(super) fn sampling(writer: &mut Writer<'_>, body: &mut Object<'_>, thinking_is_off: bool) {
    let sampling = writer.request.sampling;
    let quirks = writer.abilities.quirks;
    let refused = |name: &str| {
        !thinking_is_off && (quirks.refuses_sampling || quirks.dialect.refuses.contains(&name))
    };
    for (name, value) in [("temperature", sampling.temperature), ("top_p", sampling.top_p)] {
        match value {
            Some(value) if !refused(name) => body.number(name, value),
            // What every model does by itself is not lost.
            Some(1.0) | None => {}
            Some(_) => writer.losses.push(Loss::dropped(name, "the model takes no sampling")),
        }
    }
    match sampling.top_k {
        Some(top_k) if writer.quirks().takes_top_k => body.count("top_k", top_k),
        Some(_) => writer.losses.push(Loss::dropped("top_k", "the host has no such member")),
        None => {}
    }
}

/// Writes the stops that the host can take, or gives them for routectl to heed.
pub(super) fn stops(writer: &mut Writer<'_>, body: &mut Object<'_>) -> Vec<String> {
    let asked = writer.request.stops.iter().filter(|stop| !stop.is_empty());
    let stops: Vec<String> = asked.cloned().collect();
    let reason = match stops.len() {
        0 => return Vec::new(),
        _ if writer.quirks().refuses_stop => "the model takes no stops; routectl ends the answer",
        1..=MAX_STOPS => {
            let mut list = body.list("stop");
            stops.iter().for_each(|stop| list.text(stop));
            return Vec::new();
        }
        _ => "the host takes four stops at most; routectl ends the answer",
    };
    writer.losses.push(Loss::emulated(writer.request.names.stops, reason));
    stops
}

/// Writes what remains. Both framings of a client are served from a stream, so the upstream is
/// always asked for one.
pub(super) fn rest(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    limit(writer, body);
    user(writer, body);
    tier(writer, body);
    cache::rest(writer, body);
    body.bool("stream", true);
    if writer.quirks().takes_stream_options {
        body.object("stream_options").bool("include_usage", true);
    }
}

fn limit(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let Some(mut tokens) = writer.request.max_tokens else { return };
    if tokens == 0 {
        let reason = "the format has no request for nothing but a warm cache";
        writer.losses.push(Loss::refused(writer.request.names.max_tokens, reason));
    }
    // Clients ask for what their own models write; hosts refuse what theirs cannot.
    let most = writer.abilities.max_output_tokens;
    if let Some(most) = most.filter(|most| *most < tokens) {
        let path = writer.request.names.max_tokens;
        writer.losses.push(Loss::clamped(path, "the model writes less"));
        tokens = most;
    }
    let member =
        if writer.quirks().completion_limit { "max_completion_tokens" } else { "max_tokens" };
    body.count(member, tokens);
}

/// An id that is too long is told apart by its hash just as well. (facts: translation, section 1)
fn user(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let Request { user: Some(user), names, .. } = writer.request else { return };
    let member = match writer.quirks().user {
        UserMember::User => "user",
        UserMember::SafetyIdentifier => "safety_identifier",
        UserMember::Nobody => {
            let reason = "the host does not ask who is behind a request";
            writer.losses.push(Loss::dropped(names.user, reason));
            return;
        }
    };
    if user.chars().count() <= MAX_USER {
        body.text(member, user);
    } else {
        body.text(member, &format!("sha256:{}", names::hex(user, 64)));
    }
}

fn tier(writer: &mut Writer<'_>, body: &mut Object<'_>) {
    let Some(tier) = writer.request.tier else { return };
    match tier {
        Tier::Auto if writer.quirks().takes_tier => body.text("service_tier", "auto"),
        Tier::Standard if writer.quirks().takes_tier => body.text("service_tier", "default"),
        // A host without tiers chooses, as it was asked to.
        Tier::Auto => {}
        Tier::Standard => {
            let reason = "the host has no tiers";
            writer.losses.push(Loss::dropped("service_tier", reason));
        }
    }
}

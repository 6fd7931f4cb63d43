//! Sampling and stops, as far as the model takes them.

use routectl_core::{Loss, Sampling};

use super::target::Target;
use crate::claude;

/// What is left of the client's sampling.
pub(super) fn fit(
    asked: Sampling,
    target: Target<'_>,
    thinks: bool,
    losses: &mut Vec<Loss>,
) -> Sampling {
    let known = target.sampling();
    // A value that is the default says nothing. (facts: Anthropic Messages, section 7)
    let refused = target.abilities.quirks.refuses_sampling;
    let means_nothing = thinks || refused || known.is_some();
    let temperature = asked.temperature.filter(|it| !(is_one(*it) && means_nothing));
    let top_p = asked.top_p.filter(|it| !is_one(*it));
    let asked = Sampling { temperature, top_p, top_k: asked.top_k };
    if refused {
        let reason = "this version of the API knows no sampling members";
        return without(asked, |_| false, reason, losses);
    }
    if known == Some(claude::Sampling::Refused) {
        let reason = "this model takes no sampling members";
        return without(asked, |_| false, reason, losses);
    }
    if thinks && target.is_claude() {
        let reason = "a model that thinks takes a top_p from 0.95 on and nothing else";
        return without(asked, |top_p| top_p >= 0.95, reason, losses);
    }
    let mut kept = asked;
    if known == Some(claude::Sampling::TempXorTopP) && temperature.is_some() && top_p.is_some() {
        losses.push(Loss::dropped("top_p", "this model takes temperature or top_p, not both"));
        kept.top_p = None;
    }
    if kept.temperature.is_some_and(|temperature| temperature > 1.0) {
        losses.push(Loss::clamped("temperature", "the host knows temperatures up to 1"));
        kept.temperature = Some(1.0);
    }
    kept
}

fn is_one(number: f64) -> bool {
    (number - 1.0).abs() < f64::EPSILON
}

/// Nothing but a `top_p` that is allowed.
fn without(
    asked: Sampling,
    allows: fn(f64) -> bool,
    reason: &'static str,
    losses: &mut Vec<Loss>,
) -> Sampling {
    let top_p = asked.top_p.filter(|top_p| allows(*top_p));
    let lost = [
        ("temperature", asked.temperature.is_some()),
        ("top_p", asked.top_p.is_some() && top_p.is_none()),
        ("top_k", asked.top_k.is_some()),
    ];
    let lost = lost.into_iter().filter(|(_, lost)| *lost);
    losses.extend(lost.map(|(member, _)| Loss::dropped(member, reason)));
    Sampling { temperature: None, top_p, top_k: None }
}

/// Stops that the host takes, and those at which routectl has to end the answer itself: Messages
/// refuses what is whitespace alone. (facts: translation, section 1)
pub(super) fn stops(
    asked: &[String],
    member: &str,
    losses: &mut Vec<Loss>,
) -> (Vec<String>, Vec<String>) {
    let asked = asked.iter().filter(|stop| !stop.is_empty()).cloned();
    let (taken, ours): (Vec<String>, Vec<String>) = asked.partition(|stop| !stop.trim().is_empty());
    if !ours.is_empty() {
        let reason = "stops of whitespace alone are kept by routectl";
        losses.push(Loss::emulated(member, reason));
    }
    (taken, ours)
}

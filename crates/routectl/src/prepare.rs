//! Room 5, prepare: target → lane: the client's bytes with named edits, or read → hub → write
//! with losses; then shape and sign.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use routectl_core::{Abilities, Failure, Fate, Loss, Needs, Request as Hub};
use routectl_providers::{Call, Credential, Provider, outbound};
use routectl_wire::dialects::echo::RECALLED;
use routectl_wire::{Changes, Document, Edit, Fit, MESSAGES, Reply, Spliced, claude, repair};

use crate::call_id::Calls;
use crate::inbound::Inbound;
use crate::memory::Recall;
use crate::target::{Target, Unfit, Upstream};

/// The way of one request to one target.
pub enum Lane {
    /// Same format: the client's bytes, but for named edits.
    Native(Fit),
    /// Another format: written anew.
    Translated(Box<Translation>),
}

/// A request in the target's words, and what is needed to tell the answer in the client's.
pub struct Translation {
    pub document: Document,
    /// What the target does not get with its full meaning.
    pub losses: Vec<Loss>,
    pub changes: Changes,
    pub reply: Reply,
    /// Betas that the target was heard to refuse: its provider leaves them out.
    pub refused_betas: Vec<Arc<str>>,
}

/// Why a target cannot serve what a request holds, as far as can be told without saying it to
/// the target. The needs are read for the first target that has limits.
pub fn unfit(inbound: &Inbound, target: &Target, needs: &mut Option<Needs>) -> Option<Unfit> {
    if let Upstream::NotYet { kind } = &target.upstream {
        return Some(Unfit::NotServed { kind });
    }
    if !target.has_limits() {
        return None;
    }
    let needs = needs.get_or_insert_with(|| inbound.format.needs(&inbound.document));
    target.too_small_for(needs)
}

impl Lane {
    /// The lane of a request to a target that takes this much.
    ///
    /// # Errors
    /// Why the request cannot be said to this target.
    pub fn new(
        inbound: &Inbound,
        target: &Target,
        abilities: &Abilities,
        strict: bool,
    ) -> Result<Self, Unfit> {
        let provider = match &target.upstream {
            Upstream::Served { provider, .. } => provider,
            Upstream::NotYet { kind } => return Err(Unfit::NotServed { kind }),
        };
        if provider.format().name() == inbound.format.name() {
            let mut fit = native(inbound, target, abilities);
            if let Some(thoughts) = &target.thoughts {
                let thread = thoughts.thread(inbound, &target.key);
                let calls = OnceCell::new();
                let calls = || calls.get_or_init(|| counted(inbound, |it| thread.calls(it)));
                let later = |key, at| calls().later(key, at);
                thread.fit(&inbound.document, &abilities.refused.seals, (&later, &mut fit));
            }
            let call = call(inbound, &inbound.document, target, &abilities.refused.betas);
            let narrow = |body: &Document| provider.narrow(&Call { body, ..call }, abilities);
            fit.follow(&inbound.document, narrow);
            fit.refused_betas.clone_from(&abilities.refused.betas);
            bearable(&fit.losses, strict)?;
            return Ok(Self::Native(fit));
        }
        let request = match inbound.request() {
            Ok(request) => request,
            Err(bad) => return Err(Unfit::Unreadable(bad.clone())),
        };
        let reminded = reminded(inbound, target, request);
        let request = reminded.as_ref().unwrap_or(request);
        let without = repair::without(request, &abilities.refused);
        let (request, left) = match &without {
            Some((request, losses)) => (request, losses.as_slice()),
            None => (request, [].as_slice()),
        };
        let unasked = abilities.auto_cache && inbound.format.marks_caches();
        let uncached = unasked.then(|| Abilities { auto_cache: false, ..abilities.clone() });
        let abilities = uncached.as_ref().unwrap_or(abilities);
        let mut spelled = provider.format().write(request, abilities);
        spelled.losses.extend_from_slice(left);
        spelled.losses.retain(|loss| loss.path != RECALLED);
        let mut reply = Reply::to(request, &spelled, inbound.created);
        reply.reasoning_fields = target.reasoning_fields.unwrap_or_default();
        // What the target wants to hear again is remembered, or else it has to go through the client.
        reply.untold = asks_for_none(inbound, request, &abilities.upstream)
            && (inbound.recall.is_some() || !target.hears_thinking(inbound.format));
        let mut document = written(spelled.body)?;
        let narrowed =
            provider.narrow(&call(inbound, &document, target, &abilities.refused.betas), abilities);
        spelled.losses.extend(narrowed.losses);
        bearable(&spelled.losses, strict)?;
        if !narrowed.edits.is_empty() {
            document = written(document.spliced(&narrowed.edits).joined())?;
        }
        Ok(Self::Translated(Box::new(Translation {
            document,
            losses: spelled.losses,
            changes: spelled.changes,
            reply,
            refused_betas: abilities.refused.betas.clone(),
        })))
    }

    /// Whether a target would get the same through this lane as through the other one.
    pub fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Native(this), Self::Native(other)) => {
                this.edits == other.edits && this.refused_betas == other.refused_betas
            }
            (Self::Translated(this), Self::Translated(other)) => {
                this.document.bytes() == other.document.bytes()
                    && this.refused_betas == other.refused_betas
            }
            (Self::Native(_), Self::Translated(_)) | (Self::Translated(_), Self::Native(_)) => {
                false
            }
        }
    }

    /// What a target was told through this lane, seals and all, in the hub's words.
    pub fn said(&self, inbound: &Inbound, target: &Target) -> Option<Hub> {
        match self {
            Self::Native(fit) => {
                let sent = inbound.document.spliced(&fit.edits).joined();
                inbound.format.read(&Document::parse(sent).ok()?).ok()
            }
            Self::Translated(_) => {
                let request = inbound.request().ok()?;
                Some(reminded(inbound, target, request).unwrap_or_else(|| request.clone()))
            }
        }
    }

    /// The name in `x-routectl-lane` and in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Native(_) => "native",
            Self::Translated(_) => "translated",
        }
    }

    /// What the target does not get with its full meaning.
    pub fn losses(&self) -> &[Loss] {
        match self {
            Self::Native(fit) => &fit.losses,
            Self::Translated(translation) => &translation.losses,
        }
    }

    /// Betas that the target was heard to refuse.
    fn refused_betas(&self) -> &[Arc<str>] {
        match self {
            Self::Native(fit) => &fit.refused_betas,
            Self::Translated(translation) => &translation.refused_betas,
        }
    }

    /// The body that edits are made on.
    pub fn document<'a>(&'a self, inbound: &'a Inbound) -> &'a Document {
        match self {
            Self::Native(_) => &inbound.document,
            Self::Translated(translation) => &translation.document,
        }
    }
}

/// A body of ours.
fn written(body: impl Into<Bytes>) -> Result<Document, Unfit> {
    Document::parse(body.into()).map_err(|error| Unfit::Miswritten { why: error.to_string() })
}

/// A request on its way to a target, with this body.
fn call<'a>(
    inbound: &'a Inbound,
    body: &'a Document,
    target: &'a Target,
    refused_betas: &'a [Arc<str>],
) -> Call<'a> {
    Call {
        body,
        client: &inbound.headers,
        query: inbound.query.as_deref(),
        streamed: inbound.streamed,
        model: &target.model,
        refused_betas,
    }
}

/// Whether a client wants no thinking. In Messages, who does not ask for it gets none, and may take
/// the first block of an answer for its text, but of a Claude that thinks unasked; in Chat, all
/// hosts that think tell it unasked. (facts: Anthropic Messages, section 7; reasoning, section 2)
fn asks_for_none(inbound: &Inbound, request: &Hub, upstream: &str) -> bool {
    let asked = &request.reasoning;
    let thinks_unasked = || claude::generation(upstream).is_some_and(|it| it.thinks_by_default);
    match asked.enabled {
        Some(enabled) => !enabled,
        None => {
            let is_messages = inbound.format.name() == MESSAGES.name();
            asked.budget.is_none() && is_messages && !thinks_unasked()
        }
    }
}

/// A request with what is remembered of the thinking that its client left out.
fn reminded(inbound: &Inbound, target: &Target, request: &Hub) -> Option<Hub> {
    recall(inbound, target)?.reminded(request)
}

/// What this target may be reminded of.
fn recall<'a>(inbound: &'a Inbound, target: &Target) -> Option<&'a Recall> {
    inbound.recall.as_ref().filter(|_| target.hears_thinking(inbound.format))
}

/// What is changed of a request that stays in its format.
fn native(inbound: &Inbound, target: &Target, abilities: &Abilities) -> Fit {
    let (format, body) = (inbound.format, &inbound.document);
    match recall(inbound, target).filter(|recall| recall.knows_any()) {
        Some(recall) => {
            let calls = OnceCell::new();
            let calls = || calls.get_or_init(|| counted(inbound, |it| recall.calls(it)));
            let known = |at: usize, id: &str, arguments: &str| {
                recall.thinking((id, arguments), |key| calls().later(key, at))
            };
            format.fit_recalling(body, abilities, &known)
        }
        None => format.fit(body, abilities),
    }
}

/// The calls of a request that have to be counted; the body is read for that only where ids say
/// nothing alone.
fn counted(inbound: &Inbound, of: impl Fn(&Hub) -> Calls) -> Calls {
    inbound.request().map(of).unwrap_or_default()
}

/// Whether a request may be said with these losses.
fn bearable(losses: &[Loss], strict: bool) -> Result<(), Unfit> {
    let refused = |loss: &&Loss| loss.fate == Fate::Refused;
    if losses.iter().any(|loss| refused(&loss)) {
        let losses = losses.iter().filter(refused).cloned().collect();
        return Err(Unfit::CannotSay { losses });
    }
    if strict && !losses.is_empty() {
        return Err(Unfit::WouldLose { losses: losses.to_vec() });
    }
    Ok(())
}

/// The request to a target: edited and shaped.
///
/// # Errors
/// When the credential cannot stand in a header.
pub fn request(
    inbound: &Inbound,
    lane: &Lane,
    target: &Target,
    (provider, credential): (&dyn Provider, &Credential),
) -> Result<Request<Spliced>, Failure> {
    let fitted: &[Edit] = match lane {
        Lane::Native(fit) => &fit.edits,
        Lane::Translated(_) => &[],
    };
    let body = lane.document(inbound);
    let mut call = call(inbound, body, target, lane.refused_betas());
    if matches!(lane, Lane::Translated(_)) {
        // Another format's host is always asked for a stream. (decisions: 0005)
        call.streamed = true;
        // Parameters of another format's host mean nothing here, or something else.
        call.query = None;
    }
    let mut edits = provider.edits(&call);
    tracing::trace!(edits = ?fitted.iter().chain(&edits).map(|it| it.name).collect::<Vec<_>>());
    // The operator's extras are merged into what the target gets, and win.
    let meets = |edit: &Edit| edits.iter().any(|operators| operators.member == edit.member);
    let fit = fitted.iter().any(meets).then(|| Document::parse(body.spliced(fitted).joined()));
    match &fit {
        Some(Ok(fit)) => {
            call.body = fit;
            edits = provider.edits(&call);
        }
        // What is spliced is JSON as it was before.
        Some(Err(_)) | None if !fitted.is_empty() => {
            edits = fitted.iter().cloned().chain(edits).collect();
        }
        Some(Err(_)) | None => {}
    }
    let body = call.body.spliced(&edits);
    outbound(provider, &call, body, credential)
}

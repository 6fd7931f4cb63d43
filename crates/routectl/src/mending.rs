//! Mending a request that its target refused for something that can be written otherwise: once per
//! target, at the same target, at once. What helped is remembered. (decisions: 0008)

use routectl_core::{Abilities, Class, Failure};
use routectl_policy::TargetId;
use routectl_wire::repair::{self, Complaint, Mend, Named};
use routectl_wire::{ClientFormat, Document, MESSAGES};

use crate::inbound::Inbound;
use crate::learned::Learned;
use crate::prepare::Lane;
use crate::target::Target;

/// A mended request that is on its way.
#[derive(Debug)]
pub struct Mending {
    pub target: TargetId,
    cure: Cure,
    /// What the target is believed to take.
    abilities: Abilities,
    /// The seals that were refused.
    seals: Vec<u64>,
}

/// What is changed after a refusal.
#[derive(Debug)]
enum Cure {
    /// What the target is believed to take.
    Mend(Mend),
    /// What was named is left out.
    Leave { complaint: Complaint, named: Named },
}

/// What a failure says of the mend that went before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequel {
    /// It helped: now something else is refused.
    Helped,
    /// It did not help.
    Failed,
    /// Nothing.
    Open,
}

impl Mending {
    /// The way of a refused request to the same target, changed by what the refusal says; `None`
    /// where nothing can be changed, or not without a loss that the operator does not want.
    pub fn of(
        refused: (&Inbound, TargetId, &Target, &Lane),
        failure: &Failure,
        learned: &Learned,
        strict: bool,
    ) -> Option<(Self, Lane)> {
        let (inbound, id, target, lane) = refused;
        let cure = Cure::of((inbound, target, lane), failure)?;
        let now = tokio::time::Instant::now().into_std();
        let known = (!strict).then(|| learned.abilities(target, now)).flatten();
        let mut abilities = known.unwrap_or_else(|| target.abilities.clone());
        cure.apply(&mut abilities);
        let mended = Lane::new(inbound, target, &abilities, strict).ok()?;
        if mended.says_the_same(lane) {
            return None;
        }
        let sent = cure.is(Mend::LeaveSeals).then(|| lane.said(inbound, target)).flatten();
        let seals = sent.map(|sent| repair::digests(&sent, failure)).unwrap_or_default();
        Some((Self { target: id, cure, abilities, seals }, mended))
    }

    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        match &self.cure {
            Cure::Mend(mend) => mend.name(),
            Cure::Leave { .. } => "leave-named",
        }
    }

    /// What the next failure of its target says of it.
    pub fn sequel(&self, failure: &Failure) -> Sequel {
        let complains = |mend: Option<Mend>| match mend {
            // Where an empty text did not do, words may.
            Some(next) if !self.cure.is(next) || next == Mend::EchoBlank => Sequel::Helped,
            Some(_) => Sequel::Failed,
            None if matches!(failure.class, Class::BadRequest | Class::FeatureUnsupported) => {
                Sequel::Failed
            }
            None => Sequel::Open,
        };
        match (&self.cure, repair::complaint(failure)) {
            (Cure::Leave { complaint, .. }, Some(next)) if *complaint != next => Sequel::Helped,
            (Cure::Leave { .. }, Some(_)) => Sequel::Failed,
            // What it complained of by name is out of its sight, if it complains of something else.
            (Cure::Leave { complaint, .. }, None)
                if *complaint != Complaint::SomeBeta && failure.class == Class::BadRequest =>
            {
                Sequel::Helped
            }
            (Cure::Leave { .. }, None) | (Cure::Mend(_), _) => complains(repair::mend(failure)),
        }
    }

    /// It helped.
    pub fn remember(self, target: &Target, learned: &Learned) {
        let now = tokio::time::Instant::now().into_std();
        match self.cure {
            Cure::Mend(mend) => learned.learn(target, (mend, &self.abilities), &self.seals, now),
            Cure::Leave { named, .. } => learned.learn_names(target, &named, now),
        }
    }
}

/// Whether a refusal is of a kind that is mended for this target.
pub fn is_mendable(target: &Target, failure: &Failure) -> bool {
    let by_name = || target.abilities.mends_members && repair::complaint(failure).is_some();
    repair::mend(failure).is_some() || by_name()
}

impl Cure {
    fn of((inbound, target, lane): (&Inbound, &Target, &Lane), failure: &Failure) -> Option<Self> {
        let mend = repair::mend(failure);
        if !target.abilities.mends_members {
            let mend = mend?;
            let native = matches!(lane, Lane::Native(_));
            let ours = !native || is_ours(mend, inbound.format, failure);
            return ours.then_some(Self::Mend(mend));
        }
        match (mend, repair::complaint(failure)) {
            // A path tells more of a member than its name.
            (
                Some(Mend::Leave(_) | Mend::LeaveThisTime(_) | Mend::LeaveHistory) | None,
                Some(it),
            ) => Self::leave(it, inbound, lane).or_else(|| mend.map(Self::Mend)),
            (mend, _) => mend.map(Self::Mend),
        }
    }

    fn leave(complaint: Complaint, inbound: &Inbound, lane: &Lane) -> Option<Self> {
        let fitted;
        let sent = match lane {
            Lane::Translated(translation) => &translation.document,
            Lane::Native(fit) => {
                fitted = Document::parse(inbound.document.spliced(&fit.edits).joined()).ok()?;
                &fitted
            }
        };
        let betas = inbound.headers.get_all("anthropic-beta");
        let client: Vec<_> = betas.iter().filter_map(|value| value.to_str().ok()).collect();
        let named = Named::of(&complaint, sent, &client);
        (named != Named::default()).then_some(Self::Leave { complaint, named })
    }

    fn is(&self, other: Mend) -> bool {
        matches!(self, Self::Mend(mend) if *mend == other)
    }

    fn apply(&self, abilities: &mut Abilities) {
        match self {
            Self::Mend(mend) => mend.apply(abilities),
            Self::Leave { named, .. } => named.apply(abilities),
        }
    }
}

/// Whether a refusal of a client's own body is for us to mend. What is not about thinking is the
/// client's affair, and so is what the clients of Messages mend themselves when they are told in
/// these words. (facts: clients, section 2.5)
fn is_ours(mend: Mend, format: &dyn ClientFormat, failure: &Failure) -> bool {
    let left_to_it = format.name() == MESSAGES.name() && repair::is_the_clients(failure);
    mend.is_about_thinking() && !left_to_it
}

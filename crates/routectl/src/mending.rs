//! Mending a request that its target refused for something that can be written otherwise: once per
//! target, at the same target, at once. What helped is remembered. (decisions: 0008)

use routectl_core::{Abilities, Class, Failure};
use routectl_policy::TargetId;
use routectl_wire::repair::{self, Mend};
use routectl_wire::{ClientFormat, MESSAGES};

use crate::inbound::Inbound;
use crate::learned::Learned;
use crate::prepare::Lane;
use crate::target::Target;

/// A mended request that is on its way.
#[derive(Debug)]
pub struct Mending {
    pub target: TargetId,
    mend: Mend,
    /// What the target is believed to take.
    abilities: Abilities,
    /// The seals that were refused.
    seals: Vec<u64>,
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
        let mend = repair::mend(failure)?;
        if matches!(lane, Lane::Native(_)) && !is_ours(mend, inbound.format, failure) {
            return None;
        }
        let now = tokio::time::Instant::now().into_std();
        let known = (!strict).then(|| learned.abilities(target, now)).flatten();
        let mut abilities = known.unwrap_or_else(|| target.abilities.clone());
        mend.apply(&mut abilities);
        let mended = Lane::new(inbound, target, &abilities, strict).ok()?;
        if mended.says_the_same(lane) {
            return None;
        }
        let sent = (mend == Mend::LeaveSeals).then(|| lane.said(inbound, target)).flatten();
        let seals = sent.map(|sent| repair::digests(&sent, failure)).unwrap_or_default();
        Some((Self { target: id, mend, abilities, seals }, mended))
    }

    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        self.mend.name()
    }

    /// What the next failure of its target says of it.
    pub fn sequel(&self, failure: &Failure) -> Sequel {
        match repair::mend(failure) {
            // Where an empty text did not do, words may.
            Some(next) if next != self.mend || next == Mend::EchoBlank => Sequel::Helped,
            Some(_) => Sequel::Failed,
            None if matches!(failure.class, Class::BadRequest | Class::FeatureUnsupported) => {
                Sequel::Failed
            }
            None => Sequel::Open,
        }
    }

    /// It helped.
    pub fn remember(self, target: &Target, learned: &Learned) {
        let now = tokio::time::Instant::now().into_std();
        learned.learn(target, (self.mend, &self.abilities), &self.seals, now);
    }
}

/// Whether a refusal of a client's own body is for us to mend. What is not about thinking is the
/// client's affair, and so is what the clients of Messages mend themselves when they are told in
/// these words. (facts: clients, section 2.5)
fn is_ours(mend: Mend, format: &dyn ClientFormat, failure: &Failure) -> bool {
    let left_to_it = format.name() == MESSAGES.name() && repair::is_the_clients(failure);
    mend.is_about_thinking() && !left_to_it
}

//! How much a model should think, and what the client wants to see of it.

/// How hard a model should think, weakest first. "Not at all" is `ReasoningControl::enabled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// Every effort, weakest first.
    pub const ALL: [Self; 6] =
        [Self::Minimal, Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    /// The word that formats and configuration use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The effort with this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name() == name)
    }

    /// The thinking budget that this effort stands for, in tokens. One table, both ways.
    pub fn budget(self) -> u64 {
        match self {
            Self::Minimal => 512,
            Self::Low => 1_024,
            Self::Medium => 8_192,
            Self::High => 24_576,
            Self::Xhigh => 32_768,
            Self::Max => 128_000,
        }
    }

    /// The weakest effort whose budget holds so many tokens.
    pub fn of_budget(tokens: u64) -> Self {
        Self::ALL.into_iter().find(|effort| tokens <= effort.budget()).unwrap_or(Self::Max)
    }

    /// This effort as far as a target knows it: the nearest one not above it, else the weakest
    /// there is. An empty list knows them all.
    #[must_use]
    pub fn clamped(self, known: &[Self]) -> Self {
        let below = known.iter().copied().filter(|effort| *effort <= self).max();
        below.or_else(|| known.iter().copied().min()).unwrap_or(self)
    }
}

/// What a client asks of a model's thinking. `None` is what it did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReasoningControl {
    /// Whether to think at all.
    pub enabled: Option<bool>,
    /// How hard.
    pub effort: Option<Effort>,
    /// At most so many tokens.
    pub budget: Option<u64>,
    /// What the client wants to see of it.
    pub show: Option<Show>,
}

impl ReasoningControl {
    /// Whether the client said anything.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// What a client wants to see of the thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Its text, or the vendor's summary of it.
    Text,
    /// Nothing.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_and_efforts_lead_back_to_each_other() {
        for effort in Effort::ALL {
            assert_eq!(Effort::of_budget(effort.budget()), effort);
            assert_eq!(Effort::named(effort.name()), Some(effort));
        }
        for (tokens, effort) in [
            (0, Effort::Minimal),
            (513, Effort::Low),
            (1_025, Effort::Medium),
            (10_000, Effort::High),
            (31_999, Effort::Xhigh),
            (32_769, Effort::Max),
            (1_000_000, Effort::Max),
        ] {
            assert_eq!(Effort::of_budget(tokens), effort, "{tokens}");
        }
    }

    #[test]
    fn an_effort_is_clamped_to_the_nearest_one_not_above_it() {
        use Effort::{High, Low, Max, Medium, Minimal, Xhigh};
        for (asked, known, given) in [
            (Xhigh, &[Low, Medium, High][..], High),
            (Minimal, &[Low, Medium, High], Low),
            (Max, &[Low, Max], Max),
            (Medium, &[High, Low], Low),
            (Xhigh, &[], Xhigh),
        ] {
            assert_eq!(asked.clamped(known), given, "{asked:?} of {known:?}");
        }
    }
}

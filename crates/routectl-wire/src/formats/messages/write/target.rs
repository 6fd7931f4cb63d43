//! What the model behind a target takes: our table of Claude's generations where it knows the
//! model, else the configuration's word. Of models that neither knows everything is believed that
//! can be told otherwise only by asking them.

use routectl_core::{Abilities, Effort, Refused};

use crate::claude::{self, Generation, Sampling, Thinking, When};

/// One target of a translation into Messages.
#[derive(Debug, Clone, Copy)]
pub(in crate::formats) struct Target<'a> {
    pub(in super::super) abilities: &'a Abilities,
    generation: Option<&'static Generation>,
    api: Api,
}

/// What the API in front of a model lets through of what the model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::formats) struct Api {
    pub(in crate::formats) system_in_messages: bool,
    pub(in crate::formats) forced_choice: bool,
    /// Schemas of answers.
    pub(in crate::formats) schemas: bool,
    pub(in crate::formats) strict_tools: bool,
    /// Thinking between the calls of tools only.
    pub(in crate::formats) between_tools: bool,
    /// Thinking beside a forced tool.
    pub(in crate::formats) thinks_when_forced: bool,
}

impl Api {
    /// Anthropic's own, and those that imitate it.
    pub(in crate::formats) const MESSAGES: Self = Self {
        system_in_messages: true,
        forced_choice: true,
        schemas: true,
        strict_tools: true,
        between_tools: true,
        thinks_when_forced: true,
    };
}

impl<'a> Target<'a> {
    pub(in super::super) fn of(abilities: &'a Abilities) -> Self {
        Self::behind(Api::MESSAGES, abilities)
    }

    /// A model that is asked through another API.
    pub(in crate::formats) fn behind(api: Api, abilities: &'a Abilities) -> Self {
        Self { abilities, generation: claude::generation(&abilities.upstream), api }
    }

    /// Whether this is a model of Anthropic's, which may get what Claude sealed.
    pub(in crate::formats) fn is_claude(self) -> bool {
        claude::is_claude(&self.abilities.upstream)
    }

    /// What a request without a limit gets, since the format demands one.
    pub(in super::super) fn max_tokens(self) -> u64 {
        let configured = self.abilities.max_output_tokens;
        configured.unwrap_or_else(|| claude::max_output(&self.abilities.upstream))
    }

    /// The most that the model is known to write, or configured to.
    pub(in crate::formats) fn most_tokens(self) -> u64 {
        let known = self.generation.map_or(u64::MAX, |generation| generation.max_output);
        known.max(self.abilities.max_output_tokens.unwrap_or(0))
    }

    /// Whether system messages may stand among the others. Hosts that imitate the format do not
    /// know them, while a user's text is read by all.
    pub(super) fn takes_system_in_messages(self) -> bool {
        self.api.system_in_messages
            && self.generation.is_some_and(|generation| generation.system_in_messages)
    }

    /// Whether a conversation may end with the assistant's words.
    pub(super) fn takes_prefill(self) -> bool {
        self.generation.is_none_or(|generation| generation.prefill)
    }

    /// Whether a request may force a tool.
    pub(super) fn takes_forced_choice(self) -> bool {
        self.api.forced_choice
            && self.generation.is_none_or(|generation| generation.forced_tool_choice)
    }

    /// Whether it takes `output_config.format`.
    pub(super) fn takes_schemas(self) -> bool {
        self.api.schemas && self.enforces_schemas()
    }

    /// Whether it takes `strict` tools.
    pub(super) fn takes_strict_tools(self) -> bool {
        self.api.strict_tools && self.enforces_schemas()
    }

    fn enforces_schemas(self) -> bool {
        self.generation.is_none_or(|generation| generation.structured_outputs)
    }

    /// Which sampling members it takes; `None` takes all.
    pub(super) fn sampling(self) -> Option<Sampling> {
        self.generation.map(|generation| generation.sampling)
    }

    /// Which words of `thinking.type` it takes.
    pub(super) fn thinking(self) -> Thinking {
        let adaptive = if self.abilities.adaptive_thinking { When::Always } else { When::Never };
        self.known_thinking().unwrap_or(Thinking {
            enabled: When::Always,
            adaptive,
            disabled: When::Always,
            between_tools: When::Never,
        })
    }

    /// The same, where anything is known of it but the configuration's word.
    pub(in super::super) fn known_thinking(self) -> Option<Thinking> {
        let Refused { budget, adaptive, disabled, .. } = self.abilities.refused;
        let was_heard = budget || adaptive || disabled;
        let any = Thinking {
            enabled: When::Always,
            adaptive: When::Always,
            disabled: When::Always,
            between_tools: When::Never,
        };
        let takes = self.generation.map(|generation| generation.thinking);
        let takes = takes.or_else(|| was_heard.then_some(any))?;
        let unless = |refused: bool, when| if refused { When::Never } else { when };
        Some(Thinking {
            enabled: unless(budget, takes.enabled),
            // What refuses one way to think knows the other one.
            adaptive: unless(adaptive, if budget { When::Always } else { takes.adaptive }),
            disabled: unless(disabled, takes.disabled),
            between_tools: unless(!self.api.between_tools, takes.between_tools),
        })
    }

    /// Whether it may think though a tool is forced.
    pub(super) fn thinks_when_forced(self) -> bool {
        self.api.thinks_when_forced
    }

    /// Whether it takes an effort.
    pub(in super::super) fn takes_effort(self) -> bool {
        let known = self.generation.is_none_or(|generation| !generation.efforts.is_empty());
        known && !self.abilities.refused.effort
    }

    pub(super) fn thinks_by_default(self) -> bool {
        self.generation.is_some_and(|generation| generation.thinks_by_default)
    }

    /// Whether the text of its thinking stays away unless the request asks for it.
    pub(super) fn hides_thinking(self) -> bool {
        match self.generation {
            Some(generation) => generation.hides_thinking,
            None => self.is_claude(),
        }
    }

    /// The efforts that both our table and the configuration know; empty knows them all.
    pub(in super::super) fn efforts(self) -> Vec<Effort> {
        let configured = &self.abilities.efforts;
        let Some(generation) = self.generation else { return configured.clone() };
        let known = generation.efforts.iter().copied();
        let both: Vec<_> =
            known.filter(|effort| configured.is_empty() || configured.contains(effort)).collect();
        if both.is_empty() { generation.efforts.to_vec() } else { both }
    }
}

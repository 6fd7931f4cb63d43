//! How a host that speaks Chat speaks of thinking: by which members it is asked, in which ones it
//! answers, what it has to hear of earlier turns, and whose seals it reads. The answers do not depend
//! on each other. (facts: reasoning, sections 1, 6 and 7)
//!
//! A *path* is a member of the body, or one below it after a dot: `reasoning.effort`.

use crate::Effort;

/// One host's way with thinking, as far as one of its models goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub name: &'static str,
    pub control: Control,
    pub readout: Readout,
    pub echo: Echo,
    /// The `format` of its pieces of thinking that have no seal.
    pub tag: &'static str,
    /// The families whose seals it reads.
    pub seals: &'static [&'static str],
    /// Members of the body that the model refuses since it thinks.
    pub refuses: &'static [&'static str],
    /// What a client of the same format says of thinking stays as it is.
    pub hands_off: bool,
}

/// By which members a host is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    pub switch: Option<Switch>,
    pub effort: Option<Efforts>,
    /// A word beside the known ones is no reason to refuse: the host makes of it what it can, or a
    /// newer model knows it. Who says one in the host's own member is let through with it.
    pub takes_any_effort: bool,
    pub budget: Option<Budget>,
    /// What keeps the thinking out of the answer.
    pub hide: Option<Fixed>,
    /// What every request says unless its client says it otherwise.
    pub always: &'static [Fixed],
    /// Members beside those above that hosts of this dialect take from their own clients.
    pub knows: &'static [&'static str],
    /// The model thinks when it is not asked to.
    pub unasked: bool,
    /// The model thinks in streams only.
    pub streamed_only: bool,
}

/// How thinking is switched on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    pub path: &'static str,
    /// Raw JSON; without it there is no word for "on".
    pub on: Option<&'static str>,
    /// Raw JSON; without it the model always thinks.
    pub off: Option<&'static str>,
    /// "On" is said beside an effort or a budget too.
    pub beside: bool,
}

/// How hard a host can be asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Efforts {
    pub path: &'static str,
    /// Weakest first; empty knows them all.
    pub known: &'static [Effort],
}

/// How many tokens a host can be told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub path: &'static str,
    /// With less than this it does not think.
    pub least: u64,
}

/// A member that has one value only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed {
    pub path: &'static str,
    /// Raw JSON.
    pub json: &'static str,
}

/// Where a host tells its thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readout {
    /// Members of a message, streamed or not. Of several that say something the first counts.
    pub members: &'static [&'static str],
    /// It may stand inside the text, between tags.
    pub tags: Option<Tags>,
}

/// Where tags of thinking may stand in a text, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tags {
    /// Any other tag is text: a prompt may have asked for it.
    pub pairs: &'static [TagPair],
    pub opened_by: Opener,
    /// Thinking may follow other text.
    pub again: bool,
}

/// Two tags with thinking between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagPair {
    pub open: &'static str,
    pub close: &'static str,
}

/// Who says the first opening tag of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// The answer. Without one it has not thought.
    Answer,
    /// The answer, or its prompt before it: a closing tag then tells.
    Either,
    /// The prompt ends with it, so the answer has none.
    Prompt,
}

impl TagPair {
    /// What most open models write.
    pub const THINK: Self = Self::new("<think>", "</think>");
    /// Gemini's.
    pub const THOUGHT: Self = Self::new("<thought>", "</thought>");
    /// Mistral's.
    pub const BRACKETS: Self = Self::new("[THINK]", "[/THINK]");

    /// Every pair that models write. (facts: reasoning, section 2.23)
    pub const ALL: &'static [Self] = &[
        Self::THINK,
        Self::new("<thinking>", "</thinking>"),
        Self::THOUGHT,
        Self::new("<reasoning>", "</reasoning>"),
        Self::new("<seed:think>", "</seed:think>"),
        Self::BRACKETS,
        Self::new("◁think▷", "◁/think▷"),
        Self::new("<|begin_of_thought|>", "<|end_of_thought|>"),
    ];

    const fn new(open: &'static str, close: &'static str) -> Self {
        Self { open, close }
    }
}

/// What a host hears of the thinking of earlier turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    pub turns: Turns,
    pub form: Form,
    /// What a turn says that has lost its thinking and needs some.
    pub missing: Missing,
    /// Other members that clients of the host leave in their history and that it lets pass.
    pub beside: &'static [&'static str],
    /// What tells the host to keep the thinking of finished turns.
    pub keep: Option<Fixed>,
}

/// Which turns of the assistant say their thinking. Where any may, all that have some do: a prompt
/// then begins alike from turn to turn, and hosts leave out what they do not want to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// None may.
    None,
    /// Those since the last word of the user's have a use for it.
    Loop,
    /// Those that call tools must.
    Calling,
    /// All must, in conversations with tools.
    All,
}

/// The shape in which thinking goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Its text, in each of these members.
    Text(&'static [&'static str]),
    /// Pieces with their seals in `reasoning_details`.
    Details,
    /// A part of the content, `{"type":"thinking"}`, before the text (Mistral).
    Parts,
    /// Between think tags at the beginning of the text.
    Tags,
    /// Only the signatures that calls of tools carry (Gemini).
    CallSeals,
    /// `reasoning_text` and its seal in `reasoning_opaque` (Copilot).
    Opaque,
}

/// What stands in the place of thinking that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: the host does without.
    Nothing,
    /// The empty text, or the empty list.
    Blank,
    /// These words, since an empty text is refused.
    Words(&'static str),
    /// This in the place of the seal of a step's first call.
    Sentinel(&'static str),
}

/// What the operator lets become of the thinking of earlier turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum History {
    /// What the dialect asks for.
    #[default]
    Auto,
    /// It stays behind.
    Strip,
    /// It goes along wherever it can be said.
    Preserve,
}

impl Control {
    /// Nobody can be told anything.
    pub const NOTHING: Self = Self {
        switch: None,
        effort: None,
        takes_any_effort: false,
        budget: None,
        hide: None,
        always: &[],
        knows: &[],
        unasked: true,
        streamed_only: false,
    };
    /// `reasoning_effort` with the word `none`.
    pub const EFFORT: Self = Self {
        switch: Some(Switch::NONE),
        effort: Some(Efforts { path: "reasoning_effort", known: &[] }),
        ..Self::NOTHING
    };
}

impl Switch {
    /// The effort `none`.
    pub const NONE: Self =
        Self { path: "reasoning_effort", on: None, off: Some("\"none\""), beside: false };
    /// `thinking: { type: enabled | disabled }`, said beside what else is said.
    pub const KIND: Self = Self {
        path: "thinking.type",
        on: Some("\"enabled\""),
        off: Some("\"disabled\""),
        beside: true,
    };

    /// A boolean, said beside what else is said.
    pub const fn flag(path: &'static str) -> Self {
        Self { path, on: Some("true"), off: Some("false"), beside: true }
    }
}

impl Echo {
    /// A host that takes no thinking back.
    pub const NEVER: Self = Self {
        turns: Turns::None,
        form: Form::Text(&["reasoning_content"]),
        missing: Missing::Nothing,
        beside: &[],
        keep: None,
    };
}

impl Dialect {
    /// What the format itself says; every other dialect is told apart from it.
    pub const OPENAI: Self = Self {
        name: "openai",
        control: Control::EFFORT,
        readout: Readout {
            members: &["reasoning_details", "reasoning_content", "reasoning"],
            tags: None,
        },
        echo: Echo::NEVER,
        tag: "unknown",
        seals: &[],
        refuses: &[],
        hands_off: false,
    };

    /// A host that nothing is known of.
    pub const UNKNOWN: Self = Self { hands_off: true, ..Self::OPENAI };
}

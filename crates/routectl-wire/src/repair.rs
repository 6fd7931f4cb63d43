//! What a refusal complains of that can be mended: a seal that is not valid, thinking that is
//! missing, a member that the host does not know. Read from its words, since no vendor has codes for
//! most of it; said as a change of what the target is believed to take, so that the request is
//! written anew by the ordinary ways. (facts: reasoning, section 8.3; provider quirks, section 5)

mod members;
mod named;
mod seals;
#[cfg(test)]
mod tests;

use routectl_core::{
    Abilities, Class, Control, Dialect, Echo, Failure, Fixed, Form, History, Missing, Origin,
    Seals, Turns,
};

use crate::dialects::gemini;
use crate::refusal::{fold, holds};

pub use named::{Complaint, Named, complaint};
pub(crate) use seals::{FOREIGN, REASON, is_all_that_is_heard, is_refused, refuses, why_left};
pub use seals::{digest, digests, without};

/// What keeps a request from being refused for the same reason once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mend {
    /// Sealed thinking of earlier turns stays behind.
    LeaveSeals,
    /// All thinking of earlier turns stays behind.
    LeaveHistory,
    /// Turns that have lost their thinking say something in its place.
    EchoBlank,
    /// Calls that have lost their signature say the host's word for that.
    EchoSentinel,
    /// An effort is asked for: a relay refuses earlier thinking without one.
    AskEffort,
    /// This request is answered without thinking.
    NoThinking,
    /// Thinking is not asked for with a budget.
    NoBudget,
    /// Thinking is not left to the model's discretion.
    NoAdaptive,
    /// The model is not told not to think.
    NoDisabled,
    /// No effort is said in this format.
    NoEffort,
    /// The member of this name is not written.
    Leave(&'static str),
    /// The value of this member is not taken, so it is not written this time.
    LeaveThisTime(&'static str),
}

/// One wording: all its parts in this order, in lower case and without quotes.
type Wording = (Mend, &'static [&'static str]);

/// In the order they are asked.
const WORDINGS: &[Wording] = &[
    // Anthropic, and what imitates it. (facts: Anthropic Messages, section 6.3)
    (Mend::NoThinking, &["expected thinking or redacted_thinking, but found"]),
    (Mend::NoThinking, &["content[].thinking", "must be passed back"]), // DeepSeek
    (Mend::LeaveSeals, &["invalid signature"]),
    (Mend::LeaveSeals, &["signature: field required"]),
    (Mend::LeaveSeals, &["thinking blocks", "cannot be modified"]),
    (Mend::NoBudget, &["thinking.type.enabled is not supported"]),
    (Mend::NoBudget, &["input tag enabled found using type"]),
    (Mend::NoAdaptive, &["adaptive thinking is not supported"]),
    (Mend::NoAdaptive, &["thinking.type.adaptive is not supported"]),
    (Mend::NoAdaptive, &["input tag adaptive found using type"]),
    (Mend::NoDisabled, &["thinking.type.disabled is not supported"]),
    (Mend::NoDisabled, &["input tag disabled found using type"]),
    (Mend::NoEffort, &["not support the effort parameter"]),
    (Mend::NoEffort, &["output_config.effort: extra inputs"]),
    (Mend::NoEffort, &["output_config: extra inputs"]),
    // OpenAI's seals. (facts: OpenAI Responses, section 6)
    (Mend::LeaveSeals, &["invalid_encrypted_content"]),
    (Mend::LeaveSeals, &["encrypted content", "could not be verified"]),
    (Mend::LeaveSeals, &["missing recognized prefix"]), // mantle
    (Mend::LeaveSeals, &["without its required following item"]),
    (Mend::LeaveSeals, &["without its required reasoning item"]),
    // Gemini.
    (Mend::EchoSentinel, &["missing a thought_signature"]),
    (Mend::EchoSentinel, &["corrupted thought signature"]),
    (Mend::EchoSentinel, &["thought signature is not valid"]),
    (Mend::EchoSentinel, &["thought_signature is not valid"]),
    // DeepSeek, Kimi.
    (Mend::EchoBlank, &["reasoning_content", "must be passed back"]),
    (Mend::EchoBlank, &["missing reasoning_content"]),
    (Mend::EchoBlank, &["reasoning_content is missing in assistant"]),
    // Relays. (facts: reasoning, section 10, case 19)
    (Mend::AskEffort, &["reasoning_effort is required"]),
    (Mend::AskEffort, &["reasoning_effort must be set"]),
    (Mend::AskEffort, &["reasoning_effort must be provided"]),
    (Mend::AskEffort, &["without reasoning_effort"]),
    (Mend::AskEffort, &["missing reasoning_effort"]),
];

/// What a refusal can be mended by. Only one that blames the request can.
pub fn mend(failure: &Failure) -> Option<Mend> {
    let blames = matches!(failure.class, Class::BadRequest | Class::FeatureUnsupported);
    if !blames || failure.origin != Origin::Upstream {
        return None;
    }
    let words = &failure.words;
    let others = [&words.code, &words.param, &words.kind].into_iter().flatten();
    let lines: Vec<&str> =
        std::iter::once(&words.message).chain(others).map(String::as_str).collect();
    let said = fold(&lines.join("\n"));
    let plain: String = said.chars().filter(|c| !matches!(c, '"' | '`' | '\'')).collect();
    let known = WORDINGS.iter().find(|(_, parts)| holds(&plain, parts));
    known.map(|(mend, _)| *mend).or_else(|| members::refused(&said, words.param.as_deref()))
}

/// Whether a client that speaks the target's own format knows these words and mends its request
/// itself: Claude Code drops what is called extra, but for `thinking`. (facts: clients, section 2.5)
pub fn is_the_clients(failure: &Failure) -> bool {
    let said = fold(&failure.words.message);
    said.contains("extra inputs are not permitted") && !said.starts_with("thinking")
}

impl Mend {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeaveSeals => "leave-seals",
            Self::LeaveHistory => "leave-history",
            Self::EchoBlank => "echo-blank",
            Self::EchoSentinel => "echo-sentinel",
            Self::AskEffort => "ask-effort",
            Self::NoThinking => "no-thinking",
            Self::NoBudget => "no-budget",
            Self::NoAdaptive => "no-adaptive",
            Self::NoDisabled => "no-disabled",
            Self::NoEffort => "no-effort",
            Self::Leave(_) | Self::LeaveThisTime(_) => "leave-member",
        }
    }

    /// Whether it is about thinking, and so is made on the native lane too; everything else there
    /// is the client's own.
    pub fn is_about_thinking(self) -> bool {
        match self {
            Self::LeaveSeals
            | Self::LeaveHistory
            | Self::EchoBlank
            | Self::EchoSentinel
            | Self::AskEffort
            | Self::NoThinking
            | Self::NoBudget
            | Self::NoAdaptive
            | Self::NoDisabled
            | Self::NoEffort => true,
            Self::Leave(name) | Self::LeaveThisTime(name) => members::speaks_of_thinking(name),
        }
    }

    /// Whether it holds for the next requests too, and not only for what this one says.
    pub fn lasts(self) -> bool {
        match self {
            Self::NoThinking | Self::LeaveThisTime(_) => false,
            Self::LeaveSeals
            | Self::LeaveHistory
            | Self::EchoBlank
            | Self::EchoSentinel
            | Self::AskEffort
            | Self::NoBudget
            | Self::NoAdaptive
            | Self::NoDisabled
            | Self::NoEffort
            | Self::Leave(_) => true,
        }
    }

    /// Believes of a target what its refusal says.
    pub fn apply(self, abilities: &mut Abilities) {
        let Abilities { refused, quirks, .. } = abilities;
        match self {
            Self::LeaveSeals => refused.seals = Seals::All,
            Self::LeaveHistory => abilities.history = History::Strip,
            Self::EchoBlank => {
                refused.silence = true;
                echo_blank(&mut quirks.dialect.echo);
            }
            Self::EchoSentinel => {
                refused.silence = true;
                echo_sentinel(&mut quirks.dialect);
            }
            Self::AskEffort => ask_effort(&mut quirks.dialect),
            Self::NoThinking => refused.thinking = true,
            Self::NoBudget => refused.budget = true,
            Self::NoAdaptive => refused.adaptive = true,
            Self::NoDisabled => refused.disabled = true,
            Self::NoEffort => refused.effort = true,
            Self::Leave(name) | Self::LeaveThisTime(name) => {
                // Of Messages' own word for thinking there is no other.
                if name == "thinking" {
                    (refused.budget, refused.adaptive, refused.disabled) = (true, true, true);
                }
                members::leave(name, quirks);
            }
        }
    }
}

/// Stands for thinking where even an empty text is refused.
const LOST: &str = "I will go on.";

fn echo_blank(echo: &mut Echo) {
    let blank_already = echo.turns == Turns::All && echo.missing == Missing::Blank;
    echo.turns = Turns::All;
    echo.missing = match echo.missing {
        Missing::Blank if blank_already => Missing::Words(LOST),
        Missing::Nothing | Missing::Blank | Missing::Sentinel(_) => Missing::Blank,
        Missing::Words(words) => Missing::Words(words),
    };
    // An empty list of pieces says nothing as well as an empty text does.
    let says_nothing = matches!(echo.form, Form::Text(_)) || echo.form == Form::Details;
    if !says_nothing || (blank_already && echo.form == Form::Details) {
        echo.form = Form::Text(&["reasoning_content"]);
    }
}

fn echo_sentinel(dialect: &mut Dialect) {
    dialect.echo.turns = Turns::Calling;
    if dialect.echo.form != Form::Details {
        dialect.echo.form = Form::CallSeals;
    }
    dialect.echo.missing = Missing::Sentinel(gemini::UNSIGNED);
}

fn ask_effort(dialect: &mut Dialect) {
    if dialect.hands_off {
        *dialect = Dialect { hands_off: false, control: Control::EFFORT, ..*dialect };
    }
    if dialect.control.always.is_empty() {
        dialect.control.always = &[Fixed { path: "reasoning_effort", json: "\"medium\"" }];
    }
}

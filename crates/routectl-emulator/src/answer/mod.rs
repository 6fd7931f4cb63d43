//! What a model would say: an answer that depends on the request alone, so that two equal
//! requests get the same bytes.

mod ask;
mod instance;
pub(crate) mod mint;

use serde_json::Value;

pub(crate) use ask::{Ask, Choice, Image, Tool, text_of};

/// Characters of the last user text that are quoted back.
const QUOTED: usize = 200;
/// Stands in for a model's thoughts. Holds characters of two, three and four bytes.
pub(crate) const THOUGHT: &str =
    "The user wants an answer. I weigh it – naïvely, but with care 🤔 – and reply.";

/// A model's answer, before a format spells it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub thought: Option<&'static str>,
    /// Thoughts stand between the calls too.
    pub between: bool,
    /// Text in the pieces in which it is streamed.
    pub text: Vec<String>,
    pub calls: Vec<Call>,
    pub stop: Stop,
    pub refused: bool,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Differs between answers that differ in meaning, and between turns.
    pub key: u128,
}

/// A call of one of the client's tools.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub key: u128,
    /// Something is thought between it and the call before it.
    pub after_thought: bool,
    pub name: String,
    pub input: Input,
}

/// What a tool is called with.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Json(Value),
    /// A custom tool of the Chat format takes free text.
    Free(String),
}

/// Why the answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    End,
    Length,
    Sequence(String),
    Tools,
}

impl Answer {
    /// The answer to `ask`.
    pub(crate) fn to(ask: &Ask) -> Self {
        let calls = calls(ask);
        let refused = calls.is_empty() && ask.text.contains("[[refuse]]");
        let text = if calls.is_empty() && !refused { text(ask) } else { String::new() };
        let (text, stop) = if calls.is_empty() { cut(&text, ask) } else { (vec![], Stop::Tools) };
        let thought = (ask.think && ask.max_tokens != Some(0)).then_some(THOUGHT);
        let said = text.len() + calls.len() * 12 + thought.map_or(0, |it| it.len() / 4);
        let key = mint::digest(&[&ask.turns.to_string(), &text.concat(), &format!("{calls:?}")]);
        Self {
            thought,
            between: ask.think && ask.text.contains("[[between]]"),
            text,
            calls,
            stop,
            refused,
            input_tokens: ask.weight / 4 + 3,
            output_tokens: said as u64 + 1,
            key,
        }
    }

    /// Tokens of the thought, a part of the output tokens.
    pub(crate) fn thought_tokens(&self) -> u64 {
        self.thought.map_or(0, |it| it.len() as u64 / 4)
    }
}

fn calls(ask: &Ask) -> Vec<Call> {
    let tools: Vec<&Tool> = ask.tools.iter().filter(|tool| ask.choice.admits(&tool.name)).collect();
    let count = if tools.is_empty() { 0 } else { call_count(ask) };
    let called = tools.into_iter().cycle().take(count).enumerate();
    called.map(|(place, tool)| call(ask, tool, place)).collect()
}

fn call_count(ask: &Ask) -> usize {
    let both = ask.text.contains("[[tools]]");
    let asked = match &ask.choice {
        Choice::None => false,
        Choice::Any | Choice::Named(_) => true,
        Choice::Auto if ask.results.is_empty() => both || ask.text.contains("[[tool]]"),
        Choice::Auto => ask.results.iter().any(|result| result.contains("[[more]]")),
    };
    usize::from(asked) + usize::from(asked && both && ask.parallel)
}

fn call(ask: &Ask, tool: &Tool, place: usize) -> Call {
    let input = match &tool.schema {
        Some(schema) => Input::Json(instance::of(schema)),
        None => Input::Free(format!("free text for {}", tool.name)),
    };
    let key = mint::digest(&[&ask.turns.to_string(), &place.to_string(), &tool.name]);
    let after_thought = place > 0 && ask.think && ask.text.contains("[[between]]");
    Call { key, after_thought, name: tool.name.clone(), input }
}

fn text(ask: &Ask) -> String {
    if let Some(schema) = &ask.schema {
        return instance::of(schema).to_string();
    }
    let mut text = match ask.results.as_slice() {
        [] => format!("You said: “{}”.", quoted(&ask.text)),
        results => results.iter().map(|it| format!("A tool said: “{}”. ", quoted(it))).collect(),
    };
    for image in &ask.images {
        text.push_str(&format!(" I see an image: {}, {} bytes.", image.media_type, image.bytes));
    }
    text.push_str("\nThat is all – naïve, \"scripted\" 🙂.");
    text
}

fn quoted(text: &str) -> String {
    text.trim().chars().take(QUOTED).collect()
}

/// Applies stop sequences and the token limit; a token is a word with the space after it.
fn cut(text: &str, ask: &Ask) -> (Vec<String>, Stop) {
    let stop = ask.stops.iter().filter(|stop| !stop.is_empty());
    let first = stop.filter_map(|stop| text.find(stop.as_str()).map(|at| (at, stop))).min();
    let (text, stop) = match first {
        Some((at, stop)) => (text.get(..at).unwrap_or_default(), Stop::Sequence(stop.clone())),
        None => (text, Stop::End),
    };
    let mut pieces: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    match ask.max_tokens {
        Some(limit) if (pieces.len() as u64) > limit => {
            pieces.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            (pieces, Stop::Length)
        }
        _ => (pieces, stop),
    }
}

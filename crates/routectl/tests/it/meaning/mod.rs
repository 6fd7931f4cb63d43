//! What an answer says, whatever its format. Read as strictly as the vendors' own SDKs read it:
//! what would make them raise, skip or double something is an error here.

mod chat;
mod messages;

use crate::harness::{Chat, Format, Messages};

/// What an answer says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Meaning {
    /// The model it names.
    pub(crate) model: String,
    pub(crate) thoughts: String,
    /// Signatures and sealed thoughts, in order.
    pub(crate) seals: Vec<String>,
    pub(crate) text: String,
    pub(crate) refusal: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) stop: Stop,
    /// `None` where the answer has no counters.
    pub(crate) usage: Option<Counters>,
    /// The kinds of its blocks in order, where the format has blocks.
    pub(crate) order: Vec<&'static str>,
}

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON text as it stands there.
    pub(crate) arguments: String,
}

/// Why it stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has not.
    #[default]
    Open,
    End,
    Length,
    Tools,
    Refusal,
    Sequence(String),
    Other(String),
}

/// Disjoint counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) fresh: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) output: u64,
    pub(crate) reasoning: u64,
}

/// What a whole answer says.
pub(crate) fn of_whole(format: Format, body: &[u8]) -> Result<Meaning, String> {
    match format {
        Chat => chat::whole(body),
        Messages => messages::whole(body),
    }
}

/// What a stream says, and whether it came to its end.
pub(crate) fn of_stream(format: Format, stream: &[u8]) -> Result<(Meaning, bool), String> {
    match format {
        Chat => chat::stream(stream),
        Messages => messages::stream(stream),
    }
}

/// What an answer says that has come to its end.
pub(crate) fn of(format: Format, streamed: bool, body: &[u8]) -> Result<Meaning, String> {
    if !streamed {
        if format == Chat {
            chat::complete(body)?;
        }
        return of_whole(format, body);
    }
    match of_stream(format, body)? {
        (meaning, true) => Ok(meaning),
        (meaning, false) => Err(format!("a stream without an end: {meaning:?}")),
    }
}

impl Meaning {
    /// What a client of the other format is to make of this answer of `host`, under the name that
    /// it asked for. (facts: translation, sections 8.2 and 8.3)
    pub(crate) fn abroad(mut self, host: Format, asked: &str) -> Self {
        self.model = asked.to_owned();
        self.usage = Some(self.usage.unwrap_or_default());
        match host {
            Chat => self.for_messages(),
            Messages => self.for_chat(),
        }
    }

    fn for_messages(mut self) -> Self {
        if !self.refusal.is_empty() {
            self.stop = Stop::Refusal;
            self.text.push_str(&std::mem::take(&mut self.refusal));
        }
        if matches!(self.stop, Stop::End | Stop::Other(_)) {
            self.stop = if self.calls.is_empty() { Stop::End } else { Stop::Tools };
        }
        for call in &mut self.calls {
            if call.arguments.is_empty() {
                "{}".clone_into(&mut call.arguments);
            }
        }
        self
    }

    fn for_chat(mut self) -> Self {
        let full = Stop::Other("model_context_window_exceeded".to_owned());
        if self.stop == full {
            self.stop = Stop::Length;
        } else if matches!(self.stop, Stop::Sequence(_) | Stop::Other(_)) {
            self.stop = Stop::End;
        }
        self.order.clear();
        self
    }

    /// What is left of it when seals and order are somebody else's affair.
    pub(crate) fn plain(mut self) -> Self {
        self.seals.clear();
        self.order.clear();
        self
    }

    /// All that it says, without who says it and at what cost.
    pub(crate) fn words(&self) -> String {
        let Self { thoughts, text, refusal, calls, stop, .. } = self;
        let calls: String = calls.iter().map(|it| format!("{}{}", it.name, it.arguments)).collect();
        format!("{thoughts}|{text}|{refusal}|{calls}|{stop:?}")
    }

    /// The same in one piece for a client of Messages: arguments that are no object are wrapped in
    /// one. (facts: translation, section 8.1)
    pub(crate) fn in_one_piece(mut self) -> Self {
        for call in &mut self.calls {
            let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>;
            if object(&call.arguments).is_err() {
                let raw = serde_json::to_string(&call.arguments).unwrap();
                call.arguments = format!("{{\"INVALID_JSON\":{raw}}}");
            }
        }
        self
    }

    /// Whether nothing stands here twice or from nowhere, should a byte of it be a wrong one.
    pub(crate) fn holds_no_more_than(&self, whole: &Self) -> bool {
        let texts = [(&self.thoughts, &whole.thoughts), (&self.text, &whole.text)];
        let wrapped = |call: &Call| call.arguments.contains("INVALID_JSON");
        let arguments: usize =
            self.calls.iter().filter(|it| !wrapped(it)).map(|it| it.arguments.len()).sum();
        let given: usize = whole.calls.iter().map(|it| it.arguments.len()).sum();
        // What is wrong may be a character of several bytes and be replaced by one, or the index of
        // a call, which makes two of it with `{}` for what is missing.
        let fits = |(part, whole): &(&String, &String)| part.len() <= whole.len() + 3;
        let calls = self.calls.len() <= whole.calls.len() + 1;
        texts.iter().all(fits) && calls && arguments <= given + 3
    }

    /// Whether this is how `whole` begins: nothing in it that is not there, and nothing twice.
    pub(crate) fn begins(&self, whole: &Self) -> bool {
        let texts = [
            (&self.thoughts, &whole.thoughts),
            (&self.text, &whole.text),
            (&self.refusal, &whole.refusal),
        ];
        let calls = self.calls.iter().enumerate().all(|(place, call)| {
            let last = place + 1 == self.calls.len();
            whole.calls.get(place).is_some_and(|whole| {
                let same = call.name == whole.name;
                // A call that its host gave no id gets one.
                let same = same && (call.id == whole.id || whole.id.is_empty());
                let given = &whole.arguments;
                same && (call.arguments == *given || last && given.starts_with(&call.arguments))
            })
        });
        let stops = self.stop == Stop::Open || self.stop == whole.stop;
        texts.iter().all(|(part, whole)| whole.starts_with(part.as_str())) && calls && stops
    }
}

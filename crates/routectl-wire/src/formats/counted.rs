//! The counters of an answer as they are heard, and a guess at those that never came: clients add
//! them up, and a context of no tokens never fills.

use routectl_core::{Delta, Event, Usage};

use crate::Reply;
use crate::estimate::Tally;

/// What is known and what is guessed of an answer's tokens.
#[derive(Debug)]
pub(super) struct Counted {
    prompt_estimate: u64,
    usage: Usage,
    answer: Tally,
}

impl Counted {
    pub(super) fn new(reply: &Reply) -> Self {
        let prompt_estimate = reply.prompt_estimate;
        Self { prompt_estimate, usage: Usage::default(), answer: Tally::default() }
    }

    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Usage(usage) => self.usage = self.usage.overlaid(*usage),
            Event::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } => {
                self.answer.text(text.as_bytes());
            }
            Event::Delta { delta: Delta::Seal(_) | Delta::Opaque(_), .. }
            | Event::Start(_)
            | Event::Open { .. }
            | Event::Close { .. }
            | Event::Stop(_)
            | Event::End
            | Event::Failed(_)
            | Event::Alive
            | Event::Opaque(_) => {}
        }
    }

    /// What the upstream has told so far.
    pub(super) fn so_far(&self) -> &Usage {
        &self.usage
    }

    /// The counters of the whole answer.
    pub(super) fn whole(&self) -> Usage {
        let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, .. } = self.usage;
        let prompt = [input, cache_read, cache_write_5m, cache_write_1h];
        let untold = prompt.iter().all(Option::is_none);
        Usage {
            input: input.or_else(|| untold.then_some(self.prompt_estimate)),
            output: output.or_else(|| Some(self.answer.tokens())),
            ..self.usage
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(events: &[Event]) -> Usage {
        let mut counted = Counted::new(&Reply { prompt_estimate: 900, ..Reply::default() });
        events.iter().for_each(|event| counted.hear(event));
        counted.whole()
    }

    fn said() -> Event {
        Event::Delta { index: 0, delta: Delta::Text("thirty-four letters are ten tokens".into()) }
    }

    #[test]
    fn what_is_never_told_is_guessed() {
        let guessed = Usage { input: Some(900), output: Some(10), ..Usage::default() };
        assert_eq!(heard(&[said()]), guessed);
    }

    #[test]
    fn what_is_told_is_not_guessed() {
        let told = Usage { input: Some(3), output: Some(0), ..Usage::default() };
        assert_eq!(heard(&[said(), Event::Usage(told)]), told);
        let cached = Usage { cache_read: Some(50), output: Some(4), ..Usage::default() };
        assert_eq!(heard(&[Event::Usage(cached), said()]), cached);
    }
}

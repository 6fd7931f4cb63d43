//! Looks for the client's stops in a text that arrives in pieces, for upstreams that cannot.
//! (facts: translation, section 1)

/// A text, as far as it must be held back: it may be the beginning of a stop.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    held: String,
}

impl Scanner {
    /// Takes the next piece. Gives the text that is no stop, and the stop that ends it, if any:
    /// of several the one that is complete first, wherever the text is cut.
    pub(super) fn take(&mut self, piece: &str, stops: &[String]) -> (String, Option<String>) {
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        let found = |stop: &String| text.find(stop).map(|start| (start + stop.len(), start));
        let first = stops.iter().filter_map(|stop| Some((found(stop)?, stop))).min();
        if let Some(((_, start), stop)) = first {
            text.truncate(start);
            return (text, Some(stop.clone()));
        }
        self.held = text.split_off(text.len() - held(&text, stops));
        (text, None)
    }

    /// What is held back, when nothing can follow it.
    pub(super) fn release(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// How many bytes at the end of a text may begin a stop.
fn held(text: &str, stops: &[String]) -> usize {
    let begun = |stop: &String| {
        let beginnings = stop.char_indices().map(|(at, _)| at).rev();
        beginnings.filter(|at| stop.get(..*at).is_some_and(|it| text.ends_with(it))).max()
    };
    stops.iter().filter_map(begun).max().unwrap_or(0)
}

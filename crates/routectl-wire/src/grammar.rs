//! Which sequences of events are lawful. Run over every decoder's output in tests and debug
//! builds: a decoder that breaks it would make some encoder lose or double content.

use routectl_core::Event;

/// Holds a sequence of events against the law.
#[derive(Debug, Default)]
pub struct Grammar {
    started: bool,
    stopped: bool,
    over: bool,
    blocks: u32,
    open: Vec<u32>,
}

/// How a sequence broke the law.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} {law}")]
pub struct Unlawful {
    /// The event that broke it.
    pub event: String,
    /// What it should have heeded.
    pub law: &'static str,
}

impl Grammar {
    /// Takes the next event.
    ///
    /// # Errors
    /// The law that the event breaks.
    pub fn take(&mut self, event: &Event) -> Result<(), Unlawful> {
        match self.law_broken_by(event) {
            None => Ok(()),
            Some(law) => Err(Unlawful { event: format!("{event:?}"), law }),
        }
    }

    fn law_broken_by(&mut self, event: &Event) -> Option<&'static str> {
        if self.over && !matches!(event, Event::Alive | Event::Usage(_) | Event::Opaque(_)) {
            return Some("comes after the end");
        }
        match event {
            Event::Start(_) => {
                let again = std::mem::replace(&mut self.started, true);
                again.then_some("comes twice")
            }
            Event::Open { index, .. } => self.opens(*index),
            Event::Delta { index, .. } => {
                (!self.open.contains(index)).then_some("grows a block that is not open")
            }
            Event::Close { index } => self.closes(*index),
            Event::Stop(_) => {
                let again = std::mem::replace(&mut self.stopped, true);
                again.then_some("comes twice")
            }
            Event::End | Event::Failed(_) => {
                self.over = true;
                None
            }
            Event::Usage(_) | Event::Alive | Event::Opaque(_) => None,
        }
    }

    fn opens(&mut self, index: u32) -> Option<&'static str> {
        if !self.started {
            return Some("opens before the start");
        }
        if index != self.blocks {
            return Some("leaves a gap in the indices");
        }
        self.blocks += 1;
        self.open.push(index);
        None
    }

    fn closes(&mut self, index: u32) -> Option<&'static str> {
        let Some(at) = self.open.iter().position(|open| *open == index) else {
            return Some("closes a block that is not open");
        };
        self.open.remove(at);
        None
    }
}

//! The way back of an answer: what translation changed on the way out is changed back, event by
//! event, between the decoder and the encoder.

mod argument;
mod scanner;
#[cfg(test)]
mod tests;

use routectl_core::{Delta, Event, Opening, StopReason};

use crate::Changes;
use argument::Argument;
use scanner::Scanner;

/// Changes an answer's events back.
#[derive(Debug, Default)]
pub struct WayBack {
    changes: Changes,
    /// Nothing was changed.
    idle: bool,
    /// The blocks of the answer, by their index.
    blocks: Vec<Block>,
    /// Whether there is a call that the client has to answer.
    called: bool,
    /// Whether a call was the answer's text.
    unwrapped: bool,
    over: bool,
}

/// A block, by what happens to its growth.
#[derive(Debug)]
enum Block {
    /// Nothing.
    Plain,
    /// Text, in which the client's stops are looked for.
    Text(Scanner),
    /// Arguments that are the answer's text.
    Output {
        text: Scanner,
        empty: bool,
    },
    /// Arguments that wrap the text of a tool that takes text.
    Wrapped(Argument),
    Closed,
}

impl WayBack {
    /// The way back from these changes.
    pub fn new(changes: Changes) -> Self {
        Self { idle: changes == Changes::default(), changes, ..Self::default() }
    }

    /// Whether the client has its whole answer: the upstream can be let go.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Takes the upstream's next event and appends what the client is told.
    pub fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        if self.idle {
            return out.push(event);
        }
        match event {
            Event::Open { index, block } => {
                let block = self.open(block);
                out.push(Event::Open { index, block });
            }
            Event::Delta { index, delta } => self.grow(index, delta, out),
            Event::Close { index } => {
                self.release(index, out);
                if let Some(block) = self.blocks.get_mut(index as usize) {
                    *block = Block::Closed;
                }
                out.push(Event::Close { index });
            }
            Event::Stop(reason) => {
                self.release_all(out);
                let unwrapped = self.unwrapped && !self.called && reason == StopReason::ToolUse;
                out.push(Event::Stop(if unwrapped { StopReason::EndTurn } else { reason }));
            }
            Event::End | Event::Failed(_) => {
                self.release_all(out);
                out.push(event);
            }
            Event::Start(_) | Event::Usage(_) | Event::Alive | Event::Opaque(_) => out.push(event),
        }
    }

    fn open(&mut self, opening: Opening) -> Opening {
        let (opening, block) = match opening {
            Opening::Text => (Opening::Text, Block::Text(Scanner::default())),
            Opening::ToolCall { name, .. } if self.changes.output_tool.as_ref() == Some(&name) => {
                self.unwrapped = true;
                (Opening::Text, Block::Output { text: Scanner::default(), empty: true })
            }
            Opening::ToolCall { id, name } => {
                self.called = true;
                match self.renamed(name) {
                    (name, true) => {
                        (Opening::TextCall { id, name }, Block::Wrapped(Argument::default()))
                    }
                    (name, false) => (Opening::ToolCall { id, name }, Block::Plain),
                }
            }
            Opening::TextCall { id, name } => {
                self.called = true;
                let (name, _) = self.renamed(name);
                (Opening::TextCall { id, name }, Block::Plain)
            }
            Opening::Reasoning | Opening::Refusal | Opening::Sealed { .. } | Opening::Opaque(_) => {
                (opening, Block::Plain)
            }
        };
        self.blocks.push(block);
        opening
    }

    /// What the client calls a tool, and whether it takes text there.
    fn renamed(&self, upstream: String) -> (String, bool) {
        let known = self.changes.tools.iter().find(|tool| tool.upstream == upstream);
        known.map_or((upstream, false), |tool| (tool.client.clone(), tool.takes_text))
    }

    fn grow(&mut self, index: u32, delta: Delta, out: &mut Vec<Event>) {
        let stops = &self.changes.stops;
        let (text, stop) = match (self.blocks.get_mut(index as usize), delta) {
            (Some(Block::Text(scanner)), Delta::Text(more)) => scanner.take(&more, stops),
            (Some(Block::Output { text, empty }), Delta::Arguments(more)) => {
                *empty &= more.is_empty();
                text.take(&more, stops)
            }
            (Some(Block::Wrapped(argument)), Delta::Arguments(more)) => {
                let more = argument.take(&more);
                if !more.is_empty() {
                    out.push(Event::Delta { index, delta: Delta::Arguments(more) });
                }
                return;
            }
            (_, delta) => return out.push(Event::Delta { index, delta }),
        };
        if !text.is_empty() {
            out.push(Event::Delta { index, delta: Delta::Text(text) });
        }
        if let Some(stop) = stop {
            self.cut(stop, out);
        }
    }

    /// One of the client's stops was found: the answer ends before it.
    fn cut(&mut self, stop: String, out: &mut Vec<Event>) {
        for (index, block) in (0..).zip(&self.blocks) {
            if !matches!(block, Block::Closed) {
                out.push(Event::Close { index });
            }
        }
        out.push(Event::Stop(StopReason::StopSequence(Some(stop))));
        out.push(Event::End);
        self.over = true;
    }

    /// Gives what a block held back.
    fn release(&mut self, index: u32, out: &mut Vec<Event>) {
        let Some(block) = self.blocks.get_mut(index as usize) else { return };
        let (held, text) = match block {
            Block::Text(scanner) => (scanner.release(), true),
            // A call without arguments is an empty object.
            Block::Output { empty: empty @ true, .. } => {
                *empty = false;
                ("{}".to_owned(), true)
            }
            Block::Output { text, .. } => (text.release(), true),
            Block::Wrapped(argument) => (argument.release(), false),
            Block::Plain | Block::Closed => return,
        };
        if !held.is_empty() {
            let delta = if text { Delta::Text(held) } else { Delta::Arguments(held) };
            out.push(Event::Delta { index, delta });
        }
    }

    fn release_all(&mut self, out: &mut Vec<Event>) {
        for (index, _) in (0..).zip(0..self.blocks.len()) {
            self.release(index, out);
        }
    }
}
